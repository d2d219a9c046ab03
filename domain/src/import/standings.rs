//! Standings as a source publishes them; kept beside the computed ones.

use entities::{
    constructor_standing,
    driver_standing::{self, Origin},
};
use sea_orm::{ColumnTrait, Condition, ConnectionTrait, DbErr};

use super::{record::RaceRecord, rows, writer::RaceWriter};

/// Writes both published standings after a race; says whether anything changed.
///
/// # Errors
/// When the database fails.
pub async fn published<C: ConnectionTrait>(
    writer: &RaceWriter<'_, C>,
    record: &RaceRecord,
    fresh: bool,
) -> Result<bool, DbErr> {
    let drivers: Vec<driver_standing::Model> = record
        .driver_standings
        .iter()
        .map(|row| driver_standing::Model {
            race_id: writer.race_id,
            driver_id: writer.people.drivers[&row.who],
            origin: Origin::Published,
            points: row.points,
            position: row.position,
            position_text: row.position_text.clone(),
            wins: row.wins,
        })
        .collect();
    let constructors: Vec<constructor_standing::Model> = record
        .constructor_standings
        .iter()
        .map(|row| constructor_standing::Model {
            race_id: writer.race_id,
            constructor_id: writer.people.constructors[&row.who],
            origin: Origin::Published,
            points: row.points,
            position: row.position,
            position_text: row.position_text.clone(),
            wins: row.wins,
        })
        .collect();
    if fresh {
        rows::insert::<_, driver_standing::Entity>(writer.transaction, &drivers).await?;
        rows::insert::<_, constructor_standing::Entity>(writer.transaction, &constructors).await?;
        return Ok(true);
    }
    let drivers_changed = rows::replace::<_, driver_standing::Entity, _>(
        writer.transaction,
        Condition::all()
            .add(driver_standing::Column::RaceId.eq(writer.race_id))
            .add(driver_standing::Column::Origin.eq(Origin::Published)),
        &drivers,
        |row| row.driver_id,
        PartialEq::eq,
    )
    .await?;
    let constructors_changed = rows::replace::<_, constructor_standing::Entity, _>(
        writer.transaction,
        Condition::all()
            .add(constructor_standing::Column::RaceId.eq(writer.race_id))
            .add(constructor_standing::Column::Origin.eq(Origin::Published)),
        &constructors,
        |row| row.constructor_id,
        PartialEq::eq,
    )
    .await?;
    Ok(drivers_changed || constructors_changed)
}
