//! Races that are being run: what their status is by the clock, and who is told of it.

use std::time::{Duration, Instant};

use chrono::{DateTime, Utc};
use domain::{App, clock::Clock, event, season::progress};
use entities::{
    race::{self, Status},
    race_source,
};
use jobs::work::keep_working;
use sea_orm::{
    ActiveModelTrait, ActiveValue::Set, ColumnTrait, EntityTrait, IntoActiveModel, QueryFilter,
};
use serde_json::{Value, json};
use tokio::sync::oneshot;

use crate::support::{Setup, TestApp, streams::Socket};

const RACE: &str = "2024_monaco";

/// An hour before the start, on Sunday.
const NOON: &str = "2024-05-26T12:00:00Z";
const START: &str = "2024-05-26T13:00:00Z";

/// So long a race is waited for.
const END: &str = "2024-05-26T19:00:00Z";

/// By the machine's clock.
const PATIENCE: Duration = Duration::from_mins(1);

const STATUS: &str = r#"{ race(ref: "2024_monaco") { status } }"#;

fn time(text: &str) -> DateTime<Utc> {
    text.parse().unwrap()
}

async fn sunday() -> TestApp {
    TestApp::start(Setup {
        now: time(NOON),
        bundled: true,
        ..Setup::default()
    })
    .await
}

/// The application at another time.
fn at(test: &TestApp, now: &str) -> App {
    let mut app = test.app.clone();
    app.clock = Clock::standing(time(now));
    app
}

async fn monaco(app: &App) -> race::Model {
    let race = domain::season::race(&app.db, RACE).await.unwrap();
    race.unwrap()
}

/// What the clock makes of the race at a time.
async fn turn(test: &TestApp, now: &str) -> Option<Status> {
    let app = at(test, now);
    progress::turn(&app, &monaco(&app).await).await.unwrap()
}

async fn change(app: &App, change: impl FnOnce(&mut race::ActiveModel)) {
    let mut row = monaco(app).await.into_active_model();
    change(&mut row);
    row.update(&app.db).await.unwrap();
}

#[tokio::test]
async fn a_race_is_in_progress_from_its_start_until_its_results_are_in() {
    let test = sunday().await;
    for (now, turned, status) in [
        ("2024-05-26T12:59:59Z", None, Status::Scheduled),
        (START, Some(Status::InProgress), Status::InProgress),
        (START, None, Status::InProgress),
        ("2024-05-26T15:30:00Z", None, Status::InProgress),
    ] {
        assert_eq!(turn(&test, now).await, turned, "{now}");
        assert_eq!(monaco(&test.app).await.status, status, "{now}");
    }
    let running = "{
        nextRace { ref status }
        races(first: 5, filter: { status: IN_PROGRESS }) { nodes { ref } }
    }";
    let expected = json!({
        "nextRace": { "ref": RACE, "status": "IN_PROGRESS" },
        "races": { "nodes": [{ "ref": RACE }] },
    });
    assert_eq!(test.data(running).await, expected);
    // Who reads the calendar meanwhile, in which something has changed, knows nothing of it.
    change(&test.app, |row| row.round = Set(99)).await;
    let digests = race_source::Entity::update_many().set(race_source::ActiveModel {
        digest: Set(String::new()),
        ..Default::default()
    });
    let digests = digests.filter(race_source::Column::RaceId.eq(monaco(&test.app).await.id));
    digests.exec(&test.app.db).await.unwrap();
    let app = at(&test, "2024-05-26T15:59:59Z");
    jobs::bundled::load(&app, |_| {}).await.unwrap();
    let race = monaco(&app).await;
    assert_eq!((race.round, race.status), (8, Status::InProgress));
    let app = at(&test, "2024-05-26T16:00:00Z");
    jobs::bundled::load(&app, |_| {}).await.unwrap();
    assert_eq!(monaco(&app).await.status, Status::Completed);
    for now in [NOON, "2024-05-26T16:00:00Z", END] {
        assert_eq!(turn(&test, now).await, None, "{now}");
    }
    assert_eq!(monaco(&app).await.status, Status::Completed);
}

#[tokio::test]
async fn a_race_without_results_does_not_run_for_ever() {
    let test = sunday().await;
    assert_eq!(turn(&test, START).await, Some(Status::InProgress));
    assert_eq!(turn(&test, "2024-05-26T18:59:59Z").await, None);
    assert_eq!(turn(&test, END).await, Some(Status::Scheduled));
    assert_eq!(turn(&test, END).await, None);
    // Whoever comes to it late finds it over.
    assert_eq!(turn(&test, "2024-06-20T12:00:00Z").await, None);
    // It is put off while the cars stand on the grid.
    assert_eq!(turn(&test, START).await, Some(Status::InProgress));
    let later = Some(time("2024-05-26T15:00:00Z"));
    change(&test.app, |row| row.starts_at = Set(later)).await;
    let quarter = "2024-05-26T13:15:00Z";
    assert_eq!(turn(&test, quarter).await, Some(Status::Scheduled));
    // And is not run.
    let afternoon = "2024-05-26T15:10:00Z";
    assert_eq!(turn(&test, afternoon).await, Some(Status::InProgress));
    change(&test.app, |row| row.status = Set(Status::Cancelled)).await;
    assert_eq!(turn(&test, afternoon).await, None);
    assert_eq!(monaco(&test.app).await.status, Status::Cancelled);
}

#[tokio::test]
async fn who_follows_races_is_told_once_that_one_has_begun() {
    let test = sunday().await;
    let begin = event::last_sequence(&test.app.db, event::DATA);
    let begin = begin.await.unwrap();
    let query = r#"subscription {
        raceUpdated(race: "2024_monaco") { sequence race { status } snapshot { status } }
    }"#;
    let mut socket = Socket::greeted(&test).await;
    socket.subscribe("1", query).await;
    let mut told = async || socket.receive().await["payload"]["data"]["raceUpdated"].take();
    let first = json!({ "sequence": begin, "race": null, "snapshot": [{ "status": "SCHEDULED" }] });
    assert_eq!(told().await, first);
    // Two workers at once.
    let (one, other) = tokio::join!(turn(&test, START), turn(&test, START));
    assert_ne!(one, other);
    for (sequence, status) in [(begin + 1, "IN_PROGRESS"), (begin + 2, "SCHEDULED")] {
        let expected =
            json!({ "sequence": sequence, "race": { "status": status }, "snapshot": null });
        assert_eq!(told().await, expected);
        turn(&test, END).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_timetable_says_so_by_itself_and_needs_no_feed() {
    let setup = Setup {
        now: time("2024-05-26T12:59:00Z"),
        speed: 60.0,
        bundled: true,
        change: |config| {
            config.jobs.network = false;
            config.data.bundled = false;
            config.forecast.train = false;
        },
        ..Setup::default()
    };
    let test = TestApp::start(setup).await;
    assert_eq!(test.data(STATUS).await["race"]["status"], "SCHEDULED");
    let (stop, stopped) = oneshot::channel::<()>();
    let working = keep_working(test.app.clone(), async { drop(stopped.await) });
    let working = tokio::spawn(working);
    let started = Instant::now();
    let mut status = Value::Null;
    while status != "IN_PROGRESS" {
        assert!(started.elapsed() < PATIENCE, "{status}");
        tokio::time::sleep(Duration::from_millis(100)).await;
        status = test.data(STATUS).await["race"]["status"].take();
    }
    assert!(test.app.clock.now() >= time(START));
    stop.send(()).unwrap();
    working.await.unwrap();
}
