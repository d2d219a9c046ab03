//! Syncs with a stand-in for Jolpica that misbehaves on demand.

use std::{sync::Arc, time::Duration};

use chrono::{DateTime, TimeDelta, Utc};
use domain::{
    App,
    config::Config,
    import::{self, ergast::Ergast},
    upstream::{Limits, reserve},
};
use entities::{import_run, qualifying_result, race_source, result, upstream_request};
use jobs::{
    sync::{Options, SyncError, Synced, sync_with},
    upstream::{Policy, client::Client, jolpica},
};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter};

use crate::support::{
    Setup, TestApp,
    command::{pitwall, run},
    dump::Dump,
    rows::{Rows, all_rows, assert_same},
    upstream::{CARS, Fault, REQUESTS, SEASON, Upstream},
};

mod against_stub;

/// A day after the season that the stand-in serves.
const AFTER: &str = "2030-12-01T12:00:00Z";

async fn empty() -> TestApp {
    TestApp::start(Setup {
        now: AFTER.parse().unwrap(),
        ..Setup::default()
    })
    .await
}

/// A client that loses no time.
fn client(app: &App, upstream: &Upstream) -> Client {
    let policy = Policy {
        first_pause: TimeDelta::milliseconds(5),
        ..Policy::default()
    };
    client_with(app, upstream, policy)
}

fn client_with(app: &App, upstream: &Upstream, policy: Policy) -> Client {
    let unlimited = Limits { windows: &[] };
    Client::new(app, &upstream.url, unlimited, policy).unwrap()
}

async fn sync(app: &App, client: &Client) -> Result<Synced, SyncError> {
    sync_with(app, client, SEASON..=SEASON, Options::default(), |_| {}).await
}

/// What the database holds after a sync without any trouble.
async fn undisturbed() -> Rows {
    let (test, upstream) = (empty().await, Upstream::start());
    sync(&test.app, &client(&test.app, &upstream))
        .await
        .unwrap();
    all_rows(&test.app.db).await
}

#[tokio::test]
async fn a_season_takes_as_few_requests_as_it_has_pages_and_a_cut_race_is_whole() {
    let (test, upstream) = (empty().await, Upstream::start());
    let app = &test.app;
    let client = client(app, &upstream);
    let synced = sync(app, &client).await.unwrap();
    assert_eq!((synced.summary.races, synced.summary.changed), (3, 3));
    assert!(synced.summary.is_clean(), "{:?}", synced.summary);
    assert_eq!(synced.requests, REQUESTS as u64);
    let seen = upstream.seen();
    assert_eq!(seen.len(), REQUESTS);
    assert_eq!(seen[0].path, "/ergast/f1/2030/races/?limit=100&offset=0");
    assert!(
        seen[0].head.contains("user-agent: pitwall/"),
        "{}",
        seen[0].head
    );
    assert!(
        seen[0].head.contains("accept-encoding: gzip"),
        "{}",
        seen[0].head
    );

    let rows = result::Entity::find().all(&app.db).await.unwrap();
    assert_eq!(rows.len(), 4 * CARS, "three races and a sprint");
    let rows = qualifying_result::Entity::find()
        .all(&app.db)
        .await
        .unwrap();
    assert_eq!(rows.len(), 3 * CARS);
    let runs = import_run::Entity::find().all(&app.db).await.unwrap();
    assert_eq!(runs.len(), 1);
    assert_eq!(runs[0].kind, import_run::Kind::Sync);
    assert_eq!(runs[0].status, import_run::Status::Succeeded);
    let data = test
        .data(
            "{ race(ref: \"2030_maltese\") { round winner { driver { ref } } }
            dataStatus { sources { source } } }",
        )
        .await;
    assert_eq!(data["race"]["winner"]["driver"]["ref"], "driver2");
    assert_eq!(data["dataStatus"]["sources"][0]["source"], "JOLPICA");

    let before = all_rows(&app.db).await;
    let again = sync(app, &client).await.unwrap();
    assert_eq!((again.summary.changed, again.summary.unchanged), (0, 3));
    assert_same(&before, &all_rows(&app.db).await);
}

#[tokio::test]
async fn whatever_goes_wrong_on_the_way_the_season_comes_in_whole() {
    let expected = undisturbed().await;
    let late = Duration::from_secs(3);
    let policy = Policy {
        first_pause: TimeDelta::milliseconds(5),
        total_timeout: Duration::from_secs(1),
        ..Policy::default()
    };
    let faults = [
        Fault::Status(429, Some("1".to_owned())),
        Fault::Status(429, None),
        Fault::Status(500, None),
        Fault::Status(503, Some("Mon, 01 Jan 2029 00:00:00 GMT".to_owned())),
        Fault::Reset,
        Fault::Truncated,
        Fault::Html,
        Fault::Late(late),
    ];
    for fault in faults {
        let (test, upstream) = (empty().await, Upstream::start());
        // One at the calendar, two in a row at the second page of the results.
        upstream.next([
            fault.clone(),
            Fault::None,
            Fault::None,
            fault.clone(),
            fault.clone(),
        ]);
        let synced = sync(
            &test.app,
            &client_with(&test.app, &upstream, policy.clone()),
        )
        .await;
        let synced = synced.unwrap_or_else(|error| panic!("{fault:?}: {error}"));
        assert!(synced.summary.is_clean(), "{fault:?}: {:?}", synced.summary);
        assert_eq!(upstream.seen().len(), REQUESTS + 3, "{fault:?}");
        assert_same(&expected, &all_rows(&test.app.db).await);
    }
}

#[tokio::test]
async fn a_resource_that_changes_between_its_pages_is_read_again_from_the_beginning() {
    let expected = undisturbed().await;
    for (fault, requests) in [(Fault::OneMore, 2), (Fault::Doubled, 2)] {
        let (test, upstream) = (empty().await, Upstream::start());
        // The second page of the results.
        upstream.next([Fault::None, Fault::None, fault.clone()]);
        let synced = sync(&test.app, &client(&test.app, &upstream))
            .await
            .unwrap();
        assert!(synced.summary.is_clean(), "{fault:?}: {:?}", synced.summary);
        assert_eq!(upstream.seen().len(), REQUESTS + requests, "{fault:?}");
        assert_same(&expected, &all_rows(&test.app.db).await);
    }
}

#[tokio::test]
async fn rows_that_are_doubled_for_good_go_in_nowhere() {
    let (test, upstream) = (empty().await, Upstream::start());
    upstream.always(Fault::Doubled);
    let synced = sync(&test.app, &client(&test.app, &upstream))
        .await
        .unwrap();
    assert_eq!(synced.summary.refused.len(), 3);
    let problem = &synced.summary.refused[0].problems[0];
    assert!(
        problem.to_string().starts_with("/2030/results/"),
        "{problem}"
    );
    assert_eq!(result::Entity::find().all(&test.app.db).await.unwrap(), []);
}

#[tokio::test]
async fn a_race_with_a_bad_or_a_doubled_row_is_refused_and_the_others_go_in() {
    let (test, upstream) = (empty().await, Upstream::start());
    upstream.change(|round, car, row| {
        if round == 1 && car == 7 {
            row["laps"] = "fifty".into();
        }
        if round == 3 && car == 9 {
            row["Driver"]["driverId"] = "driver3".into();
            row["Constructor"]["constructorId"] = "team4".into();
            row["number"] = "3".into();
        }
    });
    let synced = sync(&test.app, &client(&test.app, &upstream))
        .await
        .unwrap();
    let rounds: Vec<_> = synced
        .summary
        .refused
        .iter()
        .map(|race| race.round)
        .collect();
    assert_eq!(rounds, [1, 3]);
    let reasons: Vec<String> = synced
        .summary
        .refused
        .iter()
        .map(|race| race.problems[0].to_string())
        .collect();
    assert!(
        reasons[0].contains("/2030/results/:7, column laps"),
        "{reasons:?}"
    );
    assert!(reasons[1].contains("driver3"), "{reasons:?}");
    let rows = result::Entity::find().all(&test.app.db).await.unwrap();
    assert_eq!(rows.len(), 2 * CARS, "the race of round 2 and its sprint");
}

#[tokio::test]
async fn a_pause_that_the_service_asks_for_is_kept() {
    let (test, upstream) = (empty().await, Upstream::start());
    upstream.next([Fault::Status(429, Some("2".to_owned()))]);
    sync(&test.app, &client(&test.app, &upstream))
        .await
        .unwrap();
    let seen = upstream.seen();
    assert!(seen[1].at - seen[0].at >= Duration::from_secs(2));

    upstream.next([Fault::Status(429, Some("86400".to_owned()))]);
    let error = sync(&test.app, &client(&test.app, &upstream))
        .await
        .unwrap_err();
    let error = format!("{:#}", anyhow::Error::from(error));
    assert!(
        error.contains("asks to be left alone until 2030-12-0"),
        "{error}"
    );
}

#[tokio::test]
async fn a_service_that_is_down_is_left_alone_and_the_data_stays() {
    let (test, upstream) = (empty().await, Upstream::start());
    let client = client(&test.app, &upstream);
    sync(&test.app, &client).await.unwrap();
    let before = all_rows(&test.app.db).await;
    upstream.always(Fault::Status(502, None));
    let error = sync(&test.app, &client).await.unwrap_err().to_string();
    assert!(
        error.contains("after 5 tries; the last: status 502"),
        "{error}"
    );
    assert_eq!(upstream.seen().len(), REQUESTS + 5);
    let error = sync(&test.app, &client).await.unwrap_err().to_string();
    assert!(
        error.contains("is left alone until 2030-12-01 12:05"),
        "{error}"
    );
    assert_eq!(upstream.seen().len(), REQUESTS + 5);
    assert_same(&before, &all_rows(&test.app.db).await);
    let runs = import_run::Entity::find().all(&test.app.db).await.unwrap();
    let last = runs.last().unwrap();
    assert_eq!(last.status, import_run::Status::Failed);
    assert!(last.error.as_ref().unwrap().contains("left alone"));
}

#[tokio::test]
async fn what_a_client_must_not_follow_or_swallow_it_does_not() {
    let (test, upstream) = (empty().await, Upstream::start());
    let app = &test.app;
    let elsewhere = upstream.url.replace("127.0.0.1", "localhost");
    upstream.next(vec![Fault::Moved(format!("{elsewhere}/2030/races/")); 5]);
    let error = sync(app, &client(app, &upstream))
        .await
        .unwrap_err()
        .to_string();
    assert!(error.contains("redirect"), "{error}");

    let policy = Policy {
        max_body: 100_000,
        ..Policy::default()
    };
    upstream.next([Fault::Endless]);
    let error = sync(app, &client_with(app, &upstream, policy)).await;
    let error = error.unwrap_err().to_string();
    assert!(error.contains("more than 100000 bytes"), "{error}");

    upstream.next([Fault::Status(403, None)]);
    let before = upstream.seen().len();
    let error = sync(app, &client(app, &upstream))
        .await
        .unwrap_err()
        .to_string();
    assert!(error.contains("status 403"), "{error}");
    assert_eq!(upstream.seen().len(), before + 1, "no is no");

    for address in ["http://api.jolpi.ca/ergast/f1", "ftp://127.0.0.1/", "here"] {
        let error = Client::new(app, address, jolpica::LIMITS, Policy::default());
        assert!(
            error.err().unwrap().to_string().contains("https://"),
            "{address}"
        );
    }
}

#[tokio::test]
async fn what_has_not_changed_is_not_sent_again() {
    let (test, upstream) = (empty().await, Upstream::start());
    upstream.with_etags();
    let client = client(&test.app, &upstream);
    sync(&test.app, &client).await.unwrap();
    let again = sync(&test.app, &client).await.unwrap();
    assert_eq!(
        (again.summary.unchanged, again.summary.refused.len()),
        (3, 0)
    );
    let seen = upstream.seen();
    let (first, second) = seen.split_at(REQUESTS);
    assert!(
        first
            .iter()
            .all(|seen| !seen.head.contains("if-none-match"))
    );
    assert!(
        second
            .iter()
            .all(|seen| seen.head.contains("if-none-match"))
    );
}

#[tokio::test]
async fn a_dump_does_not_undo_what_jolpica_says() {
    let (test, upstream) = (empty().await, Upstream::start());
    let app = &test.app;
    sync(app, &client(app, &upstream)).await.unwrap();
    let of_jolpica = || async {
        let rows = result::Entity::find()
            .filter(
                result::Column::RaceId.is_in(
                    race_source::Entity::find()
                        .filter(race_source::Column::Source.eq(race_source::Source::Jolpica))
                        .all(&app.db)
                        .await
                        .unwrap()
                        .iter()
                        .map(|row| row.race_id),
                ),
            )
            .all(&app.db);
        rows.await.unwrap()
    };
    let before = of_jolpica().await;
    let dump = Dump::new().write();
    let summary = import::import(app, Ergast::open(&dump.path()).unwrap(), |_| {});
    assert!(summary.await.unwrap().is_clean());
    assert_eq!(of_jolpica().await, before);

    // The other way round the dump gives way.
    let test = empty().await;
    let app = &test.app;
    let summary = import::import(app, Ergast::open(&dump.path()).unwrap(), |_| {});
    summary.await.unwrap();
    let synced = sync(app, &client(app, &upstream)).await.unwrap();
    assert_eq!(synced.summary.changed, 3);
    let data = test
        .data("{ race(ref: \"2030_welsh\") { winner { driver { ref } } results { position } } }")
        .await;
    assert_eq!(data["race"]["winner"]["driver"]["ref"], "driver1");
    assert_eq!(data["race"]["results"].as_array().unwrap().len(), CARS);
}

#[tokio::test]
async fn two_processes_together_keep_within_the_limits_of_a_service() {
    let test = empty().await;
    let mut config: Config = (*test.app.config).clone();
    config.clock.start = Some(AFTER.parse().unwrap());
    let other = App::start(config).await.unwrap();
    let host = Arc::new("api.example.org".to_owned());
    let mut asking = Vec::new();
    for app in [&test.app, &other] {
        for _ in 0..3 {
            let (app, host) = (app.clone(), Arc::clone(&host));
            asking.push(tokio::spawn(async move {
                for _ in 0..5 {
                    reserve(&app, &host, &jolpica::LIMITS).await.unwrap();
                }
            }));
        }
    }
    for asking in asking {
        asking.await.unwrap();
    }
    let rows = upstream_request::Entity::find()
        .all(&test.app.db)
        .await
        .unwrap();
    let mut turns: Vec<DateTime<Utc>> = rows.into_iter().map(|row| row.at).collect();
    turns.sort_unstable();
    assert_eq!(turns.len(), 30);
    let second = TimeDelta::seconds(1);
    assert!(
        turns.windows(5).all(|five| five[4] - five[0] > second),
        "{turns:?}"
    );

    // An hour and more later all that is forgotten.
    let mut app = test.app.clone();
    app.clock = domain::clock::Clock::standing(turns[29] + TimeDelta::hours(2));
    reserve(&app, &host, &jolpica::LIMITS).await.unwrap();
    let rows = upstream_request::Entity::find().all(&app.db).await.unwrap();
    assert_eq!(rows.len(), 1);
}

#[tokio::test]
async fn the_command_syncs_and_says_how_it_went() {
    let (test, upstream) = (empty().await, Upstream::start());
    let command = |arguments: &[&str]| {
        let mut command = pitwall(&test.app.config.database.url);
        command
            .env("PITWALL__UPSTREAM__JOLPICA__URL", &upstream.url)
            .env("PITWALL__CLOCK__START", AFTER)
            .env("PITWALL__CLOCK__SPEED", "60")
            .arg("sync")
            .args(arguments);
        run(&mut command)
    };
    // The current season is that of the clock.
    let first = command(&["--format", "json"]).well();
    let json: serde_json::Value = serde_json::from_str(&first.out()).unwrap();
    assert_eq!(
        (&json["changed"], &json["requests"]),
        (&3.into(), &REQUESTS.into())
    );
    let second = command(&["--season", "2030"]).well();
    assert!(
        second.out().contains("3 races: 0 changed, 3 unchanged"),
        "{}",
        second.out()
    );
    assert!(second.out().contains("8 requests"), "{}", second.out());

    upstream.change(|round, _, row| {
        if round == 2 {
            row["points"] = "many".into();
        }
    });
    let partial = command(&["--season", "2030"]);
    assert_eq!(partial.code(), 3, "{}", partial.err());
    assert!(
        partial
            .out()
            .contains("refused: 2030 round 2 Maltese Grand Prix"),
        "{}",
        partial.out()
    );

    upstream.always(Fault::Status(404, None));
    let failed = command(&["--season", "2030"]);
    assert_eq!(failed.code(), 1);
    assert!(failed.err().contains("status 404"), "{}", failed.err());
    assert_eq!(command(&["--season", "2030", "--from", "2029"]).code(), 2);
    assert_eq!(command(&["--season", "1949"]).code(), 2);
}
