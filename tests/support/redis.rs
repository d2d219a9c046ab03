//! A Redis of a test's own, which can be stopped and started again.

use super::service::{Service, free_port};

/// A server on a port of its own; it is gone at the end of the test.
pub struct OwnRedis {
    port: u16,
    server: Service,
    // Dropped after the server, which may write there.
    _folder: tempfile::TempDir,
}

impl OwnRedis {
    /// A running one; none on a machine without `redis-server`.
    pub fn start() -> Option<Self> {
        let port = free_port();
        let folder = tempfile::tempdir().unwrap();
        let place = folder.path().display().to_string();
        let at = ["--port", &port.to_string(), "--bind", "127.0.0.1"];
        let keeps_nothing = ["--save", "", "--appendonly", "no", "--dir", &place];
        let arguments = [at.as_slice(), &keeps_nothing].concat();
        let mut redis = Self {
            port,
            server: Service::new("redis-server", &arguments, port),
            _folder: folder,
        };
        redis.again().then_some(redis)
    }

    pub fn url(&self) -> String {
        format!("redis://127.0.0.1:{}", self.port)
    }

    /// Kills it.
    pub fn stop(&mut self) {
        self.server.stop();
    }

    /// Starts it, empty, on the same port; false on a machine that has none.
    pub fn again(&mut self) -> bool {
        self.server.again()
    }
}
