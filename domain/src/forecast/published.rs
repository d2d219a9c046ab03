//! What was published, in the order in which it was told.

use std::{collections::HashMap, sync::Arc};

use chrono::{DateTime, Utc};
use engines::{EngineId, Evaluation};
use entities::{
    forecast_evaluation::{self, Column},
    select::any_of,
};
use sea_orm::{ConnectionTrait, DbErr, EntityTrait, QueryFilter, QueryOrder};

use super::{Known, RaceForecast};
use crate::error::Result;

/// A forecast that stands as it was published.
#[derive(Debug, Clone)]
pub struct Published {
    /// Of the event that told of it.
    pub sequence: i64,
    pub forecast: Arc<RaceForecast>,
}

/// An evaluation on results that were corrected since.
#[derive(Debug, Clone, PartialEq)]
pub struct EarlierEvaluation {
    pub evaluation: Evaluation,
    pub evaluated_at: DateTime<Utc>,
    pub superseded_at: DateTime<Utc>,
}

/// What was published after a sequence and up to another, oldest first: of a race (database id), by
/// an engine, as far as given. What was replaced since is told by what took its place.
///
/// # Errors
/// When something stored cannot be read.
pub fn published(
    known: &Known,
    after: i64,
    until: i64,
    race: Option<i32>,
    engine: Option<EngineId>,
) -> Result<Vec<Published>> {
    let shelf = known.shelf();
    let mut found: Vec<_> = shelf
        .words()
        .filter(|(key, _)| race.is_none_or(|race| key.race == race))
        .filter(|(key, _)| engine.is_none_or(|engine| key.engine == engine))
        .filter_map(|(_, word)| Some((word.0.sequence?, word)))
        .filter(|(sequence, _)| (after + 1..=until).contains(sequence))
        .collect();
    found.sort_unstable_by_key(|(sequence, _)| *sequence);
    let read = found.into_iter().map(|(sequence, word)| {
        Ok(Published {
            sequence,
            forecast: Arc::new(word.read(false)?),
        })
    });
    read.collect()
}

/// Earlier evaluations by database id of the forecast, the oldest first.
///
/// # Errors
/// When the database fails.
pub async fn earlier_evaluations<C: ConnectionTrait>(
    db: &C,
    forecasts: &[i32],
) -> Result<HashMap<i32, Vec<EarlierEvaluation>>, DbErr> {
    let rows = forecast_evaluation::Entity::find()
        .filter(any_of(
            db.get_database_backend(),
            Column::ForecastId,
            forecasts,
        ))
        .order_by_asc(Column::ForecastId)
        .order_by_asc(Column::Revision)
        .all(db)
        .await?;
    let mut found: HashMap<i32, Vec<EarlierEvaluation>> = HashMap::new();
    for row in rows {
        match serde_json::from_str(&row.evaluation) {
            Ok(evaluation) => {
                let of_this = found.entry(row.forecast_id).or_default();
                of_this.push(EarlierEvaluation {
                    evaluation,
                    evaluated_at: row.evaluated_at,
                    superseded_at: row.superseded_at,
                });
            }
            Err(error) => tracing::warn!(%error, "an earlier evaluation cannot be read"),
        }
    }
    Ok(found)
}
