//! Rows of one driver in one race, or of one row of a standing: pairs of keys.

use std::collections::HashMap;

use entities::{
    constructor_standing,
    driver_standing::{self, Origin},
    lap, pit_stop,
    select::any_of,
    stint,
};
use sea_orm::{ColumnTrait, DatabaseConnection, EntityTrait, QueryFilter, QueryOrder};

use super::{Found, Many, One, many, one};

/// A driver in a race.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct OneEntry {
    pub race_id: i32,
    pub driver_id: i32,
}

/// A driver or constructor in the standings after a race.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct OneStanding {
    pub race_id: i32,
    pub who: i32,
}

/// Both sides of the pairs. A query for pairs selects all combinations; those not asked
/// for are dropped when the rows are handed out.
fn sides(keys: &[(i32, i32)]) -> (Vec<i32>, Vec<i32>) {
    let (mut races, mut others): (Vec<i32>, Vec<i32>) = keys.iter().copied().unzip();
    races.dedup();
    others.sort_unstable();
    others.dedup();
    (races, others)
}

fn entries(keys: &[OneEntry]) -> (Vec<i32>, Vec<i32>) {
    let keys: Vec<_> = keys
        .iter()
        .map(|key| (key.race_id, key.driver_id))
        .collect();
    sides(&keys)
}

pub(super) async fn laps(
    db: DatabaseConnection,
    keys: Vec<OneEntry>,
) -> Found<OneEntry, Many<lap::Entity>> {
    let backend = db.get_database_backend();
    let (races, drivers) = entries(&keys);
    let rows = lap::Entity::find()
        .filter(any_of(backend, lap::Column::RaceId, &races))
        .filter(any_of(backend, lap::Column::DriverId, &drivers))
        .order_by_asc(lap::Column::Lap)
        .all(&db)
        .await?;
    Ok(many(rows, |row| OneEntry {
        race_id: row.race_id,
        driver_id: row.driver_id,
    }))
}

pub(super) async fn stints(
    db: DatabaseConnection,
    keys: Vec<OneEntry>,
) -> Found<OneEntry, Many<stint::Entity>> {
    let backend = db.get_database_backend();
    let (races, drivers) = entries(&keys);
    let rows = stint::Entity::find()
        .filter(any_of(backend, stint::Column::RaceId, &races))
        .filter(any_of(backend, stint::Column::DriverId, &drivers))
        .order_by_asc(stint::Column::Stint)
        .all(&db)
        .await?;
    Ok(many(rows, |row| OneEntry {
        race_id: row.race_id,
        driver_id: row.driver_id,
    }))
}

pub(super) async fn pit_stops(
    db: DatabaseConnection,
    keys: Vec<OneEntry>,
) -> Found<OneEntry, Many<pit_stop::Entity>> {
    let backend = db.get_database_backend();
    let (races, drivers) = entries(&keys);
    let rows = pit_stop::Entity::find()
        .filter(any_of(backend, pit_stop::Column::RaceId, &races))
        .filter(any_of(backend, pit_stop::Column::DriverId, &drivers))
        .order_by_asc(pit_stop::Column::Stop)
        .all(&db)
        .await?;
    Ok(many(rows, |row| OneEntry {
        race_id: row.race_id,
        driver_id: row.driver_id,
    }))
}

pub(super) async fn published_drivers(
    db: DatabaseConnection,
    keys: Vec<OneStanding>,
) -> Found<OneStanding, One<driver_standing::Entity>> {
    let backend = db.get_database_backend();
    let keys: Vec<_> = keys.iter().map(|key| (key.race_id, key.who)).collect();
    let (races, drivers) = sides(&keys);
    let rows = driver_standing::Entity::find()
        .filter(any_of(backend, driver_standing::Column::RaceId, &races))
        .filter(any_of(backend, driver_standing::Column::DriverId, &drivers))
        .filter(driver_standing::Column::Origin.eq(Origin::Published))
        .all(&db)
        .await?;
    Ok(one(rows, |row| OneStanding {
        race_id: row.race_id,
        who: row.driver_id,
    }))
}

pub(super) async fn published_constructors(
    db: DatabaseConnection,
    keys: Vec<OneStanding>,
) -> Found<OneStanding, One<constructor_standing::Entity>> {
    let backend = db.get_database_backend();
    let keys: Vec<_> = keys.iter().map(|key| (key.race_id, key.who)).collect();
    let (races, constructors) = sides(&keys);
    let rows = constructor_standing::Entity::find()
        .filter(any_of(
            backend,
            constructor_standing::Column::RaceId,
            &races,
        ))
        .filter(any_of(
            backend,
            constructor_standing::Column::ConstructorId,
            &constructors,
        ))
        .filter(constructor_standing::Column::Origin.eq(Origin::Published))
        .all(&db)
        .await?;
    let found: HashMap<_, _> = one(rows, |row| OneStanding {
        race_id: row.race_id,
        who: row.constructor_id,
    });
    Ok(found)
}
