//! The races of a season, and what members know before each of them: read once for all leagues.

use entities::{
    race::{self, Status},
    result,
    select::any_of,
    session::{self, Kind},
};
use sea_orm::{ColumnTrait, ConnectionTrait, DbErr, EntityTrait, QueryFilter, QueryOrder};

use crate::{
    draft::{self, DriverId, Window},
    error::{Error, Result},
    league::{self, LeagueSettings},
};

/// A race and what is known before it.
pub(super) struct Weekend {
    pub race: race::Model,
    /// When it is drafted for.
    pub window: Window,
    /// The entry list.
    pub drivers: Vec<DriverId>,
    /// By their places in the championship.
    pub standings: Vec<DriverId>,
    /// As they were classified in the latest race of the season; empty before the first.
    pub latest: Vec<DriverId>,
}

impl Weekend {
    pub(super) fn is_cancelled(&self) -> bool {
        self.race.status == Status::Cancelled
    }
}

/// The races of a season up to the latest with a result, those among them that were cancelled too.
///
/// # Errors
/// [`Error::NotFound`] for a season without results.
pub(super) async fn weekends<C: ConnectionTrait>(
    db: &C,
    season: i32,
    settings: &LeagueSettings,
) -> Result<Vec<Weekend>> {
    let mut races = race::Entity::find()
        .filter(race::Column::Season.eq(season))
        .filter(race::Column::Status.is_in([Status::Completed, Status::Cancelled]))
        .order_by_asc(race::Column::Date)
        .order_by_asc(race::Column::Id)
        .all(db)
        .await?;
    // What follows is still to come, and every league drafts for that.
    let completed = races
        .iter()
        .rposition(|race| race.status == Status::Completed);
    races.truncate(completed.ok_or_else(|| no_results(season))? + 1);
    let ids: Vec<i32> = races.iter().map(|race| race.id).collect();
    let sessions = session::Entity::find()
        .filter(any_of(
            db.get_database_backend(),
            session::Column::RaceId,
            &ids,
        ))
        .all(db)
        .await?;
    let mut weekends = Vec::new();
    let mut latest = Vec::new();
    for race in races {
        let sessions = league::sessions_of(&race, &sessions);
        let drivers = draft::draftable(db, &race).await?;
        let weekend = Weekend {
            window: Window::of(settings.zone.0, settings.lock, &sessions),
            drivers: once(drivers.iter().map(|entry| entry.driver_id)),
            standings: draft::championship(db, &race).await?,
            latest: latest.clone(),
            race,
        };
        if !weekend.is_cancelled() {
            latest = classification(db, weekend.race.id).await?;
        }
        weekends.push(weekend);
    }
    Ok(weekends)
}

async fn classification<C: ConnectionTrait>(db: &C, race: i32) -> Result<Vec<DriverId>, DbErr> {
    let rows = result::Entity::find()
        .filter(result::Column::RaceId.eq(race))
        .filter(result::Column::Session.eq(Kind::Race))
        .order_by_asc(result::Column::PositionOrder)
        .order_by_asc(result::Column::Id)
        .all(db)
        .await?;
    Ok(once(rows.iter().map(|row| row.driver_id)))
}

/// Each driver once: some have shared a car, or entered two.
fn once(ids: impl Iterator<Item = i32>) -> Vec<DriverId> {
    let mut drivers = Vec::new();
    for driver in ids.map(DriverId) {
        if !drivers.contains(&driver) {
            drivers.push(driver);
        }
    }
    drivers
}

fn no_results(season: i32) -> Error {
    Error::NotFound(format!(
        "no race of {season} has a result here; `pitwall sync --season {season}` reads them, \
         and `pitwall serve` loads the bundled seasons"
    ))
}
