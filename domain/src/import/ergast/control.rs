//! Safety cars and red flags.

use entities::race_control::{Kind, Resumption};

use crate::import::{record::RaceControlRecord, source::Problem};

use super::{
    book::{Book, RaceKey},
    table::Table,
};

/// Reads `safety_cars.csv`. A race may have two in one lap: there is no key.
///
/// # Errors
/// A column is missing.
pub(super) fn safety_cars(table: &Table, book: &mut Book) -> Result<(), Problem> {
    let cause = table.column("Cause")?;
    let deployed = table.column("Deployed")?;
    let retreated = table.column("Retreated")?;
    let full_laps = table.column("FullLaps")?;
    let rows = book.fill(
        table,
        RaceKey::id(table)?,
        |row, _, _| {
            Some(RaceControlRecord {
                kind: Kind::SafetyCar,
                from_lap: row.whole(deployed),
                to_lap: row.whole_or_none(retreated),
                full_laps: row.whole_or_none(full_laps),
                cause: row.text_or_empty(cause),
                resumption: None,
            })
        },
        |page, record| page.record.race_control.push(record),
    );
    book.count(table, rows, None);
    Ok(())
}

/// Reads `red_flags.csv`. A race may be stopped twice in its first lap (Belgium 1990): there
/// is no key.
///
/// # Errors
/// A column is missing.
pub(super) fn red_flags(table: &Table, book: &mut Book) -> Result<(), Problem> {
    let lap = table.column("Lap")?;
    let resumed = table.column("Resumed")?;
    let incident = table.column("Incident")?;
    let rows = book.fill(
        table,
        RaceKey::id(table)?,
        |row, _, _| {
            Some(RaceControlRecord {
                kind: Kind::RedFlag,
                from_lap: row.whole(lap),
                to_lap: None,
                full_laps: None,
                cause: row.text_or_empty(incident),
                resumption: row.optional(resumed, "Y, R, S or N", resumption),
            })
        },
        |page, record| page.record.race_control.push(record),
    );
    book.count(table, rows, None);
    Ok(())
}

fn resumption(letter: &str) -> Option<Resumption> {
    match letter {
        "Y" => Some(Resumption::Restarted),
        "R" => Some(Resumption::Resumed),
        "S" => Some(Resumption::Shortened),
        "N" => Some(Resumption::NotResumed),
        _ => None,
    }
}
