//! What a live feed says, one statement at a time, before anybody has checked it.
//!
//! Cars go by their number in this race. Durations are whole milliseconds, times UTC.

use chrono::{DateTime, Utc};
/// Tyres, for whoever reads a feed.
pub use entities::lap::Compound;
use serde::{Deserialize, Serialize};

/// One statement of a feed. The same may come twice, late, and in any order.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Record {
    /// The time that the feed gives for it.
    pub at: DateTime<Utc>,
    pub said: Said,
}

/// What is said.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "said", rename_all = "snake_case")]
pub enum Said {
    /// Place of a car on the track, from 1.
    Position { number: i32, position: i32 },
    /// How far a car is behind. The leader has neither.
    Interval {
        number: i32,
        to_leader: Option<Gap>,
        /// Behind the car in front.
        ahead: Option<Gap>,
    },
    /// A lap under way or done: it is said again as sectors and the time become known.
    Lap {
        number: i32,
        /// From 1.
        lap: i32,
        started_at: Option<DateTime<Utc>>,
        sectors_ms: [Option<i32>; 3],
        time_ms: Option<i32>,
        /// The lap begins in the pit lane.
        pit_out: bool,
    },
    /// Laps on one set of tyres; the last lap grows while the stint goes on.
    Stint {
        number: i32,
        /// From 1.
        stint: i32,
        #[serde(with = "super::compound")]
        compound: Compound,
        first_lap: i32,
        last_lap: Option<i32>,
        /// Laps that the set had before.
        tyre_age_at_start: Option<i32>,
    },
    /// A visit to the pit lane.
    PitStop {
        number: i32,
        /// The lap that ends in the pit lane.
        lap: i32,
        /// Time in the pit lane.
        lane_ms: Option<i32>,
        /// Time standing.
        stationary_ms: Option<i32>,
    },
    /// A message of race control, as it is written.
    RaceControl {
        /// `Flag`, `SafetyCar`, `Drs`, `Other` …
        category: String,
        /// `GREEN`, `YELLOW`, `DOUBLE YELLOW`, `RED`, `CHEQUERED` …
        flag: Option<String>,
        /// `Track`, `Sector`, `Driver`.
        scope: Option<String>,
        /// The car that is meant.
        number: Option<i32>,
        lap: Option<i32>,
        message: String,
    },
    /// The weather at the circuit.
    Weather {
        air_celsius: Option<f64>,
        track_celsius: Option<f64>,
        /// Relative, %.
        humidity: Option<f64>,
        raining: Option<bool>,
        /// m/s.
        wind_speed: Option<f64>,
        /// Where the wind comes from, degrees.
        wind_direction: Option<i32>,
    },
    /// The order after the flag.
    Classification {
        number: i32,
        /// None when not classified.
        position: Option<i32>,
        laps: Option<i32>,
        retired: bool,
        disqualified: bool,
        started: bool,
    },
}

/// How far apart two cars are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Gap {
    /// Milliseconds.
    Time(i32),
    /// Whole laps.
    Laps(i32),
}
