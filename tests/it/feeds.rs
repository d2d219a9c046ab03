//! Subscriptions: a snapshot, then every change once and in order, whatever the transport.

use std::time::Duration;

use domain::event;
use sea_orm::TransactionTrait;
use serde_json::{Value, json};

use crate::support::{
    Setup, TestApp,
    streams::{Events, Socket},
};

const FRESHNESS: &str = "subscription ($after: Int) { dataStatusChanged(after: $after) { sequence dataStatus { sources { progress { racesDone } } } } }";

/// An event on the stream that the subscription listens to, and its sequence.
async fn happen(app: &TestApp) -> i64 {
    let transaction = app.app.db.begin().await.unwrap();
    let now = app.app.clock.now();
    let sequence = event::append(&transaction, event::DATA_STATUS, "run_progressed", "x", now);
    let sequence = sequence.await.unwrap();
    transaction.commit().await.unwrap();
    app.app.bus.committed();
    sequence
}

fn sequence(payload: &Value) -> i64 {
    payload["data"]["dataStatusChanged"]["sequence"]
        .as_i64()
        .unwrap_or_else(|| panic!("no sequence in {payload:#}"))
}

/// A socket that follows from where it is told, or from the present.
async fn following(app: &TestApp, after: Option<i64>) -> Socket {
    let mut socket = Socket::greeted(app).await;
    let variables = after.map_or(json!({}), |after| json!({ "after": after }));
    let payload = json!({ "query": FRESHNESS, "variables": variables });
    socket.subscribe_with("1", payload).await;
    socket
}

async fn next(socket: &mut Socket) -> i64 {
    let message = socket.receive().await;
    assert_eq!(message["type"], "next", "{message:#}");
    sequence(&message["payload"])
}

#[tokio::test]
async fn an_import_is_followed_from_its_beginning_to_its_end() {
    let app = TestApp::empty().await;
    let mut socket = following(&app, None).await;
    assert_eq!(next(&mut socket).await, 0);
    jobs::bundled::load(&app.app, |_| {}).await.unwrap();
    let mut last = 0;
    loop {
        let message = socket.receive().await;
        let found = sequence(&message["payload"]);
        assert!(found > last, "{found} after {last}");
        last = found;
        let done = message["payload"]
            .pointer("/data/dataStatusChanged/dataStatus/sources/0/progress/racesDone")
            .and_then(Value::as_i64);
        if found
            >= event::last_sequence(&app.app.db, event::DATA_STATUS)
                .await
                .unwrap()
        {
            assert!(done > Some(140), "{message:#}");
            break;
        }
    }
}

#[tokio::test]
async fn who_joins_late_gets_the_present_and_then_the_same_as_all_others() {
    let app = TestApp::empty().await;
    let mut first = following(&app, None).await;
    assert_eq!(next(&mut first).await, 0);
    for expected in 1..=3 {
        assert_eq!(happen(&app).await, expected);
        assert_eq!(next(&mut first).await, expected);
    }
    let mut second = following(&app, None).await;
    assert_eq!(next(&mut second).await, 3);
    happen(&app).await;
    for socket in [&mut first, &mut second] {
        assert_eq!(next(socket).await, 4);
    }
}

#[tokio::test]
async fn who_comes_back_resumes_without_a_gap_and_without_a_doubled_one() {
    let app = TestApp::empty().await;
    happen(&app).await;
    let mut socket = following(&app, None).await;
    assert_eq!(next(&mut socket).await, 1);
    drop(socket);
    // Nothing happened meanwhile: nothing is told until something does.
    let mut idle = following(&app, Some(1)).await;
    idle.send(json!({ "type": "ping" })).await;
    assert_eq!(idle.receive().await["type"], "pong");
    happen(&app).await;
    assert_eq!(next(&mut idle).await, 2);
    // Something happened: the present at once.
    let mut behind = following(&app, Some(1)).await;
    assert_eq!(next(&mut behind).await, 2);
    // A sequence that never was, such as of a database that is gone.
    let mut ahead = following(&app, Some(99)).await;
    assert_eq!(next(&mut ahead).await, 2);
    happen(&app).await;
    for socket in [&mut idle, &mut behind, &mut ahead] {
        assert_eq!(next(socket).await, 3);
    }
}

#[tokio::test]
async fn many_who_join_while_events_come_each_see_every_sequence_after_their_first() {
    let app = std::sync::Arc::new(TestApp::empty().await);
    let mut joining = Vec::new();
    for number in 0..30_u64 {
        let app = std::sync::Arc::clone(&app);
        joining.push(tokio::spawn(async move {
            tokio::time::sleep(Duration::from_millis(number * 7)).await;
            let mut socket = following(&app, None).await;
            let mut seen = vec![next(&mut socket).await];
            while seen.last() < Some(&60) {
                seen.push(next(&mut socket).await);
            }
            seen
        }));
    }
    for _ in 0..60 {
        happen(&app).await;
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    for joined in joining {
        let seen = tokio::time::timeout(Duration::from_secs(30), joined)
            .await
            .unwrap()
            .unwrap();
        // The state at a sequence tells of all before it, so some may be told together.
        assert!(seen.is_sorted_by(|a, b| a < b), "{seen:?}");
        assert_eq!(seen.last(), Some(&60));
    }
}

#[tokio::test]
async fn event_streams_carry_the_same_subscriptions() {
    let app = TestApp::empty().await;
    let mut events = app
        .events("subscription { dataStatusChanged { sequence } }")
        .await;
    assert_eq!(sequence(&events.next().await.unwrap()), 0);
    happen(&app).await;
    assert_eq!(sequence(&events.next().await.unwrap()), 1);
    // By GET too, with where to resume in the document.
    let mut url = reqwest::Url::parse(&app.url("/graphql")).unwrap();
    let query = "subscription { dataStatusChanged(after: 1) { sequence } }";
    url.query_pairs_mut().append_pair("query", query);
    let response = app
        .client
        .get(url)
        .header("accept", "text/event-stream")
        .send()
        .await
        .unwrap();
    assert_eq!(response.headers()["cache-control"], "no-store");
    let mut resumed = Events::of(response);
    happen(&app).await;
    assert_eq!(sequence(&resumed.next().await.unwrap()), 2);
    // A query is one event and the end; what cannot run is told as an event.
    let mut query = app.events("{ __typename }").await;
    assert_eq!(query.next().await.unwrap()["data"]["__typename"], "Query");
    assert_eq!(
        query.event().await,
        Some(("complete".into(), String::new()))
    );
    let mut broken = app.events("{ nope }").await;
    let answer = broken.next().await.unwrap();
    assert_eq!(
        answer["errors"][0]["extensions"]["code"],
        "GRAPHQL_VALIDATION_FAILED"
    );
    assert_eq!(broken.next().await, None);
}

#[tokio::test]
async fn a_subscription_without_a_stream_says_where_there_is_one() {
    let app = TestApp::empty().await;
    let answer = app
        .answer("subscription { dataStatusChanged { sequence } }")
        .await;
    let message = answer["errors"][0]["message"].as_str().unwrap();
    assert!(message.contains("/graphql/ws"), "{answer:#}");
}

#[tokio::test]
async fn subscribers_of_one_question_share_its_working_out() {
    let app = TestApp::empty().await;
    let mut all = Vec::new();
    for after in [None, None, Some(0), None] {
        let mut socket = following(&app, after).await;
        if after.is_none() {
            next(&mut socket).await;
        }
        all.push(socket);
    }
    let mut other = app
        .events("subscription { dataStatusChanged { sequence } }")
        .await;
    other.next().await;
    // One statement for the heads of the streams is not counted; the status takes some.
    let before = app.statement_count();
    happen(&app).await;
    for socket in &mut all {
        assert_eq!(next(socket).await, 1);
    }
    other.next().await;
    let shared = app.statement_count() - before;
    let alone = {
        let lonely = TestApp::empty().await;
        let mut socket = following(&lonely, None).await;
        next(&mut socket).await;
        let before = lonely.statement_count();
        happen(&lonely).await;
        next(&mut socket).await;
        lonely.statement_count() - before
    };
    // `happen` itself is counted in both; there are two rooms here, not five.
    assert!(
        shared < 2 * alone,
        "{shared} statements for five, {alone} for one"
    );
}

#[tokio::test]
async fn a_reader_that_never_reads_holds_up_nobody_and_is_dropped() {
    let app = TestApp::start(Setup {
        bundled: true,
        change: |config| {
            config.websocket.queue = 4;
            config.server.write_seconds = 1;
        },
        ..Setup::default()
    })
    .await;
    // Answers so large that the system cannot hold many for somebody who does not read.
    let race =
        "lastRace { results { driver { name nationality } constructor { name nationality } } }";
    let races = (0..15)
        .map(|number| format!("a{number}: {race} "))
        .collect::<Vec<_>>()
        .concat();
    let query =
        format!("subscription {{ dataStatusChanged {{ sequence dataStatus {{ {races} }} }} }}");
    let mut slow = Socket::greeted(&app).await;
    for id in 0..40 {
        slow.subscribe(&id.to_string(), &query).await;
    }
    let mut quick = following(&app, None).await;
    let mut seen = next(&mut quick).await;
    let start = seen;
    for _ in 0..60 {
        let sequence = happen(&app).await;
        while seen < sequence {
            let before = std::time::Instant::now();
            seen = next(&mut quick).await;
            assert!(before.elapsed() < Duration::from_secs(2), "held up");
        }
    }
    assert_eq!(seen, start + 60);
    tokio::time::sleep(Duration::from_secs(2)).await;
    let mut read = 0;
    while let Some(Ok(message)) = futures::StreamExt::next(&mut slow.0).await {
        if message.is_close() {
            break;
        }
        read += 1;
    }
    assert!(read < 40 * 60, "all {read} were kept for it");
}
