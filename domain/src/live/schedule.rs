//! For how long a race is followed, and what is known of it already.

use chrono::{DateTime, TimeDelta, Utc};
use entities::{
    live_fact, race,
    session::{self, Kind},
};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter};

use super::{
    ingest::read,
    record::{Record, Said},
};
use crate::{App, error::Result};

/// A race is followed from so long before its start.
pub const BEFORE: TimeDelta = TimeDelta::minutes(15);

/// And until so long after it at most: two hours of racing within three, the classification, and as
/// much again.
pub const LONGEST: TimeDelta = TimeDelta::hours(6);

/// What is stored of a race that is being followed.
#[derive(Debug)]
pub struct Known {
    /// What the feed has said, joined.
    pub facts: Vec<Record>,
    /// The order after the flag is among it.
    pub classified: bool,
}

/// When a race starts, where that is known.
///
/// # Errors
/// When the database fails.
pub async fn start(app: &App, race: &race::Model) -> Result<Option<DateTime<Utc>>> {
    if race.starts_at.is_some() {
        return Ok(race.starts_at);
    }
    let sessions = sessions(app, race).await?;
    let mut sessions = sessions.into_iter();
    let session = sessions.find(|session| session.kind == Kind::Race);
    Ok(session.and_then(|session| session.starts_at))
}

/// The sessions of a race's weekend.
///
/// # Errors
/// When the database fails.
pub async fn sessions(app: &App, race: &race::Model) -> Result<Vec<session::Model>> {
    Ok(session::Entity::find()
        .filter(session::Column::RaceId.eq(race.id))
        .all(&app.db)
        .await?)
}

/// The race as it is now.
///
/// # Errors
/// When the database fails.
pub async fn refreshed(app: &App, race: &race::Model) -> Result<Option<race::Model>> {
    Ok(race::Entity::find_by_id(race.id).one(&app.db).await?)
}

/// What is stored of a race.
///
/// # Errors
/// When the database fails.
pub async fn known(app: &App, race: &race::Model) -> Result<Known> {
    let rows = live_fact::Entity::find()
        .filter(live_fact::Column::RaceId.eq(race.id))
        .all(&app.db)
        .await?;
    let facts: Vec<Record> = rows
        .iter()
        .map(|row| read(&row.body))
        .collect::<Result<_>>()?;
    Ok(Known {
        classified: facts.iter().any(|record| is_win(&record.said)),
        facts,
    })
}

fn is_win(said: &Said) -> bool {
    let first = Some(1);
    matches!(said, Said::Classification { position, .. } if *position == first)
}
