//! What writing any part of a race needs.

use chrono::{DateTime, Utc};
use entities::race_source::Source;
use sea_orm::{
    ColumnTrait, Condition, ConnectionTrait, DbErr, EntityTrait, FromQueryResult, ModelTrait,
};

use super::{people::People, rows};

/// Rows of a race that a source has brought, ready to be compared with what is stored.
pub struct RaceWriter<'a, C> {
    pub transaction: &'a C,
    pub people: &'a People,
    pub source: Source,
    pub now: DateTime<Utc>,
    pub race_id: i32,
    /// The race was not stored before.
    pub new_race: bool,
}

/// Inserts the rows of a part seen for the first time, else replaces them where they differ;
/// says whether anything changed.
///
/// # Errors
/// When the database fails.
pub async fn write<C, E, K>(
    writer: &RaceWriter<'_, C>,
    fresh: bool,
    race_column: E::Column,
    new: &[E::Model],
    key: impl Fn(&E::Model) -> K,
    same: impl Fn(&E::Model, &E::Model) -> bool,
) -> Result<bool, DbErr>
where
    C: ConnectionTrait,
    E: EntityTrait,
    E::Model: ModelTrait<Entity = E> + FromQueryResult + Sync,
    K: Ord,
{
    if fresh {
        rows::insert::<_, E>(writer.transaction, new).await?;
        return Ok(!new.is_empty());
    }
    let scope = Condition::all().add(race_column.eq(writer.race_id));
    rows::replace::<_, E, _>(writer.transaction, scope, new, key, same).await
}
