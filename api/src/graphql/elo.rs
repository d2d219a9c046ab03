//! Elo ratings.

use async_graphql::{Context, Object};
use domain::forecast;

use super::race::Race;
use crate::{error::Result, loaders::Loaders};

pub struct EloRating(forecast::Rating);

impl EloRating {
    /// Ratings of a driver, oldest first.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn of_driver(
        ctx: &Context<'_>,
        driver: i32,
        season: Option<i32>,
    ) -> Result<Vec<Self>> {
        let known = Loaders::of(ctx).known(ctx).await?;
        Ok(of_season(known.driver_ratings(driver), season))
    }

    /// Ratings of a constructor, oldest first.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn of_constructor(
        ctx: &Context<'_>,
        constructor: i32,
        season: Option<i32>,
    ) -> Result<Vec<Self>> {
        let known = Loaders::of(ctx).known(ctx).await?;
        Ok(of_season(known.constructor_ratings(constructor), season))
    }
}

fn of_season(ratings: Vec<forecast::Rating>, season: Option<i32>) -> Vec<EloRating> {
    ratings
        .into_iter()
        .filter(|rating| season.is_none_or(|season| rating.season == season))
        .map(EloRating)
        .collect()
}

/// An Elo rating before and after a race and the sessions before it.
#[Object(cache_control(max_age = 300))]
impl EloRating {
    async fn race(&self, ctx: &Context<'_>) -> Result<Race> {
        Race::load(ctx, self.0.race_id).await
    }

    /// Before the race; 1500 is average.
    async fn before(&self) -> f64 {
        self.0.before
    }

    /// After the race; 1500 is average.
    async fn after(&self) -> f64 {
        self.0.after
    }

    /// Standard deviation of the rating.
    async fn deviation(&self) -> f64 {
        self.0.deviation
    }
}
