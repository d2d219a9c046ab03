//! Who may register webhooks, what is refused, and what becomes of secrets.

use chrono::TimeDelta;
use domain::App;
use sea_orm::EntityTrait;
use serde_json::{Value, json};

use super::{admin, answer, deliver, empty, happen, ids, later, look, register, with};
use crate::support::{TestApp, receiver::Receiver};

/// Code, reason and sentence of the only error.
async fn refused(app: &TestApp, query: &str, variables: Value) -> (String, Value, String) {
    let answer = answer(app, query, variables).await;
    let errors = answer["errors"].as_array().unwrap();
    assert_eq!(errors.len(), 1, "{answer:#}");
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    (
        text(&errors[0]["extensions"]["code"]),
        errors[0]["extensions"]["reason"].clone(),
        text(&errors[0]["message"]),
    )
}

#[tokio::test]
async fn only_administrators_manage_webhooks() {
    let app = empty().await;
    let (id, _) = register(&app, "http://127.0.0.1:9/", &["RACE_UPDATED"]).await;
    for query in [
        "{ webhooks { url } }".to_owned(),
        format!("{{ webhook(id: \"{id}\") {{ url }} }}"),
        "mutation { createWebhook(url: \"https://example.org\", types: [RACE_UPDATED]) { secret } }"
            .to_owned(),
        format!("mutation {{ updateWebhook(id: \"{id}\", enabled: false) {{ url }} }}"),
        format!("mutation {{ deleteWebhook(id: \"{id}\") }}"),
        format!("mutation {{ rotateWebhookSecret(id: \"{id}\") {{ secret }} }}"),
        format!("mutation {{ pingWebhook(id: \"{id}\") {{ id }} }}"),
        "mutation { redeliverWebhook(delivery: \"msg_1\") { id } }".to_owned(),
    ] {
        assert_eq!(app.error_code(&query).await, "UNAUTHENTICATED", "{query}");
    }
    assert_eq!(look(&app, &id, "enabled").await["enabled"], true);
}

#[tokio::test]
async fn addresses_that_are_not_on_the_public_internet_are_refused() {
    let app = with(|config| config.webhook.allow_loopback = false).await;
    let query = "mutation ($url: String!) { createWebhook(url: $url, types: [RACE_UPDATED]) { webhook { id } } }";
    for url in [
        "http://example.org/",
        "https://localhost/",
        "https://127.0.0.1/",
        "https://10.1.2.3/",
        "https://169.254.169.254/latest/meta-data",
        "https://0x7f000001/",
        "https://[::ffff:192.168.0.1]/",
        "https://me:secret@example.org/",
        "somewhere",
    ] {
        let (code, _, message) = refused(&app, query, json!({ "url": url })).await;
        assert_eq!(code, "BAD_USER_INPUT", "{url}");
        assert!(message.starts_with("the webhook's address"), "{message}");
    }
    let data = admin(&app, query, json!({ "url": "https://example.org/hook" })).await;
    let id = data["createWebhook"]["webhook"]["id"].as_str().unwrap();
    let change =
        "mutation ($id: ID!) { updateWebhook(id: $id, url: \"https://10.0.0.1/\") { url } }";
    let (code, _, _) = refused(&app, change, json!({ "id": id })).await;
    assert_eq!(code, "BAD_USER_INPUT");
    let webhook = look(&app, id, "url").await;
    assert_eq!(webhook["url"], "https://example.org/hook");
}

#[tokio::test]
async fn a_webhook_is_listed_changed_and_forgotten() {
    let app = empty().await;
    let receiver = Receiver::start().await;
    let (id, _) = register(&app, &receiver.url, &["RACE_UPDATED"]).await;
    let change = "mutation ($id: ID!) { updateWebhook(id: $id, types: [STANDINGS_CHANGED, RESULTS_PUBLISHED, RESULTS_PUBLISHED], description: \"my page\", enabled: false) { types description enabled disabledBecause } }";
    let changed = admin(&app, change, json!({ "id": id })).await;
    assert_eq!(
        changed["updateWebhook"],
        json!({ "types": ["RESULTS_PUBLISHED", "STANDINGS_CHANGED"], "description": "my page", "enabled": false, "disabledBecause": null })
    );
    // What happens while it is disabled is not sent, then or later.
    happen(&app, "results_published", "Race:2024_bahrain").await;
    assert_eq!(deliver(&app.app).await.delivered, 0);
    let enable = "mutation ($id: ID!) { updateWebhook(id: $id, enabled: true) { enabled } }";
    admin(&app, enable, json!({ "id": id })).await;
    happen(&app, "race_imported", "Race:2024_monaco").await;
    happen(&app, "results_published", "Race:2024_monaco").await;
    assert_eq!(deliver(&app.app).await.delivered, 1);
    assert_eq!(
        receiver.received()[0].json()["data"]["id"],
        "Race:2024_monaco"
    );
    let list = admin(&app, "{ webhooks { id } }", json!({})).await;
    assert_eq!(list["webhooks"], json!([{ "id": id }]));
    let delete = "mutation ($id: ID!) { deleteWebhook(id: $id) }";
    let gone = admin(&app, delete, json!({ "id": id })).await;
    assert_eq!(gone["deleteWebhook"], id);
    assert_eq!(
        refused(&app, delete, json!({ "id": id })).await.0,
        "NOT_FOUND"
    );
    assert_eq!(look(&app, &id, "url").await, Value::Null);
    let left = entities::webhook_delivery::Entity::find();
    assert!(left.all(&app.app.db).await.unwrap().is_empty());
}

#[tokio::test]
async fn what_makes_no_sense_is_refused_with_a_reason() {
    let app = empty().await;
    let create = "mutation ($types: [WebhookType!]!, $text: String! = \"\") { createWebhook(url: \"https://example.org\", types: $types, description: $text) { secret } }";
    let (code, _, message) = refused(&app, create, json!({ "types": [] })).await;
    assert_eq!(code, "BAD_USER_INPUT");
    assert!(message.contains("`types`"), "{message}");
    let long = json!({ "types": ["RACE_UPDATED"], "text": "x".repeat(201) });
    assert_eq!(refused(&app, create, long).await.0, "BAD_USER_INPUT");
    let other = "{ webhook(id: \"Race:2024_monaco\") { url } }";
    assert_eq!(refused(&app, other, json!({})).await.0, "BAD_USER_INPUT");
    let unknown = "mutation { redeliverWebhook(delivery: \"msg_1\") { id } }";
    assert_eq!(refused(&app, unknown, json!({})).await.0, "NOT_FOUND");
    for _ in 0..25 {
        register(&app, "https://example.org", &["RACE_UPDATED"]).await;
    }
    let one_more = json!({ "types": ["RACE_UPDATED"] });
    let (code, reason, _) = refused(&app, create, one_more).await;
    assert_eq!(
        (code.as_str(), reason),
        ("CONFLICT", json!("TOO_MANY_WEBHOOKS"))
    );
}

#[tokio::test]
async fn a_webhook_is_tried_out_and_a_delivery_sent_again() {
    let app = empty().await;
    let receiver = Receiver::start().await;
    let (id, secret) = register(&app, &receiver.url, &["RACE_UPDATED"]).await;
    let ping = "mutation ($id: ID!) { pingWebhook(id: $id) { id type status } }";
    let pinged = admin(&app, ping, json!({ "id": id })).await;
    assert_eq!(pinged["pingWebhook"]["status"], "PENDING");
    let delivery = pinged["pingWebhook"]["id"].as_str().unwrap();
    let again = "mutation ($id: ID!) { redeliverWebhook(delivery: $id) { status attempts } }";
    let (code, reason, _) = refused(&app, again, json!({ "id": delivery })).await;
    assert_eq!(
        (code.as_str(), reason),
        ("CONFLICT", json!("DELIVERY_PENDING"))
    );
    assert_eq!(deliver(&app.app).await.delivered, 1);
    let resent = admin(&app, again, json!({ "id": delivery })).await;
    assert_eq!(
        resent["redeliverWebhook"],
        json!({ "status": "PENDING", "attempts": 0 })
    );
    assert_eq!(deliver(&app.app).await.delivered, 1);
    let messages = receiver.received();
    assert_eq!(ids(&messages), [delivery, delivery]);
    assert_eq!(messages[0].json()["type"], "ping");
    assert_eq!(messages[0].json()["data"]["id"], id);
    assert!(messages.iter().all(|one| one.is_signed_by(&secret)));
    let disable = "mutation ($id: ID!) { updateWebhook(id: $id, enabled: false) { url } }";
    admin(&app, disable, json!({ "id": id })).await;
    for (query, id) in [(ping, id.as_str()), (again, delivery)] {
        let (code, reason, _) = refused(&app, query, json!({ "id": id })).await;
        assert_eq!(
            (code.as_str(), reason),
            ("CONFLICT", json!("WEBHOOK_DISABLED"))
        );
    }
}

#[tokio::test]
async fn a_rotated_secret_signs_beside_the_one_before_for_a_day() {
    let app = empty().await;
    let receiver = Receiver::start().await;
    let (id, old) = register(&app, &receiver.url, &["RACE_UPDATED"]).await;
    let rotate = "mutation ($id: ID!) { rotateWebhookSecret(id: $id) { secret webhook { earlierSecretUntil } } }";
    let rotated = admin(&app, rotate, json!({ "id": id })).await;
    let new = rotated["rotateWebhookSecret"]["secret"].as_str().unwrap();
    assert_ne!(new, old);
    let until = &rotated["rotateWebhookSecret"]["webhook"]["earlierSecretUntil"];
    assert_eq!(*until, "2025-01-16T12:00:00+00:00");
    happen(&app, "race_imported", "Race:2024_monaco").await;
    deliver(&app.app).await;
    happen(&app, "race_imported", "Race:2024_monaco").await;
    deliver(&later(&app, TimeDelta::days(1))).await;
    let messages = receiver.received();
    assert!(messages[0].is_signed_by(&old) && messages[0].is_signed_by(new));
    assert!(!messages[1].is_signed_by(&old) && messages[1].is_signed_by(new));
}

#[tokio::test]
async fn secrets_are_in_no_table_and_another_key_sends_nothing_under_a_wrong_one() {
    let app = with(|config| config.webhook.key = "k".repeat(32)).await;
    let receiver = Receiver::start().await;
    let (id, secret) = register(&app, &receiver.url, &["RACE_UPDATED"]).await;
    let row = entities::webhook::Entity::find().one(&app.app.db).await;
    let row = format!("{row:?}");
    assert!(!row.contains(secret.trim_start_matches("whsec_")), "{row}");
    happen(&app, "race_imported", "Race:2024_monaco").await;
    let mut config = (*app.app.config).clone();
    config.webhook.key = "x".repeat(32);
    let other = App {
        config: config.into(),
        ..app.app.clone()
    };
    assert_eq!(deliver(&other).await, jobs::webhook::Sent::default());
    assert!(receiver.received().is_empty());
    let webhook = look(&app, &id, "enabled disabledBecause").await;
    assert_eq!(webhook["enabled"], false);
    let why = webhook["disabledBecause"].as_str().unwrap();
    assert!(why.contains("rotate"), "{why}");
}
