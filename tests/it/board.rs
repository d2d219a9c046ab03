//! The board of the queue, for administrators alone.

use std::{
    net::{Ipv4Addr, TcpListener},
    process::{Child, Stdio},
    time::{Duration, Instant},
};

use reqwest::{Client, Method, StatusCode, header};
use serde_json::Value;

use crate::support::{
    TestDatabase,
    command::{pitwall, run},
};

const TOKEN: &str = "a token of sixteen letters or more";

/// How long anything may take.
const PATIENCE: Duration = Duration::from_mins(1);

/// A process that does jobs and shows them.
struct Worker {
    child: Child,
    url: String,
    client: Client,
    _database: TestDatabase,
}

impl Worker {
    async fn start() -> Self {
        let database = TestDatabase::create().await;
        // Free a moment ago.
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let address = listener.local_addr().unwrap();
        drop(listener);
        let child = pitwall(&database.url)
            .arg("work")
            .env("PITWALL__AUTH__ADMIN_TOKEN", TOKEN)
            .env("PITWALL__JOBS__BOARD", address.to_string())
            .env("PITWALL__JOBS__NETWORK", "false")
            .env("PITWALL__FORECAST__TRAIN", "false")
            .stdout(Stdio::null())
            .spawn()
            .expect("pitwall starts");
        let (url, client) = (format!("http://{address}"), Client::new());
        let worker = Self {
            child,
            url,
            client,
            _database: database,
        };
        let started = Instant::now();
        while worker.client.get(&worker.url).send().await.is_err() {
            assert!(started.elapsed() < PATIENCE, "nobody listens");
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        worker
    }

    async fn get(&self, path: &str) -> reqwest::Response {
        let request = self.client.get(format!("{}{path}", self.url));
        let request = request.basic_auth("anybody", Some(TOKEN));
        request.send().await.unwrap()
    }

    async fn json(&self, path: &str) -> Value {
        self.get(path).await.json().await.unwrap()
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

#[tokio::test]
async fn an_administrator_sees_the_queue_and_can_change_nothing() {
    let worker = Worker::start().await;
    let page = worker.get("/").await;
    assert_eq!(page.status(), StatusCode::OK);
    let policy = page.headers()[header::CONTENT_SECURITY_POLICY].to_str();
    assert!(policy.unwrap().contains("default-src 'none'"));
    assert_eq!(
        page.headers()[header::CONTENT_TYPE],
        "text/html; charset=utf-8"
    );
    let text = page.text().await.unwrap();
    // What the page loads is there.
    let script = text
        .split_once("from '")
        .unwrap()
        .1
        .split_once('\'')
        .unwrap()
        .0;
    let script = worker.get(script).await;
    assert_eq!(
        script.headers()[header::CONTENT_TYPE],
        "application/javascript"
    );

    // The timetable has handed the bundled seasons over.
    let started = Instant::now();
    loop {
        let tasks = worker
            .json("/api/v1/queues/pitwall/tasks?status=Done")
            .await;
        let list = tasks.as_array().or_else(|| tasks["tasks"].as_array());
        if list.is_some_and(|list| !list.is_empty()) {
            break;
        }
        assert!(started.elapsed() < PATIENCE, "{tasks:#}");
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
    let queues = worker.json("/api/v1/queues").await;
    assert!(queues.to_string().contains("pitwall"), "{queues:#}");

    let put = worker.client.request(
        Method::PUT,
        format!("{}/api/v1/queues/pitwall/tasks", worker.url),
    );
    let put = put.bearer_auth(TOKEN).body("{}").send().await.unwrap();
    assert_eq!(put.status(), StatusCode::METHOD_NOT_ALLOWED);
}

#[tokio::test]
async fn nobody_else_sees_the_queue_and_who_guesses_waits() {
    let worker = Worker::start().await;
    for path in ["/", "/api/v1/queues", "/api/v1/events", "/nothing"] {
        let request = worker.client.get(format!("{}{path}", worker.url));
        let answer = request.send().await.unwrap();
        assert_eq!(answer.status(), StatusCode::UNAUTHORIZED, "{path}");
        let asked = answer.headers()[header::WWW_AUTHENTICATE].to_str();
        assert!(asked.unwrap().starts_with("Basic realm="));
    }
    let guess = |token: String| {
        let request = worker.client.get(&worker.url);
        let request = request.basic_auth("admin", Some(token));
        async { request.send().await.unwrap().status() }
    };
    let started = Instant::now();
    let guesses = (0..20).map(|number| guess(format!("guess {number}")));
    let refused = futures::future::join_all(guesses).await;
    assert!(started.elapsed() >= Duration::from_secs(1));
    let waited = refused
        .iter()
        .filter(|&&status| status == StatusCode::UNAUTHORIZED);
    assert_eq!(waited.count(), 4, "{refused:?}");
    // Who knows the token is not kept out by those who do not.
    let (_, known) = tokio::join!(guess("again".to_owned()), worker.get("/"));
    assert_eq!(known.status(), StatusCode::OK);
}

#[tokio::test]
async fn a_board_that_nobody_could_see_is_refused_in_a_sentence() {
    let database = TestDatabase::create().await;
    let mut command = pitwall(&database.url);
    let command = command
        .arg("work")
        .env("PITWALL__JOBS__BOARD", "127.0.0.1:0");
    let output = run(command);
    assert_eq!(output.code(), 1);
    assert!(
        output.err().contains("PITWALL__AUTH__ADMIN_TOKEN"),
        "{}",
        output.err()
    );
    let command = command
        .env("PITWALL__AUTH__ADMIN_TOKEN", TOKEN)
        .env("PITWALL__JOBS__BOARD", "somewhere");
    let output = run(command);
    assert_eq!(output.code(), 1);
    assert!(
        output.err().contains("PITWALL__JOBS__BOARD"),
        "{}",
        output.err()
    );
}
