//! What seasons and circuits are worked out from.

use std::{collections::HashMap, sync::Arc};

use domain::performance::{self, Insights, SeasonRecord};
use sea_orm::DatabaseConnection;

use super::Found;

/// A circuit, and how many of its latest seasons are looked at; all when `None`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct InsightsOf {
    pub circuit_id: i32,
    pub seasons: Option<i32>,
}

pub(super) async fn records(
    db: DatabaseConnection,
    years: Vec<i32>,
) -> Found<i32, Arc<SeasonRecord>> {
    let records = performance::seasons(&db, &years).await?;
    Ok(records
        .into_iter()
        .map(|(year, record)| (year, Arc::new(record)))
        .collect())
}

/// However many spans are asked for, the longest is read, once.
pub(super) async fn insights(
    db: DatabaseConnection,
    keys: Vec<InsightsOf>,
) -> Found<InsightsOf, Arc<Insights>> {
    let mut circuits: Vec<i32> = keys.iter().map(|key| key.circuit_id).collect();
    circuits.dedup();
    let whole = keys.iter().any(|key| key.seasons.is_none());
    let longest = keys.iter().filter_map(|key| key.seasons).max();
    let races = performance::circuits(&db, &circuits, longest.filter(|_| !whole)).await?;
    let mut found = HashMap::new();
    for key in keys {
        let races = races.get(&key.circuit_id).map(Vec::as_slice);
        let span = performance::latest(races.unwrap_or_default(), key.seasons);
        if let Some(insights) = Insights::of(span) {
            found.insert(key, Arc::new(insights));
        }
    }
    Ok(found)
}
