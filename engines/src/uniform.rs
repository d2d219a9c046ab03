//! Baseline: everybody has the same chance. What any engine must beat.

use serde::{Deserialize, Serialize};

use crate::draws::Draws;
use crate::engine::{Contribution, Engine, EngineError, EngineId, Hyperparameter, Model, Question};
use crate::history::{History, PastRace, Stage, Target};

/// The engine; there is nothing to set.
#[derive(Debug, Clone, Copy)]
pub struct Uniform;

impl Engine for Uniform {
    fn id(&self) -> EngineId {
        EngineId::new("uniform")
    }

    fn name(&self) -> &'static str {
        "Uniform"
    }

    fn description(&self) -> &'static str {
        "Gives every entrant the same chance."
    }

    fn revision(&self) -> u32 {
        1
    }

    fn stages(&self) -> &'static [Stage] {
        &Stage::ALL
    }

    fn targets(&self) -> &'static [Target] {
        &Target::ALL
    }

    fn is_baseline(&self) -> bool {
        true
    }

    fn bypasses_retirement(&self) -> bool {
        true
    }

    fn hyperparameters(&self) -> Vec<Hyperparameter> {
        Vec::new()
    }

    fn fit(&self, _: &History) -> Result<Box<dyn Model>, EngineError> {
        Ok(Box::new(UniformModel {}))
    }

    fn load(&self, artifact: &str) -> Result<Box<dyn Model>, EngineError> {
        Ok(Box::new(serde_json::from_str::<UniformModel>(artifact)?))
    }
}

/// The model; there is nothing to learn.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct UniformModel {}

impl Model for UniformModel {
    fn observe(&mut self, _: &PastRace) {}

    fn strengths(&self, question: &Question<'_>) -> Result<Draws, EngineError> {
        Ok(Draws::certain(vec![0.0; question.race.entrants.len()]))
    }

    fn explain(&self, question: &Question<'_>) -> Result<Vec<Vec<Contribution>>, EngineError> {
        Ok(vec![Vec::new(); question.race.entrants.len()])
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
    fn every_place_is_equally_likely() {
        let history = synthetic::history(31, 3, 20);
        let model = Uniform.fit(&history).unwrap();
        let race = history.races()[2].to_forecast(Stage::PreWeekend);
        let retirement = Retirement::fit(&history);
        let question = Question::new(&race, Stage::PreWeekend, Target::Race);
        let forecast = forecast(&Uniform, &*model, &retirement, &question);
        for entrant in forecast.unwrap().entrants {
            assert!(entrant.positions.iter().all(|p| (p - 0.05).abs() < 1e-10));
        }
    }
}
