//! How well engines did on past races.

use std::sync::Arc;

use domain::backtest::{self, Evaluated, Walker};
use sea_orm::DatabaseConnection;

use super::Found;

pub(super) async fn evaluated(
    db: DatabaseConnection,
    asked: Vec<Walker>,
) -> Found<Walker, Arc<Vec<Evaluated>>> {
    let found = backtest::evaluated(&db, &asked).await?;
    let shared = found.into_iter();
    Ok(shared
        .map(|(asked, races)| (asked, Arc::new(races)))
        .collect())
}
