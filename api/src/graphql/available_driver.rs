//! Drivers who can be drafted, with what helps to choose among them.

use std::{collections::HashSet, sync::Arc};

use async_graphql::{Context, Object};
use domain::draft::{DriverId, Stored};
use entities::{
    driver_standing, entry,
    race::{self, Status},
};
use tokio::sync::OnceCell;

use super::{
    constructor::Constructor,
    directive::ListOf,
    driver::Driver,
    engine::Target,
    forecast::{Forecast, ForecastEntry},
};
use crate::{
    error::Result,
    loaders::{Loaders, Many, One},
};

pub struct AvailableDriver {
    entry: One<entry::Entity>,
    outlook: Arc<Outlook>,
}

/// What is said of all drivers of a race: worked out once, when it is first asked for.
struct Outlook {
    race: race::Model,
    forecasts: OnceCell<Vec<Forecast>>,
}

/// A driver whom no team of a draft has yet.
#[Object(cache_control(private))]
impl AvailableDriver {
    async fn driver(&self, ctx: &Context<'_>) -> Result<Driver> {
        Driver::load(ctx, self.entry.driver_id).await
    }

    /// Whose car he is entered with.
    async fn constructor(&self, ctx: &Context<'_>) -> Result<Constructor> {
        Constructor::load(ctx, self.entry.constructor_id).await
    }

    /// What each engine that can answer says of him in the race.
    #[graphql(directive = ListOf::apply(8))]
    async fn forecasts(&self, ctx: &Context<'_>) -> Result<Vec<ForecastEntry>> {
        let said = self.outlook.forecasts(ctx).await?.iter();
        let of_driver = said.filter_map(|forecast| forecast.of_driver(self.entry.driver_id));
        Ok(of_driver.collect())
    }

    /// The place in the drivers' championship of the season, before the race; null without one.
    async fn championship_position(&self, ctx: &Context<'_>) -> Option<Result<i32>> {
        let places = self.outlook.championship(ctx).await;
        let own = |places: Many<driver_standing::Entity>| {
            let mut places = places.iter();
            let place = places.find(|place| place.driver_id == self.entry.driver_id)?;
            place.position
        };
        places.map(|places| places.and_then(own)).transpose()
    }
}

impl AvailableDriver {
    /// All who can be drafted now.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn all(ctx: &Context<'_>, stored: &Stored) -> Result<Vec<Self>> {
        let entries = Loaders::of(ctx).draftable.load(stored.race.id).await?;
        let outlook = Arc::new(Outlook {
            race: stored.race.clone(),
            forecasts: OnceCell::new(),
        });
        let mut seen = HashSet::new();
        let free = entries
            .iter()
            .flat_map(|entries| entries.iter())
            .filter(|entry| !stored.draft.is_taken(DriverId(entry.driver_id)))
            // Who is entered with two cars is still one driver.
            .filter(|entry| seen.insert(entry.driver_id));
        let available = free.map(|entry| Self {
            entry: Arc::clone(entry),
            outlook: Arc::clone(&outlook),
        });
        Ok(available.collect())
    }
}

impl Outlook {
    async fn forecasts(&self, ctx: &Context<'_>) -> Result<&[Forecast]> {
        let said = || Box::pin(Forecast::all_of_race(ctx, &self.race, None, Target::Race));
        let said = self.forecasts.get_or_try_init(said).await?;
        Ok(said.as_slice())
    }

    /// The championship after the latest race of the season that was run before this one.
    async fn championship(
        &self,
        ctx: &Context<'_>,
    ) -> Result<Option<Many<driver_standing::Entity>>> {
        let loaders = Loaders::of(ctx);
        let season = loaders.season_races.load(self.race.season).await?;
        let races = season.iter().flat_map(|races| races.iter());
        let run = races.filter(|race| race.status == Status::Completed);
        let earlier = run.filter(|race| race.date < self.race.date);
        let Some(latest) = earlier.max_by_key(|race| race.date) else {
            return Ok(None);
        };
        loaders.driver_standings.load(latest.id).await
    }
}
