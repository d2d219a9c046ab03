//! Baseline before qualifying: each driver's share of the race points of the last five races,
//! squared, since the best win more often than they score. It knows neither teams nor circuits.

use std::collections::VecDeque;

use serde::{Deserialize, Serialize};

use crate::draws::Draws;
use crate::engine::{Contribution, Engine, EngineError, EngineId, Hyperparameter, Model, Question};
use crate::history::{DriverId, History, PastRace, RaceToForecast, Stage};

/// Races that are counted, across seasons.
const RACES: usize = 5;
/// No share is lower than this. It and the power were chosen by the winner's log-loss over 2000 to
/// 2017, walk-forward.
const LOWEST: f64 = 0.01;
/// The chance to win goes with this power of the share.
const POWER: f64 = 2.0;

/// The engine; there is nothing to set.
#[derive(Debug, Clone, Copy)]
pub struct Form;

impl Engine for Form {
    fn id(&self) -> EngineId {
        EngineId::new("form")
    }

    fn name(&self) -> &'static str {
        "Form"
    }

    fn description(&self) -> &'static str {
        "Lets the chance to win go with the square of the share of race points over the last five races."
    }

    fn revision(&self) -> u32 {
        1
    }

    fn stages(&self) -> &'static [Stage] {
        &[Stage::PreWeekend, Stage::PreQualifying]
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
                name: "races",
                value: crate::draws::as_f64(RACES),
                description: "races that are counted",
            },
            Hyperparameter {
                name: "lowest",
                value: LOWEST,
                description: "lowest share of points",
            },
            Hyperparameter {
                name: "power",
                value: POWER,
                description: "the chance to win goes with this power of the share",
            },
        ]
    }

    fn fit(&self, history: &History) -> Result<Box<dyn Model>, EngineError> {
        let mut model = FormModel::default();
        let races = history.races();
        for race in &races[races.len().saturating_sub(RACES)..] {
            model.observe(race);
        }
        Ok(Box::new(model))
    }

    fn load(&self, artifact: &str) -> Result<Box<dyn Model>, EngineError> {
        Ok(Box::new(serde_json::from_str::<FormModel>(artifact)?))
    }
}

/// Points of each driver in each of the last races.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct FormModel {
    races: VecDeque<Vec<(DriverId, f64)>>,
}

impl FormModel {
    /// Logarithm of each entrant's chance to win.
    fn logarithms(&self, race: &RaceToForecast) -> Vec<f64> {
        let scored = |driver: DriverId| {
            let lines = self.races.iter().flatten();
            lines
                .filter(|(other, _)| *other == driver)
                .map(|(_, points)| points)
                .sum::<f64>()
        };
        let points: Vec<f64> = race.entrants.iter().map(|e| scored(e.driver)).collect();
        let total: f64 = points.iter().sum::<f64>().max(f64::MIN_POSITIVE);
        let worth = |points: &f64| (points / total).max(LOWEST).powf(POWER);
        let worths: Vec<f64> = points.iter().map(worth).collect();
        let total: f64 = worths.iter().sum();
        worths.iter().map(|worth| (worth / total).ln()).collect()
    }
}

impl Model for FormModel {
    fn observe(&mut self, race: &PastRace) {
        let lines = race.starters().map(|car| (car.driver, car.points));
        self.races.push_back(lines.collect());
        while self.races.len() > RACES {
            self.races.pop_front();
        }
    }

    fn strengths(&self, question: &Question<'_>) -> Result<Draws, EngineError> {
        Ok(Draws::certain(self.logarithms(question.race)))
    }

    fn explain(&self, question: &Question<'_>) -> Result<Vec<Vec<Contribution>>, EngineError> {
        let logarithms = self.logarithms(question.race).into_iter();
        let feature = "recent_points";
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
    use crate::synthetic;

    #[test]
    fn only_the_last_five_races_count() {
        let history = synthetic::history(51, 20, 10);
        let last = History::new(history.races()[15..].to_vec());
        let race = history.races()[19].to_forecast(Stage::PreWeekend);
        let all = Form.fit(&history).unwrap().save().unwrap();
        assert_eq!(all, Form.fit(&last).unwrap().save().unwrap());
        let question = Question::new(&race, Stage::PreWeekend, crate::Target::Race);
        let strengths = Form.fit(&last).unwrap().strengths(&question);
        assert_eq!(strengths.unwrap().rows().len(), 1);
    }

    #[test]
    fn without_history_all_drivers_are_alike() {
        let race = synthetic::history(52, 1, 8).races()[0].to_forecast(Stage::PreWeekend);
        let logarithms = FormModel::default().logarithms(&race);
        assert!(
            logarithms
                .iter()
                .all(|value| (value + 8.0_f64.ln()).abs() < 1e-12)
        );
    }
}
