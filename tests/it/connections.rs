//! Connections: slow ones, many of them, other versions, and the end of a server.

use std::time::{Duration, Instant};

use serde_json::Value;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

use crate::support::{Setup, TestApp, streams::Socket};

async fn with(change: fn(&mut domain::config::Config)) -> TestApp {
    TestApp::start(Setup {
        change,
        ..Setup::default()
    })
    .await
}

/// Everything until the server closes.
async fn rest(stream: &mut TcpStream) -> String {
    let mut bytes = Vec::new();
    // A reset is an end as well.
    drop(
        tokio::time::timeout(Duration::from_secs(20), stream.read_to_end(&mut bytes))
            .await
            .expect("closed in time"),
    );
    String::from_utf8_lossy(&bytes).into_owned()
}

#[tokio::test]
async fn who_sends_a_head_or_a_body_by_drops_is_cut_off_in_time() {
    let app = with(|config| {
        config.server.header_seconds = 1;
        config.server.body_seconds = 1;
    })
    .await;
    let begins = [
        "",
        "P",
        "PRI * HTTP/2",
        "POST /graphql HTTP/1.1\r\nhost: x\r\n",
        "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    ];
    for begin in begins {
        let mut stream = TcpStream::connect(app.address).await.unwrap();
        stream.write_all(begin.as_bytes()).await.unwrap();
        let started = Instant::now();
        let dripping = async {
            // By drops, for HTTP/1; a preface is followed by silence.
            if begin.starts_with("POST") {
                for _ in 0..100 {
                    tokio::time::sleep(Duration::from_millis(100)).await;
                    if stream.write_all(b"x: y\r\n").await.is_err() {
                        break;
                    }
                }
            }
            rest(&mut stream).await
        };
        tokio::time::timeout(Duration::from_secs(15), dripping)
            .await
            .unwrap_or_else(|_| panic!("{begin:?} is held"));
        assert!(started.elapsed() >= Duration::from_millis(900), "{begin:?}");
    }
    let mut stream = TcpStream::connect(app.address).await.unwrap();
    let head = "POST /graphql HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: 1000\r\n\r\n{";
    stream.write_all(head.as_bytes()).await.unwrap();
    let mut answer = vec![0; 2000];
    let length = tokio::time::timeout(Duration::from_secs(5), stream.read(&mut answer))
        .await
        .unwrap()
        .unwrap();
    assert!(answer[..length].starts_with(b"HTTP/1.1 408"));
    app.data("{ viewer { role } }").await;
}

#[tokio::test]
async fn a_head_that_is_too_large_is_refused() {
    let app = with(|_| ()).await;
    let mut stream = TcpStream::connect(app.address).await.unwrap();
    let head = format!(
        "GET /graphql?query={} HTTP/1.1\r\nhost: x\r\n\r\n",
        "x".repeat(200_000)
    );
    drop(stream.write_all(head.as_bytes()).await);
    let answer = rest(&mut stream).await;
    assert!(
        answer.is_empty() || answer.starts_with("HTTP/1.1 4"),
        "{answer}"
    );
}

#[tokio::test]
async fn connections_are_capped_by_address() {
    let app = with(|config| config.server.max_connections_per_address = 3).await;
    let mut held = Vec::new();
    for _ in 0..3 {
        let mut stream = TcpStream::connect(app.address).await.unwrap();
        stream
            .write_all(b"GET /health/live HTTP/1.1\r\nhost: x\r\n\r\n")
            .await
            .unwrap();
        let mut answer = [0; 12];
        stream.read_exact(&mut answer).await.unwrap();
        assert_eq!(&answer, b"HTTP/1.1 200");
        held.push(stream);
    }
    let mut fourth = TcpStream::connect(app.address).await.unwrap();
    drop(
        fourth
            .write_all(b"GET /health/live HTTP/1.1\r\nhost: x\r\n\r\n")
            .await,
    );
    assert_eq!(rest(&mut fourth).await, "");
    held.pop();
    tokio::time::sleep(Duration::from_millis(200)).await;
    assert_eq!(
        app.client
            .get(app.url("/health/live"))
            .send()
            .await
            .unwrap()
            .status(),
        200
    );
}

#[tokio::test]
async fn http_2_is_spoken_and_rapid_resets_close_the_connection() {
    let app = with(|_| ()).await;
    let client = reqwest::Client::builder()
        .http2_prior_knowledge()
        .build()
        .unwrap();
    let response = client
        .get(app.url("/graphql?query={__typename}"))
        .send()
        .await
        .unwrap();
    assert_eq!(response.version(), reqwest::Version::HTTP_2);
    assert_eq!(
        response.json::<Value>().await.unwrap()["data"]["__typename"],
        "Query"
    );
    let mut stream = TcpStream::connect(app.address).await.unwrap();
    let mut bytes = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0".to_vec();
    for number in 0..5000_u32 {
        let stream_id = (2 * number + 1).to_be_bytes();
        // HEADERS: GET / over http from x, ended; then RST_STREAM, CANCEL.
        let block = [0x82, 0x84, 0x86, 0x41, 0x01, b'x'];
        bytes.extend_from_slice(&[0, 0, 6, 1, 5]);
        bytes.extend_from_slice(&stream_id);
        bytes.extend_from_slice(&block);
        bytes.extend_from_slice(&[0, 0, 4, 3, 0]);
        bytes.extend_from_slice(&stream_id);
        bytes.extend_from_slice(&[0, 0, 0, 8]);
    }
    drop(stream.write_all(&bytes).await);
    let started = Instant::now();
    rest(&mut stream).await;
    assert!(
        started.elapsed() < Duration::from_secs(10),
        "the connection was kept"
    );
    app.data("{ viewer { role } }").await;
}

#[tokio::test]
async fn a_server_that_stops_finishes_what_is_under_way_and_says_goodbye_to_sockets() {
    let mut app = with(|config| {
        config.server.drain_seconds = 1;
        config.server.shutdown_seconds = 10;
    })
    .await;
    let mut socket = Socket::greeted(&app).await;
    socket
        .subscribe("1", "subscription { dataStatusChanged { sequence } }")
        .await;
    socket.receive().await;
    let mut events = app
        .events("subscription { dataStatusChanged { sequence } }")
        .await;
    events.next().await.unwrap();
    // A request that is still being sent when the server is asked to stop.
    let body = r#"{"query":"{ viewer { role } }"}"#;
    let mut slow = TcpStream::connect(app.address).await.unwrap();
    let head = format!(
        "POST /graphql HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n",
        body.len()
    );
    slow.write_all(head.as_bytes()).await.unwrap();
    slow.write_all(&body.as_bytes()[..10]).await.unwrap();
    tokio::time::sleep(Duration::from_millis(100)).await;
    app.ask_to_stop();
    tokio::time::sleep(Duration::from_millis(200)).await;
    // Load balancers are told, and new connections are taken for one answer each.
    let ready = app
        .client
        .get(app.url("/health/ready"))
        .send()
        .await
        .unwrap();
    assert_eq!(ready.status(), 503);
    assert_eq!(ready.headers()["connection"], "close");
    assert_eq!(ready.json::<Value>().await.unwrap()["status"], "stopping");
    tokio::time::sleep(Duration::from_millis(1500)).await;
    assert!(TcpStream::connect(app.address).await.is_err());
    assert_eq!(socket.closed().await.unwrap().0, 1001);
    assert_eq!(events.event().await, None);
    slow.write_all(&body.as_bytes()[10..]).await.unwrap();
    let answer = rest(&mut slow).await;
    assert!(
        answer.starts_with("HTTP/1.1 200") && answer.contains("GUEST"),
        "{answer}"
    );
    app.stopped().await;
}

#[tokio::test]
async fn figures_are_told_on_a_listener_of_their_own() {
    let app = with(|config| {
        let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        config.metrics.listen = free.local_addr().unwrap().to_string();
    })
    .await;
    app.data("{ viewer { role } }").await;
    app.answer("{ nope }").await;
    assert_eq!(
        app.client
            .get(app.url("/metrics"))
            .send()
            .await
            .unwrap()
            .status(),
        404
    );
    let figures = format!("http://{}/metrics", app.app.config.metrics.listen);
    let text = app
        .client
        .get(figures)
        .send()
        .await
        .unwrap()
        .text()
        .await
        .unwrap();
    for part in [
        "pitwall_request_seconds_count{route=\"graphql\",status=\"2xx\"}",
        "pitwall_errors_total{code=\"GRAPHQL_VALIDATION_FAILED\"}",
        "pitwall_execution_seconds_bucket",
        "pitwall_answers_total{found=\"new\"}",
        "pitwall_documents_total",
    ] {
        assert!(text.contains(part), "{part} is missing in\n{text}");
    }
}
