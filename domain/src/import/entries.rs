//! Who drove what in a race.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use entities::entry;
use sea_orm::{
    ActiveModelTrait, ActiveValue::Set, ColumnTrait, ConnectionTrait, DbErr, EntityTrait,
    IntoActiveModel, QueryFilter,
};

use super::{record::RaceRecord, rows, writer::RaceWriter};

/// Who drove what: everybody in a classification of the weekend, of this source or one before.
///
/// # Errors
/// When the database fails.
pub async fn store<C: ConnectionTrait>(
    writer: &RaceWriter<'_, C>,
    record: &RaceRecord,
) -> Result<bool, DbErr> {
    type Car = (i32, String, i32);
    let people = writer.people;
    let mut codes: HashMap<i32, String> = HashMap::new();
    let mut cars: BTreeSet<Car> = BTreeSet::new();
    for row in record.results.iter().chain(&record.sprint) {
        let driver = people.drivers[&row.driver];
        cars.insert((
            driver,
            row.number.clone(),
            people.constructors[&row.constructor],
        ));
        if let Some(code) = &row.code {
            codes.insert(driver, code.clone());
        }
    }
    for row in &record.qualifying {
        cars.insert((
            people.drivers[&row.driver],
            row.number.clone(),
            people.constructors[&row.constructor],
        ));
    }
    let stored = if writer.new_race {
        Vec::new()
    } else {
        entry::Entity::find()
            .filter(entry::Column::RaceId.eq(writer.race_id))
            .all(writer.transaction)
            .await?
    };
    let stored: BTreeMap<Car, entry::Model> = stored
        .into_iter()
        .map(|row| ((row.driver_id, row.number.clone(), row.constructor_id), row))
        .collect();
    let code = |driver: i32| {
        codes
            .get(&driver)
            .or_else(|| people.codes.get(&driver))
            .cloned()
    };
    let mut changed = false;
    for (car, row) in &stored {
        if !cars.contains(car) {
            entry::Entity::delete_by_id(row.id)
                .exec(writer.transaction)
                .await?;
            changed = true;
        } else if row.code != code(car.0) {
            let mut row = row.clone().into_active_model();
            row.code = Set(code(car.0));
            row.update(writer.transaction).await?;
            changed = true;
        }
    }
    let new: Vec<entry::Model> = cars
        .into_iter()
        .filter(|car| !stored.contains_key(car))
        .map(|(driver_id, number, constructor_id)| entry::Model {
            id: 0,
            race_id: writer.race_id,
            driver_id,
            constructor_id,
            number,
            code: code(driver_id),
        })
        .collect();
    rows::insert::<_, entry::Entity>(writer.transaction, &new).await?;
    Ok(changed || !new.is_empty())
}
