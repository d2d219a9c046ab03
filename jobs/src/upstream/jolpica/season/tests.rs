//! Rows as the service writes them, sound and broken.

use domain::import::record::ResultStatus;
use serde_json::{Value, json};

use super::{
    super::records::{laps, pit_stops},
    *,
};

fn today() -> NaiveDate {
    NaiveDate::from_ymd_opt(2024, 6, 1).unwrap()
}

fn whole(round: i32, values: &[Value]) -> Whole {
    let row = |(index, value): (usize, &Value)| Row {
        season: 2024,
        round,
        number: index as u64 + 1,
        value: value.clone(),
    };
    Whole {
        rows: values.iter().enumerate().map(row).collect(),
        odd: None,
    }
}

fn race(round: i32, date: &str) -> Value {
    json!({
        "season": "2024", "round": round.to_string(), "url": "https://example.org/race",
        "raceName": format!("Race {round} Grand Prix"), "date": date, "time": "13:00:00Z",
        "Circuit": { "circuitId": "monaco", "circuitName": "Circuit de Monaco",
            "Location": { "lat": "43.7347", "long": "7.42056", "locality": "Monte-Carlo", "country": "Monaco" } },
        "Qualifying": { "date": "2024-05-25", "time": "14:00:00Z" },
        "SprintQualifying": { "date": "2024-05-24" },
        "Sprint": { "date": "2024-05-25", "time": "10:00:00Z" },
    })
}

/// Where rows are said to be from.
const PATH: &str = "/2024/results/";

fn result(driver: &str, place: &str, order: i32, status: &str) -> Value {
    json!({
        "number": "16", "position": order.to_string(), "positionText": place, "points": "25",
        "grid": "0", "laps": "78", "status": status,
        "Driver": { "driverId": driver, "familyName": "Somebody", "code": "SOM", "dateOfBirth": "1997-10-16" },
        "Constructor": { "constructorId": "ferrari", "name": "Ferrari" },
        "Time": { "millis": "8595554", "time": "2:23:15.554" },
        "FastestLap": { "rank": "0", "lap": "63", "Time": { "time": "1:15.162" }, "AverageSpeed": { "units": "kph", "speed": "159.8" } },
    })
}

/// A season of two races, the second in the future.
fn season() -> Season {
    let mut season = Season::new(2024);
    season.take(
        Resource::Races,
        PATH,
        &whole(0, &[race(1, "2024-05-26"), race(2, "2024-06-09")]),
        today(),
    );
    season
}

#[test]
fn a_weekend_has_its_sessions_at_their_times() {
    let race = season().next().unwrap().unwrap();
    assert_eq!((race.season, race.round), (2024, 1));
    assert_eq!(race.circuit, "monaco");
    assert_eq!(race.starts_at, "2024-05-26T13:00:00Z".parse().ok());
    let kinds: Vec<_> = race.sessions.iter().map(|session| session.kind).collect();
    assert_eq!(
        kinds,
        [
            SessionKind::Qualifying,
            SessionKind::Sprint,
            SessionKind::SprintQualifying
        ]
    );
    assert_eq!(race.sessions[2].starts_at, None);
}

#[test]
fn a_classification_is_typed_and_its_people_are_known() {
    let mut season = season();
    let rows = [
        result("piastri", "2", 2, "Lapped"),
        result("leclerc", "1", 1, "Finished"),
        result("sargeant", "R", 3, "Retired"),
    ];
    season.take(Resource::Results, PATH, &whole(1, &rows), today());
    let drivers: Vec<_> = season.catalogue().drivers;
    assert_eq!(drivers[0].reference, "leclerc");
    assert_eq!(season.catalogue().circuits.len(), 1);
    let race = season.next().unwrap().unwrap();
    let [first, second, third] = &race.results[..] else {
        panic!("three cars: {:?}", race.results);
    };
    assert_eq!((first.driver.as_str(), first.points), ("leclerc", 2500));
    assert_eq!((first.position, first.time_ms), (Some(1), Some(8_595_554)));
    assert_eq!((first.grid, first.fastest_lap_ms), (Some(0), Some(75_162)));
    // The rank 0 is none, and the time ranks.
    assert!(first.fastest_lap_rank.is_some());
    assert_eq!(
        (second.status, second.time_ms),
        (ResultStatus::Lapped, None)
    );
    assert_eq!((third.position, third.position_order), (None, 3));
    assert_eq!(third.status, ResultStatus::Retired);
}

#[test]
fn a_car_that_stopped_short_is_retired_though_it_is_said_to_have_finished() {
    let mut season = season();
    let mut stopped = result("sainz", "2", 2, "Finished");
    stopped["laps"] = json!("77");
    stopped["Time"] = json!({});
    let mut untimed = result("russell", "3", 3, "Finished");
    untimed["Time"] = json!({});
    let rows = [result("leclerc", "1", 1, "Finished"), stopped, untimed];
    season.take(Resource::Results, PATH, &whole(1, &rows), today());
    let results = season.next().unwrap().unwrap().results;
    assert_eq!(results[1].status, ResultStatus::Retired);
    assert_eq!(results[1].position, Some(2));
    assert_eq!(results[2].status, ResultStatus::Finished);
}

#[test]
fn a_race_with_a_bad_row_is_refused_whole_with_every_reason() {
    let mut season = season();
    let mut bad = result("piastri", "X", 2, "Finished");
    bad["laps"] = json!("many");
    bad["points"] = json!(18);
    let rows = [result("leclerc", "1", 1, "Finished"), bad];
    season.take(Resource::Results, PATH, &whole(1, &rows), today());
    let refused = season.next().unwrap().unwrap_err();
    assert_eq!((refused.round, refused.problems.len()), (1, 3));
    let first = refused.problems[0].to_string();
    assert!(
        first.starts_with("/2024/results/:2, column positionText"),
        "{first}"
    );
    assert!(season.next().unwrap().is_ok(), "the other race is sound");
    assert!(season.next().is_none());
}

#[test]
fn a_row_of_a_race_that_is_not_in_the_calendar_is_a_warning() {
    let mut season = season();
    let rows = [result("leclerc", "1", 1, "Finished")];
    season.take(Resource::Results, PATH, &whole(9, &rows), today());
    assert_eq!(season.warnings.len(), 1);
    assert!(season.warnings[0].message.contains("2024 round 9"));
    assert!(!season.has_results());
}

#[test]
fn pages_that_never_fit_refuse_the_races_they_may_tell_of() {
    let mut season = season();
    let odd = |rounds| Whole {
        rows: Vec::new(),
        odd: Some(super::super::pages::Odd {
            why: "there were 40 rows, and 41 at the next page".to_owned(),
            rounds,
        }),
    };
    season.take(Resource::Results, PATH, &odd(None), today());
    let refused = season.next().unwrap().unwrap_err();
    assert!(refused.problems[0].message.contains("41 at the next page"));
    assert!(
        season.next().unwrap().is_ok(),
        "nothing is known of the future"
    );

    let mut season = self::season();
    season.take(Resource::DriverStandings, PATH, &odd(None), today());
    assert!(season.next().unwrap().is_ok());
    assert_eq!(season.warnings.len(), 1);
}

#[test]
fn qualifying_is_in_order_though_its_pages_are_not() {
    let mut season = season();
    let row = |driver: &str, position: &str| {
        json!({ "number": "1", "position": position, "Q1": "1:11.229", "Q2": "", "Driver": { "driverId": driver,
            "familyName": "Somebody" }, "Constructor": { "constructorId": "ferrari", "name": "Ferrari" } })
    };
    season.take(
        Resource::Qualifying,
        PATH,
        &whole(
            1,
            &[row("sainz", "3"), row("leclerc", "1"), row("piastri", "2")],
        ),
        today(),
    );
    let race = season.next().unwrap().unwrap();
    let order: Vec<_> = race
        .qualifying
        .iter()
        .map(|row| row.driver.as_str())
        .collect();
    assert_eq!(order, ["leclerc", "piastri", "sainz"]);
    assert_eq!(
        (race.qualifying[0].q1_ms, race.qualifying[0].q2_ms),
        (Some(71_229), None)
    );
}

#[test]
fn whoever_is_taken_out_of_a_championship_has_no_place() {
    let mut season = season();
    let row = |team: &str, place: &str| {
        json!({ "position": "11", "positionText": place, "points": "0.5", "wins": "0",
            "Constructor": { "constructorId": team, "name": "Team" } })
    };
    season.take(
        Resource::ConstructorStandings,
        PATH,
        &whole(
            1,
            &[
                row("mclaren", "E"),
                row("force_india", "11"),
                row("spyker", "-"),
            ],
        ),
        today(),
    );
    let race = season.next().unwrap().unwrap();
    let places: Vec<_> = race
        .constructor_standings
        .iter()
        .map(|row| (row.position, row.points))
        .collect();
    assert_eq!(places, [(None, 50), (Some(11), 50), (None, 50)]);
}

#[test]
fn laps_and_stops_are_milliseconds() {
    let lap = json!({ "driverId": "alonso", "lap": "7", "position": "2", "time": "1:20.123" });
    let laps = laps("/2023/6/laps/", &whole(6, &[lap])).unwrap();
    assert_eq!((laps[0].lap, laps[0].time_ms), (7, Some(80_123)));
    let stop = json!({ "driverId": "alonso", "lap": "54", "stop": "1", "time": "16:20:01", "duration": "1:02.5" });
    let stops = pit_stops("/2023/6/pitstops/", &whole(6, &[stop])).unwrap();
    assert_eq!((stops[0].stop, stops[0].lane_ms), (1, Some(62_500)));
    let bad = json!({ "driverId": "alonso", "lap": "-1", "stop": "1", "time": "later" });
    assert_eq!(
        pit_stops("/2023/6/pitstops/", &whole(6, &[bad]))
            .unwrap_err()
            .len(),
        2
    );
}
