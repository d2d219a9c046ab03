//! A page of the race results of each of many drivers or constructors, in one statement:
//! the limit is applied per parent by a window function.

use std::{collections::HashMap, sync::Arc};

use chrono::NaiveDate;
use entities::{race, result, select::any_of, session::Kind};
use sea_orm::{
    ColumnTrait, ConnectionTrait, DatabaseBackend, DatabaseConnection, DbErr, EntityTrait,
    ExprTrait, FromQueryResult, JoinType, Order, QueryFilter, QueryResult, QuerySelect, QueryTrait,
    Select, StatementBuilder,
    sea_query::{Expr, Func, Query, SelectStatement, WindowStatement},
};

use super::Found;
use crate::graphql::result::ResultFilter;

/// Whose results.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Whose {
    Driver,
    Constructor,
}

impl Whose {
    fn column(self) -> result::Column {
        match self {
            Self::Driver => result::Column::DriverId,
            Self::Constructor => result::Column::ConstructorId,
        }
    }

    fn id(self, row: &result::Model) -> i32 {
        match self {
            Self::Driver => row.driver_id,
            Self::Constructor => row.constructor_id,
        }
    }
}

/// Which results, the same for all parents of a level.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Asked {
    pub whose: Whose,
    pub filter: ResultFilter,
    /// Rows wanted per parent, one more than the page.
    pub size: u64,
    /// Newest first.
    pub descending: bool,
    /// Only rows beyond this date and id, in the direction of reading.
    pub beyond: Option<(NaiveDate, i64)>,
}

/// A parent and what is asked of it.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct OwnResults {
    pub asked: Arc<Asked>,
    pub id: i32,
}

impl OwnResults {
    /// The same question without a page, as totals are counted.
    #[must_use]
    pub fn whole(&self) -> Self {
        let asked = Asked {
            size: 0,
            descending: false,
            beyond: None,
            ..Asked::clone(&self.asked)
        };
        Self {
            asked: Arc::new(asked),
            id: self.id,
        }
    }
}

/// A result with the date of its race.
pub type Dated = (Arc<result::Model>, NaiveDate);

pub(super) async fn pages(
    db: DatabaseConnection,
    keys: Vec<OwnResults>,
) -> Found<OwnResults, Arc<Vec<Dated>>> {
    let mut found: HashMap<OwnResults, Vec<Dated>> = HashMap::new();
    for (asked, ids) in by_asked(keys) {
        let backend = db.get_database_backend();
        let statement = StatementBuilder::build(&ranked(&asked, backend, &ids), &backend);
        for row in db.query_all_raw(statement).await? {
            let (result, date) = dated(&row)?;
            let key = OwnResults {
                id: asked.whose.id(&result),
                asked: Arc::clone(&asked),
            };
            found.entry(key).or_default().push((Arc::new(result), date));
        }
    }
    Ok(found
        .into_iter()
        .map(|(key, rows)| (key, Arc::new(rows)))
        .collect())
}

pub(super) async fn totals(
    db: DatabaseConnection,
    keys: Vec<OwnResults>,
) -> Found<OwnResults, i64> {
    let mut found = HashMap::new();
    for (asked, ids) in by_asked(keys) {
        let column = asked.whose.column();
        let rows: Vec<(i32, i64)> = matching(&asked, db.get_database_backend(), &ids)
            .select_only()
            .column(column)
            .column_as(Expr::cust("COUNT(*)"), "total")
            .group_by(column)
            .into_tuple()
            .all(&db)
            .await?;
        for (id, total) in rows {
            let asked = Arc::clone(&asked);
            found.insert(OwnResults { asked, id }, total);
        }
    }
    Ok(found)
}

fn by_asked(keys: Vec<OwnResults>) -> Vec<(Arc<Asked>, Vec<i32>)> {
    let mut groups: Vec<(Arc<Asked>, Vec<i32>)> = Vec::new();
    // Keys come sorted, equal questions in a row.
    for key in keys {
        match groups.last_mut() {
            Some((asked, ids)) if *asked == key.asked => ids.push(key.id),
            _ => groups.push((key.asked, vec![key.id])),
        }
    }
    groups
}

fn matching(asked: &Asked, backend: DatabaseBackend, ids: &[i32]) -> Select<result::Entity> {
    let select = result::Entity::find()
        .join(
            JoinType::InnerJoin,
            result::Entity::belongs_to(race::Entity)
                .from(result::Column::RaceId)
                .to(race::Column::Id)
                .into(),
        )
        .filter(result::Column::Session.eq(Kind::Race))
        .filter(any_of(backend, asked.whose.column(), ids));
    asked.filter.apply(select)
}

fn ranked(asked: &Asked, backend: DatabaseBackend, ids: &[i32]) -> SelectStatement {
    let order = if asked.descending {
        Order::Desc
    } else {
        Order::Asc
    };
    let mut inner = matching(asked, backend, ids).column_as(race::Column::Date, "race_date");
    if let Some((date, id)) = asked.beyond {
        let (day, key) = (
            Expr::col((race::Entity, race::Column::Date)),
            Expr::col((result::Entity, result::Column::Id)),
        );
        let beyond = if asked.descending {
            day.clone().lt(date).or(day.eq(date).and(key.lt(id)))
        } else {
            day.clone().gt(date).or(day.eq(date).and(key.gt(id)))
        };
        inner = inner.filter(beyond);
    }
    let mut window = WindowStatement::partition_by((result::Entity, asked.whose.column()));
    window
        .order_by((race::Entity, race::Column::Date), order.clone())
        .order_by((result::Entity, result::Column::Id), order);
    let mut inner = inner.into_query();
    inner.expr_window_as(Expr::expr(Func::cust("ROW_NUMBER")), window, "place");
    Query::select()
        .column(sea_orm::sea_query::Asterisk)
        .from_subquery(inner, "ranked")
        .and_where(Expr::col("place").lte(asked.size))
        .order_by("place", Order::Asc)
        .to_owned()
}

fn dated(row: &QueryResult) -> Result<(result::Model, NaiveDate), DbErr> {
    Ok((
        result::Model::from_query_result(row, "")?,
        row.try_get("", "race_date")?,
    ))
}
