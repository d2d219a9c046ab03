//! Answers that are expensive to work out: in process, and in Redis when there is one, so
//! that the next process finds them. Redis being away only makes things slower.
//!
//! A key names all that its answer rests on, so that what an event made stale is not found again;
//! how long it is kept at most says its class.

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use moka::{Expiry, future::Cache as Memory};
use redis::{AsyncCommands, Client, aio::ConnectionManager, aio::ConnectionManagerConfig};

use crate::config::{Config, TtlConfig};

/// How long Redis may keep an answer waiting.
const PATIENCE: Duration = Duration::from_millis(250);

/// How long Redis is not asked after it has not answered, so that it being away slows down one
/// request in this time and not each.
const REST: Duration = Duration::from_secs(1);

/// How soon an answer is worked out anew though no event was heard that made it stale.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Class {
    /// Facts that only an import changes, and what rests on nothing that its key does not name.
    Static,
    /// What rests on races and their results.
    Results,
    /// What changes while a race is run, or as time goes by without an event.
    Live,
}

impl Class {
    /// How long what is of this class is kept.
    #[must_use]
    pub fn ttl(self, settings: &TtlConfig) -> Duration {
        let seconds = match self {
            Self::Static => settings.r#static,
            Self::Results => settings.results,
            Self::Live => settings.live,
        };
        Duration::from_secs(seconds.into())
    }
}

/// What an answer is kept under.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Key {
    pub class: Class,
    /// Names the kind of answer, its revision, and all that it rests on.
    pub text: String,
}

/// Text answers by key.
#[derive(Clone)]
pub struct Cache {
    memory: Memory<Key, Kept>,
    redis: Option<Redis>,
    ttl: TtlConfig,
    configured: bool,
}

/// An answer in the process.
#[derive(Clone)]
struct Kept {
    answer: String,
    /// How much of its time was left when it came here: in Redis it may have been for a while.
    left: Duration,
}

/// An answer goes when its time is over.
struct WhileLeft;

impl Expiry<Key, Kept> for WhileLeft {
    fn expire_after_create(&self, _: &Key, kept: &Kept, _: Instant) -> Option<Duration> {
        Some(kept.left)
    }
}

#[derive(Clone)]
struct Redis {
    client: Client,
    manager: ConnectionManager,
    /// When it failed to answer; none while it does.
    away: Arc<Mutex<Option<Instant>>>,
}

impl Cache {
    /// Goes to Redis when one is configured. It is connected to when it is first needed, and
    /// again whenever it has been away.
    #[must_use]
    pub fn connect(config: &Config) -> Self {
        Self {
            memory: Memory::builder()
                .max_capacity(config.cache.forecasts)
                .expire_after(WhileLeft)
                .build(),
            redis: Redis::new(&config.redis.url),
            ttl: config.cache.ttl,
            configured: !config.redis.url.is_empty(),
        }
    }

    /// Whether Redis answers; none when there is none.
    pub async fn is_alive(&self) -> Option<bool> {
        let Some(redis) = &self.redis else {
            return self.configured.then_some(false);
        };
        let mut manager = redis.manager.clone();
        let answer = tokio::time::timeout(PATIENCE, manager.ping::<()>()).await;
        Some(matches!(answer, Ok(Ok(()))))
    }

    /// The connection to Redis; none when there is none, or it has just failed to answer. Who
    /// uses it says with [`Self::answered`] and [`Self::failed`] how it went.
    #[must_use]
    pub fn redis(&self) -> Option<ConnectionManager> {
        let redis = self.redis.as_ref()?;
        let away = redis.away();
        let resting = away.is_some_and(|since| since.elapsed() < REST);
        (!resting).then(|| redis.manager.clone())
    }

    /// Redis has answered.
    pub fn answered(&self) {
        let Some(redis) = &self.redis else { return };
        if redis.away().take().is_some() {
            tracing::info!("Redis answers again");
        }
    }

    /// Redis has not answered, for this reason.
    pub fn failed(&self, reason: &str) {
        let Some(redis) = &self.redis else { return };
        if redis.away().replace(Instant::now()).is_none() {
            tracing::warn!(reason, "Redis does not answer; going on without it");
        }
    }

    /// What opens connections to Redis, and the one that is shared, whatever its state.
    pub(crate) fn connections(&self) -> Option<(Client, ConnectionManager)> {
        let redis = self.redis.as_ref()?;
        Some((redis.client.clone(), redis.manager.clone()))
    }

    /// The answer under a key, worked out once however many ask for it at the same time.
    ///
    /// # Errors
    /// What working it out failed with; failures are not kept.
    pub async fn get_or_compute<E>(
        &self,
        key: &Key,
        compute: impl Future<Output = Result<String, E>> + Send,
    ) -> Result<String, E>
    where
        E: Clone + Send + Sync + 'static,
    {
        let fill = async {
            if let Some(found) = self.read(key).await {
                return Ok(found);
            }
            let answer = compute.await?;
            let left = key.class.ttl(&self.ttl);
            self.write(key, &answer, left).await;
            Ok(Kept { answer, left })
        };
        self.memory
            .try_get_with(key.clone(), fill)
            .await
            .map(|kept| kept.answer)
            .map_err(|error: Arc<E>| E::clone(&error))
    }

    async fn read(&self, key: &Key) -> Option<Kept> {
        let mut redis = self.redis()?;
        let mut commands = redis::pipe();
        commands.get(&key.text).pttl(&key.text);
        let found = commands.query_async::<(Option<String>, i64)>(&mut redis);
        let (answer, milliseconds) = self.in_time(found).await?;
        // Negative when its time was over between the two.
        let left = Duration::from_millis(u64::try_from(milliseconds).unwrap_or(0));
        answer.map(|answer| Kept { answer, left })
    }

    async fn write(&self, key: &Key, answer: &str, ttl: Duration) {
        if let Some(mut redis) = self.redis() {
            self.in_time(redis.set_ex::<_, _, ()>(&key.text, answer, ttl.as_secs()))
                .await;
        }
    }

    /// What Redis says, unless it fails or is late.
    pub(crate) async fn in_time<T>(
        &self,
        asked: impl Future<Output = redis::RedisResult<T>>,
    ) -> Option<T> {
        match tokio::time::timeout(PATIENCE, asked).await {
            Ok(Ok(answer)) => {
                self.answered();
                Some(answer)
            }
            Ok(Err(error)) => {
                self.failed(&error.to_string());
                None
            }
            Err(_) => {
                self.failed("no answer in time");
                None
            }
        }
    }
}

impl Redis {
    /// None without an address, or with one that is none.
    fn new(url: &str) -> Option<Self> {
        if url.is_empty() {
            return None;
        }
        let settings = ConnectionManagerConfig::new()
            .set_connection_timeout(Some(Duration::from_secs(2)))
            .set_response_timeout(Some(PATIENCE))
            .set_number_of_retries(1);
        let client = Client::open(url);
        let opened = client.and_then(|client| {
            let manager = ConnectionManager::new_lazy_with_config(client.clone(), settings)?;
            Ok((client, manager))
        });
        match opened {
            Ok((client, manager)) => Some(Self {
                client,
                manager,
                away: Arc::default(),
            }),
            Err(error) => {
                tracing::error!(%error, "the address of Redis cannot be used; going on without it");
                None
            }
        }
    }

    fn away(&self) -> std::sync::MutexGuard<'_, Option<Instant>> {
        self.away.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
