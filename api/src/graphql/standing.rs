//! Championship standings.

use async_graphql::{Context, Object, Subscription};
use chrono::{DateTime, Utc};
use domain::{event, feed::Interest};
use entities::{constructor_standing, driver_standing};
use futures::{Stream, StreamExt};

use super::{
    constructor::Constructor,
    directive::ListOf,
    driver::Driver,
    feed::{self, Change},
    live::SequenceGap,
    scalars::Decimal,
    season::Season,
};
use crate::{
    error::Result,
    loaders::{Loaders, One, OneStanding},
};

pub struct RaceStandings(pub i32);

/// Both championships after a race.
#[Object(cache_control(max_age = 300))]
impl RaceStandings {
    /// Drivers' championship.
    #[graphql(directive = ListOf::apply(25))]
    async fn drivers(&self, ctx: &Context<'_>) -> Result<Vec<DriverStanding>> {
        drivers_after(ctx, self.0).await
    }

    /// Constructors' championship; there is none before 1958.
    #[graphql(directive = ListOf::apply(12))]
    async fn constructors(&self, ctx: &Context<'_>) -> Result<Vec<ConstructorStanding>> {
        constructors_after(ctx, self.0).await
    }
}

/// The drivers' championship after a race, by its id.
///
/// # Errors
/// When the database fails.
pub async fn drivers_after(ctx: &Context<'_>, race_id: i32) -> Result<Vec<DriverStanding>> {
    let rows = Loaders::of(ctx).driver_standings.load(race_id).await?;
    Ok(rows
        .iter()
        .flat_map(|rows| rows.iter().cloned().map(DriverStanding))
        .collect())
}

/// The constructors' championship after a race, by its id.
///
/// # Errors
/// When the database fails.
pub async fn constructors_after(
    ctx: &Context<'_>,
    race_id: i32,
) -> Result<Vec<ConstructorStanding>> {
    let rows = Loaders::of(ctx).constructor_standings.load(race_id).await?;
    Ok(rows
        .iter()
        .flat_map(|rows| rows.iter().cloned().map(ConstructorStanding))
        .collect())
}

pub struct DriverStanding(One<driver_standing::Entity>);

/// A place in the drivers' championship, computed from results by the rules of the season.
#[Object(cache_control(max_age = 300))]
impl DriverStanding {
    /// Several drivers may share a place; null without one.
    async fn position(&self) -> Option<i32> {
        self.0.position
    }

    /// The place, D disqualified, E excluded, or `-`.
    async fn position_text(&self) -> &str {
        &self.0.position_text
    }

    /// Points that count.
    async fn points(&self) -> Decimal {
        Decimal::hundredths(self.0.points)
    }

    async fn wins(&self) -> i32 {
        self.0.wins
    }

    async fn driver(&self, ctx: &Context<'_>) -> Result<Driver> {
        Driver::load(ctx, self.0.driver_id).await
    }

    /// What the source publishes, where it does.
    async fn published(&self, ctx: &Context<'_>) -> Option<Result<PublishedStanding>> {
        let key = OneStanding {
            race_id: self.0.race_id,
            who: self.0.driver_id,
        };
        let row = Loaders::of(ctx).published_driver_standing.load(key).await;
        let standing = |row: One<driver_standing::Entity>| PublishedStanding {
            position: row.position,
            position_text: row.position_text.clone(),
            points: row.points,
            wins: row.wins,
        };
        row.map(|row| row.map(standing)).transpose()
    }
}

pub struct ConstructorStanding(One<constructor_standing::Entity>);

/// A place in the constructors' championship, computed from results by the rules of the season.
#[Object(cache_control(max_age = 300))]
impl ConstructorStanding {
    /// Several constructors may share a place; null without one.
    async fn position(&self) -> Option<i32> {
        self.0.position
    }

    /// The place, D disqualified, E excluded, or `-`.
    async fn position_text(&self) -> &str {
        &self.0.position_text
    }

    /// Points that count.
    async fn points(&self) -> Decimal {
        Decimal::hundredths(self.0.points)
    }

    async fn wins(&self) -> i32 {
        self.0.wins
    }

    async fn constructor(&self, ctx: &Context<'_>) -> Result<Constructor> {
        Constructor::load(ctx, self.0.constructor_id).await
    }

    /// What the source publishes, where it does.
    async fn published(&self, ctx: &Context<'_>) -> Option<Result<PublishedStanding>> {
        let key = OneStanding {
            race_id: self.0.race_id,
            who: self.0.constructor_id,
        };
        let loader = &Loaders::of(ctx).published_constructor_standing;
        let standing = |row: One<constructor_standing::Entity>| PublishedStanding {
            position: row.position,
            position_text: row.position_text.clone(),
            points: row.points,
            wins: row.wins,
        };
        loader
            .load(key)
            .await
            .map(|row| row.map(standing))
            .transpose()
    }
}

pub struct PublishedStanding {
    position: Option<i32>,
    position_text: String,
    points: i32,
    wins: i32,
}

/// A standing as a source publishes it.
#[Object(cache_control(max_age = 300))]
impl PublishedStanding {
    async fn position(&self) -> Option<i32> {
        self.position
    }

    async fn position_text(&self) -> &str {
        &self.position_text
    }

    async fn points(&self) -> Decimal {
        Decimal::hundredths(self.points)
    }

    async fn wins(&self) -> i32 {
        self.wins
    }
}

pub struct StandingsUpdate {
    change: Change,
    season: Season,
}

/// News of the championships of a season.
#[Object(cache_control(max_age = 5))]
impl StandingsUpdate {
    /// Grows with every change to the data; give the last one as `after` to go on from there.
    async fn sequence(&self) -> i64 {
        self.change.sequence
    }

    /// When they were computed; null in what is told at the beginning.
    async fn at(&self) -> Option<DateTime<Utc>> {
        self.change.at()
    }

    /// Set when changes after `after` are left out. The season beside it is as it is after them.
    async fn gap(&self) -> Option<SequenceGap> {
        self.change.gap.map(SequenceGap)
    }

    /// The season with its standings, as they are now.
    async fn season(&self) -> Season {
        Season(self.season.0.clone())
    }
}

#[derive(Default)]
pub struct StandingsSubscription;

#[Subscription]
impl StandingsSubscription {
    /// The championships of a season: how they stand at once, then each time that they were computed
    /// anew since results changed, once and in order. With `after`, the sequence of the last
    /// update seen, only what is newer.
    async fn standings_changed(
        &self,
        ctx: &Context<'_>,
        season: i32,
        after: Option<i64>,
    ) -> Result<impl Stream<Item = StandingsUpdate>> {
        let row = Season::of_year(ctx, season).await?.0;
        let interest = Interest::in_kind(event::STANDINGS_COMPUTED);
        let interest = interest.about(format!("Season:{season}"));
        let changes = feed::changes(ctx, event::DATA, &interest, after);
        Ok(changes.map(move |change| StandingsUpdate {
            change,
            season: Season(row.clone()),
        }))
    }
}
