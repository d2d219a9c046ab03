//! The timetable and its workers: each tick once, by any number of processes, and nothing lost when
//! one is killed.

use std::{
    process::{Child, Stdio},
    time::{Duration, Instant},
};

use domain::job::{self, Kind, Status};
use entities::{import_run, job as row, race, result};
use sea_orm::{ColumnTrait, EntityTrait, PaginatorTrait, QueryFilter, QueryOrder};
use serde_json::{Value, json};

use crate::support::{
    Setup, TestApp,
    command::pitwall,
    rows::{all_rows, assert_same},
    streams::Socket,
    upstream::{Fault, Upstream},
};

const TOKEN: &str = "a token of sixteen letters or more";

/// An hour and a half after the end of the third race.
const AFTER: &str = "2030-07-12T16:30:00Z";

/// How long anything may take.
const PATIENCE: Duration = Duration::from_mins(1);

async fn start(upstream: &Upstream) -> TestApp {
    let setup = Setup {
        now: AFTER.parse().unwrap(),
        ..Setup::default()
    };
    TestApp::start_with(setup, |config| {
        TOKEN.clone_into(&mut config.auth.admin_token);
        config.upstream.jolpica.url.clone_from(&upstream.url);
    })
    .await
}

/// A process that works on the database of a test, with a clock set as the test's.
struct Working(Child);

impl Working {
    fn start(test: &TestApp, upstream: &Upstream) -> Self {
        let mut command = pitwall(&test.app.config.database.url);
        command
            .arg("work")
            .env("PITWALL__CLOCK__START", AFTER)
            .env("PITWALL__JOBS__NETWORK", "true")
            .env("PITWALL__UPSTREAM__JOLPICA__URL", &upstream.url)
            .stdout(Stdio::null());
        Self(command.spawn().expect("pitwall starts"))
    }
}

impl Drop for Working {
    fn drop(&mut self) {
        // Whatever is under way: as a crash would.
        drop(self.0.kill());
        drop(self.0.wait());
    }
}

/// Waits until there is nothing to be done.
async fn until_idle(test: &TestApp) {
    let started = Instant::now();
    let mut quiet = 0;
    while quiet < 4 {
        let open = row::Entity::find()
            .filter(row::Column::Status.is_not_in([Status::Succeeded, Status::Failed]))
            .count(&test.app.db)
            .await
            .unwrap();
        let any = row::Entity::find().count(&test.app.db).await.unwrap();
        quiet = if open == 0 && any > 0 { quiet + 1 } else { 0 };
        assert!(started.elapsed() < PATIENCE, "{:#?}", rows(test).await);
        tokio::time::sleep(Duration::from_millis(400)).await;
    }
}

async fn rows(test: &TestApp) -> Vec<row::Model> {
    let all = row::Entity::find().order_by_asc(row::Column::Id);
    all.all(&test.app.db).await.unwrap()
}

async fn admin(test: &TestApp, query: &str) -> Value {
    let request = test.client.post(test.url("/graphql")).bearer_auth(TOKEN);
    let answer = request.json(&json!({ "query": query })).send().await;
    answer.unwrap().json().await.unwrap()
}

/// Races that have been classified.
async fn classified(test: &TestApp) -> u64 {
    race::Entity::find()
        .filter(race::Column::Status.eq(race::Status::Completed))
        .count(&test.app.db)
        .await
        .unwrap()
}

#[tokio::test]
async fn an_empty_database_fills_itself_each_tick_done_once_by_three_workers() {
    let upstream = Upstream::start();
    let test = start(&upstream).await;
    let workers = [0; 3].map(|_| Working::start(&test, &upstream));
    until_idle(&test).await;
    drop(workers);

    assert_eq!(classified(&test).await, 3);
    let rows = rows(&test).await;
    for row in &rows {
        let done = (row.status, row.attempts, row.deliveries);
        assert_eq!(done, (Status::Succeeded, 1, 0), "{row:#?}");
    }
    let mut keys: Vec<&str> = rows.iter().map(|row| row.key.as_str()).collect();
    keys.sort_unstable();
    for key in [
        "calendar:2030@2030-07-12T00:00",
        "people:2030@2030-07-12T12:00",
        "season:2029@2030-07-12T00:00",
        "season:2030@2030-07-12T00:00",
    ] {
        assert!(keys.contains(&key), "{keys:?}");
    }
    // Each was done by one of the three.
    let reading = ["calendar", "people", "season", "results", "details"];
    let asked = rows
        .iter()
        .filter(|row| reading.contains(&row.kind.as_str()));
    let imports = import_run::Entity::find().count(&test.app.db).await;
    assert_eq!(imports.unwrap(), asked.count() as u64, "{keys:?}");
}

#[tokio::test]
async fn what_a_killed_worker_left_is_done_by_another_and_comes_to_the_same() {
    let (undisturbed, quiet) = (Upstream::start(), Upstream::start());
    let test = start(&quiet).await;
    {
        let _worker = Working::start(&test, &quiet);
        until_idle(&test).await;
    }
    let expected = all_rows(&test.app.db).await;

    let test = start(&undisturbed).await;
    for wait in [300, 700, 1100, 1600, 2300] {
        // The service is slow, so that the kill comes in the middle of something.
        undisturbed.always(Fault::Late(Duration::from_millis(150)));
        let worker = Working::start(&test, &undisturbed);
        tokio::time::sleep(Duration::from_millis(wait)).await;
        drop(worker);
    }
    undisturbed.always(Fault::None);
    let _worker = Working::start(&test, &undisturbed);
    until_idle(&test).await;
    assert_same(&expected, &all_rows(&test.app.db).await);
}

#[tokio::test]
async fn what_fails_is_tried_again_and_given_up_in_the_end() {
    let test = TestApp::start(Setup {
        speed: 1.0,
        ..Setup::default()
    })
    .await;
    let app = &test.app;
    let asked = job::run(app, Kind::Train, None).await.unwrap();
    for attempt in 1..=Kind::Train.tries() {
        let delivery = job::Delivery {
            id: asked.id,
            number: attempt - 1,
        };
        let job::Claimed::Yours(row) = job::claim(app, delivery, "me").await.unwrap() else {
            panic!("it is there");
        };
        assert_eq!((row.status, row.attempts), (Status::Running, attempt));
        let end = job::End::Again(format!("failure {attempt}"));
        let again = job::finish(app, &row, Kind::Train, &end).await.unwrap();
        assert_eq!(again, attempt < Kind::Train.tries());
        let row = job::find(app, asked.id).await.unwrap();
        assert_eq!(row.error.unwrap(), format!("failure {attempt}"));
        // Not at once.
        assert!(job::due(app).await.unwrap().is_empty());
        // Whoever comes with the old number comes too late.
        let late = job::claim(app, delivery, "another").await.unwrap();
        let mine = matches!(late, job::Claimed::Yours(_));
        assert!(!mine, "{late:?}");
    }
    let row = job::find(app, asked.id).await.unwrap();
    assert_eq!(row.status, Status::Failed);
    // By hand it is tried anew.
    let row = job::retry(app, asked.id).await.unwrap();
    assert_eq!((row.status, row.attempts), (Status::Queued, 0));
    assert_eq!(job::due(app).await.unwrap().len(), 1);
}

#[tokio::test]
async fn of_a_lane_one_job_runs_at_a_time() {
    let test = TestApp::empty().await;
    let app = &test.app;
    let one = job::run(app, Kind::Season, Some("2024")).await.unwrap();
    let other = job::run(app, Kind::Calendar, Some("2024")).await.unwrap();
    let [first] = job::due(app).await.unwrap()[..] else {
        panic!("one of the two");
    };
    assert_eq!(first.id, one.id);
    job::handed_over(app, first).await.unwrap();
    assert!(job::due(app).await.unwrap().is_empty());
    let job::Claimed::Yours(row) = job::claim(app, first, "me").await.unwrap() else {
        panic!("it is free");
    };
    // Though somebody hands the other one over.
    let second = job::Delivery {
        id: other.id,
        number: 0,
    };
    let refused = job::claim(app, second, "another").await.unwrap();
    assert!(matches!(refused, job::Claimed::LaneTaken), "{refused:?}");
    let done = job::End::Done("done".to_owned());
    job::finish(app, &row, Kind::Season, &done).await.unwrap();
    let [second] = job::due(app).await.unwrap()[..] else {
        panic!("the other one");
    };
    assert_eq!((second.id, second.number), (other.id, 1));
    let claimed = job::claim(app, second, "another").await.unwrap();
    assert!(matches!(claimed, job::Claimed::Yours(_)), "{claimed:?}");
}

#[tokio::test]
async fn administrators_see_the_timetable_and_ask_for_jobs_and_nobody_else_does() {
    let upstream = Upstream::start();
    let test = start(&upstream).await;
    {
        let _worker = Working::start(&test, &upstream);
        until_idle(&test).await;
        let timetable =
            "{ jobs { kind nextRun nextSubject lastRun { status note } lastSuccess { tick } } }";
        let shown = admin(&test, timetable).await;
        let jobs = shown["data"]["jobs"].as_array().unwrap();
        assert_eq!(jobs.len(), Kind::all().count(), "{shown:#}");
        let calendar = jobs.iter().find(|job| job["kind"] == "CALENDAR").unwrap();
        assert_eq!(calendar["nextRun"], "2030-07-13T00:00:00+00:00");
        assert_eq!(calendar["lastRun"]["status"], "SUCCEEDED");

        let asked = admin(
            &test,
            "mutation { syncRace(race: \"Race:2030_maltese\") { id kind subject status reason } }",
        )
        .await;
        let run = &asked["data"]["syncRace"];
        assert_eq!(run["kind"], "RESULTS", "{asked:#}");
        assert_eq!(run["subject"], "2030_maltese");
        until_idle(&test).await;
        let runs = admin(
            &test,
            "{ jobRuns(first: 1) { id status note worker attempts } }",
        )
        .await;
        let latest = &runs["data"]["jobRuns"][0];
        assert_eq!(latest["id"], run["id"], "{runs:#}");
        assert_eq!(latest["status"], "SUCCEEDED", "{runs:#}");
        assert_eq!(latest["note"], "0 of 1 races changed");
    }
    for (mutation, code) in [
        ("runJob(kind: RESULTS) { id }", "BAD_USER_INPUT"),
        ("runJob(kind: TRAIN, season: 2024) { id }", "BAD_USER_INPUT"),
        (
            "runJob(kind: SEASON, season: 1949) { id }",
            "BAD_USER_INPUT",
        ),
        (
            "runJob(kind: LIVE, race: \"Race:2030_nowhere\") { id }",
            "NOT_FOUND",
        ),
        ("retryJob(id: \"JobRun:1\") { id }", "CONFLICT"),
        ("retryJob(id: \"JobRun:999999\") { id }", "NOT_FOUND"),
        ("retryJob(id: \"JobRun:x\") { id }", "BAD_USER_INPUT"),
    ] {
        let answer = admin(&test, &format!("mutation {{ {mutation} }}")).await;
        let found = &answer["errors"][0]["extensions"]["code"];
        assert_eq!(found, code, "{mutation}: {answer:#}");
    }
    for query in [
        "{ jobs { kind } }",
        "{ jobRuns { id } }",
        "mutation { runJob(kind: TRAIN) { id } }",
        "mutation { retryJob(id: \"JobRun:1\") { id } }",
        "mutation { syncRace(race: \"Race:2030_welsh\") { id } }",
    ] {
        let answer = test.client.post(test.url("/graphql"));
        let answer = answer.json(&json!({ "query": query })).send().await;
        let answer: Value = answer.unwrap().json().await.unwrap();
        let code = &answer["errors"][0]["extensions"]["code"];
        assert!(
            code == "FORBIDDEN" || code == "UNAUTHENTICATED",
            "{query}: {answer:#}"
        );
    }
}

#[tokio::test]
async fn a_correction_is_found_when_results_are_asked_for_again() {
    let upstream = Upstream::start();
    let test = start(&upstream).await;
    let _worker = Working::start(&test, &upstream);
    until_idle(&test).await;
    upstream.change(|round, car, row| {
        if (round, car) == (3, 1) {
            row["status"] = json!("Disqualified");
            row["positionText"] = json!("D");
            row["points"] = json!("0");
        }
    });
    job::run(&test.app, Kind::Verify, Some("2030_third"))
        .await
        .unwrap();
    until_idle(&test).await;
    let race = race::Entity::find().filter(race::Column::Reference.eq("2030_third"));
    let race = race.one(&test.app.db).await.unwrap().unwrap();
    let corrected = result::Entity::find()
        .filter(result::Column::RaceId.eq(race.id))
        .filter(result::Column::Status.eq(result::Status::Disqualified))
        .all(&test.app.db)
        .await
        .unwrap();
    assert_eq!(corrected.len(), 1);
    assert_eq!(corrected[0].revision, 2);
}

#[tokio::test]
async fn a_subscriber_of_one_process_hears_what_the_worker_of_another_reads() {
    let upstream = Upstream::start();
    let test = start(&upstream).await;
    let mut socket = Socket::greeted(&test).await;
    let news = "subscription { dataStatusChanged { sequence dataStatus { lastRace { name } } } }";
    socket.subscribe("1", news).await;
    let _worker = Working::start(&test, &upstream);
    let mut last = -1;
    loop {
        let message = socket.receive().await;
        let change = &message["payload"]["data"]["dataStatusChanged"];
        let sequence = change["sequence"].as_i64().unwrap();
        assert!(sequence > last, "{message:#}");
        last = sequence;
        if change["dataStatus"]["lastRace"]["name"] == "Third Grand Prix" {
            break;
        }
    }
}
