//! Constructors.

use std::sync::Arc;

use async_graphql::{Context, ID, InputObject, Object};
use entities::{constructor, constructor_lineage, driver, result};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, Select};

use super::{
    Direction,
    career::{Career, CareerOrder, CareerRow, CareerSeason},
    connection::{self, Page, PageInput},
    directive::{Cost, ListOf, Paged},
    elo::EloRating,
    filter::{contains, id_of, raced},
    node,
    performance::ConstructorPerformance,
    result::{Result as RaceResult, page_of},
    result_filter::ResultFilterInput,
};
use crate::{
    error::{Code, Result},
    loaders::{Loaders, One, Whose, WhoseSeasons},
};

pub struct Constructor(pub One<constructor::Entity>);

/// A Formula 1 team, by the name under which it raced.
#[Object(cache_control(max_age = 3600))]
impl Constructor {
    /// `Constructor:red_bull`.
    pub async fn id(&self) -> ID {
        node::id("Constructor", &self.0.reference)
    }

    /// Ergast id, `red_bull`.
    #[graphql(name = "ref")]
    async fn reference(&self) -> &str {
        &self.0.reference
    }

    async fn name(&self) -> &str {
        &self.0.name
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
            .load(WhoseSeasons::Constructor(self.0.id))
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
        // Boxed, or the future of every field of a constructor had room for a page.
        Box::pin(page_of(
            ctx,
            Whose::Constructor,
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
        EloRating::of_constructor(ctx, self.0.id, season).await
    }

    /// How the constructor did in a season, driver by driver; null when it did not race in it.
    #[graphql(directive = Cost::apply(5))]
    async fn performance(
        &self,
        ctx: &Context<'_>,
        season: i32,
    ) -> Option<Result<ConstructorPerformance>> {
        let performance = ConstructorPerformance::of(ctx, self.0.id, season);
        Box::pin(performance).await.transpose()
    }

    /// The names under which the team behind this constructor raced, oldest first; empty
    /// for a team that never changed its name.
    #[graphql(directive = ListOf::apply(6))]
    async fn lineage(&self, ctx: &Context<'_>) -> Result<Vec<LineageStretch>> {
        let rows = Loaders::of(ctx).lineage.load(self.0.id).await?;
        Ok(rows
            .iter()
            .flat_map(|rows| rows.iter().cloned().map(LineageStretch))
            .collect())
    }
}

impl Constructor {
    /// The constructor of a row that refers to it.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn load(ctx: &Context<'_>, id: i32) -> Result<Self> {
        let row = Loaders::of(ctx).constructor.load(id).await?;
        row.map(Self)
            .ok_or_else(|| Code::Internal.error("a constructor is missing"))
    }
}

pub struct LineageStretch(One<constructor_lineage::Entity>);

/// A stretch of seasons in which a team raced under one name.
#[Object(cache_control(max_age = 300))]
impl LineageStretch {
    /// The team behind the names, by its base.
    async fn team(&self) -> &str {
        &self.0.team
    }

    async fn constructor(&self, ctx: &Context<'_>) -> Result<Constructor> {
        Constructor::load(ctx, self.0.constructor_id).await
    }

    async fn first_season(&self) -> i32 {
        self.0.first_season
    }

    /// Null while it goes on.
    async fn last_season(&self) -> Option<i32> {
        self.0.last_season
    }
}

/// Which constructors: all conditions given must hold.
#[derive(Debug, Clone, Default, InputObject)]
pub struct ConstructorFilter {
    /// Part of the name; accents and case do not matter.
    search: Option<String>,
    nationality: Option<String>,
    /// Raced in this season.
    season: Option<i32>,
    /// Raced with this driver (ref), in `season` if given.
    driver: Option<String>,
    /// Won at least so many races.
    wins_from: Option<i32>,
    /// Started at least so many races from pole position.
    poles_from: Option<i32>,
    /// Finished at least so many races in the first three.
    podiums_from: Option<i32>,
    /// Won at least so many championships.
    championships_from: Option<i32>,
}

impl ConstructorFilter {
    fn apply(
        &self,
        mut select: Select<constructor::Entity>,
    ) -> Result<Select<constructor::Entity>> {
        use constructor::Column;
        if let Some(search) = &self.search {
            select = select.filter(contains(Column::Search, search)?);
        }
        if let Some(nationality) = &self.nationality {
            select = select.filter(Column::Nationality.eq(nationality));
        }
        if self.season.is_some() || self.driver.is_some() {
            let partner = self.driver.as_ref().map(|reference| {
                let ids = id_of::<driver::Entity>(
                    driver::Column::Id,
                    driver::Column::Reference,
                    reference,
                );
                (result::Column::DriverId, ids)
            });
            let ids = raced(result::Column::ConstructorId, self.season, partner);
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

impl CareerRow for constructor::Model {
    const NAME: &'static str = "name";

    fn key(&self) -> i32 {
        self.id
    }

    fn name(&self) -> &str {
        &self.name
    }
}

#[derive(Default)]
pub struct ConstructorQuery;

#[Object(cache_control(max_age = 3600))]
impl ConstructorQuery {
    /// A constructor by ref (`red_bull`) or id.
    async fn constructor(
        &self,
        ctx: &Context<'_>,
        #[graphql(name = "ref")] reference: String,
    ) -> Option<Result<Constructor>> {
        match node::reference_of("Constructor", &reference) {
            Ok(reference) => node::find_constructor(ctx, reference).await.transpose(),
            Err(error) => Some(Err(error)),
        }
    }

    /// Constructors who ever entered a race.
    #[graphql(directive = Paged::apply(), cache_control(max_age = 300))]
    #[expect(
        clippy::too_many_arguments,
        reason = "the arguments of a Relay connection"
    )]
    async fn constructors(
        &self,
        ctx: &Context<'_>,
        filter: Option<ConstructorFilter>,
        #[graphql(default)] order_by: CareerOrder,
        direction: Option<Direction>,
        first: Option<i32>,
        after: Option<String>,
        last: Option<i32>,
        before: Option<String>,
    ) -> Result<Page<Constructor>> {
        let filter = filter.unwrap_or_default();
        let select = filter.apply(constructor::Entity::find())?;
        let sorting = order_by.sorting(&format!("constructors/{filter:?}"), direction);
        let page = PageInput {
            first,
            after,
            last,
            before,
        };
        connection::page(ctx, select, sorting, &page, |row| {
            Constructor(Arc::new(row))
        })
        .await
    }
}
