use domain::live::record::Gap;
use serde_json::{Value, json};

use super::{super::page, *};

fn at(text: &str) -> DateTime<Utc> {
    text.parse().unwrap()
}

fn course() -> Course {
    let session = json!({ "session_key": 94, "meeting_key": 9, "session_name": "Race",
        "date_start": "2030-05-12T13:00:00+00:00", "date_end": "2030-05-12T15:00:00+00:00" });
    Course::new(&serde_json::from_value(session).unwrap())
}

fn page<T: Told>(rows: &Value) -> Page<T> {
    page::read(rows.to_string().as_bytes()).unwrap()
}

/// The statements of rows that have nothing wrong with them.
fn told<T: Told>(rows: &Value, course: &Course) -> Vec<Record> {
    let (records, problems) = translate(&page::<T>(rows), course);
    assert_eq!(problems, []);
    records
}

/// What is wrong with the only row.
fn wrong<T: Told>(row: &Value, course: &Course) -> String {
    let (records, problems) = translate(&page::<T>(&json!([row])), course);
    assert_eq!(records, []);
    problems[0].to_string()
}

#[test]
fn places_gaps_stops_and_weather_are_told_as_they_are() {
    let course = course();
    let record = told::<Position>(
        &json!([{ "date": "2030-05-12T13:05:00.5+00:00", "driver_number": 7, "position": 3, "meeting_key": 9 }]),
        &course,
    );
    let said = Said::Position {
        number: 7,
        position: 3,
    };
    assert_eq!(
        record,
        [Record {
            at: at("2030-05-12T13:05:00.5Z"),
            said
        }]
    );

    let record = told::<Interval>(
        &json!([{ "date": "2030-05-12T13:05:00+00:00", "driver_number": 7, "gap_to_leader": "+1 LAP", "interval": 2.25 }]),
        &course,
    );
    let said = Said::Interval {
        number: 7,
        to_leader: Some(Gap::Laps(1)),
        ahead: Some(Gap::Time(2250)),
    };
    assert_eq!(record[0].said, said);

    let record = told::<Pit>(
        &json!([{ "date": "2030-05-12T13:25:00+00:00", "driver_number": 7, "lap_number": 15,
            "pit_duration": 22.817, "lane_duration": null, "stop_duration": 2.4 }]),
        &course,
    );
    let said = Said::PitStop {
        number: 7,
        lap: 15,
        lane_ms: Some(22_817),
        stationary_ms: Some(2400),
    };
    assert_eq!(record[0].said, said);

    let record = told::<Weather>(
        &json!([{ "date": "2030-05-12T13:25:00+00:00", "air_temperature": 21.5, "track_temperature": 34.0,
            "humidity": 55, "pressure": 1010.2, "rainfall": 1, "wind_speed": 1.5, "wind_direction": 180 }]),
        &course,
    );
    let said = Said::Weather {
        air_celsius: Some(21.5),
        track_celsius: Some(34.0),
        humidity: Some(55.0),
        raining: Some(true),
        wind_speed: Some(1.5),
        wind_direction: Some(180),
    };
    assert_eq!(record[0].said, said);

    let record = told::<RaceControl>(
        &json!([{ "date": "2030-05-12T13:00:00+00:00", "category": "Flag", "flag": "YELLOW", "scope": "Sector",
            "sector": 4, "driver_number": null, "lap_number": 1, "message": "YELLOW IN TRACK SECTOR 4" }]),
        &course,
    );
    let said = Said::RaceControl {
        category: "Flag".to_owned(),
        flag: Some("YELLOW".to_owned()),
        scope: Some("Sector".to_owned()),
        number: None,
        lap: Some(1),
        message: "YELLOW IN TRACK SECTOR 4".to_owned(),
    };
    assert_eq!(record[0].said, said);
}

#[test]
fn a_lap_is_told_again_as_it_goes_on() {
    let course = course();
    let base = json!({ "driver_number": 7, "lap_number": 2, "date_start": "2030-05-12T13:01:30+00:00",
        "is_pit_out_lap": false, "duration_sector_1": 20.5, "duration_sector_2": null,
        "duration_sector_3": null, "lap_duration": null });
    let mut done = base.clone();
    for (field, value) in [
        ("duration_sector_2", 30.0),
        ("duration_sector_3", 29.5),
        ("lap_duration", 80.001),
    ] {
        done[field] = json!(value);
    }
    let records = told::<Lap>(&json!([base, done]), &course);
    let began = at("2030-05-12T13:01:30Z");
    let lap = |sectors_ms, time_ms| Said::Lap {
        number: 7,
        lap: 2,
        started_at: Some(began),
        sectors_ms,
        time_ms,
        pit_out: false,
    };
    assert_eq!(records[0].at, began + TimeDelta::milliseconds(20_500));
    assert_eq!(records[0].said, lap([Some(20_500), None, None], None));
    assert_eq!(records[1].at, began + TimeDelta::milliseconds(80_001));
    let sectors = [Some(20_500), Some(30_000), Some(29_500)];
    assert_eq!(records[1].said, lap(sectors, Some(80_001)));
}

#[test]
fn a_lap_without_a_start_is_placed_by_its_neighbours() {
    let rows = json!([
        { "driver_number": 7, "lap_number": 1, "date_start": null, "lap_duration": 85.0 },
        { "driver_number": 7, "lap_number": 2, "date_start": "2030-05-12T13:04:00+00:00", "lap_duration": 80.0 },
        { "driver_number": 7, "lap_number": 3, "date_start": null, "lap_duration": 81.0 },
    ]);
    let mut course = course();
    let page = page::<Lap>(&rows);
    course.learn(&page.rows);
    let (records, problems) = translate(&page, &course);
    assert_eq!(problems, []);
    let times: Vec<_> = records.iter().map(|record| record.at).collect();
    // The first ends when the second begins, the third begins when the second ends.
    let expected = [
        "2030-05-12T13:04:00Z",
        "2030-05-12T13:05:20Z",
        "2030-05-12T13:06:41Z",
    ];
    assert_eq!(times, expected.map(at));

    let alone =
        json!({ "driver_number": 8, "lap_number": 1, "date_start": null, "lap_duration": 85.0 });
    let record = told::<Lap>(&json!([alone]), &course);
    assert_eq!(record[0].at, at("2030-05-12T13:01:25Z"));
    let lost =
        json!({ "driver_number": 8, "lap_number": 9, "date_start": null, "lap_duration": 85.0 });
    assert!(wrong::<Lap>(&lost, &course).contains("nobody knows when"));
}

#[test]
fn a_stint_is_told_at_its_latest_lap_and_not_before_it_begins() {
    let mut course = course();
    let told_before = Record {
        at: at("2030-05-12T13:20:00Z"),
        said: Said::Lap {
            number: 7,
            lap: 14,
            started_at: Some(at("2030-05-12T13:19:00Z")),
            sectors_ms: [None; 3],
            time_ms: None,
            pit_out: false,
        },
    };
    course.remember(&[told_before]);
    let rows = json!([
        { "driver_number": 7, "stint_number": 1, "compound": "MEDIUM", "lap_start": 1, "lap_end": 14, "tyre_age_at_start": 0 },
        { "driver_number": 8, "stint_number": 1, "compound": "TEST_UNKNOWN", "lap_start": 1, "lap_end": null, "tyre_age_at_start": null },
        { "driver_number": 9, "stint_number": 1, "compound": null, "lap_start": null, "lap_end": null, "tyre_age_at_start": null },
    ]);
    let records = told::<Stint>(&rows, &course);
    let stint = |number, compound, last_lap, tyre_age_at_start| Said::Stint {
        number,
        stint: 1,
        compound,
        first_lap: 1,
        last_lap,
        tyre_age_at_start,
    };
    let expected = [
        Record {
            at: at("2030-05-12T13:19:00Z"),
            said: stint(7, Compound::Medium, Some(14), Some(0)),
        },
        Record {
            at: at("2030-05-12T13:00:00Z"),
            said: stint(8, Compound::Unknown, None, None),
        },
    ];
    assert_eq!(records, expected);
}

#[test]
fn what_cannot_be_is_reported_with_the_record() {
    let course = course();
    let other_day =
        json!({ "date": "2099-05-12T13:05:00+00:00", "driver_number": 7, "position": 1 });
    let text = wrong::<Position>(&other_day, &course);
    assert!(
        text.contains("not when the session is") && text.contains("driver_number: 7"),
        "{text}"
    );
    let no_place =
        json!({ "date": "2030-05-12T13:05:00+00:00", "driver_number": 7, "position": 0 });
    assert!(wrong::<Position>(&no_place, &course).contains("from 1"));
    let no_words = json!({ "date": "2030-05-12T13:05:00+00:00", "message": " " });
    assert!(wrong::<RaceControl>(&no_words, &course).contains("without words"));
    let no_lap =
        json!({ "date": "2030-05-12T13:05:00+00:00", "driver_number": 7, "lap_number": -3 });
    assert!(wrong::<Pit>(&no_lap, &course).contains("no race has such a lap"));
    for lap in [i32::MAX, i32::MIN, 0, 251] {
        let row = json!({ "driver_number": 7, "lap_number": lap, "date_start": "2030-05-12T13:05:00+00:00" });
        assert!(
            wrong::<Lap>(&row, &course).contains("no race has such a lap"),
            "{lap}"
        );
    }
    let stint = json!({ "driver_number": 7, "stint_number": 0, "lap_start": 4 });
    assert!(wrong::<Stint>(&stint, &course).contains("no race has such a stint"));
}

#[test]
fn a_negative_time_is_none() {
    let row = json!([{ "driver_number": 7, "lap_number": 2, "date_start": "2030-05-12T13:01:30+00:00",
        "duration_sector_1": -20.5, "lap_duration": 1e300 }]);
    let records = told::<Lap>(&row, &course());
    let times = match records[0].said {
        Said::Lap {
            sectors_ms,
            time_ms,
            ..
        } => (sectors_ms, time_ms),
        _ => panic!("{records:?}"),
    };
    assert_eq!(times, ([None; 3], None));
}

#[test]
fn an_order_after_the_flag_is_whole_or_not() {
    let mut course = course();
    let laps = json!([
        { "driver_number": 7, "lap_number": 1, "date_start": "2030-05-12T13:00:00+00:00" },
        { "driver_number": 8, "lap_number": 1, "date_start": "2030-05-12T13:00:00+00:00" },
    ]);
    course.learn(&page::<Lap>(&laps).rows);
    let row = |number: i32, position: Option<i32>| SessionResult {
        driver_number: number,
        position,
        number_of_laps: Some(50),
        dnf: Some(position.is_none()),
        dns: Some(false),
        dsq: None,
    };
    assert!(is_whole(&[row(7, Some(1)), row(8, Some(2))], &course));
    assert!(is_whole(
        &[row(7, Some(1)), row(8, None), row(9, Some(2))],
        &course
    ));
    let cut = [
        vec![],
        vec![row(7, Some(1))],
        vec![row(7, None), row(8, None)],
        vec![row(7, Some(2)), row(8, Some(3))],
        vec![row(7, Some(1)), row(8, Some(1))],
        vec![row(7, Some(1)), row(7, Some(2)), row(8, Some(3))],
    ];
    for rows in cut {
        assert!(!is_whole(&rows, &course), "{rows:?}");
    }
    let time = at("2030-05-12T15:00:00Z");
    let records = classification(&[row(8, None)], time);
    let said = Said::Classification {
        number: 8,
        position: None,
        laps: Some(50),
        retired: true,
        disqualified: false,
        started: true,
    };
    assert_eq!(records, [Record { at: time, said }]);
}
