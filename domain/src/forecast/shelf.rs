//! What was said of past races before they were run, and which models answer for those to come:
//! read in one go, and again when something of it has changed.

use std::{collections::HashMap, sync::Arc};

use engines::{EngineId, Registry, Stage, Target};
use entities::{event_stream, model, production_model};
use sea_orm::{ColumnTrait, Condition, DbErr, EntityTrait, QueryFilter};

use super::{RaceForecast, stage_name};
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
    model: i64,
}

impl Versions {
    pub(super) async fn read(app: &App) -> Result<Self, DbErr> {
        let streams = [event::DATA, event::BACKTEST, event::MODEL];
        let rows = event_stream::Entity::find()
            .filter(event_stream::Column::Stream.is_in(streams))
            .all(&app.db)
            .await?;
        let of = |stream: &str| {
            let row = rows.iter().find(|row| row.stream == stream);
            row.map_or(0, |row| row.last_sequence)
        };
        Ok(Self {
            data: of(event::DATA),
            backtest: of(event::BACKTEST),
            model: of(event::MODEL),
        })
    }
}

/// Which forecast.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct Key {
    pub race: i32,
    pub engine: EngineId,
    pub stage: Stage,
    pub target: Target,
}

/// Forecasts of back-tests, still packed, and the models in production.
#[derive(Default)]
pub(super) struct Shelf {
    pub versions: Versions,
    stored: HashMap<Key, Body>,
    production: HashMap<String, model::Model>,
}

impl Shelf {
    pub(super) async fn read(app: &App, versions: Versions) -> Result<Arc<Self>> {
        let rows = production_model::Entity::find()
            .find_also_related(model::Entity)
            .all(&app.db)
            .await?;
        let production = rows
            .into_iter()
            .filter_map(|(pointer, row)| Some((pointer.engine, row?)));
        let mut stored = HashMap::new();
        for body in bodies(app, Condition::all()).await? {
            // Newer runs come later.
            if let Some(key) = key(&app.engines, &body) {
                stored.insert(key, body);
            }
        }
        Ok(Arc::new(Self {
            versions,
            stored,
            production: production.collect(),
        }))
    }

    /// What a back-test said of a race.
    pub(super) fn stored(&self, key: Key) -> Option<Result<RaceForecast>> {
        self.stored.get(&key).map(Body::read)
    }

    /// The model of an engine that answers.
    pub(super) fn production(&self, engine: EngineId) -> Option<model::Model> {
        self.production.get(engine.as_str()).cloned()
    }
}

fn key(engines: &Registry, body: &Body) -> Option<Key> {
    let mut stages = Stage::ALL.into_iter();
    let mut targets = Target::ALL.into_iter();
    Some(Key {
        race: body.race_id,
        engine: engines.get(&body.engine)?.id(),
        stage: stages.find(|stage| stage_name(*stage) == body.stage)?,
        target: targets.find(|target| target_name(*target) == body.target)?,
    })
}

/// Says that a forecast cannot be had now, and what helps.
pub(super) fn not_stored(engine: EngineId, race: &str) -> Error {
    Error::Unavailable(format!(
        "no back-test of {engine} covers {race}; `pitwall backtest` makes one"
    ))
}
