//! Turns at writing down what is said before sessions: one process at a time, and none that has not
//! heard of the latest races and models.

use std::time::Duration;

use sea_orm::DatabaseTransaction;

use super::{known::Known, shelf::Versions};
use crate::{
    App,
    database::begin,
    error::{Error, Result},
    event,
};

/// Attempts at one piece of work, when races or models change meanwhile.
const ATTEMPTS: u32 = 8;

/// Pause after the first attempt, by the machine's clock, since so is work done; it doubles with each.
const FIRST_PAUSE: Duration = Duration::from_millis(25);

/// What to wait after each attempt that found races or models changed: a season of races that is
/// being read changes them again and again for some seconds.
pub(super) fn pauses() -> impl Iterator<Item = Duration> {
    (0..ATTEMPTS).map(|attempt| FIRST_PAUSE * 2_u32.pow(attempt))
}

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
