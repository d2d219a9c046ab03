//! A page of the rows of each of many parents, by date, in one statement: a window function
//! numbers the rows of each parent.

use chrono::NaiveDate;
use sea_orm::{
    ColumnTrait, EntityTrait, ExprTrait, Order, QueryFilter, QuerySelect, QueryTrait, Select,
    sea_query::{Asterisk, Expr, Func, Query, SelectStatement, WindowStatement},
};

/// Which rows of each parent.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Slice {
    /// Rows wanted per parent, one more than the page.
    pub size: u64,
    /// Newest first.
    pub descending: bool,
    /// Only rows beyond this date and id, in the direction of reading.
    pub beyond: Option<(NaiveDate, i64)>,
}

/// Columns that a slice goes by; the date may be another table's.
pub(super) struct Columns<P, D, I> {
    pub parent: P,
    pub date: D,
    pub id: I,
}

impl Slice {
    /// The select, cut to this slice for each value of the parent column; the date comes out
    /// as `slice_date`.
    pub(super) fn of<E, P, D, I>(
        self,
        select: Select<E>,
        columns: &Columns<P, D, I>,
    ) -> SelectStatement
    where
        E: EntityTrait,
        P: ColumnTrait,
        D: ColumnTrait,
        I: ColumnTrait,
    {
        let (day, key) = (
            Expr::col(columns.date.as_column_ref()),
            Expr::col(columns.id.as_column_ref()),
        );
        let mut inner = select.column_as(columns.date, "slice_date");
        if let Some((date, id)) = self.beyond {
            let beyond = if self.descending {
                day.clone().lt(date).or(day.eq(date).and(key.lt(id)))
            } else {
                day.clone().gt(date).or(day.eq(date).and(key.gt(id)))
            };
            inner = inner.filter(beyond);
        }
        let order = if self.descending {
            Order::Desc
        } else {
            Order::Asc
        };
        let mut window = WindowStatement::partition_by(columns.parent.as_column_ref());
        window
            .order_by(columns.date.as_column_ref(), order.clone())
            .order_by(columns.id.as_column_ref(), order);
        let mut inner = inner.into_query();
        inner.expr_window_as(Expr::expr(Func::cust("ROW_NUMBER")), window, "slice_place");
        Query::select()
            .column(Asterisk)
            .from_subquery(inner, "sliced")
            .and_where(Expr::col("slice_place").lte(self.size))
            .order_by("slice_place", Order::Asc)
            .to_owned()
    }
}

/// Groups sorted keys by what is asked, since equal questions are one statement.
pub(super) fn by_question<K, Q: PartialEq>(
    keys: Vec<K>,
    split: impl Fn(K) -> (Q, i32),
) -> Vec<(Q, Vec<i32>)> {
    let mut groups: Vec<(Q, Vec<i32>)> = Vec::new();
    for key in keys {
        let (question, id) = split(key);
        match groups.last_mut() {
            Some((same, ids)) if *same == question => ids.push(id),
            _ => groups.push((question, vec![id])),
        }
    }
    groups
}
