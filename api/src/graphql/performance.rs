//! How drivers and constructors did in a season.

use std::sync::Arc;

use async_graphql::{Context, MergedObject, Object};
use domain::performance::{self, Achieved, Whose};

use super::{directive::ListOf, driver::Driver, scalars::Decimal, season::Season};
use crate::{
    error::{Code, Result},
    loaders::Loaders,
};

/// What is said of drivers and constructors alike.
pub struct SeasonPerformance {
    year: i32,
    whose: Whose,
    achieved: Achieved,
}

#[Object(cache_control(max_age = 300))]
impl SeasonPerformance {
    /// The season that this is about.
    async fn season(&self, ctx: &Context<'_>) -> Result<Season> {
        let row = Loaders::of(ctx).season.load(self.year).await?;
        row.map(Season)
            .ok_or_else(|| Code::Internal.error("a season is missing"))
    }

    /// Races entered, started or not.
    async fn races(&self) -> u32 {
        self.achieved.races
    }

    /// Races started; for a constructor, races in which one of its cars started.
    async fn starts(&self) -> u32 {
        self.achieved.starts
    }

    /// Races won.
    async fn wins(&self) -> u32 {
        self.achieved.wins
    }

    /// Finishes in the first three.
    async fn podiums(&self) -> u32 {
        self.achieved.podiums
    }

    /// Official pole positions.
    async fn poles(&self) -> u32 {
        self.achieved.poles
    }

    /// Race and sprint points, before any dropping of results.
    async fn points(&self) -> Decimal {
        Decimal::hundredths(self.achieved.points)
    }

    /// Those points per race started.
    async fn points_per_race(&self) -> Option<f64> {
        self.achieved.points_per_race
    }

    /// Mean starting place; starts from the pit lane are left out.
    async fn average_grid(&self) -> Option<f64> {
        self.achieved.average_grid
    }

    /// Mean place in the races in which it was classified.
    async fn average_finish(&self) -> Option<f64> {
        self.achieved.average_finish
    }

    /// Mean of the places won from start to flag, below zero for places lost: classified
    /// finishes with a known starting place.
    async fn positions_gained(&self) -> Option<f64> {
        self.achieved.positions_gained
    }

    /// Times that a car did not reach the flag, whether classified or not.
    async fn retirements(&self) -> u32 {
        self.achieved.retirements
    }

    /// Share of the cars started that did not reach the flag, 0 to 1.
    async fn retirement_rate(&self) -> Option<f64> {
        self.achieved.retirement_rate
    }

    /// Median gap to the fastest of qualifying in per cent: in the last part with a time of its
    /// own, beside the fastest of that part. For a constructor, of the car that came further.
    async fn qualifying_gap_to_fastest(&self) -> Option<f64> {
        self.achieved.qualifying_gap
    }

    /// Mean place in the last five races started; who was not classified counts with the place
    /// in the list of the classification.
    async fn form(&self) -> Option<f64> {
        self.achieved.form
    }

    /// How much the Elo rating rose from the first race of the season to the last.
    async fn rating_change(&self, ctx: &Context<'_>) -> Option<Result<f64>> {
        // Boxed, or the future of every field had room for the reading of all races.
        let known = match Box::pin(Loaders::of(ctx).known(ctx)).await {
            Ok(known) => known,
            Err(error) => return Some(Err(error)),
        };
        let ratings = match self.whose {
            Whose::Driver(id) => known.driver_ratings(id),
            Whose::Constructor(id) => known.constructor_ratings(id),
        };
        let mut of_season = ratings.iter().filter(|rating| rating.season == self.year);
        let first = of_season.next()?;
        Some(Ok(
            of_season.next_back().unwrap_or(first).after - first.before
        ))
    }
}

/// What is said of drivers alone.
pub struct BesideTeammates(Vec<performance::Teammate>);

#[Object(cache_control(max_age = 300))]
impl BesideTeammates {
    /// Beside each driver who entered a race for the same team, most races together first.
    #[graphql(directive = ListOf::apply(3))]
    async fn teammates(&self) -> Vec<TeammateComparison> {
        self.0.iter().cloned().map(TeammateComparison).collect()
    }
}

/// How a driver did in a season.
#[derive(MergedObject)]
pub struct DriverPerformance(SeasonPerformance, BesideTeammates);

impl DriverPerformance {
    /// The season of a driver, by database id.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn of(ctx: &Context<'_>, driver: i32, year: i32) -> Result<Option<Self>> {
        let record = Loaders::of(ctx).season_record.load(year).await?;
        let found = record.and_then(|record| performance::DriverPerformance::of(&record, driver));
        Ok(found.map(|found| {
            let season = SeasonPerformance {
                year,
                whose: Whose::Driver(driver),
                achieved: found.achieved,
            };
            Self(season, BesideTeammates(found.teammates))
        }))
    }
}

pub struct TeammateComparison(performance::Teammate);

/// A driver beside a team-mate, over the races that both entered for one team.
#[Object(cache_control(max_age = 300))]
impl TeammateComparison {
    /// The other driver.
    async fn teammate(&self, ctx: &Context<'_>) -> Result<Driver> {
        Driver::load(ctx, self.0.driver_id).await
    }

    /// Races that both entered.
    async fn races(&self) -> u32 {
        self.0.races
    }

    /// Times that the driver qualified ahead of the team-mate.
    async fn qualifying_ahead(&self) -> u32 {
        self.0.qualifying_ahead
    }

    /// Times that the driver qualified behind the team-mate.
    async fn qualifying_behind(&self) -> u32 {
        self.0.qualifying_behind
    }

    /// Median gap in per cent, in the last part of qualifying in which both set a time; below
    /// zero when the driver is faster.
    async fn qualifying_gap(&self) -> Option<f64> {
        self.0.qualifying_gap
    }

    /// Races with the driver ahead, both classified.
    async fn race_ahead(&self) -> u32 {
        self.0.race_ahead
    }

    /// Races with the driver behind, both classified.
    async fn race_behind(&self) -> u32 {
        self.0.race_behind
    }

    /// Race and sprint points of the driver in these races.
    async fn points_for(&self) -> Decimal {
        Decimal::hundredths(self.0.points_for)
    }

    /// Race and sprint points of the team-mate in these races.
    async fn points_against(&self) -> Decimal {
        Decimal::hundredths(self.0.points_against)
    }
}

/// What is said of constructors alone.
pub struct CarByCar(Arc<performance::ConstructorPerformance>);

#[Object(cache_control(max_age = 300))]
impl CarByCar {
    /// Races with its cars first and second.
    async fn one_twos(&self) -> u32 {
        self.0.one_twos
    }

    /// Races in which two of its cars or more scored.
    async fn double_points_finishes(&self) -> u32 {
        self.0.double_points_finishes
    }

    /// Who drove for it and what they brought, most points first.
    #[graphql(directive = ListOf::apply(3))]
    async fn drivers(&self) -> Vec<DriverShare> {
        self.0.drivers.iter().cloned().map(DriverShare).collect()
    }
}

/// How a constructor did in a season, all its cars together. Its points are those of its cars; what
/// counted in the championship stands in `season.constructorStandings`.
#[derive(MergedObject)]
pub struct ConstructorPerformance(SeasonPerformance, CarByCar);

impl ConstructorPerformance {
    /// The season of a constructor, by database id.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn of(ctx: &Context<'_>, constructor: i32, year: i32) -> Result<Option<Self>> {
        let record = Loaders::of(ctx).season_record.load(year).await?;
        let found =
            record.and_then(|record| performance::ConstructorPerformance::of(&record, constructor));
        Ok(found.map(|found| {
            let season = SeasonPerformance {
                year,
                whose: Whose::Constructor(constructor),
                achieved: found.achieved.clone(),
            };
            Self(season, CarByCar(Arc::new(found)))
        }))
    }
}

pub struct DriverShare(performance::DriverShare);

/// What one driver brought a constructor.
#[Object(cache_control(max_age = 300))]
impl DriverShare {
    /// Who drove.
    async fn driver(&self, ctx: &Context<'_>) -> Result<Driver> {
        Driver::load(ctx, self.0.driver_id).await
    }

    /// Races entered for the constructor.
    async fn races(&self) -> u32 {
        self.0.races
    }

    /// Race and sprint points scored for it.
    async fn points(&self) -> Decimal {
        Decimal::hundredths(self.0.points)
    }

    /// Share of all its points, 0 to 1; null while it has none.
    async fn share(&self) -> Option<f64> {
        self.0.share
    }
}
