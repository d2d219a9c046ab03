//! What was said so far, cleaned: one fact for each thing that can be known. Facts are joined so
//! that neither the order of statements nor their repetition matters.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use entities::lap::Compound;
use sea_orm::ActiveEnum;
use sha2::{Digest, Sha256};

use super::record::{Gap, Record, Said};

/// Laps that no race has.
const TOO_MANY_LAPS: i32 = 250;

/// A lap, a stop or a gap that takes longer is an error of the feed, or a race that stands: ms.
const TOO_LONG: i32 = 4 * 3_600_000;

/// Names what a fact is about.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Key {
    Position(i32),
    Interval(i32),
    /// Car and lap.
    Lap(i32, i32),
    /// Car and stint.
    Stint(i32, i32),
    /// Car and lap.
    PitStop(i32, i32),
    /// Time and digest of the message.
    RaceControl(DateTime<Utc>, String),
    Weather,
    Classification(i32),
}

impl Key {
    /// What a statement is about.
    #[must_use]
    pub fn of(record: &Record) -> Self {
        match &record.said {
            Said::Position { number, .. } => Self::Position(*number),
            Said::Interval { number, .. } => Self::Interval(*number),
            Said::Lap { number, lap, .. } => Self::Lap(*number, *lap),
            Said::Stint { number, stint, .. } => Self::Stint(*number, *stint),
            Said::PitStop { number, lap, .. } => Self::PitStop(*number, *lap),
            Said::RaceControl { .. } => Self::RaceControl(record.at, digest(&record.said)),
            Said::Weather { .. } => Self::Weather,
            Said::Classification { number, .. } => Self::Classification(*number),
        }
    }

    /// As it is stored.
    #[must_use]
    pub fn text(&self) -> String {
        match self {
            Self::Position(number) => format!("position/{number}"),
            Self::Interval(number) => format!("interval/{number}"),
            Self::Lap(number, lap) => format!("lap/{number}/{lap}"),
            Self::Stint(number, stint) => format!("stint/{number}/{stint}"),
            Self::PitStop(number, lap) => format!("pit_stop/{number}/{lap}"),
            Self::RaceControl(at, digest) => {
                format!("race_control/{}/{digest}", at.timestamp_millis())
            }
            Self::Weather => "weather".to_owned(),
            Self::Classification(number) => format!("classification/{number}"),
        }
    }

    /// The car that it is about.
    #[must_use]
    pub fn number(&self) -> Option<i32> {
        match self {
            Self::Position(number)
            | Self::Interval(number)
            | Self::Lap(number, _)
            | Self::Stint(number, _)
            | Self::PitStop(number, _)
            | Self::Classification(number) => Some(*number),
            Self::RaceControl(..) | Self::Weather => None,
        }
    }
}

fn digest(said: &Said) -> String {
    hex::encode(&Sha256::digest(text(said))[..8])
}

/// All facts of a race.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Facts(BTreeMap<Key, Record>);

impl Facts {
    /// Takes a statement in; names the fact if that has changed one.
    pub fn learn(&mut self, record: Record) -> Option<Key> {
        let key = Key::of(&record);
        let joined = match self.0.get(&key) {
            Some(known) => join(known.clone(), record),
            None => record,
        };
        if self.0.get(&key) == Some(&joined) {
            return None;
        }
        self.0.insert(key.clone(), joined);
        Some(key)
    }

    #[must_use]
    pub fn get(&self, key: &Key) -> Option<&Record> {
        self.0.get(key)
    }

    /// Facts from one key to another, both included.
    #[must_use]
    pub fn between(&self, from: Key, to: Key) -> impl DoubleEndedIterator<Item = &Record> {
        self.0.range(from..=to).map(|(_, record)| record)
    }

    /// The messages of race control in order of time.
    pub fn messages(&self) -> impl Iterator<Item = &Record> {
        let first = Key::RaceControl(DateTime::<Utc>::MIN_UTC, String::new());
        self.0
            .range(first..)
            .map(|(_, record)| record)
            .take_while(|record| matches!(record.said, Said::RaceControl { .. }))
    }

    /// The latest time in all of them.
    #[must_use]
    pub fn latest(&self) -> Option<DateTime<Utc>> {
        self.0.values().map(|record| record.at).max()
    }

    /// All keys.
    pub fn keys(&self) -> impl Iterator<Item = &Key> {
        self.0.keys()
    }
}

/// A statement without what cannot be; none when nothing is left of it.
#[must_use]
pub fn plausible(mut record: Record) -> Option<Record> {
    let lap_is = |lap: i32| (1..=TOO_MANY_LAPS).contains(&lap);
    let time = |time: Option<i32>| time.filter(|ms| (1..=TOO_LONG).contains(ms));
    let gap = |gap: Option<Gap>| {
        gap.filter(|gap| match gap {
            Gap::Time(ms) => (0..=TOO_LONG).contains(ms),
            Gap::Laps(laps) => lap_is(*laps),
        })
    };
    match &mut record.said {
        Said::Position { position, .. } if !(1..=200).contains(position) => return None,
        Said::Position { .. } | Said::RaceControl { .. } => {}
        Said::Interval {
            to_leader, ahead, ..
        } => {
            *to_leader = gap(*to_leader);
            *ahead = gap(*ahead);
        }
        Said::Lap {
            lap,
            sectors_ms,
            time_ms,
            ..
        } => {
            *time_ms = time(*time_ms);
            *sectors_ms = sectors_ms.map(time);
            return lap_is(*lap).then_some(record);
        }
        Said::Stint {
            stint,
            first_lap,
            last_lap,
            tyre_age_at_start,
            ..
        } => {
            *last_lap = last_lap.filter(|last| lap_is(*last) && last >= first_lap);
            *tyre_age_at_start = tyre_age_at_start.filter(|age| (0..=TOO_MANY_LAPS).contains(age));
            return (*stint >= 1 && lap_is(*first_lap)).then_some(record);
        }
        Said::PitStop {
            lap,
            lane_ms,
            stationary_ms,
            ..
        } => {
            *lane_ms = time(*lane_ms);
            *stationary_ms = time(*stationary_ms);
            return lap_is(*lap).then_some(record);
        }
        Said::Weather {
            air_celsius,
            track_celsius,
            humidity,
            wind_speed,
            wind_direction,
            ..
        } => {
            // Two decimals: what is stored is read as it was.
            let within = |value: Option<f64>, low, high| {
                let value = value.map(|value| (value * 100.0).round() / 100.0);
                value.filter(|value| (low..=high).contains(value))
            };
            *air_celsius = within(*air_celsius, -40.0, 70.0);
            *track_celsius = within(*track_celsius, -40.0, 100.0);
            *humidity = within(*humidity, 0.0, 100.0);
            *wind_speed = within(*wind_speed, 0.0, 100.0);
            *wind_direction = wind_direction.filter(|degrees| (0..=360).contains(degrees));
        }
        Said::Classification { position, laps, .. } => {
            *position = position.filter(|position| (1..=200).contains(position));
            *laps = laps.filter(|laps| (0..=TOO_MANY_LAPS).contains(laps));
        }
    }
    Some(record)
}

/// Two statements about the same: the later one counts, and of equally late ones that of a lap,
/// a stint or a stop which says more. Where both say something else of the same time the larger
/// value stands, so that the order in which they come decides nothing.
fn join(a: Record, b: Record) -> Record {
    let at = a.at.max(b.at);
    let said = match (a.said, b.said) {
        (
            Said::Lap {
                number,
                lap,
                started_at,
                sectors_ms: [a1, a2, a3],
                time_ms,
                pit_out,
            },
            Said::Lap {
                started_at: other_start,
                sectors_ms: [b1, b2, b3],
                time_ms: other_time,
                pit_out: other_out,
                ..
            },
        ) => Said::Lap {
            number,
            lap,
            started_at: started_at.max(other_start),
            sectors_ms: [a1.max(b1), a2.max(b2), a3.max(b3)],
            time_ms: time_ms.max(other_time),
            pit_out: pit_out || other_out,
        },
        (
            Said::Stint {
                number,
                stint,
                compound,
                first_lap,
                last_lap,
                tyre_age_at_start,
            },
            Said::Stint {
                compound: other,
                first_lap: other_first,
                last_lap: other_last,
                tyre_age_at_start: other_age,
                ..
            },
        ) => Said::Stint {
            number,
            stint,
            compound: known(compound, other),
            first_lap: first_lap.max(other_first),
            last_lap: last_lap.max(other_last),
            tyre_age_at_start: tyre_age_at_start.max(other_age),
        },
        (
            Said::PitStop {
                number,
                lap,
                lane_ms,
                stationary_ms,
            },
            Said::PitStop {
                lane_ms: other_lane,
                stationary_ms: other_standing,
                ..
            },
        ) => Said::PitStop {
            number,
            lap,
            lane_ms: lane_ms.max(other_lane),
            stationary_ms: stationary_ms.max(other_standing),
        },
        (one, other) => {
            let order = a.at.cmp(&b.at);
            // Writing them down is left to those said at the same time.
            let order = order.then_with(|| text(&one).cmp(&text(&other)));
            if order.is_ge() { one } else { other }
        }
    };
    Record { at, said }
}

fn known(a: Compound, b: Compound) -> Compound {
    match (a, b) {
        (Compound::Unknown, known) | (known, Compound::Unknown) => known,
        (a, b) if a.to_value() >= b.to_value() => a,
        (_, b) => b,
    }
}

fn text(said: &Said) -> String {
    serde_json::to_string(said).unwrap_or_default()
}
