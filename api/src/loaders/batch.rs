//! Many keys, one statement: what turns a level of a query into a single select.

use std::{
    collections::HashMap,
    fmt::Debug,
    hash::Hash,
    pin::Pin,
    sync::{Arc, OnceLock},
    time::Instant,
};

use dataloader::{BatchFn, cached};
use sea_orm::{DatabaseConnection, DbErr};

use crate::error::{self, Result};

/// Keys of one level at most: a season has 24 races with 20 results of 2 drivers each.
const MOST_KEYS: usize = 10_000;

/// How often the first to ask lets the others go first. One pass over all resolvers that can
/// run is enough for a level; each more costs a pass.
const PASSES: usize = 2;

type Rows<K, V> = Pin<Box<dyn Future<Output = Result<HashMap<K, V>, DbErr>> + Send>>;

/// Reads the values of many keys; keys come sorted, so that equal levels are equal statements.
pub type Read<K, V> = fn(DatabaseConnection, Vec<K>) -> Rows<K, V>;

/// A value, nothing, or the failure that all waiting resolvers share.
type Loaded<V> = Result<Option<V>, Arc<DbErr>>;

/// A loader of one kind of row, for one request; made when first asked, since a query needs
/// few of them.
pub struct Loader<K, V>
where
    K: Ord + Hash + Clone + Send + Sync + 'static,
    V: Clone + Send + 'static,
{
    db: DatabaseConnection,
    name: &'static str,
    read: Read<K, V>,
    made: OnceLock<cached::Loader<K, Loaded<V>, Batch<K, V>>>,
}

impl<K, V> Loader<K, V>
where
    K: Ord + Hash + Clone + Debug + Send + Sync + 'static,
    V: Clone + Send + Sync + 'static,
{
    /// A loader that reads through `read`; figures of its reading have the name.
    #[must_use]
    pub fn new(db: DatabaseConnection, name: &'static str, read: Read<K, V>) -> Self {
        Self {
            db,
            name,
            read,
            made: OnceLock::new(),
        }
    }

    /// The value of a key, read together with all keys asked for at the same time.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn load(&self, key: K) -> Result<Option<V>> {
        let loader = self.made.get_or_init(|| {
            let (db, name, read) = (self.db.clone(), self.name, self.read);
            cached::Loader::new(Batch { db, name, read })
                .with_max_batch_size(MOST_KEYS)
                .with_yield_count(PASSES)
        });
        match loader.try_load(key).await {
            Ok(Ok(value)) => Ok(value),
            Ok(Err(error)) => Err(error::from_loader(&error)),
            Err(lost) => Err(error::from_database(&DbErr::Custom(lost.to_string()))),
        }
    }

    /// Reads the value of a key anew when it is asked for again: the request has changed it.
    pub async fn forget(&self, key: K) {
        if let Some(loader) = self.made.get() {
            loader.clear(key).await;
        }
    }
}

struct Batch<K, V> {
    db: DatabaseConnection,
    name: &'static str,
    read: Read<K, V>,
}

impl<K, V> BatchFn<K, Loaded<V>> for Batch<K, V>
where
    K: Ord + Hash + Clone + Send + Sync + 'static,
    V: Send + 'static,
{
    async fn load(&mut self, keys: &[K]) -> HashMap<K, Loaded<V>> {
        let mut keys = keys.to_vec();
        keys.sort_unstable();
        // In a task of its own: a resolver that gives up must not take the batch with it.
        let started = Instant::now();
        let read = tokio::spawn((self.read)(self.db.clone(), keys.clone()));
        let rows = read
            .await
            .unwrap_or_else(|stopped| Err(DbErr::Custom(stopped.to_string())));
        let took = started.elapsed();
        metrics::histogram!("pitwall_loader_seconds", "loader" => self.name).record(took);
        match rows {
            Ok(mut rows) => keys
                .into_iter()
                .map(|key| {
                    let value = rows.remove(&key);
                    (key, Ok(value))
                })
                .collect(),
            Err(error) => {
                let error = Arc::new(error);
                keys.into_iter()
                    .map(|key| (key, Err(Arc::clone(&error))))
                    .collect()
            }
        }
    }
}
