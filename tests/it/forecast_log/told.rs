//! Who is told of what is said before a race: subscribers and webhooks.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::{FRIDAY, QUALIFIED, public, publish, server, words};
use crate::support::{Setup, TestApp, json::items, receiver::Receiver, streams::Socket};

const FOLLOW: &str = "subscription ($race: ID, $engine: EngineId, $after: Int) {
  forecastPublished(race: $race, engine: $engine, after: $after) {
    sequence
    forecast { ...what }
    snapshot { ...what }
  }
}
fragment what on Forecast { race { ref } engine { id } stage target origin frozen entries(first: 1) { winProbability { value } } }";

async fn following(app: &TestApp, variables: Value) -> Socket {
    let mut socket = Socket::greeted(app).await;
    let payload = json!({ "query": FOLLOW, "variables": variables });
    socket.subscribe_with("1", payload).await;
    socket
}

async fn next(socket: &mut Socket) -> Value {
    let mut message = socket.receive().await;
    assert_eq!(message["type"], "next", "{message:#}");
    let payload = message["payload"].take();
    assert_eq!(payload.get("errors"), None, "{payload:#}");
    payload["data"]["forecastPublished"].clone()
}

/// Nothing is told before what is asked for next.
async fn silent(socket: &mut Socket) {
    socket.send(json!({ "type": "ping" })).await;
    assert_eq!(socket.receive().await["type"], "pong");
}

fn name(forecast: &Value) -> String {
    let part = |pointer: &str| forecast.pointer(pointer).unwrap().as_str().unwrap();
    format!(
        "{}/{}/{}",
        part("/engine/id"),
        part("/stage"),
        part("/target")
    )
}

fn names(forecasts: &Value) -> BTreeSet<String> {
    items(forecasts).iter().map(name).collect()
}

#[tokio::test]
async fn each_forecast_is_told_once_and_in_order_and_who_comes_back_misses_none() {
    let app = server(FRIDAY).await;
    let friday = public(&app, FRIDAY).await;
    let mut all = following(&app, json!({})).await;
    let first = next(&mut all).await;
    assert_eq!(
        first,
        json!({ "sequence": 0, "forecast": null, "snapshot": [] })
    );
    let mut elo = following(
        &app,
        json!({ "race": "Race:2022_bahrain", "engine": "ELO" }),
    )
    .await;
    next(&mut elo).await;
    let mut other = following(&app, json!({ "race": "2022_saudi_arabian" })).await;
    next(&mut other).await;

    assert_eq!(publish(&friday).await, 5);
    let mut told = BTreeSet::new();
    for sequence in 1..=5 {
        let news = next(&mut all).await;
        assert_eq!(news["sequence"], sequence);
        assert_eq!(news["snapshot"], Value::Null);
        let forecast = &news["forecast"];
        assert_eq!(forecast["race"]["ref"], "2022_bahrain");
        assert_eq!(
            (&forecast["origin"], &forecast["frozen"]),
            (&json!("LIVE"), &json!(false))
        );
        assert!(told.insert(name(forecast)));
    }
    assert_eq!(told.len(), 5);
    let mut last = Value::Null;
    for _ in 0..2 {
        let news = next(&mut elo).await;
        assert_eq!(news["forecast"]["engine"]["id"], "ELO");
        last = news["sequence"].clone();
    }
    silent(&mut other).await;

    // Who comes now is told at once what stands; who was there, what it has missed.
    let mut late = following(&app, json!({ "race": "2022_bahrain" })).await;
    let snapshot = next(&mut late).await;
    assert_eq!(snapshot["sequence"], 5);
    assert_eq!(names(&snapshot["snapshot"]), told);
    let mut back = following(&app, json!({ "after": 3 })).await;
    for sequence in [4, 5] {
        assert_eq!(next(&mut back).await["sequence"], sequence);
    }
    let mut idle = following(&app, json!({ "engine": "ELO", "after": last })).await;
    silent(&mut idle).await;

    // What was replaced meanwhile is told by what took its place.
    drop(all);
    let qualified = public(&app, QUALIFIED).await;
    let written = publish(&qualified).await;
    let standing = words(&qualified).await;
    let mut back = following(&app, json!({ "after": 0 })).await;
    let mut seen = Vec::new();
    for word in &standing {
        let news = next(&mut back).await;
        assert_eq!(news["sequence"], json!(word.sequence));
        seen.push(name(&news["forecast"]));
    }
    silent(&mut back).await;
    assert!(written < standing.len() && seen.len() == standing.len());
    assert_eq!(seen.iter().collect::<BTreeSet<_>>().len(), seen.len());
    for sequence in 6..=5 + written {
        assert_eq!(next(&mut late).await["sequence"], sequence);
    }
    // Freezing and scoring are no news to them.
    let start = super::at(&app, super::START);
    domain::forecast::freeze(&start).await.unwrap();
    silent(&mut late).await;
    // A sequence that never was: how things stand.
    let mut ahead = following(&app, json!({ "race": "2022_bahrain", "after": 100_000 })).await;
    let snapshot = next(&mut ahead).await;
    assert_eq!(items(&snapshot["snapshot"]).len(), standing.len());
}

#[tokio::test]
async fn a_race_that_is_none_cannot_be_listened_to() {
    let app = server(FRIDAY).await;
    for (race, code) in [
        ("2022_atlantis", "NOT_FOUND"),
        ("Driver:norris", "BAD_USER_INPUT"),
    ] {
        let mut socket = following(&app, json!({ "race": race })).await;
        let message = socket.receive().await;
        let errors = match message["type"].as_str() {
            Some("error") => &message["payload"],
            _ => &message["payload"]["errors"],
        };
        assert_eq!(errors[0]["extensions"]["code"], code, "{message:#}");
    }
}

#[tokio::test]
async fn a_webhook_is_told_of_each_forecast_and_where_to_look() {
    let app = TestApp::start(Setup {
        now: super::time(FRIDAY),
        change: |config| {
            "pole-position".clone_into(&mut config.auth.admin_token);
            config.webhook.allow_loopback = true;
            "https://f1.example.org".clone_into(&mut config.webhook.public_url);
        },
        ..Setup::default()
    })
    .await;
    let friday = public(&app, FRIDAY).await;
    let receiver = Receiver::start().await;
    let mutation = format!(
        "mutation {{ createWebhook(url: \"{}\", types: [FORECAST_PUBLISHED]) {{ secret }} }}",
        receiver.url
    );
    let request = app
        .client
        .post(app.url("/graphql"))
        .bearer_auth("pole-position");
    let request = request.json(&json!({ "query": mutation }));
    let answer: Value = request.send().await.unwrap().json().await.unwrap();
    assert_eq!(answer.get("errors"), None, "{answer:#}");

    let written = publish(&friday).await;
    let sent = jobs::webhook::deliver_due(&friday).await.unwrap();
    assert_eq!(sent.delivered, written);
    let mut subjects = BTreeSet::new();
    for message in receiver.received() {
        let body = message.json();
        assert_eq!(body["type"], "forecast.published");
        let subject = body["data"]["id"].as_str().unwrap().to_owned();
        let url = body["data"]["url"].as_str().unwrap();
        let path = url.strip_prefix("https://f1.example.org").unwrap();
        let answer = app.client.get(app.url(path)).send().await.unwrap();
        let answer: Value = answer.json().await.unwrap();
        assert_eq!(answer.get("errors"), None, "{url}: {answer:#}");
        let field = if subject.ends_with("/QUALIFYING") {
            "qualifyingForecast"
        } else {
            "forecast"
        };
        let found = &answer["data"]["race"][field]["generatedAt"];
        assert_eq!(*found, "2022-03-18T12:00:00+00:00", "{subject}");
        subjects.insert(subject);
    }
    assert_eq!(subjects.len(), written);
    assert!(
        subjects.contains("Forecast:2022_bahrain/elo/PRE_WEEKEND/QUALIFYING"),
        "{subjects:?}"
    );
    // Freezing is no news to it.
    let start = super::at(&app, super::START);
    assert_eq!(domain::forecast::freeze(&start).await.unwrap(), written);
    let sent = jobs::webhook::deliver_due(&start).await.unwrap();
    assert_eq!(sent.delivered, 0);
}
