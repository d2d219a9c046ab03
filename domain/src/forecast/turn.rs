//! Turns at writing down what is said before sessions: one process at a time, and none that has not
//! heard of the latest races and models.

use sea_orm::DatabaseTransaction;

use super::{known::Known, shelf::Versions};
use crate::{
    App,
    database::begin,
    error::{Error, Result},
    event,
};

/// Attempts at one piece of work, when races or models change meanwhile.
pub(super) const ATTEMPTS: usize = 3;

/// Begins a transaction in which nobody else writes forecasts; `None` when races or models are no
/// longer what was looked at, so that the work has to be done anew.
pub(super) async fn take(
    app: &App,
    known: &Known,
    looked_at: Versions,
) -> Result<Option<DatabaseTransaction>> {
    let transaction = begin(&app.db).await?;
    event::advance(&transaction, event::FORECAST, 0).await?;
    let now = Versions::read(&transaction).await?;
    let current = now.data == known.version && now.model == looked_at.model;
    Ok(current.then_some(transaction))
}

pub(super) fn restless() -> Error {
    Error::Conflict("races or models keep changing; try again when they are at rest".to_owned())
}
