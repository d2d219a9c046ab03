//! What gave which points.

use std::fmt;

use serde::{Deserialize, Serialize};

/// The session in which points were won or lost.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Session {
    Qualifying,
    Sprint,
    Race,
}

impl fmt::Display for Session {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Qualifying => "qualifying",
            Self::Sprint => "sprint",
            Self::Race => "race",
        })
    }
}

/// What the points were given or taken for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Part {
    /// The place in the classification, by a table or as officially published.
    Position,
    /// Took part in qualifying and set no time.
    NoTime,
    /// Places between grid and flag, forwards.
    PlacesGained,
    /// Places between grid and flag, backwards.
    PlacesLost,
    Overtakes,
    FastestLap,
    NotClassified,
    Disqualified,
    /// The vote of the spectators; always a part of the race.
    DriverOfTheDay,
}

impl fmt::Display for Part {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Position => "position",
            Self::NoTime => "no time",
            Self::PlacesGained => "places gained",
            Self::PlacesLost => "places lost",
            Self::Overtakes => "overtakes",
            Self::FastestLap => "fastest lap",
            Self::NotClassified => "not classified",
            Self::Disqualified => "disqualified",
            Self::DriverOfTheDay => "driver of the day",
        })
    }
}

/// How much of something there was, and what it came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Worth {
    /// The position (0 for published points without one), the number of places or overtakes,
    /// and 1 for what happens once.
    pub value: i32,
    /// In hundredths, never 0.
    pub points: i32,
}

/// One entry of a breakdown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Line {
    pub session: Session,
    pub part: Part,
    pub worth: Worth,
}

/// All that moved a driver's score in one weekend, in the order of the sessions; at most one
/// line for each session and part. What is worth nothing has no line.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Breakdown {
    lines: Vec<Line>,
}

impl Breakdown {
    /// Enters what something came to, unless it came to nothing.
    pub(super) fn enter(&mut self, session: Session, part: Part, value: i32, points: i32) {
        if points != 0 {
            self.lines.push(Line {
                session,
                part,
                worth: Worth { value, points },
            });
        }
    }

    #[must_use]
    pub fn lines(&self) -> &[Line] {
        &self.lines
    }

    /// The score in hundredths: the sum of the lines.
    #[must_use]
    pub fn total(&self) -> i32 {
        self.lines.iter().map(|line| line.worth.points).sum()
    }

    /// What one part of one session came to.
    #[must_use]
    pub fn worth_of(&self, session: Session, part: Part) -> Option<Worth> {
        self.lines
            .iter()
            .find(|line| line.session == session && line.part == part)
            .map(|line| line.worth)
    }
}
