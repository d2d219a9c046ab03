//! How a forecast comes about: whose models are asked, and of what they have learned.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use engines::{
    Contribution, Engine, EngineError, Model, Opinions, Question, RaceToForecast, Registry, Stage,
    Target, forecast::forecast as work_out,
};
use entities::race;

use super::{
    EntrantOfRace, FeaturePart, Known, Origin, RaceForecast,
    basis::{basis, models},
    likeliest_first,
    quick::is_quick,
    shelf::{Key, not_stored},
};
use crate::{
    App,
    cache::{self, Class},
    error::{Error, Result},
    model::{self, Status, Trained},
};

/// A question that can be asked: the race has come that far.
#[derive(Clone, Copy)]
pub(super) struct Asked<'a> {
    pub race: &'a race::Model,
    pub stage: Stage,
    pub target: Target,
}

impl Asked<'_> {
    pub(super) fn of(self, engine: &dyn Engine) -> Key {
        Key {
            race: self.race.id,
            engine: engine.id(),
            stage: self.stage,
            target: self.target,
        }
    }
}

/// Where an engine's model, and those of the engines it learns from, come from.
#[derive(Clone)]
enum Source {
    /// Fitted for the question on all that was known before the race.
    Fitted,
    /// The registry's, which have learned from no later race: the engine's own last. None for an
    /// engine that is fitted in no time.
    Trained(Vec<Option<Arc<Trained>>>),
}

impl Source {
    /// The trained model at a place, if there is one.
    fn model(&self, index: usize) -> Option<&dyn Model> {
        match self {
            Self::Fitted => None,
            Self::Trained(all) => Some(&*all.get(index)?.as_ref()?.model),
        }
    }
}

/// What an engine says; [`Error::Unavailable`] with the reason when it cannot say anything now.
///
/// What was said before the session is the answer once that has begun, and before as long as
/// nothing that it rests on has changed. Without it an engine that takes long to train speaks of
/// past races from stored back-tests, and is fitted for the question only when it `may_fit`.
pub(super) async fn answer(
    app: &App,
    known: &Arc<Known>,
    engine: &dyn Engine,
    asked: Asked<'_>,
    may_fit: bool,
) -> Result<Option<Arc<RaceForecast>>> {
    let shelf = known.shelf();
    let key = asked.of(engine);
    let past = known.was_run(asked.race.id);
    let over = known.has_begun(asked.race, asked.target, app.clock.now());
    let word = shelf.word(key);
    if let Some(word) = word.filter(|word| over || word.is_frozen()) {
        return word.read(true).map(|forecast| Some(Arc::new(forecast)));
    }
    if past && let Some(stored) = shelf.stored(key) {
        return stored.map(|forecast| Some(Arc::new(forecast)));
    }
    let Some(entrants) = known.race_to_forecast(asked.race, asked.stage) else {
        return Ok(None);
    };
    let fitted = is_quick(engine) || (past && may_fit);
    if past && !fitted {
        return Err(not_stored(engine.id(), &asked.race.reference));
    }
    let models = if fitted {
        Some(String::new())
    } else {
        models(&shelf, &app.engines, engine)
    };
    let basis = models.map(|models| basis(known, engine, asked, &entrants, &models));
    if let Some(word) = word.filter(|word| basis.as_ref() == Some(&word.0.fingerprint)) {
        return word.read(false).map(|forecast| Some(Arc::new(forecast)));
    }
    let source = if fitted {
        Source::Fitted
    } else {
        Source::Trained(trained(app, known, engine, asked.race).await?)
    };
    let origin = if over { Origin::Backtest } else { Origin::Live };
    let key = cache::Key {
        // All that it rests on is in the basis.
        class: Class::Static,
        text: format!("forecast/3/{origin:?}/{}", basis.unwrap_or_default()),
    };
    let computed = compute(
        app,
        known,
        engine.id().as_str(),
        entrants,
        asked,
        (source, origin),
    );
    let text = app.cache.get_or_compute(&key, computed).await?;
    serde_json::from_str(&text)
        .map(|forecast| Some(Arc::new(forecast)))
        .map_err(|error| Error::Internal(format!("a cached forecast cannot be read: {error}")))
}

/// The models in production of an engine and of those it learns from, the engine's own last.
async fn trained(
    app: &App,
    known: &Arc<Known>,
    engine: &dyn Engine,
    race: &race::Model,
) -> Result<Vec<Option<Arc<Trained>>>> {
    let shelf = known.shelf();
    let mut all = Vec::new();
    for id in engine.members().iter().copied().chain([engine.id()]) {
        if app.engines.engine(id).is_some_and(is_quick) {
            all.push(None);
            continue;
        }
        let status =
            model::status_of(app, known, id.as_str(), shelf.production(id).cloned()).await?;
        let trained = match status {
            Status::Ready(trained) => trained,
            Status::Missing => {
                return Err(Error::Unavailable(format!(
                    "engine {id} has not been trained yet; `pitwall train {id}` does it"
                )));
            }
            Status::Unusable { reason } => return Err(Error::Unavailable(reason)),
        };
        if trained.seen_through.is_some_and(|day| day >= race.date) {
            return Err(Error::Unavailable(format!(
                "the model of {id} has learned from races after this one"
            )));
        }
        all.push(Some(trained));
    }
    Ok(all)
}

/// Forecasts off the async threads.
async fn compute(
    app: &App,
    known: &Arc<Known>,
    engine: &'static str,
    (race, provisional): (RaceToForecast, bool),
    asked: Asked<'_>,
    (source, origin): (Source, Origin),
) -> Result<String> {
    let turn = Arc::clone(&app.forecasts.workers)
        .acquire_owned()
        .await
        .map_err(|closed| Error::Internal(closed.to_string()))?;
    let (registry, known) = (Arc::clone(&app.engines), Arc::clone(known));
    let (stage, target, now) = (asked.stage, asked.target, app.clock.now());
    let work = move || {
        let _turn = turn;
        let question = Question::new(&race, stage, target);
        let forecast = say(&registry, &known, engine, question, &source)
            .map_err(|error| Error::Internal(error.to_string()))?;
        let forecast = RaceForecast {
            provisional,
            generated_at: now,
            origin,
            model: match &source {
                Source::Fitted => None,
                Source::Trained(all) => all.iter().flatten().last().map(|last| last.row.version),
            },
            ..forecast
        };
        serde_json::to_string(&forecast).map_err(|error| Error::Internal(error.to_string()))
    };
    tokio::task::spawn_blocking(work)
        .await
        .map_err(|stopped| Error::Internal(stopped.to_string()))?
}

fn say(
    registry: &Registry,
    known: &Known,
    engine: &'static str,
    question: Question<'_>,
    source: &Source,
) -> std::result::Result<RaceForecast, EngineError> {
    let engine = registry
        .get(engine)
        .ok_or_else(|| EngineError::Library(format!("engine {engine} is not registered")))?;
    let history = known.history().before(question.race.date);
    let fit = |engine: &dyn Engine| {
        if is_quick(engine) {
            return known.fits.model(engine, &history);
        }
        let fitted = engine.fit_for(&history, question.stage, question.target);
        fitted.map(Arc::from)
    };
    let mut opinions = Opinions::new();
    for (index, id) in engine.members().iter().enumerate() {
        let member = registry.engine(*id).ok_or(EngineError::NoOpinion(*id))?;
        let draws = match source.model(index) {
            Some(model) => model.strengths(&question)?,
            None => fit(member)?.strengths(&question)?,
        };
        opinions.insert(*id, draws);
    }
    let question = Question {
        opinions: &opinions,
        ..question
    };
    let retirement = known.fits.retirement(&history);
    let fitted: Arc<dyn Model>;
    let model = if let Some(model) = source.model(engine.members().len()) {
        model
    } else {
        fitted = fit(engine)?;
        &*fitted
    };
    let forecast = work_out(engine, model, &retirement, &question)?;
    let parts = model.explain(&question)?;
    let part = |contribution: &Contribution| FeaturePart {
        feature: contribution.feature.to_owned(),
        value: contribution.value,
    };
    let entrants = forecast.entrants.into_iter().zip(parts);
    let entrant = |(forecast, parts): (_, Vec<Contribution>)| EntrantOfRace {
        forecast,
        contributions: parts.iter().map(part).collect(),
    };
    let mut entrants: Vec<EntrantOfRace> = entrants.map(entrant).collect();
    entrants.sort_by(likeliest_first);
    Ok(RaceForecast {
        engine: engine.id().as_str().to_owned(),
        stage: question.stage,
        target: question.target,
        race_id: question.race.id.0,
        trained_through: history.races().last().map(|race| race.id.0),
        trained_on: history.races().len(),
        provisional: false,
        generated_at: DateTime::<Utc>::UNIX_EPOCH,
        origin: Origin::Live,
        model: None,
        frozen: false,
        word: None,
        entrants,
    })
}
