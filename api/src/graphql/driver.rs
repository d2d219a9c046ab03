//! Drivers.

use std::sync::Arc;

use async_graphql::{Context, ID, InputObject, Object};
use entities::{constructor, driver, result};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, Select};

use super::{
    Direction,
    career::{Career, CareerOrder, CareerRow, CareerSeason},
    connection::{self, Page, PageInput},
    directive::{Cost, ListOf, Paged},
    elo::EloRating,
    filter::{self, contains, id_of, raced},
    node,
    performance::DriverPerformance,
    result::{Result as RaceResult, page_of},
    result_filter::ResultFilterInput,
    scalars::Date,
};
use crate::{
    error::{Code, Result, bad_input},
    loaders::{Loaders, One, Whose, WhoseSeasons},
};

pub struct Driver(pub One<driver::Entity>);

/// A driver.
#[Object(cache_control(max_age = 3600))]
impl Driver {
    /// `Driver:max_verstappen`.
    pub async fn id(&self) -> ID {
        node::id("Driver", &self.0.reference)
    }

    /// Ergast id, `max_verstappen`.
    #[graphql(name = "ref")]
    async fn reference(&self) -> &str {
        &self.0.reference
    }

    async fn given_name(&self) -> &str {
        &self.0.given_name
    }

    async fn family_name(&self) -> &str {
        &self.0.family_name
    }

    /// Given and family name.
    async fn name(&self) -> String {
        format!("{} {}", self.0.given_name, self.0.family_name)
    }

    /// Three-letter code; shared by several drivers, absent for old ones. The code at a
    /// race belongs to the entry.
    async fn code(&self) -> Option<&str> {
        self.0.code.as_deref()
    }

    /// Number chosen by the driver; the number on a car belongs to the entry.
    async fn permanent_number(&self) -> Option<i32> {
        self.0.permanent_number
    }

    async fn date_of_birth(&self) -> Option<Date> {
        self.0.date_of_birth.map(Date)
    }

    async fn nationality(&self) -> &str {
        &self.0.nationality
    }

    async fn wikipedia_url(&self) -> Option<&str> {
        self.0.wikipedia_url.as_deref()
    }

    /// Totals over all races.
    async fn career(&self) -> Career {
        Career::from(&*self.0)
    }

    /// Seasons raced, with what was achieved in each, oldest first.
    #[graphql(directive = ListOf::apply(12))]
    async fn seasons(&self, ctx: &Context<'_>) -> Result<Vec<CareerSeason>> {
        let seasons = Loaders::of(ctx)
            .seasons_of
            .load(WhoseSeasons::Driver(self.0.id))
            .await?;
        Ok(seasons
            .iter()
            .flat_map(|seasons| seasons.iter().cloned().map(CareerSeason))
            .collect())
    }

    /// Race results, the newest first unless ordered otherwise.
    #[graphql(directive = Paged::apply(), cache_control(max_age = 300))]
    #[expect(
        clippy::too_many_arguments,
        reason = "the arguments of a Relay connection"
    )]
    async fn results(
        &self,
        ctx: &Context<'_>,
        filter: Option<ResultFilterInput>,
        #[graphql(default)] direction: Direction,
        first: Option<i32>,
        after: Option<String>,
        last: Option<i32>,
        before: Option<String>,
    ) -> Result<Page<RaceResult>> {
        let page = PageInput {
            first,
            after,
            last,
            before,
        };
        // Boxed, or the future of every field of a driver had room for a page.
        Box::pin(page_of(
            ctx,
            Whose::Driver,
            self.0.id,
            filter,
            direction,
            &page,
        ))
        .await
    }

    /// Elo rating after each race, oldest first.
    #[graphql(directive = ListOf::apply(200), directive = Cost::apply(2))]
    async fn elo_history(&self, ctx: &Context<'_>, season: Option<i32>) -> Result<Vec<EloRating>> {
        EloRating::of_driver(ctx, self.0.id, season).await
    }

    /// How the driver did in a season, beside team-mates; null when the driver did not race in it.
    #[graphql(directive = Cost::apply(5))]
    async fn performance(
        &self,
        ctx: &Context<'_>,
        season: i32,
    ) -> Option<Result<DriverPerformance>> {
        let performance = DriverPerformance::of(ctx, self.0.id, season);
        Box::pin(performance).await.transpose()
    }
}

impl Driver {
    /// The driver of a row that refers to it.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn load(ctx: &Context<'_>, id: i32) -> Result<Self> {
        let row = Loaders::of(ctx).driver.load(id).await?;
        row.map(Self)
            .ok_or_else(|| Code::Internal.error("a driver is missing"))
    }
}

/// Which drivers: all conditions given must hold.
#[derive(Debug, Clone, Default, InputObject)]
pub struct DriverFilter {
    /// Part of the name; accents and case do not matter.
    search: Option<String>,
    nationality: Option<String>,
    /// Raced in this season.
    season: Option<i32>,
    /// Raced for this constructor (ref), in `season` if given.
    constructor: Option<String>,
    /// Three-letter code; needs `season`, since codes are shared.
    code: Option<String>,
    /// Won at least so many races.
    wins_from: Option<i32>,
    /// Started at least so many races from pole position.
    poles_from: Option<i32>,
    /// Finished at least so many races in the first three.
    podiums_from: Option<i32>,
    /// Won at least so many championships.
    championships_from: Option<i32>,
}

impl DriverFilter {
    fn apply(&self, mut select: Select<driver::Entity>) -> Result<Select<driver::Entity>> {
        use driver::Column;
        if let Some(search) = &self.search {
            select = select.filter(contains(Column::Search, search)?);
        }
        if let Some(nationality) = &self.nationality {
            select = select.filter(Column::Nationality.eq(nationality));
        }
        if let Some(code) = &self.code {
            let Some(season) = self.season else {
                return Err(bad_input(
                    "`code` needs `season`: codes are shared between drivers",
                ));
            };
            select = select.filter(Column::Id.in_subquery(filter::drivers_with_code(code, season)));
        }
        if self.season.is_some() || self.constructor.is_some() {
            let partner = self.constructor.as_ref().map(|reference| {
                let ids = id_of::<constructor::Entity>(
                    constructor::Column::Id,
                    constructor::Column::Reference,
                    reference,
                );
                (result::Column::ConstructorId, ids)
            });
            let ids = raced(result::Column::DriverId, self.season, partner);
            select = select.filter(Column::Id.in_subquery(ids));
        }
        for (column, least) in [
            (Column::Wins, self.wins_from),
            (Column::Poles, self.poles_from),
            (Column::Podiums, self.podiums_from),
            (Column::Championships, self.championships_from),
        ] {
            if let Some(least) = least {
                select = select.filter(column.gte(least));
            }
        }
        Ok(select)
    }
}

impl CareerRow for driver::Model {
    const NAME: &'static str = "family_name";

    fn key(&self) -> i32 {
        self.id
    }

    fn name(&self) -> &str {
        &self.family_name
    }
}

#[derive(Default)]
pub struct DriverQuery;

#[Object(cache_control(max_age = 3600))]
impl DriverQuery {
    /// A driver by ref (`max_verstappen`) or id.
    async fn driver(
        &self,
        ctx: &Context<'_>,
        #[graphql(name = "ref")] reference: String,
    ) -> Option<Result<Driver>> {
        match node::reference_of("Driver", &reference) {
            Ok(reference) => node::find_driver(ctx, reference).await.transpose(),
            Err(error) => Some(Err(error)),
        }
    }

    /// Drivers who ever entered a race.
    #[graphql(directive = Paged::apply(), cache_control(max_age = 300))]
    #[expect(
        clippy::too_many_arguments,
        reason = "the arguments of a Relay connection"
    )]
    async fn drivers(
        &self,
        ctx: &Context<'_>,
        filter: Option<DriverFilter>,
        #[graphql(default)] order_by: CareerOrder,
        direction: Option<Direction>,
        first: Option<i32>,
        after: Option<String>,
        last: Option<i32>,
        before: Option<String>,
    ) -> Result<Page<Driver>> {
        let filter = filter.unwrap_or_default();
        let select = filter.apply(driver::Entity::find())?;
        let sorting = order_by.sorting(&format!("drivers/{filter:?}"), direction);
        let page = PageInput {
            first,
            after,
            last,
            before,
        };
        connection::page(ctx, select, sorting, &page, |row| Driver(Arc::new(row))).await
    }
}
