//! The chance not to be classified, shared by all engines: the recent record of driver and
//! constructor, shrunk to that of the whole field, and where the car starts, or usually starts: who
//! is in front gets into less trouble, and his car is the better one. It says nothing about who wins.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::draws::as_f64;
use crate::engine::EngineError;
use crate::history::{
    Car, DriverId, Entrant, History, PastRace, RaceToForecast, TeamId, starting_slots,
};

/// Weight of a start after one more start of the same driver, of the same constructor's cars, or
/// of a race for the whole field. These and the next were chosen by the log-loss of retirements
/// over 2000 to 2017, walk-forward.
const DRIVER_MEMORY: f64 = 0.95;
const CONSTRUCTOR_MEMORY: f64 = 0.95;
const FIELD_MEMORY: f64 = 0.95;
/// Starts at the field's rate that are added to each record.
const DRIVER_SHRINKAGE: f64 = 60.0;
const CONSTRUCTOR_SHRINKAGE: f64 = 30.0;
/// What is assumed before any race: one car in five, worth this many starts.
const PRIOR_RATE: f64 = 0.2;
const PRIOR_STARTS: f64 = 20.0;
/// What the logarithm of the starting slot adds to the log-odds, chosen as the above; 0.2 to 0.35
/// are alike, with the slot known and with the usual one, and so it is over 1975 to 2005.
const SLOT_WORTH: f64 = 0.25;
/// Starts from the middle of the team's that are added to a driver's own.
const SLOT_SHRINKAGE: f64 = 4.0;
/// Logarithm of the slot of who was never seen: the fifteenth.
const PRIOR_SLOT: f64 = 2.7;
/// No car is sure to finish or to stop.
const LOWEST: f64 = 0.01;
const HIGHEST: f64 = 0.8;

/// Starts, failures to be classified and logarithms of the starting slots, older ones fading.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
struct Record {
    starts: f64,
    stops: f64,
    slots: f64,
}

impl Record {
    fn fade(&mut self, memory: f64) {
        self.starts *= memory;
        self.stops *= memory;
        self.slots *= memory;
    }

    fn add(&mut self, classified: bool, slot: f64) {
        self.starts += 1.0;
        if !classified {
            self.stops += 1.0;
        }
        self.slots += slot;
    }

    /// The usual slot, drawn to another.
    fn slot(self, prior: f64, shrinkage: f64) -> f64 {
        (self.slots + shrinkage * prior) / (self.starts + shrinkage)
    }

    /// How far this record lies from the rate of the field.
    fn excess(self, field: f64, shrinkage: f64) -> f64 {
        (self.stops + shrinkage * field) / (self.starts + shrinkage) - field
    }
}

/// What is known about retirements after some races.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Retirement {
    field: Record,
    drivers: BTreeMap<DriverId, Record>,
    teams: BTreeMap<TeamId, Record>,
}

impl Retirement {
    /// Learns from races that were run.
    #[must_use]
    pub fn fit(history: &History) -> Self {
        let mut retirement = Self::default();
        for race in history.races() {
            retirement.observe(race);
        }
        retirement
    }

    /// Takes in the next race.
    pub fn observe(&mut self, race: &PastRace) {
        self.field.fade(FIELD_MEMORY);
        let slots = starting_slots(race.starters().map(Car::slot));
        for (car, slot) in race.starters().zip(slots) {
            let slot = slot.map_or(PRIOR_SLOT, f64::ln);
            let driver = self.drivers.entry(car.driver).or_default();
            driver.fade(DRIVER_MEMORY);
            driver.add(car.classified(), slot);
            let constructor = self.teams.entry(car.team).or_default();
            constructor.fade(CONSTRUCTOR_MEMORY);
            constructor.add(car.classified(), slot);
            self.field.add(car.classified(), slot);
        }
    }

    /// Chance of each entrant to start and not be classified, in their order.
    #[must_use]
    pub fn chances(&self, race: &RaceToForecast) -> Vec<f64> {
        let field =
            (self.field.stops + PRIOR_RATE * PRIOR_STARTS) / (self.field.starts + PRIOR_STARTS);
        let records = race.entrants.iter().map(|entrant| {
            let driver = self.drivers.get(&entrant.driver).copied();
            let team = self.teams.get(&entrant.team).copied();
            (driver.unwrap_or_default(), team.unwrap_or_default())
        });
        let records: Vec<(Record, Record)> = records.collect();
        let known = starting_slots(race.entrants.iter().map(Entrant::slot));
        let usual = |(driver, team): &(Record, Record)| {
            let of_team = team.slot(PRIOR_SLOT, 1.0);
            driver.slot(of_team, SLOT_SHRINKAGE)
        };
        let slots = known.iter().zip(&records);
        let slots = slots.map(|(known, records)| known.map_or_else(|| usual(records), f64::ln));
        let slots: Vec<f64> = slots.collect();
        // Added up by size, so that the order of the entrants does not show in the last digit.
        let mut by_size = slots.clone();
        by_size.sort_by(f64::total_cmp);
        let middle = by_size.iter().sum::<f64>() / as_f64(slots.len().max(1));
        let chance = |((driver, team), slot): (&(Record, Record), &f64)| {
            let driver = driver.excess(field, DRIVER_SHRINKAGE);
            let team = team.excess(field, CONSTRUCTOR_SHRINKAGE);
            let chance = (field + driver + team).clamp(LOWEST, HIGHEST);
            let odds = chance / (1.0 - chance) * (SLOT_WORTH * (slot - middle)).exp();
            (odds / (1.0 + odds)).clamp(LOWEST, HIGHEST)
        };
        records.iter().zip(&slots).map(chance).collect()
    }

    /// As JSON.
    ///
    /// # Errors
    /// [`EngineError::Artifact`].
    pub fn save(&self) -> Result<String, EngineError> {
        Ok(serde_json::to_string(self)?)
    }

    /// Reads back what [`Self::save`] wrote.
    ///
    /// # Errors
    /// [`EngineError::Artifact`].
    pub fn load(artifact: &str) -> Result<Self, EngineError> {
        Ok(serde_json::from_str(artifact)?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::history::{Outcome, Stage};
    use crate::synthetic;

    #[test]
    fn who_stops_often_is_expected_to_stop_more() {
        let history = synthetic::history(21, 30, 10);
        let mut races = history.races().to_vec();
        for race in &mut races {
            for car in &mut race.cars {
                let stops = car.driver == DriverId(0);
                car.position = (!stops).then_some(car.position_order);
                car.outcome = if stops {
                    Outcome::Retired
                } else {
                    Outcome::Finished
                };
            }
        }
        let question = races[0].to_forecast(Stage::PreWeekend);
        let chances = Retirement::fit(&History::new(races)).chances(&question);
        let of = |driver| {
            let index = question
                .entrants
                .iter()
                .position(|e| e.driver == DriverId(driver));
            chances[index.unwrap()]
        };
        assert!(
            of(0) > of(1) && of(1) > of(2),
            "the team mate shares the car's record"
        );
        assert!(of(0) > 3.0 * of(2), "{chances:?}");
    }

    #[test]
    fn who_starts_in_front_stops_less_often_and_all_together_as_often() {
        let mut race = synthetic::history(24, 1, 20).races()[0].to_forecast(Stage::PostQualifying);
        for (entrant, slot) in race.entrants.iter_mut().zip(1..) {
            entrant.grid = Some(slot);
        }
        let without_history = Retirement::default();
        let chances = without_history.chances(&race);
        assert!(chances.is_sorted(), "{chances:?}");
        assert!(chances[0] < 0.14 && chances[19] > 0.22, "{chances:?}");
        let sum: f64 = chances.iter().sum();
        assert!((sum / 20.0 - PRIOR_RATE).abs() < 0.01, "{sum}");
        // From the pit lane is behind all others, not before the first.
        race.entrants[0].grid = None;
        let chances = without_history.chances(&race);
        assert!((chances[0] - chances[19]).abs() < 1e-12, "{chances:?}");
    }

    #[test]
    fn before_the_grid_is_known_it_goes_by_where_a_driver_usually_starts() {
        let mut races = synthetic::history(25, 30, 20).races().to_vec();
        for (number, race) in races.iter_mut().enumerate() {
            let classified = number % 5 > 0;
            for car in &mut race.cars {
                car.grid = u8::try_from(car.driver.0 + 1).ok();
                car.position = classified.then_some(car.position_order);
                car.outcome = if classified {
                    Outcome::Finished
                } else {
                    Outcome::Retired
                };
            }
        }
        let mut question = races[0].to_forecast(Stage::PreQualifying);
        question.entrants.sort_by_key(|entrant| entrant.driver.0);
        let chances = Retirement::fit(&History::new(races)).chances(&question);
        assert!(chances.is_sorted(), "{chances:?}");
        assert!(chances[0] < 0.7 * chances[10], "{chances:?}");
    }

    #[test]
    fn without_any_history_one_car_in_five_stops() {
        let race = synthetic::history(22, 1, 8).races()[0].to_forecast(Stage::PreWeekend);
        for chance in Retirement::default().chances(&race) {
            assert!((chance - PRIOR_RATE).abs() < 1e-12);
        }
    }

    #[test]
    fn it_is_read_back_as_written() {
        let retirement = Retirement::fit(&synthetic::history(23, 30, 10));
        let back = Retirement::load(&retirement.save().unwrap()).unwrap();
        assert_eq!(back, retirement);
    }
}
