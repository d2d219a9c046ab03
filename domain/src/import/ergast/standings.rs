//! Championships after each race, as published.

use crate::import::{record::StandingRecord, source::Problem};

use super::{
    book::{Book, Page, RaceKey},
    names::{Names, People},
    row::Keys,
    table::Table,
};

/// Reads `driver_standings.csv`.
///
/// # Errors
/// A column is missing.
pub(super) fn drivers(table: &Table, book: &mut Book) -> Result<(), Problem> {
    read(
        table,
        book,
        "driverId",
        |people| &people.drivers,
        |page| &mut page.record.driver_standings,
    )
}

/// Reads `constructor_standings.csv`.
///
/// # Errors
/// A column is missing.
pub(super) fn constructors(table: &Table, book: &mut Book) -> Result<(), Problem> {
    read(
        table,
        book,
        "constructorId",
        |people| &people.constructors,
        |page| &mut page.record.constructor_standings,
    )
}

fn read(
    table: &Table,
    book: &mut Book,
    who: &'static str,
    names: fn(&People) -> &Names,
    section: fn(&mut Page) -> &mut Vec<StandingRecord>,
) -> Result<(), Problem> {
    let who = table.column(who)?;
    let points = table.column("points")?;
    let position = table.column("position")?;
    let position_text = table.column("positionText")?;
    let wins = table.column("wins")?;
    let mut keys = Keys::new("one row per race and participant");
    let rows = book.fill(
        table,
        RaceKey::id(table)?,
        |row, people, place| {
            let names = names(people);
            let participant = names.place_of(row, who);
            let position_text = row.text(position_text);
            // Whoever is taken out of a championship keeps a number in `position`.
            let placed = position_text.parse::<i32>().is_ok();
            let position = row.whole_or_none(position).filter(|_| placed);
            let record = StandingRecord {
                who: names.name(participant),
                points: row.points(points),
                position,
                position_text,
                wins: row.whole(wins),
            };
            keys.check(row, who, (place.index, participant));
            Some(record)
        },
        |page, record| section(page).push(record),
    );
    book.count(table, rows, None);
    Ok(())
}

/// Reads `constructor_results.csv`: only counts, results say the same.
///
/// # Errors
/// None; other tables may lack a column.
#[expect(
    clippy::unnecessary_wraps,
    reason = "called like the readers of other tables"
)]
pub(super) fn constructor_results(table: &Table, book: &mut Book) -> Result<(), Problem> {
    let mut rows = table.rows();
    while rows.next().is_some() {}
    let note = "not stored: follows from the results";
    book.count(table, rows.count, Some(note));
    Ok(())
}
