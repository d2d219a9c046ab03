//! Writing many rows: multi-row inserts with few distinct, cacheable statements, and
//! replacing a race's rows only where they differ.

use sea_orm::{
    ColumnTrait, Condition, ConnectionTrait, DatabaseBackend, DbErr, EntityTrait, Iden, Iterable,
    ModelTrait, PrimaryKeyToColumn, PrimaryKeyTrait, QueryFilter, Statement, Value,
};

/// Parameters of one statement at most. SQLite takes 32,766, PostgreSQL 65,535; beyond a
/// few thousand nothing is gained.
const MAX_PARAMETERS: usize = 4096;

/// Inserts rows; automatic keys are left to the database.
///
/// PostgreSQL is handed all rows as one JSON parameter: one round trip and one prepared
/// statement a table. SQLite, where a call costs little, takes chunks of powers of two, so
/// that a table needs a handful of statements, which the connection keeps prepared.
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
    if rows.is_empty() {
        return Ok(());
    }
    let backend = db.get_database_backend();
    if backend == DatabaseBackend::Postgres {
        let sql = insert_json_sql::<E>(&columns);
        let json = json_rows::<E>(&columns, rows)?;
        return db
            .execute_raw(Statement::from_sql_and_values(backend, sql, [json.into()]))
            .await
            .map(drop);
    }
    let mut rest = rows;
    while !rest.is_empty() {
        let most = (MAX_PARAMETERS / columns.len()).min(rest.len()).max(1);
        let size = 1 << most.ilog2();
        let (chunk, tail) = rest.split_at(size);
        let values: Vec<Value> = chunk
            .iter()
            .flat_map(|row| columns.iter().map(|column| row.get(*column)))
            .collect();
        let sql = insert_sql::<E>(&columns, size);
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
    if stored.len() == wanted.len() && stored.iter().zip(&wanted).all(|(old, new)| same(old, new)) {
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

fn names<E: EntityTrait>(columns: &[E::Column]) -> String {
    let names: Vec<String> = columns
        .iter()
        .map(|column| format!("\"{}\"", column.unquoted()))
        .collect();
    names.join(", ")
}

fn insert_sql<E: EntityTrait>(columns: &[E::Column], rows: usize) -> String {
    let row = format!("({})", vec!["?"; columns.len()].join(", "));
    format!(
        "INSERT INTO \"{}\" ({}) VALUES {}",
        E::default().table_name(),
        names::<E>(columns),
        vec![row; rows].join(", ")
    )
}

fn insert_json_sql<E: EntityTrait>(columns: &[E::Column]) -> String {
    let (entity, names) = (E::default(), names::<E>(columns));
    let table = entity.table_name();
    format!(
        "INSERT INTO \"{table}\" ({names}) SELECT {names} \
         FROM json_populate_recordset(NULL::\"{table}\", $1::json)"
    )
}

/// Rows as an array of objects; what is null is left out.
fn json_rows<E>(columns: &[E::Column], rows: &[E::Model]) -> Result<String, DbErr>
where
    E: EntityTrait,
    E::Model: ModelTrait<Entity = E>,
{
    let names: Vec<String> = columns
        .iter()
        .map(|column| column.unquoted().to_string())
        .collect();
    let mut objects = Vec::with_capacity(rows.len());
    for row in rows {
        let mut object = serde_json::Map::with_capacity(columns.len());
        for (column, name) in columns.iter().zip(&names) {
            if let Some(value) = json(row.get(*column))? {
                object.insert(name.clone(), value);
            }
        }
        objects.push(serde_json::Value::Object(object));
    }
    serde_json::to_string(&objects).map_err(|error| DbErr::Custom(error.to_string()))
}

fn json(value: Value) -> Result<Option<serde_json::Value>, DbErr> {
    Ok(match value {
        Value::Int(value) => value.map(Into::into),
        Value::BigInt(value) => value.map(Into::into),
        Value::Bool(value) => value.map(Into::into),
        Value::Double(value) => value.map(Into::into),
        Value::String(value) => value.map(Into::into),
        Value::ChronoDate(value) => value.map(|day| day.to_string().into()),
        Value::ChronoDateTimeUtc(value) => value.map(|time| time.to_rfc3339().into()),
        other => {
            return Err(DbErr::Custom(format!("rows hold no values like {other:?}")));
        }
    })
}
