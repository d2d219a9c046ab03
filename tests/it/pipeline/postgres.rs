//! A PostgreSQL of a test's own, which can be restarted.

use std::{
    fs::{self, OpenOptions},
    io::Write,
    net::TcpListener,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

/// A server on a port of its own; it is gone at the end of the test.
pub struct Postgres {
    port: u16,
    /// Folder of its programs; empty when they are in the path.
    programs: PathBuf,
    /// It refuses to be run by root, so that somebody else has to.
    by_another: bool,
    folder: tempfile::TempDir,
}

impl Postgres {
    /// A running one with an empty database; none on a machine that has none.
    pub fn start() -> Option<Self> {
        let programs = programs()?;
        let by_another = is_root();
        if by_another && !succeeds(Command::new("runuser").args(["-u", "postgres", "--", "true"])) {
            return None;
        }
        let free = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = free.local_addr().unwrap().port();
        drop(free);
        let server = Self {
            port,
            programs,
            by_another,
            folder: tempfile::tempdir().unwrap(),
        };
        if by_another {
            run(Command::new("chown").arg("postgres").arg(server.folder()));
        }
        let mut command = server.command("initdb");
        command
            .args(["--username=pitwall", "--auth=trust", "--encoding=UTF8"])
            .args(["--no-locale", "--no-sync", "--pgdata"]);
        run(command.arg(server.data()));
        server.configure();
        server.again();
        Some(server)
    }

    /// Address of its database.
    pub fn url(&self) -> String {
        format!("postgres://pitwall@127.0.0.1:{}/postgres", self.port)
    }

    /// Ends it as a crash does, and starts it again on the same port; returns when it answers.
    pub fn restart(&self) {
        run(&mut self.stopping());
        self.again();
    }

    fn configure(&self) {
        let settings = self.data().join("postgresql.conf");
        let mut settings = OpenOptions::new().append(true).open(settings).unwrap();
        // Only a crash of the machine would show that nothing is flushed.
        write!(
            settings,
            "port = {}\nlisten_addresses = '127.0.0.1'\nunix_socket_directories = '{}'\nfsync = off\n",
            self.port,
            self.folder().display()
        )
        .unwrap();
    }

    fn again(&self) {
        let mut command = self.control();
        command.arg("--log").arg(self.log()).arg("start");
        if !succeeds(&mut command) {
            let log = fs::read_to_string(self.log()).unwrap_or_default();
            panic!("PostgreSQL does not start: {log}");
        }
    }

    fn stopping(&self) -> Command {
        let mut command = self.control();
        command.args(["--mode", "immediate", "stop"]);
        command
    }

    fn control(&self) -> Command {
        let mut command = self.command("pg_ctl");
        command
            .args(["--silent", "--wait", "--timeout", "60", "--pgdata"])
            .arg(self.data());
        command
    }

    fn command(&self, program: &str) -> Command {
        let program = self.programs.join(program);
        let mut command = if self.by_another {
            let mut command = Command::new("runuser");
            command.args(["-u", "postgres", "--"]).arg(program);
            command
        } else {
            Command::new(program)
        };
        command.current_dir(self.folder());
        command
    }

    fn folder(&self) -> &Path {
        self.folder.path()
    }

    fn data(&self) -> PathBuf {
        self.folder().join("data")
    }

    fn log(&self) -> PathBuf {
        self.folder().join("log")
    }
}

impl Drop for Postgres {
    fn drop(&mut self) {
        succeeds(&mut self.stopping());
    }
}

/// Where its programs are.
fn programs() -> Option<PathBuf> {
    // Debian has them by version, and not in the path.
    let versions = fs::read_dir("/usr/lib/postgresql").into_iter().flatten();
    let installed = versions.flatten().filter_map(|entry| {
        let version: u32 = entry.file_name().to_str()?.parse().ok()?;
        let folder = entry.path().join("bin");
        folder.join("initdb").exists().then_some((version, folder))
    });
    let newest = installed.max().map(|(_, folder)| folder);
    let in_path = || succeeds(Command::new("initdb").arg("--version")).then(PathBuf::new);
    newest.or_else(in_path)
}

fn is_root() -> bool {
    let user = Command::new("id").arg("-u").output();
    user.is_ok_and(|user| user.stdout.trim_ascii() == b"0")
}

/// Whether a command is there and ends well.
fn succeeds(command: &mut Command) -> bool {
    // A server that it starts must not hold a pipe open.
    let command = command.stdin(Stdio::null()).stdout(Stdio::null());
    let ended = command.stderr(Stdio::null()).status();
    ended.is_ok_and(|ended| ended.success())
}

fn run(command: &mut Command) {
    let ended = command.stdin(Stdio::null()).output().unwrap();
    let said = String::from_utf8_lossy(&ended.stderr);
    assert!(ended.status.success(), "{command:?}: {said}");
}
