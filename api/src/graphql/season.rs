//! Seasons.

use async_graphql::{Context, ID, Object};
use entities::{race::Status, season};

use super::{
    directive::ListOf,
    node,
    race::Race,
    standing::{ConstructorStanding, DriverStanding},
};
use crate::{
    error::{Code, Result},
    loaders::{Loaders, One},
};

pub struct Season(pub One<season::Entity>);

/// A world championship season.
#[Object(cache_control(max_age = 300))]
impl Season {
    /// `Season:2024`.
    pub async fn id(&self) -> ID {
        node::id("Season", self.0.year)
    }

    async fn year(&self) -> i32 {
        self.0.year
    }

    async fn wikipedia_url(&self) -> Option<&str> {
        self.0.wikipedia_url.as_deref()
    }

    /// Whether every race of the season has been run or cancelled.
    async fn completed(&self, ctx: &Context<'_>) -> Result<bool> {
        let races = self.rows(ctx).await?;
        Ok(!races.is_empty()
            && races
                .iter()
                .all(|race| matches!(race.status, Status::Completed | Status::Cancelled)))
    }

    /// All races, by round.
    #[graphql(directive = ListOf::apply(25))]
    async fn races(&self, ctx: &Context<'_>) -> Result<Vec<Race>> {
        Ok(self.rows(ctx).await?.iter().cloned().map(Race).collect())
    }

    /// The race of a round; rounds are renumbered when races are cancelled.
    async fn race(&self, ctx: &Context<'_>, round: i32) -> Option<Result<Race>> {
        match self.rows(ctx).await {
            Ok(races) => races
                .iter()
                .find(|race| race.round == round)
                .cloned()
                .map(|race| Ok(Race(race))),
            Err(error) => Some(Err(error)),
        }
    }

    /// Drivers' championship after a round, or after the latest completed race.
    #[graphql(directive = ListOf::apply(25))]
    async fn driver_standings(
        &self,
        ctx: &Context<'_>,
        after_round: Option<i32>,
    ) -> Result<Vec<DriverStanding>> {
        let Some(race) = self.last_completed(ctx, after_round).await? else {
            return Ok(Vec::new());
        };
        super::standing::drivers_after(ctx, race).await
    }

    /// Constructors' championship after a round, or after the latest completed race; there
    /// is none before 1958.
    #[graphql(directive = ListOf::apply(12))]
    async fn constructor_standings(
        &self,
        ctx: &Context<'_>,
        after_round: Option<i32>,
    ) -> Result<Vec<ConstructorStanding>> {
        let Some(race) = self.last_completed(ctx, after_round).await? else {
            return Ok(Vec::new());
        };
        super::standing::constructors_after(ctx, race).await
    }
}

impl Season {
    /// The season of a year.
    ///
    /// # Errors
    /// `NOT_FOUND` when there is none, or when the database fails.
    pub async fn of_year(ctx: &Context<'_>, year: i32) -> Result<Self> {
        let row = Loaders::of(ctx).season.load(year).await?;
        row.map(Self)
            .ok_or_else(|| Code::NotFound.error(format!("there is no season {year}")))
    }

    /// The rows of its races, by round.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn rows(&self, ctx: &Context<'_>) -> Result<Vec<One<entities::race::Entity>>> {
        let races = Loaders::of(ctx).season_races.load(self.0.year).await?;
        Ok(races.map(|races| races.to_vec()).unwrap_or_default())
    }

    async fn last_completed(
        &self,
        ctx: &Context<'_>,
        after_round: Option<i32>,
    ) -> Result<Option<i32>> {
        let races = self.rows(ctx).await?;
        Ok(races
            .iter()
            .rev()
            .find(|race| {
                race.status == Status::Completed
                    && after_round.is_none_or(|round| race.round <= round)
            })
            .map(|race| race.id))
    }
}

#[derive(Default)]
pub struct SeasonQuery;

#[Object(cache_control(max_age = 3600))]
impl SeasonQuery {
    /// A season by its year.
    async fn season(&self, ctx: &Context<'_>, year: i32) -> Option<Result<Season>> {
        let season = Loaders::of(ctx).season.load(year).await;
        season.map(|row| row.map(Season)).transpose()
    }

    /// All seasons, the newest first.
    #[graphql(directive = ListOf::apply(76))]
    async fn seasons(&self, ctx: &Context<'_>) -> Result<Vec<Season>> {
        let rows = Loaders::of(ctx).seasons.load(()).await?;
        Ok(rows
            .iter()
            .flat_map(|rows| rows.iter().cloned().map(Season))
            .collect())
    }
}
