//! Servers of their own: processes that can be killed.

use std::{
    io::{BufRead, BufReader},
    process::{Child, Stdio},
};

use super::{KEY, OPENS};
use crate::support::command::pitwall;

/// `pitwall serve` on the Monday, killed at the end of the test at the latest.
pub struct Server {
    process: Child,
    pub graphql: String,
}

impl Server {
    /// One that looks every so many milliseconds for what others have written.
    pub fn start(database_url: &str, look: &str) -> Self {
        let mut process = pitwall(database_url)
            .arg("serve")
            .env("PITWALL__SERVER__PORT", "0")
            .env("PITWALL__SERVER__MAX_CONNECTIONS_PER_ADDRESS", "5000")
            .env("PITWALL__RATE_LIMIT__ENABLED", "false")
            .env("PITWALL__DATA__BUNDLED", "false")
            .env("PITWALL__JOBS__ENABLED", "false")
            .env("PITWALL__AUTH__KEY", KEY)
            .env("PITWALL__CLOCK__START", OPENS)
            .env("PITWALL__EVENTS__POLL_MILLISECONDS", look)
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

    /// Ends it, whatever it is at (`kill -9`).
    pub fn kill(&mut self) {
        drop(self.process.kill());
        drop(self.process.wait());
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.kill();
    }
}
