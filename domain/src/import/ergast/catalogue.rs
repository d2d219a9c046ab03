//! Drivers, constructors, circuits, seasons and statuses: whom and what the other tables
//! refer to. A bad row is a warning here; the races that refer to it are refused for that.

use crate::import::{
    record::{CircuitRecord, ConstructorRecord, DriverRecord, SeasonRecord},
    source::Problem,
};

use super::{
    book::Book,
    names::{Names, People},
    row::{Keys, Row},
    table::{Column, Table},
};

/// Reads `drivers.csv`.
///
/// # Errors
/// A column is missing.
pub(super) fn drivers(table: &Table, book: &mut Book) -> Result<Vec<DriverRecord>, Problem> {
    let id = table.column("driverId")?;
    let reference = table.column("driverRef")?;
    let given_name = table.column("forename")?;
    let family_name = table.column("surname")?;
    let code = table.optional_column("code");
    let number = table.optional_column("number");
    let date_of_birth = table.optional_column("dob");
    let nationality = table.optional_column("nationality");
    let url = table.optional_column("url");
    let named = Named {
        id,
        reference,
        names: |people| &mut people.drivers,
        note: None,
    };
    let records = read_named(table, book, &named, |row, reference| DriverRecord {
        reference,
        given_name: row.text_or_empty(given_name),
        family_name: row.text(family_name),
        code: row.text_or_none(code),
        permanent_number: row.whole_or_none(number),
        date_of_birth: row.date_or_none(date_of_birth),
        nationality: row.text_or_empty(nationality),
        wikipedia_url: row.text_or_none(url),
    });
    Ok(records)
}

/// Reads `constructors.csv`.
///
/// # Errors
/// A column is missing.
pub(super) fn constructors(
    table: &Table,
    book: &mut Book,
) -> Result<Vec<ConstructorRecord>, Problem> {
    let id = table.column("constructorId")?;
    let reference = table.column("constructorRef")?;
    let name = table.column("name")?;
    let nationality = table.optional_column("nationality");
    let url = table.optional_column("url");
    let named = Named {
        id,
        reference,
        names: |people| &mut people.constructors,
        note: None,
    };
    let records = read_named(table, book, &named, |row, reference| ConstructorRecord {
        reference,
        name: row.text(name),
        nationality: row.text_or_empty(nationality),
        wikipedia_url: row.text_or_none(url),
    });
    Ok(records)
}

/// Reads `circuits.csv`.
///
/// # Errors
/// A column is missing.
pub(super) fn circuits(table: &Table, book: &mut Book) -> Result<Vec<CircuitRecord>, Problem> {
    let id = table.column("circuitId")?;
    let reference = table.column("circuitRef")?;
    let name = table.column("name")?;
    let locality = table.optional_column("location");
    let country = table.optional_column("country");
    let latitude = table.optional_column("lat");
    let longitude = table.optional_column("lng");
    let altitude = table.optional_column("alt");
    let url = table.optional_column("url");
    let named = Named {
        id,
        reference,
        names: |people| &mut people.circuits,
        note: None,
    };
    let records = read_named(table, book, &named, |row, reference| CircuitRecord {
        reference,
        name: row.text(name),
        locality: row.text_or_empty(locality),
        country: row.text_or_empty(country),
        latitude: row.decimal_or_none(latitude),
        longitude: row.decimal_or_none(longitude),
        altitude_m: row.signed_or_none(altitude),
        length_m: None,
        turns: None,
        wikipedia_url: row.text_or_none(url),
    });
    Ok(records)
}

/// Reads `status.csv`: how races end, in words.
///
/// # Errors
/// A column is missing.
pub(super) fn statuses(table: &Table, book: &mut Book) -> Result<(), Problem> {
    let id = table.column("statusId")?;
    let reference = table.column("status")?;
    let named = Named {
        id,
        reference,
        names: |people| &mut people.statuses,
        note: Some("kept as text with each result"),
    };
    read_named(table, book, &named, |_, _| ());
    Ok(())
}

/// Reads `seasons.csv`.
///
/// # Errors
/// A column is missing.
pub(super) fn seasons(table: &Table, book: &mut Book) -> Result<Vec<SeasonRecord>, Problem> {
    let year = table.column("year")?;
    let url = table.optional_column("url");
    let mut records: Vec<SeasonRecord> = Vec::new();
    let mut keys = Keys::new("one row per year");
    read_all(table, book, None, |row, _| {
        let record = SeasonRecord {
            year: row.whole(year),
            wikipedia_url: row.text_or_none(url),
        };
        keys.check(row, year, record.year);
        if row.is_sound() {
            records.push(record);
        }
    });
    Ok(records)
}

/// How the rows of a table that others refer to are named.
struct Named {
    id: Column,
    reference: Column,
    names: fn(&mut People) -> &mut Names,
    note: Option<&'static str>,
}

/// Reads a table that others refer to. Of two rows with one id or one ref the first counts.
fn read_named<T>(
    table: &Table,
    book: &mut Book,
    named: &Named,
    mut read: impl FnMut(&mut Row<'_>, String) -> T,
) -> Vec<T> {
    let mut records = Vec::new();
    let mut ids = Keys::new("one row per id");
    let mut references = Keys::new("one row per name");
    read_all(table, book, named.note, |row, people| {
        let id = row.whole(named.id);
        let reference = row.text(named.reference);
        let record = read(row, reference.clone());
        ids.check(row, named.id, id);
        references.check(row, named.reference, reference.clone());
        if row.is_sound() {
            (named.names)(people).add(id, reference);
            records.push(record);
        }
    });
    records
}

/// Reads every row of a table; what is wrong with one belongs to no race.
fn read_all(
    table: &Table,
    book: &mut Book,
    note: Option<&'static str>,
    mut read: impl FnMut(&mut Row<'_>, &mut People),
) {
    let mut rows = table.rows();
    while let Some(mut row) = rows.next() {
        if let Some(torn) = row.torn() {
            book.warn(torn);
            continue;
        }
        read(&mut row, &mut book.people);
        book.warn_all(row.take_problems());
    }
    book.count(table, rows.count, note);
}
