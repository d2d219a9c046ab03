//! The stand-in for all services on the network, where it and the data stand beside the
//! repository: real races, by a clock that can be set.

use std::{
    io::{BufRead, BufReader},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
};

use chrono::{DateTime, TimeDelta, Utc};
use domain::{App, clock::Clock, config::ClockConfig};
use serde_json::{Value, json};

use super::TestApp;

/// The stand-in, ended with the test.
pub struct Stub {
    child: Child,
    pub url: String,
}

/// A request that came.
#[derive(Debug, Clone)]
pub struct Asked {
    /// When it came, by the clock of the stand-in.
    pub at: DateTime<Utc>,
    /// The service that was meant.
    pub api: String,
    pub path: String,
    /// 0 for a connection that was cut.
    pub status: u64,
}

/// Something in the folder beside the repository, where that is there.
pub fn shared(path: &str) -> Option<PathBuf> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../shared")
        .join(path);
    path.exists().then_some(path)
}

impl Stub {
    /// Starts on a free port at a time; none where it is not there.
    pub fn start(now: &str, speed: u32) -> Option<Self> {
        Self::start_with(now, speed, &[])
    }

    /// The same with options of its own.
    pub fn start_with(now: &str, speed: u32, options: &[&str]) -> Option<Self> {
        let (program, data) = (shared("upstream/upstream.py")?, shared("data")?);
        let mut child = Command::new("python3")
            .arg(program)
            .args(["--port", "0", "--now", now, "--speed", &speed.to_string()])
            .arg("--data")
            .arg(data)
            .args(options)
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .ok()?;
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let address = lines.find_map(|line| {
            let line = line.ok()?;
            let (_, address) = line.split_once("listening on ")?;
            Some(address.split_whitespace().next()?.to_owned())
        });
        let url = format!("http://{}", address.expect("the stand-in listens"));
        Some(Self { child, url })
    }

    /// The application at a time and as fast, and the stand-in with it.
    pub async fn at(&self, test: &TestApp, now: &str, speed: u32) -> App {
        let mut app = test.app.clone();
        self.control("__clock", &json!({ "now": now, "speed": speed }))
            .await;
        app.clock = Clock::new(&ClockConfig {
            start: Some(now.parse().unwrap()),
            speed: speed.into(),
        });
        app
    }

    /// What goes wrong from now on.
    pub async fn faults(&self, faults: &Value) {
        self.control("__faults", faults).await;
    }

    /// Requests so far, in the order in which they came. The log says when each was answered and
    /// how long that took, which with a fast clock is more than a second: it is taken off.
    pub async fn log(&self) -> Vec<Asked> {
        let log = self.read("__log").await;
        let speed = self.read("__clock").await["speed"].as_f64().unwrap();
        let came = |request: &Value| {
            let answered: DateTime<Utc> = request["sim"].as_str().unwrap().parse().unwrap();
            #[expect(clippy::cast_possible_truncation, reason = "seconds")]
            let took = (request["ms"].as_f64().unwrap() * speed * 1000.0) as i64;
            answered - TimeDelta::microseconds(took)
        };
        let requests = log["requests"].as_array().unwrap();
        let asked = |request: &Value| Asked {
            at: came(request),
            api: request["api"].as_str().unwrap().to_owned(),
            path: request["path"].as_str().unwrap().to_owned(),
            status: request["status"].as_u64().unwrap(),
        };
        let mut all: Vec<Asked> = requests.iter().map(asked).collect();
        all.sort_by_key(|asked| asked.at);
        all
    }

    /// What it says of itself.
    async fn read(&self, path: &str) -> Value {
        let answer = reqwest::get(format!("{}/{path}", self.url)).await;
        answer.unwrap().json().await.unwrap()
    }

    /// Has it do something.
    pub async fn control(&self, path: &str, body: &Value) {
        let request = reqwest::Client::new().post(format!("{}/{path}", self.url));
        let answer = request.json(body).send().await.unwrap();
        assert!(answer.status().is_success(), "{body}");
    }
}

impl Drop for Stub {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
