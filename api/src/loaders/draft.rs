//! How drafts stand. Who may know of a draft is settled before anything is asked for here.

use std::{fmt::Display, sync::Arc};

use domain::draft::{self, Stored};
use entities::{draft as draft_row, entry, pick_queue, select::any_of};
use sea_orm::{DatabaseConnection, DbErr, EntityTrait, QueryFilter, QueryOrder};

use super::{Found, Many, entries, many, races};

pub(super) async fn of_leagues(
    db: DatabaseConnection,
    keys: Vec<i32>,
) -> Found<i32, Many<draft_row::Entity>> {
    use draft_row::Column;
    let any = any_of(db.get_database_backend(), Column::LeagueId, &keys);
    let rows = draft_row::Entity::find()
        .filter(any)
        .order_by_asc(Column::Id)
        .all(&db)
        .await?;
    Ok(many(rows, |row| row.league_id))
}

pub(super) async fn stored(db: DatabaseConnection, keys: Vec<i32>) -> Found<i32, Arc<Stored>> {
    let any = any_of(db.get_database_backend(), draft_row::Column::Id, &keys);
    let rows = draft_row::Entity::find().filter(any).all(&db).await?;
    let stored = draft::read(&db, rows).await.map_err(failed)?.into_iter();
    Ok(stored.map(|one| (one.row.id, Arc::new(one))).collect())
}

/// The entry lists of races; only those of coming races may have to be asked for one by one.
pub(super) async fn draftable(
    db: DatabaseConnection,
    keys: Vec<i32>,
) -> Found<i32, Many<entry::Entity>> {
    let mut found = entries(db.clone(), keys.clone()).await?;
    let without = keys.into_iter().filter(|race| !found.contains_key(race));
    let without: Vec<i32> = without.collect();
    if without.is_empty() {
        return Ok(found);
    }
    for race in races(db.clone(), without).await?.into_values() {
        let rows = draft::draftable(&db, &race).await.map_err(failed)?;
        let rows = rows.into_iter().map(Arc::new).collect();
        found.insert(race.id, Arc::new(rows));
    }
    Ok(found)
}

pub(super) async fn queues(
    db: DatabaseConnection,
    keys: Vec<i32>,
) -> Found<i32, Many<pick_queue::Entity>> {
    use pick_queue::Column;
    let any = any_of(db.get_database_backend(), Column::TeamId, &keys);
    let rows = pick_queue::Entity::find()
        .filter(any)
        .order_by_asc(Column::Place)
        .all(&db)
        .await?;
    Ok(many(rows, |row| row.team_id))
}

fn failed(error: impl Display) -> DbErr {
    DbErr::Custom(error.to_string())
}
