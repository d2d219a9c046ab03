//! Baseline after qualifying: how often each starting slot won in the twelve seasons before.
//! It knows neither drivers nor teams.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::draws::Draws;
use crate::engine::{Contribution, Engine, EngineError, EngineId, Hyperparameter, Model, Question};
use crate::history::{History, PastRace, RaceToForecast, Stage};

/// Seasons that are counted, the running one excluded.
const SEASONS: i32 = 12;
/// No slot has a lower chance before the chances are normalised.
const LOWEST: f64 = 0.001;
/// Where a start from the pit lane is counted.
const PIT_LANE: u8 = 0;

/// The engine; there is nothing to set.
#[derive(Debug, Clone, Copy)]
pub struct Grid;

impl Engine for Grid {
    fn id(&self) -> EngineId {
        EngineId::new("grid")
    }

    fn name(&self) -> &'static str {
        "Starting grid"
    }

    fn description(&self) -> &'static str {
        "Gives every starting slot the share of races it won in the twelve seasons before."
    }

    fn revision(&self) -> u32 {
        1
    }

    fn stages(&self) -> &'static [Stage] {
        &[Stage::PostQualifying]
    }

    fn is_baseline(&self) -> bool {
        true
    }

    fn bypasses_retirement(&self) -> bool {
        true
    }

    fn hyperparameters(&self) -> Vec<Hyperparameter> {
        vec![
            Hyperparameter {
                name: "seasons",
                value: f64::from(SEASONS),
                description: "seasons before the running one that are counted",
            },
            Hyperparameter {
                name: "lowest",
                value: LOWEST,
                description: "lowest chance of a slot before normalising",
            },
        ]
    }

    fn fit(&self, history: &History) -> Result<Box<dyn Model>, EngineError> {
        let mut model = GridModel::default();
        for race in history.races() {
            model.observe(race);
        }
        Ok(Box::new(model))
    }

    fn load(&self, artifact: &str) -> Result<Box<dyn Model>, EngineError> {
        Ok(Box::new(serde_json::from_str::<GridModel>(artifact)?))
    }
}

/// Starts and wins of one slot.
#[derive(Debug, Clone, Copy, Default, Serialize, Deserialize)]
struct Slot {
    starts: u32,
    wins: u32,
}

/// Starts and wins of each slot, season by season.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct GridModel {
    seasons: BTreeMap<i32, BTreeMap<u8, Slot>>,
}

impl GridModel {
    /// Chance of each slot. The twelve seasons before, as far as the history reaches back; when
    /// it has none of them, the running season so far; when it has nothing, all slots are alike.
    fn chances(&self, season: i32) -> BTreeMap<u8, f64> {
        let mut counted = self.seasons.range(season - SEASONS..season).peekable();
        if counted.peek().is_none() {
            counted = self.seasons.range(season..=season).peekable();
        }
        let mut slots: BTreeMap<u8, Slot> = BTreeMap::new();
        for (number, slot) in counted.flat_map(|(_, slots)| slots) {
            let sum = slots.entry(*number).or_default();
            sum.starts += slot.starts;
            sum.wins += slot.wins;
        }
        let share = |slot: Slot| f64::from(slot.wins) / f64::from(slot.starts);
        let chances = slots
            .into_iter()
            .map(|(number, slot)| (number, share(slot)));
        chances.collect()
    }

    /// Logarithm of each entrant's chance to win.
    fn logarithms(&self, race: &RaceToForecast) -> Vec<f64> {
        let chances = self.chances(race.season);
        let chance = |slot: u8| chances.get(&slot).copied().unwrap_or(0.0).max(LOWEST);
        let chances = race
            .entrants
            .iter()
            .map(|e| chance(e.slot().unwrap_or(PIT_LANE)));
        let chances: Vec<f64> = chances.collect();
        let total: f64 = chances.iter().sum();
        chances.iter().map(|chance| (chance / total).ln()).collect()
    }
}

impl Model for GridModel {
    fn observe(&mut self, race: &PastRace) {
        let first = race.starters().map(|car| car.position_order).min();
        let slots = self.seasons.entry(race.season).or_default();
        for car in race.starters() {
            let slot = slots.entry(car.slot().unwrap_or(PIT_LANE)).or_default();
            slot.starts += 1;
            slot.wins += u32::from(Some(car.position_order) == first);
        }
        self.seasons = self.seasons.split_off(&(race.season - SEASONS));
    }

    fn strengths(&self, question: &Question<'_>) -> Result<Draws, EngineError> {
        Ok(Draws::certain(self.logarithms(question.race)))
    }

    fn explain(&self, question: &Question<'_>) -> Result<Vec<Vec<Contribution>>, EngineError> {
        let logarithms = self.logarithms(question.race).into_iter();
        let feature = "grid_slot";
        Ok(logarithms
            .map(|value| vec![Contribution { feature, value }])
            .collect())
    }

    fn save(&self) -> Result<String, EngineError> {
        Ok(serde_json::to_string(self)?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::forecast::forecast;
    use crate::retirement::Retirement;
    use crate::synthetic;

    #[test]
    fn the_chances_to_win_are_the_clipped_frequencies() {
        let history = synthetic::history(41, 60, 6);
        let mut model = GridModel::default();
        for race in history.races() {
            model.observe(race);
        }
        let mut race = history.races()[59].to_forecast(Stage::PostQualifying);
        race.season += 1;
        let mut wins = BTreeMap::new();
        for past in history.races() {
            let winner = past
                .cars
                .iter()
                .min_by_key(|car| car.position_order)
                .unwrap();
            *wins.entry(winner.slot().unwrap_or(0)).or_insert(0.0) += 1.0 / 60.0;
        }
        let chances: Vec<f64> = race
            .entrants
            .iter()
            .map(|entrant| {
                wins.get(&entrant.slot().unwrap())
                    .copied()
                    .unwrap_or(0.0_f64)
                    .max(0.001)
            })
            .collect();
        let total: f64 = chances.iter().sum();
        let retirement = Retirement::fit(&history);
        let question = Question::new(&race, Stage::PostQualifying, crate::Target::Race);
        let forecast = forecast(&Grid, &model, &retirement, &question).unwrap();
        for (entrant, chance) in forecast.entrants.iter().zip(chances) {
            assert!((entrant.win - chance / total).abs() < 1e-9);
        }
    }

    #[test]
    fn the_running_season_counts_only_when_there_is_no_other() {
        let history = synthetic::history(42, 40, 8);
        let mut model = GridModel::default();
        for race in &history.races()[..25] {
            model.observe(race);
        }
        let early = model.chances(2001);
        for race in &history.races()[25..] {
            model.observe(race);
        }
        assert_eq!(early, model.chances(2001));
        assert!(!model.chances(2000).is_empty());
    }

    #[test]
    fn without_history_all_slots_are_alike() {
        let race = synthetic::history(43, 1, 8).races()[0].to_forecast(Stage::PostQualifying);
        let logarithms = GridModel::default().logarithms(&race);
        assert!(
            logarithms
                .iter()
                .all(|value| (value + 8.0_f64.ln()).abs() < 1e-12)
        );
    }
}
