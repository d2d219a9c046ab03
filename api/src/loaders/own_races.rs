//! A page of the races of each of many circuits.

use std::{collections::HashMap, sync::Arc};

use entities::{race, select::any_of};
use sea_orm::{
    ConnectionTrait, DatabaseConnection, EntityTrait, FromQueryResult, QueryFilter, QuerySelect,
    StatementBuilder, sea_query::Expr,
};

use super::{
    Found, Many,
    slice::{Columns, Slice, by_question},
};

/// A circuit and which of its races are asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct OwnRaces {
    pub slice: Slice,
    pub circuit_id: i32,
}

pub(super) async fn pages(
    db: DatabaseConnection,
    keys: Vec<OwnRaces>,
) -> Found<OwnRaces, Many<race::Entity>> {
    let backend = db.get_database_backend();
    let columns = Columns {
        parent: race::Column::CircuitId,
        date: race::Column::Date,
        id: race::Column::Id,
    };
    let mut found: HashMap<OwnRaces, Vec<_>> = HashMap::new();
    for (slice, circuits) in by_question(keys, |key| (key.slice, key.circuit_id)) {
        let races =
            race::Entity::find().filter(any_of(backend, race::Column::CircuitId, &circuits));
        let statement = StatementBuilder::build(&slice.of(races, &columns), &backend);
        for row in db.query_all_raw(statement).await? {
            let race = race::Model::from_query_result(&row, "")?;
            let circuit_id = race.circuit_id;
            let key = OwnRaces { slice, circuit_id };
            found.entry(key).or_default().push(Arc::new(race));
        }
    }
    Ok(found
        .into_iter()
        .map(|(key, rows)| (key, Arc::new(rows)))
        .collect())
}

/// Number of races of each circuit, planned ones included.
pub(super) async fn totals(db: DatabaseConnection, circuits: Vec<i32>) -> Found<i32, i64> {
    let any = any_of(
        db.get_database_backend(),
        race::Column::CircuitId,
        &circuits,
    );
    let rows: Vec<(i32, i64)> = race::Entity::find()
        .filter(any)
        .select_only()
        .column(race::Column::CircuitId)
        .column_as(Expr::cust("COUNT(*)"), "total")
        .group_by(race::Column::CircuitId)
        .into_tuple()
        .all(&db)
        .await?;
    Ok(rows.into_iter().collect())
}
