//! The models that answer, read once and kept in memory; and why one cannot.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex as Lock, PoisonError},
};

use chrono::NaiveDate;
use engines::{Engine, Registry};
use entities::{model, model_artifact};
use sea_orm::EntityTrait;
use tokio::sync::Mutex;

use super::{artifact, find, promote::pointed, train};
use crate::{
    App,
    error::{Error, Result},
    forecast::Known,
};

/// What a process holds of each engine's models.
pub struct Models(HashMap<&'static str, Slot>);

/// What a process holds of one engine.
#[derive(Default)]
pub(super) struct Slot {
    /// Held by who trains the engine.
    pub training: Mutex<()>,
    held: Mutex<Held>,
    failed: Lock<Option<Failed>>,
}

/// The last look at the model in production.
#[derive(Default)]
enum Held {
    #[default]
    Nothing,
    Ready {
        /// Of the history that it is up to date with.
        fingerprint: String,
        trained: Arc<Trained>,
    },
    Refused {
        row: model::Model,
        /// Of the bus: looked at again when something has happened.
        version: u64,
        reason: String,
    },
}

/// A training that did not succeed, which another on the same history would not either.
struct Failed {
    fingerprint: String,
    reason: String,
}

/// A model that can be asked.
#[derive(Debug)]
pub struct Trained {
    /// What is known of it.
    pub row: model::Model,
    /// The model, up to date: it has taken in the races since it was trained.
    pub model: Box<dyn engines::Model>,
    /// Day of the latest race it has taken in: it may only be asked about later ones.
    pub seen_through: Option<NaiveDate>,
    /// Whether the races that it was trained on still are as they were then, without
    /// corrections and additions.
    pub current: bool,
}

/// How an engine stands.
#[derive(Debug, Clone)]
pub enum Status {
    /// Its model in production can be asked.
    Ready(Arc<Trained>),
    /// Nothing was trained yet.
    Missing,
    /// Its model cannot be used, or it could not be trained.
    Unusable {
        /// Why, in a sentence.
        reason: String,
    },
}

impl Models {
    /// Nothing held yet of the registered engines.
    #[must_use]
    pub fn new(engines: &Registry) -> Self {
        let slot = |engine: &dyn Engine| (engine.id().as_str(), Slot::default());
        Self(engines.iter().map(slot).collect())
    }

    pub(super) fn slot(&self, engine: &str) -> Result<&Slot> {
        let slot = self.0.get(engine);
        slot.ok_or_else(|| Error::Internal(format!("engine {engine} is not registered")))
    }
}

impl Slot {
    /// Notes how a training on a history ended.
    pub(super) fn note(&self, fingerprint: &str, ended: Result<(), String>) {
        let mut failed = self.failed.lock().unwrap_or_else(PoisonError::into_inner);
        *failed = ended.err().map(|reason| Failed {
            fingerprint: fingerprint.to_owned(),
            reason,
        });
    }

    /// Why training on this history failed, when it did.
    pub(super) fn failed(&self, known: &Known) -> Option<String> {
        let failed = self.failed.lock().unwrap_or_else(PoisonError::into_inner);
        let failed = failed.as_ref()?;
        (failed.fingerprint == known.fingerprint).then(|| failed.reason.clone())
    }
}

/// How an engine stands.
///
/// # Errors
/// [`Error::BadInput`] for an unknown engine, or when the database fails.
pub async fn status(app: &App, known: &Arc<Known>, engine: &str) -> Result<Status> {
    let engine = find(app, engine)?.id().as_str();
    let row = pointed(&app.db, engine).await?;
    status_of(app, known, engine, row).await
}

/// As [`status`], with the row of the model in production at hand.
///
/// # Errors
/// As [`status`].
pub async fn status_of(
    app: &App,
    known: &Arc<Known>,
    engine: &str,
    row: Option<model::Model>,
) -> Result<Status> {
    let engine = find(app, engine)?.id().as_str();
    let slot = app.models.slot(engine)?;
    let failed = slot.failed(known);
    let Some(row) = row else {
        return Ok(failed.map_or(Status::Missing, |reason| Status::Unusable { reason }));
    };
    // One reads, the others wait for it.
    let mut held = slot.held.lock().await;
    let version = app.bus.version();
    if !held.is_of(&row, known, version) {
        *held = match load(app, known, engine, row.clone()).await? {
            Ok(trained) => Held::Ready {
                fingerprint: known.fingerprint.clone(),
                trained: Arc::new(trained),
            },
            Err(reason) => {
                tracing::warn!(engine, version = row.version, reason, "a model is refused");
                Held::Refused {
                    row,
                    version,
                    reason,
                }
            }
        };
    }
    Ok(match (&*held, failed) {
        (Held::Nothing, _) => Status::Missing,
        (Held::Ready { trained, .. }, _) => Status::Ready(Arc::clone(trained)),
        (Held::Refused { reason, .. }, None) => Status::Unusable {
            reason: reason.clone(),
        },
        (Held::Refused { reason, .. }, Some(failed)) => Status::Unusable {
            reason: format!("{reason}; {failed}"),
        },
    })
}

/// The model of an engine that answers.
///
/// # Errors
/// [`Error::Unavailable`] with the reason when there is none that can be used.
pub async fn production(app: &App, known: &Arc<Known>, engine: &str) -> Result<Arc<Trained>> {
    match status(app, known, engine).await? {
        Status::Ready(trained) => Ok(trained),
        Status::Missing => Err(Error::Unavailable(format!(
            "no model of {engine} has been trained yet"
        ))),
        Status::Unusable { reason } => Err(Error::Unavailable(reason)),
    }
}

/// The model of an engine that answers; trained and promoted when there is none that can be used.
/// What failed on a history is not tried on it again.
///
/// # Errors
/// [`Error::Unavailable`] with the reason when it cannot be trained either.
pub async fn ensure(app: &App, known: &Arc<Known>, engine: &str) -> Result<Arc<Trained>> {
    if let Status::Ready(trained) = status(app, known, engine).await? {
        return Ok(trained);
    }
    train::heal(app, known, engine).await?;
    production(app, known, engine).await
}

impl Held {
    fn is_of(&self, wanted: &model::Model, known: &Known, now: u64) -> bool {
        match self {
            Self::Nothing => false,
            Self::Ready {
                fingerprint,
                trained,
            } => trained.row == *wanted && *fingerprint == known.fingerprint,
            Self::Refused { row, version, .. } => row == wanted && *version == now,
        }
    }
}

/// What is stored of a model, checked and read; or why it is refused.
pub(super) async fn read(
    app: &App,
    row: &model::Model,
) -> Result<Result<Box<dyn engines::Model>, String>> {
    let stored = model_artifact::Entity::find_by_id(row.id)
        .one(&app.db)
        .await?;
    let Some(stored) = stored else {
        return Ok(Err(format!(
            "the artifact of {} version {} is no longer there",
            row.engine, row.version
        )));
    };
    let (engines, row) = (Arc::clone(&app.engines), row.clone());
    apart(move || {
        let engine = engines.get(&row.engine);
        let engine = engine.ok_or_else(|| format!("there is no engine {:?}", row.engine))?;
        artifact::load(&row, &stored.content, engine)
    })
    .await
}

async fn load(
    app: &App,
    known: &Arc<Known>,
    engine: &'static str,
    row: model::Model,
) -> Result<Result<Trained, String>> {
    let mut model = match read(app, &row).await? {
        Ok(model) => model,
        Err(reason) => return Ok(Err(reason)),
    };
    let history = train::history(app, known, find(app, engine)?).await?;
    let engines = Arc::clone(&app.engines);
    apart(move || {
        let engine = engines.get(engine).ok_or("the engine is gone")?;
        let races = history.races();
        let trained_on = usize::try_from(row.trained_on).unwrap_or(0);
        let current = trained_on <= races.len()
            && train::fingerprint(engine, &history, trained_on) == row.fingerprint;
        let last = row.trained_through;
        let last = races.iter().position(|race| Some(race.id.0) == last);
        let learned = last.map_or(trained_on, |place| place + 1);
        let since = races.get(learned..).unwrap_or_default();
        for race in since {
            model.observe(race);
        }
        let seen = since.last().or(last.map(|place| &races[place]));
        Ok(Trained {
            seen_through: seen.map(|race| race.date),
            row,
            model,
            current,
        })
    })
    .await
}

/// Runs something long off the async threads.
pub(super) async fn apart<T: Send + 'static>(
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<T> {
    tokio::task::spawn_blocking(work)
        .await
        .map_err(|stopped| Error::Internal(stopped.to_string()))
}
