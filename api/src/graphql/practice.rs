//! Best practice laps.

use async_graphql::{Context, Object};
use entities::practice_result;

use super::{constructor::Constructor, driver::Driver, scalars::Duration, session::SessionKind};
use crate::{error::Result, loaders::One};

pub struct PracticeResult(pub One<practice_result::Entity>);

/// A driver's practice session.
#[Object(cache_control(max_age = 300))]
impl PracticeResult {
    async fn session(&self) -> SessionKind {
        self.0.session.into()
    }

    async fn driver(&self, ctx: &Context<'_>) -> Result<Driver> {
        Driver::load(ctx, self.0.driver_id).await
    }

    async fn constructor(&self, ctx: &Context<'_>) -> Result<Constructor> {
        Constructor::load(ctx, self.0.constructor_id).await
    }

    async fn position(&self) -> Option<i32> {
        self.0.position
    }

    /// Null without a timed lap.
    async fn best_lap(&self) -> Option<Duration> {
        self.0.best_lap_ms.map(Duration)
    }

    /// Laps driven.
    async fn laps(&self) -> Option<i32> {
        self.0.laps
    }
}
