//! What the engines are told: races that were run, and the race to forecast.
//!
//! Plain typed values, handed in by the caller. Not the database rows, and not the features that
//! a learned engine makes of them.

use std::sync::Arc;

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

macro_rules! id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(
            Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
        )]
        #[serde(transparent)]
        pub struct $name(pub i32);
    };
}

id! {
    /// The database id of a race.
    RaceId
}
id! {
    /// The database id of a circuit.
    CircuitId
}
id! {
    /// The database id of a driver.
    DriverId
}
id! {
    /// The database id of a constructor. Hand in one id for a team that was only renamed, and its
    /// record carries over.
    ConstructorId
}

/// How far a race weekend has come, which decides what may be known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Stage {
    /// Before the first session.
    PreWeekend,
    /// Practice is known, the starting grid is not.
    PreQualifying,
    /// The starting grid is known.
    PostQualifying,
}

impl Stage {
    /// All stages, in the order of a weekend.
    pub const ALL: [Self; 3] = [Self::PreWeekend, Self::PreQualifying, Self::PostQualifying];

    /// Whether the starting grid may be used.
    #[must_use]
    pub fn knows_grid(self) -> bool {
        self == Self::PostQualifying
    }
}

/// How a car's race ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Outcome {
    /// Took the flag on the lead lap.
    Finished,
    /// Took the flag one or more laps down.
    Lapped,
    /// Stopped on the way; may be classified all the same after 90 % of the distance.
    Retired,
    /// Was running at the end, but too far behind to be classified.
    NotClassified,
    /// Disqualified or excluded.
    Disqualified,
    /// Did not start, did not qualify or withdrew: took no part in the race.
    DidNotStart,
}

/// One line of a race's classification.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Car {
    /// Who drove. Before 1979 a driver may appear twice in one race.
    pub driver: DriverId,
    /// For whom.
    pub constructor: ConstructorId,
    /// Starting slot, 1 is pole. `None` or `Some(0)`: from the pit lane, or not known.
    pub grid: Option<u8>,
    /// Place in the full classification, from 1, unclassified cars included. Shared cars before
    /// 1979 may repeat a place.
    pub position_order: u8,
    /// Official position, `None` when unclassified.
    pub position: Option<u8>,
    /// How it ended.
    pub outcome: Outcome,
    /// Points of the race as published, a fastest-lap point included, the sprint not.
    pub points: f64,
    /// Points of the sprint of that weekend.
    pub sprint_points: f64,
}

impl Car {
    /// Whether the car took part in the race.
    #[must_use]
    pub fn started(&self) -> bool {
        self.outcome != Outcome::DidNotStart
    }

    /// Whether the car has an official position.
    #[must_use]
    pub fn classified(&self) -> bool {
        self.position.is_some()
    }

    /// Starting slot from 1, `None` from the pit lane.
    #[must_use]
    pub fn slot(&self) -> Option<u8> {
        self.grid.filter(|slot| *slot > 0)
    }
}

/// A race that was run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PastRace {
    /// Which race.
    pub id: RaceId,
    /// Year of the championship.
    pub season: i32,
    /// Day of the race.
    pub date: NaiveDate,
    /// Where.
    pub circuit: CircuitId,
    /// The classification, in any order.
    pub cars: Vec<Car>,
}

impl PastRace {
    /// The cars that took part.
    pub fn starters(&self) -> impl Iterator<Item = &Car> {
        self.cars.iter().filter(|car| car.started())
    }

    /// The race as it stood before it was run: its starters, and at
    /// [`Stage::PostQualifying`] their starting slots.
    #[must_use]
    pub fn to_forecast(&self, stage: Stage) -> RaceToForecast {
        let entrants = self.starters().map(|car| Entrant {
            driver: car.driver,
            constructor: car.constructor,
            grid: car.grid.filter(|_| stage.knows_grid()),
        });
        RaceToForecast {
            id: self.id,
            season: self.season,
            date: self.date,
            circuit: self.circuit,
            entrants: entrants.collect(),
        }
    }

    /// Places of the starters from 1, in the order of [`Self::to_forecast`]'s entrants.
    #[must_use]
    pub fn places(&self) -> Vec<u8> {
        self.starters().map(|car| car.position_order).collect()
    }
}

/// One car of a race to forecast.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Entrant {
    /// Who drives.
    pub driver: DriverId,
    /// For whom.
    pub constructor: ConstructorId,
    /// Starting slot as in [`Car::grid`]; only read at [`Stage::PostQualifying`].
    pub grid: Option<u8>,
}

impl Entrant {
    /// Starting slot from 1, `None` from the pit lane or when not known.
    #[must_use]
    pub fn slot(&self) -> Option<u8> {
        self.grid.filter(|slot| *slot > 0)
    }
}

/// A race to forecast.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RaceToForecast {
    /// Which race.
    pub id: RaceId,
    /// Year of the championship.
    pub season: i32,
    /// Day of the race.
    pub date: NaiveDate,
    /// Where.
    pub circuit: CircuitId,
    /// Who is expected to start, in any order.
    pub entrants: Vec<Entrant>,
}

/// Races in the order in which they were run. Cheap to clone and to cut short.
#[derive(Debug, Clone)]
pub struct History {
    races: Arc<[PastRace]>,
    known: usize,
}

impl History {
    /// A history of the given races, which may come in any order.
    #[must_use]
    pub fn new(mut races: Vec<PastRace>) -> Self {
        races.sort_by_key(|race| (race.date, race.id));
        Self {
            known: races.len(),
            races: races.into(),
        }
    }

    /// The races, oldest first.
    #[must_use]
    pub fn races(&self) -> &[PastRace] {
        &self.races[..self.known]
    }

    /// The same history as it was known on the morning of `date`: races of earlier days only.
    #[must_use]
    pub fn before(&self, date: NaiveDate) -> Self {
        Self {
            races: Arc::clone(&self.races),
            known: self.races().partition_point(|race| race.date < date),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::synthetic;

    #[test]
    fn a_history_is_cut_strictly_before_a_day() {
        let history = synthetic::history(1, 12, 10);
        let sixth = history.races()[5].clone();
        let cut = history.before(sixth.date);
        assert_eq!(cut.races().len(), 5);
        assert!(cut.races().iter().all(|race| race.date < sixth.date));
    }

    #[test]
    fn the_grid_is_hidden_before_qualifying() {
        let history = synthetic::history(2, 1, 10);
        let race = &history.races()[0];
        let hidden = race.to_forecast(Stage::PreQualifying);
        assert!(hidden.entrants.iter().all(|entrant| entrant.grid.is_none()));
        let shown = race.to_forecast(Stage::PostQualifying);
        assert!(shown.entrants.iter().any(|entrant| entrant.grid.is_some()));
    }

    #[test]
    fn cars_that_did_not_start_are_no_entrants() {
        let mut race = synthetic::history(3, 1, 10).races()[0].clone();
        race.cars[4].outcome = Outcome::DidNotStart;
        assert_eq!(race.to_forecast(Stage::PreWeekend).entrants.len(), 9);
        assert_eq!(race.places().len(), 9);
    }
}
