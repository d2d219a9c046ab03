//! A season and a circuit, reduced to what the rules need.

use entities::result::Status;

/// A car in the classification of a race or sprint.
#[derive(Debug, Clone, PartialEq)]
pub struct Car {
    pub driver_id: i32,
    pub constructor_id: i32,
    /// Starting place; 0 is a start from the pit lane or none.
    pub grid: Option<i32>,
    /// Place if classified.
    pub position: Option<i32>,
    /// Order of the classification, the unclassified behind.
    pub position_order: i32,
    pub status: Status,
    /// Hundredths.
    pub points: i32,
    pub pole: bool,
    /// Own fastest lap in ms.
    pub fastest_lap_ms: Option<i32>,
}

impl Car {
    /// The starting place of a car that had one.
    #[must_use]
    pub fn slot(&self) -> Option<i32> {
        self.grid.filter(|grid| *grid > 0)
    }
}

/// A driver's best laps of the parts of qualifying.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Qualified {
    pub driver_id: i32,
    pub constructor_id: i32,
    pub position: Option<i32>,
    /// In ms; the last that is there is of the last part that the driver set a time in.
    pub parts: [Option<i32>; 3],
}

/// The classifications of a race weekend.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Weekend {
    pub race_id: i32,
    pub race: Vec<Car>,
    pub sprint: Vec<Car>,
    pub qualifying: Vec<Qualified>,
}

/// A season, weekend by weekend in order.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct SeasonRecord {
    pub weekends: Vec<Weekend>,
}

/// A race at a circuit.
#[derive(Debug, Clone, PartialEq)]
pub struct CircuitRace {
    pub race_id: i32,
    pub season: i32,
    /// Whether the safety car came out; `None` in a season of which that is not known.
    pub safety_car: Option<bool>,
    pub cars: Vec<Car>,
}

/// Whose cars are looked at, by database id.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Whose {
    Driver(i32),
    Constructor(i32),
}

impl Whose {
    /// Whether a car is one of them.
    #[must_use]
    pub fn raced(self, car: &Car) -> bool {
        self.is(car.driver_id, car.constructor_id)
    }

    /// Whether a car in qualifying is one of them.
    #[must_use]
    pub fn qualified(self, row: &Qualified) -> bool {
        self.is(row.driver_id, row.constructor_id)
    }

    fn is(self, driver_id: i32, constructor_id: i32) -> bool {
        match self {
            Self::Driver(id) => id == driver_id,
            Self::Constructor(id) => id == constructor_id,
        }
    }
}
