//! The queue between the timetable and the workers: apalis, on the database that everything else is
//! in. It hands each delivery to one worker, and to another one when that worker is missed.
//!
//! What is to be done when, and what became of it, is in the table of jobs: apalis goes by the
//! clock of the machine, and is told of nothing but the number of a row.

use std::{
    task::{Context, Poll},
    time::Duration,
};

use anyhow::{Context as _, Result, anyhow};
use apalis::{layers::WorkerBuilderExt as _, prelude::*};
use apalis_postgres::{PgPool, PostgresStorage};
use apalis_sqlite::{SqlitePool, SqliteStorage};
use domain::job::Delivery;
use futures::{FutureExt as _, future::BoxFuture};
use sea_orm::{DatabaseBackend, DatabaseConnection};
use tokio::time::{Interval, MissedTickBehavior};

/// Name of the queue.
pub(crate) const QUEUE: &str = "pitwall";

/// How often a worker says that it is alive; it is missed after three times.
const HEARTBEAT: Duration = Duration::from_secs(5);
const MISSED: usize = 3;

/// How often a worker that has nothing to do looks.
const LOOK: Duration = Duration::from_millis(250);

/// Tries to make the tables, since processes that start together may get into each other's way.
const TRIES: u32 = 5;

/// The queue of a database.
#[derive(Debug, Clone)]
pub(crate) enum Queue {
    Sqlite(SqlitePool),
    Postgres(PgPool),
}

impl Queue {
    /// Opens the queue, and makes its tables when they are not there.
    pub(crate) async fn open(db: &DatabaseConnection) -> Result<Self> {
        let queue = match db.get_database_backend() {
            DatabaseBackend::Postgres => Self::Postgres(db.get_postgres_connection_pool().clone()),
            _ => Self::Sqlite(db.get_sqlite_connection_pool().clone()),
        };
        let mut tries = 0;
        while let Err(error) = queue.migrate().await {
            tries += 1;
            if tries == TRIES {
                return Err(error).context("the tables of the queue could not be made");
            }
            tokio::time::sleep(Duration::from_millis(200) * tries).await;
        }
        Ok(queue)
    }

    /// Not by `setup`, which also tells the database to be careless.
    fn migrate(&self) -> BoxFuture<'static, Result<()>> {
        match self.clone() {
            // At once or not at all, one process after the other: a worker that sees tables which are
            // half made is not able to go on.
            Self::Sqlite(pool) => async move {
                let mut transaction = pool.begin_with("BEGIN IMMEDIATE").await?;
                let migrations = SqliteStorage::migrations();
                migrations
                    .run_direct(None, &mut *transaction, false)
                    .await?;
                transaction.commit().await?;
                Ok(())
            }
            .boxed(),
            Self::Postgres(pool) => async move {
                PostgresStorage::migrations().run(&pool).await?;
                Ok(())
            }
            .boxed(),
        }
    }

    /// Puts a delivery in. The same again changes nothing.
    pub(crate) async fn push(&self, delivery: Delivery) -> Result<()> {
        let key = format!("{}/{}", delivery.id, delivery.number);
        // Whether it is tried again is ours to say.
        let task = TaskBuilder::new(delivery)
            .idempotency_key(key)
            .max_attempts(1)
            .build();
        match self {
            Self::Sqlite(pool) => sqlite(pool).push_task(task).await?,
            Self::Postgres(pool) => match postgres(pool).push_task(task).await {
                Err(error) if is_known(&error) => {}
                pushed => pushed?,
            },
        }
        Ok(())
    }

    /// Hands deliveries to `work`, so many at a time, until it is dropped; jobs that are under way then
    /// go on. Returns when the database fails.
    ///
    /// It is not asked to stop: it would wait for the jobs in the middle of a transaction, for whose
    /// end they wait.
    pub(crate) fn work<W>(
        &self,
        name: &str,
        parallel: usize,
        work: W,
    ) -> BoxFuture<'static, Result<()>>
    where
        W: Fn(Delivery) -> BoxFuture<'static, Result<()>> + Clone + Send + Sync + 'static,
    {
        let perform = move |delivery: Delivery| {
            let done = work(delivery);
            async move { done.await.map_err(|error| shown(&error)) }
        };
        let worker = WorkerBuilder::new(name);
        let ended = match self {
            Self::Sqlite(pool) => worker
                .backend(sqlite(pool).poll_with_strategy(Look::new()))
                .concurrency(parallel)
                .parallelize(tokio::spawn)
                .build(perform)
                .run()
                .boxed(),
            Self::Postgres(pool) => worker
                .backend(postgres(pool).poll_with_strategy(Look::new()))
                .concurrency(parallel)
                .parallelize(tokio::spawn)
                .build(perform)
                .run()
                .boxed(),
        };
        async move { ended.await.map_err(|error| anyhow!("{error}")) }.boxed()
    }
}

/// An error as the queue keeps it.
fn shown(error: &anyhow::Error) -> BoxDynError {
    BoxDynError::from(format!("{error:#}"))
}

/// Has a worker look every so often. The strategy that comes with the library forgets to be woken
/// again after the first time.
struct Look(Interval);

impl Look {
    fn new() -> Self {
        let mut interval = tokio::time::interval(LOOK);
        interval.set_missed_tick_behavior(MissedTickBehavior::Delay);
        Self(interval)
    }
}

impl PollStrategy for Look {
    fn poll_drive(&mut self, cx: &mut Context<'_>, _: &PollSnapshot) -> Poll<Option<()>> {
        let mut look = Poll::Pending;
        while self.0.poll_tick(cx).is_ready() {
            look = Poll::Ready(Some(()));
        }
        look
    }
}

pub(crate) fn sqlite(pool: &SqlitePool) -> SqliteStorage<Delivery> {
    let config = apalis_sqlite::Config::default()
        .queue(QUEUE)
        .heartbeat_interval(HEARTBEAT)
        .missed_heartbeats(MISSED);
    SqliteStorage::new(pool).with_config(config)
}

pub(crate) fn postgres(pool: &PgPool) -> PostgresStorage<Delivery> {
    let config = apalis_postgres::Config::default()
        .queue(QUEUE)
        .heartbeat_interval(HEARTBEAT)
        .missed_heartbeats(MISSED);
    PostgresStorage::new(pool).with_config(config)
}

/// On PostgreSQL what was put in before is an error.
fn is_known(error: &impl std::fmt::Display) -> bool {
    error.to_string().contains("idempotency")
}
