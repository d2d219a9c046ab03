//! Forecasts: what engines say of a race, from what was known before it.

mod answer;
mod basis;
pub mod features;
mod freeze;
mod ids;
mod known;
mod order;
mod publish;
mod published;
mod quick;
mod read;
mod score;
mod shelf;
mod stored;
mod turn;

use std::{cmp::Ordering, sync::Arc};

use chrono::{DateTime, Utc};
use engines::{Engine, EntrantForecast, Stage, Target};
use entities::race;
use futures::future::join_all;
use serde::{Deserialize, Serialize};
use tokio::sync::{Mutex, Semaphore};

use answer::{Asked, answer};
pub use entities::forecast::Origin;
pub use freeze::freeze;
pub use known::{Known, Rating};
pub use publish::publish;
pub use published::{EarlierEvaluation, Published, earlier_evaluations, published};
pub use score::{evaluate, score};
use shelf::{Shelf, Versions};
pub(crate) use stored::{Word, pack, unpack, words};

use crate::{
    App,
    config::Config,
    error::{Error, Result},
};

/// What is kept between forecasts: the history they rest on, and who may work at a time.
pub struct Forecasts {
    known: Mutex<Option<Arc<Known>>>,
    /// Turns at work that keeps a processor busy.
    pub(crate) workers: Arc<Semaphore>,
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
    /// The session whose order is forecast.
    #[serde(default)]
    pub target: Target,
    /// Whether it was said before the race, or is what would have been said.
    pub origin: Origin,
    /// Version of the model that said it; `None` when it was fitted for the question.
    pub model: Option<i32>,
    pub race_id: i32,
    /// The latest race that the engine learned from.
    pub trained_through: Option<i32>,
    /// Races that the engine learned from.
    pub trained_on: usize,
    /// The entrants are those of the latest race, since no entry list is known.
    pub provisional: bool,
    pub generated_at: DateTime<Utc>,
    /// Said before its session, which has begun: it is not replaced any more.
    #[serde(skip)]
    pub frozen: bool,
    /// Database id of what was said before the session, when this is it.
    #[serde(skip)]
    pub word: Option<i32>,
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

/// The races that forecasts rest on, read again when a race or result has changed, and what is
/// stored of forecasts and models.
///
/// # Errors
/// When the database fails.
pub async fn known(app: &App) -> Result<Arc<Known>> {
    let versions = Versions::read(&app.db).await?;
    let mut kept = app.forecasts.known.lock().await;
    let known = match kept.as_ref() {
        Some(known) if known.version == versions.data => Arc::clone(known),
        _ => Arc::new(Known::load(&app.db, versions.data).await?),
    };
    // What is stored does not change with the races.
    let earlier = kept.as_ref().unwrap_or(&known).shelf();
    if known.shelf().versions != versions {
        known.put(Shelf::read(app, versions, &earlier).await?);
    }
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

/// What an engine says of a race, or of its qualifying, from what was known before it; `None`
/// when there is nothing to go by. Without a name the first engine speaks that can, in the
/// registry's order; without a stage the latest that the race has reached.
///
/// # Errors
/// [`Error::BadInput`] for an unknown engine, or a stage it does not forecast at or that the
/// race has not reached; [`Error::Unavailable`] with the reason when the engine cannot answer now.
pub async fn forecast(
    app: &App,
    known: &Arc<Known>,
    race: &race::Model,
    engine: Option<&str>,
    stage: Option<Stage>,
    target: Target,
) -> Result<Option<Arc<RaceForecast>>> {
    let Some(asked) = asked(known, race, stage, target)? else {
        return Ok(None);
    };
    if let Some(name) = engine {
        let engine = find_engine(app, name, asked)?;
        return answer(app, known, engine, asked, false).await;
    }
    let mut refused = Error::Unavailable("no engine forecasts this".to_owned());
    for engine in app.engines.iter().filter(|engine| !engine.is_baseline()) {
        if engine.answers(asked.stage, asked.target) {
            match answer(app, known, engine, asked, false).await {
                Err(error @ Error::Unavailable(_)) => refused = error,
                said => return said,
            }
        }
    }
    Err(refused)
}

/// As [`forecast`] of a named engine, which is fitted for the question if need be: that may take
/// seconds of a processor's time, so it is not for everybody.
///
/// # Errors
/// As [`forecast`].
pub async fn generate(
    app: &App,
    known: &Arc<Known>,
    race: &race::Model,
    engine: &str,
    stage: Option<Stage>,
    target: Target,
) -> Result<Option<Arc<RaceForecast>>> {
    let Some(asked) = asked(known, race, stage, target)? else {
        return Ok(None);
    };
    let engine = find_engine(app, engine, asked)?;
    answer(app, known, engine, asked, true).await
}

/// What every engine says that forecasts at a stage and can answer now.
///
/// # Errors
/// [`Error::BadInput`] for a stage that the race has not reached.
pub async fn forecasts(
    app: &App,
    known: &Arc<Known>,
    race: &race::Model,
    stage: Option<Stage>,
    target: Target,
) -> Result<Vec<Arc<RaceForecast>>> {
    let Some(asked) = asked(known, race, stage, target)? else {
        return Ok(Vec::new());
    };
    let engines = app.engines.iter();
    let answering = engines.filter(|engine| engine.answers(asked.stage, asked.target));
    let answers = answering.map(|engine| answer(app, known, engine, asked, false));
    let mut all = Vec::new();
    for said in join_all(answers).await {
        match said {
            Err(Error::Unavailable(_)) => {}
            said => all.extend(said?),
        }
    }
    Ok(all)
}

/// The question, when there is something to go by.
fn asked<'a>(
    known: &Known,
    race: &'a race::Model,
    stage: Option<Stage>,
    target: Target,
) -> Result<Option<Asked<'a>>> {
    if !available(known, race) {
        return Ok(None);
    }
    let reached = known.latest_stage(race);
    let latest = match target {
        Target::Race => reached,
        Target::Qualifying => reached.min(Stage::PreQualifying),
    };
    let stage = stage.unwrap_or(latest);
    if stage > reached {
        return Err(Error::BadInput(format!(
            "{} has not reached {}; the latest stage is {}",
            race.name,
            stage_name(stage),
            stage_name(reached)
        )));
    }
    if !target.is_open_at(stage) {
        return Err(Error::BadInput(format!(
            "at {} qualifying is over",
            stage_name(stage)
        )));
    }
    Ok(Some(Asked {
        race,
        stage,
        target,
    }))
}

/// The order of a forecast's entrants.
pub(crate) fn likeliest_first(one: &EntrantOfRace, other: &EntrantOfRace) -> Ordering {
    let (one, other) = (&one.forecast, &other.forecast);
    let places = one.expected_position.total_cmp(&other.expected_position);
    let wins = other.win.total_cmp(&one.win);
    wins.then(places).then(one.driver.0.cmp(&other.driver.0))
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

fn find_engine<'a>(app: &'a App, name: &str, asked: Asked<'_>) -> Result<&'a dyn Engine> {
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
    if !engine.targets().contains(&asked.target) {
        return Err(Error::BadInput(format!(
            "engine {} does not forecast qualifying",
            engine.id()
        )));
    }
    if !engine.stages().contains(&asked.stage) {
        let stages: Vec<_> = engine.stages().iter().copied().map(stage_name).collect();
        return Err(Error::BadInput(format!(
            "engine {} forecasts at {}, not at {}",
            engine.id(),
            stages.join(" and "),
            stage_name(asked.stage)
        )));
    }
    Ok(engine)
}
