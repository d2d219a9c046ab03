use proptest::prelude::*;

use super::*;

const RACE: i32 = 7;

fn at(text: &str) -> DateTime<Utc> {
    format!("2024-05-{text}:00Z").parse().unwrap()
}

fn session(kind: Kind, start: Option<&str>, day: &str) -> session::Model {
    session::Model {
        race_id: RACE,
        kind,
        date: format!("2024-05-{day}").parse().unwrap(),
        starts_at: start.map(at),
    }
}

/// Practice on Friday, qualifying on Saturday, the race on Sunday.
fn weekend() -> Vec<session::Model> {
    vec![
        session(Kind::Practice1, Some("24T11:30"), "24"),
        session(Kind::Qualifying, Some("25T14:00"), "25"),
        session(Kind::Race, Some("26T13:00"), "26"),
    ]
}

fn hour(start: &str, air: f64) -> Hour {
    Hour {
        start: at(start),
        air_temperature: Some(air),
        ..Hour::default()
    }
}

fn forecast(fetched_at: &str, hours: &[Hour]) -> Forecast {
    Forecast {
        source: Source::OpenMeteo,
        fetched_at: at(fetched_at),
        hours: hours.to_vec(),
    }
}

/// Session, hour and air temperature of each row.
fn told(rows: &[Model]) -> Vec<(Kind, DateTime<Utc>, f64)> {
    let told = |row: &Model| (row.session, row.hour, row.air_temperature.unwrap());
    rows.iter().map(told).collect()
}

#[test]
fn a_session_falls_into_the_hours_that_it_touches() {
    for (kind, start, from, to) in [
        (Kind::Race, "26T13:00", "26T13:00", "26T15:00"),
        (Kind::Race, "26T13:10", "26T13:00", "26T16:00"),
        (Kind::Practice1, "24T11:30", "24T11:00", "24T13:00"),
        (Kind::Qualifying, "25T23:00", "25T23:00", "26T00:00"),
    ] {
        let (from, to) = (at(from), at(to));
        assert_eq!(span(kind, at(start)), Span { from, to }, "{kind:?} {start}");
    }
}

#[test]
fn a_race_without_a_time_is_in_the_afternoon_and_practice_is_at_no_time() {
    let race = session(Kind::Race, None, "26");
    assert_eq!(start(&race), Some(at("26T14:00")));
    assert_eq!(start(&session(Kind::Practice1, None, "24")), None);
}

#[test]
fn only_sessions_that_have_not_begun_are_asked_about_as_far_as_can_be_seen() {
    for (now, expected) in [
        ("20T10:00", Some(("24T11:00", "26T15:00"))),
        ("24T11:29", Some(("24T11:00", "26T15:00"))),
        ("24T11:30", Some(("25T14:00", "26T15:00"))),
        ("26T12:59", Some(("26T13:00", "26T15:00"))),
        ("26T13:00", None),
        // Sixteen days, today among them: the race is on the seventeenth.
        ("10T09:00", Some(("24T11:00", "25T23:00"))),
        ("08T09:00", None),
    ] {
        let expected = expected.map(|(from, to)| Span {
            from: at(from),
            to: at(to),
        });
        assert_eq!(ahead(&weekend(), at(now)), expected, "{now}");
    }
}

#[test]
fn coordinates_that_are_none_are_no_place() {
    assert!(place(Some(43.7), Some(7.4)).is_some());
    for (latitude, longitude) in [
        (None, Some(7.4)),
        (Some(43.7), None),
        (Some(91.0), Some(7.4)),
        (Some(43.7), Some(-181.0)),
        (Some(f64::NAN), Some(7.4)),
        (Some(0.0), Some(0.0)),
    ] {
        assert_eq!(place(latitude, longitude), None);
    }
}

#[test]
fn of_each_hour_the_latest_counts_until_the_session_begins() {
    let first = forecast(
        "20T10:00",
        &[
            hour("24T11:00", 20.0),
            hour("24T12:00", 21.0),
            hour("26T13:00", 22.0),
            hour("26T14:00", 23.0),
            hour("26T15:00", 24.0),
        ],
    );
    let rows = latest(RACE, &weekend(), Vec::new(), &first);
    let practice = [
        (Kind::Practice1, at("24T11:00"), 20.0),
        (Kind::Practice1, at("24T12:00"), 21.0),
    ];
    let mut expected = practice.to_vec();
    expected.push((Kind::Race, at("26T13:00"), 22.0));
    expected.push((Kind::Race, at("26T14:00"), 23.0));
    assert_eq!(told(&rows), expected);

    // On Friday noon practice is under way; of the race one hour is told anew, of the other
    // nothing is said.
    let nothing = Hour {
        start: at("26T14:00"),
        ..Hour::default()
    };
    let hours = [hour("24T12:00", 9.0), hour("26T13:00", 25.0), nothing];
    let second = forecast("24T12:00", &hours);
    let rows = latest(RACE, &weekend(), rows, &second);
    expected[2].2 = 25.0;
    assert_eq!(told(&rows), expected);
    assert_eq!(rows[2].fetched_at, at("24T12:00"));
    assert_eq!(rows[3].fetched_at, at("20T10:00"));

    // What was said earlier and comes in later changes nothing.
    let late = forecast("22T10:00", &[hour("26T13:00", 1.0)]);
    assert_eq!(latest(RACE, &weekend(), rows.clone(), &late), rows);
}

#[test]
fn hours_of_another_time_and_of_sessions_that_are_gone_are_dropped() {
    let hours = [
        hour("24T11:00", 20.0),
        hour("26T13:00", 22.0),
        hour("26T14:00", 23.0),
    ];
    let rows = latest(RACE, &weekend(), Vec::new(), &forecast("20T10:00", &hours));
    // The race is an hour later, and there is no practice.
    let sessions = [session(Kind::Race, Some("26T14:00"), "26")];
    let rows = latest(RACE, &sessions, rows, &forecast("21T10:00", &[]));
    assert_eq!(told(&rows), [(Kind::Race, at("26T14:00"), 23.0)]);
}

#[test]
fn what_is_said_again_is_the_same() {
    let hours = [hour("26T13:00", 22.0)];
    let rows = latest(RACE, &weekend(), Vec::new(), &forecast("20T10:00", &hours));
    let again = latest(
        RACE,
        &weekend(),
        rows.clone(),
        &forecast("21T10:00", &hours),
    );
    assert_ne!(rows, again, "it holds as of later");
    assert!(same(&rows, &again));
    assert!(!same(&rows, &[]));
    let mut other = forecast("21T10:00", &hours);
    other.source = Source::OpenWeatherMap;
    assert!(!same(
        &rows,
        &latest(RACE, &weekend(), rows.clone(), &other)
    ));
}

#[test]
fn the_chance_of_rain_is_that_of_the_wettest_hour() {
    assert_eq!(chance_of_rain([]), None);
    assert_eq!(chance_of_rain([None, None]), None);
    assert_eq!(
        chance_of_rain([Some(20.0), None, Some(35.0), Some(0.0)]),
        Some(0.35)
    );
}

#[test]
fn the_weather_of_a_race_is_the_mean_of_what_is_known() {
    assert_eq!(record(&[]), None);
    assert_eq!(record(&[Hour::default(), Hour::default()]), None);
    let wet = Hour {
        precipitation: Some(0.4),
        wind_speed: Some(3.0),
        ..hour("26T13:00", 20.0)
    };
    let dry = Hour {
        precipitation: Some(0.0),
        ..hour("26T14:00", 21.0)
    };
    let found = record(&[wet, dry]).unwrap();
    assert_eq!(found.air_temperature, Some(20.5));
    assert_eq!(found.wind_speed, Some(3.0));
    assert_eq!(found.rainfall_share, Some(0.5));
    assert_eq!((found.humidity, found.wet_lap_share), (None, None));
}

proptest! {
    #[test]
    fn whatever_comes_in_twice_is_there_once_and_nothing_is_known_after_the_start(
        fetched in 0_i64..200,
        starts in proptest::collection::vec(0_i64..200, 0..40),
    ) {
        let origin = at("20T00:00");
        let hours: Vec<Hour> = starts
            .iter()
            .map(|start| Hour { start: origin + TimeDelta::hours(*start), ..hour("20T00:00", 1.0) })
            .collect();
        let said = Forecast { fetched_at: origin + TimeDelta::hours(fetched), ..forecast("20T00:00", &hours) };
        let rows = latest(RACE, &weekend(), Vec::new(), &said);
        prop_assert_eq!(&latest(RACE, &weekend(), rows.clone(), &said), &rows);
        for row in &rows {
            let session = weekend().into_iter().find(|session| session.kind == row.session).unwrap();
            let start = start(&session).unwrap();
            prop_assert!(row.fetched_at < start);
            prop_assert!(span(session.kind, start).contains(row.hour));
        }
    }
}
