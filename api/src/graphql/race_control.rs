//! Safety cars and red flags.

use async_graphql::{Enum, Object};
use entities::race_control;

use crate::loaders::One;

/// What race control did.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(remote = "race_control::Kind")]
pub enum RaceControlKind {
    SafetyCar,
    VirtualSafetyCar,
    /// Race stopped.
    RedFlag,
}

/// What became of a race after a red flag.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(remote = "race_control::Resumption")]
pub enum Resumption {
    /// Begun anew.
    Restarted,
    /// Went on.
    Resumed,
    /// Went on over a shorter distance.
    Shortened,
    /// Ended there.
    NotResumed,
}

pub struct RaceControlPeriod(pub One<race_control::Entity>);

/// A safety car or a red flag.
#[Object(cache_control(max_age = 300))]
impl RaceControlPeriod {
    async fn kind(&self) -> RaceControlKind {
        self.0.kind.into()
    }

    /// Lap in which it began; 0 is before the start.
    async fn from_lap(&self) -> i32 {
        self.0.from_lap
    }

    /// Lap in which it ended; null at the end of the race, or where not known.
    async fn to_lap(&self) -> Option<i32> {
        self.0.to_lap
    }

    /// Whole laps run under it.
    async fn full_laps(&self) -> Option<i32> {
        self.0.full_laps
    }

    /// What happened, as published.
    async fn cause(&self) -> &str {
        &self.0.cause
    }

    /// Red flags: what became of the race, where known.
    async fn resumption(&self) -> Option<Resumption> {
        self.0.resumption.map(Resumption::from)
    }
}
