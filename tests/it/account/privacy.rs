//! What one user is answered is never another's.

use futures::future::join_all;
use serde_json::{Value, json};

use super::{register, role};
use crate::support::{TestApp, streams::Socket};

const WHO: &str = "{ viewer { role user { id email } } lastRace { name } }";

/// Asks by GET, where caches are; gives who the answer is for, and who may keep it.
async fn ask(app: &TestApp, token: Option<String>) -> (Value, String) {
    let url = reqwest::Url::parse_with_params(&app.url("/graphql"), [("query", WHO)]).unwrap();
    let mut request = app.client.get(url);
    if let Some(token) = token {
        request = request.bearer_auth(token);
    }
    let response = request.send().await.unwrap();
    let cache = response.headers()["cache-control"]
        .to_str()
        .unwrap()
        .to_owned();
    assert!(!response.headers().contains_key("etag"));
    let vary = response.headers()["vary"].to_str().unwrap();
    assert!(vary.contains("authorization"), "{vary}");
    let mut answer: Value = response.json().await.unwrap();
    (answer["data"]["viewer"]["user"].take(), cache)
}

#[tokio::test]
async fn no_answer_of_a_user_is_kept_for_or_shared_with_anybody() {
    let app = TestApp::bundled().await;
    let people = [register(&app, "Max").await, register(&app, "Lando").await];
    let names = ["max@example.org", "lando@example.org"];
    let all = (0..60).map(|number| {
        let token = people.get(number % 3).map(|person| person.access.clone());
        ask(&app, token)
    });
    for (number, (user, cache)) in join_all(all).await.into_iter().enumerate() {
        match people.get(number % 3) {
            Some(person) => {
                let expected = json!({ "id": person.id, "email": names[number % 3] });
                assert_eq!((user, cache.as_str()), (expected, "private, no-store"));
            }
            None => assert_eq!((user, cache.as_str()), (Value::Null, "no-cache")),
        }
    }
    // Nor on sockets, beside one another.
    let mut sockets = Vec::new();
    for person in &people {
        let payload = json!({ "authorization": format!("Bearer {}", person.access) });
        sockets.push(Socket::greeted_with(&app, payload).await);
    }
    for socket in &mut sockets {
        socket.subscribe("1", WHO).await;
    }
    for (socket, person) in sockets.iter_mut().zip(&people) {
        let answer = socket.receive().await;
        assert_eq!(answer["payload"]["data"]["viewer"]["user"]["id"], person.id);
    }
}

#[tokio::test]
async fn what_is_answered_to_users_is_not_taken_from_what_is_kept_for_guests() {
    let app = TestApp::bundled().await;
    let max = register(&app, "Max").await;
    let query = "{ viewer { role } circuit(ref: \"monza\") { name } }";
    let public = "{ circuit(ref: \"monza\") { name } }";
    app.data(query).await;
    app.data(public).await;
    assert_eq!(role(&app, &max.access).await, "USER");
    let answer = super::data(&app, &max.access, query, json!({})).await;
    assert_eq!(answer["viewer"]["role"], "USER");
    assert_eq!(app.data(query).await["viewer"]["role"], "GUEST");
    let url = reqwest::Url::parse_with_params(&app.url("/graphql"), [("query", public)]).unwrap();
    let response = app
        .client
        .get(url)
        .bearer_auth(&max.access)
        .send()
        .await
        .unwrap();
    assert_eq!(response.headers()["cache-control"], "private, no-store");
}

#[tokio::test]
async fn an_account_is_found_by_nobody_through_its_id() {
    let app = TestApp::empty().await;
    let [max, lando] = [register(&app, "Max").await, register(&app, "Lando").await];
    for token in ["", &max.access, &lando.access] {
        let query = format!("{{ node(id: \"{}\") {{ id }} }}", max.id);
        let (code, _) = super::refused(&app, token, &query, json!({})).await;
        assert_eq!(code, "BAD_USER_INPUT");
    }
}

#[tokio::test]
async fn a_users_budget_is_their_own_wherever_they_ask_from() {
    let app = super::with(|config| {
        config.rate_limit.enabled = true;
        config.rate_limit.requests_per_minute = 10_000.try_into().unwrap();
        config.rate_limit.cost_per_minute = 400.try_into().unwrap();
    })
    .await;
    let [max, lando] = [register(&app, "Max").await, register(&app, "Lando").await];
    let costly = "{ seasons { year } }";
    let mut refused = 0;
    for _ in 0..8 {
        let answer = super::answer(&app, &max.access, costly, json!({})).await;
        refused += u32::from(answer.get("errors").is_some());
    }
    assert!(refused > 0);
    super::data(&app, &lando.access, costly, json!({})).await;
}
