//! Replays of past races: from start to end, paused, moved, stopped.

use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

use chrono::{DateTime, TimeDelta, Utc};
use domain::import::{ergast::Ergast, import};
use entities::live_replay;
use sea_orm::{ActiveModelTrait, ActiveValue::Set, EntityTrait, IntoActiveModel};
use serde_json::{Value, json};

use super::{RACE, follow, sequences, update};
use crate::support::{TestApp, dump::Dump, streams::Socket};

const STATE: &str = "handle liveRace playing stopped time speed lap length synthetic";

async fn begin(app: &TestApp, arguments: &str) -> Value {
    let query = format!(r#"mutation {{ startReplay(race: "{RACE}", {arguments}) {{ {STATE} }} }}"#);
    app.data(&query).await["startReplay"].take()
}

/// Does something to a replay.
async fn ask(app: &TestApp, replay: &Value, what: &str, more: &str) -> Value {
    let handle = &replay["handle"];
    let query = format!("mutation {{ it: {what}(handle: {handle}{more}) {{ {STATE} }} }}");
    app.data(&query).await["it"].take()
}

#[tokio::test]
async fn a_bundled_race_is_replayed_from_its_start_to_its_classification() {
    let app = TestApp::bundled().await;
    let replay = begin(&app, "speed: 1000").await;
    assert_eq!(replay["synthetic"], true);
    let mut socket = follow(&app, json!({ "race": replay["liveRace"] })).await;
    let present = update(&mut socket).await.unwrap();
    let first = present["sequence"].as_i64().unwrap();
    assert_eq!(present["snapshot"]["synthetic"], true);
    let mut events = Vec::new();
    let mut completed = present["completed"].clone();
    while let Some(told) = update(&mut socket).await {
        assert_eq!(told["gap"], Value::Null);
        events.extend(told["events"].as_array().unwrap().iter().cloned());
        completed = told["completed"].clone();
    }
    assert_eq!(completed, true);
    let last = first + i64::try_from(events.len()).unwrap();
    assert_eq!(sequences(&events), (first + 1..=last).collect::<Vec<_>>());
    let laps = events.iter().filter(|event| event["eventType"] == "LAP");
    assert!(laps.count() > 1000);
    // It ends as the race did.
    let query = format!(
        r#"{{ liveRace(race: {}) {{ status lapsCompleted cars {{ driver {{ ref }} classification {{ position }} }} }}
             race(ref: "{RACE}") {{ results {{ position driver {{ ref }} }} }} }}"#,
        replay["liveRace"]
    );
    let end = app.data(&query).await;
    assert_eq!(end["liveRace"]["status"], "FINISHED");
    assert_eq!(end["liveRace"]["lapsCompleted"], 78);
    let classified = |rows: &Value, place: fn(&Value) -> &Value| -> Vec<(String, i64)> {
        let rows = rows.as_array().unwrap().iter();
        let mut places: Vec<_> = rows
            .filter_map(|row| Some((row["driver"]["ref"].to_string(), place(row).as_i64()?)))
            .collect();
        places.sort();
        places
    };
    assert_eq!(
        classified(
            &end["liveRace"]["cars"],
            |car| &car["classification"]["position"]
        ),
        classified(&end["race"]["results"], |row| &row["position"])
    );
}

#[tokio::test]
async fn a_replay_is_paused_moved_resumed_and_stopped() {
    let app = TestApp::bundled().await;
    let replay = begin(&app, "speed: 50, lap: 10").await;
    assert!(replay["lap"].as_i64() >= Some(10), "{replay}");
    let mut socket = follow(&app, json!({ "race": replay["liveRace"] })).await;
    let present = update(&mut socket).await.unwrap();
    assert!(
        present["snapshot"]["lapsCompleted"].as_i64() >= Some(9),
        "{present:#}"
    );
    let paused = ask(&app, &replay, "pauseReplay", "").await;
    assert_eq!(paused["playing"], false);
    tokio::time::sleep(Duration::from_millis(300)).await;
    let query = format!(
        "{{ replay(handle: {}) {{ time playing }} }}",
        replay["handle"]
    );
    let later = app.data(&query).await;
    assert_eq!(later["replay"]["time"], paused["time"]);
    let moved = ask(&app, &replay, "seekReplay", ", lap: 40").await;
    assert_eq!(
        (&moved["lap"], &moved["playing"]),
        (&json!(40), &json!(false))
    );
    let mut seen = present["sequence"].as_i64().unwrap();
    let gap = loop {
        let told = update(&mut socket).await.unwrap();
        let sequence = told["sequence"].as_i64().unwrap();
        assert!(sequence > seen, "{told:#}");
        if told["gap"].is_object() {
            assert_eq!(told["gap"]["from"], seen + 1);
            seen = sequence;
            break told;
        }
        seen = sequence;
    };
    assert_eq!(gap["gap"]["reason"], "MOVED");
    assert_eq!(gap["snapshot"]["lapsCompleted"], 39);
    let resumed = ask(&app, &replay, "resumeReplay", ", speed: 200").await;
    assert_eq!(
        (&resumed["speed"], &resumed["playing"]),
        (&json!(200.0), &json!(true))
    );
    let told = update(&mut socket).await.unwrap();
    assert_eq!(told["events"][0]["sequence"], seen + 1);
    // Back, and sequences still go on.
    ask(&app, &replay, "seekReplay", ", lap: 2").await;
    let mut last = seen;
    loop {
        let told = update(&mut socket).await.unwrap();
        let sequence = told["sequence"].as_i64().unwrap();
        assert!(sequence > last, "{told:#}");
        last = sequence;
        if told["gap"].is_object() {
            assert!(told["snapshot"]["lapsCompleted"].as_i64() < Some(10));
            break;
        }
    }
    let stopped = ask(&app, &replay, "stopReplay", "").await;
    assert_eq!(
        (&stopped["stopped"], &stopped["playing"]),
        (&json!(true), &json!(false))
    );
    let mut completed = Value::Null;
    while let Some(told) = update(&mut socket).await {
        completed = told["completed"].clone();
    }
    assert_eq!(completed, true);
    let handle = &replay["handle"];
    let again = format!("mutation {{ resumeReplay(handle: {handle}) {{ playing }} }}");
    assert_eq!(app.error_code(&again).await, "CONFLICT");
}

#[tokio::test]
async fn what_cannot_be_replayed_is_a_clear_error() {
    let app = TestApp::bundled().await;
    for (call, code) in [
        (r#"startReplay(race: "2024_atlantis")"#, "NOT_FOUND"),
        (
            r#"startReplay(race: "2024_monaco", speed: 0)"#,
            "BAD_USER_INPUT",
        ),
        (
            r#"startReplay(race: "2024_monaco", speed: 5000)"#,
            "BAD_USER_INPUT",
        ),
        (
            r#"startReplay(race: "2024_monaco", lap: 400)"#,
            "BAD_USER_INPUT",
        ),
        (r#"pauseReplay(handle: "none")"#, "NOT_FOUND"),
        (r#"seekReplay(handle: "none")"#, "BAD_USER_INPUT"),
    ] {
        let query = format!("mutation {{ {call} {{ handle }} }}");
        assert_eq!(app.error_code(&query).await, code, "{call}");
    }
    let none = app.data(r#"{ replay(handle: "none") { time } }"#).await;
    assert_eq!(none["replay"], Value::Null);
    for _ in 0..3 {
        begin(&app, "speed: 1").await;
    }
    let fourth = format!(r#"mutation {{ startReplay(race: "{RACE}") {{ handle }} }}"#);
    assert_eq!(app.error_code(&fourth).await, "CONFLICT");
}

#[tokio::test]
async fn who_follows_a_replay_that_expires_is_told_that_it_is_over() {
    let app = TestApp::bundled().await;
    let replay = begin(&app, "speed: 20").await;
    let handle = replay["handle"].as_str().unwrap();
    let row = live_replay::Entity::find_by_id(handle.to_owned());
    let row = row.one(&app.app.db).await.unwrap().unwrap();
    let mut row = row.into_active_model();
    row.expires_at = Set(app.app.clock.waiting_time() + TimeDelta::milliseconds(1500));
    row.update(&app.app.db).await.unwrap();
    let mut socket = follow(&app, json!({ "race": replay["liveRace"] })).await;
    let first = update(&mut socket).await.unwrap();
    assert_eq!(first["completed"], false);
    let mut last = first;
    while let Some(told) = update(&mut socket).await {
        assert!(told["sequence"].as_i64() >= last["sequence"].as_i64());
        last = told;
    }
    assert_eq!(last["completed"], true);
    // Nobody else can follow it any more, and it takes nobody's place.
    let mut late = follow(&app, json!({ "race": replay["liveRace"] })).await;
    assert_eq!(late.receive().await["type"], "error");
    for _ in 0..3 {
        begin(&app, "speed: 1").await;
    }
}

#[tokio::test]
async fn a_race_whose_laps_are_known_is_replayed_lap_by_lap_as_it_was() {
    let app = TestApp::empty().await;
    let dump = Dump::new().write();
    let source = Ergast::open(&dump.path()).unwrap();
    import(&app.app, source, |_| {}).await.unwrap();
    let query =
        format!(r#"mutation {{ startReplay(race: "2030_welsh", speed: 200) {{ {STATE} }} }}"#);
    let replay = app.data(&query).await["startReplay"].take();
    assert_eq!(replay["synthetic"], false);
    let query = "subscription ($race: ID!) { liveRace(race: $race) {
      completed snapshot { synthetic cars { driver { ref } } }
      events { eventType at
        ... on LiveLapEvent { driver { ref } lap { number time } }
        ... on LivePitStopEvent { driver { ref } pitStop { lap } }
        ... on LiveClassificationEvent { driver { ref } classification { position } }
      }
    } }";
    let mut socket = Socket::greeted(&app).await;
    let variables = json!({ "race": replay["liveRace"] });
    socket
        .subscribe_with("1", json!({ "query": query, "variables": variables }))
        .await;
    let mut events = Vec::new();
    while let Some(told) = update(&mut socket).await {
        events.extend(told["events"].as_array().unwrap().iter().cloned());
    }
    let of = |kind: &'static str| {
        events
            .iter()
            .filter(move |event| event["eventType"] == kind)
    };
    // Each lap of each car, with its time, at the end of that time.
    let start: DateTime<Utc> = "2030-05-12T13:00:00Z".parse().unwrap();
    let mut done = BTreeMap::new();
    for event in of("LAP").filter(|event| event["lap"]["time"].is_i64()) {
        let number = event["lap"]["number"].as_i64().unwrap();
        let time = event["lap"]["time"].as_i64().unwrap();
        assert_eq!(time, 91_000 + number * 100, "{event:#}");
        let at: DateTime<Utc> = event["at"].as_str().unwrap().parse().unwrap();
        let so_far: i64 = (1..=number).map(|lap| 91_000 + lap * 100).sum();
        assert_eq!((at - start).num_milliseconds(), so_far, "{event:#}");
        let driver = event["driver"]["ref"].as_str().unwrap();
        done.entry(driver).or_insert_with(Vec::new).push(number);
    }
    let five =
        ["adler", "borg", "cruz", "dumas", "eklund"].map(|driver| (driver, vec![1, 2, 3, 4, 5]));
    let mut expected = BTreeMap::from(five);
    expected.insert("fuchs", vec![1, 2]);
    assert_eq!(done, expected);
    let stops: BTreeSet<_> = of("PIT_STOP")
        .map(|event| {
            (
                event["driver"]["ref"].as_str(),
                event["pitStop"]["lap"].as_i64(),
            )
        })
        .collect();
    assert_eq!(stops.len(), 6);
    assert!(stops.iter().all(|(_, lap)| *lap == Some(2)), "{stops:?}");
    let mut classified: Vec<_> = of("CLASSIFICATION")
        .map(|event| {
            (
                event["classification"]["position"].as_i64(),
                event["driver"]["ref"].as_str().unwrap(),
            )
        })
        .collect();
    classified.sort_unstable();
    let order = [
        (None, "fuchs"),
        (Some(1), "adler"),
        (Some(2), "borg"),
        (Some(3), "cruz"),
        (Some(4), "dumas"),
        (Some(5), "eklund"),
    ];
    assert_eq!(classified, order);
}
