//! What was said of races before they were run, and which models answer for those to come: read in
//! one go, and again when something of it has changed.

use std::{collections::HashMap, sync::Arc};

use engines::{EngineId, Registry, Stage, Target};
use entities::{event_stream, forecast, model, production_model};
use sea_orm::{ColumnTrait, Condition, ConnectionTrait, DbErr, EntityTrait, QueryFilter};

use super::{
    RaceForecast, stage_name,
    stored::{Word, words},
};
use crate::{
    App,
    backtest::{Body, bodies, target_name},
    error::{Error, Result},
    event,
};

/// Sequences of the streams that say when to read again.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Versions {
    pub data: i64,
    backtest: i64,
    pub model: i64,
    forecast: i64,
}

impl Versions {
    pub(super) async fn read<C: ConnectionTrait>(db: &C) -> Result<Self, DbErr> {
        let streams = [event::DATA, event::BACKTEST, event::MODEL, event::FORECAST];
        let rows = event_stream::Entity::find()
            .filter(event_stream::Column::Stream.is_in(streams))
            .all(db)
            .await?;
        let of = |stream: &str| {
            let row = rows.iter().find(|row| row.stream == stream);
            row.map_or(0, |row| row.last_sequence)
        };
        Ok(Self {
            data: of(event::DATA),
            backtest: of(event::BACKTEST),
            model: of(event::MODEL),
            forecast: of(event::FORECAST),
        })
    }
}

/// Which forecast.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Key {
    pub race: i32,
    pub engine: EngineId,
    pub stage: Stage,
    pub target: Target,
}

/// Forecasts of back-tests and those said before sessions, still packed, and the models in
/// production.
#[derive(Default)]
pub(super) struct Shelf {
    pub versions: Versions,
    stored: Arc<HashMap<Key, Body>>,
    words: Arc<HashMap<Key, Word>>,
    production: Arc<HashMap<String, model::Model>>,
}

impl Shelf {
    /// Reads what has changed since an earlier look.
    pub(super) async fn read(app: &App, versions: Versions, earlier: &Self) -> Result<Arc<Self>> {
        let then = earlier.versions;
        let first = then == Versions::default();
        Ok(Arc::new(Self {
            versions,
            stored: if first || then.backtest != versions.backtest {
                Arc::new(backtests(app).await?)
            } else {
                Arc::clone(&earlier.stored)
            },
            words: if first || then.forecast != versions.forecast {
                Arc::new(said(app).await?)
            } else {
                Arc::clone(&earlier.words)
            },
            production: if first || then.model != versions.model {
                Arc::new(production(app).await?)
            } else {
                Arc::clone(&earlier.production)
            },
        }))
    }

    /// What a back-test said of a race.
    pub(super) fn stored(&self, key: Key) -> Option<Result<RaceForecast>> {
        self.stored.get(&key).map(Body::read)
    }

    /// What was said before the session.
    pub(super) fn word(&self, key: Key) -> Option<&Word> {
        self.words.get(&key)
    }

    /// Everything that was said before sessions.
    pub(super) fn words(&self) -> impl Iterator<Item = (&Key, &Word)> {
        self.words.iter()
    }

    /// The model of an engine that answers.
    pub(super) fn production(&self, engine: EngineId) -> Option<&model::Model> {
        self.production.get(engine.as_str())
    }
}

async fn backtests(app: &App) -> Result<HashMap<Key, Body>> {
    let mut stored = HashMap::new();
    for body in bodies(app, Condition::all()).await? {
        let key = Key::read(
            &app.engines,
            body.race_id,
            &body.engine,
            &body.stage,
            &body.target,
        );
        // Newer runs come later.
        if let Some(key) = key {
            stored.insert(key, body);
        }
    }
    Ok(stored)
}

async fn said(app: &App) -> Result<HashMap<Key, Word>, DbErr> {
    let words = words(&app.db, Condition::all()).await?.into_iter();
    let words = words.filter_map(|word| Some((word.key(&app.engines)?, word)));
    Ok(words.collect())
}

async fn production(app: &App) -> Result<HashMap<String, model::Model>, DbErr> {
    let rows = production_model::Entity::find()
        .find_also_related(model::Entity)
        .all(&app.db)
        .await?;
    let production = rows
        .into_iter()
        .filter_map(|(pointer, row)| Some((pointer.engine, row?)));
    Ok(production.collect())
}

impl Key {
    /// What a row is about.
    pub(super) fn named(engines: &Registry, row: &forecast::Model) -> Option<Self> {
        Self::read(engines, row.race_id, &row.engine, &row.stage, &row.target)
    }

    fn read(
        engines: &Registry,
        race: i32,
        engine: &str,
        stage: &str,
        target: &str,
    ) -> Option<Self> {
        let mut stages = Stage::ALL.into_iter();
        let mut targets = Target::ALL.into_iter();
        Some(Self {
            race,
            engine: engines.get(engine)?.id(),
            stage: stages.find(|one| stage_name(*one) == stage)?,
            target: targets.find(|one| target_name(*one) == target)?,
        })
    }
}

/// Says that a forecast cannot be had now, and what helps.
pub(super) fn not_stored(engine: EngineId, race: &str) -> Error {
    Error::Unavailable(format!(
        "no back-test of {engine} covers {race}; `pitwall backtest` makes one"
    ))
}
