//! Answers that are expensive to work out: in process, and in Redis when there is one, so
//! that the next process finds them. Redis being away only makes things slower.

use std::time::Duration;

use moka::future::Cache as Memory;
use redis::{AsyncCommands, aio::ConnectionManager, aio::ConnectionManagerConfig};

use crate::config::Config;

/// How long Redis may keep an answer waiting.
const PATIENCE: Duration = Duration::from_millis(250);

/// Text answers by key.
#[derive(Clone)]
pub struct Cache {
    memory: Memory<String, String>,
    redis: Option<ConnectionManager>,
    seconds: u64,
    configured: bool,
}

impl Cache {
    /// Connects to Redis when one is configured; when it cannot be reached the process goes
    /// on with its memory and says so in the log.
    pub async fn connect(config: &Config) -> Self {
        Self {
            memory: Memory::new(config.cache.forecasts),
            redis: connect(&config.redis.url).await,
            seconds: config.cache.forecast_seconds,
            configured: !config.redis.url.is_empty(),
        }
    }

    /// Whether answers are shared through Redis.
    #[must_use]
    pub fn is_shared(&self) -> bool {
        self.redis.is_some()
    }

    /// Whether Redis answers; none when there is none.
    pub async fn is_alive(&self) -> Option<bool> {
        let mut redis = match (&self.redis, self.configured) {
            (None, false) => return None,
            (None, true) => return Some(false),
            (Some(redis), _) => redis.clone(),
        };
        let answer = tokio::time::timeout(PATIENCE, redis.ping::<()>()).await;
        Some(matches!(answer, Ok(Ok(()))))
    }

    /// The connection to Redis, when there is one.
    #[must_use]
    pub fn redis(&self) -> Option<ConnectionManager> {
        self.redis.clone()
    }

    /// The answer under a key, worked out once however many ask for it at the same time.
    ///
    /// # Errors
    /// What working it out failed with; failures are not kept.
    pub async fn get_or_compute<E>(
        &self,
        key: &str,
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
            self.write(key, &answer).await;
            Ok(answer)
        };
        self.memory
            .try_get_with(key.to_owned(), fill)
            .await
            .map_err(|error: std::sync::Arc<E>| E::clone(&error))
    }

    async fn read(&self, key: &str) -> Option<String> {
        let mut redis = self.redis.clone()?;
        let read = redis.get::<_, Option<String>>(key);
        match tokio::time::timeout(PATIENCE, read).await {
            Ok(Ok(found)) => found,
            Ok(Err(error)) => away(&error.to_string()),
            Err(_) => away("no answer in time"),
        }
    }

    async fn write(&self, key: &str, answer: &str) {
        let Some(mut redis) = self.redis.clone() else {
            return;
        };
        let write = redis.set_ex::<_, _, ()>(key, answer, self.seconds);
        match tokio::time::timeout(PATIENCE, write).await {
            Ok(Ok(())) => {}
            Ok(Err(error)) => {
                away::<()>(&error.to_string());
            }
            Err(_) => {
                away::<()>("no answer in time");
            }
        }
    }
}

fn away<T>(reason: &str) -> Option<T> {
    tracing::warn!(reason, "Redis does not answer; going on without it");
    None
}

async fn connect(url: &str) -> Option<ConnectionManager> {
    if url.is_empty() {
        return None;
    }
    let client = match redis::Client::open(url) {
        Ok(client) => client,
        Err(error) => return away(&error.to_string()),
    };
    let settings = ConnectionManagerConfig::new()
        .set_connection_timeout(Some(Duration::from_secs(2)))
        .set_response_timeout(Some(PATIENCE))
        .set_number_of_retries(1);
    match ConnectionManager::new_with_config(client, settings).await {
        Ok(manager) => Some(manager),
        Err(error) => away(&error.to_string()),
    }
}
