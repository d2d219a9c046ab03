//! Typed records that every source yields and the one importer understands.
//!
//! Durations are whole milliseconds, points hundredths, times UTC. People and places are
//! named by their public refs (Ergast ids). An empty section means that the source says
//! nothing about it, never that there is nothing.

use chrono::{DateTime, NaiveDate, Utc};
use entities::{race, race_control, result, session};
use serde::Serialize;

/// What the records are made of, for sources outside of this crate.
pub use entities::{
    lap::Compound, race_control::Kind as ControlKind, result::Status as ResultStatus,
    session::Kind as SessionKind,
};

/// Everybody and every place that the races of a source refer to.
#[derive(Debug, Default, Clone, PartialEq, Serialize)]
pub struct Catalogue {
    pub circuits: Vec<CircuitRecord>,
    pub drivers: Vec<DriverRecord>,
    pub constructors: Vec<ConstructorRecord>,
    pub seasons: Vec<SeasonRecord>,
}

#[derive(Debug, Default, Clone, PartialEq, Serialize)]
pub struct SeasonRecord {
    pub year: i32,
    pub wikipedia_url: Option<String>,
}

#[derive(Debug, Default, Clone, PartialEq, Serialize)]
pub struct CircuitRecord {
    pub reference: String,
    pub name: String,
    pub locality: String,
    pub country: String,
    pub latitude: Option<f64>,
    pub longitude: Option<f64>,
    pub altitude_m: Option<i32>,
    pub length_m: Option<i32>,
    pub turns: Option<i32>,
    pub wikipedia_url: Option<String>,
}

#[derive(Debug, Default, Clone, PartialEq, Serialize)]
pub struct DriverRecord {
    pub reference: String,
    pub given_name: String,
    pub family_name: String,
    pub code: Option<String>,
    pub permanent_number: Option<i32>,
    pub date_of_birth: Option<NaiveDate>,
    pub nationality: String,
    pub wikipedia_url: Option<String>,
}

#[derive(Debug, Default, Clone, PartialEq, Serialize)]
pub struct ConstructorRecord {
    pub reference: String,
    pub name: String,
    pub nationality: String,
    pub wikipedia_url: Option<String>,
}

/// One Grand Prix with all that a source knows of it.
#[derive(Debug, Default, Clone, PartialEq)]
pub struct RaceRecord {
    pub season: i32,
    pub round: i32,
    /// Full name, `Monaco Grand Prix`.
    pub name: String,
    /// Ref of the circuit.
    pub circuit: String,
    pub date: NaiveDate,
    pub starts_at: Option<DateTime<Utc>>,
    pub wikipedia_url: Option<String>,
    /// Only where the source says more than "there are results" or "there are none".
    pub status: Option<race::Status>,
    /// Without the race itself, which is `date` and `starts_at`.
    pub sessions: Vec<SessionRecord>,
    pub results: Vec<ResultRecord>,
    pub sprint: Vec<ResultRecord>,
    pub qualifying: Vec<QualifyingRecord>,
    pub practice: Vec<PracticeRecord>,
    pub laps: Vec<LapRecord>,
    pub pit_stops: Vec<PitStopRecord>,
    pub weather: Option<WeatherRecord>,
    pub race_control: Vec<RaceControlRecord>,
    pub driver_standings: Vec<StandingRecord>,
    pub constructor_standings: Vec<StandingRecord>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct SessionRecord {
    #[serde(serialize_with = "stored")]
    pub kind: session::Kind,
    pub date: NaiveDate,
    pub starts_at: Option<DateTime<Utc>>,
}

/// A car in the classification of a race or a sprint.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ResultRecord {
    pub driver: String,
    pub constructor: String,
    /// Empty where unknown.
    pub number: String,
    /// Three-letter code at this race, where the source knows it by race.
    pub code: Option<String>,
    /// 0 is a start from the pit lane or none.
    pub grid: Option<i32>,
    pub position: Option<i32>,
    pub position_text: String,
    pub position_order: i32,
    /// Hundredths.
    pub points: i32,
    pub laps: i32,
    /// Race time of cars that finished on the lead lap.
    pub time_ms: Option<i32>,
    #[serde(serialize_with = "stored")]
    pub status: result::Status,
    pub status_text: String,
    pub fastest_lap: Option<i32>,
    pub fastest_lap_rank: Option<i32>,
    pub fastest_lap_ms: Option<i32>,
    /// km/h.
    pub fastest_lap_speed: Option<f64>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct QualifyingRecord {
    /// `Qualifying` or `SprintQualifying`.
    #[serde(serialize_with = "stored")]
    pub session: session::Kind,
    pub driver: String,
    pub constructor: String,
    pub number: String,
    pub position: Option<i32>,
    pub q1_ms: Option<i32>,
    pub q2_ms: Option<i32>,
    pub q3_ms: Option<i32>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PracticeRecord {
    #[serde(serialize_with = "stored")]
    pub session: session::Kind,
    pub driver: String,
    pub constructor: String,
    pub position: Option<i32>,
    pub best_lap_ms: Option<i32>,
    pub laps: Option<i32>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct LapRecord {
    pub driver: String,
    pub lap: i32,
    pub position: Option<i32>,
    pub time_ms: Option<i32>,
    /// Tyres and flags, where the source knows them.
    pub detail: Option<LapDetail>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct LapDetail {
    pub stint: i32,
    #[serde(serialize_with = "stored")]
    pub compound: Compound,
    /// The maker's name behind the compound (`C3`).
    pub compound_name: Option<String>,
    pub tyre_age: Option<i32>,
    pub is_fresh_tyre: Option<bool>,
    pub track_status: String,
    pub is_accurate: bool,
    pub pit_in: bool,
    pub pit_out: bool,
    pub end_ms: Option<i32>,
    pub sector1_ms: Option<i32>,
    pub sector2_ms: Option<i32>,
    pub sector3_ms: Option<i32>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PitStopRecord {
    pub driver: String,
    pub stop: i32,
    pub lap: i32,
    /// Local clock, `HH:MM:SS`.
    pub local_time: Option<String>,
    pub lane_ms: Option<i32>,
}

/// Means over the race, units as in [`entities::weather`].
#[derive(Debug, Default, Clone, PartialEq, Serialize)]
pub struct WeatherRecord {
    pub wet_lap_share: Option<f64>,
    pub air_temperature: Option<f64>,
    pub track_temperature: Option<f64>,
    pub humidity: Option<f64>,
    pub wind_speed: Option<f64>,
    pub pressure: Option<f64>,
    pub rainfall_share: Option<f64>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct RaceControlRecord {
    #[serde(serialize_with = "stored")]
    pub kind: race_control::Kind,
    pub from_lap: i32,
    pub to_lap: Option<i32>,
    pub full_laps: Option<i32>,
    pub cause: String,
    #[serde(serialize_with = "stored_option")]
    pub resumption: Option<race_control::Resumption>,
}

/// A place in a championship as the source publishes it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct StandingRecord {
    /// Ref of the driver or constructor.
    pub who: String,
    /// Hundredths.
    pub points: i32,
    pub position: Option<i32>,
    pub position_text: String,
    pub wins: i32,
}

/// How a car's race ended, from the published place and reason.
///
/// A retired car that covered 90 % of the distance is classified: it has a place and is
/// [`result::Status::Retired`] all the same.
#[must_use]
pub fn result_status(position_text: &str, reason: &str) -> result::Status {
    use result::Status::{
        DidNotQualify, DidNotStart, Disqualified, Excluded, Finished, Lapped, NotClassified,
        Retired,
    };
    let lapped = reason == "Lapped"
        || (reason.starts_with('+') && reason.trim_end_matches('s').ends_with("Lap"));
    match position_text {
        "D" => Disqualified,
        "E" => Excluded,
        "W" => DidNotStart,
        "F" => DidNotQualify,
        "N" => NotClassified,
        "R" => Retired,
        _ if reason == "Finished" => Finished,
        _ if lapped || reason == "Not classified" => Lapped,
        _ => Retired,
    }
}

/// Writes an enum as it is stored.
fn stored<E, S>(value: &E, serializer: S) -> Result<S::Ok, S::Error>
where
    E: sea_orm::ActiveEnum<Value = String>,
    S: serde::Serializer,
{
    serializer.serialize_str(&value.to_value())
}

#[expect(clippy::ref_option, reason = "serde hands over the field")]
fn stored_option<E, S>(value: &Option<E>, serializer: S) -> Result<S::Ok, S::Error>
where
    E: sea_orm::ActiveEnum<Value = String>,
    S: serde::Serializer,
{
    match value {
        Some(value) => stored(value, serializer),
        None => serializer.serialize_none(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_retired_car_with_a_place_is_retired() {
        assert_eq!(result_status("17", "Gearbox"), result::Status::Retired);
        assert_eq!(result_status("R", "+10 Laps"), result::Status::Retired);
    }

    #[test]
    fn cars_at_the_flag_are_finished_or_lapped() {
        assert_eq!(result_status("1", "Finished"), result::Status::Finished);
        assert_eq!(result_status("9", "+1 Lap"), result::Status::Lapped);
        assert_eq!(result_status("12", "+2 Laps"), result::Status::Lapped);
        assert_eq!(result_status("12", "Lapped"), result::Status::Lapped);
    }
}
