//! What is bundled of a published dump, and how it differs from it: every correction is here.
//!
//! - Starts that were not what the dump says: `RACE_DAYS`, `SESSION_STARTS`.
//! - Where a penalty or disqualification after the flag changed the order, the dump's fastest
//!   laps often still stand in the order at the flag, each in somebody else's row:
//!   `FASTEST_LAPS_IN_WRONG_ROWS`, found by comparison with the lap times.
//! - Fastest laps that are missing: `FASTEST_LAPS`.
//! - Sprint times that are gaps to the car ahead, a grid slot given twice: `SPRINT_TIMES`,
//!   `GRIDS`.
//!
//! Looked at and left alone: the 2:06:15.118 of the winner of Saudi Arabia 2021 agrees with his
//! lap timing to 20 ms, as do the times of the others; only the second car stands 15 s
//! behind its laps, which are its two penalties. Belgium 2021 has no fastest laps: none was
//! recognised. Brazil 2024 gives a disqualified car no laps and a fastest lap. In the sprint of
//! Qatar 2023 twelfth and thirteenth are 0.3 s out of order.

use chrono::{DateTime, NaiveDate, NaiveDateTime, Utc};
use entities::session::Kind::{
    self, Practice1, Practice2, Practice3, Qualifying, Sprint, SprintQualifying,
};

use super::{
    super::record::{Catalogue, RaceRecord, ResultRecord},
    notation::fastest_lap_ranks,
};

/// Season and round.
type Round = (i32, i32);

/// Day at the circuit and start in UTC.
const RACE_DAYS: [(Round, &str, &str); 4] = [
    // Saturday evening in Las Vegas, Sunday in UTC.
    ((2023, 21), "2023-11-18", "2023-11-19 06:00"),
    // Brought forward because of rain.
    ((2024, 21), "2024-11-03", "2024-11-03 15:30"),
    ((2024, 22), "2024-11-23", "2024-11-24 06:00"),
    ((2024, 23), "2024-12-01", "2024-12-01 16:00"),
];

/// Starts in UTC.
const SESSION_STARTS: [(Round, Kind, &str); 17] = [
    // The shootouts of 2023 by the timetables of their weekends.
    ((2023, 4), SprintQualifying, "2023-04-29 08:30"),
    ((2023, 9), SprintQualifying, "2023-07-01 10:00"),
    ((2023, 12), SprintQualifying, "2023-07-29 10:00"),
    // Put back by an extra practice with new tyre limits.
    ((2023, 17), SprintQualifying, "2023-10-07 13:20"),
    ((2023, 18), SprintQualifying, "2023-10-21 17:30"),
    ((2023, 20), SprintQualifying, "2023-11-04 14:00"),
    // Evenings in Las Vegas are the next day in UTC.
    ((2023, 21), Practice1, "2023-11-17 04:30"),
    ((2023, 21), Practice2, "2023-11-17 08:00"),
    ((2023, 21), Practice3, "2023-11-18 04:30"),
    ((2023, 21), Qualifying, "2023-11-18 08:00"),
    // Put off to the morning of the race because of rain.
    ((2024, 21), Qualifying, "2024-11-03 10:30"),
    ((2024, 22), Practice1, "2024-11-22 02:30"),
    ((2024, 22), Practice2, "2024-11-22 06:00"),
    ((2024, 22), Practice3, "2024-11-23 02:30"),
    ((2024, 22), Qualifying, "2024-11-23 06:00"),
    ((2024, 23), Sprint, "2024-11-30 14:00"),
    ((2024, 23), Qualifying, "2024-11-30 18:00"),
];

/// The fastest lap of each of these drivers stands in the row of the next; the last has none,
/// unless the row closes with the first.
const FASTEST_LAPS_IN_WRONG_ROWS: [(Round, &[&str]); 15] = [
    ((2018, 2), &["leclerc", "stroll", "perez", "leclerc"]),
    (
        (2018, 2),
        &["grosjean", "sirotkin", "brendon_hartley", "grosjean"],
    ),
    (
        (2018, 14),
        &[
            "grosjean",
            "ocon",
            "perez",
            "sainz",
            "stroll",
            "sirotkin",
            "leclerc",
            "vandoorne",
            "hulkenberg",
            "gasly",
            "ericsson",
            "kevin_magnussen",
            "ricciardo",
            "alonso",
            "brendon_hartley",
        ],
    ),
    (
        (2018, 18),
        &[
            "ocon",
            "perez",
            "ericsson",
            "gasly",
            "stroll",
            "ricciardo",
            "alonso",
        ],
    ),
    (
        (2018, 18),
        &[
            "kevin_magnussen",
            "brendon_hartley",
            "vandoorne",
            "sirotkin",
            "leclerc",
            "grosjean",
        ],
    ),
    (
        (2019, 8),
        &[
            "raikkonen",
            "hulkenberg",
            "norris",
            "gasly",
            "ricciardo",
            "raikkonen",
        ],
    ),
    (
        (2019, 11),
        &[
            "grosjean",
            "hamilton",
            "russell",
            "giovinazzi",
            "kevin_magnussen",
            "kubica",
            "raikkonen",
            "grosjean",
        ],
    ),
    ((2020, 3), &["sainz", "kevin_magnussen", "sainz"]),
    ((2020, 3), &["raikkonen", "grosjean", "raikkonen"]),
    ((2021, 2), &["gasly", "stroll", "gasly"]),
    (
        (2021, 2),
        &["ocon", "alonso", "perez", "tsunoda", "raikkonen", "ocon"],
    ),
    ((2021, 9), &["raikkonen", "latifi", "raikkonen"]),
    ((2022, 9), &["bottas", "zhou", "alonso", "bottas"]),
    ((2022, 18), &["mick_schumacher", "gasly", "mick_schumacher"]),
    (
        (2022, 19),
        &[
            "alonso",
            "mick_schumacher",
            "gasly",
            "albon",
            "zhou",
            "ocon",
            "tsunoda",
            "kevin_magnussen",
            "vettel",
            "alonso",
        ],
    ),
];

/// Lap and time of fastest laps that the dump has not.
const FASTEST_LAPS: [(Round, &str, i32, i32); 2] = [
    // There is a gap at rank 13; the lap times have it.
    ((2023, 18), "leclerc", 38, 101_025),
    // There are none at all of Monaco 2024; this one gave a point.
    ((2024, 8), "hamilton", 63, 74_165),
];

const SPRINT_TIMES: [(Round, &str, i32); 2] = [
    // +8.532 and +16.503; the dump has +3.467 and +4.890.
    ((2023, 4), "russell", 2_006_199),
    ((2023, 4), "hamilton", 2_014_170),
];

/// The dump has two cars in slot 17 and nobody in slot 18.
const GRIDS: [(Round, &str, i32); 1] = [((2024, 21), "hulkenberg", 18)];

/// Length of a lap in metres and turns, as last raced until 2024.
const LAYOUTS: [(&str, i32, i32); 31] = [
    ("albert_park", 5278, 14),
    ("americas", 5513, 20),
    ("bahrain", 5412, 15),
    ("baku", 6003, 20),
    ("catalunya", 4657, 14),
    ("hockenheimring", 4574, 17),
    ("hungaroring", 4381, 14),
    ("imola", 4909, 19),
    ("interlagos", 4309, 15),
    ("istanbul", 5338, 14),
    ("jeddah", 6174, 27),
    ("losail", 5419, 16),
    ("marina_bay", 4940, 19),
    ("miami", 5412, 19),
    ("monaco", 3337, 19),
    ("monza", 5793, 11),
    ("mugello", 5245, 15),
    ("nurburgring", 5148, 15),
    ("portimao", 4653, 15),
    ("red_bull_ring", 4318, 10),
    ("ricard", 5842, 15),
    ("rodriguez", 4304, 17),
    ("shanghai", 5451, 16),
    ("silverstone", 5891, 18),
    ("sochi", 5848, 18),
    ("spa", 7004, 19),
    ("suzuka", 5807, 18),
    ("vegas", 6201, 17),
    ("villeneuve", 4361, 14),
    ("yas_marina", 5281, 16),
    ("zandvoort", 4259, 14),
];

/// A correction that finds nothing to correct.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("correction of season {season} round {round}: no {what}")]
pub struct NothingToCorrect {
    pub season: i32,
    pub round: i32,
    pub what: String,
}

/// What is bundled of a race, corrected: calendar, sessions and classifications in order, with
/// the codes of the catalogue.
///
/// # Errors
///
/// A correction that finds nothing to correct.
pub fn bundle(mut race: RaceRecord, catalogue: &Catalogue) -> Result<RaceRecord, NothingToCorrect> {
    leave_out(&mut race);
    for row in race.results.iter_mut().chain(&mut race.sprint) {
        let driver = catalogue
            .drivers
            .iter()
            .find(|driver| driver.reference == row.driver);
        row.code = row
            .code
            .take()
            .or_else(|| driver.and_then(|driver| driver.code.clone()));
        row.fastest_lap_speed = None;
        row.fastest_lap_rank = row.fastest_lap_rank.filter(|&rank| rank > 0);
    }
    correct(&mut race).map_err(|what| NothingToCorrect {
        season: race.season,
        round: race.round,
        what,
    })?;
    race.results.sort_by_key(|row| row.position_order);
    race.sprint.sort_by_key(|row| row.position_order);
    race.qualifying
        .sort_by_key(|row| (row.session, row.position.unwrap_or(i32::MAX)));
    race.sessions
        .sort_by_key(|session| (session.date, session.starts_at, session.kind));
    Ok(race)
}

/// Circuits with length and turns, one word for a country or nationality,
/// nobody with an address.
pub fn complete(catalogue: &mut Catalogue) {
    for circuit in &mut catalogue.circuits {
        circuit.wikipedia_url = None;
        if circuit.country == "United States" {
            "USA".clone_into(&mut circuit.country);
        }
        if let Some((_, length, turns)) =
            LAYOUTS.iter().find(|(name, ..)| *name == circuit.reference)
        {
            circuit.length_m = Some(*length);
            circuit.turns = Some(*turns);
        }
    }
    for driver in &mut catalogue.drivers {
        driver.wikipedia_url = None;
        if driver.nationality.trim() == "Argentinian" {
            "Argentine".clone_into(&mut driver.nationality);
        }
    }
    for constructor in &mut catalogue.constructors {
        constructor.wikipedia_url = None;
    }
}

fn leave_out(race: &mut RaceRecord) {
    race.wikipedia_url = None;
    race.status = None;
    race.practice.clear();
    race.laps.clear();
    race.pit_stops.clear();
    race.weather = None;
    race.race_control.clear();
    race.driver_standings.clear();
    race.constructor_standings.clear();
}

/// Sets the starts that dumps are known to have wrong; what is right stays as it is.
///
/// # Errors
/// When a session that was put off is not in the record at all; the others are set.
pub fn correct_starts(race: &mut RaceRecord) -> Result<(), String> {
    let here = (race.season, race.round);
    let mut missing = Ok(());
    for (_, date, start) in RACE_DAYS.iter().filter(|(round, ..)| *round == here) {
        race.date = date.parse::<NaiveDate>().map_err(|_| "date".to_owned())?;
        race.starts_at = Some(moment(start)?);
    }
    for (_, kind, start) in SESSION_STARTS.iter().filter(|(round, ..)| *round == here) {
        let session = race
            .sessions
            .iter_mut()
            .find(|session| session.kind == *kind);
        let start = moment(start)?;
        match session {
            Some(session) => {
                (session.date, session.starts_at) = (start.date_naive(), Some(start));
            }
            None => missing = Err(format!("session {kind:?}")),
        }
    }
    missing
}

fn correct(race: &mut RaceRecord) -> Result<(), String> {
    correct_starts(race)?;
    let here = (race.season, race.round);
    for (_, driver, grid) in GRIDS.iter().filter(|(round, ..)| *round == here) {
        row(&mut race.results, driver)?.grid = Some(*grid);
    }
    for (_, driver, time) in SPRINT_TIMES.iter().filter(|(round, ..)| *round == here) {
        row(&mut race.sprint, driver)?.time_ms = Some(*time);
    }
    correct_fastest_laps(here, &mut race.results)
}

fn correct_fastest_laps(here: Round, rows: &mut [ResultRecord]) -> Result<(), String> {
    let mut corrected = false;
    let published = rows.to_vec();
    for (_, drivers) in FASTEST_LAPS_IN_WRONG_ROWS
        .iter()
        .filter(|(round, _)| *round == here)
    {
        for (driver, stands_with) in drivers.iter().zip(&drivers[1..]) {
            let lap = published.iter().find(|row| row.driver == *stands_with);
            let lap = lap.ok_or_else(|| format!("result of {stands_with}"))?;
            set_fastest(row(rows, driver)?, lap.fastest_lap, lap.fastest_lap_ms);
        }
        if let (Some(first), Some(last)) = (drivers.first(), drivers.last())
            && first != last
        {
            set_fastest(row(rows, last)?, None, None);
        }
        corrected = true;
    }
    for (_, driver, lap, time) in FASTEST_LAPS.iter().filter(|(round, ..)| *round == here) {
        set_fastest(row(rows, driver)?, Some(*lap), Some(*time));
        corrected = true;
    }
    if corrected {
        rows.sort_by_key(|row| row.position_order);
        let ranks = fastest_lap_ranks(rows);
        for (row, rank) in rows.iter_mut().zip(ranks) {
            row.fastest_lap_rank = rank;
        }
    }
    Ok(())
}

fn row<'a>(rows: &'a mut [ResultRecord], driver: &str) -> Result<&'a mut ResultRecord, String> {
    rows.iter_mut()
        .find(|row| row.driver == driver)
        .ok_or_else(|| format!("result of {driver}"))
}

fn set_fastest(row: &mut ResultRecord, lap: Option<i32>, time: Option<i32>) {
    row.fastest_lap = lap;
    row.fastest_lap_ms = time;
}

fn moment(text: &str) -> Result<DateTime<Utc>, String> {
    NaiveDateTime::parse_from_str(text, "%Y-%m-%d %H:%M")
        .map(|start| start.and_utc())
        .map_err(|_| format!("moment `{text}`"))
}
