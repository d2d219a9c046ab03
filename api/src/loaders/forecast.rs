//! How well forecasts seemed to do before results were corrected.

use std::sync::Arc;

use domain::forecast::{self, EarlierEvaluation};
use sea_orm::DatabaseConnection;

use super::Found;

pub(super) async fn earlier_evaluations(
    db: DatabaseConnection,
    words: Vec<i32>,
) -> Found<i32, Arc<Vec<EarlierEvaluation>>> {
    let found = forecast::earlier_evaluations(&db, &words).await?;
    let shared = found.into_iter();
    Ok(shared.map(|(word, all)| (word, Arc::new(all))).collect())
}
