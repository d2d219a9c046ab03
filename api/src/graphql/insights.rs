//! What the races at a circuit have in common.

use std::sync::Arc;

use async_graphql::{Context, Object};
use domain::performance::{self, FastestLap, Figure, Winner};

use super::{
    constructor::Constructor, directive::ListOf, driver::Driver, race::Race, scalars::Duration,
};
use crate::{
    error::{Result, bad_input},
    loaders::{InsightsOf, Loaders},
};

pub struct CircuitInsights(Arc<performance::Insights>);

impl CircuitInsights {
    /// Those of a circuit, by database id, over its latest `seasons` seasons or all.
    ///
    /// # Errors
    /// `BAD_USER_INPUT` for less than one season.
    pub async fn of(
        ctx: &Context<'_>,
        circuit_id: i32,
        seasons: Option<i32>,
    ) -> Result<Option<Self>> {
        if seasons.is_some_and(|seasons| seasons < 1) {
            return Err(bad_input("`seasons` is at least 1, or null for all"));
        }
        let key = InsightsOf {
            circuit_id,
            seasons,
        };
        let found = Loaders::of(ctx).insights.load(key).await?;
        Ok(found.map(Self))
    }
}

/// What the races at a circuit have in common. Each figure says how many races it rests on; one
/// that rests on none is null.
#[Object(cache_control(max_age = 300))]
impl CircuitInsights {
    /// Races held in these seasons.
    async fn races(&self) -> u32 {
        self.0.races
    }

    /// The earliest season looked at.
    async fn first_season(&self) -> i32 {
        self.0.first_season
    }

    /// The latest season looked at.
    async fn last_season(&self) -> i32 {
        self.0.last_season
    }

    /// Share of the races won from pole position.
    async fn pole_win_rate(&self) -> Option<RaceFigure> {
        self.0.pole_wins.map(RaceFigure)
    }

    /// Share of the races won from the first two places on the grid.
    async fn front_row_win_rate(&self) -> Option<RaceFigure> {
        self.0.front_row_wins.map(RaceFigure)
    }

    /// Mean starting place of the winner.
    async fn average_winner_grid(&self) -> Option<RaceFigure> {
        self.0.winner_grid.map(RaceFigure)
    }

    /// Share of the starters that did not reach the flag.
    async fn retirement_rate(&self) -> Option<RaceFigure> {
        self.0.retirements.map(RaceFigure)
    }

    /// Share of the races in which the safety car came out; rests on seasons of which that is
    /// known.
    async fn safety_car_rate(&self) -> Option<RaceFigure> {
        self.0.safety_cars.map(RaceFigure)
    }

    /// Mean number of places, up or down, between start and flag of a classified car.
    async fn positions_changed(&self) -> Option<RaceFigure> {
        self.0.positions_changed.map(RaceFigure)
    }

    /// How far the starting order decides the finishing order of the classified cars: rank
    /// correlation (Spearman), mean of the races; 1 is the same order, 0 none to be seen.
    async fn grid_correlation(&self) -> Option<RaceFigure> {
        self.0.grid_correlation.map(RaceFigure)
    }

    /// The three drivers with the most wins in these seasons, among equals the latest winner first.
    #[graphql(directive = ListOf::apply(3))]
    async fn top_drivers(&self) -> Vec<DriverWins> {
        self.0.drivers.iter().copied().map(DriverWins).collect()
    }

    /// The three constructors with the most wins in these seasons, among equals the latest winner
    /// first.
    #[graphql(directive = ListOf::apply(3))]
    async fn top_constructors(&self) -> Vec<ConstructorWins> {
        let winners = self.0.constructors.iter().copied();
        winners.map(ConstructorWins).collect()
    }

    /// The fastest lap of a race in these seasons, whatever the layout of the track; known
    /// from 2004 on.
    async fn fastest_lap(&self) -> Option<FastestRaceLap> {
        self.0.fastest_lap.map(FastestRaceLap)
    }
}

pub struct RaceFigure(Figure);

/// A figure, and how much it rests on.
#[Object(cache_control(max_age = 300))]
impl RaceFigure {
    /// The figure; a share is 0 to 1.
    async fn value(&self) -> f64 {
        self.0.value
    }

    /// Number of races that it rests on.
    async fn races(&self) -> u32 {
        self.0.races
    }
}

pub struct DriverWins(Winner);

/// A driver and a number of races won.
#[Object(cache_control(max_age = 300))]
impl DriverWins {
    /// Who won.
    async fn driver(&self, ctx: &Context<'_>) -> Result<Driver> {
        Driver::load(ctx, self.0.id).await
    }

    /// How often.
    async fn wins(&self) -> u32 {
        self.0.wins
    }
}

pub struct ConstructorWins(Winner);

/// A constructor and a number of races won.
#[Object(cache_control(max_age = 300))]
impl ConstructorWins {
    /// Which won.
    async fn constructor(&self, ctx: &Context<'_>) -> Result<Constructor> {
        Constructor::load(ctx, self.0.id).await
    }

    /// How often.
    async fn wins(&self) -> u32 {
        self.0.wins
    }
}

pub struct FastestRaceLap(FastestLap);

/// The fastest lap of many races.
#[Object(cache_control(max_age = 300))]
impl FastestRaceLap {
    /// Time of the lap.
    async fn time(&self) -> Duration {
        Duration(self.0.time_ms)
    }

    /// Who drove it.
    async fn driver(&self, ctx: &Context<'_>) -> Result<Driver> {
        Driver::load(ctx, self.0.driver_id).await
    }

    /// In which race.
    async fn race(&self, ctx: &Context<'_>) -> Result<Race> {
        Race::load(ctx, self.0.race_id).await
    }
}
