//! Processes of Pitwall that are killed and begin again.

use std::{
    fs::{self, OpenOptions},
    io::{BufRead, BufReader},
    net::SocketAddr,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::{Arc, Mutex},
    thread::{self, JoinHandle},
    time::{Duration, Instant},
};

/// Within this time a process that is asked to has stopped.
const PATIENCE: Duration = Duration::from_mins(1);

/// Lines of a process's log that are shown when the test fails.
const LAST: usize = 40;

/// Where a server is reached; none while it is not there.
#[derive(Debug, Clone, Default)]
pub struct Address(Arc<Mutex<Option<SocketAddr>>>);

impl Address {
    pub fn get(&self) -> Option<SocketAddr> {
        *self.0.lock().unwrap()
    }

    fn set(&self, to: Option<SocketAddr>) {
        *self.0.lock().unwrap() = to;
    }
}

/// A process, running or not. It is gone at the end of the test.
pub struct Process {
    name: String,
    log: PathBuf,
    /// Of a server.
    pub address: Address,
    running: Option<Running>,
}

struct Running {
    child: Child,
    /// Reads what it says, so that it need not wait for a reader.
    reading: JoinHandle<()>,
}

impl Process {
    /// One that is still to begin, with its log in a folder.
    pub fn new(name: &str, logs: &Path) -> Self {
        Self {
            name: name.to_owned(),
            log: logs.join(name),
            address: Address::default(),
            running: None,
        }
    }

    pub fn begin(&mut self, mut command: Command) {
        assert!(self.running.is_none(), "{} is running", self.name);
        let log = OpenOptions::new().create(true).append(true).open(&self.log);
        let mut child = command
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(log.unwrap())
            .spawn()
            .expect("pitwall starts");
        let said = BufReader::new(child.stdout.take().unwrap());
        let address = self.address.clone();
        let reading = thread::spawn(move || {
            for line in said.lines().map_while(Result::ok) {
                if let Some(told) = told_in(&line) {
                    address.set(Some(told));
                }
            }
        });
        self.running = Some(Running { child, reading });
    }

    /// Kills it, whatever it is at (`kill -9`).
    pub fn kill(&mut self) {
        // First: whoever finds it gone must be able to tell why.
        self.address.set(None);
        let Some(Running { mut child, reading }) = self.running.take() else {
            return;
        };
        drop(child.kill());
        drop(child.wait());
        // What it said last may have been read only now.
        drop(reading.join());
        self.address.set(None);
    }

    /// Asks it to stop, if it is running, and waits until it has.
    pub async fn stop(&mut self) {
        self.address.set(None);
        let Some(running) = &mut self.running else {
            return;
        };
        let id = running.child.id().to_string();
        // It may have ended by itself.
        drop(Command::new("kill").args(["-TERM", &id]).status());
        let asked = Instant::now();
        while running.child.try_wait().unwrap().is_none() {
            assert!(asked.elapsed() < PATIENCE, "{} does not stop", self.name);
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        self.kill();
    }

    pub fn lives(&mut self) -> bool {
        let child = self.running.as_mut().map(|running| &mut running.child);
        child.is_some_and(|child| child.try_wait().is_ok_and(|ended| ended.is_none()))
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.kill();
        if thread::panicking() {
            let log = fs::read_to_string(&self.log).unwrap_or_default();
            let lines: Vec<&str> = log.lines().collect();
            let last = &lines[lines.len().saturating_sub(LAST)..];
            eprintln!("{}:\n{}\n", self.name, last.join("\n"));
        }
    }
}

/// The address in what a server says when it listens.
fn told_in(line: &str) -> Option<SocketAddr> {
    let url = line.strip_prefix("GraphQL ")?.trim();
    let address = url.strip_prefix("http://")?.split('/').next()?;
    address.parse().ok()
}
