//! A page of the race results of each of many drivers or constructors, in one statement:
//! the limit is applied per parent by a window function.

use std::{collections::HashMap, sync::Arc};

use chrono::NaiveDate;
use entities::{race, result, select::any_of, session::Kind};
use sea_orm::{
    ColumnTrait, ConnectionTrait, DatabaseBackend, DatabaseConnection, DbErr, EntityTrait,
    FromQueryResult, JoinType, QueryFilter, QueryResult, QuerySelect, Select, StatementBuilder,
    sea_query::Expr,
};

use super::{
    Found,
    slice::{Columns, Slice, by_question},
};
use crate::graphql::result_filter::ResultFilter;

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
    pub slice: Slice,
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
            slice: Slice::default(),
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
    for (asked, ids) in by_question(keys, |key| (key.asked, key.id)) {
        let backend = db.get_database_backend();
        let columns = Columns {
            parent: asked.whose.column(),
            date: race::Column::Date,
            id: result::Column::Id,
        };
        let select = asked.slice.of(matching(&asked, backend, &ids), &columns);
        let statement = StatementBuilder::build(&select, &backend);
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
    for (asked, ids) in by_question(keys, |key| (key.asked, key.id)) {
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

fn dated(row: &QueryResult) -> Result<(result::Model, NaiveDate), DbErr> {
    Ok((
        result::Model::from_query_result(row, "")?,
        row.try_get("", "slice_date")?,
    ))
}
