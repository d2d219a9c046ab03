//! Which races a list holds, and in which order.

use async_graphql::InputObject;
use entities::{circuit, race};
use sea_orm::{ColumnTrait, QueryFilter, Select, sea_query::Expr};

use super::{
    Direction,
    connection::{SortValue, Sorting},
    filter::{contains, id_of, won_by_constructor, won_by_driver},
    race::RaceStatus,
    scalars::Date,
};
use crate::error::Result;

/// Which races: all conditions given must hold.
#[derive(Debug, Clone, Default, InputObject)]
pub struct RaceFilter {
    /// Part of the name; accents and case do not matter.
    search: Option<String>,
    season: Option<i32>,
    season_from: Option<i32>,
    season_to: Option<i32>,
    /// Ref of the circuit.
    circuit: Option<String>,
    status: Option<RaceStatus>,
    date_from: Option<Date>,
    date_to: Option<Date>,
    /// Ref of the driver who won.
    won_by: Option<String>,
    /// Ref of the constructor that won.
    won_by_constructor: Option<String>,
}

impl RaceFilter {
    /// Text that tells filters apart.
    #[must_use]
    pub fn scope(&self) -> String {
        format!("{self:?}")
    }

    /// Narrows a select of races.
    ///
    /// # Errors
    /// `BAD_USER_INPUT` for a search text that cannot be used.
    pub fn apply(&self, mut select: Select<race::Entity>) -> Result<Select<race::Entity>> {
        use race::Column;
        if let Some(search) = &self.search {
            select = select.filter(contains(
                Column::Reference,
                &domain::season::slug::slug(search),
            )?);
        }
        if let Some(season) = self.season {
            select = select.filter(Column::Season.eq(season));
        }
        if let Some(from) = self.season_from {
            select = select.filter(Column::Season.gte(from));
        }
        if let Some(to) = self.season_to {
            select = select.filter(Column::Season.lte(to));
        }
        if let Some(circuit) = &self.circuit {
            let ids =
                id_of::<circuit::Entity>(circuit::Column::Id, circuit::Column::Reference, circuit);
            select = select.filter(Column::CircuitId.in_subquery(ids));
        }
        if let Some(status) = self.status {
            select = select.filter(Column::Status.eq(race::Status::from(status)));
        }
        if let Some(from) = self.date_from {
            select = select.filter(Column::Date.gte(from.0));
        }
        if let Some(to) = self.date_to {
            select = select.filter(Column::Date.lte(to.0));
        }
        if let Some(driver) = &self.won_by {
            select = select.filter(Column::Id.in_subquery(won_by_driver(driver)));
        }
        if let Some(constructor) = &self.won_by_constructor {
            select = select.filter(Column::Id.in_subquery(won_by_constructor(constructor)));
        }
        Ok(select)
    }
}

/// Races sorted by date.
#[must_use]
pub fn by_date(scope: &str, direction: Direction) -> Sorting<race::Model> {
    let descending = direction == Direction::Desc;
    Sorting {
        scope: format!("{scope}/date/{descending}"),
        by: Expr::col(race::Column::Date),
        key: Expr::col(race::Column::Id),
        descending,
        of: |row, _| (SortValue::Day(row.date), row.id.into()),
        order: "date",
    }
}
