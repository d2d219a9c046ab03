//! Races as they are run: how one stands, then all that happens, each sequence once.

use chrono::{DateTime, TimeDelta, Utc};
use domain::live::{
    self,
    record::{Record, Said},
};
use entities::{entry, race, result};
use sea_orm::{
    ActiveModelTrait, ActiveValue::Set, ColumnTrait, EntityTrait, IntoActiveModel, QueryFilter,
};
use serde_json::{Value, json};

use crate::support::{Setup, TestApp, streams::Socket};

mod bounds;
mod replay;

const RACE: &str = "2024_monaco";

const FOLLOW: &str = "subscription ($race: ID!, $after: Int, $drivers: [ID!], $types: [LiveEventType!], $delay: Int! = 0) {
  liveRace(race: $race, after: $after, drivers: $drivers, types: $types, delaySeconds: $delay) {
    sequence completed gap { from to reason }
    snapshot { sequence status lapsCompleted synthetic cars { position driver { ref } } }
    events {
      sequence eventType
      ... on LivePositionEvent { position driver { ref } }
      ... on LiveLapEvent { driver { ref } lap { number } }
    }
  }
}";

fn start() -> DateTime<Utc> {
    "2024-05-26T13:00:00Z".parse().unwrap()
}

fn record(second: i64, said: Said) -> Record {
    let at = start() + TimeDelta::seconds(second);
    Record { at, said }
}

/// A race that is about to be run, and the numbers of its cars.
async fn race_day(app: &TestApp) -> (race::Model, Vec<i32>) {
    let db = &app.app.db;
    let found = race::Entity::find().filter(race::Column::Reference.eq(RACE));
    let mut row = found.one(db).await.unwrap().unwrap().into_active_model();
    row.status = Set(race::Status::InProgress);
    let race = row.update(db).await.unwrap();
    let entered = entry::Entity::find().filter(entry::Column::RaceId.eq(race.id));
    let entered = entered.all(db).await.unwrap();
    let numbers = entered.iter().map(|row| row.number.parse().unwrap());
    (race, numbers.collect())
}

/// A lap of every car, in their order.
fn lap(numbers: &[i32], lap: i32) -> Vec<Record> {
    let done = |(place, number): (usize, &i32)| {
        let said = Said::Lap {
            number: *number,
            lap,
            started_at: Some(start() + TimeDelta::seconds(i64::from(lap - 1) * 80)),
            sectors_ms: [None; 3],
            time_ms: Some(78_000 + i32::try_from(place).unwrap()),
            pit_out: false,
        };
        record(i64::from(lap) * 80, said)
    };
    numbers.iter().enumerate().map(done).collect()
}

/// The order after the flag.
fn flag(numbers: &[i32]) -> Vec<Record> {
    let home = |(place, number): (i32, &i32)| {
        let said = Said::Classification {
            number: *number,
            position: Some(place),
            laps: Some(78),
            retired: false,
            disqualified: false,
            started: true,
        };
        record(7000, said)
    };
    (1..).zip(numbers).map(home).collect()
}

async fn hear(app: &TestApp, race: &race::Model, records: Vec<Record>) -> live::Ingested {
    live::ingest(&app.app, race, records).await.unwrap()
}

async fn follow(app: &TestApp, variables: Value) -> Socket {
    let mut socket = Socket::greeted(app).await;
    let payload = json!({ "query": FOLLOW, "variables": variables });
    socket.subscribe_with("1", payload).await;
    socket
}

/// The next update; none when the subscription is complete.
async fn update(socket: &mut Socket) -> Option<Value> {
    let mut message = socket.receive().await;
    match message["type"].as_str() {
        Some("next") => {
            assert_eq!(message["payload"].get("errors"), None, "{message:#}");
            Some(message["payload"]["data"]["liveRace"].take())
        }
        Some("complete") => None,
        _ => panic!("{message:#}"),
    }
}

/// Reads on until a sequence was told, or to the end, and gives all events.
async fn events_until(socket: &mut Socket, last: i64) -> Vec<Value> {
    let mut events = Vec::new();
    while let Some(update) = update(socket).await {
        assert_eq!(update["gap"], Value::Null, "{update:#}");
        events.extend(update["events"].as_array().unwrap().iter().cloned());
        if update["sequence"].as_i64().unwrap() >= last {
            break;
        }
    }
    events
}

fn sequences(events: &[Value]) -> Vec<i64> {
    let sequence = |event: &Value| event["sequence"].as_i64().unwrap();
    events.iter().map(sequence).collect()
}

#[tokio::test]
async fn a_race_is_followed_from_how_it_stands_to_the_flag_without_a_gap() {
    let app = TestApp::bundled().await;
    let (race, numbers) = race_day(&app).await;
    let first = hear(&app, &race, lap(&numbers, 1)).await.sequence;
    let mut socket = follow(&app, json!({ "race": RACE })).await;
    let present = update(&mut socket).await.unwrap();
    assert_eq!(present["sequence"], first);
    assert_eq!(present["snapshot"]["status"], "RUNNING");
    assert_eq!(present["snapshot"]["lapsCompleted"], 1);
    let cars = present["snapshot"]["cars"].as_array().unwrap();
    assert_eq!(cars.len(), numbers.len());
    let mut places: std::collections::BTreeMap<String, Value> = cars
        .iter()
        .map(|car| (car["driver"]["ref"].to_string(), car["position"].clone()))
        .collect();
    let mut backwards = numbers.clone();
    backwards.reverse();
    for number in 2..=30 {
        hear(&app, &race, lap(&backwards, number)).await;
    }
    // The same again, from a feed that repeats itself.
    let again = hear(&app, &race, lap(&backwards, 30)).await;
    assert_eq!(again.events, 0);
    let last = hear(&app, &race, flag(&backwards)).await;
    assert!(last.finished);
    let events = events_until(&mut socket, last.sequence).await;
    let expected: Vec<i64> = (first + 1..=last.sequence).collect();
    assert_eq!(sequences(&events), expected);
    assert_eq!(update(&mut socket).await, None);
    // What was told adds up to how it stands.
    for event in events {
        if event["eventType"] == "POSITION" {
            places.insert(
                event["driver"]["ref"].to_string(),
                event["position"].clone(),
            );
        }
    }
    let stands = app
        .data(r#"{ liveRace(race: "Race:2024_monaco") { sequence status cars { position driver { ref } } liveStandings { drivers { position points } } } }"#)
        .await;
    let stands = &stands["liveRace"];
    assert_eq!(
        (&stands["status"], &stands["sequence"]),
        (&json!("FINISHED"), &json!(last.sequence))
    );
    for car in stands["cars"].as_array().unwrap() {
        assert_eq!(places[&car["driver"]["ref"].to_string()], car["position"]);
    }
    assert_eq!(stands["liveStandings"]["drivers"][0]["position"], 1);
}

#[tokio::test]
async fn who_was_away_resumes_after_the_last_sequence_seen() {
    let app = TestApp::bundled().await;
    let (race, numbers) = race_day(&app).await;
    let seen = hear(&app, &race, lap(&numbers, 1)).await.sequence;
    let mut socket = follow(&app, json!({ "race": RACE })).await;
    assert_eq!(update(&mut socket).await.unwrap()["sequence"], seen);
    drop(socket);
    hear(&app, &race, lap(&numbers, 2)).await;
    let missed = hear(&app, &race, lap(&numbers, 3)).await.sequence;
    let mut back = follow(&app, json!({ "race": RACE, "after": seen })).await;
    let mut told = events_until(&mut back, missed).await;
    let last = hear(&app, &race, flag(&numbers)).await.sequence;
    told.extend(events_until(&mut back, last).await);
    let expected: Vec<i64> = (seen + 1..=last).collect();
    assert_eq!(sequences(&told), expected);
    assert_eq!(update(&mut back).await, None);
}

#[tokio::test]
async fn only_the_events_asked_for_are_told() {
    let app = TestApp::bundled().await;
    let (race, numbers) = race_day(&app).await;
    let filter = json!({ "race": RACE, "drivers": ["leclerc"], "types": ["LAP"] });
    hear(&app, &race, lap(&numbers, 1)).await;
    let mut socket = follow(&app, filter).await;
    assert!(update(&mut socket).await.unwrap()["snapshot"].is_object());
    let mut laps = Vec::new();
    for number in 2..=4 {
        hear(&app, &race, lap(&numbers, number)).await;
        let told = update(&mut socket).await.unwrap();
        for event in told["events"].as_array().unwrap() {
            assert_eq!(event["eventType"], "LAP");
            assert_eq!(event["driver"]["ref"], "leclerc");
            laps.push(event["lap"]["number"].as_i64().unwrap());
        }
    }
    assert_eq!(laps, [2, 3, 4]);
}

#[tokio::test]
async fn who_wants_it_later_is_told_everything_later() {
    let app = TestApp::start(Setup {
        bundled: true,
        speed: 1.0,
        ..Setup::default()
    })
    .await;
    let (race, numbers) = race_day(&app).await;
    let mut late = follow(&app, json!({ "race": RACE, "delay": 1 })).await;
    assert_eq!(update(&mut late).await.unwrap()["sequence"], 0);
    let told = std::time::Instant::now();
    hear(&app, &race, lap(&numbers, 1)).await;
    let last = hear(&app, &race, flag(&numbers)).await.sequence;
    let events = events_until(&mut late, last).await;
    assert!(told.elapsed() >= std::time::Duration::from_millis(990));
    assert_eq!(sequences(&events), (1..=last).collect::<Vec<i64>>());
    assert_eq!(update(&mut late).await, None);
}

#[tokio::test]
async fn two_who_hear_the_same_feed_at_once_tell_it_once() {
    let app = TestApp::bundled().await;
    let (race, numbers) = race_day(&app).await;
    hear(&app, &race, lap(&numbers, 1)).await;
    let mut socket = follow(&app, json!({ "race": RACE })).await;
    let mut seen = update(&mut socket).await.unwrap()["sequence"]
        .as_i64()
        .unwrap();
    for number in 2..=6 {
        let (one, other) = tokio::join!(
            hear(&app, &race, lap(&numbers, number)),
            hear(&app, &race, lap(&numbers, number))
        );
        assert!(one.events == 0 || other.events == 0);
        let last = one.sequence.max(other.sequence);
        let events = events_until(&mut socket, last).await;
        let expected: Vec<i64> = (seen + 1..=last).collect();
        assert_eq!(sequences(&events), expected);
        seen = last;
    }
}

#[tokio::test]
async fn a_race_whose_feed_falls_silent_ends_by_its_stored_classification() {
    let app = TestApp::bundled().await;
    let (race, numbers) = race_day(&app).await;
    // Nobody has followed it yet.
    assert_eq!(live::close(&app.app, &race).await.unwrap(), None);
    hear(&app, &race, lap(&numbers, 1)).await;
    let mut socket = follow(&app, json!({ "race": RACE })).await;
    let first = update(&mut socket).await.unwrap();
    assert_eq!(
        (&first["completed"], &first["snapshot"]["status"]),
        (&json!(false), &json!("RUNNING"))
    );
    let closed = live::close(&app.app, &race).await.unwrap().unwrap();
    assert!(closed.finished);
    let mut classified = 0;
    let mut completed = Value::Null;
    while let Some(told) = update(&mut socket).await {
        let events = told["events"].as_array().unwrap().iter();
        classified += events
            .filter(|event| event["eventType"] == "CLASSIFICATION")
            .count();
        completed = told["completed"].clone();
    }
    assert_eq!((classified, completed), (numbers.len(), json!(true)));
    let query = r#"{ liveRace(race: "2024_monaco") { status cars { driver { ref } classification { position } } }
        race(ref: "2024_monaco") { results { position driver { ref } } } }"#;
    let stands = app.data(query).await;
    assert_eq!(stands["liveRace"]["status"], "FINISHED");
    let mut cars: Vec<_> = stands["liveRace"]["cars"]
        .as_array()
        .unwrap()
        .iter()
        .map(|car| {
            (
                car["driver"]["ref"].to_string(),
                car["classification"]["position"].as_i64(),
            )
        })
        .collect();
    let mut results: Vec<_> = stands["race"]["results"]
        .as_array()
        .unwrap()
        .iter()
        .map(|row| (row["driver"]["ref"].to_string(), row["position"].as_i64()))
        .collect();
    cars.sort();
    results.sort();
    assert_eq!(cars, results);
    // The same again is nothing new; a correction is.
    let again = live::close(&app.app, &race).await.unwrap().unwrap();
    assert_eq!((again.events, again.sequence), (0, closed.sequence));
    let winner = result::Entity::find()
        .filter(result::Column::RaceId.eq(race.id))
        .filter(result::Column::Position.eq(1));
    let mut winner = winner
        .one(&app.app.db)
        .await
        .unwrap()
        .unwrap()
        .into_active_model();
    winner.position = Set(None);
    winner.status = Set(result::Status::Disqualified);
    winner.update(&app.app.db).await.unwrap();
    let corrected = live::close(&app.app, &race).await.unwrap().unwrap();
    assert!(corrected.events > 0);
    let mut back = follow(&app, json!({ "race": RACE, "after": closed.sequence })).await;
    let events = events_until(&mut back, corrected.sequence).await;
    assert!(
        events
            .iter()
            .any(|event| event["eventType"] == "CLASSIFICATION"),
        "{events:#?}"
    );
}
