//! What one process commits the others hear: at once through Redis, else when they look.

use std::{
    io::{BufRead, BufReader},
    process::{Child, Stdio},
    time::{Duration, Instant},
};

use domain::{
    App,
    cache::{Cache, Class, Key},
    config::Config,
    event,
};
use sea_orm::TransactionTrait;
use serde_json::Value;

use crate::support::{
    Setup, TestApp, TestDatabase,
    command::pitwall,
    redis::OwnRedis,
    streams::{Events, PATIENCE},
};

/// A second process, so to speak: an application of its own on the same database.
async fn beside(app: &TestApp) -> App {
    let config = (*app.app.config).clone();
    let db = domain::database::connect(&config.database).await.unwrap();
    App::assemble(config, db, app.app.clock.clone())
        .await
        .unwrap()
}

/// A server on a Redis of its own that looks for itself only every so often.
async fn relayed(redis: &OwnRedis, look: u64) -> TestApp {
    let app = TestApp::start_with(Setup::default(), |config| {
        config.redis.url = redis.url();
        config.events.poll_milliseconds = look;
        config.events.relayed_poll_milliseconds = 10_000;
    })
    .await;
    wait_for(&app, "through Redis").await;
    app
}

/// Waits until health says how news of other processes come.
async fn wait_for(app: &TestApp, push: &str) {
    wait_at(&app.url("/health/ready"), push).await;
}

async fn wait_at(url: &str, push: &str) {
    let begin = Instant::now();
    loop {
        let ready = reqwest::get(url).await.unwrap();
        assert_eq!(ready.status(), 200);
        let ready: Value = ready.json().await.unwrap();
        if ready["push"] == push {
            return;
        }
        assert!(begin.elapsed() < PATIENCE, "{ready:#}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// Somebody who listens to a server.
async fn listening(app: &TestApp) -> Events {
    listening_at(&app.url("/graphql")).await
}

async fn listening_at(url: &str) -> Events {
    let body = serde_json::json!({ "query": "subscription { dataStatusChanged { sequence } }" });
    let request = reqwest::Client::new().post(url);
    let request = request.header("accept", "text/event-stream").json(&body);
    let mut events = Events::of(request.send().await.unwrap());
    assert_eq!(sequence(&mut events).await, 0);
    events
}

async fn sequence(events: &mut Events) -> i64 {
    let told = events.next().await.unwrap();
    told["data"]["dataStatusChanged"]["sequence"]
        .as_i64()
        .unwrap_or_else(|| panic!("no sequence in {told:#}"))
}

/// What a cache has under a key, or else is given.
async fn kept(cache: &Cache, key: &str, given: &str) -> String {
    let key = Key {
        class: Class::Static,
        text: key.to_owned(),
    };
    let computed = async { Ok::<_, String>(given.to_owned()) };
    cache.get_or_compute(&key, computed).await.unwrap()
}

/// Another process commits; gives how long it took until the listener was told.
async fn told_after(other: &App, events: &mut Events) -> Duration {
    let now = other.clock.now();
    let committed = event::append(&other.db, event::DATA_STATUS, "run_progressed", "x", now).await;
    let begin = Instant::now();
    other.bus.committed();
    assert_eq!(sequence(events).await, committed.unwrap());
    begin.elapsed()
}

#[tokio::test]
async fn commits_of_another_process_are_heard_at_once_through_redis() {
    let Some(redis) = OwnRedis::start() else {
        return;
    };
    let app = relayed(&redis, 10_000).await;
    let other = beside(&app).await;
    let mut events = listening(&app).await;
    // The first also connects.
    told_after(&other, &mut events).await;
    let mut times = Vec::new();
    for _ in 0..20 {
        times.push(told_after(&other, &mut events).await);
    }
    times.sort();
    println!("median {:?}, slowest {:?}", times[10], times[19]);
    assert!(times[10] < Duration::from_millis(50), "{times:?}");
    assert!(times[19] < Duration::from_secs(1), "{times:?}");
}

#[tokio::test]
async fn while_redis_is_away_the_database_is_asked_and_afterwards_all_is_as_before() {
    let Some(mut redis) = OwnRedis::start() else {
        return;
    };
    let app = relayed(&redis, 100).await;
    let other = beside(&app).await;
    let mut events = listening(&app).await;
    told_after(&other, &mut events).await;
    redis.stop();
    wait_for(&app, "polling").await;
    for _ in 0..5 {
        let took = told_after(&other, &mut events).await;
        assert!(took < Duration::from_secs(2), "{took:?}");
    }
    redis.again();
    wait_for(&app, "through Redis").await;
    // The other process finds its way back to Redis by itself, too.
    let begin = Instant::now();
    loop {
        let took = told_after(&other, &mut events).await;
        if took < Duration::from_millis(50) {
            break;
        }
        assert!(begin.elapsed() < PATIENCE, "{took:?}");
    }
}

#[tokio::test]
async fn a_process_that_starts_without_its_redis_finds_it_later() {
    let Some(mut redis) = OwnRedis::start() else {
        return;
    };
    redis.stop();
    let app = TestApp::start_with(Setup::default(), |config| {
        config.redis.url = redis.url();
    })
    .await;
    wait_for(&app, "polling").await;
    assert_eq!(app.app.cache.is_alive().await, Some(false));
    assert_eq!(kept(&app.app.cache, "a", "1").await, "1");
    redis.again();
    wait_for(&app, "through Redis").await;
    let begin = Instant::now();
    while app.app.cache.is_alive().await != Some(true) {
        assert!(begin.elapsed() < PATIENCE);
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    // What one works out the other finds.
    let other = beside(&app).await.cache;
    let begin = Instant::now();
    loop {
        let key = format!("b{}", begin.elapsed().as_millis());
        kept(&app.app.cache, &key, "1").await;
        if kept(&other, &key, "2").await == "1" {
            break;
        }
        assert!(begin.elapsed() < PATIENCE);
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

#[tokio::test]
async fn processes_on_another_database_are_not_heard() {
    let Some(redis) = OwnRedis::start() else {
        return;
    };
    let app = relayed(&redis, 10_000).await;
    let elsewhere = TestDatabase::create().await;
    let mut config: Config = (*app.app.config).clone();
    config.database.url.clone_from(&elsewhere.url);
    let stranger = App::start(config).await.unwrap();
    let mut notices = app.app.bus.listen();
    let now = stranger.clock.now();
    event::append(&stranger.db, event::DATA_STATUS, "run_progressed", "x", now)
        .await
        .unwrap();
    stranger.bus.committed();
    let heard = tokio::time::timeout(Duration::from_millis(300), notices.recv()).await;
    assert!(heard.is_err(), "{heard:?}");
}

#[tokio::test]
async fn without_redis_there_is_nobody_to_be_told() {
    let app = TestApp::start(Setup {
        change: |config| config.redis.url.clear(),
        ..Setup::default()
    })
    .await;
    assert_eq!(app.app.bus.is_relayed(), None);
    wait_for(&app, "within this process").await;
}

/// `pitwall serve`, killed at the end of the test.
struct Server {
    process: Child,
    graphql: String,
}

impl Server {
    fn start(database: &TestDatabase, redis: &OwnRedis) -> Self {
        let mut process = pitwall(&database.url)
            .arg("serve")
            .env("REDIS_URL", redis.url())
            .env("PITWALL__SERVER__PORT", "0")
            .env("PITWALL__DATA__BUNDLED", "false")
            .env("PITWALL__EVENTS__RELAYED_POLL_MILLISECONDS", "60000")
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut line = String::new();
        let out = process.stdout.take().unwrap();
        BufReader::new(out).read_line(&mut line).unwrap();
        let graphql = line.trim().rsplit(' ').next().unwrap().to_owned();
        assert!(graphql.starts_with("http://"), "{line}");
        Self { process, graphql }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// Two servers and an application of this process, on one database and one Redis.
struct Three {
    third: App,
    servers: [Server; 2],
    // Ended after those that use them.
    _database: TestDatabase,
    _redis: OwnRedis,
}

impl Three {
    /// None where there is no Redis.
    async fn start() -> Option<Self> {
        let redis = OwnRedis::start()?;
        let database = TestDatabase::create().await;
        let mut config = Config::defaults();
        config.database.url.clone_from(&database.url);
        config.redis.url = redis.url();
        let third = App::start(config).await.unwrap();
        let servers = [(); 2].map(|()| Server::start(&database, &redis));
        for server in &servers {
            let health = server.graphql.replace("/graphql", "/health/ready");
            wait_at(&health, "through Redis").await;
        }
        Some(Self {
            third,
            servers,
            _database: database,
            _redis: redis,
        })
    }
}

#[tokio::test]
async fn subscribers_on_two_servers_hear_what_a_third_process_commits() {
    let Some(three) = Three::start().await else {
        return;
    };
    let Three { third, servers, .. } = &three;
    let mut first = listening_at(&servers[0].graphql).await;
    let mut second = listening_at(&servers[1].graphql).await;
    for expected in 1..=20 {
        told_after(third, &mut first).await;
        assert_eq!(sequence(&mut second).await, expected);
    }
}

#[tokio::test]
async fn changes_are_told_one_by_one_at_every_server_and_can_be_resumed_at_another() {
    let Some(three) = Three::start().await else {
        return;
    };
    let Three { third, servers, .. } = &three;
    let follow = async |server: &Server, after: Option<i64>| {
        let query =
            "subscription ($after: Int) { raceUpdated(after: $after) { sequence gap { reason } } }";
        let body = serde_json::json!({ "query": query, "variables": { "after": after } });
        let request = reqwest::Client::new().post(&server.graphql);
        let request = request.header("accept", "text/event-stream").json(&body);
        Events::of(request.send().await.unwrap())
    };
    let told = async |events: &mut Events, count: usize| {
        let mut sequences = Vec::new();
        for _ in 0..count {
            let told = events.next().await.unwrap();
            let told = &told["data"]["raceUpdated"];
            assert_eq!(told["gap"], Value::Null, "{told:#}");
            sequences.push(told["sequence"].as_i64().unwrap());
        }
        sequences
    };
    let [first, second] = servers;
    let mut here = follow(first, None).await;
    let mut there = follow(second, None).await;
    assert_eq!(told(&mut here, 1).await, [0]);
    assert_eq!(told(&mut there, 1).await, [0]);
    // Many commits, faster than they are heard of one by one.
    for _ in 0..40 {
        let now = third.clock.now();
        let kind = event::RACE_IMPORTED;
        let subject = "Race:2024_monaco";
        let transaction = third.db.begin().await.unwrap();
        let appended = event::append(&transaction, event::DATA, kind, subject, now).await;
        appended.unwrap();
        transaction.commit().await.unwrap();
        third.bus.committed();
    }
    let all: Vec<i64> = (1..=40).collect();
    assert_eq!(told(&mut here, 40).await, all);
    drop(here);
    let mut elsewhere = follow(second, Some(25)).await;
    assert_eq!(told(&mut elsewhere, 15).await, all[25..]);
    assert_eq!(told(&mut there, 40).await, all);
}
