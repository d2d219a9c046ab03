//! Tells other processes of commits, and hears of theirs, through a stream in Redis. What was
//! committed is still read from the database: an entry only says that it is time to look.

use std::{
    collections::HashMap,
    convert::Infallible,
    sync::atomic::{AtomicBool, Ordering},
    time::Duration,
};

use redis::{AsyncConnectionConfig, Client, RedisError, aio::ConnectionManager};
use sea_orm::{DatabaseConnection, DbErr};
use sha2::{Digest, Sha256};
use tokio::sync::Notify;

use super::heads;

/// Entries that the stream holds, about: who was away longer than that looks anyway.
const LENGTH: usize = 1000;

/// How long Redis may keep an entry waiting.
const PATIENCE: Duration = Duration::from_millis(500);

/// How long is listened before Redis must show that it is there.
const LISTEN: Duration = Duration::from_secs(1);

/// Pause before Redis is tried again.
const PAUSE: Duration = Duration::from_millis(200);

/// An entry of the stream: its id, and how far each stream of events has got.
type Entry = (String, HashMap<String, i64>);

/// The way through Redis.
pub(super) struct Relay {
    client: Client,
    key: String,
    hears: AtomicBool,
    committed: Notify,
}

/// An entry could not be written.
#[derive(Debug, thiserror::Error)]
enum NotTold {
    #[error("{0}")]
    Database(#[from] DbErr),
    #[error("{0}")]
    Redis(#[from] RedisError),
    #[error("Redis did not answer in time")]
    Late,
}

impl Relay {
    /// The way for all processes on one database, which share a secret; several databases may
    /// share a Redis.
    pub(super) fn new(client: Client, secret: &[u8]) -> Self {
        let name = hex::encode(&Sha256::digest(secret)[..8]);
        Self {
            client,
            key: format!("pitwall:events:{name}"),
            hears: AtomicBool::new(false),
            committed: Notify::new(),
        }
    }

    /// Whether other processes are heard at once.
    pub(super) fn hears(&self) -> bool {
        self.hears.load(Ordering::Acquire)
    }

    /// This process has committed something.
    pub(super) fn committed(&self) {
        self.committed.notify_one();
    }

    /// Tells others of the commits of this process, for ever. While Redis is away it is tried
    /// again and again; then the newest heads are told.
    pub(super) async fn tell(&self, db: &DatabaseConnection, mut redis: ConnectionManager) {
        let mut told = HashMap::new();
        loop {
            self.committed.notified().await;
            let mut failing = false;
            while let Err(error) = self.tell_news(db, &mut redis, &mut told).await {
                if !failing {
                    failing = true;
                    tracing::warn!(%error, "other processes are not told of a commit; trying again");
                }
                tokio::time::sleep(PAUSE).await;
            }
        }
    }

    async fn tell_news(
        &self,
        db: &DatabaseConnection,
        redis: &mut ConnectionManager,
        told: &mut HashMap<String, i64>,
    ) -> Result<(), NotTold> {
        let found = heads(db).await?;
        let mut entry = redis::cmd("XADD");
        entry
            .arg(&self.key)
            .arg("MAXLEN")
            .arg("~")
            .arg(LENGTH)
            .arg("*");
        let mut news = false;
        for (stream, sequence) in &found {
            if told.get(stream) != Some(sequence) {
                entry.arg(stream).arg(sequence);
                news = true;
            }
        }
        if news {
            let written = entry.query_async::<()>(redis);
            let written = tokio::time::timeout(PATIENCE, written).await;
            written.map_err(|_| NotTold::Late)??;
            *told = found;
        }
        Ok(())
    }

    /// Calls `news` whenever another process has committed what `is_new` does not know, for ever.
    /// It is also called when Redis has gone or come back, since something may have been missed.
    pub(super) async fn hear(&self, is_new: impl Fn(&str, i64) -> bool, news: impl Fn()) {
        let mut failing = false;
        loop {
            let Err(error) = self.follow(&is_new, &news).await;
            let heard = self.hears.swap(false, Ordering::AcqRel);
            if heard || !failing {
                failing = true;
                tracing::warn!(%error, "Redis tells of no commits; the database is asked instead");
                news();
            }
            tokio::time::sleep(PAUSE).await;
        }
    }

    /// Listens until Redis fails.
    async fn follow(
        &self,
        is_new: &impl Fn(&str, i64) -> bool,
        news: &impl Fn(),
    ) -> Result<Infallible, RedisError> {
        let settings = AsyncConnectionConfig::new()
            .set_connection_timeout(Some(LISTEN))
            .set_response_timeout(Some(LISTEN + PATIENCE));
        // Not the one that others use: whoever listens keeps all behind him waiting.
        let client = &self.client;
        let mut redis = client
            .get_multiplexed_async_connection_with_config(&settings)
            .await?;
        let newest: Vec<Entry> = redis::cmd("XREVRANGE")
            .arg(&self.key)
            .arg(("+", "-", "COUNT", 1))
            .query_async(&mut redis)
            .await?;
        let newest = newest.into_iter().next();
        let mut last = newest.map_or_else(|| "0-0".to_owned(), |(id, _)| id);
        self.hears.store(true, Ordering::Release);
        tracing::info!("commits of other processes are heard through Redis");
        news();
        let listen = u64::try_from(LISTEN.as_millis()).unwrap_or(u64::MAX);
        loop {
            let read: Option<Vec<(String, Vec<Entry>)>> = redis::cmd("XREAD")
                .arg(("COUNT", 100, "BLOCK", listen, "STREAMS", &self.key, &last))
                .query_async(&mut redis)
                .await?;
            let entries = read.into_iter().flatten().flat_map(|(_, entries)| entries);
            let mut fresh = false;
            for (id, heads) in entries {
                last = id;
                fresh |= heads
                    .iter()
                    .any(|(stream, sequence)| is_new(stream, *sequence));
            }
            if fresh {
                news();
            }
        }
    }
}
