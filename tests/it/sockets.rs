//! graphql-transport-ws: greetings, operations, close codes, caps, pings, credentials.

use std::time::Duration;

use serde_json::{Value, json};

use crate::support::{
    Setup, TestApp,
    streams::{Socket, request},
};

const FRESHNESS: &str = "subscription { dataStatusChanged { sequence dataStatus { stale } } }";

async fn with(change: fn(&mut domain::config::Config)) -> TestApp {
    TestApp::start(Setup {
        change,
        ..Setup::default()
    })
    .await
}

/// How a greeted socket is closed after a message.
async fn closed_after(app: &TestApp, messages: &[&str]) -> u16 {
    let mut socket = Socket::greeted(app).await;
    for message in messages {
        socket.text(message).await;
    }
    socket.closed().await.expect("a close frame").0
}

#[tokio::test]
async fn queries_are_answered_and_completed() {
    let app = TestApp::bundled().await;
    let mut socket = Socket::greeted(&app).await;
    let query = "query Year($year: Int!) { season(year: $year) { year } }";
    let payload = json!({ "query": query, "variables": { "year": 2024 }, "operationName": "Year" });
    socket.subscribe_with("a \"quoted\" id", payload).await;
    let next = socket.receive().await;
    assert_eq!(next["type"], "next");
    assert_eq!(next["id"], "a \"quoted\" id");
    assert_eq!(
        next["payload"]["data"],
        json!({ "season": { "year": 2024 } })
    );
    assert_eq!(
        next["payload"]["extensions"]["cost"],
        json!({ "requested": 1, "actual": 1 })
    );
    let complete = socket.receive().await;
    assert_eq!(
        complete,
        json!({ "type": "complete", "id": "a \"quoted\" id" })
    );
    // The id is free again.
    socket.subscribe("a \"quoted\" id", "{ __typename }").await;
    assert_eq!(
        socket.receive().await["payload"]["data"]["__typename"],
        "Query"
    );
}

#[tokio::test]
async fn what_cannot_run_is_an_error_message_and_ends_only_its_operation() {
    let app = TestApp::empty().await;
    let mut socket = Socket::greeted(&app).await;
    socket.subscribe("open", FRESHNESS).await;
    assert_eq!(socket.receive().await["id"], "open");
    for (query, code) in [
        ("{ nope }", "GRAPHQL_VALIDATION_FAILED"),
        ("{ nope", "GRAPHQL_PARSE_FAILED"),
        (
            "subscription { dataStatusChanged { sequence } b: dataStatusChanged { sequence } }",
            "GRAPHQL_VALIDATION_FAILED",
        ),
        (
            "query ($a: Int!) { season(year: $a) { year } }",
            "BAD_USER_INPUT",
        ),
    ] {
        socket.subscribe("x", query).await;
        let error = socket.receive().await;
        assert_eq!(error["type"], "error", "{error:#}");
        assert_eq!(error["id"], "x");
        assert_eq!(error["payload"][0]["extensions"]["code"], code, "{query}");
    }
    socket.subscribe_with("x", json!("no request")).await;
    assert_eq!(socket.receive().await["type"], "error");
    // The first is still open: its id is taken.
    socket.subscribe("open", FRESHNESS).await;
    assert_eq!(socket.closed().await.unwrap().0, 4409);
}

#[tokio::test]
async fn the_protocol_is_kept_to_by_close_codes() {
    let app = TestApp::empty().await;
    let subscribe = json!({ "type": "subscribe", "id": "1", "payload": { "query": FRESHNESS } });
    let subscribe = subscribe.to_string();
    for (messages, code) in [
        (&["{nope"][..], 4400),
        (&[r#"{"type":"zzz"}"#], 4400),
        (&[r#"{"id":"1"}"#], 4400),
        (&[r#"{"type":"subscribe","payload":{}}"#], 4400),
        (&[r#"{"type":"subscribe","id":"","payload":{}}"#], 4400),
        (&[r#"{"type":"ping","payload":5}"#], 4400),
        (&[r#"{"type":"connection_init"}"#], 4429),
        (&[&subscribe, &subscribe], 4409),
    ] {
        assert_eq!(closed_after(&app, messages).await, code, "{messages:?}");
    }
    let mut early = Socket::open(&app).await;
    early.text(&subscribe).await;
    assert_eq!(early.closed().await.unwrap().0, 4401);
    let mut binary = Socket::greeted(&app).await;
    let message = tokio_tungstenite::tungstenite::Message::binary(&br#"{"type":"ping"}"#[..]);
    futures::SinkExt::send(&mut binary.0, message)
        .await
        .unwrap();
    assert_eq!(binary.closed().await.unwrap().0, 4400);
    let mut huge = Socket::greeted(&app).await;
    huge.text(&format!(
        r#"{{"type":"ping","payload":{{"a":"{}"}}}}"#,
        "x".repeat(100_000)
    ))
    .await;
    huge.closed().await;
    // Pings are answered, before and after the greeting, with what they carry.
    let mut socket = Socket::open(&app).await;
    socket
        .send(json!({ "type": "ping", "payload": { "lap": 57 } }))
        .await;
    assert_eq!(
        socket.receive().await,
        json!({ "type": "pong", "payload": { "lap": 57 } })
    );
    socket.send(json!({ "type": "connection_init" })).await;
    assert_eq!(socket.receive().await, json!({ "type": "connection_ack" }));
    socket.send(json!({ "type": "ping" })).await;
    assert_eq!(socket.receive().await, json!({ "type": "pong" }));
}

#[tokio::test]
async fn another_protocol_and_pages_of_other_origins_are_refused() {
    let app = with(|config| config.cors.origins = vec!["https://app.example".into()]).await;
    for protocols in [None, Some("graphql-ws"), Some("soap, graphql-ws")] {
        let mut request = request(&app);
        request.headers_mut().remove("sec-websocket-protocol");
        if let Some(protocols) = protocols {
            request
                .headers_mut()
                .insert("sec-websocket-protocol", protocols.parse().unwrap());
        }
        // A client that asked for a protocol may itself refuse an answer without one.
        if let Ok(mut socket) = Socket::connect(request).await {
            assert_eq!(socket.closed().await.unwrap().0, 4406, "{protocols:?}");
        }
    }
    let own = format!("http://{}", app.address);
    for (origin, allowed) in [
        ("https://app.example", true),
        (own.as_str(), true),
        ("https://evil.example", false),
        ("null", false),
    ] {
        let mut request = request(&app);
        request
            .headers_mut()
            .insert("origin", origin.parse().unwrap());
        let opened = Socket::connect(request).await;
        match opened {
            Ok(_) => assert!(allowed, "{origin}"),
            Err(tokio_tungstenite::tungstenite::Error::Http(response)) => {
                assert_eq!(
                    (allowed, response.status().as_u16()),
                    (false, 403),
                    "{origin}"
                );
            }
            Err(error) => panic!("{error}"),
        }
    }
}

#[tokio::test]
async fn a_socket_that_does_not_greet_in_time_is_closed() {
    let app = with(|config| config.websocket.init_seconds = 1).await;
    let mut silent = Socket::open(&app).await;
    assert_eq!(silent.closed().await.unwrap().0, 4408);
    // Pings do not put it off.
    let mut chatty = Socket::open(&app).await;
    for _ in 0..8 {
        chatty.send(json!({ "type": "ping" })).await;
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
    assert_eq!(chatty.closed().await.unwrap().0, 4408);
}

#[tokio::test]
async fn a_client_that_does_not_answer_pings_is_dropped_and_one_that_does_is_kept() {
    let app = with(|config| config.websocket.ping_seconds = 1).await;
    let mut deaf = Socket::greeted(&app).await;
    let mut answering = Socket::greeted(&app).await;
    answering.subscribe("1", FRESHNESS).await;
    answering.receive().await;
    let deaf = tokio::spawn(async move {
        let mut pings = 0;
        while let Some(Ok(message)) = futures::StreamExt::next(&mut deaf.0).await {
            pings += i32::from(message.to_text().is_ok_and(|text| text.contains("ping")));
        }
        pings
    });
    let keeping = tokio::spawn(async move { answering.closed().await });
    assert_eq!(
        tokio::time::timeout(Duration::from_secs(10), deaf)
            .await
            .unwrap()
            .unwrap(),
        1
    );
    assert!(!keeping.is_finished());
    keeping.abort();
}

#[tokio::test]
async fn operations_and_sockets_are_capped() {
    let app = with(|config| {
        config.websocket.max_operations = 3;
        config.websocket.max_per_address = 4;
        config.websocket.max_per_user = 1;
        config.auth.admin_token = "pole-position".into();
    })
    .await;
    let mut busy = Socket::greeted(&app).await;
    for id in ["1", "2", "3", "4"] {
        busy.subscribe(id, FRESHNESS).await;
    }
    assert_eq!(busy.closed().await.unwrap().0, 4429);
    drop(busy);
    let token = json!({ "Authorization": "Bearer pole-position" });
    let mut admin = Socket::greeted_with(&app, token.clone()).await;
    admin.subscribe("1", "{ viewer { role } }").await;
    assert_eq!(
        admin.receive().await["payload"]["data"]["viewer"]["role"],
        "ADMIN"
    );
    let mut second = Socket::open(&app).await;
    second
        .send(json!({ "type": "connection_init", "payload": token }))
        .await;
    assert_eq!(second.closed().await.unwrap().0, 4403);
    drop((admin, second));
    tokio::time::sleep(Duration::from_millis(200)).await;
    let mut open = Vec::new();
    for _ in 0..4 {
        open.push(Socket::greeted(&app).await);
    }
    match Socket::connect(request(&app)).await {
        Err(tokio_tungstenite::tungstenite::Error::Http(response)) => {
            assert_eq!(response.status(), 429);
        }
        other => panic!("{:?}", other.err()),
    }
    // Event streams have the same places.
    let response = app
        .client
        .post(app.url("/graphql"))
        .header("accept", "text/event-stream")
        .json(&json!({ "query": FRESHNESS }))
        .send()
        .await
        .unwrap();
    assert_eq!(response.status(), 429);
    open.pop();
    tokio::time::sleep(Duration::from_millis(200)).await;
    assert!(Socket::connect(request(&app)).await.is_ok());
}

#[tokio::test]
async fn a_credential_that_dies_takes_its_socket_along() {
    let now = "2025-01-15T12:00:00Z".parse().unwrap();
    let app = TestApp::start(Setup {
        now,
        speed: 1.0,
        change: |config| {
            config.auth.admin_token = "pole-position".into();
            config.auth.admin_until = Some("2025-01-15T12:00:03Z".parse().unwrap());
        },
        ..Setup::default()
    })
    .await;
    let token = json!({ "authorization": "Bearer pole-position" });
    let mut admin = Socket::greeted_with(&app, token.clone()).await;
    let mut guest = Socket::greeted(&app).await;
    assert_eq!(
        admin.closed().await.unwrap(),
        (4403, "Credential expired".to_owned())
    );
    // From now on it makes nobody an administrator.
    let mut late = Socket::greeted_with(&app, token).await;
    for socket in [&mut guest, &mut late] {
        socket.subscribe("1", "{ viewer { role } }").await;
        let answer: Value = socket.receive().await;
        assert_eq!(answer["payload"]["data"]["viewer"]["role"], "GUEST");
    }
}
