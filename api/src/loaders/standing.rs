//! Both championships after a race, by the rules of the season.

use entities::{
    constructor_standing,
    driver_standing::{self, Origin},
    select::any_of,
};
use sea_orm::{ColumnTrait, DatabaseConnection, EntityTrait, QueryFilter};

use super::{Found, Many, many};

pub(super) async fn of_drivers(
    db: DatabaseConnection,
    keys: Vec<i32>,
) -> Found<i32, Many<driver_standing::Entity>> {
    let any = any_of(
        db.get_database_backend(),
        driver_standing::Column::RaceId,
        &keys,
    );
    let mut rows = driver_standing::Entity::find()
        .filter(any)
        .filter(driver_standing::Column::Origin.eq(Origin::Computed))
        .all(&db)
        .await?;
    rows.sort_by_key(|row| (row.position.unwrap_or(i32::MAX), -row.points, row.driver_id));
    Ok(many(rows, |row| row.race_id))
}

pub(super) async fn of_constructors(
    db: DatabaseConnection,
    keys: Vec<i32>,
) -> Found<i32, Many<constructor_standing::Entity>> {
    let any = any_of(
        db.get_database_backend(),
        constructor_standing::Column::RaceId,
        &keys,
    );
    let mut rows = constructor_standing::Entity::find()
        .filter(any)
        .filter(constructor_standing::Column::Origin.eq(Origin::Computed))
        .all(&db)
        .await?;
    rows.sort_by_key(|row| {
        (
            row.position.unwrap_or(i32::MAX),
            -row.points,
            row.constructor_id,
        )
    });
    Ok(many(rows, |row| row.race_id))
}
