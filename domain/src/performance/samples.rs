//! Made-up cars for tests.

use entities::result::Status;

use super::record::{Car, Qualified, SeasonRecord, Weekend};

pub fn car(driver_id: i32, constructor_id: i32, position: Option<i32>) -> Car {
    Car {
        driver_id,
        constructor_id,
        grid: None,
        position,
        position_order: position.unwrap_or(20),
        status: if position.is_some() {
            Status::Finished
        } else {
            Status::Retired
        },
        points: 0,
        pole: false,
        fastest_lap_ms: None,
    }
}

pub fn qualified(
    driver_id: i32,
    constructor_id: i32,
    position: i32,
    parts: [Option<i32>; 3],
) -> Qualified {
    Qualified {
        driver_id,
        constructor_id,
        position: Some(position),
        parts,
    }
}

pub fn weekend(race: Vec<Car>) -> Weekend {
    Weekend {
        race,
        ..Weekend::default()
    }
}

pub fn season(weekends: impl IntoIterator<Item = Weekend>) -> SeasonRecord {
    SeasonRecord {
        weekends: weekends.into_iter().collect(),
    }
}
