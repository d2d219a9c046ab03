//! Facts of the full history 1950–2024, checked where the data lies beside the repository.

use std::path::{Path, PathBuf};

use entities::{result::Status, session::Kind};

use crate::import::{
    record::{RaceRecord, ResultRecord},
    source::Source,
};

use super::dump::Outcome;

/// The data, or `None` with a word about it where it is not at hand.
fn full_history() -> Option<PathBuf> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/data");
    if path.join("ergast/races.csv").is_file() {
        return Some(path);
    }
    eprintln!("skipped: no data in {}", path.display());
    None
}

fn count(races: &[RaceRecord], part: impl Fn(&RaceRecord) -> usize) -> usize {
    races.iter().map(part).sum()
}

#[test]
fn every_row_of_the_full_history_comes_through() {
    let Some(path) = full_history() else { return };
    let outcome = Outcome::of(&path).unwrap();
    let races = &outcome.races;
    assert_eq!((races.len(), outcome.refused.len()), (1125 + 24, 0));
    assert!(
        outcome.warnings.iter().all(|warning| warning.line == 0),
        "{:?}",
        outcome.warnings
    );
    assert_eq!(count(races, |race| race.results.len()), 26_759);
    assert_eq!(count(races, |race| race.sprint.len()), 360);
    assert_eq!(count(races, |race| race.qualifying.len()), 10_494);
    assert_eq!(count(races, |race| race.pit_stops.len()), 11_371);
    assert_eq!(count(races, |race| race.driver_standings.len()), 34_863);
    assert_eq!(
        count(races, |race| race.constructor_standings.len()),
        13_391
    );
    assert_eq!(count(races, |race| race.race_control.len()), 346 + 98);
    assert_eq!(count(races, |race| race.practice.len()), 31_906);
    assert_eq!(count(races, |race| race.laps.len()), 136_077);
    assert_eq!(
        count(races, |race| usize::from(race.weather.is_some())),
        149
    );
    let tables = outcome.source.tables();
    let rows = |name: &str| {
        tables
            .iter()
            .find(|count| count.table == name)
            .unwrap()
            .rows
    };
    assert_eq!(rows("lap_times.csv"), 135_784);
    assert_eq!(rows("constructor_results.csv"), 12_625);
    assert_eq!(rows("status.csv"), 139);
    assert_eq!(rows("laps_2023.csv.gz"), 24_428);
}

#[test]
fn the_tables_alone_have_plain_laps() {
    let Some(path) = full_history() else { return };
    let outcome = Outcome::of(&path.join("ergast")).unwrap();
    assert_eq!((outcome.races.len(), outcome.refused.len()), (1125, 0));
    assert_eq!(count(&outcome.races, |race| race.laps.len()), 135_784);
    assert!(
        outcome
            .races
            .iter()
            .flat_map(|race| &race.laps)
            .all(|lap| lap.detail.is_none())
    );
}

#[test]
fn known_facts_of_the_full_history_hold() {
    let Some(path) = full_history() else { return };
    let outcome = Outcome::of(&path).unwrap();
    let winner = |season, round| {
        let results = &outcome.race(season, round).results;
        let won = |result: &&ResultRecord| result.position == Some(1);
        results.iter().find(won).unwrap()
    };
    assert_eq!(winner(1950, 1).driver, "farina");
    assert_eq!(winner(2024, 24).driver, "norris");
    assert_eq!(
        (winner(2021, 12).driver.as_str(), winner(2021, 12).points),
        ("max_verstappen", 1250)
    );

    let recent = outcome.races.iter().filter(|race| race.season >= 2010);
    let results = recent.flat_map(|race| &race.results);
    let classified =
        |result: &&ResultRecord| result.status == Status::Retired && result.position.is_some();
    assert_eq!(results.filter(classified).count(), 125);

    // The BAR cars of Australia 2005 have a place in words only.
    let places: Vec<_> = outcome
        .race(2005, 1)
        .results
        .iter()
        .filter_map(|r| r.position)
        .collect();
    assert_eq!(places.len(), 17);
    let champion = &outcome.race(2024, 24).driver_standings[0];
    assert_eq!(
        (champion.who.as_str(), champion.points),
        ("max_verstappen", 43_700)
    );
    let mut standings = outcome.race(1997, 17).driver_standings.iter();
    let schumacher = standings
        .find(|row| row.who == "michael_schumacher")
        .unwrap();
    assert_eq!(
        (schumacher.position, schumacher.position_text.as_str()),
        (None, "D")
    );
}

#[test]
fn fastest_laps_of_the_full_history_are_ranked_where_they_are_known() {
    let Some(path) = full_history() else { return };
    let outcome = Outcome::of(&path).unwrap();
    // Neither times nor ranks are published for Monaco 2024.
    assert!(
        outcome
            .race(2024, 8)
            .results
            .iter()
            .all(|r| r.fastest_lap_rank.is_none())
    );
    let sprints: Vec<_> = outcome
        .races
        .iter()
        .filter(|race| !race.sprint.is_empty())
        .collect();
    assert_eq!(sprints.len(), 18);
    for race in &sprints {
        let fastest = race
            .sprint
            .iter()
            .filter(|r| r.fastest_lap_rank == Some(1))
            .count();
        assert_eq!(fastest, 1, "{} {}", race.season, race.round);
    }
    let with_shootout = outcome.races.iter().filter(|race| {
        race.sessions
            .iter()
            .any(|s| s.kind == Kind::SprintQualifying)
    });
    assert_eq!(with_shootout.count(), 12);
    let first_laps = outcome
        .races
        .iter()
        .flat_map(|race| &race.laps)
        .filter(|lap| lap.lap == 1);
    for lap in first_laps {
        let detail = lap.detail.as_ref().unwrap();
        assert!(detail.stint >= 1 && !detail.pit_out);
    }
}
