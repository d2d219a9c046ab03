//! The pole-sitter wins: most of the chance goes to the first car on the grid, as much as the
//! record of pole-sitters says; the others share the rest alike.
//!
//! It is not one of Pitwall's engines: `tests/plugin/run` adds it to a copy of the repository, to
//! show that an engine is one file and its registration.

use serde::{Deserialize, Serialize};

use crate::draws::{Draws, as_f64, normal_deviates};
use crate::engine::{Contribution, Engine, EngineError, EngineId, Hyperparameter, Model, Question};
use crate::history::{History, PastRace, Stage};

/// Draws of the strengths.
const DRAWS: usize = 16;
/// What is assumed before any race: so many poles, of which half were won.
const PRIOR_POLES: f64 = 10.0;

/// The engine.
#[derive(Debug, Clone, Copy)]
pub struct PoleSitter {
    /// Share of a pole that still counts one race later.
    pub memory: f64,
}

impl Default for PoleSitter {
    fn default() -> Self {
        Self { memory: 0.99 }
    }
}

impl Engine for PoleSitter {
    fn id(&self) -> EngineId {
        EngineId::new("pole_sitter")
    }

    fn name(&self) -> &'static str {
        "Pole-sitter"
    }

    fn description(&self) -> &'static str {
        "Gives the first car on the grid the share of races that pole-sitters have won lately."
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
        vec![Hyperparameter {
            name: "memory",
            value: self.memory,
            description: "share of a pole that still counts one race later",
        }]
    }

    fn fit(&self, history: &History) -> Result<Box<dyn Model>, EngineError> {
        let mut model = PoleSitterModel {
            memory: self.memory,
            poles: PRIOR_POLES,
            poles_won: PRIOR_POLES / 2.0,
        };
        for race in history.races() {
            model.observe(race);
        }
        Ok(Box::new(model))
    }

    fn load(&self, artifact: &str) -> Result<Box<dyn Model>, EngineError> {
        Ok(Box::new(serde_json::from_str::<PoleSitterModel>(artifact)?))
    }
}

/// The record of pole-sitters, older races fading.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct PoleSitterModel {
    memory: f64,
    poles: f64,
    poles_won: f64,
}

impl PoleSitterModel {
    /// Share of poles that were won: the one number that is learned.
    fn share(&self) -> f64 {
        ((self.poles_won + 1.0) / (self.poles + 2.0)).clamp(0.01, 0.99)
    }

    /// What pole adds to a strength, so that the chance to win among `cars` is the share.
    fn worth(&self, cars: usize) -> f64 {
        let odds = self.share() / (1.0 - self.share());
        (odds * as_f64(cars.saturating_sub(1).max(1))).ln()
    }

    /// For each entrant what pole adds.
    fn worths(&self, question: &Question<'_>) -> Vec<f64> {
        let entrants = &question.race.entrants;
        let worth = self.worth(entrants.len());
        let of = |slot| if slot == Some(1) { worth } else { 0.0 };
        entrants.iter().map(|entrant| of(entrant.slot())).collect()
    }
}

impl Model for PoleSitterModel {
    fn observe(&mut self, race: &PastRace) {
        let first = race.starters().map(|car| car.position_order).min();
        let Some(pole) = race.starters().find(|car| car.slot() == Some(1)) else {
            return;
        };
        let won = f64::from(u8::from(Some(pole.position_order) == first));
        self.poles = self.memory * self.poles + 1.0;
        self.poles_won = self.memory * self.poles_won + won;
    }

    fn strengths(&self, question: &Question<'_>) -> Result<Draws, EngineError> {
        let worths = self.worths(question);
        // How well the logarithm of the odds is known.
        let deviation = 1.0 / (self.poles * self.share() * (1.0 - self.share())).sqrt();
        Ok(Draws::around(&worths, DRAWS, |entrant| {
            let scale = if worths[entrant] == 0.0 {
                0.0
            } else {
                deviation
            };
            let deviates = normal_deviates(1, DRAWS);
            deviates.iter().map(|deviate| scale * deviate).collect()
        }))
    }

    fn explain(&self, question: &Question<'_>) -> Result<Vec<Vec<Contribution>>, EngineError> {
        let worths = self.worths(question).into_iter();
        let feature = "pole";
        Ok(worths
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
    use crate::history::Target;
    use crate::synthetic;

    #[test]
    fn pole_is_worth_what_the_record_says() {
        let history = synthetic::history(91, 80, 12);
        let race = history.races()[79].to_forecast(Stage::PostQualifying);
        let model = PoleSitter::default().fit(&history).unwrap();
        let question = Question::new(&race, Stage::PostQualifying, Target::Race);
        let mean = model.strengths(&question).unwrap().mean();
        let total: f64 = mean.iter().map(|strength| strength.exp()).sum();
        for (entrant, strength) in race.entrants.iter().zip(mean) {
            let chance = strength.exp() / total;
            assert_eq!(chance > 0.2, entrant.slot() == Some(1), "{chance}");
        }
    }
}
