//! Broken dumps: what is wrong is named by file, line and column, and only the races concerned
//! are refused.

use crate::import::{ergast::Ergast, source::SourceError};

use super::{LAPS, PLAIN_LAPS, dump::Dump};

#[test]
fn a_missing_table_is_named_with_its_purpose() {
    for (name, purpose) in [
        ("races.csv", "the list of races"),
        ("results.csv", "the classification of every race"),
        ("drivers.csv", "the drivers that results refer to"),
        ("constructors.csv", "the constructors that results refer to"),
        ("circuits.csv", "the circuits that races refer to"),
        ("status.csv", "the reasons that results refer to"),
    ] {
        let mut dump = Dump::new();
        dump.remove(name);
        let SourceError::Broken(problem) = dump.error() else {
            panic!("{name}");
        };
        assert_eq!(problem.file, name);
        assert!(problem.message.contains(purpose), "{problem}");
    }
}

#[test]
fn a_missing_column_is_named_with_its_table() {
    let mut dump = Dump::new();
    dump.replace("results.csv", "driverId", b"driver");
    let SourceError::Broken(problem) = dump.error() else {
        panic!("not broken");
    };
    assert_eq!(
        (problem.file.as_str(), problem.line, problem.column.as_str()),
        ("results.csv", 1, "driverId")
    );
}

#[test]
fn neither_nothing_nor_a_text_is_an_archive() {
    let folder = Dump::new().folder();
    let unreadable = |name: &str| match Ergast::open(&folder.path().join(name)).unwrap_err() {
        SourceError::Unreadable { path, reason } => (path, reason),
        SourceError::Broken(problem) => panic!("{problem}"),
    };
    let (path, reason) = unreadable("races.csv");
    assert!(path.ends_with("races.csv"), "{path}");
    assert!(
        reason.contains("expected a folder or a zip archive"),
        "{reason}"
    );
    assert!(
        unreadable("nowhere")
            .1
            .contains("no such folder or zip archive")
    );
}

#[test]
fn an_archive_cut_short_is_unreadable() {
    let (_kept, path) = Dump::new().archive("");
    let bytes = std::fs::read(&path).unwrap();
    std::fs::write(&path, &bytes[..bytes.len() / 2]).unwrap();
    assert!(matches!(
        Ergast::open(&path),
        Err(SourceError::Unreadable { .. })
    ));
}

#[test]
fn a_torn_last_line_refuses_its_race() {
    let mut dump = Dump::new();
    dump.cut("results.csv", "41,\\N,1:31.900,\\N,3\n".len());
    dump.read().assert_only_refused(
        2,
        "results.csv:5, column rank: expected 18 fields in the line, found 14",
    );
}

#[test]
fn a_line_torn_before_its_race_can_be_told_refuses_the_race_before() {
    let mut dump = Dump::new();
    dump.line("results.csv", "5,1");
    dump.read().assert_only_refused(
        2,
        "results.csv:6, column driverId: expected 18 fields in the line, found 2",
    );
}

#[test]
fn a_line_torn_inside_quotes_does_not_swallow_the_lines_after_it() {
    let mut dump = Dump::new();
    dump.replace("results.csv", ",26,50,", b",26,\"50,");
    dump.read().assert_only_refused(
        1,
        "results.csv:2, column laps: expected a closing quote before the end of the line",
    );
}

#[test]
fn an_unknown_driver_refuses_the_race() {
    let mut dump = Dump::new();
    dump.replace("results.csv", "3,12,2,2,", b"3,12,99,2,");
    dump.read().assert_only_refused(
        2,
        "results.csv:4, column driverId: expected a driverId of drivers.csv, found \"99\"",
    );
}

#[test]
fn an_unknown_circuit_status_or_constructor_refuses_the_race() {
    let mut dump = Dump::new();
    dump.replace("races.csv", "12,2024,2,7,", b"12,2024,2,8,");
    dump.read().assert_only_refused(
        2,
        "races.csv:2, column circuitId: expected a circuitId of circuits.csv, found \"8\"",
    );
    let mut dump = Dump::new();
    dump.replace("results.csv", "\\N,\\N,2\n", b"\\N,\\N,77\n");
    dump.read().assert_only_refused(
        1,
        "results.csv:3, column statusId: expected a statusId of status.csv, found \"77\"",
    );
    let mut dump = Dump::new();
    dump.replace("results.csv", "4,12,1,1,", b"4,12,1,x,");
    dump.read().assert_only_refused(
        2,
        "results.csv:5, column constructorId: expected a constructorId of constructors.csv, found \"x\"",
    );
}

#[test]
fn an_impossible_date_refuses_the_race_but_not_its_rows_as_unknown() {
    let mut dump = Dump::new();
    dump.replace("races.csv", "2024-03-10", b"2024-02-30");
    dump.read().assert_only_refused(
        1,
        "races.csv:3, column date: expected a day that exists, YYYY-MM-DD, found \"2024-02-30\"",
    );
}

#[test]
fn numbers_and_times_that_are_none_are_all_listed() {
    let mut dump = Dump::new();
    dump.replace("results.csv", "2,1,1,1,26,50,", b"two,1,1,1,2,6,50,");
    assert!(
        dump.read().refused[0].problems[0]
            .message
            .contains("18 fields")
    );
    let mut dump = Dump::new();
    dump.replace("results.csv", "2,1,1,1,26,50,", b"two,1,1,1,2.x,-50,");
    dump.replace("results.csv", "1:31.250", b"1:61.250");
    let outcome = dump.read();
    let columns: Vec<&str> = outcome.refused[0]
        .problems
        .iter()
        .map(|p| p.column.as_str())
        .collect();
    let mut sorted = columns.clone();
    sorted.sort_unstable();
    assert_eq!(sorted, ["fastestLapTime", "grid", "laps", "points"]);
    assert!(
        outcome.refused[0]
            .problems
            .iter()
            .all(|problem| problem.line == 2)
    );
    assert_eq!(outcome.races.len(), 1);
}

#[test]
fn a_repeated_key_refuses_the_race() {
    let mut dump = Dump::new();
    dump.line(
        "results.csv",
        "5,11,1,1,7,2,1,1,1,26,50,\\N,\\N,\\N,\\N,\\N,\\N,1",
    );
    dump.read().assert_only_refused(
        1,
        "results.csv:6, column driverId: expected one row per race, driver, number and \
         constructor, found a second one (the first is in line 2)",
    );
    let mut dump = Dump::new();
    dump.file("lap_times.csv", PLAIN_LAPS);
    for line in [
        "12,1,1,1,1:40.000,100000",
        "12,2,1,2,1:41.000,101000",
        "12,1,1,1,1:40.000,100000",
    ] {
        dump.line("lap_times.csv", line);
    }
    dump.read().assert_only_refused(
        2,
        "lap_times.csv:4, column lap: expected one row per race, driver and lap, found a second \
         one (the first is in line 2)",
    );
    let mut dump = Dump::new();
    dump.line(
        "races.csv",
        "11,2024,3,7,First Grand Prix,2024-03-10,,,,,,,,,,,,",
    );
    dump.read().assert_only_refused(
        1,
        "races.csv:4, column raceId: expected one row per raceId, found a second one (the first \
         is in line 3)",
    );
}

#[test]
fn two_cars_of_one_driver_are_no_repeated_key() {
    let mut dump = Dump::new();
    dump.line(
        "results.csv",
        "5,11,1,1,9,5,3,3,3,4,50,\\N,\\N,\\N,\\N,\\N,\\N,1",
    );
    assert_eq!(dump.read().race(2024, 1).results.len(), 3);
}

#[test]
fn bytes_that_are_no_text_refuse_the_race() {
    let mut dump = Dump::new();
    dump.replace("races.csv", "Second Grand", b"S\xE3o Grand");
    dump.read().assert_only_refused(
        2,
        "races.csv:2, column name: expected UTF-8 text, found the bytes \"S\\xe3o Grand Prix\"",
    );
}

#[test]
fn rows_of_no_known_race_are_warned_of_once() {
    let mut dump = Dump::new();
    dump.file("lap_times.csv", PLAIN_LAPS);
    for line in [
        "99,1,1,1,1:40.000,100000",
        "99,1,2,1,1:40.000,100000",
        "x,1,1,1,1:40.000,100000",
    ] {
        dump.line("lap_times.csv", line);
    }
    let outcome = dump.read();
    assert_eq!(outcome.races.len(), 2);
    let warnings: Vec<String> = outcome.warnings.iter().map(ToString::to_string).collect();
    assert_eq!(
        warnings,
        [
            "lap_times.csv:2, column raceId: expected a raceId of races.csv, found \"99\" (and in 1 more rows)",
            "lap_times.csv:4, column raceId: expected a raceId of races.csv, found \"x\"",
        ]
    );
}

#[test]
fn a_bad_driver_is_a_warning_and_refuses_the_races_that_name_it() {
    let mut dump = Dump::new();
    dump.replace("drivers.csv", "1990-05-01", b"1990-05-32");
    dump.replace("results.csv", "4,12,1,1,", b"4,12,2,1,");
    let outcome = dump.read();
    assert_eq!(
        outcome.warnings[0].to_string(),
        "drivers.csv:2, column dob: expected a day that exists, YYYY-MM-DD, found \"1990-05-32\""
    );
    assert_eq!(outcome.warnings.len(), 1);
    assert_eq!((outcome.refused.len(), outcome.refused[0].round), (1, 1));
    assert_eq!(outcome.races[0].round, 2);
}

#[test]
fn the_reasons_of_a_refusal_are_capped_and_counted() {
    let mut dump = Dump::new();
    dump.file("lap_times.csv", PLAIN_LAPS);
    for lap in 1..=30 {
        dump.line("lap_times.csv", &format!("11,1,{lap},x,1:40.000,100000"));
    }
    let problems = &dump.read().refused[0].problems;
    assert_eq!(problems.len(), 21);
    assert_eq!(
        problems[20].to_string(),
        "races.csv:3: 10 more problems in rows of this race"
    );
}

#[test]
fn laps_that_cannot_be_read_refuse_the_races_of_their_season() {
    let mut dump = Dump::new();
    dump.file("laps/laps_2024.csv", "year,round,driver_ref\n");
    dump.file(
        "calendar_2025.csv",
        "raceId,year,round,circuitId,name,date\n1,2025,1,7,Third Grand Prix,2025-04-06\n",
    );
    let outcome = dump.read();
    assert_eq!(outcome.refused.len(), 2);
    assert_eq!(outcome.refused[0].problems[0].column, "lap");
    assert_eq!(outcome.races.len(), 1);
    let mut dump = Dump::new();
    dump.file("laps/laps_2024.csv.gz", LAPS);
    dump.cut("laps/laps_2024.csv.gz", 20);
    let outcome = dump.read();
    assert_eq!(outcome.refused.len(), 2);
    assert_eq!(outcome.refused[0].problems[0].file, "laps/laps_2024.csv.gz");
}
