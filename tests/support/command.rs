//! The `pitwall` binary, run as a user runs it.

use std::process::{Command, Output};

/// The binary on a database, free of this process's settings.
pub fn pitwall(database_url: &str) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_pitwall"));
    command
        .env("DATABASE_URL", database_url)
        .env("REDIS_URL", "")
        .env("PITWALL__LOG__FILTER", "error")
        // Training keeps a processor busy for minutes; tests of it ask for it.
        .env("PITWALL__FORECAST__TRAIN", "false")
        // Nothing leaves this machine; tests with services of their own ask for it.
        .env("PITWALL__JOBS__NETWORK", "false");
    command
}

/// Runs to the end.
pub fn run(command: &mut Command) -> Finished {
    let output = command.output().expect("pitwall starts");
    Finished(output)
}

/// What a run said and how it ended.
pub struct Finished(Output);

impl Finished {
    /// Exit code.
    pub fn code(&self) -> i32 {
        self.0.status.code().expect("an exit code")
    }

    /// Standard output.
    pub fn out(&self) -> String {
        String::from_utf8_lossy(&self.0.stdout).into_owned()
    }

    /// Standard error.
    pub fn err(&self) -> String {
        String::from_utf8_lossy(&self.0.stderr).into_owned()
    }

    /// Fails the test unless the run went well.
    pub fn well(self) -> Self {
        assert_eq!(self.code(), 0, "{}{}", self.out(), self.err());
        self
    }
}
