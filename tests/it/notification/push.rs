//! Who is told at once: subscribers, and services that send to phones.

use serde_json::{Value, json};

use super::{Kind, TOKEN, bundled, found, join, tell};
use crate::{
    account::{Person, data, register},
    support::{TestApp, json::each, receiver::Receiver, streams::Socket},
};

const FOLLOW: &str = "subscription ($after: Int) { notificationReceived(after: $after) { sequence gap { from to reason } unread notification { kind message league { name } } } }";

/// A socket on which somebody follows, from the present or from a sequence.
async fn following(app: &TestApp, person: &Person, after: Option<i64>) -> Socket {
    let bearer = json!({ "Authorization": format!("Bearer {}", person.access) });
    let mut socket = Socket::greeted_with(app, bearer).await;
    let payload = json!({ "query": FOLLOW, "variables": { "after": after } });
    socket.subscribe_with("1", payload).await;
    socket
}

async fn next(socket: &mut Socket) -> Value {
    let mut message = socket.receive().await;
    assert_eq!(message["type"], "next", "{message:#}");
    assert_eq!(message["payload"].get("errors"), None, "{message:#}");
    message["payload"]["data"]["notificationReceived"].take()
}

#[tokio::test]
async fn a_subscriber_is_told_at_once_of_its_own_notifications_alone() {
    let app = bundled().await;
    let [max, lando] = [register(&app, "Max").await, register(&app, "Lando").await];
    let (league, code) = found(&app, &max, "Sunday club").await;
    join(&app, &lando, &code).await;
    let mut socket = following(&app, &max, None).await;
    let nothing = json!({ "sequence": 0, "gap": null, "unread": 0, "notification": null });
    assert_eq!(next(&mut socket).await, nothing);
    tell(&app, &lando, &league, Kind::DraftOpened).await;
    tell(&app, &max, &league, Kind::YourTurn).await;
    let told = |sequence: i64, unread: i64| {
        json!({
            "sequence": sequence,
            "gap": null,
            "unread": unread,
            "notification": {
                "kind": "YOUR_TURN",
                "message": "It is your turn to pick for the 2024 Monaco Grand Prix in Sunday club.",
                "league": { "name": "Sunday club" },
            },
        })
    };
    assert_eq!(next(&mut socket).await, told(2, 1));
    let mut other = following(&app, &lando, None).await;
    assert_eq!(next(&mut other).await["unread"], 1);
    tell(&app, &max, &league, Kind::YourTurn).await;
    assert_eq!(next(&mut socket).await, told(3, 2));
}

#[tokio::test]
async fn who_comes_back_is_told_what_was_missed_and_nothing_twice() {
    let app = bundled().await;
    let [max, lando] = [register(&app, "Max").await, register(&app, "Lando").await];
    let (league, code) = found(&app, &max, "Sunday club").await;
    join(&app, &lando, &code).await;
    let mut socket = following(&app, &max, None).await;
    next(&mut socket).await;
    tell(&app, &max, &league, Kind::DraftOpened).await;
    let seen = next(&mut socket).await["sequence"].as_i64().unwrap();
    drop(socket);
    tell(&app, &max, &league, Kind::YourTurn).await;
    tell(&app, &lando, &league, Kind::YourTurn).await;
    tell(&app, &max, &league, Kind::DraftClosed).await;
    let mut back = following(&app, &max, Some(seen)).await;
    tell(&app, &max, &league, Kind::Scored).await;
    let mut missed = Vec::new();
    for _ in 0..3 {
        missed.push(next(&mut back).await);
    }
    let missed = Value::from(missed);
    assert_eq!(each(&missed, "/sequence"), [2, 4, 5]);
    let kinds = ["YOUR_TURN", "DRAFT_CLOSED", "SCORED"];
    assert_eq!(each(&missed, "/notification/kind"), kinds);
    // A sequence that never was.
    let mut lost = following(&app, &max, Some(99)).await;
    let told = next(&mut lost).await;
    assert_eq!(told["gap"]["reason"], "UNKNOWN");
    assert_eq!(told["notification"], Value::Null);
    assert_eq!(told["unread"], 4);
}

#[tokio::test]
async fn nobody_is_told_anything_without_an_account() {
    let app = bundled().await;
    for token in ["", TOKEN] {
        let bearer = json!({ "Authorization": format!("Bearer {token}") });
        let mut socket = Socket::greeted_with(&app, bearer).await;
        socket.subscribe("1", FOLLOW).await;
        let message = socket.receive().await;
        assert_eq!(message["type"], "error", "{message:#}");
        let code = &message["payload"][0]["extensions"]["code"];
        assert_eq!(code, "UNAUTHENTICATED");
    }
}

#[tokio::test]
async fn a_service_that_sends_to_phones_is_told_who_what_and_of_which_draft() {
    let app = bundled().await;
    let receiver = Receiver::start().await;
    let max = register(&app, "Max").await;
    let (league, _) = found(&app, &max, "Sunday club").await;
    // What was told before is not sent.
    tell(&app, &max, &league, Kind::DraftOpened).await;
    let query =
        "mutation ($url: String!) { createWebhook(url: $url, types: [NOTIFICATION]) { secret } }";
    let made = data(&app, TOKEN, query, json!({ "url": receiver.url })).await;
    tell(&app, &max, &league, Kind::YourTurn).await;
    let sent = jobs::webhook::deliver_due(&app.app).await.unwrap();
    assert_eq!(sent.delivered, 1);
    let messages = receiver.received();
    let secret = made["createWebhook"]["secret"].as_str().unwrap();
    assert!(messages[0].is_signed_by(secret));
    let mine = "{ viewer { notifications(first: 1) { nodes { id draft { id } } } } }";
    let mine = data(&app, &max.access, mine, json!({})).await;
    let mine = &mine["viewer"]["notifications"]["nodes"][0];
    assert_eq!(
        messages[0].json(),
        json!({
            "type": "notification",
            "timestamp": crate::support::TODAY,
            "data": {
                "id": mine["id"],
                "user": max.id,
                "kind": "YOUR_TURN",
                "message": "It is your turn to pick for the 2024 Monaco Grand Prix in Sunday club.",
                "league": league,
                "draft": mine["draft"]["id"],
            },
        })
    );
}
