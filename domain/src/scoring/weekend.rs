//! A race weekend as results have it: all that scores rest on, read once for all leagues.

use std::collections::BTreeMap;

use entities::{entry, qualifying_result, race, result, select::any_of, session::Kind};
use sea_orm::{ColumnTrait, ConnectionTrait, DbErr, EntityTrait, QueryFilter, QueryOrder};
use sha2::{Digest, Sha256};

use super::{
    rules::{DriverWeekend, Ending, Outing, Qualifying},
    substitution::{Seat, Seats},
};
use crate::season;

/// What is known of a weekend whose race has results.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Weekend {
    pub season: i32,
    /// Whoever took part, each once, by id.
    pub drivers: Vec<DriverWeekend>,
    pub seats: Seats,
}

impl Weekend {
    /// The weekend of a race; none while the race has no results.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn read<C: ConnectionTrait>(
        db: &C,
        race: &race::Model,
    ) -> Result<Option<Self>, DbErr> {
        let results = result::Entity::find()
            .filter(result::Column::RaceId.eq(race.id))
            .order_by_asc(result::Column::PositionOrder)
            .order_by_asc(result::Column::Id)
            .all(db)
            .await?;
        if !results.iter().any(|row| row.session == Kind::Race) {
            return Ok(None);
        }
        let qualifying = qualifying_result::Entity::find()
            .filter(qualifying_result::Column::RaceId.eq(race.id))
            .filter(qualifying_result::Column::Session.eq(Kind::Qualifying))
            .order_by_asc(qualifying_result::Column::Id)
            .all(db)
            .await?;
        Ok(Some(Self {
            season: race.season,
            drivers: weekends(&results, &qualifying),
            seats: seats(db, race, &results).await?,
        }))
    }

    /// Tells this weekend from others, and from itself before a correction.
    #[must_use]
    pub fn fingerprint(&self) -> String {
        hex::encode(Sha256::digest(format!("{self:?}")))
    }
}

/// Who sat in which car in a race, and in the latest race before.
async fn seats<C: ConnectionTrait>(
    db: &C,
    race: &race::Model,
    results: &[result::Model],
) -> Result<Seats, DbErr> {
    let before = season::race_before(db, race).await?;
    let before = before.map(|race| race.id);
    let ids: Vec<i32> = before.into_iter().chain([race.id]).collect();
    let backend = db.get_database_backend();
    let entries = entry::Entity::find()
        .filter(any_of(backend, entry::Column::RaceId, &ids))
        .order_by_asc(entry::Column::Id)
        .all(db)
        .await?;
    let entered = |race: Option<i32>| -> Vec<Seat> {
        let own = entries.iter().filter(|entry| Some(entry.race_id) == race);
        own.map(|entry| Seat {
            driver: entry.driver_id,
            constructor: entry.constructor_id,
        })
        .collect()
    };
    let raced = results.iter().filter(|row| row.session == Kind::Race);
    Ok(Seats {
        raced: raced
            .map(|row| Seat {
                driver: row.driver_id,
                constructor: row.constructor_id,
            })
            .collect(),
        entered: entered(Some(race.id)),
        before: entered(before),
    })
}

/// What everybody did, from results in the order of the classifications. Of a driver who is in one
/// twice, with cars that were shared, the better place counts.
fn weekends(
    results: &[result::Model],
    qualifying: &[qualifying_result::Model],
) -> Vec<DriverWeekend> {
    let mut weekends: BTreeMap<i32, DriverWeekend> = BTreeMap::new();
    let sprint_laps = results
        .iter()
        .filter(|row| row.session == Kind::Sprint)
        .map(|row| row.laps)
        .max();
    for row in results {
        let weekend = weekend_of(&mut weekends, row.driver_id);
        if row.session == Kind::Sprint {
            weekend.sprint.get_or_insert(outing(row, sprint_laps));
        } else {
            weekend.race.get_or_insert(outing(row, None));
        }
    }
    let has_time = |row: &qualifying_result::Model| {
        [row.q1_ms, row.q2_ms, row.q3_ms]
            .iter()
            .any(Option::is_some)
    };
    // Without any times they are not known, and nobody can be blamed for having set none.
    let times_known = qualifying.iter().any(has_time);
    for row in qualifying {
        let qualified = Qualifying {
            position: row.position,
            time_set: has_time(row) || !times_known,
        };
        let weekend = weekend_of(&mut weekends, row.driver_id);
        weekend.qualifying.get_or_insert(qualified);
    }
    weekends.into_values().collect()
}

/// The weekend of a driver, of which nothing is known at first.
fn weekend_of(weekends: &mut BTreeMap<i32, DriverWeekend>, driver_id: i32) -> &mut DriverWeekend {
    weekends.entry(driver_id).or_insert(DriverWeekend {
        driver_id,
        qualifying: None,
        sprint: None,
        race: None,
        // Nobody publishes the vote.
        driver_of_the_day: false,
    })
}

/// A car's race, or its sprint, whose winner ran `sprint_laps`.
fn outing(row: &result::Model, sprint_laps: Option<i32>) -> Outing {
    Outing {
        ending: ending(row, sprint_laps),
        position: row.position,
        grid: row.grid,
        points: row.points,
        fastest_lap: row.fastest_lap_rank == Some(1),
        overtakes: None,
    }
}

/// In a race a place is one in the classification. In sprints sources give one to everybody who
/// started, so that whoever retired must have run 90 % of the distance (FIA sporting regulations
/// 2024, 5.4 b).
fn ending(row: &result::Model, sprint_laps: Option<i32>) -> Ending {
    use result::Status;
    let too_short = sprint_laps.is_some_and(|laps| row.laps * 10 < laps * 9);
    match row.status {
        Status::Disqualified | Status::Excluded => Ending::Disqualified,
        Status::DidNotStart | Status::DidNotQualify => Ending::DidNotStart,
        Status::NotClassified => Ending::NotClassified,
        Status::Retired if too_short => Ending::NotClassified,
        Status::Finished | Status::Lapped | Status::Retired => match row.position {
            Some(_) => Ending::Classified,
            None => Ending::NotClassified,
        },
    }
}

#[cfg(test)]
mod tests {
    use entities::result::Status;

    use super::*;

    fn result(
        driver_id: i32,
        session: Kind,
        position: Option<i32>,
        status: Status,
    ) -> result::Model {
        result::Model {
            id: driver_id,
            race_id: 1,
            session,
            driver_id,
            constructor_id: 1,
            number: String::new(),
            grid: Some(3),
            position,
            position_text: String::new(),
            position_order: driver_id,
            points: 100,
            laps: 20,
            time_ms: None,
            status,
            status_text: String::new(),
            fastest_lap: None,
            fastest_lap_rank: Some(driver_id),
            fastest_lap_ms: None,
            fastest_lap_speed: None,
            pole: false,
            revision: 1,
        }
    }

    fn qualified(driver_id: i32, q1_ms: Option<i32>) -> qualifying_result::Model {
        qualifying_result::Model {
            id: driver_id,
            race_id: 1,
            session: Kind::Qualifying,
            driver_id,
            constructor_id: 1,
            number: String::new(),
            position: Some(driver_id),
            q1_ms,
            q2_ms: None,
            q3_ms: None,
        }
    }

    #[test]
    fn a_place_in_the_race_is_one_in_the_classification() {
        use Ending::{Classified, DidNotStart, Disqualified, NotClassified};
        for (status, place, expected) in [
            (Status::Finished, Some(1), Classified),
            (Status::Lapped, Some(17), Classified),
            (Status::Retired, Some(18), Classified),
            (Status::Retired, None, NotClassified),
            (Status::NotClassified, None, NotClassified),
            (Status::Disqualified, None, Disqualified),
            (Status::Excluded, None, Disqualified),
            (Status::DidNotStart, None, DidNotStart),
            (Status::DidNotQualify, None, DidNotStart),
        ] {
            let mut row = result(1, Kind::Race, place, status);
            row.laps = 3;
            assert_eq!(ending(&row, None), expected, "{status:?} {place:?}");
        }
    }

    #[test]
    fn who_retired_early_in_a_sprint_is_not_classified_whatever_the_place_says() {
        for (laps, expected) in [
            (0, Ending::NotClassified),
            (17, Ending::NotClassified),
            (18, Ending::Classified),
        ] {
            let mut retired = result(2, Kind::Sprint, Some(20), Status::Retired);
            retired.laps = laps;
            let winner = result(1, Kind::Sprint, Some(1), Status::Finished);
            let found = weekends(&[winner, retired], &[]);
            let sprint = found[1].sprint.unwrap();
            assert_eq!(sprint.ending, expected, "{laps} of 20 laps");
        }
    }

    #[test]
    fn a_weekend_holds_what_its_sessions_say() {
        let results = [
            result(1, Kind::Race, Some(1), Status::Finished),
            result(2, Kind::Race, Some(2), Status::Finished),
            result(2, Kind::Sprint, Some(1), Status::Finished),
        ];
        let qualifying = [qualified(1, Some(90_000)), qualified(3, None)];
        let found = weekends(&results, &qualifying);
        let told: Vec<_> = found
            .iter()
            .map(|weekend| {
                (
                    weekend.driver_id,
                    weekend.qualifying.map(|session| session.time_set),
                    weekend.sprint.is_some(),
                    weekend.race.map(|race| race.fastest_lap),
                )
            })
            .collect();
        assert_eq!(
            told,
            [
                (1, Some(true), false, Some(true)),
                (2, None, true, Some(false)),
                (3, Some(false), false, None),
            ]
        );
    }

    #[test]
    fn where_no_times_are_known_nobody_has_set_none() {
        let found = weekends(&[], &[qualified(1, None), qualified(2, None)]);
        assert!(found.iter().all(|one| one.qualifying.unwrap().time_set));
    }

    #[test]
    fn a_correction_is_another_fingerprint() {
        let weekend = |status, position| Weekend {
            season: 2024,
            drivers: weekends(&[result(1, Kind::Race, position, status)], &[]),
            seats: Seats::default(),
        };
        let first = weekend(Status::Finished, Some(1));
        assert_eq!(first.fingerprint(), first.clone().fingerprint());
        let corrected = weekend(Status::Disqualified, None);
        assert_ne!(first.fingerprint(), corrected.fingerprint());
    }
}
