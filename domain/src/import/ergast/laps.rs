//! Laps: plain ones of `lap_times.csv`, and those with tyres of one file a season.

use std::collections::HashMap;

use entities::lap::Compound;

use crate::import::{
    record::{LapDetail, LapRecord},
    source::Problem,
};

use super::{
    book::{Book, PlainLap, RaceKey},
    names::People,
    row::{Keys, Row, repeated},
    table::{Column, Table},
};

/// The table of plain laps.
pub(super) const PLAIN_LAPS: &str = "lap_times.csv";

/// Reads `lap_times.csv`.
///
/// # Errors
/// A column is missing.
pub(super) fn plain(table: &Table, book: &mut Book) -> Result<(), Problem> {
    let driver = table.column("driverId")?;
    let lap = table.column("lap")?;
    let position = table.column("position")?;
    let time = table.column("milliseconds")?;
    let rows = book.fill(
        table,
        RaceKey::id(table)?,
        |row, people, _| {
            Some(PlainLap {
                driver: people.drivers.place_of(row, driver),
                lap: row.whole(lap),
                position: row.whole_or_none(position),
                time_ms: row.whole_or_none(time),
                line: row.line(),
            })
        },
        |page, lap| page.plain_laps.push(lap),
    );
    for page in book.pages.iter_mut().flatten() {
        let repeats = repeats(&page.plain_laps, table.file(), lap);
        page.refuse(repeats);
    }
    book.count(table, rows, None);
    Ok(())
}

/// Laps that stand twice. Sorted per race, which is cheaper than one great set of keys.
fn repeats(laps: &[PlainLap], file: &str, column: Column) -> Vec<Problem> {
    let mut keys: Vec<_> = laps
        .iter()
        .map(|lap| (lap.driver, lap.lap, lap.line))
        .collect();
    keys.sort_unstable();
    keys.windows(2)
        .filter(|pair| (pair[0].0, pair[0].1) == (pair[1].0, pair[1].1))
        .map(|pair| Problem {
            file: file.to_owned(),
            line: pair[1].2,
            column: column.name.to_owned(),
            message: repeated(LAP_RULE, pair[0].2),
        })
        .collect()
}

const LAP_RULE: &str = "one row per race, driver and lap";

/// Reads `laps_<year>.csv`, the laps of one season with their tyres.
///
/// # Errors
/// A column is missing.
pub(super) fn with_tyres(table: &Table, season: i32, book: &mut Book) -> Result<(), Problem> {
    let columns = Columns::find(table)?;
    let mut keys = Keys::new(LAP_RULE);
    let mut stints = HashMap::new();
    let rows = book.fill(
        table,
        RaceKey::round(table, Some(season))?,
        |row, people, place| {
            let driver = people.drivers.place_of_ref(row, columns.driver);
            let stint = stints.entry((place.index, driver)).or_insert(1);
            let record = columns.lap(row, people, driver, stint);
            keys.check(row, columns.lap, (place.index, driver, record.lap));
            Some(record)
        },
        |page, lap| page.tyre_laps.push(lap),
    );
    book.count(table, rows, None);
    Ok(())
}

struct Columns {
    driver: Column,
    lap: Column,
    time: Column,
    position: Column,
    stint: Column,
    compound: Column,
    compound_name: Column,
    tyre_age: Column,
    is_fresh_tyre: Column,
    track_status: Column,
    is_accurate: Column,
    pit_in: Column,
    pit_out: Column,
    end: Column,
    sectors: [Column; 3],
}

impl Columns {
    fn find(table: &Table) -> Result<Self, Problem> {
        Ok(Self {
            driver: table.column("driver_ref")?,
            lap: table.column("lap")?,
            time: table.column("lap_time_ms")?,
            position: table.column("position")?,
            stint: table.column("stint")?,
            compound: table.column("compound")?,
            compound_name: table.optional_column("pirelli_name"),
            tyre_age: table.column("tyre_age")?,
            is_fresh_tyre: table.column("is_fresh_tyre")?,
            track_status: table.column("track_status")?,
            is_accurate: table.column("is_accurate")?,
            pit_in: table.column("pit_in")?,
            pit_out: table.column("pit_out")?,
            end: table.optional_column("end_ms"),
            sectors: [
                table.optional_column("sector1_ms"),
                table.optional_column("sector2_ms"),
                table.optional_column("sector3_ms"),
            ],
        })
    }

    /// Reads a lap; `stint` is the number of the driver's stint on the lap before.
    fn lap(&self, row: &mut Row<'_>, people: &People, driver: u32, stint: &mut i32) -> LapRecord {
        let lap = row.whole(self.lap);
        // On lap 1 the source means the way to the grid.
        let pit_out = row.flag(self.pit_out) && lap > 1;
        // 2018 lacks the stint of many first laps: it begins with a stop.
        let inferred = *stint + i32::from(pit_out);
        *stint = row.whole_or_none(self.stint).unwrap_or(inferred);
        let tyre_age = row.whole_or_none(self.tyre_age);
        let is_fresh_tyre = row.flag(self.is_fresh_tyre);
        let [sector1_ms, sector2_ms, sector3_ms] =
            self.sectors.map(|sector| row.whole_or_none(sector));
        LapRecord {
            driver: people.drivers.name(driver),
            lap,
            position: row.whole_or_none(self.position),
            time_ms: row.whole_or_none(self.time),
            detail: Some(LapDetail {
                stint: *stint,
                compound: row
                    .optional(self.compound, COMPOUND, compound)
                    .unwrap_or(Compound::Unknown),
                compound_name: row
                    .text_or_none(self.compound_name)
                    .filter(|name| name != "UNKNOWN"),
                tyre_age,
                // The flag is 1 on laps about whose tyres nothing is known.
                is_fresh_tyre: tyre_age.map(|_| is_fresh_tyre),
                track_status: row.text_or_empty(self.track_status),
                is_accurate: row.flag(self.is_accurate),
                pit_in: row.flag(self.pit_in),
                pit_out,
                end_ms: row.whole_or_none(self.end),
                sector1_ms,
                sector2_ms,
                sector3_ms,
            }),
        }
    }
}

const COMPOUND: &str = "a compound such as SOFT, HARD or WET";

fn compound(text: &str) -> Option<Compound> {
    Some(match text {
        "SOFT" => Compound::Soft,
        "MEDIUM" => Compound::Medium,
        "HARD" => Compound::Hard,
        "INTERMEDIATE" => Compound::Intermediate,
        "WET" => Compound::Wet,
        "HYPERSOFT" => Compound::Hypersoft,
        "ULTRASOFT" => Compound::Ultrasoft,
        "SUPERSOFT" => Compound::Supersoft,
        "SUPERHARD" => Compound::Superhard,
        "UNKNOWN" => Compound::Unknown,
        _ => return None,
    })
}
