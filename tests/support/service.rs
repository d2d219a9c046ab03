//! A program that serves on a port of this machine for one test.

use std::{
    net::{TcpListener, TcpStream},
    process::{Child, Command, Stdio},
    thread,
    time::{Duration, Instant},
};

/// A program that can be killed and started again; it is gone at the end of the test.
pub struct Service {
    program: &'static str,
    arguments: Vec<String>,
    port: u16,
    running: Option<Child>,
}

/// A port that nobody listens on.
pub fn free_port() -> u16 {
    let free = TcpListener::bind("127.0.0.1:0").unwrap();
    free.local_addr().unwrap().port()
}

impl Service {
    /// One that is to be started, which listens on a port then.
    pub fn new(program: &'static str, arguments: &[&str], port: u16) -> Self {
        Self {
            program,
            arguments: arguments
                .iter()
                .map(|&argument| argument.to_owned())
                .collect(),
            port,
            running: None,
        }
    }

    /// Kills it.
    pub fn stop(&mut self) {
        if let Some(mut running) = self.running.take() {
            let _ = running.kill();
            let _ = running.wait();
        }
    }

    /// Starts it and waits until it listens; false on a machine that has none.
    pub fn again(&mut self) -> bool {
        let started = Command::new(self.program)
            .args(&self.arguments)
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn();
        let Ok(running) = started else {
            return false;
        };
        self.running = Some(running);
        let begin = Instant::now();
        while TcpStream::connect(("127.0.0.1", self.port)).is_err() {
            let patience = begin.elapsed() < Duration::from_secs(10);
            assert!(patience, "{} starts", self.program);
            thread::sleep(Duration::from_millis(10));
        }
        true
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        self.stop();
    }
}
