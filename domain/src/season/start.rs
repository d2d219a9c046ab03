//! When the sessions that somebody waits for begin, also where no time is known.

use std::collections::HashMap;

use chrono::{DateTime, Days, NaiveDate, NaiveTime, TimeDelta, Utc};
use entities::{
    race,
    select::any_of,
    session::{self, Kind},
};
use sea_orm::{ColumnTrait, ConnectionTrait, DbErr, EntityTrait, QueryFilter};

/// Qualifying of an unknown time is so long before the race.
const QUALIFYING_BEFORE: TimeDelta = TimeDelta::hours(24);

/// When a race and its qualifying begin.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Starts {
    /// The end of its day where no time is known.
    pub race: DateTime<Utc>,
    /// 24 hours before the race where no time is known.
    pub qualifying: DateTime<Utc>,
}

impl Starts {
    /// From what is known of a race and its sessions.
    #[must_use]
    pub fn of(race: &race::Model, sessions: &[session::Model]) -> Self {
        let start = |kind: Kind| {
            let mut own = sessions
                .iter()
                .filter(|session| session.race_id == race.id && session.kind == kind);
            own.find_map(|session| session.starts_at)
        };
        let at = race.starts_at.or_else(|| start(Kind::Race));
        let at = at.unwrap_or_else(|| end_of(race.date));
        Self {
            race: at,
            qualifying: start(Kind::Qualifying).unwrap_or(at - QUALIFYING_BEFORE),
        }
    }
}

/// The starts of races by their database ids.
///
/// # Errors
/// When the database fails.
pub async fn starts<C: ConnectionTrait>(
    db: &C,
    races: &[race::Model],
) -> Result<HashMap<i32, Starts>, DbErr> {
    let ids: Vec<i32> = races.iter().map(|race| race.id).collect();
    let sessions = session::Entity::find()
        .filter(any_of(
            db.get_database_backend(),
            session::Column::RaceId,
            &ids,
        ))
        .filter(session::Column::Kind.is_in([Kind::Qualifying, Kind::Race]))
        .all(db)
        .await?;
    let of = |race: &race::Model| (race.id, Starts::of(race, &sessions));
    Ok(races.iter().map(of).collect())
}

fn end_of(day: NaiveDate) -> DateTime<Utc> {
    day.and_time(NaiveTime::MIN).and_utc() + Days::new(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn race(starts_at: Option<&str>) -> race::Model {
        race::Model {
            id: 7,
            reference: "2024_monaco".to_owned(),
            season: 2024,
            round: 8,
            name: "Monaco Grand Prix".to_owned(),
            circuit_id: 1,
            date: "2024-05-26".parse().unwrap(),
            starts_at: starts_at.map(|at| at.parse().unwrap()),
            status: race::Status::Scheduled,
            wikipedia_url: None,
        }
    }

    fn session(race_id: i32, kind: Kind, starts_at: Option<&str>) -> session::Model {
        session::Model {
            race_id,
            kind,
            date: "2024-05-25".parse().unwrap(),
            starts_at: starts_at.map(|at| at.parse().unwrap()),
        }
    }

    #[test]
    fn what_is_not_known_is_taken_to_be_late_enough() {
        let at = "2024-05-26T13:00:00Z";
        let known = Some(at);
        let the_day_before = "2024-05-25T14:00:00Z";
        let saturday = Some(the_day_before);
        for (race_at, session_at, qualifying_at, expected) in [
            (known, None, saturday, [at, the_day_before]),
            (None, known, saturday, [at, the_day_before]),
            (known, None, None, [at, "2024-05-25T13:00:00Z"]),
            (
                None,
                None,
                None,
                ["2024-05-27T00:00:00Z", "2024-05-26T00:00:00Z"],
            ),
        ] {
            let sessions = [
                session(8, Kind::Qualifying, Some("2024-01-01T00:00:00Z")),
                session(7, Kind::Race, session_at),
                session(7, Kind::Qualifying, qualifying_at),
                session(7, Kind::Practice1, Some("2024-05-24T11:30:00Z")),
            ];
            let found = Starts::of(&race(race_at), &sessions);
            let [race, qualifying] = expected.map(|at| at.parse().unwrap());
            assert_eq!(found, Starts { race, qualifying });
        }
    }
}
