//! What happens in a race, as it is told: each change says all of what it is about.

use chrono::{DateTime, Utc};
use entities::lap::Compound;
use serde::{Deserialize, Serialize};

use super::record::Gap;

/// One event of a race.
#[derive(Debug, Clone, PartialEq)]
pub struct Event {
    /// From 1, without gaps.
    pub sequence: i64,
    /// The time that the feed gives for it.
    pub at: DateTime<Utc>,
    /// When it was told to everybody; never before that of an earlier sequence.
    pub told_at: DateTime<Utc>,
    /// Whom it is about.
    pub driver_id: Option<i32>,
    pub change: Change,
}

/// A change and the time that the feed gives for it.
#[derive(Debug, Clone, PartialEq)]
pub struct Dated {
    pub at: DateTime<Utc>,
    pub change: Change,
}

/// What has changed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Change {
    /// Place of a car, from 1. Every car has one from the start on.
    Position {
        number: i32,
        position: i32,
    },
    Interval {
        number: i32,
        #[serde(flatten)]
        gaps: Gaps,
    },
    Lap {
        number: i32,
        lap: i32,
        #[serde(flatten)]
        times: Lap,
    },
    Stint {
        number: i32,
        stint: i32,
        /// None when it turned out that there was none.
        tyres: Option<Tyres>,
    },
    PitStop {
        number: i32,
        /// The lap that ends in the pit lane.
        lap: i32,
        #[serde(flatten)]
        times: Stop,
    },
    RaceControl(Message),
    TrackStatus {
        status: TrackStatus,
    },
    Weather(Weather),
    /// A car is out, or runs again after all.
    Retirement {
        number: i32,
        out: bool,
    },
    Classification {
        number: i32,
        #[serde(flatten)]
        place: Classified,
    },
}

/// How far a car is behind; the leader has neither.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Gaps {
    pub to_leader: Option<Gap>,
    /// Behind the car in front.
    pub ahead: Option<Gap>,
}

/// A lap as far as it is known. Times in ms.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Lap {
    pub started_at: Option<DateTime<Utc>>,
    pub sectors_ms: [Option<i32>; 3],
    pub time_ms: Option<i32>,
    /// It begins in the pit lane.
    pub pit_out: bool,
}

/// Laps on one set of tyres.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tyres {
    #[serde(with = "super::compound")]
    pub compound: Compound,
    pub first_lap: i32,
    pub last_lap: Option<i32>,
    /// Laps that the set had before.
    pub age_at_start: Option<i32>,
}

/// A visit to the pit lane. Times in ms.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stop {
    /// In the lane.
    pub lane_ms: Option<i32>,
    /// Standing.
    pub stationary_ms: Option<i32>,
}

/// A message of race control.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Message {
    pub at: DateTime<Utc>,
    pub message: String,
    pub category: String,
    pub flag: Option<String>,
    pub scope: Option<String>,
    /// The car that is meant.
    pub number: Option<i32>,
    pub lap: Option<i32>,
}

/// The track.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TrackStatus {
    #[default]
    Clear,
    Yellow,
    SafetyCar,
    Red,
    VirtualSafetyCar,
    VirtualSafetyCarEnding,
    /// The winner is home.
    Chequered,
}

/// The weather at the circuit.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
pub struct Weather {
    pub air_celsius: Option<f64>,
    pub track_celsius: Option<f64>,
    /// Relative, %.
    pub humidity: Option<f64>,
    pub raining: Option<bool>,
    /// m/s.
    pub wind_speed: Option<f64>,
    /// Where it comes from, degrees.
    pub wind_direction: Option<i32>,
}

/// Where a car stands after the flag.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Classified {
    /// None when not classified.
    pub position: Option<i32>,
    pub laps: Option<i32>,
    pub retired: bool,
    pub disqualified: bool,
    pub started: bool,
}

impl Change {
    /// Its kind, as it is stored.
    #[must_use]
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Position { .. } => "position",
            Self::Interval { .. } => "interval",
            Self::Lap { .. } => "lap",
            Self::Stint { .. } => "stint",
            Self::PitStop { .. } => "pit_stop",
            Self::RaceControl(_) => "race_control",
            Self::TrackStatus { .. } => "track_status",
            Self::Weather(_) => "weather",
            Self::Retirement { .. } => "retirement",
            Self::Classification { .. } => "classification",
        }
    }

    /// The car that it is about.
    #[must_use]
    pub fn number(&self) -> Option<i32> {
        match self {
            Self::Position { number, .. }
            | Self::Interval { number, .. }
            | Self::Lap { number, .. }
            | Self::Stint { number, .. }
            | Self::PitStop { number, .. }
            | Self::Retirement { number, .. }
            | Self::Classification { number, .. } => Some(*number),
            Self::RaceControl(message) => message.number,
            Self::TrackStatus { .. } | Self::Weather(_) => None,
        }
    }
}
