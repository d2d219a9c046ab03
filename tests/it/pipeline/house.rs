//! A whole house: database, Redis, services on the network, two servers and a worker, all by one
//! clock.

use std::{
    process::Command,
    time::{Duration, Instant},
};

use chrono::SecondsFormat;
use domain::{
    App,
    clock::Clock,
    config::{ClockConfig, Config},
    import::{bundled::Bundled, import},
    season,
};
use entities::race;
use serde_json::{Value, json};
use tempfile::TempDir;

use super::{
    RACE,
    postgres::Postgres,
    process::{Address, Process},
    trouble::Trouble,
};
use crate::support::{
    command::pitwall, database::variable, only::Only, redis::OwnRedis, stub::Stub,
};

/// What the database begins with. More would make training longer and show nothing else.
const SEASONS: [i32; 3] = [2021, 2022, 2023];

/// How long a server may take to listen.
const PATIENCE: Duration = Duration::from_mins(1);

/// So long after a restart of the database a process may be found ended.
const EXCUSED: Duration = Duration::from_secs(30);

/// The house of a test; all of it is gone at the end.
pub struct House {
    name: &'static str,
    pub worker: Process,
    pub servers: [Process; 2],
    /// Looks at the same database. Its clock stands.
    pub app: App,
    /// By which all others live.
    clock: Clock,
    speed: u32,
    trains: bool,
    /// When the database was.
    restarted: Option<Instant>,
    // Ended after those that use them.
    stub: Stub,
    redis: OwnRedis,
    postgres: Postgres,
    _logs: TempDir,
}

impl House {
    /// One with the races of some seasons, as far as they were public, in which nobody works yet.
    /// None where the services, PostgreSQL or Redis cannot be had, and in a run without them.
    pub async fn begin(name: &'static str, now: &str, trains: bool) -> Option<Self> {
        // Its own, and not that one; but then once is enough.
        variable("TEST_DATABASE_URL")?;
        let stub = Stub::start(now, 0)?;
        let (Some(postgres), Some(redis)) = (Postgres::start(), OwnRedis::start()) else {
            eprintln!("skipped: there is no PostgreSQL or no Redis that could be started");
            return None;
        };
        let mut config = Config::defaults();
        config.database.url = postgres.url();
        let db = domain::database::open(&config.database).await.unwrap();
        let clock = Clock::standing(now.parse().unwrap());
        let app = App::assemble(config, db, clock.clone()).await.unwrap();
        for year in SEASONS {
            let season = Only(Bundled::new(clock.now()), year);
            import(&app, season, |_| {}).await.unwrap();
        }
        let logs = tempfile::tempdir().unwrap();
        let process = |what: &str| Process::new(&format!("{name}, {what}"), logs.path());
        Some(Self {
            name,
            worker: process("worker"),
            servers: [process("server 1"), process("server 2")],
            app,
            clock,
            speed: 1,
            trains,
            restarted: None,
            stub,
            redis,
            postgres,
            _logs: logs,
        })
    }

    /// Sets the clock of the services and of whoever begins from now on. Results are published so
    /// long (`60m`) after a session.
    pub async fn set_clock(&mut self, now: &str, speed: u32, results_delay: &str) {
        let control = json!({ "now": now, "speed": speed, "results_delay": results_delay });
        self.stub.control("__clock", &control).await;
        self.speed = speed;
        self.clock = Clock::new(&ClockConfig {
            start: Some(now.parse().unwrap()),
            speed: speed.into(),
        });
    }

    /// Lets both servers begin; returns when they listen.
    pub async fn open(&mut self) {
        for number in 0..self.servers.len() {
            self.serve(number);
        }
        for server in &self.servers {
            let begun = Instant::now();
            while server.address.get().is_none() {
                assert!(begun.elapsed() < PATIENCE, "{}: no server", self.name);
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        }
    }

    fn serve(&mut self, number: usize) {
        let command = self.command("serve");
        self.servers[number].begin(command);
    }

    /// Lets the worker begin.
    pub fn work(&mut self) {
        let command = self.command("work");
        self.worker.begin(command);
    }

    /// Asks all to stop, the worker first, and waits until they have.
    pub async fn close(&mut self) {
        self.worker.stop().await;
        for server in &mut self.servers {
            server.stop().await;
        }
    }

    /// A process that begins now goes by the time that it is now.
    fn command(&self, what: &str) -> Command {
        let now = self.clock.now();
        let services = &self.stub.url;
        let mut command = pitwall(&self.postgres.url());
        command
            .arg(what)
            .env("REDIS_URL", self.redis.url())
            .env("PITWALL__LOG__FILTER", "info,sqlx=off")
            .env("PITWALL__SERVER__PORT", "0")
            .env(
                "PITWALL__CLOCK__START",
                now.to_rfc3339_opts(SecondsFormat::Millis, true),
            )
            .env("PITWALL__CLOCK__SPEED", self.speed.to_string())
            // What is bundled must not tell what is to be learned from the services.
            .env("PITWALL__DATA__BUNDLED", "false")
            // Nobody but the worker works.
            .env("PITWALL__JOBS__ENABLED", "false")
            .env("PITWALL__JOBS__NETWORK", "true")
            .env("PITWALL__FORECAST__TRAIN", self.trains.to_string())
            .env("PITWALL__FORECAST__BACKTEST_SEASONS", "0")
            .env("PITWALL__RATE_LIMIT__ENABLED", "false")
            // Whoever follows a stream on which nothing happens must hear that it is there.
            .env("PITWALL__WEBSOCKET__PING_SECONDS", "5")
            .env(
                "PITWALL__UPSTREAM__JOLPICA__URL",
                format!("{services}/ergast/f1"),
            )
            .env("PITWALL__UPSTREAM__OPENF1__URL", format!("{services}/v1"))
            .env("PITWALL__UPSTREAM__OPEN_METEO__URL", services);
        command
    }

    /// Lets something go wrong. Who is killed begins again at once.
    pub fn suffer(&mut self, trouble: Trouble) {
        println!("{}, {}: {trouble:?}", self.name, self.clock.now());
        match trouble {
            Trouble::Worker => {
                self.worker.kill();
                self.work();
            }
            Trouble::Server(number) => {
                self.servers[number].kill();
                self.serve(number);
            }
            Trouble::Database => {
                self.postgres.restart();
                self.restarted = Some(Instant::now());
            }
            Trouble::RedisGoes => self.redis.stop(),
            Trouble::RedisComes => assert!(self.redis.again(), "Redis starts again"),
        }
    }

    /// Nobody ends by itself, but for who had just begun when the database went: it cannot open it,
    /// says so, and is begun again by whoever looks after processes.
    pub fn look_after(&mut self) {
        let excused = self.restarted.is_some_and(|at| at.elapsed() < EXCUSED);
        if !self.worker.lives() {
            assert!(excused, "{}: the worker has ended by itself", self.name);
            self.suffer(Trouble::Worker);
        }
        for number in 0..self.servers.len() {
            if !self.servers[number].lives() {
                assert!(excused, "{}: a server has ended by itself", self.name);
                self.suffer(Trouble::Server(number));
            }
        }
    }

    /// Where the servers are reached, now and after they were killed.
    pub fn addresses(&self) -> [Address; 2] {
        let [first, second] = &self.servers;
        [first.address.clone(), second.address.clone()]
    }

    /// What a server says.
    pub async fn data(&self, server: usize, query: &str) -> Value {
        let address = self.servers[server].address.get().unwrap();
        let request = reqwest::Client::new().post(format!("http://{address}/graphql"));
        let answer = request.json(&json!({ "query": query })).send().await;
        let mut answer: Value = answer.unwrap().json().await.unwrap();
        assert_eq!(answer.get("errors"), None, "{answer:#}");
        answer["data"].take()
    }

    /// How health says that news of others come to a server.
    pub async fn push(&self, server: usize) -> String {
        let address = self.servers[server].address.get().unwrap();
        let ready = reqwest::get(format!("http://{address}/health/ready")).await;
        let ready: Value = ready.unwrap().json().await.unwrap();
        ready["push"].as_str().unwrap().to_owned()
    }

    /// The race that is run.
    pub async fn race(&self) -> race::Model {
        let race = season::race(&self.app.db, RACE).await;
        race.unwrap().unwrap()
    }

    /// Whether engines are trained.
    pub fn trains(&self) -> bool {
        self.trains
    }
}
