//! One row of a resource as a typed record. People are read where they are named, since the rows
//! bring them along.

use domain::import::{
    classification::{PLACE_TEXT, is_doubtful_fastest_lap, place_text, status_of_place},
    record::{
        CircuitRecord, ConstructorRecord, DriverRecord, LapRecord, PitStopRecord, QualifyingRecord,
        ResultRecord, ResultStatus, SessionKind, StandingRecord, result_status,
    },
    source::Problem,
    value,
};

use super::{fields::Fields, pages::Whole, season::PROBLEMS_KEPT};

/// Largest numbers that make sense, with room: cars in a race, laps, places.
pub(super) const MOST_ROUNDS: i32 = 99;
const MOST_CARS: i32 = 200;
const MOST_LAPS: i32 = 1000;
const MOST_POINTS_WINS: i32 = 1000;
/// No car averages more over a lap.
const FASTEST_KMH: f64 = 500.0;
/// Milliseconds of a day: no race lasts longer.
const MOST_MS: i32 = 86_400_000;

pub(super) fn circuit(fields: &mut Fields<'_>) -> CircuitRecord {
    CircuitRecord {
        reference: fields.reference("/Circuit/circuitId"),
        name: fields.text("/Circuit/circuitName"),
        locality: fields.text_or_empty("/Circuit/Location/locality"),
        country: fields.text_or_empty("/Circuit/Location/country"),
        latitude: within(fields.decimal_or_none("/Circuit/Location/lat"), 90.0),
        longitude: within(fields.decimal_or_none("/Circuit/Location/long"), 180.0),
        altitude_m: None,
        length_m: None,
        turns: None,
        wikipedia_url: fields.text_or_none("/Circuit/url"),
    }
}

/// A number that the race does not depend on, left out where it makes no sense: Abu Dhabi 2023
/// has a fastest lap of 2,130,000 km/h.
fn within(number: Option<f64>, most: f64) -> Option<f64> {
    number.filter(|number| number.abs() <= most)
}

pub(super) fn driver(fields: &mut Fields<'_>, at: &str) -> DriverRecord {
    DriverRecord {
        reference: fields.reference(&format!("{at}/driverId")),
        given_name: fields.text_or_empty(&format!("{at}/givenName")),
        family_name: fields.text(&format!("{at}/familyName")),
        code: fields.optional(&format!("{at}/code"), "a code of three letters", |text| {
            (text.chars().count() == 3).then(|| text.to_owned())
        }),
        permanent_number: fields.whole_or_none(&format!("{at}/permanentNumber"), 999),
        date_of_birth: fields.date_or_none(&format!("{at}/dateOfBirth")),
        nationality: fields.text_or_empty(&format!("{at}/nationality")),
        wikipedia_url: fields.text_or_none(&format!("{at}/url")),
    }
}

pub(super) fn constructor(fields: &mut Fields<'_>, at: &str) -> ConstructorRecord {
    ConstructorRecord {
        reference: fields.reference(&format!("{at}/constructorId")),
        name: fields.text(&format!("{at}/name")),
        nationality: fields.text_or_empty(&format!("{at}/nationality")),
        wikipedia_url: fields.text_or_none(&format!("{at}/url")),
    }
}

/// The number on a car; unknown ones are written as nothing or as the word `None`.
fn number(fields: &mut Fields<'_>) -> String {
    let number = fields.optional("/number", "a number of up to three digits", |text| {
        let digits = text.len() <= 3 && text.bytes().all(|byte| byte.is_ascii_digit());
        (digits || text == "None").then(|| text.to_owned())
    });
    number.filter(|text| text != "None").unwrap_or_default()
}

/// Reads all of a result but driver and constructor.
pub(super) fn classified(fields: &mut Fields<'_>) -> ResultRecord {
    let position_text = fields.required("/positionText", PLACE_TEXT, place_text);
    let status_text = fields
        .text_or_none("/status")
        .unwrap_or_else(|| status_of_place(&position_text).to_owned());
    let status = result_status(&position_text, &status_text);
    let laps = fields.whole("/laps", MOST_LAPS);
    let time_ms = fields.whole_or_none("/Time/millis", MOST_MS);
    let fastest_lap = fields.whole_or_none("/FastestLap/lap", MOST_LAPS);
    ResultRecord {
        driver: String::new(),
        constructor: String::new(),
        number: number(fields),
        code: None,
        grid: fields.whole_or_none("/grid", MOST_CARS),
        position: position_text.parse().ok(),
        position_order: fields.whole("/position", MOST_CARS),
        points: fields.points("/points"),
        laps,
        // Since 2023 lapped cars have a time too, which no other source has.
        time_ms: time_ms.filter(|_| status != ResultStatus::Lapped),
        status,
        position_text,
        status_text,
        fastest_lap: fastest_lap.filter(|lap| !is_doubtful_fastest_lap(*lap, laps)),
        // 0 stands for a car without a timed lap.
        fastest_lap_rank: fields
            .whole_or_none("/FastestLap/rank", MOST_CARS)
            .filter(|rank| *rank > 0),
        fastest_lap_ms: fields.duration_or_none("/FastestLap/Time/time"),
        fastest_lap_speed: within(
            fields.decimal_or_none("/FastestLap/AverageSpeed/speed"),
            FASTEST_KMH,
        ),
    }
}

/// A car that `Finished` has a time, or as many laps as the winner; one that has neither stopped on
/// the way. Its text stays as published.
pub(super) fn tell_retired_from_finished(results: &mut [ResultRecord]) {
    let distance = results.iter().map(|result| result.laps).max();
    for result in results {
        let stopped = result.time_ms.is_none() && Some(result.laps) < distance;
        if result.status == ResultStatus::Finished && stopped {
            result.status = ResultStatus::Retired;
        }
    }
}

pub(super) fn qualified(fields: &mut Fields<'_>) -> QualifyingRecord {
    QualifyingRecord {
        session: SessionKind::Qualifying,
        driver: String::new(),
        constructor: String::new(),
        number: number(fields),
        position: fields.whole_or_none("/position", MOST_CARS),
        q1_ms: fields.duration_or_none("/Q1"),
        q2_ms: fields.duration_or_none("/Q2"),
        q3_ms: fields.duration_or_none("/Q3"),
    }
}

pub(super) fn standing(fields: &mut Fields<'_>) -> StandingRecord {
    let position_text = fields.required("/positionText", "a place or one of D, E and -", |text| {
        let known = matches!(text, "D" | "E" | "-") || value::whole(text).is_some();
        known.then(|| text.to_owned())
    });
    // Whoever is taken out of a championship may keep a number in `position`.
    let placed = position_text.parse::<i32>().is_ok();
    StandingRecord {
        who: String::new(),
        points: fields.points("/points"),
        position: fields
            .whole_or_none("/position", MOST_ROUNDS * MOST_CARS)
            .filter(|_| placed),
        position_text,
        wins: fields.whole("/wins", MOST_POINTS_WINS),
    }
}

/// Laps and pit stops of a race, or what is wrong with them.
///
/// # Errors
/// A row that cannot be read, or pages that do not fit together.
pub(super) fn laps(path: &str, whole: &Whole) -> Result<Vec<LapRecord>, Vec<Problem>> {
    each(path, whole, |fields| LapRecord {
        driver: fields.reference("/driverId"),
        lap: fields.whole("/lap", MOST_LAPS),
        position: fields.whole_or_none("/position", MOST_CARS),
        time_ms: fields.duration_or_none("/time"),
        detail: None,
    })
}

/// # Errors
/// As for [`laps`].
pub(super) fn pit_stops(path: &str, whole: &Whole) -> Result<Vec<PitStopRecord>, Vec<Problem>> {
    each(path, whole, |fields| PitStopRecord {
        driver: fields.reference("/driverId"),
        stop: fields.whole("/stop", MOST_CARS),
        lap: fields.whole("/lap", MOST_LAPS),
        local_time: fields.optional("/time", "a time of day, HH:MM:SS", |text| {
            value::time_of_day(text)?;
            Some(text.to_owned())
        }),
        lane_ms: fields.duration_or_none("/duration"),
    })
}

fn each<T>(
    path: &str,
    whole: &Whole,
    read: impl Fn(&mut Fields<'_>) -> T,
) -> Result<Vec<T>, Vec<Problem>> {
    let mut problems = Vec::new();
    if let Some(odd) = &whole.odd {
        problems.push(Problem {
            file: path.to_owned(),
            line: 1,
            column: String::new(),
            message: odd.why.clone(),
        });
    }
    let mut records = Vec::new();
    for row in &whole.rows {
        let mut fields = Fields::new(path, row);
        records.push(read(&mut fields));
        problems.extend(fields.problems());
    }
    problems.truncate(PROBLEMS_KEPT);
    if problems.is_empty() {
        Ok(records)
    } else {
        Err(problems)
    }
}
