//! News of races, results and standings: each change once and in order, to whom it concerns.

use std::{path::Path, time::Duration};

use chrono::TimeDelta;
use domain::{
    App,
    clock::Clock,
    config::Config,
    event, feed,
    import::{ergast::Ergast, import},
    webhook,
};
use sea_orm::TransactionTrait;
use serde_json::{Value, json};

use crate::support::{
    Setup, TestApp,
    dump::Dump,
    streams::{Events, Socket},
};

const RACES: &str = "subscription ($race: ID, $season: Int, $after: Int) {
  told: raceUpdated(race: $race, season: $season, after: $after) {
    sequence at gap { from to reason }
    race { ref results { positionText driver { ref } } }
    snapshot { ref }
  }
}";

const RESULTS: &str = "subscription ($race: ID, $season: Int, $after: Int) {
  told: resultsPublished(race: $race, season: $season, after: $after) {
    sequence at gap { from to reason }
    race { ref results { positionText driver { ref } } }
    snapshot { ref }
  }
}";

const STANDINGS: &str = "subscription ($season: Int!, $after: Int) {
  told: standingsChanged(season: $season, after: $after) {
    sequence at gap { from to reason }
    season { year driverStandings { points driver { ref } } }
  }
}";

/// The first race, as it is in the dump and after its winner was disqualified.
const WON: &str = "\n1,1,1,1,11,1,1,1,1,25,5,\\N,5401500,3,1,1:30.100,200.5,1\n";
const LOST: &str = "\n1,1,1,1,11,1,\\N,D,6,0,5,\\N,5401500,3,1,1:30.100,200.5,2\n";

async fn read(app: &App, path: &Path) {
    let source = Ergast::open(path).unwrap();
    import(app, source, |_| {}).await.unwrap();
}

/// A server with two seasons of two races.
async fn seasons(change: fn(&mut Config)) -> TestApp {
    let app = TestApp::start(Setup {
        change,
        ..Setup::default()
    })
    .await;
    read(&app.app, &Dump::new().write().path()).await;
    app
}

/// Events about these, in one transaction; gives the sequence of the last.
async fn happen(app: &App, kind: &str, subjects: &[&str]) -> i64 {
    let transaction = app.db.begin().await.unwrap();
    let mut last = 0;
    for subject in subjects {
        let now = app.clock.now();
        let event = event::append(&transaction, event::DATA, kind, subject, now);
        last = event.await.unwrap();
    }
    transaction.commit().await.unwrap();
    app.bus.committed();
    last
}

async fn updated(app: &TestApp, race: &str) -> i64 {
    happen(&app.app, event::RACE_IMPORTED, &[race]).await
}

async fn follow(app: &TestApp, query: &str, variables: Value) -> Socket {
    let mut socket = Socket::greeted(app).await;
    let payload = json!({ "query": query, "variables": variables });
    socket.subscribe_with("1", payload).await;
    socket
}

async fn next(socket: &mut Socket) -> Value {
    let mut message = socket.receive().await;
    assert_eq!(message["type"], "next", "{message:#}");
    assert_eq!(message["payload"].get("errors"), None, "{message:#}");
    message["payload"]["data"]["told"].take()
}

fn sequence(told: &Value) -> i64 {
    told["sequence"].as_i64().unwrap()
}

/// The next so many sequences.
async fn sequences(socket: &mut Socket, count: usize) -> Vec<i64> {
    let mut found = Vec::new();
    for _ in 0..count {
        found.push(sequence(&next(socket).await));
    }
    found
}

async fn head(app: &TestApp) -> i64 {
    let head = event::last_sequence(&app.app.db, event::DATA);
    head.await.unwrap()
}

#[tokio::test]
async fn a_corrected_result_is_told_to_whom_it_concerns_with_what_it_is_now() {
    let app = seasons(|_| {}).await;
    let begin = head(&app).await;
    let mut races = follow(&app, RACES, json!({})).await;
    let mut race = follow(&app, RACES, json!({ "race": "Race:2030_welsh" })).await;
    let mut other = follow(&app, RACES, json!({ "race": "2030_maltese" })).await;
    let mut results = follow(&app, RESULTS, json!({ "season": 2030 })).await;
    let mut later = follow(&app, RESULTS, json!({ "season": 2031 })).await;
    let mut standings = follow(&app, STANDINGS, json!({ "season": 2030 })).await;
    // How things stand comes first.
    for (socket, snapshot) in [
        (
            &mut races,
            json!([{ "ref": "2031_welsh" }, { "ref": "2031_maltese" }]),
        ),
        (&mut race, json!([{ "ref": "2030_welsh" }])),
        (&mut other, json!([{ "ref": "2030_maltese" }])),
        (
            &mut results,
            json!([{ "ref": "2030_welsh" }, { "ref": "2030_maltese" }]),
        ),
        (
            &mut later,
            json!([{ "ref": "2031_welsh" }, { "ref": "2031_maltese" }]),
        ),
    ] {
        let first = next(socket).await;
        let expected = json!({ "sequence": begin, "at": null, "gap": null, "race": null, "snapshot": snapshot });
        assert_eq!(first, expected);
    }
    let first = next(&mut standings).await;
    assert_eq!(first["sequence"], begin);
    assert_eq!(first["season"]["year"], 2030);

    let corrected = Dump::new().with("results.csv", WON, LOST);
    read(&app.app, &corrected.write().path()).await;
    for socket in [&mut races, &mut race] {
        let told = next(socket).await;
        assert_eq!(
            (sequence(&told), &told["gap"], &told["snapshot"]),
            (begin + 1, &Value::Null, &Value::Null)
        );
        assert_eq!(told["at"], "2025-01-15T12:00:00+00:00");
        assert_eq!(told["race"]["ref"], "2030_welsh");
        let disqualified = json!({ "positionText": "D", "driver": { "ref": "adler" } });
        let results = told["race"]["results"].as_array().unwrap();
        assert!(results.contains(&disqualified), "{told:#}");
    }
    let told = next(&mut results).await;
    assert_eq!(
        (sequence(&told), &told["race"]["ref"]),
        (begin + 2, &json!("2030_welsh"))
    );
    let told = next(&mut standings).await;
    assert_eq!(sequence(&told), begin + 3);
    let rows = told["season"]["driverStandings"].as_array().unwrap();
    let adler = rows
        .iter()
        .find(|row| row["driver"]["ref"] == "adler")
        .unwrap();
    // Out of the first race, sixth and retired in the second.
    assert_eq!(adler["points"], "0");

    // The others hear of what concerns them and of nothing before it.
    let last = updated(&app, "Race:2030_maltese").await;
    assert_eq!(sequence(&next(&mut other).await), last);
    assert_eq!(sequence(&next(&mut races).await), last);
    let last = happen(&app.app, event::RESULTS_PUBLISHED, &["Race:2031_welsh"]).await;
    assert_eq!(sequence(&next(&mut later).await), last);
    let last = happen(
        &app.app,
        event::STANDINGS_COMPUTED,
        &["Season:2031", "Season:2030"],
    )
    .await;
    assert_eq!(sequence(&next(&mut standings).await), last);
}

#[tokio::test]
async fn many_changes_at_once_are_told_one_by_one_though_they_are_more_than_a_queue_holds() {
    let app = seasons(|config| config.websocket.queue = 16).await;
    let mut first = follow(&app, RACES, json!({})).await;
    let begin = sequence(&next(&mut first).await);
    let mut all = vec![first];
    for _ in 0..9 {
        let mut socket = follow(&app, RACES, json!({})).await;
        assert_eq!(sequence(&next(&mut socket).await), begin);
        all.push(socket);
    }
    let last = happen(&app.app, event::RACE_IMPORTED, &["Race:2030_welsh"; 300]).await;
    assert_eq!(last, begin + 300);
    let expected: Vec<i64> = (begin + 1..=last).collect();
    let told = all.iter_mut().map(|socket| sequences(socket, 300));
    for told in futures::future::join_all(told).await {
        assert_eq!(told, expected);
    }
}

#[tokio::test]
async fn who_was_away_is_told_each_change_that_it_missed() {
    let app = seasons(|_| {}).await;
    let begin = head(&app).await;
    let mut socket = follow(&app, RACES, json!({ "season": 2030 })).await;
    assert_eq!(sequence(&next(&mut socket).await), begin);
    drop(socket);
    let missed = [
        "Race:2030_welsh",
        "Race:2031_welsh",
        "Race:2030_maltese",
        "Race:2030_welsh",
    ];
    happen(&app.app, event::RACE_IMPORTED, &missed).await;
    let filter = json!({ "season": 2030, "after": begin });
    let mut back = follow(&app, RACES, filter).await;
    for (place, race) in [(1, "2030_welsh"), (3, "2030_maltese"), (4, "2030_welsh")] {
        let told = next(&mut back).await;
        assert_eq!(
            (sequence(&told), &told["race"]["ref"]),
            (begin + place, &json!(race))
        );
        assert_eq!(
            (&told["gap"], &told["snapshot"]),
            (&Value::Null, &Value::Null)
        );
    }
    let last = updated(&app, "Race:2030_maltese").await;
    assert_eq!(sequence(&next(&mut back).await), last);
    // By event stream too, where it goes on.
    let mut url = reqwest::Url::parse(&app.url("/graphql")).unwrap();
    let after = begin + 3;
    let query = format!(
        "subscription {{ told: raceUpdated(season: 2030, after: {after}) {{ sequence }} }}"
    );
    url.query_pairs_mut().append_pair("query", &query);
    let request = app.client.get(url).header("accept", "text/event-stream");
    let mut events = Events::of(request.send().await.unwrap());
    for expected in [begin + 4, last] {
        let told = events.next().await.unwrap();
        assert_eq!(sequence(&told["data"]["told"]), expected);
    }
    let last = updated(&app, "Race:2030_welsh").await;
    assert_eq!(
        sequence(&events.next().await.unwrap()["data"]["told"]),
        last
    );
}

#[tokio::test]
async fn who_comes_and_goes_while_changes_come_is_told_each_of_them_once() {
    let app = std::sync::Arc::new(seasons(|_| {}).await);
    let begin = head(&app).await;
    let end = begin + 120;
    let mut coming = Vec::new();
    for number in 0..20_u64 {
        let app = std::sync::Arc::clone(&app);
        coming.push(tokio::spawn(async move {
            tokio::time::sleep(Duration::from_millis(number * 11)).await;
            let mut seen = vec![begin];
            // A few at a time, then it resumes.
            while seen.last() < Some(&end) {
                let after = seen.last().copied();
                let mut socket = follow(&app, RACES, json!({ "after": after })).await;
                while seen.last() < Some(&end) && seen.len() % 17 != 0 {
                    seen.push(sequence(&next(&mut socket).await));
                }
                if seen.last() < Some(&end) {
                    seen.push(sequence(&next(&mut socket).await));
                }
            }
            seen
        }));
    }
    for _ in 0..40 {
        happen(&app.app, event::RACE_IMPORTED, &["Race:2030_welsh"; 3]).await;
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    let expected: Vec<i64> = (begin..=end).collect();
    for joined in coming {
        let seen = tokio::time::timeout(Duration::from_mins(1), joined);
        assert_eq!(seen.await.unwrap().unwrap(), expected);
    }
}

#[tokio::test]
async fn what_cannot_be_told_one_by_one_is_an_announced_gap_beside_how_things_are() {
    let app = seasons(|config| {
        config.events.resume_events = 10;
        config.events.keep_days = 7;
    })
    .await;
    let begin = head(&app).await;
    let last = happen(&app.app, event::RACE_IMPORTED, &["Race:2030_welsh"; 11]).await;
    let gap = async |query: &str, variables: Value| {
        let mut socket = follow(&app, query, variables).await;
        (next(&mut socket).await, socket)
    };
    let (told, mut socket) = gap(RACES, json!({ "season": 2030, "after": begin })).await;
    let expected = json!({ "from": begin + 1, "to": last, "reason": "TOO_MANY" });
    assert_eq!((&told["gap"], sequence(&told)), (&expected, last));
    assert_eq!(
        (&told["race"], &told["snapshot"][0]["ref"]),
        (&Value::Null, &json!("2030_welsh"))
    );
    // Only what is asked for is counted.
    let mut results = follow(&app, RESULTS, json!({ "after": begin })).await;
    let mut standings = follow(&app, STANDINGS, json!({ "season": 2030, "after": begin })).await;
    let told = happen(&app.app, event::RESULTS_PUBLISHED, &["Race:2030_welsh"]).await;
    assert_eq!(sequence(&next(&mut results).await), told);
    let (told, _) = gap(RACES, json!({ "after": last + 50 })).await;
    assert_eq!(told["gap"]["reason"], "UNKNOWN");
    // What was is forgotten after a while.
    let mut older = app.app.clone();
    older.clock = Clock::standing(app.app.clock.now() + TimeDelta::days(8));
    assert_eq!(feed::clean_up(&app.app).await.unwrap(), 0);
    let gone = feed::clean_up(&older).await.unwrap();
    assert!(gone > 12, "{gone}");
    assert_eq!(feed::clean_up(&older).await.unwrap(), 0);
    let (told, _) = gap(STANDINGS, json!({ "season": 2030, "after": begin })).await;
    assert_eq!(told["gap"]["reason"], "FORGOTTEN");
    assert_eq!(told["season"]["year"], 2030);
    // All go on.
    let last = updated(&app, "Race:2030_welsh").await;
    assert_eq!(sequence(&next(&mut socket).await), last);
    let last = happen(&app.app, event::STANDINGS_COMPUTED, &["Season:2030"]).await;
    assert_eq!(sequence(&next(&mut standings).await), last);
}

#[tokio::test]
async fn what_a_webhook_is_still_to_be_told_is_not_forgotten() {
    let app = seasons(|_| {}).await;
    let kinds = [webhook::Kind::RaceUpdated];
    let registered = webhook::register(&app.app, "https://example.org/hook", &kinds, "");
    registered.await.unwrap();
    let waiting = updated(&app, "Race:2030_welsh").await;
    let mut older = app.app.clone();
    older.clock = Clock::standing(app.app.clock.now() + TimeDelta::days(365));
    feed::clean_up(&older).await.unwrap();
    let all = feed::Interest::default();
    let kept = feed::between(&app.app.db, event::DATA, &all, 0, waiting, 100);
    let kept = kept.await.unwrap();
    assert_eq!(
        kept.iter().map(|event| event.sequence).collect::<Vec<_>>(),
        [waiting]
    );
    assert_eq!(webhook::collect(&app.app).await.unwrap(), 1);
    assert_eq!(feed::clean_up(&older).await.unwrap(), 1);
}

#[tokio::test]
async fn what_was_missed_costs_as_much_as_it_is() {
    let app = seasons(|config| {
        config.rate_limit.enabled = true;
        config.rate_limit.cost_per_minute = 100.try_into().unwrap();
    })
    .await;
    let begin = head(&app).await;
    let query = "subscription ($after: Int) { told: raceUpdated(after: $after) { sequence race { name } } }";
    let last = happen(&app.app, event::RACE_IMPORTED, &["Race:2030_welsh"; 20]).await;
    let mut some = follow(&app, query, json!({ "after": last - 5 })).await;
    assert_eq!(
        sequences(&mut some, 5).await,
        (last - 4..=last).collect::<Vec<_>>()
    );
    let mut code = Value::Null;
    for _ in 0..5 {
        let mut all = follow(&app, query, json!({ "after": begin })).await;
        let message = all.receive().await;
        if message["type"] == "error" {
            code = message["payload"][0]["extensions"]["code"].clone();
            break;
        }
    }
    assert_eq!(code, "RATE_LIMITED");
}

#[tokio::test]
async fn what_cannot_be_followed_is_a_clear_error() {
    let app = seasons(|_| {}).await;
    for (query, variables, code) in [
        (RACES, json!({ "race": "2030_atlantis" }), "NOT_FOUND"),
        (RESULTS, json!({ "race": "Driver:adler" }), "BAD_USER_INPUT"),
        (RACES, json!({ "season": 1900 }), "NOT_FOUND"),
        (RESULTS, json!({ "season": 1900, "after": 1 }), "NOT_FOUND"),
        (
            RACES,
            json!({ "race": "2030_welsh", "season": 2030 }),
            "BAD_USER_INPUT",
        ),
        (STANDINGS, json!({ "season": 203 }), "NOT_FOUND"),
    ] {
        let mut socket = follow(&app, query, variables.clone()).await;
        let message = socket.receive().await;
        assert_eq!(message["type"], "error", "{variables} {message:#}");
        let found = &message["payload"][0]["extensions"]["code"];
        assert_eq!(found, code, "{variables} {message:#}");
    }
}
