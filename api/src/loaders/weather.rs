//! The weather of races: as it was, whose word that is, and as it was expected.

use entities::{race_source, select::any_of, weather, weather_forecast};
use sea_orm::{ColumnTrait, DatabaseConnection, EntityTrait, QueryFilter};

use super::{Found, Many, One, many, one};

pub(super) async fn of_races(
    db: DatabaseConnection,
    keys: Vec<i32>,
) -> Found<i32, One<weather::Entity>> {
    let any = any_of(db.get_database_backend(), weather::Column::RaceId, &keys);
    let rows = weather::Entity::find().filter(any).all(&db).await?;
    Ok(one(rows, |row| row.race_id))
}

pub(super) async fn sources(
    db: DatabaseConnection,
    keys: Vec<i32>,
) -> Found<i32, race_source::Source> {
    let any = any_of(
        db.get_database_backend(),
        race_source::Column::RaceId,
        &keys,
    );
    let rows = race_source::Entity::find()
        .filter(any)
        .filter(race_source::Column::Section.eq(race_source::Section::Weather))
        .all(&db)
        .await?;
    let sources = rows.into_iter().map(|row| (row.race_id, row.source));
    Ok(sources.collect())
}

pub(super) async fn forecasts(
    db: DatabaseConnection,
    keys: Vec<i32>,
) -> Found<i32, Many<weather_forecast::Entity>> {
    let any = any_of(
        db.get_database_backend(),
        weather_forecast::Column::RaceId,
        &keys,
    );
    let mut rows = weather_forecast::Entity::find()
        .filter(any)
        .all(&db)
        .await?;
    rows.sort_by_key(|row| (row.session, row.hour));
    Ok(many(rows, |row| row.race_id))
}
