//! From which race settings hold, which of them hold for a race, and whom there is to draft.

use chrono::{DateTime, Days, NaiveDate, Utc};
use entities::{
    entry,
    league_settings::{self, Model},
    race::{self, Status},
    select::any_of,
    session::{self, Kind},
};
use sea_orm::{
    ColumnTrait, ConnectionTrait, DbErr, EntityTrait, QueryFilter, QueryOrder, QuerySelect,
};

use super::{LeagueSettings, capacity};
use crate::{
    draft::{
        Window,
        window::{Sessions, Start},
    },
    error::Result,
    season::{self, start::Starts},
};

/// Drivers of a race whose entry list nobody knows, nor that of any race before.
const FEWEST_DRIVERS: usize = 20;

/// Races whose drafts can be open at the same time, with room to spare.
const NEXT_RACES: u64 = 6;

/// The first race that settings hold for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Since {
    pub race: Option<i32>,
    pub date: NaiveDate,
}

impl Since {
    /// Settings that a league begins with hold from the first race that it can still draft for.
    pub(super) async fn beginning<C: ConnectionTrait>(
        db: &C,
        settings: &LeagueSettings,
        now: DateTime<Utc>,
    ) -> Result<Self, DbErr> {
        let coming = coming(db, settings, now).await?;
        let mut coming = coming.into_iter();
        let race = coming.find(|(_, window)| window.closes_at > now);
        Ok(race.map_or(Self::nothing(now), |(race, _)| Self::race(&race)))
    }

    /// Settings that are changed hold from the first race whose draft has not opened by those
    /// before.
    pub(super) async fn change<C: ConnectionTrait>(
        db: &C,
        before: &LeagueSettings,
        now: DateTime<Utc>,
    ) -> Result<Self, DbErr> {
        let coming = coming(db, before, now).await?;
        let has_opened = |(_, window): &&(race::Model, Window)| window.opens_at <= now;
        let race = coming.iter().find(|one| !has_opened(one));
        if let Some((race, _)) = race {
            return Ok(Self::race(race));
        }
        let nothing = Self::nothing(now);
        // Not for the race whose draft is open, if it is the last that is planned.
        let open = coming.iter().rev().find(has_opened);
        let after = open.map_or(nothing.date, |(race, _)| race.date + Days::new(1));
        Ok(Self {
            date: nothing.date.max(after),
            ..nothing
        })
    }

    /// They hold from a race on.
    pub(crate) fn race(race: &race::Model) -> Self {
        Self {
            race: Some(race.id),
            date: race.date,
        }
    }

    fn nothing(now: DateTime<Utc>) -> Self {
        Self {
            race: None,
            date: now.date_naive(),
        }
    }
}

/// The next races, in order, and when their drafts are held.
async fn coming<C: ConnectionTrait>(
    db: &C,
    settings: &LeagueSettings,
    now: DateTime<Utc>,
) -> Result<Vec<(race::Model, Window)>, DbErr> {
    let with_window = |(race, sessions): (race::Model, Sessions)| {
        let window = Window::of(settings.zone.0, settings.lock, &sessions);
        (race, window)
    };
    let races = coming_races(db, now).await?;
    Ok(races.into_iter().map(with_window).collect())
}

async fn coming_races<C: ConnectionTrait>(
    db: &C,
    now: DateTime<Utc>,
) -> Result<Vec<(race::Model, Sessions)>, DbErr> {
    let races = race::Entity::find()
        .filter(race::Column::Status.is_in([Status::Scheduled, Status::InProgress]))
        .filter(race::Column::Date.gte(now.date_naive() - Days::new(1)))
        .order_by_asc(race::Column::Date)
        .order_by_asc(race::Column::Id)
        .limit(NEXT_RACES)
        .all(db)
        .await?;
    let ids: Vec<i32> = races.iter().map(|race| race.id).collect();
    let backend = db.get_database_backend();
    let sessions = session::Entity::find()
        .filter(any_of(backend, session::Column::RaceId, &ids))
        .all(db)
        .await?;
    let with_sessions = |race: race::Model| {
        let sessions = sessions_of(&race, &sessions);
        (race, sessions)
    };
    Ok(races.into_iter().map(with_sessions).collect())
}

/// The first race that a league can still draft for.
pub(crate) async fn first_to_draft_for<C: ConnectionTrait>(
    db: &C,
    league: i32,
    now: DateTime<Utc>,
) -> Result<Option<race::Model>> {
    let versions = all(db, league).await?;
    for (race, sessions) in coming_races(db, now).await? {
        let Some(version) = in_force(&versions, Some(&race)) else {
            continue;
        };
        let settings = LeagueSettings::read(&version.settings)?;
        if Window::of(settings.zone.0, settings.lock, &sessions).closes_at > now {
            return Ok(Some(race));
        }
    }
    Ok(None)
}

/// The sessions of a race that can close its draft, among those of several races.
#[must_use]
pub fn sessions_of(race: &race::Model, sessions: &[session::Model]) -> Sessions {
    let start = |kind: Kind| {
        let mut own = sessions
            .iter()
            .filter(|session| session.race_id == race.id && session.kind == kind);
        own.next().map_or(Start::NotHeld, |session| {
            session.starts_at.map_or(Start::Unknown, Start::At)
        })
    };
    Sessions {
        sprint_qualifying: start(Kind::SprintQualifying),
        qualifying: start(Kind::Qualifying),
        race: Starts::of(race, sessions).race,
    }
}

/// The settings that hold for a race, among all versions of a league, the first version first. For
/// races from before the league they are those that it began with.
#[must_use]
pub fn in_force<'a, I>(versions: I, race: Option<&race::Model>) -> Option<&'a Model>
where
    I: IntoIterator<Item = &'a Model>,
    I::IntoIter: DoubleEndedIterator + Clone,
{
    let versions = versions.into_iter();
    let holds = |version: &&Model| {
        // A race that was brought forward is still the one that was meant.
        race.is_none_or(|race| {
            version.from_date <= race.date || version.from_race_id == Some(race.id)
        })
    };
    let latest = versions.clone().rev().find(holds);
    let mut versions = versions;
    latest.or_else(|| versions.next())
}

/// All versions of a league's settings, the first version first.
pub(super) async fn all<C: ConnectionTrait>(db: &C, league: i32) -> Result<Vec<Model>, DbErr> {
    league_settings::Entity::find()
        .filter(league_settings::Column::LeagueId.eq(league))
        .order_by_asc(league_settings::Column::Version)
        .all(db)
        .await
}

/// How many drivers there are to draft: those on the entry list of the next race, while it has none
/// those of the latest.
///
/// # Errors
/// When the database fails.
pub async fn entry_list<C: ConnectionTrait>(db: &C) -> Result<usize, DbErr> {
    for race in [season::next_race(db).await?, season::last_race(db).await?] {
        let Some(race) = race else {
            continue;
        };
        let drivers: Vec<i32> = entry::Entity::find()
            .select_only()
            .column(entry::Column::DriverId)
            .filter(entry::Column::RaceId.eq(race.id))
            .distinct()
            .into_tuple()
            .all(db)
            .await?;
        if !drivers.is_empty() {
            return Ok(drivers.len());
        }
    }
    Ok(FEWEST_DRIVERS)
}

/// How many teams a league has room for, by the settings that hold for the next race and by those
/// that hold later, for so many drivers.
///
/// # Errors
/// [`Error::Internal`](crate::error::Error::Internal) for settings that cannot be read.
pub fn places<'a, I>(
    versions: I,
    next: Option<&race::Model>,
    drivers: usize,
    max_teams: Option<i32>,
) -> Result<usize>
where
    I: IntoIterator<Item = &'a Model>,
    I::IntoIter: DoubleEndedIterator + Clone,
{
    let versions = versions.into_iter();
    let first = in_force(versions.clone(), next).map_or(1, |version| version.version);
    let mut rounds = 1;
    for version in versions.filter(|version| version.version >= first) {
        rounds = rounds.max(LeagueSettings::read(&version.settings)?.rounds);
    }
    Ok(capacity(drivers, rounds, max_teams))
}

/// The same of a league as it stands.
pub(crate) async fn room<C: ConnectionTrait>(
    db: &C,
    league: i32,
    max_teams: Option<i32>,
) -> Result<usize> {
    let versions = all(db, league).await?;
    let next = season::next_race(db).await?;
    let drivers = entry_list(db).await?;
    places(&versions, next.as_ref(), drivers, max_teams)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn race(id: i32, date: &str) -> race::Model {
        race::Model {
            id,
            reference: format!("2024_{id}"),
            season: 2024,
            round: id,
            name: "Grand Prix".to_owned(),
            circuit_id: 1,
            date: date.parse().unwrap(),
            starts_at: None,
            status: Status::Scheduled,
            wikipedia_url: None,
        }
    }

    fn version(version: i32, from_race_id: Option<i32>, from_date: &str) -> Model {
        Model {
            league_id: 1,
            version,
            from_race_id,
            from_date: from_date.parse().unwrap(),
            settings: String::new(),
            created_at: "2024-01-01T00:00:00Z".parse().unwrap(),
        }
    }

    #[test]
    fn the_latest_settings_that_hold_by_then_are_in_force() {
        let versions = [
            version(1, Some(7), "2024-05-19"),
            version(2, Some(8), "2024-05-26"),
            version(3, None, "2024-12-09"),
        ];
        for (race, expected) in [
            // From before the league.
            (race(1, "2024-03-02"), 1),
            (race(7, "2024-05-19"), 1),
            (race(8, "2024-05-26"), 2),
            (race(9, "2024-06-09"), 2),
            // Brought forward, and put off.
            (race(8, "2024-05-20"), 2),
            (race(8, "2024-10-20"), 2),
            (race(24, "2024-12-08"), 2),
            (race(25, "2025-03-16"), 3),
        ] {
            let found = in_force(&versions, Some(&race)).unwrap();
            assert_eq!(found.version, expected, "{race:?}");
        }
        assert_eq!(in_force(&versions, None).unwrap().version, 3);
        assert!(in_force(&[], None).is_none());
    }

    #[test]
    fn a_session_without_a_time_is_one_all_the_same() {
        let monaco = race(8, "2024-05-26");
        let session = |race_id, kind, starts_at: Option<&str>| session::Model {
            race_id,
            kind,
            date: "2024-05-25".parse().unwrap(),
            starts_at: starts_at.map(|at| at.parse().unwrap()),
        };
        let at = "2024-05-25T14:00:00Z";
        let rows = [
            session(9, Kind::SprintQualifying, Some(at)),
            session(8, Kind::Qualifying, None),
        ];
        let found = sessions_of(&monaco, &rows);
        assert_eq!(found.sprint_qualifying, Start::NotHeld);
        assert_eq!(found.qualifying, Start::Unknown);
        let rows = [session(8, Kind::Qualifying, Some(at))];
        let found = sessions_of(&monaco, &rows);
        assert_eq!(found.qualifying, Start::At(at.parse().unwrap()));
    }
}
