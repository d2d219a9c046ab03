//! Forecasts as the database keeps them: JSON, compressed.

use std::{fmt::Display, io};

use engines::Registry;
use entities::forecast::{self, Column};
use sea_orm::{ColumnTrait, Condition, ConnectionTrait, DbErr, EntityTrait, QueryFilter};
use serde::{Serialize, de::DeserializeOwned};

use super::{Origin, RaceForecast, shelf::Key};
use crate::{
    error::{Error, Result},
    model::FEATURE_REVISION,
};

/// Forecasts are lists of similar numbers: more effort gains little.
const EFFORT: i32 = 3;

/// A forecast that was said before its session, still packed.
#[derive(Debug, Clone)]
pub(crate) struct Word(pub forecast::Model);

impl Word {
    /// The forecast; `over` when its session has begun, so that nobody replaces it any more.
    pub fn read(&self, over: bool) -> Result<RaceForecast> {
        let forecast: RaceForecast = unpack(&self.0.body)?;
        Ok(RaceForecast {
            frozen: over || self.is_frozen(),
            word: Some(self.0.id),
            ..forecast
        })
    }

    pub fn is_frozen(&self) -> bool {
        self.0.frozen_at.is_some()
    }

    /// What it is about; `None` of an engine that is no longer there.
    pub fn key(&self, engines: &Registry) -> Option<Key> {
        Key::named(engines, &self.0)
    }

    /// Whether its engine and the features are still those that said it.
    pub fn is_of_today(&self, engines: &Registry) -> bool {
        let same = |stored: Option<i32>, now: u32| stored == i32::try_from(now).ok();
        let engine = engines.get(&self.0.engine);
        engine.is_some_and(|engine| same(self.0.engine_revision, engine.revision()))
            && same(self.0.feature_revision, FEATURE_REVISION)
    }
}

/// What was said before sessions.
pub(crate) async fn words<C: ConnectionTrait>(
    db: &C,
    condition: Condition,
) -> Result<Vec<Word>, DbErr> {
    let rows = live().filter(condition).all(db).await?;
    Ok(rows.into_iter().map(Word).collect())
}

/// All of them, as the index of them has it.
pub(super) fn live() -> sea_orm::Select<forecast::Entity> {
    forecast::Entity::find()
        .filter(Column::BacktestRunId.is_null())
        .filter(Column::Origin.eq(Origin::Live))
}

/// What an event calls a forecast: `Forecast:2024_monaco/elo/POST_QUALIFYING/RACE`.
pub(super) fn subject(race: &str, engine: &str, stage: &str, target: &str) -> String {
    format!("Forecast:{race}/{engine}/{stage}/{target}")
}

pub(crate) fn pack<T: Serialize>(forecast: &T) -> io::Result<Vec<u8>> {
    zstd::bulk::compress(&serde_json::to_vec(forecast)?, EFFORT)
}

/// The forecast, or the part of it that `T` names.
pub(crate) fn unpack<T: DeserializeOwned>(body: &[u8]) -> Result<T> {
    let unreadable =
        |error: &dyn Display| Error::Internal(format!("a stored forecast cannot be read: {error}"));
    let text = zstd::decode_all(body).map_err(|error| unreadable(&error))?;
    serde_json::from_slice(&text).map_err(|error| unreadable(&error))
}
