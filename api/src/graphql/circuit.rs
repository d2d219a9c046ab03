//! Circuits.

use std::sync::Arc;

use async_graphql::{Context, Enum, ID, InputObject, Object};
use entities::{circuit, race};
use sea_orm::{ColumnTrait, EntityTrait, ExprTrait, QueryFilter, sea_query::Expr};

use super::{
    Direction, app,
    connection::{self, DatedPage, Page, PageInput, SortValue, Sorting, TotalCount},
    directive::{Cost, Paged},
    filter::{self, contains},
    insights::CircuitInsights,
    node,
    race::Race,
    track::TrackCoefficients,
};
use crate::{
    error::Result,
    loaders::{Loaders, One, OwnRaces},
};

pub struct Circuit(pub One<circuit::Entity>);

/// A race track.
#[Object(cache_control(max_age = 3600))]
impl Circuit {
    /// `Circuit:monza`.
    pub async fn id(&self) -> ID {
        node::id("Circuit", &self.0.reference)
    }

    /// Ergast id, `monza`.
    #[graphql(name = "ref")]
    async fn reference(&self) -> &str {
        &self.0.reference
    }

    async fn name(&self) -> &str {
        &self.0.name
    }

    /// Nearest town.
    async fn locality(&self) -> &str {
        &self.0.locality
    }

    async fn country(&self) -> &str {
        &self.0.country
    }

    /// Degrees north.
    async fn latitude(&self) -> Option<f64> {
        self.0.latitude
    }

    /// Degrees east.
    async fn longitude(&self) -> Option<f64> {
        self.0.longitude
    }

    /// Metres above the sea.
    async fn altitude(&self) -> Option<i32> {
        self.0.altitude_m
    }

    /// Length of a lap in metres, present layout.
    async fn length(&self) -> Option<i32> {
        self.0.length_m
    }

    /// Number of turns, present layout.
    async fn turns(&self) -> Option<i32> {
        self.0.turns
    }

    async fn wikipedia_url(&self) -> Option<&str> {
        self.0.wikipedia_url.as_deref()
    }

    /// What was raced here.
    async fn record(&self) -> CircuitRecord {
        CircuitRecord(Arc::clone(&self.0))
    }

    /// What the races here have in common: those of the latest `seasons` seasons with a race here,
    /// of all when null. Null where none was held.
    #[graphql(directive = Cost::apply(5))]
    async fn insights(
        &self,
        ctx: &Context<'_>,
        #[graphql(default_with = "Some(10)")] seasons: Option<i32>,
    ) -> Option<Result<CircuitInsights>> {
        let insights = CircuitInsights::of(ctx, self.0.id, seasons);
        Box::pin(insights).await.transpose()
    }

    /// Who is better here than elsewhere, and by how much: of those who raced in the latest season,
    /// or with `active: false` in one of the six before too. Null where none of them finished a
    /// race.
    #[graphql(directive = Cost::apply(5))]
    async fn track_coefficients(
        &self,
        ctx: &Context<'_>,
        #[graphql(default = true)] active: bool,
    ) -> Option<Result<TrackCoefficients>> {
        let coefficients = TrackCoefficients::of(ctx, self.0.id, active);
        Box::pin(coefficients).await.transpose()
    }

    /// Races held or planned here, the newest first unless ordered otherwise. The root
    /// `races` filters them.
    #[graphql(directive = Paged::apply(), cache_control(max_age = 300))]
    async fn races(
        &self,
        ctx: &Context<'_>,
        #[graphql(default)] direction: Direction,
        first: Option<i32>,
        after: Option<String>,
        last: Option<i32>,
        before: Option<String>,
    ) -> Result<Page<Race>> {
        let page = PageInput {
            first,
            after,
            last,
            before,
        };
        let scope = format!("circuit.races/{}", self.0.reference);
        let page = DatedPage::checked(app(ctx), &page, &scope, direction)?;
        let key = OwnRaces {
            slice: page.slice(),
            circuit_id: self.0.id,
        };
        let rows = Loaders::of(ctx).own_races.load(key).await?;
        Ok(page.connect(
            app(ctx),
            rows.map(|rows| rows.to_vec()).unwrap_or_default(),
            TotalCount::RacesOf(self.0.id),
            |row| (row.date, row.id.into()),
            Race,
        ))
    }
}

pub struct CircuitRecord(One<circuit::Entity>);

/// What was raced at a circuit.
#[Object(cache_control(max_age = 300))]
impl CircuitRecord {
    /// Races held.
    async fn races(&self) -> i32 {
        self.0.races_held
    }

    /// Cars that started them.
    async fn starts(&self) -> i32 {
        self.0.starts
    }

    /// Cars that did not reach the flag.
    async fn retirements(&self) -> i32 {
        self.0.retirements
    }

    /// Races won from pole position.
    async fn pole_wins(&self) -> i32 {
        self.0.pole_wins
    }

    /// Season of the first race here.
    async fn first_season(&self) -> Option<i32> {
        self.0.first_season
    }

    /// Season of the latest race here.
    async fn last_season(&self) -> Option<i32> {
        self.0.last_season
    }
}

/// Which circuits.
#[derive(Debug, Clone, Default, InputObject)]
pub struct CircuitFilter {
    /// Part of the name, place or country; accents and case do not matter.
    search: Option<String>,
    country: Option<String>,
    /// Circuits with a race in this season.
    season: Option<i32>,
}

/// What circuits are ordered by.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Enum)]
pub enum CircuitOrder {
    #[default]
    Name,
    Country,
    /// Number of races held.
    Races,
    /// Season of the latest race.
    LastSeason,
}

impl CircuitOrder {
    fn sorting(self, scope: &str, direction: Option<Direction>) -> Sorting<circuit::Model> {
        let (by, order, natural): (Expr, _, _) = match self {
            Self::Name => (Expr::col(circuit::Column::Search), "name", Direction::Asc),
            Self::Country => (
                Expr::col(circuit::Column::Country),
                "country",
                Direction::Asc,
            ),
            Self::Races => (
                Expr::col(circuit::Column::RacesHeld),
                "races",
                Direction::Desc,
            ),
            Self::LastSeason => (
                filter::or_zero(circuit::Column::LastSeason),
                "last_season",
                Direction::Desc,
            ),
        };
        let descending = direction.unwrap_or(natural) == Direction::Desc;
        Sorting {
            scope: format!("{scope}/{order}/{descending}"),
            by,
            key: Expr::col(circuit::Column::Id),
            descending,
            of: |row, order| {
                let value = match order {
                    "name" => SortValue::Text(row.search.clone()),
                    "country" => SortValue::Text(row.country.clone()),
                    "races" => SortValue::Number(row.races_held.into()),
                    _ => SortValue::Number(row.last_season.unwrap_or(0).into()),
                };
                (value, row.id.into())
            },
            order,
        }
    }
}

#[derive(Default)]
pub struct CircuitQuery;

#[Object(cache_control(max_age = 3600))]
impl CircuitQuery {
    /// A circuit by ref (`monza`) or id.
    async fn circuit(
        &self,
        ctx: &Context<'_>,
        #[graphql(name = "ref")] reference: String,
    ) -> Option<Result<Circuit>> {
        match node::reference_of("Circuit", &reference) {
            Ok(reference) => node::find_circuit(ctx, reference).await.transpose(),
            Err(error) => Some(Err(error)),
        }
    }

    /// Circuits that ever held a race.
    #[graphql(directive = Paged::apply(), cache_control(max_age = 300))]
    #[expect(
        clippy::too_many_arguments,
        reason = "the arguments of a Relay connection"
    )]
    async fn circuits(
        &self,
        ctx: &Context<'_>,
        filter: Option<CircuitFilter>,
        #[graphql(default)] order_by: CircuitOrder,
        direction: Option<Direction>,
        first: Option<i32>,
        after: Option<String>,
        last: Option<i32>,
        before: Option<String>,
    ) -> Result<Page<Circuit>> {
        let filter = filter.unwrap_or_default();
        let mut select = circuit::Entity::find();
        if let Some(search) = &filter.search {
            select = select.filter(contains(circuit::Column::Search, search)?);
        }
        if let Some(country) = &filter.country {
            select = select.filter(circuit::Column::Country.eq(country));
        }
        if let Some(season) = filter.season {
            select = select.filter(
                Expr::col(circuit::Column::Id)
                    .in_subquery(filter::race_column(race::Column::CircuitId, season)),
            );
        }
        let sorting = order_by.sorting(&format!("circuits/{filter:?}"), direction);
        let page = PageInput {
            first,
            after,
            last,
            before,
        };
        connection::page(ctx, select, sorting, &page, |row| Circuit(Arc::new(row))).await
    }
}
