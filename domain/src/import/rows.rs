//! Writing many rows: multi-row inserts with few distinct, cacheable statements, and
//! replacing a race's rows only where they differ.

use std::fmt::Write;

use sea_orm::{
    ColumnTrait, Condition, ConnectionTrait, DatabaseBackend, DbErr, EntityTrait, Iden, Iterable,
    ModelTrait, PrimaryKeyToColumn, PrimaryKeyTrait, QueryFilter, Statement, Value,
};

/// Parameters of one statement at most. SQLite takes 32,766, PostgreSQL 65,535; beyond a
/// few thousand nothing is gained.
const MAX_PARAMETERS: usize = 4096;

/// Inserts rows; automatic keys are left to the database.
///
/// Rows go in chunks of powers of two, so that a table needs a handful of statements,
/// which the connection keeps prepared.
///
/// # Errors
/// When the database refuses a row.
pub async fn insert<C, E>(db: &C, rows: &[E::Model]) -> Result<(), DbErr>
where
    C: ConnectionTrait,
    E: EntityTrait,
    E::Model: ModelTrait<Entity = E>,
{
    let columns: Vec<E::Column> = E::Column::iter()
        .filter(|column| !(E::PrimaryKey::auto_increment() && is_key::<E>(*column)))
        .collect();
    let backend = db.get_database_backend();
    let mut rest = rows;
    while !rest.is_empty() {
        let most = (MAX_PARAMETERS / columns.len()).min(rest.len()).max(1);
        let size = 1 << most.ilog2();
        let (chunk, tail) = rest.split_at(size);
        let values: Vec<Value> = chunk
            .iter()
            .flat_map(|row| columns.iter().map(|column| row.get(*column)))
            .collect();
        let sql = insert_sql::<E>(backend, &columns, size);
        db.execute_raw(Statement::from_sql_and_values(backend, sql, values))
            .await?;
        rest = tail;
    }
    Ok(())
}

/// Makes the stored rows of a scope equal to `rows`; says whether anything changed.
///
/// `key` orders rows and must not look at automatic keys; `same` compares without them.
///
/// # Errors
/// When the database fails.
pub async fn replace<C, E, K>(
    db: &C,
    scope: Condition,
    rows: &[E::Model],
    key: impl Fn(&E::Model) -> K,
    same: impl Fn(&E::Model, &E::Model) -> bool,
) -> Result<bool, DbErr>
where
    C: ConnectionTrait,
    E: EntityTrait,
    E::Model: ModelTrait<Entity = E> + sea_orm::FromQueryResult + Sync,
    K: Ord,
{
    let mut stored: Vec<E::Model> = E::find().filter(scope.clone()).all(db).await?;
    stored.sort_by_key(|row| key(row));
    let mut wanted: Vec<&E::Model> = rows.iter().collect();
    wanted.sort_by_key(|row| key(row));
    if stored.len() == wanted.len()
        && stored.iter().zip(&wanted).all(|(old, new)| same(old, new))
    {
        return Ok(false);
    }
    if !stored.is_empty() {
        E::delete_many().filter(scope).exec(db).await?;
    }
    insert::<C, E>(db, rows).await?;
    Ok(true)
}

fn is_key<E: EntityTrait>(column: E::Column) -> bool {
    E::PrimaryKey::iter().any(|key| key.into_column().as_column_ref() == column.as_column_ref())
}

fn insert_sql<E: EntityTrait>(
    backend: DatabaseBackend,
    columns: &[E::Column],
    rows: usize,
) -> String {
    let names: Vec<String> = columns
        .iter()
        .map(|column| format!("\"{}\"", column.unquoted()))
        .collect();
    let mut sql = format!(
        "INSERT INTO \"{}\" ({}) VALUES ",
        E::default().table_name(),
        names.join(", ")
    );
    let mut parameter = 0;
    for row in 0..rows {
        sql.push_str(if row == 0 { "(" } else { ", (" });
        for column in 0..columns.len() {
            if column > 0 {
                sql.push_str(", ");
            }
            parameter += 1;
            match backend {
                DatabaseBackend::Postgres => {
                    let _ = write!(sql, "${parameter}");
                }
                _ => sql.push('?'),
            }
        }
        sql.push(')');
    }
    sql
}
