//! Classifications of races and sprints.

use crate::import::{
    classification::{
        PLACE_TEXT, is_doubtful_fastest_lap, place_text, rank_fastest_laps, status_of_place,
    },
    record::{ResultRecord, result_status},
    source::Problem,
};

use super::{
    book::{Book, Page, RaceKey},
    names::People,
    row::{Keys, Row},
    table::{Column, Table},
};

/// Reads `results.csv`.
///
/// # Errors
/// A column is missing.
pub(super) fn races(table: &Table, book: &mut Book) -> Result<(), Problem> {
    read(table, book, |page| &mut page.record.results)
}

/// Reads `sprint_results.csv`.
///
/// # Errors
/// A column is missing.
pub(super) fn sprints(table: &Table, book: &mut Book) -> Result<(), Problem> {
    read(table, book, |page| &mut page.record.sprint)
}

fn read(
    table: &Table,
    book: &mut Book,
    section: fn(&mut Page) -> &mut Vec<ResultRecord>,
) -> Result<(), Problem> {
    let columns = Columns::find(table)?;
    let mut keys = Keys::new("one row per race, driver, number and constructor");
    let mut odd = Oddities::default();
    let rows = book.fill(
        table,
        RaceKey::id(table)?,
        |row, people, place| {
            let driver = people.drivers.place_of(row, columns.driver);
            let constructor = people.constructors.place_of(row, columns.constructor);
            let mut record = columns.result(row, people, &mut odd);
            record.driver = people.drivers.name(driver);
            record.constructor = people.constructors.name(constructor);
            let key = (place.index, driver, constructor, record.number.clone());
            keys.check(row, columns.driver, key);
            Some(record)
        },
        |page, record| section(page).push(record),
    );
    for page in book.pages.iter_mut().flatten() {
        rank_fastest_laps(section(page));
    }
    odd.remark(table, book);
    book.count(table, rows, None);
    Ok(())
}

/// Repairs made in a table, for one remark each.
#[derive(Default)]
struct Oddities {
    fastest_on_lap_one: usize,
    place_only_as_text: usize,
}

impl Oddities {
    fn remark(&self, table: &Table, book: &mut Book) {
        if self.fastest_on_lap_one > 0 {
            let message = format!(
                "{} cars that went on racing have lap 1 as their fastest: the lap number is left \
                 out, the time kept",
                self.fastest_on_lap_one
            );
            book.remark(table.file(), "fastestLap", message);
        }
        if self.place_only_as_text > 0 {
            let message = format!(
                "{} rows have no position but a number as positionText: that is taken",
                self.place_only_as_text
            );
            book.remark(table.file(), "position", message);
        }
    }
}

struct Columns {
    driver: Column,
    constructor: Column,
    number: Column,
    grid: Column,
    position: Column,
    position_text: Column,
    position_order: Column,
    points: Column,
    laps: Column,
    time_ms: Column,
    status: Column,
    fastest_lap: Column,
    fastest_lap_rank: Column,
    fastest_lap_time: Column,
    fastest_lap_speed: Column,
}

impl Columns {
    fn find(table: &Table) -> Result<Self, Problem> {
        Ok(Self {
            driver: table.column("driverId")?,
            constructor: table.column("constructorId")?,
            number: table.column("number")?,
            grid: table.column("grid")?,
            position: table.column("position")?,
            position_text: table.column("positionText")?,
            position_order: table.column("positionOrder")?,
            points: table.column("points")?,
            laps: table.column("laps")?,
            time_ms: table.column("milliseconds")?,
            status: table.column("statusId")?,
            fastest_lap: table.optional_column("fastestLap"),
            fastest_lap_rank: table.optional_column("rank"),
            fastest_lap_time: table.optional_column("fastestLapTime"),
            fastest_lap_speed: table.optional_column("fastestLapSpeed"),
        })
    }

    /// Reads all of a result but driver and constructor.
    fn result(&self, row: &mut Row<'_>, people: &People, odd: &mut Oddities) -> ResultRecord {
        let position_text = row.required(self.position_text, PLACE_TEXT, place_text);
        let as_text = position_text.parse().ok();
        let position = row.whole_or_none(self.position);
        odd.place_only_as_text += usize::from(position.is_none() && as_text.is_some());
        let status_text = people
            .statuses
            .of_optional(row, self.status)
            .unwrap_or_else(|| status_of_place(&position_text).to_owned());
        let laps = row.whole(self.laps);
        let first_lap = |lap: &i32| is_doubtful_fastest_lap(*lap, laps);
        let fastest_lap = row.whole_or_none(self.fastest_lap);
        odd.fastest_on_lap_one += usize::from(fastest_lap.as_ref().is_some_and(first_lap));
        ResultRecord {
            driver: String::new(),
            constructor: String::new(),
            number: row.text_or_empty(self.number),
            code: None,
            grid: row.whole_or_none(self.grid),
            position: position.or(as_text),
            position_order: row.whole(self.position_order),
            points: row.points(self.points),
            laps,
            time_ms: row.whole_or_none(self.time_ms),
            status: result_status(&position_text, &status_text),
            position_text,
            status_text,
            fastest_lap: fastest_lap.filter(|lap| !first_lap(lap)),
            // Ergast writes 0 for a car without a timed lap.
            fastest_lap_rank: row
                .whole_or_none(self.fastest_lap_rank)
                .filter(|rank| *rank > 0),
            fastest_lap_ms: row.duration_or_none(self.fastest_lap_time),
            fastest_lap_speed: row.decimal_or_none(self.fastest_lap_speed),
        }
    }
}
