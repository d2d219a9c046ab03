//! The server that is measured, as a child process.

use std::{
    fs::File,
    io::{BufRead, BufReader},
    net::SocketAddr,
    path::Path,
    process::{Child, ChildStdout, Command, ExitStatus, Stdio},
    sync::Arc,
    time::Duration,
};

use anyhow::{Context, Result, bail};
use tempfile::TempDir;

use crate::figures;

/// How often it is looked whether the process has ended.
const LOOK: Duration = Duration::from_millis(5);

pub struct Server {
    child: Child,
    pub address: SocketAddr,
    /// Address of the database.
    pub database: String,
    _folder: Arc<TempDir>,
    /// Held open: writing to a closed one would be an error of the server's.
    _said: BufReader<ChildStdout>,
}

impl Server {
    /// Starts the binary beside this one, on a database that has been loaded before: what the
    /// loading took is not what serving takes.
    pub async fn start(settings: &[(&str, String)]) -> Result<Self> {
        let folder = Arc::new(tempfile::tempdir()?);
        let mut loading = Self::launch(&folder, settings)?;
        loading.ask_to_stop()?;
        loading.ended().await?;
        Self::launch(&folder, settings)
    }

    /// Starts it without a rate limit and waits until it listens.
    fn launch(folder: &Arc<TempDir>, settings: &[(&str, String)]) -> Result<Self> {
        let this = std::env::current_exe()?;
        let profile = this.parent().and_then(Path::parent);
        let binary = profile
            .context("no folder above this binary")?
            .join("pitwall");
        let database = format!("sqlite://{}", folder.path().join("pitwall.db").display());
        let log = folder.path().join("log");
        let mut child = Command::new(&binary)
            .arg("serve")
            .env("DATABASE_URL", &database)
            .env("PITWALL__SERVER__PORT", "0")
            .env("PITWALL__RATE_LIMIT__ENABLED", "false")
            .env("PITWALL__JOBS__ENABLED", "false")
            .env("PITWALL__LOG__FILTER", "warn")
            .envs(settings.iter().map(|(name, value)| (name, value)))
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(File::create(&log)?)
            .spawn()
            .with_context(|| format!("{} cannot be started", binary.display()))?;
        let said = child.stdout.take().context("the child has no output")?;
        let mut said = BufReader::new(said);
        match listening(&mut said) {
            Ok(address) => Ok(Self {
                child,
                address,
                database,
                _folder: Arc::clone(folder),
                _said: said,
            }),
            Err(error) => {
                // It may have ended by itself.
                drop(child.kill());
                child.wait()?;
                bail!("{error}: {}", std::fs::read_to_string(&log)?)
            }
        }
    }

    pub fn resident(&self) -> Result<u64> {
        figures::resident(self.child.id())
    }

    pub fn processor_time(&self) -> Result<Duration> {
        figures::processor_time(self.child.id())
    }

    /// Since it had used so much.
    pub fn processor_time_since(&self, used: Duration) -> Result<Duration> {
        Ok(self.processor_time()?.saturating_sub(used))
    }

    /// Asks it to stop, as a service manager does.
    pub fn ask_to_stop(&self) -> Result<()> {
        let process = self.child.id().to_string();
        let sent = Command::new("kill").args(["-TERM", &process]).status()?;
        if !sent.success() {
            bail!("the server cannot be asked to stop");
        }
        Ok(())
    }

    /// Waits for its end.
    pub async fn ended(&mut self) -> Result<ExitStatus> {
        loop {
            if let Some(status) = self.child.try_wait()? {
                return Ok(status);
            }
            tokio::time::sleep(LOOK).await;
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // It may have ended by itself.
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

/// Where it says that it listens.
fn listening(said: &mut impl BufRead) -> Result<SocketAddr> {
    let mut line = String::new();
    while said.read_line(&mut line)? > 0 {
        let url = line.strip_prefix("GraphQL").map(str::trim);
        if let Some(url) = url {
            let rest = url.strip_prefix("http://").unwrap_or(url);
            let address = rest.split('/').next().unwrap_or(rest);
            return address.parse().context("no address to connect to");
        }
        line.clear();
    }
    bail!("the server does not start")
}

/// Raises the number of files that this process and its children may open.
pub fn allow_files(wanted: u64) -> Result<()> {
    let (soft, hard) = rlimit::getrlimit(rlimit::Resource::NOFILE)?;
    if soft >= wanted {
        return Ok(());
    }
    // Only root may raise the hard one.
    rlimit::setrlimit(rlimit::Resource::NOFILE, wanted, hard.max(wanted)).with_context(|| {
        format!("{wanted} open files are needed and {hard} allowed: see `ulimit -Hn`")
    })
}
