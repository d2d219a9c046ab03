//! Championships as they would be if a race ended as it stands.

use async_graphql::{Context, Object};
use domain::{live::standings::LiveStandings as Both, standings::Standing};

use super::{constructor::Constructor, directive::ListOf, driver::Driver, scalars::Decimal};
use crate::error::Result;

pub struct LiveStandings(pub Both);

/// Both championships as they would be if the race ended now.
#[Object(cache_control(max_age = 1))]
impl LiveStandings {
    /// Drivers' championship.
    #[graphql(directive = ListOf::apply(25))]
    async fn drivers(&self) -> Vec<LiveDriverStanding> {
        let rows = pairs(&self.0.before.drivers, &self.0.now.drivers);
        rows.map(LiveDriverStanding).collect()
    }

    /// Constructors' championship; there is none before 1958.
    #[graphql(directive = ListOf::apply(12))]
    async fn constructors(&self) -> Vec<LiveConstructorStanding> {
        let rows = pairs(&self.0.before.constructors, &self.0.now.constructors);
        rows.map(LiveConstructorStanding).collect()
    }
}

/// A row as it stands, and as it was.
struct Pair {
    before: Option<Standing>,
    now: Standing,
}

fn pairs<'a>(before: &'a [Standing], now: &'a [Standing]) -> impl Iterator<Item = Pair> + 'a {
    now.iter().map(|row| Pair {
        before: before.iter().find(|before| before.who == row.who).cloned(),
        now: row.clone(),
    })
}

impl Pair {
    fn points_gained(&self) -> i32 {
        self.now.points - self.before.as_ref().map_or(0, |before| before.points)
    }
}

macro_rules! standings {
    ($($(#[$doc:meta])* $name:ident of $who:ident: $noun:ident)*) => {
        $(
            pub struct $name(Pair);

            $(#[$doc])*
            #[Object(cache_control(max_age = 1))]
            impl $name {
                async fn $who(&self, ctx: &Context<'_>) -> Result<$noun> {
                    $noun::load(ctx, self.0.now.who).await
                }

                /// Several may share a place; null without one.
                async fn position(&self) -> Option<i32> {
                    self.0.now.position
                }

                /// Before the race; null without a place.
                async fn position_before(&self) -> Option<i32> {
                    self.0.before.as_ref()?.position
                }

                /// Points that count.
                async fn points(&self) -> Decimal {
                    Decimal::hundredths(self.0.now.points)
                }

                /// Of them from this weekend.
                async fn points_gained(&self) -> Decimal {
                    Decimal::hundredths(self.0.points_gained())
                }
            }
        )*
    };
}

standings! {
    /// A place in the drivers' championship, if the race ended now.
    LiveDriverStanding of driver: Driver

    /// A place in the constructors' championship, if the race ended now.
    LiveConstructorStanding of constructor: Constructor
}
