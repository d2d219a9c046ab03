//! Who drove what in a race.

use std::sync::Arc;

use async_graphql::{Context, Object};
use entities::{entry, race};

use super::{
    constructor::Constructor, directive::ListOf, driver::Driver, lap::Lap, lap::Stint,
    pit_stop::PitStop,
};
use crate::{
    error::Result,
    loaders::{Loaders, One, OneEntry},
};

pub struct Entry {
    row: One<entry::Entity>,
    /// The race that was asked for; another than the row's when provisional.
    race_id: i32,
}

/// A driver with a car in a race: team, number and code belong here, not to the driver.
#[Object(cache_control(max_age = 300))]
impl Entry {
    async fn driver(&self, ctx: &Context<'_>) -> Result<Driver> {
        Driver::load(ctx, self.row.driver_id).await
    }

    async fn constructor(&self, ctx: &Context<'_>) -> Result<Constructor> {
        Constructor::load(ctx, self.row.constructor_id).await
    }

    /// Number on the car, where known.
    async fn number(&self) -> Option<i32> {
        self.row.number.parse().ok()
    }

    /// Three-letter code at this race.
    async fn code(&self) -> Option<&str> {
        self.row.code.as_deref()
    }

    /// Taken over from the latest race, since no entry list is known yet.
    async fn provisional(&self) -> bool {
        self.row.race_id != self.race_id
    }

    /// Every lap driven; known from 2018 on.
    #[graphql(directive = ListOf::apply(70))]
    async fn laps(&self, ctx: &Context<'_>) -> Result<Vec<Lap>> {
        let rows = Loaders::of(ctx).laps.load(self.key()).await?;
        Ok(rows
            .iter()
            .flat_map(|rows| rows.iter().cloned().map(Lap))
            .collect())
    }

    /// Laps in a row on one set of tyres.
    #[graphql(directive = ListOf::apply(3))]
    async fn stints(&self, ctx: &Context<'_>) -> Result<Vec<Stint>> {
        let rows = Loaders::of(ctx).stints.load(self.key()).await?;
        Ok(rows
            .iter()
            .flat_map(|rows| rows.iter().cloned().map(Stint))
            .collect())
    }

    #[graphql(directive = ListOf::apply(3))]
    async fn pit_stops(&self, ctx: &Context<'_>) -> Result<Vec<PitStop>> {
        let rows = Loaders::of(ctx).entry_pit_stops.load(self.key()).await?;
        Ok(rows
            .iter()
            .flat_map(|rows| rows.iter().cloned().map(PitStop))
            .collect())
    }
}

impl Entry {
    /// The entry list of a race, or that of the latest race before it.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn of_race(ctx: &Context<'_>, race: &race::Model) -> Result<Vec<Self>> {
        let loaders = Loaders::of(ctx);
        let mut rows = loaders.entries.load(race.id).await?;
        if rows.is_none() {
            let known = loaders.known(ctx).await?;
            if let Some(earlier) = known.latest_race_before(race.date) {
                rows = loaders.entries.load(earlier).await?;
            }
        }
        let entry = |row: &One<entry::Entity>| Self {
            row: Arc::clone(row),
            race_id: race.id,
        };
        Ok(rows
            .iter()
            .flat_map(|rows| rows.iter())
            .map(entry)
            .collect())
    }

    fn key(&self) -> OneEntry {
        OneEntry {
            race_id: self.race_id,
            driver_id: self.row.driver_id,
        }
    }
}
