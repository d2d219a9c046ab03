//! Cars in a race that is run or replayed, and what is told of them.

use std::sync::Arc;

use async_graphql::{Context, Object};
use chrono::{DateTime, Utc};
use domain::live::{
    board::Car,
    change::{Classified, Lap, Stop, Tyres},
    follow::Snapshot,
    record::Gap,
    setting::Starter,
};

use super::{
    constructor::Constructor, directive::ListOf, driver::Driver, lap::Compound, scalars::Duration,
};
use crate::error::Result;

pub struct LiveCar {
    pub number: i32,
    pub starter: Starter,
    pub snapshot: Arc<Snapshot>,
}

/// A car in a race that is run or replayed.
#[Object(cache_control(max_age = 1))]
impl LiveCar {
    /// Number on the car; made up for cars of old whose own is not known.
    async fn number(&self) -> i32 {
        self.number
    }

    async fn driver(&self, ctx: &Context<'_>) -> Result<Driver> {
        Driver::load(ctx, self.starter.driver_id).await
    }

    async fn constructor(&self, ctx: &Context<'_>) -> Result<Constructor> {
        Constructor::load(ctx, self.starter.constructor_id).await
    }

    /// Place on the grid; null from the pit lane, or where not known.
    async fn grid(&self) -> Option<i32> {
        self.starter.grid
    }

    /// Place on the track; in the classification, once that is known.
    async fn position(&self) -> Option<i32> {
        self.car()?.position
    }

    /// Behind the leader; null for the leader.
    async fn gap_to_leader(&self) -> Option<LiveGap> {
        self.car()?.gaps.to_leader.map(LiveGap)
    }

    /// Behind the car in front.
    async fn gap_ahead(&self) -> Option<LiveGap> {
        self.car()?.gaps.ahead.map(LiveGap)
    }

    async fn laps_completed(&self) -> i32 {
        self.car().map_or(0, Car::laps_done)
    }

    /// The last lap with a time.
    async fn last_lap(&self) -> Option<LiveLap> {
        let (number, lap) = self.car()?.last_lap()?;
        Some(LiveLap { number, lap })
    }

    /// The best lap time so far.
    async fn best_lap_time(&self) -> Option<Duration> {
        self.car()?.best_lap_ms().map(Duration)
    }

    /// Sets of tyres so far; the last is on the car.
    #[graphql(directive = ListOf::apply(3))]
    async fn stints(&self) -> Vec<LiveStint> {
        let stints = self.car().into_iter().flat_map(|car| &car.stints);
        let stint = |(number, tyres): (&i32, &Tyres)| LiveStint {
            number: *number,
            tyres: *tyres,
        };
        stints.map(stint).collect()
    }

    #[graphql(directive = ListOf::apply(3))]
    async fn pit_stops(&self) -> Vec<LivePitStop> {
        let stops = self.car().into_iter().flat_map(|car| &car.stops);
        let stop = |(lap, stop): (&i32, &Stop)| LivePitStop {
            lap: *lap,
            stop: *stop,
        };
        stops.map(stop).collect()
    }

    /// The car runs no more, or was not heard of for three laps.
    async fn out(&self) -> bool {
        self.car().is_some_and(|car| car.out)
    }

    /// Once the order after the flag is known.
    async fn classification(&self) -> Option<LiveClassification> {
        self.car()?.classified.map(LiveClassification)
    }
}

impl LiveCar {
    fn car(&self) -> Option<&Car> {
        self.snapshot.board.cars.get(&self.number)
    }
}

pub struct LiveGap(pub Gap);

/// How far apart two cars are: a time, or whole laps.
#[Object(cache_control(max_age = 1))]
impl LiveGap {
    async fn time(&self) -> Option<Duration> {
        match self.0 {
            Gap::Time(ms) => Some(Duration(ms)),
            Gap::Laps(_) => None,
        }
    }

    async fn laps(&self) -> Option<i32> {
        match self.0 {
            Gap::Laps(laps) => Some(laps),
            Gap::Time(_) => None,
        }
    }
}

pub struct LiveLap {
    pub number: i32,
    pub lap: Lap,
}

/// A lap, as far as it is known.
#[Object(cache_control(max_age = 1))]
impl LiveLap {
    /// From 1.
    async fn number(&self) -> i32 {
        self.number
    }

    async fn started_at(&self) -> Option<DateTime<Utc>> {
        self.lap.started_at
    }

    /// Null until the lap is done.
    async fn time(&self) -> Option<Duration> {
        self.lap.time_ms.map(Duration)
    }

    /// Times of the three sectors, as they become known.
    async fn sectors(&self) -> Vec<Option<Duration>> {
        let sectors = self.lap.sectors_ms.iter();
        sectors.map(|sector| sector.map(Duration)).collect()
    }

    /// The lap begins in the pit lane.
    async fn pit_out(&self) -> bool {
        self.lap.pit_out
    }
}

pub struct LiveStint {
    pub number: i32,
    pub tyres: Tyres,
}

/// Laps in a row on one set of tyres.
#[Object(cache_control(max_age = 1))]
impl LiveStint {
    /// From 1.
    async fn number(&self) -> i32 {
        self.number
    }

    async fn compound(&self) -> Compound {
        self.tyres.compound.into()
    }

    async fn first_lap(&self) -> i32 {
        self.tyres.first_lap
    }

    /// As far as is known; null while it goes on.
    async fn last_lap(&self) -> Option<i32> {
        self.tyres.last_lap
    }

    /// Laps that the set had before.
    async fn tyre_age_at_start(&self) -> Option<i32> {
        self.tyres.age_at_start
    }
}

pub struct LivePitStop {
    pub lap: i32,
    pub stop: Stop,
}

/// A visit to the pit lane.
#[Object(cache_control(max_age = 1))]
impl LivePitStop {
    /// The lap that ends in the pit lane.
    async fn lap(&self) -> i32 {
        self.lap
    }

    /// Time in the pit lane.
    async fn lane_time(&self) -> Option<Duration> {
        self.stop.lane_ms.map(Duration)
    }

    /// Time standing.
    async fn stationary_time(&self) -> Option<Duration> {
        self.stop.stationary_ms.map(Duration)
    }
}

pub struct LiveClassification(pub Classified);

/// Where a car stands after the flag.
#[Object(cache_control(max_age = 1))]
impl LiveClassification {
    /// Null when not classified.
    async fn position(&self) -> Option<i32> {
        self.0.position
    }

    /// Laps completed, where known.
    async fn laps(&self) -> Option<i32> {
        self.0.laps
    }

    /// It stopped; it may be classified all the same.
    async fn retired(&self) -> bool {
        self.0.retired
    }

    async fn disqualified(&self) -> bool {
        self.0.disqualified
    }

    async fn started(&self) -> bool {
        self.0.started
    }
}
