//! What is known of a race before anything is said of it: who starts with which car, and where.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// The cars of a race by number.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Setting {
    pub cars: BTreeMap<i32, Starter>,
}

/// Who drives a car.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Starter {
    pub driver_id: i32,
    pub constructor_id: i32,
    /// Place on the grid from 1, where known; a start from the pit lane has none.
    pub grid: Option<i32>,
}

impl Setting {
    /// This with what another knows; a car once known is never forgotten.
    #[must_use]
    pub fn with(mut self, newer: Self) -> Self {
        self.cars.extend(newer.cars);
        self
    }

    /// Order in which the cars stand before the start: by grid, those without a place behind.
    pub(super) fn grid(&self, number: i32) -> (i32, i32) {
        let grid = self.cars.get(&number).and_then(|starter| starter.grid);
        (grid.unwrap_or(i32::MAX), number)
    }
}
