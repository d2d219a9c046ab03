//! The bundled facts equal the dump they come from, the listed corrections excepted. Runs where
//! the dump lies beside the repository.

use std::{collections::BTreeSet, path::Path};

use super::races;
use crate::import::{
    bundled::{PEOPLE_AND_PLACES, corrections, keep_mentioned, notation::read_people_and_places},
    ergast::Ergast,
    record::{RaceRecord, ResultRecord},
    source::Source,
};

const DUMP: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../shared/data/ergast");

/// Races of which something is corrected.
const CORRECTED: [(i32, i32); 22] = [
    (2018, 2),
    (2018, 14),
    (2018, 18),
    (2019, 8),
    (2019, 11),
    (2020, 3),
    (2021, 2),
    (2021, 9),
    (2022, 9),
    (2022, 18),
    (2022, 19),
    (2023, 4),
    (2023, 9),
    (2023, 12),
    (2023, 17),
    (2023, 18),
    (2023, 20),
    (2023, 21),
    (2024, 8),
    (2024, 21),
    (2024, 22),
    (2024, 23),
];

/// Fields of a race that differ from the dump, `sprint time_ms hamilton` and the like.
fn differences(bundled: &RaceRecord, dump: &RaceRecord) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    let mut note = |differs: bool, what: String| {
        if differs {
            found.insert(what);
        }
    };
    note(
        (
            bundled.season,
            bundled.round,
            &bundled.name,
            &bundled.circuit,
        ) != (dump.season, dump.round, &dump.name, &dump.circuit),
        "race".to_owned(),
    );
    note(
        (bundled.date, bundled.starts_at) != (dump.date, dump.starts_at),
        "start".to_owned(),
    );
    note(
        bundled.sessions.len() != dump.sessions.len(),
        "sessions".to_owned(),
    );
    for session in &bundled.sessions {
        note(
            !dump.sessions.contains(session),
            format!("session {:?}", session.kind),
        );
    }
    note(
        bundled.qualifying.len() != dump.qualifying.len(),
        "qualifying".to_owned(),
    );
    for row in &bundled.qualifying {
        note(
            !dump.qualifying.contains(row),
            format!("qualifying {}", row.driver),
        );
    }
    for (kind, ours, theirs) in [
        ("race", &bundled.results, &dump.results),
        ("sprint", &bundled.sprint, &dump.sprint),
    ] {
        note(ours.len() != theirs.len(), kind.to_owned());
        for row in ours {
            let Some(published) = theirs.iter().find(|other| other.driver == row.driver) else {
                note(true, format!("{kind} {}", row.driver));
                continue;
            };
            note(
                (row.grid, row.time_ms) != (published.grid, published.time_ms),
                format!("{kind} grid or time {}", row.driver),
            );
            let fastest = |row: &ResultRecord| (row.fastest_lap, row.fastest_lap_ms);
            note(
                fastest(row) != fastest(published),
                format!("{kind} fastest {}", row.driver),
            );
            let plain = ResultRecord {
                code: row.code.clone(),
                grid: row.grid,
                time_ms: row.time_ms,
                fastest_lap: row.fastest_lap,
                fastest_lap_ms: row.fastest_lap_ms,
                fastest_lap_rank: row.fastest_lap_rank,
                fastest_lap_speed: None,
                ..published.clone()
            };
            note(*row != plain, format!("{kind} {}", row.driver));
        }
    }
    found
}

#[tokio::test]
async fn the_facts_equal_the_dump_but_for_the_corrections() {
    if !Path::new(DUMP).exists() {
        return;
    }
    let mut dump = Ergast::open(Path::new(DUMP)).expect("readable");
    let mut people = dump.catalogue().await.expect("readable");
    let bundled = races();
    let mut bundled = bundled.iter().filter(|race| race.season < 2025);
    let mut seen = Vec::new();
    while let Some(race) = dump.next_race().await {
        let race = race.expect("a race");
        if !(2018..=2024).contains(&race.season) {
            continue;
        }
        let ours = bundled.next().expect("as many races");
        let at = (race.season, race.round);
        let found = differences(ours, &race);
        assert_eq!(
            !found.is_empty(),
            CORRECTED.contains(&at),
            "{at:?}: {found:?}"
        );
        let corrected = corrections::bundle(race, &people).expect("corrections that fit");
        assert_eq!(*ours, corrected, "{at:?}");
        seen.push(corrected);
    }
    assert_eq!((seen.len(), bundled.next()), (149, None));
    keep_mentioned(&mut people, &seen);
    corrections::complete(&mut people);
    let (file, text) = PEOPLE_AND_PLACES;
    let ours = read_people_and_places(file, text).expect("readable");
    people
        .circuits
        .sort_by(|a, b| a.reference.cmp(&b.reference));
    people.drivers.sort_by(|a, b| a.reference.cmp(&b.reference));
    people
        .constructors
        .sort_by(|a, b| a.reference.cmp(&b.reference));
    people.seasons.clear();
    assert_eq!(ours, people);
}
