//! Seasons, circuits, drivers and constructors of a source: who is new goes in, what is
//! better known is filled in.

use std::collections::HashMap;

use entities::{circuit, constructor, driver, race_source::Source, season};
use sea_orm::{
    ActiveModelTrait, ActiveValue::Set, ConnectionTrait, DbErr, EntityTrait, IntoActiveModel,
};

use super::{
    record::{Catalogue, CircuitRecord, ConstructorRecord, DriverRecord},
    rows,
};
use crate::search::folded;

/// Database ids by public ref.
#[derive(Debug, Default)]
pub struct People {
    pub drivers: HashMap<String, i32>,
    pub constructors: HashMap<String, i32>,
    pub circuits: HashMap<String, i32>,
    /// Code of each driver who has one.
    pub codes: HashMap<i32, String>,
}

/// Writes the catalogue and says under which ids everybody is stored.
///
/// The bundled facts only fill gaps; every other source replaces what it knows.
///
/// # Errors
/// When the database fails.
pub async fn store<C: ConnectionTrait>(
    transaction: &C,
    source: Source,
    catalogue: &Catalogue,
) -> Result<People, DbErr> {
    let trusted = source > Source::Bundled;
    seasons(transaction, catalogue).await?;
    circuits(transaction, &catalogue.circuits, trusted).await?;
    drivers(transaction, &catalogue.drivers, trusted).await?;
    constructors(transaction, &catalogue.constructors, trusted).await?;
    load(transaction).await
}

async fn load<C: ConnectionTrait>(db: &C) -> Result<People, DbErr> {
    let mut people = People::default();
    for row in driver::Entity::find().all(db).await? {
        if let Some(code) = row.code {
            people.codes.insert(row.id, code);
        }
        people.drivers.insert(row.reference, row.id);
    }
    for row in constructor::Entity::find().all(db).await? {
        people.constructors.insert(row.reference, row.id);
    }
    for row in circuit::Entity::find().all(db).await? {
        people.circuits.insert(row.reference, row.id);
    }
    Ok(people)
}

async fn seasons<C: ConnectionTrait>(db: &C, catalogue: &Catalogue) -> Result<(), DbErr> {
    let stored: HashMap<i32, season::Model> = season::Entity::find()
        .all(db)
        .await?
        .into_iter()
        .map(|row| (row.year, row))
        .collect();
    let mut new = Vec::new();
    for record in &catalogue.seasons {
        match stored.get(&record.year) {
            None => new.push(season::Model {
                year: record.year,
                derived_current: true,
                wikipedia_url: record.wikipedia_url.clone(),
            }),
            Some(row) if row.wikipedia_url.is_none() && record.wikipedia_url.is_some() => {
                let mut row = row.clone().into_active_model();
                row.wikipedia_url = Set(record.wikipedia_url.clone());
                row.update(db).await?;
            }
            Some(_) => {}
        }
    }
    rows::insert::<_, season::Entity>(db, &new).await
}

async fn circuits<C: ConnectionTrait>(
    db: &C,
    records: &[CircuitRecord],
    trusted: bool,
) -> Result<(), DbErr> {
    let stored = by_reference(circuit::Entity::find().all(db).await?, |row| &row.reference);
    let mut new = Vec::new();
    for record in records {
        let old = stored.get(&record.reference);
        let mut row = old.cloned().unwrap_or_else(|| empty_circuit(record));
        let text = Merge { trusted };
        text.set(&mut row.name, &record.name);
        text.set(&mut row.locality, &record.locality);
        text.set(&mut row.country, &record.country);
        text.option(&mut row.latitude, record.latitude.as_ref());
        text.option(&mut row.longitude, record.longitude.as_ref());
        text.option(&mut row.altitude_m, record.altitude_m.as_ref());
        text.option(&mut row.length_m, record.length_m.as_ref());
        text.option(&mut row.turns, record.turns.as_ref());
        text.option(&mut row.wikipedia_url, record.wikipedia_url.as_ref());
        row.search = folded(&[&row.name, &row.locality, &row.country]);
        match old {
            None => new.push(row),
            Some(old) if *old != row => {
                row.into_active_model().reset_all().update(db).await?;
            }
            Some(_) => {}
        }
    }
    rows::insert::<_, circuit::Entity>(db, &new).await
}

async fn drivers<C: ConnectionTrait>(
    db: &C,
    records: &[DriverRecord],
    trusted: bool,
) -> Result<(), DbErr> {
    let stored = by_reference(driver::Entity::find().all(db).await?, |row| &row.reference);
    let mut new = Vec::new();
    for record in records {
        let old = stored.get(&record.reference);
        let mut row = old.cloned().unwrap_or_else(|| empty_driver(record));
        let merge = Merge { trusted };
        merge.set(&mut row.given_name, &record.given_name);
        merge.set(&mut row.family_name, &record.family_name);
        merge.set(&mut row.nationality, &record.nationality);
        merge.option(&mut row.code, record.code.as_ref());
        merge.option(&mut row.permanent_number, record.permanent_number.as_ref());
        merge.option(&mut row.date_of_birth, record.date_of_birth.as_ref());
        merge.option(&mut row.wikipedia_url, record.wikipedia_url.as_ref());
        row.search = folded(&[&row.given_name, &row.family_name]);
        match old {
            None => new.push(row),
            Some(old) if *old != row => {
                row.into_active_model().reset_all().update(db).await?;
            }
            Some(_) => {}
        }
    }
    rows::insert::<_, driver::Entity>(db, &new).await
}

async fn constructors<C: ConnectionTrait>(
    db: &C,
    records: &[ConstructorRecord],
    trusted: bool,
) -> Result<(), DbErr> {
    let stored = by_reference(constructor::Entity::find().all(db).await?, |row| {
        &row.reference
    });
    let mut new = Vec::new();
    for record in records {
        let old = stored.get(&record.reference);
        let mut row = old.cloned().unwrap_or_else(|| empty_constructor(record));
        let merge = Merge { trusted };
        merge.set(&mut row.name, &record.name);
        merge.set(&mut row.nationality, &record.nationality);
        merge.option(&mut row.wikipedia_url, record.wikipedia_url.as_ref());
        row.search = folded(&[&row.name]);
        match old {
            None => new.push(row),
            Some(old) if *old != row => {
                row.into_active_model().reset_all().update(db).await?;
            }
            Some(_) => {}
        }
    }
    rows::insert::<_, constructor::Entity>(db, &new).await
}

/// Which value wins where both sides have one.
struct Merge {
    trusted: bool,
}

impl Merge {
    fn set(&self, stored: &mut String, new: &str) {
        if self.trusted && stored != new {
            new.clone_into(stored);
        }
    }

    fn option<T: Clone>(&self, stored: &mut Option<T>, new: Option<&T>) {
        if let Some(new) = new
            && (self.trusted || stored.is_none())
        {
            *stored = Some(new.clone());
        }
    }
}

fn by_reference<M>(rows: Vec<M>, reference: impl Fn(&M) -> &String) -> HashMap<String, M> {
    rows.into_iter()
        .map(|row| (reference(&row).clone(), row))
        .collect()
}

fn empty_circuit(record: &CircuitRecord) -> circuit::Model {
    circuit::Model {
        id: 0,
        reference: record.reference.clone(),
        name: record.name.clone(),
        locality: record.locality.clone(),
        country: record.country.clone(),
        latitude: None,
        longitude: None,
        altitude_m: None,
        length_m: None,
        turns: None,
        wikipedia_url: None,
        search: String::new(),
        races_held: 0,
        starts: 0,
        retirements: 0,
        pole_wins: 0,
        first_season: None,
        last_season: None,
    }
}

fn empty_driver(record: &DriverRecord) -> driver::Model {
    driver::Model {
        id: 0,
        reference: record.reference.clone(),
        given_name: record.given_name.clone(),
        family_name: record.family_name.clone(),
        code: None,
        permanent_number: None,
        date_of_birth: None,
        nationality: record.nationality.clone(),
        wikipedia_url: None,
        search: String::new(),
        starts: 0,
        wins: 0,
        podiums: 0,
        poles: 0,
        fastest_laps: 0,
        points: 0,
        retirements: 0,
        best_finish: None,
        first_season: None,
        last_season: None,
        championships: 0,
    }
}

fn empty_constructor(record: &ConstructorRecord) -> constructor::Model {
    constructor::Model {
        id: 0,
        reference: record.reference.clone(),
        name: record.name.clone(),
        nationality: record.nationality.clone(),
        wikipedia_url: None,
        search: String::new(),
        starts: 0,
        wins: 0,
        podiums: 0,
        poles: 0,
        fastest_laps: 0,
        points: 0,
        retirements: 0,
        best_finish: None,
        first_season: None,
        last_season: None,
        championships: 0,
    }
}
