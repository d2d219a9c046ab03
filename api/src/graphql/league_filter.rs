//! Which leagues of the public directory, and in which order.

use async_graphql::{Enum, InputObject};
use entities::league;
use sea_orm::{QueryFilter, Select, sea_query::Expr};

use super::{
    Direction,
    connection::{SortValue, Sorting},
    filter::contains,
};
use crate::error::Result;

/// Which leagues: all conditions given must hold.
#[derive(Debug, Clone, Default, InputObject)]
pub struct LeagueFilter {
    /// Part of the name; accents and case do not matter.
    search: Option<String>,
}

impl LeagueFilter {
    /// The leagues of a select that are wanted.
    ///
    /// # Errors
    /// `BAD_USER_INPUT` for what nothing can be looked for by.
    pub fn apply(&self, mut select: Select<league::Entity>) -> Result<Select<league::Entity>> {
        if let Some(search) = &self.search {
            select = select.filter(contains(league::Column::Search, search)?);
        }
        Ok(select)
    }
}

/// What leagues are ordered by.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Enum)]
pub enum LeagueOrder {
    #[default]
    Name,
    /// When they were made.
    Created,
}

impl LeagueOrder {
    /// How the list that `scope` names is sorted.
    #[must_use]
    pub fn sorting(self, scope: &str, direction: Option<Direction>) -> Sorting<league::Model> {
        use league::Column;
        let (by, order, natural): (Expr, _, _) = match self {
            Self::Name => (Expr::col(Column::Search), "name", Direction::Asc),
            // Ids are given in that order.
            Self::Created => (Expr::col(Column::Id), "created", Direction::Desc),
        };
        let descending = direction.unwrap_or(natural) == Direction::Desc;
        Sorting {
            scope: format!("{scope}/{order}/{descending}"),
            by,
            key: Expr::col(Column::Id),
            descending,
            of: |row, order| {
                let value = match order {
                    "name" => SortValue::Text(row.search.clone()),
                    _ => SortValue::Number(row.id.into()),
                };
                (value, row.id.into())
            },
            order,
        }
    }
}
