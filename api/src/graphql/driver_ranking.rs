//! The drivers of a season in order.

use async_graphql::{Context, Enum, Object};
use domain::performance::{self, Ranked, Standing};

use super::{
    constructor::Constructor,
    directive::{Cost, SlicedList},
    driver::Driver,
    scalars::Decimal,
};
use crate::{error::Result, loaders::Loaders};

/// What drivers are ranked by.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Enum)]
#[graphql(remote = "performance::RankingOrder")]
pub enum RankingOrder {
    /// Elo rating, highest first.
    #[default]
    Rating,
    /// Place in the championship.
    Points,
    /// Mean place in the last five races, lowest first.
    Form,
}

pub struct DriverRanking(Ranked);

/// A driver's place in a ranking of those who started a race of the season.
#[Object(cache_control(max_age = 300))]
impl DriverRanking {
    /// From 1; drivers who are level share a rank.
    async fn rank(&self) -> u32 {
        self.0.rank
    }

    /// Who is ranked.
    async fn driver(&self, ctx: &Context<'_>) -> Result<Driver> {
        Driver::load(ctx, self.0.driver_id).await
    }

    /// The constructor of the latest start in the season.
    async fn constructor(&self, ctx: &Context<'_>) -> Result<Constructor> {
        Constructor::load(ctx, self.0.constructor_id).await
    }

    /// Elo rating after the latest start in the season; 1500 is average.
    async fn rating(&self) -> f64 {
        self.0.rating
    }

    /// Standard deviation of the rating.
    async fn rating_deviation(&self) -> f64 {
        self.0.rating_deviation
    }

    /// How much the rating rose over the last five starts in the season.
    async fn rating_change(&self) -> f64 {
        self.0.rating_change
    }

    /// Mean place in the last five starts in the season; who was not classified counts with the
    /// place in the list of the classification.
    async fn form(&self) -> f64 {
        self.0.form
    }

    /// Points that count in the championship.
    async fn points(&self) -> Decimal {
        Decimal::hundredths(self.0.points)
    }
}

impl DriverRanking {
    async fn of_season(
        ctx: &Context<'_>,
        season: Option<i32>,
        by: RankingOrder,
    ) -> Result<Vec<Self>> {
        let loaders = Loaders::of(ctx);
        let season = match season {
            Some(season) => season,
            None => match loaders.last_race.load(()).await? {
                Some(race) => race.season,
                None => return Ok(Vec::new()),
            },
        };
        let Some(record) = loaders.season_record.load(season).await? else {
            return Ok(Vec::new());
        };
        let standings = match record.weekends.last() {
            Some(weekend) => loaders.driver_standings.load(weekend.race_id).await?,
            None => None,
        };
        let standings: Vec<Standing> = standings
            .iter()
            .flat_map(|rows| rows.iter())
            .map(|row| Standing {
                driver_id: row.driver_id,
                position: row.position,
                points: row.points,
            })
            .collect();
        let known = loaders.known(ctx).await?;
        let ratings = |driver| {
            let ratings = known.driver_ratings(driver).into_iter();
            ratings.filter(|rating| rating.season == season).collect()
        };
        let ranking = performance::driver_ranking(&record, &standings, ratings, by.into());
        Ok(ranking.into_iter().map(Self).collect())
    }
}

#[derive(Default)]
pub struct DriverRankingQuery;

#[Object(cache_control(max_age = 3600))]
impl DriverRankingQuery {
    /// The drivers who started a race of a season, best first; of the latest season with a result
    /// unless another is named.
    #[graphql(directive = SlicedList::apply(25, "first"), directive = Cost::apply(5))]
    async fn driver_rankings(
        &self,
        ctx: &Context<'_>,
        season: Option<i32>,
        #[graphql(default)] by: RankingOrder,
        first: Option<usize>,
    ) -> Result<Vec<DriverRanking>> {
        let mut ranking = Box::pin(DriverRanking::of_season(ctx, season, by)).await?;
        ranking.truncate(first.unwrap_or(usize::MAX));
        Ok(ranking)
    }
}
