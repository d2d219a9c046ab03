//! Jobs asked for by hand.

use chrono::Datelike;
use entities::job::{self, ActiveModel, Column, Entity, Status};
use sea_orm::{ActiveValue::Set, ColumnTrait, EntityTrait, QueryFilter};

use super::{About, BY_HAND, Kind, Wanted, enqueue, find};
use crate::{
    App,
    error::{Error, Result},
    season, secret,
};

/// First season of the championship.
const FIRST_SEASON: i32 = 1950;

/// Asks for a job now, whatever the timetable says.
///
/// # Errors
/// [`Error::BadInput`] when the subject is missing, too many, or not of this kind;
/// [`Error::NotFound`] when there is no such race.
pub async fn run(app: &App, kind: Kind, subject: Option<&str>) -> Result<job::Model> {
    let subject = check(app, kind, subject).await?;
    let now = app.clock.now();
    let chance = hex::encode(secret::random::<4>()?);
    let wanted = Wanted {
        kind,
        subject,
        tick: format!("{BY_HAND} {} {chance}", now.to_rfc3339()),
        due_at: now,
        reason: format!("asked for {BY_HAND}"),
    };
    let key = wanted.key();
    enqueue(app, &[wanted]).await?;
    let row = Entity::find().filter(Column::Key.eq(key)).one(&app.db);
    let row = row.await?;
    row.ok_or_else(|| Error::Internal("the job that was just written is gone".to_owned()))
}

/// Tries a job again that has failed, with all its tries anew.
///
/// # Errors
/// [`Error::NotFound`] when there is none, [`Error::Conflict`] when it has not failed.
pub async fn retry(app: &App, id: i32) -> Result<job::Model> {
    let row = find(app, id).await?;
    let queued = Entity::update_many()
        .set(ActiveModel {
            status: Set(Status::Queued),
            attempts: Set(0),
            deliveries: Set(row.deliveries + 1),
            due_at: Set(app.clock.now()),
            ..Default::default()
        })
        .filter(Column::Id.eq(id))
        .filter(Column::Status.eq(Status::Failed))
        .filter(Column::Deliveries.eq(row.deliveries))
        .exec(&app.db)
        .await?;
    if queued.rows_affected == 0 {
        return Err(Error::Conflict(format!(
            "job {id} has not failed; only jobs that have failed are tried again"
        )));
    }
    find(app, id).await
}

async fn check(app: &App, kind: Kind, subject: Option<&str>) -> Result<Option<String>> {
    let name = kind.name();
    // The calendar of a season is out before it begins.
    let last = app.clock.now().year() + 1;
    match (kind.about(), subject) {
        (About::Everything, None) => Ok(None),
        (About::Everything, Some(_)) => Err(Error::BadInput(format!(
            "{name} is not done to a single race or season"
        ))),
        (About::Race, None) => Err(Error::BadInput(format!("{name} needs a race"))),
        (About::Season, None) => Err(Error::BadInput(format!("{name} needs a season"))),
        (About::Race, Some(reference)) => {
            let race = season::race(&app.db, reference).await?;
            let race =
                race.ok_or_else(|| Error::NotFound(format!("there is no race {reference:?}")))?;
            Ok(Some(race.reference))
        }
        (About::Season, Some(year)) => match year.parse::<i32>() {
            Ok(year) if (FIRST_SEASON..=last).contains(&year) => Ok(Some(year.to_string())),
            _ => Err(Error::BadInput(format!(
                "expected a season from {FIRST_SEASON} to {last}, found {year:?}"
            ))),
        },
    }
}
