//! Conditions that several lists share.

use entities::{constructor, driver, entry, race, result, session::Kind};
use sea_orm::{
    ColumnTrait, EntityTrait, ExprTrait, QueryFilter, QuerySelect, QueryTrait,
    sea_query::{Expr, Func, IntoColumnRef, LikeExpr, SelectStatement},
};

use crate::error::{Result, bad_input};

/// Longest text that is searched for.
const LONGEST_SEARCH: usize = 100;

/// A folded column that contains a text, accents and case aside.
///
/// # Errors
/// `BAD_USER_INPUT` for an empty or very long text.
pub fn contains<C: ColumnTrait>(column: C, text: &str) -> Result<Expr> {
    let text = text.trim();
    // Folding drops what has no plain letter; a pattern of nothing would find everything.
    if domain::search::folded(&[text]).is_empty() {
        return Err(bad_input("`search` has nothing to look for"));
    }
    let length = text.chars().count();
    if length > LONGEST_SEARCH {
        return Err(bad_input(format!(
            "`search` has {length} characters, expected 1 to {LONGEST_SEARCH}"
        )));
    }
    let pattern = LikeExpr::new(domain::search::anywhere(text)).escape('\\');
    Ok(Expr::col(column.as_column_ref().into_column_ref()).like(pattern))
}

/// A column with 0 for null, so that it can be sorted by.
#[must_use]
pub fn or_zero<C: ColumnTrait>(column: C) -> Expr {
    Expr::expr(Func::coalesce([
        Expr::col(column.as_column_ref().into_column_ref()),
        Expr::value(0),
    ]))
}

/// A column of the races of a season.
#[must_use]
pub fn race_column(column: race::Column, season: i32) -> SelectStatement {
    race::Entity::find()
        .select_only()
        .column(column)
        .filter(race::Column::Season.eq(season))
        .into_query()
}

/// Who raced: a column of the race results, of one season and with one partner if given.
#[must_use]
pub fn raced(
    column: result::Column,
    season: Option<i32>,
    partner: Option<(result::Column, SelectStatement)>,
) -> SelectStatement {
    let mut select = result::Entity::find()
        .select_only()
        .column(column)
        .filter(result::Column::Session.eq(Kind::Race));
    if let Some(season) = season {
        select = select
            .filter(result::Column::RaceId.in_subquery(race_column(race::Column::Id, season)));
    }
    if let Some((column, ids)) = partner {
        select = select.filter(column.in_subquery(ids));
    }
    select.into_query()
}

/// The id of the row with a ref.
#[must_use]
pub fn id_of<E: EntityTrait>(id: E::Column, reference: E::Column, value: &str) -> SelectStatement {
    E::find()
        .select_only()
        .column(id)
        .filter(reference.eq(value))
        .into_query()
}

/// Drivers who carried a three-letter code in a season.
#[must_use]
pub fn drivers_with_code(code: &str, season: i32) -> SelectStatement {
    entry::Entity::find()
        .select_only()
        .column(entry::Column::DriverId)
        .filter(entry::Column::Code.eq(code))
        .filter(entry::Column::RaceId.in_subquery(race_column(race::Column::Id, season)))
        .into_query()
}

/// Races that a driver won, shared drives included.
#[must_use]
pub fn won_by_driver(reference: &str) -> SelectStatement {
    let ids = id_of::<driver::Entity>(driver::Column::Id, driver::Column::Reference, reference);
    won_by(result::Column::DriverId, ids)
}

/// Races that a constructor won.
#[must_use]
pub fn won_by_constructor(reference: &str) -> SelectStatement {
    let ids = id_of::<constructor::Entity>(
        constructor::Column::Id,
        constructor::Column::Reference,
        reference,
    );
    won_by(result::Column::ConstructorId, ids)
}

fn won_by(column: result::Column, ids: SelectStatement) -> SelectStatement {
    result::Entity::find()
        .select_only()
        .column(result::Column::RaceId)
        .filter(result::Column::Session.eq(Kind::Race))
        .filter(result::Column::Position.eq(1))
        .filter(column.in_subquery(ids))
        .into_query()
}
