//! A running Pitwall for a test: fresh database, set clock, a real HTTP client.
//!
//! SQLite in a temporary folder by default; with `TEST_DATABASE_URL` a database of its own on
//! that PostgreSQL server, with `TEST_REDIS_URL` answers shared through that Redis.

pub mod broker;
pub mod command;
pub mod database;
pub mod dump;
pub mod json;
pub mod letters;
pub mod only;
pub mod receiver;
pub mod redis;
pub mod rows;
pub mod service;
pub mod streams;
pub mod stub;
pub mod upstream;
pub mod weather;

use std::{
    net::SocketAddr,
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
};

use chrono::{DateTime, Utc};
use domain::{
    App,
    clock::Clock,
    config::{ClockConfig, Config},
};
use sea_orm::DatabaseConnection;
use serde_json::{Value, json};
use tokio::{sync::oneshot, task::JoinHandle};

pub use database::TestDatabase;

/// The day that tests live on unless they say otherwise: all bundled seasons are over.
pub const TODAY: &str = "2025-01-15T12:00:00Z";

/// A server on a port of its own, in this process.
pub struct TestApp {
    pub app: App,
    pub address: SocketAddr,
    pub client: reqwest::Client,
    statements: Arc<Statements>,
    stop: Option<oneshot::Sender<()>>,
    serving: JoinHandle<anyhow::Result<()>>,
    // Dropped last: takes the database away.
    _database: TestDatabase,
}

/// SQL statements that ran.
#[derive(Default)]
struct Statements {
    count: AtomicUsize,
    texts: Mutex<Vec<String>>,
}

/// How a test's server is set up.
pub struct Setup {
    pub now: DateTime<Utc>,
    /// How fast the clock goes on from there; 0: not at all.
    pub speed: f64,
    pub bundled: bool,
    pub change: fn(&mut Config),
    /// Changes on top of those.
    pub then: fn(&mut Config),
}

impl Default for Setup {
    fn default() -> Self {
        Self {
            now: TODAY.parse().expect("a valid time"),
            speed: 0.0,
            bundled: false,
            change: |_| {},
            then: |_| {},
        }
    }
}

impl TestApp {
    /// A server on an empty database.
    pub async fn empty() -> Self {
        Self::start(Setup::default()).await
    }

    /// A server with the bundled seasons.
    pub async fn bundled() -> Self {
        Self::start(Setup {
            bundled: true,
            ..Setup::default()
        })
        .await
    }

    /// A server as set up.
    pub async fn start(setup: Setup) -> Self {
        Self::start_with(setup, |_| {}).await
    }

    /// A server as set up, with changes that know of things of the test.
    pub async fn start_with(setup: Setup, also: impl FnOnce(&mut Config)) -> Self {
        let database = TestDatabase::create().await;
        let mut config = Config::defaults();
        config.database.url = database.url.clone();
        config.redis.url = database::test_redis_url();
        config.server.port = 0;
        // Tests of limits set their own.
        config.rate_limit.enabled = false;
        config.auth.registrations_per_hour = 10_000;
        config.server.drain_seconds = 0;
        config.events.poll_milliseconds = 20;
        config.events.relayed_poll_milliseconds = 20;
        (setup.change)(&mut config);
        (setup.then)(&mut config);
        also(&mut config);
        let statements = Arc::new(Statements::default());
        let db = counted(
            domain::database::open(&config.database)
                .await
                .expect("the database opens"),
            Arc::clone(&statements),
        );
        let clock = if setup.speed > 0.0 {
            Clock::new(&ClockConfig {
                start: Some(setup.now),
                speed: setup.speed,
            })
        } else {
            Clock::standing(setup.now)
        };
        let app = App::assemble(config, db, clock)
            .await
            .expect("the application starts");
        if setup.bundled {
            jobs::bundled::load(&app, |_| {})
                .await
                .expect("the bundled seasons load");
        }
        let (address, listening) = oneshot::channel();
        let (stop, stopped) = oneshot::channel();
        let serving = tokio::spawn(api::http::serve(
            app.clone(),
            |at| {
                let _ = address.send(at);
            },
            async { drop(stopped.await) },
        ));
        Self {
            app,
            address: listening.await.expect("the server listens"),
            // Bodies are to be seen as they come.
            client: reqwest::Client::builder()
                .no_gzip()
                .build()
                .expect("a client"),
            statements,
            stop: Some(stop),
            serving,
            _database: database,
        }
    }

    /// Asks the server to stop.
    pub fn ask_to_stop(&mut self) {
        if let Some(stop) = self.stop.take() {
            let _ = stop.send(());
        }
    }

    /// Waits until the server has stopped.
    pub async fn stopped(&mut self) {
        let stopped = tokio::time::timeout(streams::PATIENCE, &mut self.serving);
        stopped
            .await
            .expect("it stops in time")
            .expect("no panic")
            .expect("no error");
    }

    /// The address of a path.
    pub fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    /// Posts a query and gives the whole answer.
    pub async fn answer(&self, query: &str) -> Value {
        self.answer_with(query, json!({})).await
    }

    /// Posts a query with variables and gives the whole answer.
    pub async fn answer_with(&self, query: &str, variables: Value) -> Value {
        self.post(&json!({ "query": query, "variables": variables }))
            .await
    }

    /// Posts a body and gives the answer.
    pub async fn post(&self, body: &Value) -> Value {
        self.client
            .post(self.url("/graphql"))
            .json(body)
            .send()
            .await
            .expect("the server answers")
            .json()
            .await
            .expect("the answer is JSON")
    }

    /// Posts a query that must go well and gives its data.
    pub async fn data(&self, query: &str) -> Value {
        let mut answer = self.answer(query).await;
        assert_eq!(answer.get("errors"), None, "{answer:#}");
        answer["data"].take()
    }

    /// Posts a query that must fail and gives the code of its first error.
    pub async fn error_code(&self, query: &str) -> String {
        let answer = self.answer(query).await;
        answer["errors"][0]["extensions"]["code"]
            .as_str()
            .unwrap_or_else(|| panic!("no coded error in {answer:#}"))
            .to_owned()
    }

    /// The SQL statements that a query runs.
    pub async fn statements_of(&self, query: &str) -> Vec<String> {
        self.statements.texts.lock().expect("not poisoned").clear();
        self.data(query).await;
        self.statements.texts.lock().expect("not poisoned").clone()
    }

    /// All SQL statements so far.
    pub fn statement_count(&self) -> usize {
        self.statements.count.load(Ordering::SeqCst)
    }
}

impl Drop for TestApp {
    fn drop(&mut self) {
        self.ask_to_stop();
    }
}

fn counted(mut db: DatabaseConnection, statements: Arc<Statements>) -> DatabaseConnection {
    db.set_metric_callback(move |info| {
        let text = info.statement.sql.clone();
        // The look for new events goes on whatever a test does.
        if text.ends_with("FROM \"event_stream\"") {
            return;
        }
        statements.count.fetch_add(1, Ordering::SeqCst);
        statements.texts.lock().expect("not poisoned").push(text);
    });
    db
}
