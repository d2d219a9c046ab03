//! What hangs on leagues. Who may know of a league is settled before anything is asked for here.

use std::collections::HashMap;

use entities::{
    fantasy_team, league, league_settings,
    select::{any_of, any_text},
    user,
};
use sea_orm::{DatabaseConnection, EntityTrait, QueryFilter, QueryOrder};

use super::{Found, Many, One, many, one};

pub(super) async fn leagues(
    db: DatabaseConnection,
    keys: Vec<i32>,
) -> Found<i32, One<league::Entity>> {
    let any = any_of(db.get_database_backend(), league::Column::Id, &keys);
    let rows = league::Entity::find().filter(any).all(&db).await?;
    Ok(one(rows, |row| row.id))
}

pub(super) async fn known(
    db: DatabaseConnection,
    keys: Vec<(Option<String>, i32)>,
) -> Found<(Option<String>, i32), One<league::Entity>> {
    // A request has one viewer.
    let viewer = keys.first().and_then(|(viewer, _)| viewer.clone());
    let ids: Vec<_> = keys.iter().map(|(_, id)| *id).collect();
    let any = any_of(db.get_database_backend(), league::Column::Id, &ids);
    let known = league::Entity::visible_to(viewer.as_deref()).filter(any);
    let rows = known.all(&db).await?;
    Ok(one(rows, |row| (viewer.clone(), row.id)))
}

pub(super) async fn settings(
    db: DatabaseConnection,
    keys: Vec<i32>,
) -> Found<i32, Many<league_settings::Entity>> {
    use league_settings::Column;
    let any = any_of(db.get_database_backend(), Column::LeagueId, &keys);
    let rows = league_settings::Entity::find()
        .filter(any)
        .order_by_asc(Column::Version)
        .all(&db)
        .await?;
    Ok(many(rows, |row| row.league_id))
}

pub(super) async fn teams(
    db: DatabaseConnection,
    keys: Vec<i32>,
) -> Found<i32, Many<fantasy_team::Entity>> {
    use fantasy_team::Column;
    let any = any_of(db.get_database_backend(), Column::LeagueId, &keys);
    let rows = fantasy_team::Entity::find()
        .filter(any)
        .order_by_asc(Column::JoinedAt)
        .order_by_asc(Column::Id)
        .all(&db)
        .await?;
    Ok(many(rows, |row| row.league_id))
}

pub(super) async fn user_names(db: DatabaseConnection, keys: Vec<String>) -> Found<String, String> {
    let any = any_text(db.get_database_backend(), user::Column::Id, &keys);
    let rows = user::Entity::find().filter(any).all(&db).await?;
    let name = |row: user::Model| (row.id, row.name);
    Ok(rows.into_iter().map(name).collect::<HashMap<_, _>>())
}

pub(super) async fn drivers_to_draft(db: DatabaseConnection, _: Vec<()>) -> Found<(), usize> {
    let drivers = domain::league::entry_list(&db).await?;
    Ok(HashMap::from([((), drivers)]))
}
