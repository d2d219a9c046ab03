//! Records as OpenF1 sends them (<https://openf1.org>), without the fields that nothing is made of.
//! Durations are seconds here.

use chrono::{DateTime, NaiveDateTime, Utc};
use domain::live::record::Gap;
use serde::{
    Deserialize, Deserializer,
    de::{DeserializeOwned, Error},
};
use serde_json::Value;

/// Longest duration that is taken, in ms: a day.
const LONGEST_MS: f64 = 86_400_000.0;

/// Laps that no race has.
pub const MOST_LAPS: i32 = 250;

/// A kind of record.
pub trait Payload: DeserializeOwned + Send {
    /// Where it is asked for.
    const COLLECTION: &'static str;
}

macro_rules! collections {
    ($($payload:ident: $name:literal,)*) => {
        $(impl Payload for $payload {
            const COLLECTION: &'static str = $name;
        })*
    };
}

collections! {
    Session: "sessions",
    Driver: "drivers",
    Position: "position",
    Interval: "intervals",
    Lap: "laps",
    Stint: "stints",
    Pit: "pit",
    RaceControl: "race_control",
    Weather: "weather",
    SessionResult: "session_result",
}

/// A session of a weekend.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Session {
    pub session_key: i64,
    /// Names the weekend.
    pub meeting_key: i64,
    /// `Practice 1`, `Qualifying`, `Sprint Shootout`, `Sprint`, `Race` …
    pub session_name: String,
    #[serde(deserialize_with = "time")]
    pub date_start: DateTime<Utc>,
    /// As planned.
    #[serde(deserialize_with = "time")]
    pub date_end: DateTime<Utc>,
    pub is_cancelled: Option<bool>,
}

/// Who drives which car in a session.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Driver {
    pub driver_number: i32,
    pub name_acronym: Option<String>,
    pub full_name: Option<String>,
    pub team_name: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Position {
    #[serde(deserialize_with = "time")]
    pub date: DateTime<Utc>,
    pub driver_number: i32,
    pub position: i32,
}

#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Interval {
    #[serde(deserialize_with = "time")]
    pub date: DateTime<Utc>,
    pub driver_number: i32,
    #[serde(default, deserialize_with = "gap")]
    pub gap_to_leader: Option<Gap>,
    /// To the car in front.
    #[serde(default, deserialize_with = "gap")]
    pub interval: Option<Gap>,
}

#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct Lap {
    pub driver_number: i32,
    pub lap_number: i32,
    /// Missing for many a first lap.
    #[serde(default, deserialize_with = "time_or_none")]
    pub date_start: Option<DateTime<Utc>>,
    pub duration_sector_1: Option<f64>,
    pub duration_sector_2: Option<f64>,
    pub duration_sector_3: Option<f64>,
    pub lap_duration: Option<f64>,
    pub is_pit_out_lap: Option<bool>,
}

#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Stint {
    pub driver_number: i32,
    pub stint_number: i32,
    pub compound: Option<String>,
    /// Missing until the car has run on it.
    pub lap_start: Option<i32>,
    pub lap_end: Option<i32>,
    pub tyre_age_at_start: Option<i32>,
}

#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct Pit {
    #[serde(deserialize_with = "time")]
    pub date: DateTime<Utc>,
    pub driver_number: i32,
    pub lap_number: i32,
    /// In the pit lane.
    pub lane_duration: Option<f64>,
    /// The same under its old name.
    pub pit_duration: Option<f64>,
    /// Standing; since the end of 2024.
    pub stop_duration: Option<f64>,
}

#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct RaceControl {
    #[serde(deserialize_with = "time")]
    pub date: DateTime<Utc>,
    pub category: Option<String>,
    pub flag: Option<String>,
    pub scope: Option<String>,
    pub driver_number: Option<i32>,
    pub lap_number: Option<i32>,
    pub message: String,
}

#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct Weather {
    #[serde(deserialize_with = "time")]
    pub date: DateTime<Utc>,
    pub air_temperature: Option<f64>,
    pub track_temperature: Option<f64>,
    pub humidity: Option<f64>,
    pub pressure: Option<f64>,
    #[serde(default, deserialize_with = "rain")]
    pub rainfall: Option<bool>,
    pub wind_speed: Option<f64>,
    pub wind_direction: Option<i32>,
}

#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct SessionResult {
    pub driver_number: i32,
    pub position: Option<i32>,
    pub number_of_laps: Option<i32>,
    pub dnf: Option<bool>,
    pub dns: Option<bool>,
    pub dsq: Option<bool>,
}

fn time<'de, D: Deserializer<'de>>(deserializer: D) -> Result<DateTime<Utc>, D::Error> {
    let text = String::deserialize(deserializer)?;
    parsed(&text).ok_or_else(|| D::Error::custom(format!("expected a time, found {text:?}")))
}

fn time_or_none<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<DateTime<Utc>>, D::Error> {
    let Some(text) = Option::<String>::deserialize(deserializer)? else {
        return Ok(None);
    };
    let expected = || D::Error::custom(format!("expected a time, found {text:?}"));
    parsed(&text).map(Some).ok_or_else(expected)
}

/// A time with its offset; without one it is UTC.
fn parsed(text: &str) -> Option<DateTime<Utc>> {
    if let Ok(time) = DateTime::parse_from_rfc3339(text) {
        return Some(time.to_utc());
    }
    let time = NaiveDateTime::parse_from_str(text, "%Y-%m-%dT%H:%M:%S%.f");
    time.ok().map(|time| time.and_utc())
}

/// Seconds, or `+1 LAP`. Nothing for the leader.
fn gap<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Gap>, D::Error> {
    let value = Value::deserialize(deserializer)?;
    let gap = match &value {
        Value::Null => return Ok(None),
        Value::Number(seconds) => seconds.as_f64().and_then(milliseconds).map(Gap::Time),
        Value::String(text) => laps(text).map(Gap::Laps),
        _ => None,
    };
    let expected = || format!("expected seconds or \"+1 LAP\", found {value}");
    gap.map(Some).ok_or_else(|| D::Error::custom(expected()))
}

fn laps(text: &str) -> Option<i32> {
    let (count, unit) = text.trim().trim_start_matches('+').split_once(' ')?;
    let is_laps = matches!(unit.trim(), "LAP" | "LAPS");
    count.parse().ok().filter(|count| is_laps && *count > 0)
}

/// 0 or 1, or an amount.
fn rain<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<bool>, D::Error> {
    match Value::deserialize(deserializer)? {
        Value::Null => Ok(None),
        Value::Bool(rain) => Ok(Some(rain)),
        Value::Number(amount) => Ok(amount.as_f64().map(|amount| amount > 0.0)),
        other => Err(D::Error::custom(format!("expected 0 or 1, found {other}"))),
    }
}

/// Seconds in whole milliseconds; none when nothing in a race can take so long.
#[must_use]
pub fn milliseconds(seconds: f64) -> Option<i32> {
    let milliseconds = (seconds * 1000.0).round();
    #[expect(clippy::cast_possible_truncation, reason = "checked")]
    let whole = || milliseconds as i32;
    (0.0..=LONGEST_MS).contains(&milliseconds).then(whole)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn gaps_are_seconds_or_laps() {
        let read = |value: Value| {
            let row = json!({ "date": "2030-05-12T13:00:00Z", "driver_number": 7,
                "gap_to_leader": value, "interval": null });
            serde_json::from_value::<Interval>(row).map(|row| row.gap_to_leader)
        };
        let cases = [
            (json!(null), None),
            (json!(0), Some(Gap::Time(0))),
            (json!(12.3456), Some(Gap::Time(12_346))),
            (json!("+1 LAP"), Some(Gap::Laps(1))),
            (json!("+12 LAPS"), Some(Gap::Laps(12))),
        ];
        for (value, gap) in cases {
            assert_eq!(read(value.clone()).unwrap(), gap, "{value}");
        }
        for value in [
            json!(-1.5),
            json!("soon"),
            json!("+0 LAP"),
            json!([1.0]),
            json!(1e300),
        ] {
            assert!(read(value.clone()).is_err(), "{value}");
        }
    }

    #[test]
    fn rain_is_yes_or_no() {
        let read = |value: Value| {
            let row = json!({ "date": "2030-05-12T13:00:00Z", "rainfall": value });
            serde_json::from_value::<Weather>(row).map(|row| row.rainfall)
        };
        assert_eq!(read(json!(0)).unwrap(), Some(false));
        assert_eq!(read(json!(1)).unwrap(), Some(true));
        assert_eq!(read(json!(0.4)).unwrap(), Some(true));
        assert_eq!(read(json!(null)).unwrap(), None);
        assert!(read(json!("wet")).is_err());
    }

    #[test]
    fn no_duration_is_below_nothing_or_longer_than_a_day() {
        assert_eq!(milliseconds(0.0004), Some(0));
        assert_eq!(milliseconds(77.6546), Some(77_655));
        for seconds in [-1.0, f64::NAN, f64::INFINITY, 1e9] {
            assert_eq!(milliseconds(seconds), None, "{seconds}");
        }
    }
}
