//! The point tables beside the published points of every result since 1960.

use std::collections::BTreeMap;

use super::dump::Dump;
use crate::standings::points::{FinishedRace, RaceLength, points_for};
use crate::standings::season_rules::rules_of;

/// Races that were shortened enough to matter: season, round, laps led, laps scheduled.
const SHORTENED: [(i32, i32, u32, u32); 6] = [
    (1975, 4, 29, 75),
    (1975, 12, 29, 54),
    (1984, 6, 31, 76),
    (1991, 16, 14, 81),
    (2009, 2, 31, 56),
    (2021, 12, 3, 44),
];

/// Finishes that were worth other points than their place: season, round, driver, why.
const OWN_CASES: [(i32, i32, &str, &str); 9] = [
    (1960, 1, "trintignant", "shared a car"),
    (1960, 1, "moss", "shared a car"),
    (1963, 4, "hill", "push start: classified without points"),
    (
        1967,
        7,
        "oliver",
        "formula two car: not eligible for points",
    ),
    (1967, 7, "bonnier", "moved up past a formula two car"),
    (1967, 7, "ligier", "moved up past formula two cars"),
    (1984, 14, "gartner", "second car of a team entered with one"),
    (1984, 14, "berger", "second car of a team entered with one"),
    (1987, 16, "dalmas", "second car of a team entered with one"),
];

fn length(season: i32, round: i32) -> RaceLength {
    let here = |race: &&(i32, i32, u32, u32)| (race.0, race.1) == (season, round);
    let shortened = SHORTENED.iter().find(here);
    shortened.map_or(RaceLength::FULL, |(_, _, laps, scheduled)| {
        RaceLength::laps_of(*laps, *scheduled, true)
    })
}

#[test]
fn every_result_since_1960_has_the_points_of_its_place_but_for_nine() {
    let Some(dump) = Dump::open() else { return };
    let mut differ = Vec::new();
    for season in dump.seasons.range(1960..).map(|(season, _)| *season) {
        let rules = rules_of(season);
        for race in dump.races(season) {
            for car in &race.cars {
                let plain = FinishedRace {
                    position: car.position,
                    length: length(season, race.round),
                    ..FinishedRace::at(race.circuit, 1)
                };
                let expected = points_for(&rules, &plain);
                let with_fastest_lap = points_for(
                    &rules,
                    &FinishedRace {
                        fastest_lap_between: 1,
                        ..plain
                    },
                );
                if ![expected, with_fastest_lap].contains(&car.points) {
                    differ.push((season, race.round, car.driver.reference));
                }
            }
        }
    }
    differ.sort_unstable();
    let mut known = OWN_CASES.map(|(season, round, driver, _)| (season, round, driver));
    known.sort_unstable();
    assert_eq!(differ, known);
}

#[test]
fn the_points_of_every_race_since_2010_add_up() {
    let Some(dump) = Dump::open() else { return };
    let mut with_fastest_lap: BTreeMap<i32, usize> = BTreeMap::new();
    for season in 2010..=2024 {
        for race in dump.races(season) {
            let sum: i32 = race.cars.iter().map(|car| car.points).sum();
            let expected = match (season, race.round) {
                (2014, 19) => 20_200,
                (2021, 12) => 5_050,
                _ => 10_100,
            };
            assert!(
                [0, 100].contains(&(sum - expected)),
                "{season} round {}: {sum}",
                race.round
            );
            *with_fastest_lap.entry(season).or_default() += usize::from(sum > expected);
        }
    }
    let counts: Vec<usize> = with_fastest_lap.into_values().collect();
    assert_eq!(counts[..9], [0; 9], "no fastest-lap point before 2019");
    assert_eq!(counts[9..], [19, 17, 18, 20, 20, 19]);
}

#[test]
fn sprint_points_are_those_of_the_table() {
    let Some(dump) = Dump::open() else { return };
    let mut sprints: BTreeMap<i32, Vec<i32>> = BTreeMap::new();
    for season in 2021..=2024 {
        for race in dump.races(season) {
            let mut points: Vec<i32> = race
                .cars
                .iter()
                .map(|car| car.sprint_points)
                .filter(|points| *points > 0)
                .collect();
            points.sort_unstable_by(|a, b| b.cmp(a));
            if !points.is_empty() {
                assert_eq!(
                    points,
                    rules_of(season).sprint_points,
                    "{season} round {}",
                    race.round
                );
                sprints.entry(season).or_default().push(race.round);
            }
        }
    }
    assert_eq!(sprints[&2021], [10, 14, 19]);
    assert_eq!(sprints[&2022], [4, 11, 21]);
    assert_eq!(sprints[&2023], [4, 9, 12, 17, 18, 20]);
    assert_eq!(sprints[&2024], [5, 6, 11, 19, 21, 23]);
}
