//! What else happened on a race weekend: qualifying, practice, pit stops, weather.

use entities::session::Kind;

use crate::import::{
    record::{PitStopRecord, PracticeRecord, QualifyingRecord, WeatherRecord},
    source::Problem,
    value,
};

use super::{
    book::{Book, RaceKey},
    calendar::has_sprint_qualifying,
    row::Keys,
    table::Table,
};

/// Reads `qualifying.csv`.
///
/// # Errors
/// A column is missing.
pub(super) fn qualifying(table: &Table, book: &mut Book) -> Result<(), Problem> {
    let driver = table.column("driverId")?;
    let constructor = table.column("constructorId")?;
    let number = table.column("number")?;
    let position = table.column("position")?;
    let times = [
        table.column("q1")?,
        table.optional_column("q2"),
        table.optional_column("q3"),
    ];
    let mut keys = Keys::new("one row per race, driver, number and constructor");
    let rows = book.fill(
        table,
        RaceKey::id(table)?,
        |row, people, place| {
            let of_driver = people.drivers.place_of(row, driver);
            let of_constructor = people.constructors.place_of(row, constructor);
            let [q1_ms, q2_ms, q3_ms] = times.map(|time| row.duration_or_none(time));
            let record = QualifyingRecord {
                session: Kind::Qualifying,
                driver: people.drivers.name(of_driver),
                constructor: people.constructors.name(of_constructor),
                number: row.text_or_empty(number),
                position: row.whole_or_none(position),
                q1_ms,
                q2_ms,
                q3_ms,
            };
            let key = (
                place.index,
                of_driver,
                of_constructor,
                record.number.clone(),
            );
            keys.check(row, driver, key);
            Some(record)
        },
        |page, record| page.record.qualifying.push(record),
    );
    book.count(table, rows, None);
    Ok(())
}

/// Reads `pit_stops.csv`.
///
/// # Errors
/// A column is missing.
pub(super) fn pit_stops(table: &Table, book: &mut Book) -> Result<(), Problem> {
    let driver = table.column("driverId")?;
    let stop = table.column("stop")?;
    let lap = table.column("lap")?;
    let time = table.optional_column("time");
    let milliseconds = table.column("milliseconds")?;
    let mut keys = Keys::new("one row per race, driver and stop");
    let rows = book.fill(
        table,
        RaceKey::id(table)?,
        |row, people, place| {
            let of_driver = people.drivers.place_of(row, driver);
            let local_time = row.optional(time, "a time of day, HH:MM:SS", |text| {
                value::time_of_day(text)?;
                Some(text.to_owned())
            });
            let record = PitStopRecord {
                driver: people.drivers.name(of_driver),
                stop: row.whole(stop),
                lap: row.whole(lap),
                local_time,
                lane_ms: row.whole_or_none(milliseconds),
            };
            keys.check(row, stop, (place.index, of_driver, record.stop));
            Some(record)
        },
        |page, record| page.record.pit_stops.push(record),
    );
    book.count(table, rows, None);
    Ok(())
}

/// Reads `practice.csv`. Where `fp2` is the qualifying for a sprint, its rows are passed over:
/// they are no practice.
///
/// # Errors
/// A column is missing.
pub(super) fn practice(table: &Table, book: &mut Book) -> Result<(), Problem> {
    let session = table.column("session")?;
    let driver = table.column("driver_ref")?;
    let constructor = table.column("constructor_ref")?;
    let position = table.column("position")?;
    let best_lap = table.column("best_lap_ms")?;
    let laps = table.column("laps")?;
    let mut keys = Keys::new("one row per race, session and driver");
    let mut passed_over = false;
    let rows = book.fill(
        table,
        RaceKey::round(table, None)?,
        |row, people, place| {
            let kind = row.required(session, "fp1, fp2 or fp3", |text| {
                practice_session(text).map(Some)
            })?;
            if kind == Kind::Practice2 && has_sprint_qualifying(place.race) {
                passed_over = true;
                return None;
            }
            let of_driver = people.drivers.place_of_ref(row, driver);
            let of_constructor = people.constructors.place_of_ref(row, constructor);
            let record = PracticeRecord {
                session: kind,
                driver: people.drivers.name(of_driver),
                constructor: people.constructors.name(of_constructor),
                position: row.whole_or_none(position),
                best_lap_ms: row.whole_or_none(best_lap),
                laps: row.whole_or_none(laps),
            };
            keys.check(row, driver, (place.index, kind, of_driver));
            Some(record)
        },
        |page, record| page.record.practice.push(record),
    );
    let note =
        passed_over.then_some("second practices that were sprint qualifying are passed over");
    book.count(table, rows, note);
    Ok(())
}

fn practice_session(text: &str) -> Option<Kind> {
    match text {
        "fp1" => Some(Kind::Practice1),
        "fp2" => Some(Kind::Practice2),
        "fp3" => Some(Kind::Practice3),
        _ => None,
    }
}

/// Reads `race_weather.csv`.
///
/// # Errors
/// A column is missing.
pub(super) fn weather(table: &Table, book: &mut Book) -> Result<(), Problem> {
    let round = table.column("round")?;
    let wet_lap_share = table.column("wet_lap_share")?;
    let air_temperature = table.column("air_temp_c")?;
    let track_temperature = table.column("track_temp_c")?;
    let humidity = table.column("humidity_pct")?;
    let wind_speed = table.column("wind_speed_ms")?;
    let pressure = table.column("pressure_mbar")?;
    let rainfall_share = table.column("rainfall_share")?;
    let mut keys = Keys::new("one row per race");
    let rows = book.fill(
        table,
        RaceKey::round(table, None)?,
        |row, _, place| {
            let record = WeatherRecord {
                wet_lap_share: row.decimal_or_none(wet_lap_share),
                air_temperature: row.decimal_or_none(air_temperature),
                track_temperature: row.decimal_or_none(track_temperature),
                humidity: row.decimal_or_none(humidity),
                wind_speed: row.decimal_or_none(wind_speed),
                pressure: row.decimal_or_none(pressure),
                rainfall_share: row.decimal_or_none(rainfall_share),
            };
            keys.check(row, round, place.index);
            Some(record)
        },
        |page, record| page.record.weather = Some(record),
    );
    book.count(table, rows, None);
    Ok(())
}
