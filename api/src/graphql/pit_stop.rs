//! Pit stops.

use async_graphql::{Context, Object};
use entities::pit_stop;

use super::{driver::Driver, scalars::Duration};
use crate::{error::Result, loaders::One};

pub struct PitStop(pub One<pit_stop::Entity>);

/// A pit stop.
#[Object(cache_control(max_age = 300))]
impl PitStop {
    async fn driver(&self, ctx: &Context<'_>) -> Result<Driver> {
        Driver::load(ctx, self.0.driver_id).await
    }

    /// Number of the driver's stop, from 1.
    async fn number(&self) -> i32 {
        self.0.stop
    }

    async fn lap(&self) -> i32 {
        self.0.lap
    }

    /// Local clock, `HH:MM:SS`.
    async fn local_time(&self) -> Option<&str> {
        self.0.local_time.as_deref()
    }

    /// Time in the pit lane, standing time included; over a red flag the whole stop.
    async fn lane_time(&self) -> Option<Duration> {
        self.0.lane_ms.map(Duration)
    }
}
