//! What every use-case is handed: settings, database, cache, clock, engines.

use std::sync::Arc;

use engines::Registry;
use sea_orm::{DatabaseConnection, DbErr};

use crate::{
    auth::Auth, bus::Bus, cache::Cache, clock::Clock, config::Config, database,
    forecast::Forecasts, live::Live, model::Models, secret,
};

/// The application, cheap to clone.
#[derive(Clone)]
pub struct App {
    pub config: Arc<Config>,
    pub db: DatabaseConnection,
    pub cache: Cache,
    /// Tells what was committed, by this process or another.
    pub bus: Bus,
    pub clock: Clock,
    pub engines: Arc<Registry>,
    /// Signs cursors; the same for all processes on one database.
    pub secret: Arc<[u8]>,
    /// Keys, counts and letters of accounts.
    pub auth: Arc<Auth>,
    /// Forecasts worked out so far and the history they rest on.
    pub forecasts: Arc<Forecasts>,
    /// Trained models that answer.
    pub models: Arc<Models>,
    /// Races that somebody follows.
    pub live: Arc<Live>,
}

impl App {
    /// Opens and migrates the database, connects to Redis when configured.
    ///
    /// # Errors
    /// When the database cannot be used; Redis being away is no error.
    pub async fn start(config: Config) -> Result<Self, database::OpenError> {
        let db = database::open(&config.database).await?;
        let clock = Clock::new(&config.clock);
        Self::assemble(config, db, clock)
            .await
            .map_err(database::OpenError::Read)
    }

    /// Puts an application together from its parts, for tests with a set clock.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn assemble(
        config: Config,
        db: DatabaseConnection,
        clock: Clock,
    ) -> Result<Self, DbErr> {
        let engines = Registry::builtin();
        let secret = secret::cursors(&db).await?;
        let cache = Cache::connect(&config);
        let auth = Auth::new(&config, &db, &cache, secret::tag(&secret)).await?;
        Ok(Self {
            bus: Bus::connect(&cache, &secret, &db),
            auth: Arc::new(auth),
            secret: secret.into(),
            cache,
            forecasts: Arc::new(Forecasts::new(&config)),
            models: Arc::new(Models::new(&engines)),
            engines: Arc::new(engines),
            live: Arc::default(),
            config: Arc::new(config),
            db,
            clock,
        })
    }
}
