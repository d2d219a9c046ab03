//! Webhooks: told of events once and in order, signed, tried again, and led nowhere private.

mod manage;

use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

use chrono::TimeDelta;
use domain::{App, clock::Clock, config::Config, event, webhook};
use sea_orm::{ConnectionTrait, TransactionTrait};
use serde_json::{Value, json};

use crate::support::{
    Setup, TODAY, TestApp,
    receiver::{Received, Receiver, Reply},
};

const TOKEN: &str = "pole-position";

const LOG: &str = "deliveries { id type status attempts dueAt attemptedAt duration responseStatus responseExcerpt error }";

async fn with(then: fn(&mut Config)) -> TestApp {
    TestApp::start(Setup {
        change: |config| {
            TOKEN.clone_into(&mut config.auth.admin_token);
            config.webhook.allow_loopback = true;
        },
        then,
        ..Setup::default()
    })
    .await
}

async fn empty() -> TestApp {
    with(|_| {}).await
}

/// What an administrator is answered.
async fn answer(app: &TestApp, query: &str, variables: Value) -> Value {
    let request = app.client.post(app.url("/graphql")).bearer_auth(TOKEN);
    let request = request.json(&json!({ "query": query, "variables": variables }));
    request.send().await.unwrap().json().await.unwrap()
}

async fn admin(app: &TestApp, query: &str, variables: Value) -> Value {
    let mut answer = answer(app, query, variables).await;
    assert_eq!(answer.get("errors"), None, "{answer:#}");
    answer["data"].take()
}

/// Registers an address; gives its id and its secret.
async fn register(app: &TestApp, url: &str, types: &[&str]) -> (String, String) {
    let query = "mutation ($url: String!, $types: [WebhookType!]!) { createWebhook(url: $url, types: $types) { secret webhook { id } } }";
    let data = admin(app, query, json!({ "url": url, "types": types })).await;
    let text = |pointer| data.pointer(pointer).unwrap().as_str().unwrap().to_owned();
    (
        text("/createWebhook/webhook/id"),
        text("/createWebhook/secret"),
    )
}

/// A webhook with the fields that are asked for.
async fn look(app: &TestApp, id: &str, fields: &str) -> Value {
    let query = format!("query ($id: ID!) {{ webhook(id: $id) {{ {fields} }} }}");
    admin(app, &query, json!({ "id": id })).await["webhook"].take()
}

/// Its log of deliveries, the newest first.
async fn log(app: &TestApp, id: &str) -> Vec<Value> {
    let mut webhook = look(app, id, LOG).await;
    let deliveries = webhook["deliveries"].take();
    deliveries.as_array().unwrap().clone()
}

async fn happen(app: &TestApp, kind: &str, subject: &str) -> i64 {
    happen_in(app, event::DATA, kind, subject).await
}

async fn happen_in(app: &TestApp, stream: &str, kind: &str, subject: &str) -> i64 {
    let transaction = app.app.db.begin().await.unwrap();
    let now = app.app.clock.now();
    let sequence = event::append(&transaction, stream, kind, subject, now).await;
    transaction.commit().await.unwrap();
    app.app.bus.committed();
    sequence.unwrap()
}

/// The application so much later.
fn later(app: &TestApp, by: TimeDelta) -> App {
    let today: chrono::DateTime<chrono::Utc> = TODAY.parse().unwrap();
    App {
        clock: Clock::standing(today + by),
        ..app.app.clone()
    }
}

async fn deliver(app: &App) -> jobs::webhook::Sent {
    jobs::webhook::deliver_due(app).await.unwrap()
}

fn ids(messages: &[Received]) -> Vec<&str> {
    messages
        .iter()
        .map(|one| one.header("webhook-id"))
        .collect()
}

#[tokio::test]
async fn an_event_is_sent_to_those_who_want_it_signed_and_once() {
    let app = empty().await;
    let (results, races) = (Receiver::start().await, Receiver::start().await);
    happen(&app, "results_published", "Race:2024_bahrain").await;
    let (id, secret) = register(&app, &results.url, &["RESULTS_PUBLISHED"]).await;
    register(&app, &races.url, &["RACE_UPDATED", "STANDINGS_CHANGED"]).await;
    happen(&app, "race_imported", "Race:2024_monaco").await;
    happen(&app, "results_published", "Race:2024_monaco").await;
    happen(&app, "import_finished", "bundled").await;
    happen(&app, "standings_computed", "Season:2024").await;
    assert_eq!(deliver(&app.app).await.delivered, 3);
    assert_eq!(deliver(&app.app).await.delivered, 0);
    let types: Vec<_> = races
        .received()
        .iter()
        .map(|one| one.json()["type"].as_str().unwrap().to_owned())
        .collect();
    assert_eq!(types, ["race.updated", "standings.changed"]);
    // What happened before it was registered is not sent.
    let messages = results.received();
    assert_eq!(messages.len(), 1);
    assert_eq!(
        messages[0].json(),
        json!({ "type": "results.published", "timestamp": TODAY, "data": { "id": "Race:2024_monaco" } })
    );
    assert!(messages[0].is_signed_by(&secret));
    assert_eq!(messages[0].header("webhook-timestamp"), "1736942400");
    assert_eq!(messages[0].header("content-type"), "application/json");
    let log = log(&app, &id).await;
    assert_eq!(log.len(), 1);
    assert_eq!(log[0]["id"], messages[0].header("webhook-id"));
    assert_eq!(log[0]["type"], "RESULTS_PUBLISHED");
    assert_eq!(log[0]["status"], "DELIVERED");
    assert_eq!(log[0]["attempts"], 1);
    assert_eq!(log[0]["responseStatus"], 204);
    assert!(log[0]["duration"].is_u64());
    assert_eq!(log[0]["dueAt"], Value::Null);
}

#[tokio::test]
async fn what_failed_is_sent_again_when_it_is_due_under_the_same_id() {
    let app = empty().await;
    let receiver = Receiver::start().await;
    let (id, secret) = register(&app, &receiver.url, &["RACE_UPDATED"]).await;
    receiver.next([Reply::Status(500)]);
    happen(&app, "race_imported", "Race:2024_monaco").await;
    assert_eq!(deliver(&app.app).await.failed, 1);
    assert_eq!(
        deliver(&later(&app, TimeDelta::seconds(59))).await.failed,
        0
    );
    let failed = log(&app, &id).await;
    assert_eq!(failed[0]["status"], "PENDING");
    assert_eq!(failed[0]["responseStatus"], 500);
    assert_eq!(failed[0]["responseExcerpt"], "as I was told");
    assert_eq!(failed[0]["error"], "answered with status 500");
    assert_eq!(
        look(&app, &id, "failingSince").await["failingSince"],
        "2025-01-15T12:00:00+00:00"
    );
    let sent = deliver(&later(&app, TimeDelta::seconds(70))).await;
    assert_eq!(sent.delivered, 1);
    let messages = receiver.received();
    assert_eq!(messages.len(), 2);
    assert_eq!(ids(&messages)[0], ids(&messages)[1]);
    assert_eq!(messages[0].body, messages[1].body);
    assert!(messages.iter().all(|one| one.is_signed_by(&secret)));
    let delivered = log(&app, &id).await;
    assert_eq!(delivered[0]["status"], "DELIVERED");
    assert_eq!(delivered[0]["attempts"], 2);
    assert_eq!(delivered[0]["error"], Value::Null);
    let webhook = look(&app, &id, "failingSince").await;
    assert_eq!(webhook["failingSince"], Value::Null);
}

#[tokio::test]
async fn a_receiver_that_fails_is_not_sent_the_next_at_once_and_one_event_holds_up_no_other() {
    let app = empty().await;
    let receiver = Receiver::start().await;
    let (id, _) = register(&app, &receiver.url, &["RACE_UPDATED"]).await;
    for race in ["2024_bahrain", "2024_monaco"] {
        happen(&app, "race_imported", &format!("Race:{race}")).await;
    }
    receiver.next([Reply::With(503, "retry-after", "3600")]);
    assert_eq!(deliver(&app.app).await.failed, 1);
    assert_eq!(receiver.received().len(), 1);
    assert_eq!(deliver(&app.app).await.delivered, 1);
    // As long as it asked for, not a minute.
    assert_eq!(
        log(&app, &id).await[1]["dueAt"],
        "2025-01-15T13:00:00+00:00"
    );
}

#[tokio::test]
async fn a_delivery_whose_worker_was_killed_is_sent_again_under_the_same_id() {
    let app = empty().await;
    let receiver = Receiver::start().await;
    let (id, _) = register(&app, &receiver.url, &["RACE_UPDATED"]).await;
    receiver.next([Reply::Never]);
    happen(&app, "race_imported", "Race:2024_monaco").await;
    let dying = app.app.clone();
    let worker = tokio::spawn(async move { deliver(&dying).await });
    while receiver.received().is_empty() {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    // It has been sent, and nobody is left to note it.
    worker.abort();
    assert!(worker.await.unwrap_err().is_cancelled());
    // Others could not know that it is dead.
    assert_eq!(deliver(&app.app).await, jobs::webhook::Sent::default());
    assert_eq!(
        deliver(&later(&app, TimeDelta::minutes(2))).await.delivered,
        1
    );
    let messages = receiver.received();
    assert_eq!(ids(&messages).len(), 2);
    assert_eq!(ids(&messages)[0], ids(&messages)[1]);
    assert_eq!(log(&app, &id).await[0]["status"], "DELIVERED");
}

#[tokio::test]
async fn a_worker_that_comes_back_late_changes_nothing() {
    let app = empty().await;
    let receiver = Receiver::start().await;
    let (id, _) = register(&app, &receiver.url, &["RACE_UPDATED"]).await;
    happen(&app, "race_imported", "Race:2024_monaco").await;
    webhook::collect(&app.app).await.unwrap();
    let bare = id.trim_start_matches("Webhook:");
    let late = webhook::claim(&app.app, bare).await.unwrap().unwrap();
    assert!(webhook::claim(&app.app, bare).await.unwrap().is_none());
    let after = later(&app, TimeDelta::minutes(2));
    assert_eq!(deliver(&after).await.delivered, 1);
    let outcome = webhook::Outcome::Failed {
        reason: "asleep".to_owned(),
    };
    webhook::note(&after, &late, &outcome, Duration::ZERO)
        .await
        .unwrap();
    let log = log(&app, &id).await;
    assert_eq!(log[0]["status"], "DELIVERED");
    assert_eq!(log[0]["error"], Value::Null);
    let webhook = look(&app, &id, "failingSince").await;
    assert_eq!(webhook["failingSince"], Value::Null);
}

#[tokio::test]
async fn several_workers_at_once_send_each_event_once() {
    let app = empty().await;
    let receiver = Receiver::start().await;
    register(&app, &receiver.url, &["RACE_UPDATED"]).await;
    for number in 0..40 {
        happen(&app, "race_imported", &format!("Race:2024_{number}")).await;
    }
    let workers = [(); 4].map(|()| {
        let app = app.app.clone();
        tokio::spawn(async move { deliver(&app).await })
    });
    let mut delivered = 0;
    for worker in workers {
        delivered += worker.await.unwrap().delivered;
    }
    assert_eq!(delivered, 40);
    let messages = receiver.received();
    let different: BTreeSet<_> = ids(&messages).into_iter().collect();
    assert_eq!((messages.len(), different.len()), (40, 40));
    let mut subjects = BTreeMap::new();
    for one in &messages {
        *subjects
            .entry(one.json()["data"]["id"].to_string())
            .or_insert(0) += 1;
    }
    assert!(subjects.len() == 40 && subjects.values().all(|times| *times == 1));
}

#[tokio::test]
async fn a_receiver_that_fails_for_long_is_given_up_and_then_disabled() {
    let app = with(|config| config.webhook.disable_after_hours = 24).await;
    let receiver = Receiver::start().await;
    let (id, _) = register(&app, &receiver.url, &["RACE_UPDATED"]).await;
    receiver.next(vec![Reply::Status(404); 8]);
    happen(&app, "race_imported", "Race:2024_monaco").await;
    let mut passed = TimeDelta::zero();
    let mut tries = 0;
    while receiver.received().len() < 8 {
        deliver(&later(&app, passed)).await;
        passed += TimeDelta::minutes(1).max(passed / 20);
        tries += 1;
        assert!(
            tries < 300,
            "{} tries after {passed}",
            receiver.received().len()
        );
    }
    assert!(passed > TimeDelta::hours(27), "{passed}");
    let log = log(&app, &id).await;
    assert_eq!(log[0]["status"], "GIVEN_UP");
    assert_eq!(log[0]["attempts"], 8);
    let webhook = look(&app, &id, "enabled disabledBecause").await;
    assert_eq!(
        webhook,
        json!({ "enabled": false, "disabledBecause": "nothing was delivered for 24 hours" })
    );
    happen(&app, "race_imported", "Race:2024_monaco").await;
    assert_eq!(
        deliver(&later(&app, passed)).await,
        jobs::webhook::Sent::default()
    );
}

#[tokio::test]
async fn a_receiver_that_says_it_is_gone_is_disabled_at_once() {
    let app = empty().await;
    let receiver = Receiver::start().await;
    let (id, _) = register(&app, &receiver.url, &["RACE_UPDATED"]).await;
    receiver.next([Reply::Status(410)]);
    happen(&app, "race_imported", "Race:2024_monaco").await;
    assert_eq!(deliver(&app.app).await.given_up, 1);
    let webhook = look(&app, &id, "enabled disabledBecause").await;
    assert_eq!(webhook["enabled"], false);
    assert_eq!(
        webhook["disabledBecause"],
        "the receiver answered 410: gone"
    );
}

#[tokio::test]
async fn redirects_are_not_followed_and_long_answers_are_cut() {
    let app = empty().await;
    let receiver = Receiver::start().await;
    let (id, _) = register(&app, &receiver.url, &["RACE_UPDATED"]).await;
    receiver.next([
        Reply::With(302, "location", "http://169.254.169.254/"),
        Reply::Long(4_000_000),
    ]);
    for race in ["2024_bahrain", "2024_monaco"] {
        happen(&app, "race_imported", &format!("Race:{race}")).await;
    }
    assert_eq!(deliver(&app.app).await.failed, 1);
    assert_eq!(deliver(&app.app).await.delivered, 1);
    let log = log(&app, &id).await;
    assert_eq!(log[1]["error"], "answered with status 302");
    let excerpt = log[0]["responseExcerpt"].as_str().unwrap();
    assert_eq!(excerpt, "é".repeat(500));
}

#[tokio::test]
async fn nothing_is_sent_to_an_address_that_is_no_longer_allowed() {
    let app = empty().await;
    let receiver = Receiver::start().await;
    let (id, _) = register(&app, &receiver.url, &["RACE_UPDATED"]).await;
    happen(&app, "race_imported", "Race:2024_monaco").await;
    let mut config = (*app.app.config).clone();
    config.webhook.allow_loopback = false;
    let strict = App {
        config: config.into(),
        ..app.app.clone()
    };
    for (minutes, url) in [
        (0, receiver.url.as_str()),
        (2, "https://169.254.169.254/latest"),
        (10, "https://[fd00:ec2::254]/"),
        // A name, looked up when it is connected to.
        (60, "https://localhost.localdomain:1/"),
    ] {
        let sql = format!("UPDATE webhook SET url = '{url}'");
        app.app.db.execute_unprepared(&sql).await.unwrap();
        let at = later(&app, TimeDelta::minutes(minutes));
        let strict = App {
            clock: at.clock,
            ..strict.clone()
        };
        assert_eq!(deliver(&strict).await.failed, 1, "{url}");
    }
    assert_eq!(receiver.received().len(), 0);
    assert_eq!(log(&app, &id).await[0]["responseStatus"], Value::Null);
}

#[tokio::test]
async fn what_is_sent_says_where_to_look() {
    let app = TestApp::start(Setup {
        bundled: true,
        change: |config| {
            TOKEN.clone_into(&mut config.auth.admin_token);
            config.webhook.allow_loopback = true;
            "https://f1.example.org".clone_into(&mut config.webhook.public_url);
        },
        ..Setup::default()
    })
    .await;
    let receiver = Receiver::start().await;
    register(
        &app,
        &receiver.url,
        &[
            "RACE_UPDATED",
            "RESULTS_PUBLISHED",
            "STANDINGS_CHANGED",
            "FORECAST_PUBLISHED",
        ],
    )
    .await;
    happen(&app, "race_imported", "Race:2024_monaco").await;
    happen(&app, "results_published", "Race:2024_monaco").await;
    happen(&app, "standings_computed", "Season:2024").await;
    let (stream, kind) = (event::FORECAST, event::FORECAST_PUBLISHED);
    for said in ["elo/POST_QUALIFYING/RACE", "elo/PRE_WEEKEND/QUALIFYING"] {
        happen_in(&app, stream, kind, &format!("Forecast:2024_monaco/{said}")).await;
    }
    assert_eq!(deliver(&app.app).await.delivered, 5);
    for one in receiver.received() {
        let url = one.json()["data"]["url"].as_str().unwrap().to_owned();
        let path = url.strip_prefix("https://f1.example.org").unwrap();
        let answer = app.client.get(app.url(path)).send().await.unwrap();
        let answer: Value = answer.json().await.unwrap();
        assert_eq!(answer.get("errors"), None, "{url}: {answer:#}");
        let found = answer["data"].as_object().unwrap().values().next();
        assert!(found.unwrap().is_object(), "{url}: {answer:#}");
    }
}

#[tokio::test]
async fn the_log_goes_back_as_far_as_it_is_told() {
    let app = with(|config| config.webhook.keep_days = 3).await;
    let receiver = Receiver::start().await;
    let (id, _) = register(&app, &receiver.url, &["RACE_UPDATED"]).await;
    happen(&app, "race_imported", "Race:2024_monaco").await;
    deliver(&app.app).await;
    let before = later(&app, TimeDelta::days(3));
    assert_eq!(webhook::clean_up(&before).await.unwrap(), 0);
    let after = later(&app, TimeDelta::days(3) + TimeDelta::seconds(1));
    assert_eq!(webhook::clean_up(&after).await.unwrap(), 1);
    assert!(log(&app, &id).await.is_empty());
    // What was sent is not sent again.
    assert_eq!(deliver(&after).await, jobs::webhook::Sent::default());
    assert_eq!(receiver.received().len(), 1);
}

#[tokio::test]
async fn an_import_is_told_of_without_anybody_asking() {
    let app = empty().await;
    let receiver = Receiver::start().await;
    let types = ["RESULTS_PUBLISHED", "STANDINGS_CHANGED"];
    register(&app, &receiver.url, &types).await;
    let sending = tokio::spawn(jobs::webhook::keep_delivering(app.app.clone()));
    let loaded = jobs::bundled::load(&app.app, |_| {}).await.unwrap();
    // A message for each race that has results by now, and one for each season.
    let told = |name: &str| {
        let messages = receiver.received();
        let told = messages.iter().filter(|one| one.json()["type"] == name);
        told.map(|one| one.json()["data"]["id"].to_string())
            .collect::<BTreeSet<_>>()
    };
    let query = "{ seasons { year races { id status } } }";
    let data = app.data(query).await;
    let seasons = data["seasons"].as_array().unwrap();
    let races = seasons
        .iter()
        .flat_map(|season| season["races"].as_array().unwrap());
    let run = races.filter(|race| race["status"] == "COMPLETED");
    let run: BTreeSet<_> = run.map(|race| race["id"].to_string()).collect();
    assert!(run.len() > 20 && run.len() <= loaded.changed, "{run:?}");
    for _ in 0..600 {
        if told("results.published") == run && told("standings.changed").len() == seasons.len() {
            break;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    assert_eq!(told("results.published"), run);
    assert_eq!(told("standings.changed").len(), seasons.len());
    // The same again brings nothing new.
    let before = receiver.received().len();
    jobs::bundled::load(&app.app, |_| {}).await.unwrap();
    tokio::time::sleep(Duration::from_millis(500)).await;
    assert_eq!(receiver.received().len(), before);
    sending.abort();
}
