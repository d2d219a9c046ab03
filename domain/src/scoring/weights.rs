//! How much everything is worth, in hundredths of a point.
//!
//! A weight that is left out is worth nothing, so that a league states only what it plays
//! with, and rulesets stored before a weight was invented keep their meaning.

use std::borrow::Cow;
use std::ops::RangeInclusive;

use serde::{Deserialize, Serialize};

use super::breakdown::{Part, Session};

/// The most that one thing can give or take: 100 points. A season of such weights still adds
/// up within 32 bits.
pub const MOST: i32 = 10_000;
/// The longest table of positions: more cars than ever start.
pub const LONGEST_TABLE: usize = 30;
/// The seasons that a ruleset may name.
pub const SEASONS: RangeInclusive<i32> = 1950..=2100;

/// Points by position in hundredths, the first place first; 0 beyond the end.
pub type Table = Cow<'static, [i32]>;

/// What a place in a sprint or race is worth.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Finish {
    #[default]
    Nothing,
    /// The official points as published. Those of the race contain any point for the fastest
    /// lap, reduced distances and double points.
    Published,
    /// By this table, over whatever distance. Classified cars only.
    Table(Table),
}

/// What qualifying is worth.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct QualifyingWeights {
    pub positions: Table,
    /// For taking part without setting a time; 0 or less.
    pub no_time: i32,
}

/// What a sprint or a race is worth.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct SessionWeights {
    pub finish: Finish,
    /// For each place between grid and flag; 0 or more.
    pub place_gained: i32,
    /// For each place between grid and flag; 0 or less.
    pub place_lost: i32,
    /// For each overtake; 0 or more. Where overtakes are not known they count for nothing.
    pub overtake: i32,
    /// 0 or more, and on top of what `finish` gives.
    pub fastest_lap: i32,
    /// 0 or less.
    pub not_classified: i32,
    /// 0 or less.
    pub disqualified: i32,
}

/// All weights of a ruleset.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Weights {
    pub qualifying: QualifyingWeights,
    pub sprint: SessionWeights,
    pub race: SessionWeights,
    /// 0 or more.
    pub driver_of_the_day: i32,
}

/// Why a ruleset is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RulesetError {
    /// Versions count from 1.
    #[error("version {0} is below 1")]
    Version(i32),
    /// Seasons in the wrong order or out of [`SEASONS`].
    #[error("seasons {first} to {last} are none between {} and {}", SEASONS.start(), SEASONS.end())]
    Seasons { first: i32, last: i32 },
    /// A weight is too large, or has the wrong sign: a penalty that rewards. Hundredths.
    #[error("{part} ({session}) is {value} hundredths, not within {least} to {most}")]
    OutOfRange {
        session: Session,
        part: Part,
        value: i32,
        least: i32,
        most: i32,
    },
    /// A table has more than [`LONGEST_TABLE`] places.
    #[error("{part} ({session}) has a table of {length} places, more than {LONGEST_TABLE}")]
    TableTooLong {
        session: Session,
        part: Part,
        length: usize,
    },
    /// The published points of this season contain the fastest lap, which a weight of its own
    /// would count again.
    #[error("the official points of {season} already contain the fastest lap")]
    FastestLapTwice { season: i32 },
}

impl Weights {
    /// # Errors
    /// When a weight is out of its range or a table is too long.
    pub(super) fn check(&self) -> Result<(), RulesetError> {
        // Taken apart, so that a weight without bounds does not compile.
        let Self {
            qualifying: QualifyingWeights { positions, no_time },
            sprint,
            race,
            driver_of_the_day,
        } = self;
        check_table(Session::Qualifying, positions)?;
        check_penalty(Session::Qualifying, Part::NoTime, *no_time)?;
        check_session(Session::Sprint, sprint)?;
        check_session(Session::Race, race)?;
        check_reward(Session::Race, Part::DriverOfTheDay, *driver_of_the_day)
    }
}

fn check_session(session: Session, weights: &SessionWeights) -> Result<(), RulesetError> {
    let SessionWeights {
        finish,
        place_gained,
        place_lost,
        overtake,
        fastest_lap,
        not_classified,
        disqualified,
    } = weights;
    if let Finish::Table(table) = finish {
        check_table(session, table)?;
    }
    check_reward(session, Part::PlacesGained, *place_gained)?;
    check_penalty(session, Part::PlacesLost, *place_lost)?;
    check_reward(session, Part::Overtakes, *overtake)?;
    check_reward(session, Part::FastestLap, *fastest_lap)?;
    check_penalty(session, Part::NotClassified, *not_classified)?;
    check_penalty(session, Part::Disqualified, *disqualified)
}

fn check_table(session: Session, table: &[i32]) -> Result<(), RulesetError> {
    let part = Part::Position;
    if table.len() > LONGEST_TABLE {
        return Err(RulesetError::TableTooLong {
            session,
            part,
            length: table.len(),
        });
    }
    table
        .iter()
        .try_for_each(|value| check_range(session, part, *value, -MOST..=MOST))
}

fn check_reward(session: Session, part: Part, value: i32) -> Result<(), RulesetError> {
    check_range(session, part, value, 0..=MOST)
}

fn check_penalty(session: Session, part: Part, value: i32) -> Result<(), RulesetError> {
    check_range(session, part, value, -MOST..=0)
}

fn check_range(
    session: Session,
    part: Part,
    value: i32,
    range: RangeInclusive<i32>,
) -> Result<(), RulesetError> {
    if range.contains(&value) {
        return Ok(());
    }
    Err(RulesetError::OutOfRange {
        session,
        part,
        value,
        least: *range.start(),
        most: *range.end(),
    })
}
