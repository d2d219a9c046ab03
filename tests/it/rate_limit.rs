//! How much anybody may ask for in a minute.

use reqwest::Response;
use serde_json::{Value, json};

use crate::support::{
    Setup, TestApp,
    streams::{Socket, request},
};

async fn limited(change: fn(&mut domain::config::Config)) -> TestApp {
    TestApp::start(Setup {
        change: |config| {
            config.rate_limit.enabled = true;
            config.rate_limit.requests_per_minute = 5.try_into().unwrap();
            config.rate_limit.cost_per_minute = 100.try_into().unwrap();
            config.server.trusted_proxies = vec!["127.0.0.0/8".parse().unwrap()];
        },
        then: change,
        ..Setup::default()
    })
    .await
}

/// Each test has addresses of its own, since Redis counts for all.
fn address() -> String {
    use std::sync::atomic::{AtomicU32, Ordering};
    static NEXT: AtomicU32 = AtomicU32::new(0);
    let number = NEXT.fetch_add(1, Ordering::Relaxed);
    let process = std::process::id();
    format!("100.{}.{}.{}", process >> 8 & 0x7f, process & 0xff, number)
}

async fn ask(app: &TestApp, address: &str, query: &str) -> Response {
    app.client
        .post(app.url("/graphql"))
        .header("x-forwarded-for", address)
        .json(&json!({ "query": query }))
        .send()
        .await
        .unwrap()
}

fn number(response: &Response, name: &str) -> Option<u64> {
    response.headers().get(name)?.to_str().unwrap().parse().ok()
}

#[tokio::test]
async fn an_address_has_so_many_requests_a_minute_and_is_told_what_is_left() {
    let app = limited(|_| ()).await;
    let (one, other) = (address(), address());
    for left in (0..5).rev() {
        let response = ask(&app, &one, "{ __typename }").await;
        assert_eq!(response.status(), 200);
        assert_eq!(number(&response, "ratelimit-limit"), Some(5));
        assert_eq!(number(&response, "ratelimit-remaining"), Some(left));
        assert!(number(&response, "ratelimit-reset").unwrap() <= 60);
        let policy = response.headers()["ratelimit-policy"].to_str().unwrap();
        assert_eq!(policy, "\"requests\";q=5;w=60, \"cost\";q=100;w=60");
    }
    let refused = ask(&app, &one, "{ __typename }").await;
    assert_eq!(refused.status(), 429);
    assert_eq!(number(&refused, "ratelimit-remaining"), Some(0));
    let wait = number(&refused, "retry-after").unwrap();
    assert!((1..=12).contains(&wait), "{wait}");
    let answer: Value = refused.json().await.unwrap();
    assert_eq!(answer["errors"][0]["extensions"]["code"], "RATE_LIMITED");
    // Nobody else is limited by that, and health is always told.
    assert_eq!(ask(&app, &other, "{ __typename }").await.status(), 200);
    let health = app
        .client
        .get(app.url("/health/ready"))
        .header("x-forwarded-for", &one);
    assert_eq!(health.send().await.unwrap().status(), 200);
}

#[tokio::test]
async fn cost_is_counted_apart_from_requests_on_every_transport() {
    let app =
        limited(|config| config.rate_limit.requests_per_minute = 1000.try_into().unwrap()).await;
    let one = address();
    // A list of seasons is assumed to hold 76.
    let costly = "{ seasons { year } }";
    let first = ask(&app, &one, costly).await;
    assert_eq!(first.status(), 200);
    assert!(
        first.headers()["ratelimit"]
            .to_str()
            .unwrap()
            .contains("\"cost\";r=24;")
    );
    let second = ask(&app, &one, costly).await;
    assert_eq!(second.status(), 429);
    assert!(number(&second, "retry-after").unwrap() <= 60);
    // The cost that everybody has is in the body, what is left to one only in headers.
    let text = first.text().await.unwrap();
    assert!(
        text.contains("\"requested\":76") && !text.contains("remaining"),
        "{text}"
    );
    // Free questions go on.
    assert_eq!(ask(&app, &one, "{ __typename }").await.status(), 200);
    let mut opening = request(&app);
    opening
        .headers_mut()
        .insert("x-forwarded-for", one.parse().unwrap());
    let mut socket = Socket::connect(opening).await.unwrap();
    socket.send(json!({ "type": "connection_init" })).await;
    socket.receive().await;
    socket.subscribe("1", costly).await;
    let error = socket.receive().await;
    assert_eq!(
        error["payload"][0]["extensions"]["code"], "RATE_LIMITED",
        "{error:#}"
    );
    let events = app
        .client
        .post(app.url("/graphql"))
        .header("x-forwarded-for", &one)
        .header("accept", "text/event-stream")
        .json(&json!({ "query": costly }));
    assert_eq!(events.send().await.unwrap().status(), 429);
}

#[tokio::test]
async fn an_address_that_is_only_claimed_counts_for_nothing() {
    let app = limited(|config| {
        config.server.trusted_proxies.clear();
        config.redis.url.clear();
    })
    .await;
    for _ in 0..5 {
        assert_eq!(ask(&app, &address(), "{ __typename }").await.status(), 200);
    }
    assert_eq!(ask(&app, &address(), "{ __typename }").await.status(), 429);
}

#[tokio::test]
async fn operations_on_a_socket_are_requests_too() {
    let app = limited(|_| ()).await;
    let one = address();
    let mut opening = request(&app);
    opening
        .headers_mut()
        .insert("x-forwarded-for", one.parse().unwrap());
    // One of five.
    let mut socket = Socket::connect(opening).await.unwrap();
    socket.send(json!({ "type": "connection_init" })).await;
    socket.receive().await;
    for _ in 0..4 {
        socket.subscribe("1", "{ __typename }").await;
        assert_eq!(socket.receive().await["type"], "next");
        assert_eq!(socket.receive().await["type"], "complete");
    }
    socket.subscribe("1", "{ __typename }").await;
    assert_eq!(
        socket.receive().await["payload"][0]["extensions"]["code"],
        "RATE_LIMITED"
    );
    assert_eq!(ask(&app, &one, "{ __typename }").await.status(), 429);
}

#[tokio::test]
async fn processes_that_share_a_redis_count_together_and_alone_without_it() {
    let redis = crate::support::database::test_redis_url();
    if redis.is_empty() {
        return;
    }
    let (first, second) = (limited(|_| ()).await, limited(|_| ()).await);
    let one = address();
    let mut granted = 0;
    // At once, so that a count that is read and then written would grant too many.
    let asked = (0..20).map(|n| {
        ask(
            if n % 2 == 0 { &first } else { &second },
            &one,
            "{ __typename }",
        )
    });
    for response in futures::future::join_all(asked).await {
        granted += u32::from(response.status() == 200);
    }
    assert_eq!(granted, 5);
    let nowhere = limited(|config| config.redis.url = "redis://127.0.0.1:1".into()).await;
    let two = address();
    for _ in 0..5 {
        assert_eq!(ask(&nowhere, &two, "{ __typename }").await.status(), 200);
    }
    assert_eq!(ask(&nowhere, &two, "{ __typename }").await.status(), 429);
}
