//! Health, request ids, and who is asking.

use reqwest::Method;
use serde_json::{Value, json};

use crate::support::{Setup, TestApp};

#[tokio::test]
async fn health_says_alive_and_ready() {
    let app = TestApp::bundled().await;
    let live = app
        .client
        .get(app.url("/health/live"))
        .send()
        .await
        .unwrap();
    assert_eq!(live.status(), 200);
    let ready = app
        .client
        .get(app.url("/health/ready"))
        .send()
        .await
        .unwrap();
    assert_eq!(ready.status(), 200);
    let ready: Value = ready.json().await.unwrap();
    assert_eq!(ready["lastRace"], "2024_abu_dhabi");
    assert_eq!(ready["nextRace"], "2025_australian");
}

#[tokio::test]
async fn every_answer_carries_a_request_id_and_keeps_the_one_given() {
    let app = TestApp::empty().await;
    let fresh = app
        .client
        .get(app.url("/health/live"))
        .send()
        .await
        .unwrap();
    let other = app
        .client
        .get(app.url("/health/live"))
        .send()
        .await
        .unwrap();
    assert_eq!(fresh.headers()["x-request-id"].len(), 36);
    assert_ne!(
        fresh.headers()["x-request-id"],
        other.headers()["x-request-id"]
    );
    for (path, method) in [
        ("/graphql", Method::POST),
        ("/nowhere", Method::GET),
        ("/graphiql", Method::GET),
    ] {
        let request = app
            .client
            .request(method, app.url(path))
            .header("x-request-id", "lap-57");
        let response = request.send().await.unwrap();
        assert_eq!(response.headers()["x-request-id"], "lap-57", "{path}");
    }
}

#[tokio::test]
async fn only_the_administrators_token_makes_an_administrator() {
    let app = TestApp::start(Setup {
        change: |config| "pole-position".clone_into(&mut config.auth.admin_token),
        ..Setup::default()
    })
    .await;
    for (header, role) in [
        (Some("Bearer pole-position"), "ADMIN"),
        (Some("Bearer pole-positio"), "GUEST"),
        (Some("Bearer "), "GUEST"),
        (Some("pole-position"), "GUEST"),
        (None, "GUEST"),
    ] {
        let mut request = app.client.post(app.url("/graphql"));
        if let Some(header) = header {
            request = request.header("authorization", header);
        }
        let body = json!({ "query": "{ viewer { role } }" });
        let answer: Value = request
            .json(&body)
            .send()
            .await
            .unwrap()
            .json()
            .await
            .unwrap();
        assert_eq!(answer["data"]["viewer"]["role"], role, "{header:?}");
    }
    let nobody = TestApp::empty().await;
    assert_eq!(
        nobody.data("{ viewer { role } }").await["viewer"]["role"],
        "GUEST"
    );
}
