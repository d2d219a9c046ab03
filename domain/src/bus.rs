//! Tells this process what was committed, by itself or by any other on the same database.
//!
//! Events are rows (`event.rs`); the bus only says that there are more of them, so nothing is
//! lost when nobody listens: whoever needs every event reads the table from where it stood.

use std::{
    collections::HashMap,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use entities::event_stream;
use sea_orm::{DatabaseConnection, DbErr, EntityTrait};
use tokio::sync::{Notify, broadcast};

use crate::App;

/// Notices that a listener may fall behind; after that it hears how many it missed.
const BACKLOG: usize = 1024;

/// A stream has got events up to this sequence.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Notice {
    pub stream: Arc<str>,
    pub sequence: i64,
}

/// The bus of a process, cheap to clone.
#[derive(Clone)]
pub struct Bus(Arc<Inner>);

struct Inner {
    version: AtomicU64,
    notices: broadcast::Sender<Notice>,
    look: Notify,
    /// Commits of this process, and how many of them the last look has seen.
    commits: AtomicU64,
    seen: AtomicU64,
    /// How far each stream had got at the last look; none before the first.
    heads: Mutex<Option<HashMap<String, i64>>>,
}

impl Default for Bus {
    fn default() -> Self {
        Self(Arc::new(Inner {
            version: AtomicU64::new(0),
            notices: broadcast::Sender::new(BACKLOG),
            look: Notify::new(),
            commits: AtomicU64::new(0),
            seen: AtomicU64::new(0),
            heads: Mutex::new(None),
        }))
    }
}

impl Bus {
    /// To be called after the commit of a transaction that appended an event: what was
    /// worked out before is stale at once, and listeners need not wait for the next look.
    pub fn committed(&self) {
        self.0.commits.fetch_add(1, Ordering::AcqRel);
        self.0.version.fetch_add(1, Ordering::AcqRel);
        self.0.look.notify_one();
    }

    /// Grows with every commit heard of: answers worked out under another version are stale.
    #[must_use]
    pub fn version(&self) -> u64 {
        self.0.version.load(Ordering::Acquire)
    }

    /// Hears of every stream from now on.
    #[must_use]
    pub fn listen(&self) -> broadcast::Receiver<Notice> {
        self.0.notices.subscribe()
    }

    /// Sequence that a stream has got to, as far as this process has heard: every later one is
    /// still to be heard by those who listen already. None when the table knows better: before
    /// the first look, and when this process itself has committed something since the last.
    #[must_use]
    pub fn head(&self, stream: &str) -> Option<i64> {
        if self.0.seen.load(Ordering::Acquire) != self.0.commits.load(Ordering::Acquire) {
            return None;
        }
        let heads = self.0.heads.lock().unwrap_or_else(PoisonError::into_inner);
        let heads = heads.as_ref()?;
        Some(heads.get(stream).copied().unwrap_or(0))
    }

    async fn look(&self, db: &DatabaseConnection) -> Result<(), DbErr> {
        let commits = self.0.commits.load(Ordering::Acquire);
        let rows = event_stream::Entity::find().all(db).await?;
        let found: HashMap<_, _> = rows
            .into_iter()
            .map(|row| (row.stream, row.last_sequence))
            .collect();
        let mut heads = self.0.heads.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(before) = heads.as_ref() {
            let news = found
                .iter()
                .filter(|(stream, sequence)| before.get(*stream) != Some(sequence));
            let news: Vec<_> = news.collect();
            if !news.is_empty() {
                // Before the notices: who hears one must not find an answer from before it.
                self.0.version.fetch_add(1, Ordering::AcqRel);
            }
            for (stream, sequence) in news {
                metrics::counter!("pitwall_events_total", "stream" => stream.clone()).increment(1);
                // Nobody listening is no error.
                let _ = self.0.notices.send(Notice {
                    stream: stream.as_str().into(),
                    sequence: *sequence,
                });
            }
        }
        *heads = Some(found);
        self.0.seen.store(commits, Ordering::Release);
        Ok(())
    }
}

/// Looks for new events, for ever: after each commit of this process, and every so often for
/// those of others. A database that does not answer is asked again.
pub async fn dispatch(app: App) {
    let pause = Duration::from_millis(app.config.events.poll_milliseconds.max(1));
    let mut failing = false;
    loop {
        match app.bus.look(&app.db).await {
            Ok(()) => failing = false,
            Err(error) if !failing => {
                failing = true;
                tracing::warn!(%error, "events cannot be read; trying again");
            }
            Err(_) => {}
        }
        tokio::select! {
            () = app.bus.0.look.notified() => {}
            () = tokio::time::sleep(pause) => {}
        }
    }
}
