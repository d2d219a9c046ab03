//! The bundled facts checked against what is known of these seasons, and the notation against
//! the facts and against seasons made up at random.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Datelike, Utc};
use entities::{result::Status, session::Kind};

use super::{
    Bundled, PEOPLE_AND_PLACES, SEASONS,
    notation::{
        Season, fastest_lap_ranks, read_people_and_places, read_season, write_people_and_places,
        write_season,
    },
};
use crate::import::{
    record::{Catalogue, RaceRecord, ResultRecord},
    source::Source,
};

fn seasons() -> Vec<Season> {
    SEASONS
        .iter()
        .map(|(file, text)| {
            read_season(file, text).unwrap_or_else(|problems| panic!("{problems:#?}"))
        })
        .collect()
}

fn races() -> Vec<RaceRecord> {
    seasons()
        .into_iter()
        .flat_map(|season| season.races)
        .collect()
}

async fn public_at(now: &str) -> (Catalogue, Vec<RaceRecord>) {
    let mut source = Bundled::new(now.parse::<DateTime<Utc>>().expect("a moment"));
    let catalogue = source.catalogue().await.expect("readable");
    let mut races = Vec::new();
    while let Some(race) = source.next_race().await {
        races.push(race.expect("a race"));
    }
    (catalogue, races)
}

#[test]
fn every_file_is_canonical() {
    for (file, text) in SEASONS {
        let season = read_season(file, text).unwrap_or_else(|problems| panic!("{problems:#?}"));
        assert_eq!(write_season(&season).expect("writable"), text, "{file}");
        assert_eq!(file, format!("{}.txt", season.year));
    }
    let (file, text) = PEOPLE_AND_PLACES;
    let catalogue =
        read_people_and_places(file, text).unwrap_or_else(|problems| panic!("{problems:#?}"));
    assert_eq!(write_people_and_places(&catalogue), text);
}

#[test]
fn the_files_stay_small() {
    let sizes: Vec<usize> = SEASONS
        .iter()
        .chain([&PEOPLE_AND_PLACES])
        .map(|(_, text)| text.len())
        .collect();
    assert!(sizes.iter().all(|&size| size < 100_000), "{sizes:?}");
    assert!(sizes.iter().sum::<usize>() < 300_000, "{sizes:?}");
}

#[test]
fn every_season_has_its_races() {
    let counts: Vec<usize> = seasons().iter().map(|season| season.races.len()).collect();
    assert_eq!(counts, [21, 21, 17, 22, 22, 22, 24, 24]);
    for season in seasons() {
        for (round, race) in (1..).zip(&season.races) {
            assert_eq!((race.season, race.round), (season.year, round));
            assert_eq!(race.date.year(), season.year);
            assert!(race.starts_at.is_some(), "{} {round}", season.year);
            assert_eq!(race.results.is_empty(), season.year == 2025);
        }
        assert!(season.races.is_sorted_by_key(|race| race.starts_at));
    }
}

#[test]
fn sprints_are_where_they_were() {
    let mut rounds: BTreeMap<i32, Vec<i32>> = BTreeMap::new();
    for race in races() {
        let has = |kind| race.sessions.iter().any(|session| session.kind == kind);
        assert_eq!(
            has(Kind::SprintQualifying),
            has(Kind::Sprint) && race.season > 2022
        );
        assert!(race.sprint.is_empty() || has(Kind::Sprint));
        if has(Kind::Sprint) {
            rounds.entry(race.season).or_default().push(race.round);
        }
    }
    let expected = BTreeMap::from([
        (2021, vec![10, 14, 19]),
        (2022, vec![4, 11, 21]),
        (2023, vec![4, 9, 12, 17, 18, 20]),
        (2024, vec![5, 6, 11, 19, 21, 23]),
        (2025, vec![2, 6, 13, 19, 21, 23]),
    ]);
    assert_eq!(rounds, expected);
}

#[test]
fn points_add_up() {
    let mut with_fastest_lap: BTreeMap<i32, usize> = BTreeMap::new();
    for race in races().iter().filter(|race| race.season < 2025) {
        let at = format!("{} {}", race.season, race.name);
        let sum: i32 = race.results.iter().map(|row| row.points).sum();
        match sum {
            10_100 => {}
            10_200 => {
                *with_fastest_lap.entry(race.season).or_default() += 1;
                let fastest = race
                    .results
                    .iter()
                    .find(|row| row.fastest_lap_rank == Some(1));
                assert!(fastest.is_some_and(|row| row.position_order <= 10), "{at}");
            }
            5_050 => assert_eq!(at, "2021 Belgian Grand Prix"),
            other => panic!("{at}: {other}"),
        }
        let sprint: i32 = race.sprint.iter().map(|row| row.points).sum();
        let expected = match race.season {
            _ if race.sprint.is_empty() => 0,
            2021 => 600,
            _ => 3_600,
        };
        assert_eq!(sprint, expected, "{at}");
    }
    let expected = [
        (2019, 19),
        (2020, 17),
        (2021, 18),
        (2022, 20),
        (2023, 20),
        (2024, 19),
    ];
    assert_eq!(with_fastest_lap, BTreeMap::from(expected));
}

#[test]
fn classifications_are_consistent() {
    for race in races() {
        let at = format!("{} {}", race.season, race.name);
        for rows in [&race.results, &race.sprint]
            .into_iter()
            .filter(|rows| !rows.is_empty())
        {
            let drivers: BTreeSet<&str> = rows.iter().map(|row| row.driver.as_str()).collect();
            // One car was withdrawn before the race.
            let cars = if at == "2024 Australian Grand Prix" {
                19
            } else {
                20
            };
            assert_eq!((drivers.len(), rows.len()), (cars, cars), "{at}");
            assert!(
                rows.iter()
                    .all(|row| row.code.as_ref().is_some_and(|code| code.len() == 3))
            );
            let classified: Vec<&ResultRecord> =
                rows.iter().filter(|row| row.position.is_some()).collect();
            assert!(
                classified
                    .iter()
                    .all(|row| row.position == Some(row.position_order)),
                "{at}"
            );
            assert!(classified.is_sorted_by(|a, b| a.laps >= b.laps), "{at}");
            assert_eq!(rows[0].status, Status::Finished);
            assert!(
                rows.iter().all(
                    |row| (row.time_ms.is_some()) == (row.status == Status::Finished)
                        || row.status == Status::Disqualified
                ),
                "{at}"
            );
            let places: BTreeSet<i32> = rows
                .iter()
                .filter_map(|row| row.grid)
                .filter(|&g| g > 0)
                .collect();
            let starters = rows
                .iter()
                .filter(|row| row.grid.is_some_and(|grid| grid > 0))
                .count();
            assert_eq!(places.len(), starters, "{at}: one car to a grid slot");
        }
        assert_eq!(
            race.qualifying.len(),
            match race.season {
                2025 => 0,
                _ => race.qualifying.len().clamp(18, 20),
            },
            "{at}"
        );
        for (place, row) in (1..).zip(&race.qualifying) {
            assert_eq!(row.position, Some(place), "{at}");
        }
    }
}

#[test]
fn times_are_in_order_of_the_places_but_once() {
    let mut odd = Vec::new();
    for race in races() {
        for (kind, rows) in [(Kind::Race, &race.results), (Kind::Sprint, &race.sprint)] {
            let times = rows
                .iter()
                .filter(|row| row.position.is_some())
                .filter_map(|row| row.time_ms);
            if !times.is_sorted() {
                odd.push((race.season, race.round, kind));
            }
        }
    }
    assert_eq!(odd, [(2023, 17, Kind::Sprint)]);
}

#[test]
fn fastest_laps_were_driven_but_once() {
    let mut odd = Vec::new();
    for race in races() {
        assert!(
            race.results
                .iter()
                .map(|row| row.fastest_lap_rank)
                .eq(fastest_lap_ranks(&race.results))
        );
        for row in race.results.iter().chain(&race.sprint) {
            assert!(
                row.fastest_lap != Some(1) || row.laps < 9,
                "lap 1 is no fastest lap"
            );
            if row.fastest_lap.is_some_and(|lap| lap > row.laps) {
                odd.push((race.season, race.round, row.driver.clone()));
            }
        }
    }
    assert_eq!(odd, [(2024, 21, "hulkenberg".to_owned())]);
}

#[test]
fn corrected_starts_are_the_true_ones() {
    let races = races();
    let find = |season, round| {
        let race = races
            .iter()
            .find(|race| (race.season, race.round) == (season, round));
        race.expect("the race")
    };
    let start = |race: &RaceRecord| race.starts_at.map(|start| start.to_rfc3339());
    assert_eq!(
        start(find(2024, 21)).as_deref(),
        Some("2024-11-03T15:30:00+00:00")
    );
    let vegas = find(2024, 22);
    assert_eq!(start(vegas).as_deref(), Some("2024-11-24T06:00:00+00:00"));
    assert_eq!(vegas.date.to_string(), "2024-11-23");
    assert_eq!(
        start(find(2024, 23)).as_deref(),
        Some("2024-12-01T16:00:00+00:00")
    );
    for race in &races {
        for session in &race.sessions {
            let days = (race.date - session.date).num_days();
            assert!(
                (0..=3).contains(&days),
                "{} {}: {session:?}",
                race.season,
                race.name
            );
        }
        let starts: Vec<_> = race
            .sessions
            .iter()
            .filter_map(|session| session.starts_at)
            .collect();
        assert!(starts.is_sorted() && starts.iter().all(|&session| Some(session) < race.starts_at));
        assert!(race.sessions.iter().all(|session| {
            session
                .starts_at
                .is_none_or(|start| start.date_naive() == session.date)
        }));
    }
}

#[tokio::test]
async fn in_the_far_future_everything_is_public_and_everybody_known() {
    let (catalogue, races) = public_at("2100-01-01T00:00:00Z").await;
    assert_eq!(races.len(), 173);
    assert_eq!(
        races.iter().filter(|race| !race.results.is_empty()).count(),
        149
    );
    assert_eq!(
        (catalogue.circuits.len(), catalogue.drivers.len()),
        (31, 40)
    );
    assert_eq!(catalogue.seasons.len(), 8);
    let circuits: BTreeSet<&str> = catalogue
        .circuits
        .iter()
        .map(|c| c.reference.as_str())
        .collect();
    let drivers: BTreeSet<&str> = catalogue
        .drivers
        .iter()
        .map(|d| d.reference.as_str())
        .collect();
    let teams: BTreeSet<&str> = catalogue
        .constructors
        .iter()
        .map(|t| t.reference.as_str())
        .collect();
    assert!(
        catalogue
            .circuits
            .iter()
            .all(|c| c.length_m.is_some() && c.turns.is_some())
    );
    for race in &races {
        assert!(circuits.contains(race.circuit.as_str()), "{}", race.circuit);
        for row in race.results.iter().chain(&race.sprint) {
            assert!(
                drivers.contains(row.driver.as_str()) && teams.contains(row.constructor.as_str())
            );
        }
        for row in &race.qualifying {
            assert!(
                drivers.contains(row.driver.as_str()) && teams.contains(row.constructor.as_str())
            );
        }
    }
}

#[tokio::test]
async fn nothing_of_the_future_is_public() {
    let (catalogue, races) = public_at("2024-11-24T08:59:59Z").await;
    let last = races
        .iter()
        .rfind(|race| !race.results.is_empty())
        .expect("a race");
    assert_eq!(
        (last.season, last.round),
        (2024, 21),
        "Las Vegas still runs"
    );
    assert_eq!(races.last().map(|race| race.season), Some(2024));
    assert!(
        catalogue
            .drivers
            .iter()
            .all(|driver| driver.reference != "doohan")
    );
    let (_, races) = public_at("2024-11-24T09:00:00Z").await;
    let last = races
        .iter()
        .rfind(|race| !race.results.is_empty())
        .expect("a race");
    assert_eq!((last.season, last.round), (2024, 22));
    let (catalogue, races) = public_at("2016-01-01T00:00:00Z").await;
    assert!(races.is_empty() && catalogue == Catalogue::default());
}

mod against_dump;
mod made_up;
