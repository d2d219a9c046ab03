//! Conditions whose SQL text does not depend on the number of keys, so that a prepared
//! statement serves them all.

use sea_orm::{
    ColumnTrait, DatabaseBackend, Value,
    sea_query::{Expr, IntoColumnRef},
};

/// `column = ANY($1)` on PostgreSQL, `column IN (SELECT value FROM json_each(?))` on SQLite.
#[must_use]
pub fn any_of<C: ColumnTrait>(backend: DatabaseBackend, column: C, keys: &[i32]) -> Expr {
    if backend == DatabaseBackend::Postgres {
        return column.eq_any(keys.to_vec());
    }
    Expr::cust_with_exprs(
        "? IN (SELECT value FROM json_each(?))",
        [
            Expr::col(column.as_column_ref().into_column_ref()),
            Expr::value(json(keys)),
        ],
    )
}

/// As [`any_of`] for hand-written SQL: what follows the column, and the value of its only
/// parameter, `$1`.
#[must_use]
pub fn any_of_sql(backend: DatabaseBackend, keys: &[i32]) -> (&'static str, Value) {
    if backend == DatabaseBackend::Postgres {
        ("= ANY($1)", keys.to_vec().into())
    } else {
        ("IN (SELECT value FROM json_each($1))", json(keys).into())
    }
}

/// As [`any_of`], for texts.
#[must_use]
pub fn any_text<C: ColumnTrait>(backend: DatabaseBackend, column: C, keys: &[String]) -> Expr {
    if backend == DatabaseBackend::Postgres {
        return column.eq_any(keys.to_vec());
    }
    Expr::cust_with_exprs(
        "? IN (SELECT value FROM json_each(?))",
        [
            Expr::col(column.as_column_ref().into_column_ref()),
            Expr::value(sea_orm::prelude::Json::from(keys.to_vec()).to_string()),
        ],
    )
}

fn json(keys: &[i32]) -> String {
    let numbers: Vec<String> = keys.iter().map(ToString::to_string).collect();
    format!("[{}]", numbers.join(","))
}
