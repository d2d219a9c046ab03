//! Laps and stints.

use async_graphql::{Enum, Object};
use entities::{lap, stint};

use super::scalars::Duration;
use crate::loaders::One;

/// Tyre compounds; the last four names were used in 2018 only.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(remote = "lap::Compound")]
pub enum Compound {
    Soft,
    Medium,
    Hard,
    Intermediate,
    Wet,
    Hypersoft,
    Ultrasoft,
    Supersoft,
    Superhard,
    /// The source does not say.
    Unknown,
}

pub struct Lap(pub One<lap::Entity>);

/// One lap of one car.
#[Object(cache_control(max_age = 300))]
impl Lap {
    /// From 1.
    async fn number(&self) -> i32 {
        self.0.lap
    }

    /// Order at the end of the lap.
    async fn position(&self) -> Option<i32> {
        self.0.position
    }

    async fn time(&self) -> Option<Duration> {
        self.0.time_ms.map(Duration)
    }

    /// Stint number from 1.
    async fn stint(&self) -> Option<i32> {
        self.0.stint
    }

    async fn compound(&self) -> Option<Compound> {
        self.0.compound.map(Compound::from)
    }

    /// Laps on the set, this one included.
    async fn tyre_age(&self) -> Option<i32> {
        self.0.tyre_age
    }

    /// Codes met during the lap: 1 clear, 2 yellow, 4 safety car, 5 red, 6 virtual safety
    /// car, 7 virtual safety car ending.
    async fn track_status(&self) -> Option<&str> {
        self.0.track_status.as_deref()
    }

    /// Timing is consistent and this is no in or out lap: fit to judge pace by.
    async fn accurate(&self) -> Option<bool> {
        self.0.is_accurate
    }

    /// The lap ends in the pit lane.
    async fn pit_in(&self) -> bool {
        self.0.pit_in
    }

    /// The lap begins in the pit lane.
    async fn pit_out(&self) -> bool {
        self.0.pit_out
    }

    /// From lights-out to the end of the lap.
    async fn race_time(&self) -> Option<Duration> {
        self.0.end_ms.map(Duration)
    }

    /// Times of the three sectors, where known.
    async fn sectors(&self) -> Vec<Option<Duration>> {
        let sectors = [self.0.sector1_ms, self.0.sector2_ms, self.0.sector3_ms];
        if sectors.iter().all(Option::is_none) {
            return Vec::new();
        }
        sectors.into_iter().map(|time| time.map(Duration)).collect()
    }
}

pub struct Stint(pub One<stint::Entity>);

/// Laps in a row on one set of tyres.
#[Object(cache_control(max_age = 300))]
impl Stint {
    /// From 1.
    async fn number(&self) -> i32 {
        self.0.stint
    }

    async fn compound(&self) -> Compound {
        self.0.compound.into()
    }

    /// The maker's name behind the compound, `C3`.
    async fn compound_name(&self) -> Option<&str> {
        self.0.compound_name.as_deref()
    }

    async fn first_lap(&self) -> i32 {
        self.0.first_lap
    }

    async fn last_lap(&self) -> i32 {
        self.0.last_lap
    }

    /// Laps the set had before the stint.
    async fn tyre_age_at_start(&self) -> Option<i32> {
        self.0.tyre_age_at_start
    }

    /// A new set.
    async fn fresh(&self) -> Option<bool> {
        self.0.is_fresh
    }
}
