//! Career totals and seasons of drivers and constructors.

use async_graphql::{Context, Object};
use entities::{constructor, driver};

use super::{scalars::Decimal, season::Season};
use crate::{
    error::{Code, Result},
    loaders::{Loaders, SeasonTotals},
};

/// Totals over all races. Sprints count for points alone.
pub struct Career {
    starts: i32,
    wins: i32,
    podiums: i32,
    poles: i32,
    fastest_laps: i32,
    points: i32,
    retirements: i32,
    best_finish: Option<i32>,
    first_season: Option<i32>,
    last_season: Option<i32>,
    championships: i32,
}

macro_rules! career_of {
    ($row:ty) => {
        impl From<&$row> for Career {
            fn from(row: &$row) -> Self {
                Self {
                    starts: row.starts,
                    wins: row.wins,
                    podiums: row.podiums,
                    poles: row.poles,
                    fastest_laps: row.fastest_laps,
                    points: row.points,
                    retirements: row.retirements,
                    best_finish: row.best_finish,
                    first_season: row.first_season,
                    last_season: row.last_season,
                    championships: row.championships,
                }
            }
        }
    };
}

career_of!(driver::Model);
career_of!(constructor::Model);

#[Object]
impl Career {
    /// Races started; for a constructor, races in which one of its cars started.
    async fn starts(&self) -> i32 {
        self.starts
    }

    async fn wins(&self) -> i32 {
        self.wins
    }

    /// Finishes in the first three.
    async fn podiums(&self) -> i32 {
        self.podiums
    }

    /// Official pole positions.
    async fn poles(&self) -> i32 {
        self.poles
    }

    /// Fastest laps of a race; known from 2004 on.
    async fn fastest_laps(&self) -> i32 {
        self.fastest_laps
    }

    /// Race and sprint points, before any dropping of results.
    async fn points(&self) -> Decimal {
        Decimal::hundredths(self.points)
    }

    /// Races not finished, whether classified or not.
    async fn retirements(&self) -> i32 {
        self.retirements
    }

    /// Best classified place.
    async fn best_finish(&self) -> Option<i32> {
        self.best_finish
    }

    async fn first_season(&self) -> Option<i32> {
        self.first_season
    }

    async fn last_season(&self) -> Option<i32> {
        self.last_season
    }

    /// World championships won in completed seasons.
    async fn championships(&self) -> i32 {
        self.championships
    }
}

/// One season of a driver or constructor. Sprints count for points alone.
pub struct CareerSeason(pub SeasonTotals);

#[Object]
impl CareerSeason {
    async fn season(&self, ctx: &Context<'_>) -> Result<Season> {
        let row = Loaders::of(ctx).season.load(self.0.season).await?;
        row.map(Season)
            .ok_or_else(|| Code::Internal.error("a season is missing"))
    }

    async fn starts(&self) -> i64 {
        self.0.starts
    }

    async fn wins(&self) -> i64 {
        self.0.wins
    }

    /// Finishes in the first three.
    async fn podiums(&self) -> i64 {
        self.0.podiums
    }

    async fn poles(&self) -> i64 {
        self.0.poles
    }

    async fn fastest_laps(&self) -> i64 {
        self.0.fastest_laps
    }

    async fn retirements(&self) -> i64 {
        self.0.retirements
    }

    /// Best classified place.
    async fn best_finish(&self) -> Option<i32> {
        self.0.best_finish
    }

    /// Points that count in the championship after its latest race.
    async fn points(&self) -> Option<Decimal> {
        self.0.championship_points.map(Decimal::hundredths)
    }

    /// Place in the championship after its latest race.
    async fn position(&self) -> Option<i32> {
        self.0.championship_position
    }
}
