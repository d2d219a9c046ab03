//! Events as another process appends them.

use std::time::Instant;

use anyhow::Result;
use domain::{clock::Clock, config::Config, database, event};
use sea_orm::DatabaseConnection;

use crate::server::Server;

pub struct Events {
    db: DatabaseConnection,
    clock: Clock,
}

impl Events {
    /// Connects to a server's database.
    pub async fn of(server: &Server) -> Result<Self> {
        let mut config = Config::defaults();
        config.database.url.clone_from(&server.database);
        config.database.max_connections = 1;
        Ok(Self {
            db: database::connect(&config.database).await?,
            clock: Clock::new(&config.clock),
        })
    }

    /// Appends one; says its sequence and when the commit began.
    pub async fn append(&self) -> Result<(i64, Instant)> {
        let transaction = database::begin(&self.db).await?;
        let stream = event::DATA_STATUS;
        let sequence =
            event::append(&transaction, stream, "bench", "bench", self.clock.now()).await?;
        let commit = Instant::now();
        transaction.commit().await?;
        Ok((sequence, commit))
    }
}
