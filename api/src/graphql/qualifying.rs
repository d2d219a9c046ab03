//! Qualifying classifications.

use async_graphql::{Context, Object};
use entities::{qualifying_result, session::Kind};

use super::{constructor::Constructor, driver::Driver, scalars::Duration};
use crate::{
    error::Result,
    loaders::{Loaders, One},
};

pub struct QualifyingResult(One<qualifying_result::Entity>);

/// A car in a qualifying classification.
#[Object(cache_control(max_age = 300))]
impl QualifyingResult {
    async fn position(&self) -> Option<i32> {
        self.0.position
    }

    async fn driver(&self, ctx: &Context<'_>) -> Result<Driver> {
        Driver::load(ctx, self.0.driver_id).await
    }

    async fn constructor(&self, ctx: &Context<'_>) -> Result<Constructor> {
        Constructor::load(ctx, self.0.constructor_id).await
    }

    /// Number on the car.
    async fn number(&self) -> Option<i32> {
        self.0.number.parse().ok()
    }

    /// Best lap of the first part, or of the session where there were no parts.
    async fn q1(&self) -> Option<Duration> {
        self.0.q1_ms.map(Duration)
    }

    /// Best lap of the second part; null for those knocked out before.
    async fn q2(&self) -> Option<Duration> {
        self.0.q2_ms.map(Duration)
    }

    /// Best lap of the third part; null for those knocked out before.
    async fn q3(&self) -> Option<Duration> {
        self.0.q3_ms.map(Duration)
    }
}

impl QualifyingResult {
    /// A qualifying classification of a race weekend.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn of_race(ctx: &Context<'_>, race_id: i32, session: Kind) -> Result<Vec<Self>> {
        let rows = Loaders::of(ctx).qualifying.load(race_id).await?;
        Ok(rows
            .iter()
            .flat_map(|rows| rows.iter())
            .filter(|row| row.session == session)
            .cloned()
            .map(Self)
            .collect())
    }
}
