//! Career totals and seasons of drivers and constructors.

use async_graphql::{Context, Enum, Object};
use entities::{constructor, driver};

use sea_orm::sea_query::{Expr, Func};

use super::{
    Direction,
    connection::{SortValue, Sorting},
    scalars::Decimal,
    season::Season,
};
use crate::{
    error::{Code, Result},
    loaders::{Loaders, SeasonTotals},
};

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

/// Totals over all races. Sprints count for points alone.
#[Object(cache_control(max_age = 300))]
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

/// What drivers and constructors are ordered by.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Enum)]
pub enum CareerOrder {
    /// Family name of a driver, name of a constructor.
    #[default]
    Name,
    Starts,
    Wins,
    Podiums,
    Poles,
    FastestLaps,
    Points,
    Championships,
    /// Season of the first race.
    FirstSeason,
    /// Season of the latest race.
    LastSeason,
}

/// A row with career totals in columns of the same names.
pub trait CareerRow: Sized
where
    Career: for<'a> From<&'a Self>,
{
    /// Column that the row is named by.
    const NAME: &'static str;

    /// Database id.
    fn key(&self) -> i32;

    /// What stands in the column of the name.
    fn name(&self) -> &str;
}

impl CareerOrder {
    /// Sorts a list of such rows; names run up, numbers down, unless told otherwise.
    #[must_use]
    pub fn sorting<M: CareerRow>(self, scope: &str, direction: Option<Direction>) -> Sorting<M>
    where
        Career: for<'a> From<&'a M>,
    {
        let natural = if self == Self::Name {
            Direction::Asc
        } else {
            Direction::Desc
        };
        let descending = direction.unwrap_or(natural) == Direction::Desc;
        let order = self.column::<M>();
        let by = match self {
            Self::FirstSeason | Self::LastSeason => {
                Expr::expr(Func::coalesce([Expr::col(order), Expr::value(0)]))
            }
            _ => Expr::col(order),
        };
        Sorting {
            scope: format!("{scope}/{order}/{descending}"),
            by,
            key: Expr::col("id"),
            descending,
            of: sort_value::<M>,
            order,
        }
    }

    fn column<M: CareerRow>(self) -> &'static str
    where
        Career: for<'a> From<&'a M>,
    {
        match self {
            Self::Name => M::NAME,
            Self::Starts => "starts",
            Self::Wins => "wins",
            Self::Podiums => "podiums",
            Self::Poles => "poles",
            Self::FastestLaps => "fastest_laps",
            Self::Points => "points",
            Self::Championships => "championships",
            Self::FirstSeason => "first_season",
            Self::LastSeason => "last_season",
        }
    }
}

fn sort_value<M: CareerRow>(row: &M, order: &str) -> (SortValue, i64)
where
    Career: for<'a> From<&'a M>,
{
    let career = Career::from(row);
    let number = match order {
        "starts" => career.starts,
        "wins" => career.wins,
        "podiums" => career.podiums,
        "poles" => career.poles,
        "fastest_laps" => career.fastest_laps,
        "points" => career.points,
        "championships" => career.championships,
        "first_season" => career.first_season.unwrap_or(0),
        "last_season" => career.last_season.unwrap_or(0),
        _ => return (SortValue::Text(row.name().to_owned()), row.key().into()),
    };
    (SortValue::Number(number.into()), row.key().into())
}

pub struct CareerSeason(pub SeasonTotals);

/// One season of a driver or constructor. Sprints count for points alone.
#[Object(cache_control(max_age = 300))]
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
