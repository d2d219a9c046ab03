//! What the engines are told: races that were run, and the race to forecast.
//!
//! Plain typed values, handed in by the caller. Not the database rows, and not the features that
//! a learned engine makes of them.

use std::collections::BTreeMap;
use std::sync::Arc;

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

use crate::draws::as_f64;
use crate::engine::EngineId;

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
    /// The database id of a constructor: the name a team races under.
    ConstructorId
}
id! {
    /// The organisation behind a constructor, the same through all its names, so that a team that
    /// was only renamed keeps its record.
    TeamId
}
id! {
    /// Who built a car's power unit.
    PowerUnitId
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

/// What is forecast: the order of which session.
#[derive(
    Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Target {
    /// The race.
    #[default]
    Race,
    /// Qualifying; nobody retires from it.
    Qualifying,
}

impl Target {
    /// Both.
    pub const ALL: [Self; 2] = [Self::Race, Self::Qualifying];

    /// Whether the order is still open at a stage.
    #[must_use]
    pub fn is_open_at(self, stage: Stage) -> bool {
        self == Self::Race || !stage.knows_grid()
    }
}

/// What the sessions before the race showed of a car; empty where not known.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Weekend {
    /// Best lap of each practice session in ms.
    pub practice_ms: [Option<u32>; 3],
    /// Best lap of each part of qualifying in ms; where there was one part, the first.
    pub qualifying_ms: [Option<u32>; 3],
    /// Place in qualifying, from 1.
    pub qualifying: Option<u8>,
    /// Place in the sprint, from 1.
    pub sprint: Option<u8>,
}

impl Weekend {
    /// The part of it that is known at a stage.
    #[must_use]
    pub fn known_at(self, stage: Stage) -> Self {
        match stage {
            Stage::PreWeekend => Self::default(),
            Stage::PreQualifying => Self {
                practice_ms: self.practice_ms,
                ..Self::default()
            },
            Stage::PostQualifying => self,
        }
    }
}

/// One line of a race's classification.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Car {
    /// Who drove. Before 1979 a driver may appear twice in one race.
    pub driver: DriverId,
    /// For whom.
    pub constructor: ConstructorId,
    /// The organisation behind it.
    pub team: TeamId,
    /// With whose power unit.
    pub power_unit: Option<PowerUnitId>,
    /// The sessions before the race.
    pub weekend: Weekend,
    /// Starting slot, 1 is pole. `None` or `Some(0)`: from the pit lane, or not known.
    pub grid: Option<u8>,
    /// Place in the full classification, from 1, unclassified cars included. Shared cars before
    /// 1979 may repeat a place.
    pub position_order: u8,
    /// Official position, `None` when unclassified.
    pub position: Option<u8>,
    /// How it ended.
    pub outcome: Outcome,
    /// Laps completed.
    pub laps: u16,
    /// Time of the race in ms, as far as it is told: of cars that were lapped mostly it is not.
    pub time_ms: Option<u32>,
    /// Own fastest lap of the race in ms.
    pub fastest_lap_ms: Option<u32>,
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
    /// Share of the laps that were driven on wet-weather tyres, 0 to 1.
    pub wetness: Option<f64>,
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
            team: car.team,
            power_unit: car.power_unit,
            weekend: car.weekend.known_at(stage),
            grid: car.grid.filter(|_| stage.knows_grid()),
        });
        RaceToForecast {
            id: self.id,
            season: self.season,
            date: self.date,
            circuit: self.circuit,
            wetness: None,
            entrants: entrants.collect(),
        }
    }

    /// Places of the starters in the session forecast, from 1, in the order of
    /// [`Self::to_forecast`]'s entrants; `None` for who has none.
    #[must_use]
    pub fn places(&self, target: Target) -> Vec<Option<u8>> {
        let place = |car: &Car| match target {
            Target::Race => Some(car.position_order),
            Target::Qualifying => car.weekend.qualifying,
        };
        self.starters().map(place).collect()
    }
}

/// One car of a race to forecast.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Entrant {
    /// Who drives.
    pub driver: DriverId,
    /// For whom.
    pub constructor: ConstructorId,
    /// The organisation behind it.
    pub team: TeamId,
    /// With whose power unit.
    pub power_unit: Option<PowerUnitId>,
    /// The sessions so far, as far as the stage knows them ([`Weekend::known_at`]).
    pub weekend: Weekend,
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

/// Starting slots of a field as numbers, from the pit lane behind all others, nobody behind the
/// field; of nobody where no slot is known.
pub(crate) fn starting_slots(slots: impl Iterator<Item = Option<u8>>) -> Vec<Option<f64>> {
    let slots: Vec<Option<u8>> = slots.collect();
    let field = as_f64(slots.len());
    let known = slots.iter().any(Option::is_some);
    let number = |slot: &Option<u8>| slot.map_or(field, f64::from).min(field);
    slots
        .iter()
        .map(|slot| known.then(|| number(slot)))
        .collect()
}

/// A race to forecast.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RaceToForecast {
    /// Which race.
    pub id: RaceId,
    /// Year of the championship.
    pub season: i32,
    /// Day of the race.
    pub date: NaiveDate,
    /// Where.
    pub circuit: CircuitId,
    /// Share of the laps that are expected to be driven on wet-weather tyres, 0 to 1; `None` when
    /// nothing is known of the weather.
    pub wetness: Option<f64>,
    /// Who is expected to start, in any order.
    pub entrants: Vec<Entrant>,
}

/// What engines said of past races before they were run: mean strengths in the order of
/// [`PastRace::to_forecast`]'s entrants, by race, stage, target and engine. An engine that learns
/// from others learns from these, since nothing in them was fitted to the race they are about.
pub type Log = BTreeMap<(RaceId, Stage, Target), BTreeMap<EngineId, Vec<f64>>>;

/// Races in the order in which they were run. Cheap to clone and to cut short.
#[derive(Debug, Clone)]
pub struct History {
    races: Arc<[PastRace]>,
    known: usize,
    log: Arc<Log>,
}

impl History {
    /// A history of the given races, which may come in any order.
    #[must_use]
    pub fn new(mut races: Vec<PastRace>) -> Self {
        races.sort_by_key(|race| (race.date, race.id));
        Self {
            known: races.len(),
            races: races.into(),
            log: Arc::default(),
        }
    }

    /// The same history with what engines said before its races.
    #[must_use]
    pub fn with_log(&self, log: Arc<Log>) -> Self {
        Self {
            log,
            ..self.clone()
        }
    }

    /// What an engine said of a race before it was run, as in [`Log`].
    #[must_use]
    pub fn logged(
        &self,
        race: RaceId,
        stage: Stage,
        target: Target,
        engine: EngineId,
    ) -> Option<&[f64]> {
        let said = self.log.get(&(race, stage, target))?;
        said.get(&engine).map(Vec::as_slice)
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
            known: self.races().partition_point(|race| race.date < date),
            ..self.clone()
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
        assert_eq!(race.places(Target::Race).len(), 9);
    }
}
