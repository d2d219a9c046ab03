//! Forecasts: what engines say of a race, from what was known before it.

mod ids;
mod known;

use std::sync::Arc;

use chrono::{DateTime, Utc};
use engines::{
    Contribution, Engine, EngineError, EntrantForecast, RaceId, RaceToForecast, Retirement, Stage,
    forecast::{PAID_PLACES, forecast as work_out},
};
use entities::race;
use serde::{Deserialize, Serialize};
use tokio::sync::{Mutex, Semaphore};

pub use known::{Known, Rating};

use crate::{
    App,
    config::Config,
    error::{Error, Result},
};

/// What is kept between forecasts: the history they rest on, and who may work at a time.
pub struct Forecasts {
    known: Mutex<Option<Arc<Known>>>,
    workers: Arc<Semaphore>,
}

impl Forecasts {
    /// Nothing known yet.
    #[must_use]
    pub fn new(config: &Config) -> Self {
        Self {
            known: Mutex::new(None),
            workers: Arc::new(Semaphore::new(config.forecast.parallel.max(1))),
        }
    }
}

/// A forecast as it is kept and answered.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RaceForecast {
    /// Name of the engine as on the command line.
    pub engine: String,
    pub stage: Stage,
    pub race_id: i32,
    /// The latest race that the engine learned from.
    pub trained_through: Option<i32>,
    /// Races that the engine learned from.
    pub trained_on: usize,
    /// The entrants are those of the latest race, since no entry list is known.
    pub provisional: bool,
    pub generated_at: DateTime<Utc>,
    pub entrants: Vec<EntrantOfRace>,
}

/// One entrant's part of a forecast.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct EntrantOfRace {
    pub forecast: EntrantForecast,
    /// What each feature adds to the strength, on the log scale.
    pub contributions: Vec<FeaturePart>,
}

/// What one feature adds to a strength.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct FeaturePart {
    pub feature: String,
    pub value: f64,
}

/// The races that forecasts rest on, read again when a race or result has changed.
///
/// # Errors
/// When the database fails.
pub async fn known(app: &App) -> Result<Arc<Known>> {
    let version = crate::event::last_sequence(&app.db, crate::event::DATA).await?;
    let mut kept = app.forecasts.known.lock().await;
    if let Some(known) = kept.as_ref()
        && known.version == version
    {
        return Ok(Arc::clone(known));
    }
    let known = Arc::new(Known::load(&app.db, version).await?);
    *kept = Some(Arc::clone(&known));
    Ok(known)
}

/// Whether the production engine can forecast a race: it is not cancelled, earlier races are
/// known, and so is who drives.
#[must_use]
pub fn available(known: &Known, race: &race::Model) -> bool {
    race.status != race::Status::Cancelled && known.has_history_before(race)
}

/// The furthest stage that a race has reached.
#[must_use]
pub fn latest_stage(known: &Known, race: &race::Model) -> Stage {
    known.latest_stage(race)
}

/// What an engine says of a race from what was known before it; `None` when there is nothing
/// to go by. Without a name the production engine speaks, without a stage the latest reached.
///
/// # Errors
/// [`Error::BadInput`] for an unknown engine, or a stage it does not forecast at or that the
/// race has not reached.
pub async fn forecast(
    app: &App,
    known: &Arc<Known>,
    race: &race::Model,
    engine: Option<&str>,
    stage: Option<Stage>,
) -> Result<Option<Arc<RaceForecast>>> {
    if !available(known, race) {
        return Ok(None);
    }
    let reached = known.latest_stage(race);
    let stage = stage.unwrap_or(reached);
    if stage > reached {
        return Err(Error::BadInput(format!(
            "{} has not reached {}; the latest stage is {}",
            race.name,
            stage_name(stage),
            stage_name(reached)
        )));
    }
    let engine = find_engine(app, engine, stage)?;
    let Some(entrants) = known.race_to_forecast(race, stage) else {
        return Ok(None);
    };
    let key = format!(
        "forecast/{}/{}/{}/{}/{}/{}/{}",
        known.fingerprint,
        race.date,
        race.circuit_id,
        engine.id(),
        engine.revision(),
        stage_name(stage),
        race.reference
    );
    let computed = compute(app, known, engine.id().as_str(), entrants, stage);
    let text = app.cache.get_or_compute(&key, computed).await?;
    serde_json::from_str(&text)
        .map(|forecast| Some(Arc::new(forecast)))
        .map_err(|error| Error::Internal(format!("a cached forecast cannot be read: {error}")))
}

/// What every engine says that forecasts at a stage.
///
/// # Errors
/// As [`forecast`].
pub async fn forecasts(
    app: &App,
    known: &Arc<Known>,
    race: &race::Model,
    stage: Option<Stage>,
) -> Result<Vec<Arc<RaceForecast>>> {
    let stage = stage.unwrap_or_else(|| known.latest_stage(race));
    let mut all = Vec::new();
    for engine in app.engines.iter() {
        if engine.stages().contains(&stage) {
            let id = engine.id();
            all.extend(forecast(app, known, race, Some(id.as_str()), Some(stage)).await?);
        }
    }
    Ok(all)
}

/// How well a forecast did, once the race is run.
#[must_use]
pub fn evaluate(known: &Known, forecast: &RaceForecast) -> Option<engines::Evaluation> {
    let places = known.places(RaceId(forecast.race_id), &forecast.entrants)?;
    let forecast = engines::Forecast {
        entrants: forecast
            .entrants
            .iter()
            .map(|entrant| entrant.forecast.clone())
            .collect(),
    };
    engines::Evaluation::of(&forecast, &places)
}

/// A stage as it is written on the command line and in GraphQL.
#[must_use]
pub fn stage_name(stage: Stage) -> &'static str {
    match stage {
        Stage::PreWeekend => "PRE_WEEKEND",
        Stage::PreQualifying => "PRE_QUALIFYING",
        Stage::PostQualifying => "POST_QUALIFYING",
    }
}

fn find_engine<'a>(app: &'a App, name: Option<&str>, stage: Stage) -> Result<&'a dyn Engine> {
    let Some(name) = name else {
        return app
            .engines
            .production(stage)
            .ok_or_else(|| Error::Unavailable("no engine is in production".to_owned()));
    };
    let engine = app.engines.get(name).ok_or_else(|| {
        let names: Vec<_> = app
            .engines
            .iter()
            .map(|engine| engine.id().as_str())
            .collect();
        Error::BadInput(format!(
            "there is no engine {name:?}, expected one of {}",
            names.join(", ")
        ))
    })?;
    if !engine.stages().contains(&stage) {
        let stages: Vec<_> = engine.stages().iter().copied().map(stage_name).collect();
        return Err(Error::BadInput(format!(
            "engine {} forecasts at {}, not at {}",
            engine.id(),
            stages.join(" and "),
            stage_name(stage)
        )));
    }
    Ok(engine)
}

/// Trains and forecasts off the async threads.
async fn compute(
    app: &App,
    known: &Arc<Known>,
    engine: &'static str,
    entrants: (RaceToForecast, bool),
    stage: Stage,
) -> Result<String> {
    let turn = Arc::clone(&app.forecasts.workers)
        .acquire_owned()
        .await
        .map_err(|closed| Error::Internal(closed.to_string()))?;
    let (registry, known) = (Arc::clone(&app.engines), Arc::clone(known));
    let generated_at = app.clock.now();
    let work = move || {
        let _turn = turn;
        let engine = registry
            .get(engine)
            .ok_or_else(|| Error::Internal(format!("engine {engine} vanished")))?;
        let (race, provisional) = entrants;
        let answer = train_and_forecast(engine, &known, &race, stage)
            .map_err(|error| Error::Internal(error.to_string()))?;
        let forecast = RaceForecast {
            engine: engine.id().as_str().to_owned(),
            race_id: race.id.0,
            stage,
            provisional,
            generated_at,
            ..answer
        };
        serde_json::to_string(&forecast).map_err(|error| Error::Internal(error.to_string()))
    };
    tokio::task::spawn_blocking(work)
        .await
        .map_err(|stopped| Error::Internal(stopped.to_string()))?
}

fn train_and_forecast(
    engine: &dyn Engine,
    known: &Known,
    race: &RaceToForecast,
    stage: Stage,
) -> std::result::Result<RaceForecast, EngineError> {
    let history = known.history.before(race.date);
    let model = engine.fit(&history)?;
    let retirement = Retirement::fit(&history);
    let forecast = work_out(engine, &*model, &retirement, race, stage, PAID_PLACES)?;
    let parts = model.explain(race, stage)?;
    let part = |contribution: &Contribution| FeaturePart {
        feature: contribution.feature.to_owned(),
        value: contribution.value,
    };
    let mut entrants: Vec<EntrantOfRace> = forecast
        .entrants
        .into_iter()
        .zip(parts)
        .map(|(forecast, parts)| EntrantOfRace {
            forecast,
            contributions: parts.iter().map(part).collect(),
        })
        .collect();
    entrants.sort_by(|a, b| {
        b.forecast
            .win
            .total_cmp(&a.forecast.win)
            .then(
                a.forecast
                    .expected_position
                    .total_cmp(&b.forecast.expected_position),
            )
            .then(a.forecast.driver.0.cmp(&b.forecast.driver.0))
    });
    Ok(RaceForecast {
        engine: String::new(),
        stage,
        race_id: race.id.0,
        trained_through: history.races().last().map(|race| race.id.0),
        trained_on: history.races().len(),
        provisional: false,
        generated_at: DateTime::UNIX_EPOCH,
        entrants,
    })
}
