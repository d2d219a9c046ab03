//! Tells this process what was committed, by itself or by any other on the same database.
//!
//! Events are rows (`event.rs`); the bus only says that there are more of them, so nothing is
//! lost when nobody listens: whoever needs every event reads the table from where it stood.
//!
//! What this process commits it hears of at once, what others commit when it looks. With Redis
//! they tell each other, and the looks are a safety net; without, or while it is away, the looks
//! are all there is, and come oftener.

mod relay;

use std::{
    collections::HashMap,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use entities::event_stream;
use relay::Relay;
use sea_orm::{DatabaseConnection, DbErr, EntityTrait};
use tokio::sync::{Notify, broadcast};

use crate::{App, cache::Cache, event};

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
    /// To and from other processes.
    relay: Option<Relay>,
}

impl Default for Bus {
    fn default() -> Self {
        Self::new(None)
    }
}

impl Bus {
    fn new(relay: Option<Relay>) -> Self {
        Self(Arc::new(Inner {
            version: AtomicU64::new(0),
            notices: broadcast::Sender::new(BACKLOG),
            look: Notify::new(),
            commits: AtomicU64::new(0),
            seen: AtomicU64::new(0),
            heads: Mutex::new(None),
            relay,
        }))
    }

    /// The bus of a process that tells others of its commits through Redis, when there is one.
    /// Processes hear each other when they have the same database and so the same `secret`.
    #[must_use]
    pub fn connect(cache: &Cache, secret: &[u8], db: &DatabaseConnection) -> Self {
        let Some((client, redis)) = cache.connections() else {
            return Self::default();
        };
        let bus = Self::new(Some(Relay::new(client, secret)));
        let (inner, db) = (Arc::clone(&bus.0), db.clone());
        tokio::spawn(async move {
            if let Some(relay) = &inner.relay {
                relay.tell(&db, redis).await;
            }
        });
        bus
    }

    /// Whether commits of other processes are heard at once, through Redis; none when there is
    /// none.
    #[must_use]
    pub fn is_relayed(&self) -> Option<bool> {
        self.0.relay.as_ref().map(Relay::hears)
    }

    /// To be called after the commit of a transaction that appended an event: what was
    /// worked out before is stale at once, and listeners need not wait for the next look.
    pub fn committed(&self) {
        self.0.commits.fetch_add(1, Ordering::AcqRel);
        self.0.version.fetch_add(1, Ordering::AcqRel);
        self.0.look.notify_one();
        if let Some(relay) = &self.0.relay {
            relay.committed();
        }
    }

    /// The same for a stream on which no answer that is kept rests (`event::is_live`).
    pub fn told(&self) {
        self.0.commits.fetch_add(1, Ordering::AcqRel);
        self.0.look.notify_one();
        if let Some(relay) = &self.0.relay {
            relay.committed();
        }
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
        let found = heads(db).await?;
        let mut heads = self.0.heads.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(before) = heads.as_ref() {
            let news = found
                .iter()
                .filter(|(stream, sequence)| before.get(*stream) != Some(sequence));
            let news: Vec<_> = news.collect();
            if news.iter().any(|(stream, _)| !event::is_live(stream)) {
                // Before the notices: who hears one must not find an answer from before it.
                self.0.version.fetch_add(1, Ordering::AcqRel);
            }
            for (stream, sequence) in news {
                let kind = stream.split([':', '/']).next().unwrap_or(stream).to_owned();
                metrics::counter!("pitwall_events_total", "stream" => kind).increment(1);
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

/// Looks for new events, for ever: after each commit of this process, when another tells of one,
/// and every so often all the same. A database that does not answer is asked again.
pub async fn dispatch(app: App) {
    let Some(relay) = &app.bus.0.relay else {
        return looks(&app).await;
    };
    let inner = &app.bus.0;
    let is_new = |stream: &str, sequence| {
        let heads = inner.heads.lock().unwrap_or_else(PoisonError::into_inner);
        let head = heads.as_ref().and_then(|heads| heads.get(stream));
        head.is_none_or(|head| *head < sequence)
    };
    tokio::join!(looks(&app), relay.hear(is_new, || inner.look.notify_one()));
}

async fn looks(app: &App) {
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
        let events = &app.config.events;
        let pause = if app.bus.is_relayed() == Some(true) {
            events.relayed_poll_milliseconds
        } else {
            events.poll_milliseconds
        };
        tokio::select! {
            () = app.bus.0.look.notified() => {}
            () = tokio::time::sleep(Duration::from_millis(pause.max(1))) => {}
        }
    }
}

/// How far each stream has got.
async fn heads(db: &DatabaseConnection) -> Result<HashMap<String, i64>, DbErr> {
    let rows = event_stream::Entity::find().all(db).await?;
    let heads = rows.into_iter().map(|row| (row.stream, row.last_sequence));
    Ok(heads.collect())
}
