//! Training: an engine learns from all that is known, and what it learned becomes a version.

use std::{sync::Arc, time::Instant};

use engines::{Engine, History, Stage, Target};
use entities::{model, model_artifact, production_model};
use sea_orm::{
    ActiveValue::{NotSet, Set},
    ColumnTrait, ConnectionTrait, DbErr, EntityTrait, QueryFilter, QueryOrder, SqlErr,
    sea_query::OnConflict,
};
use sha2::{Digest, Sha256};

use super::{
    FEATURE_REVISION, Status, Version,
    artifact::{self, Packed},
    catalogue::of_engine,
    find,
    kept::{self, apart},
    kind,
    promote::{point, tell},
    revision,
};
use crate::{
    App, backtest,
    database::begin,
    error::{Error, Result},
    forecast::{self, Known},
};

/// What a training came to.
#[derive(Debug, Clone, PartialEq)]
pub struct Training {
    pub version: Version,
    /// Whether it is a new version; if not, the newest has learned exactly the same.
    pub new: bool,
    /// How long the engine took this time.
    pub seconds: f64,
}

/// What an engine has learned.
struct Learned {
    engine: &'static str,
    engine_revision: i32,
    hyperparameters: String,
    fingerprint: String,
    trained_through: Option<i32>,
    trained_on: usize,
    seconds: f64,
    packed: Packed,
}

/// Trains an engine on all known races and stores what it learned, as a new version unless the
/// newest is the same to the byte; `promote` lets that version answer from now on. One training
/// of an engine goes on at a time, and to its end even if nobody waits for it any more.
///
/// # Errors
/// [`Error::BadInput`] for an unknown engine, [`Error::Unavailable`] when there is nothing to
/// learn from or the engine fails, [`Error::Conflict`] when another process was faster.
pub async fn train(app: &App, engine: &str, promote: bool) -> Result<Training> {
    let engine = find(app, engine)?.id().as_str();
    let app = app.clone();
    to_the_end(async move {
        let _turn = app.models.slot(engine)?.training.lock().await;
        let known = forecast::known(&app).await?;
        train_in_turn(&app, &known, engine, promote).await
    })
    .await
}

/// Trains an engine whose model in production cannot be used, unless somebody has meanwhile or
/// this history was tried in vain.
pub(super) async fn heal(app: &App, known: &Arc<Known>, engine: &str) -> Result<()> {
    let engine = find(app, engine)?.id().as_str();
    let (app, known) = (app.clone(), Arc::clone(known));
    to_the_end(async move {
        let slot = app.models.slot(engine)?;
        let _turn = slot.training.lock().await;
        let ready = matches!(kept::status(&app, &known, engine).await?, Status::Ready(_));
        if !ready && slot.failed(&known).is_none() {
            train_in_turn(&app, &known, engine, true).await?;
        }
        Ok(())
    })
    .await
}

/// What an engine learns from: the races, and what those said of them before that it learns from.
pub(super) async fn history(app: &App, known: &Arc<Known>, engine: &dyn Engine) -> Result<History> {
    if engine.members().is_empty() {
        return Ok(known.history.clone());
    }
    let log = backtest::log(app, known).await?;
    Ok(known.history.with_log(Arc::new(log)))
}

/// Of the first races of a history and what is logged of them that an engine learns from.
pub(super) fn fingerprint(engine: &dyn Engine, history: &History, races: usize) -> String {
    let mut digest = Sha256::new();
    for race in history.races().iter().take(races) {
        digest.update(serde_json::to_vec(race).unwrap_or_default());
        for member in engine.members() {
            for stage in Stage::ALL {
                let said = Target::ALL.map(|of| history.logged(race.id, stage, of, *member));
                let said = serde_json::to_vec(&(member, stage, said));
                digest.update(said.unwrap_or_default());
            }
        }
    }
    hex::encode(&digest.finalize()[..12])
}

async fn to_the_end<T: Send + 'static>(
    work: impl Future<Output = Result<T>> + Send + 'static,
) -> Result<T> {
    let work = tokio::spawn(work);
    work.await
        .map_err(|stopped| Error::Internal(stopped.to_string()))?
}

async fn train_in_turn(
    app: &App,
    known: &Arc<Known>,
    engine: &'static str,
    promote: bool,
) -> Result<Training> {
    if known.history.races().is_empty() {
        return Err(Error::Unavailable(
            "no race is known that an engine could learn from".to_owned(),
        ));
    }
    let turn = Arc::clone(&app.forecasts.workers).acquire_owned().await;
    let turn = turn.map_err(|closed| Error::Internal(closed.to_string()))?;
    let history = history(app, known, find(app, engine)?).await?;
    let engines = Arc::clone(&app.engines);
    let learned = apart(move || {
        let _turn = turn;
        let engine = engines.get(engine).ok_or("the engine is gone")?;
        learn(engine, &history)
    })
    .await?
    .map_err(|reason| format!("training {engine} failed: {reason}"));
    let slot = app.models.slot(engine)?;
    let ended = learned.as_ref().map(|_| ()).map_err(String::clone);
    slot.note(&known.fingerprint, ended);
    let learned = learned.map_err(|reason| {
        tracing::error!(engine, reason, "an engine could not be trained");
        Error::Unavailable(reason)
    })?;
    let training = store(app, &learned, promote).await.map_err(|error| {
        if matches!(error.sql_err(), Some(SqlErr::UniqueConstraintViolation(_))) {
            return Error::Conflict(format!("{engine} was trained elsewhere at the same time"));
        }
        error.into()
    })?;
    app.bus.committed();
    metrics::histogram!("pitwall_training_seconds", "engine" => engine).record(training.seconds);
    let version = training.version.row.version;
    let (new, seconds) = (training.new, training.seconds);
    tracing::info!(engine, version, new, seconds, "an engine was trained");
    Ok(training)
}

fn learn(engine: &dyn Engine, history: &History) -> Result<Learned, String> {
    let started = Instant::now();
    let model = engine.fit(history).map_err(|error| error.to_string())?;
    let seconds = started.elapsed().as_secs_f64();
    let saved = model.save().map_err(|error| error.to_string())?;
    let races = history.races();
    Ok(Learned {
        engine: engine.id().as_str(),
        engine_revision: revision(engine.revision()),
        hyperparameters: serde_json::to_string(&engine.hyperparameters())
            .map_err(|error| error.to_string())?,
        fingerprint: fingerprint(engine, history, races.len()),
        trained_through: races.last().map(|race| race.id.0),
        trained_on: races.len(),
        seconds,
        packed: artifact::pack(&saved)?,
    })
}

async fn store(app: &App, learned: &Learned, promote: bool) -> Result<Training, DbErr> {
    let transaction = begin(&app.db).await?;
    let newest = model::Entity::find()
        .filter(model::Column::Engine.eq(learned.engine))
        .order_by_desc(model::Column::Version)
        .one(&transaction)
        .await?;
    let same = newest.as_ref().is_some_and(|row| learned.is(row));
    let row = match newest {
        Some(row) if same => row,
        newest => {
            let version = newest.map_or(1, |row| row.version + 1);
            insert(app, &transaction, learned, version).await?
        }
    };
    let stored = model_artifact::Entity::find_by_id(row.id)
        .one(&transaction)
        .await?;
    let whole = |stored: model_artifact::Model| artifact::unpack(&row, &stored.content).is_ok();
    if !stored.is_some_and(whole) {
        let artifact = model_artifact::ActiveModel {
            model_id: Set(row.id),
            content: Set(learned.packed.content.clone()),
        };
        model_artifact::Entity::insert(artifact)
            .on_conflict(
                OnConflict::column(model_artifact::Column::ModelId)
                    .update_column(model_artifact::Column::Content)
                    .to_owned(),
            )
            .exec_without_returning(&transaction)
            .await?;
        let kind = if same { kind::RESTORED } else { kind::TRAINED };
        tell(app, &transaction, kind, &row).await?;
    }
    if promote {
        point(app, &transaction, &row).await?;
    }
    forget(app, &transaction, learned.engine).await?;
    let versions = of_engine(&transaction, learned.engine).await?;
    let production = |version: &Version| version.production && version.row.id == row.id;
    let production = versions.iter().any(production);
    transaction.commit().await?;
    Ok(Training {
        version: Version { row, production },
        new: !same,
        seconds: learned.seconds,
    })
}

impl Learned {
    /// Whether a version has learned the same, from the same, in the same way.
    fn is(&self, row: &model::Model) -> bool {
        row.sha256 == self.packed.sha256
            && row.fingerprint == self.fingerprint
            && row.hyperparameters == self.hyperparameters
            && row.engine_revision == self.engine_revision
            && row.feature_revision == revision(FEATURE_REVISION)
    }
}

async fn insert<C: ConnectionTrait>(
    app: &App,
    transaction: &C,
    learned: &Learned,
    version: i32,
) -> Result<model::Model, DbErr> {
    let row = model::ActiveModel {
        id: NotSet,
        engine: Set(learned.engine.to_owned()),
        version: Set(version),
        engine_revision: Set(learned.engine_revision),
        feature_revision: Set(revision(FEATURE_REVISION)),
        trained_at: Set(app.clock.now()),
        trained_through: Set(learned.trained_through),
        trained_on: Set(i32::try_from(learned.trained_on).unwrap_or(i32::MAX)),
        fingerprint: Set(learned.fingerprint.clone()),
        hyperparameters: Set(learned.hyperparameters.clone()),
        seconds: Set(learned.seconds),
        sha256: Set(learned.packed.sha256.clone()),
        bytes: Set(learned.packed.bytes),
        record: NotSet,
        held_back: NotSet,
    };
    model::Entity::insert(row)
        .exec_with_returning(transaction)
        .await
}

/// Takes away what old versions have learned, except what answers or did before.
async fn forget<C: ConnectionTrait>(app: &App, transaction: &C, engine: &str) -> Result<(), DbErr> {
    let pointer = production_model::Entity::find_by_id(engine)
        .one(transaction)
        .await?;
    let needed = |id: i32| {
        let used = |pointer: &production_model::Model| {
            pointer.model_id == id || pointer.previous_model_id == Some(id)
        };
        pointer.as_ref().is_some_and(used)
    };
    let versions = of_engine(transaction, engine).await?;
    let old = versions.iter().skip(app.config.forecast.keep_models.max(1));
    let old = old.map(|version| version.row.id).filter(|id| !needed(*id));
    let old: Vec<i32> = old.collect();
    if !old.is_empty() {
        model_artifact::Entity::delete_many()
            .filter(model_artifact::Column::ModelId.is_in(old))
            .exec(transaction)
            .await?;
    }
    Ok(())
}
