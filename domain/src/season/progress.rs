//! Whether a race is being run, by the clock: from its start until its results are in, or until none
//! are to be expected any more. A feed is not needed for that, and none that falls silent can leave a
//! race running for ever.

use entities::race::{self, Status};
use sea_orm::{ActiveValue::Set, ColumnTrait, EntityTrait, QueryFilter};

use crate::{
    App, database,
    error::Result,
    event,
    live::schedule::{self, LONGEST},
};

/// Brings a race that is neither completed nor cancelled to the status that it has by the clock.
/// Gives the status when it was another before; then an event tells of it.
///
/// # Errors
/// When the database fails; the status is as it was then.
pub async fn turn(app: &App, race: &race::Model) -> Result<Option<Status>> {
    let now = app.clock.now();
    let start = schedule::start(app, race).await?;
    let (before, after) = match start {
        Some(start) if start <= now && now < start + LONGEST => {
            (Status::Scheduled, Status::InProgress)
        }
        _ => (Status::InProgress, Status::Scheduled),
    };
    let transaction = database::begin(&app.db).await?;
    let turned = race::Entity::update_many()
        .set(race::ActiveModel {
            status: Set(after),
            ..Default::default()
        })
        .filter(race::Column::Id.eq(race.id))
        .filter(race::Column::Status.eq(before))
        .exec(&transaction)
        .await?;
    if turned.rows_affected == 0 {
        transaction.rollback().await?;
        return Ok(None);
    }
    let subject = format!("Race:{}", race.reference);
    let kind = event::RACE_IMPORTED;
    event::append(&transaction, event::DATA, kind, &subject, now).await?;
    transaction.commit().await?;
    app.bus.committed();
    Ok(Some(after))
}
