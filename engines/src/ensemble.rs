//! Ensemble: a log-linear pool of the other engines. How much each is worth, and with the sum of the
//! worths how bold the pool may be, is learned by a conditional logit from what the engines said
//! before races that were run since, never from races they were fitted to.

use serde::{Deserialize, Serialize};

use crate::draws::{Draws, as_f64};
use crate::engine::{Contribution, Engine, EngineError, EngineId, Hyperparameter, Model, Question};
use crate::history::{History, PastRace, Stage, Target};
use crate::learned::{CASES, order};
use crate::logit::{Choices, Logit};

/// The engines that are pooled.
const MEMBERS: [EngineId; 4] = [
    EngineId::new("regression"),
    EngineId::new("xgboost"),
    EngineId::new("random_forest"),
    EngineId::new("elo"),
];

/// What the engine is set to; chosen on 2006 to 2017, walking forward, by the winner's log-loss at
/// the three stages together and by pole's. Worths that are free to move much do worse.
#[derive(Debug, Clone, PartialEq)]
pub struct Ensemble {
    /// Worth of each member before anything is learned, in the order of [`Engine::members`].
    pub prior: [f64; MEMBERS.len()],
    /// Precision with which the worths are held to those.
    pub hold: f64,
    /// A race so many races ago counts half.
    pub half_life: f64,
}

impl Default for Ensemble {
    fn default() -> Self {
        Self {
            prior: [0.5, 0.4, 0.1, 0.05],
            hold: 600.0,
            half_life: 200.0,
        }
    }
}

impl Engine for Ensemble {
    fn id(&self) -> EngineId {
        EngineId::new("ensemble")
    }

    fn name(&self) -> &'static str {
        "Ensemble"
    }

    fn description(&self) -> &'static str {
        "Pools the other engines, each weighed by how well it did before."
    }

    fn revision(&self) -> u32 {
        3
    }

    fn stages(&self) -> &'static [Stage] {
        &Stage::ALL
    }

    fn targets(&self) -> &'static [Target] {
        &Target::ALL
    }

    fn members(&self) -> &'static [EngineId] {
        &MEMBERS
    }

    fn refit_every(&self) -> Option<usize> {
        Some(1)
    }

    fn hyperparameters(&self) -> Vec<Hyperparameter> {
        let line = |name, value, description| Hyperparameter {
            name,
            value,
            description,
        };
        let [regression, xgboost, random_forest, elo] = self.prior;
        let worth = "worth of this member before anything is learned";
        vec![
            line("regression", regression, worth),
            line("xgboost", xgboost, worth),
            line("random_forest", random_forest, worth),
            line("elo", elo, worth),
            line(
                "hold",
                self.hold,
                "precision with which the worths are held to those",
            ),
            line(
                "half_life",
                self.half_life,
                "races after which a race counts half",
            ),
        ]
    }

    fn fit(&self, history: &History) -> Result<Box<dyn Model>, EngineError> {
        self.train(history, &CASES)
    }

    fn fit_for(
        &self,
        history: &History,
        stage: Stage,
        target: Target,
    ) -> Result<Box<dyn Model>, EngineError> {
        self.train(history, &[(stage, target)])
    }

    fn load(&self, artifact: &str) -> Result<Box<dyn Model>, EngineError> {
        Ok(Box::new(serde_json::from_str::<EnsembleModel>(artifact)?))
    }
}

impl Ensemble {
    fn train(
        &self,
        history: &History,
        cases: &[(Stage, Target)],
    ) -> Result<Box<dyn Model>, EngineError> {
        let mut choices: Vec<Choices> = cases.iter().map(|_| Choices::new(MEMBERS.len())).collect();
        let races = history.races();
        for (index, race) in races.iter().enumerate() {
            let age = as_f64(races.len() - 1 - index);
            let weight = 0.5_f64.powf(age / self.half_life);
            for ((stage, target), choices) in cases.iter().zip(&mut choices) {
                add(history, race, (*stage, *target), weight, choices);
            }
        }
        let hold = [self.hold; MEMBERS.len()];
        let pools = cases
            .iter()
            .zip(&choices)
            .map(|((stage, target), choices)| {
                let logit = Logit::fit(choices, &self.prior, &hold, 1)?;
                // A member that is worth less than nothing is left out, not turned round.
                let worths = logit.weights.iter().map(|worth| worth.max(0.0)).collect();
                Ok((*stage, *target, worths))
            });
        let pools: Result<Vec<_>, EngineError> = pools.collect();
        Ok(Box::new(EnsembleModel { pools: pools? }))
    }
}

/// Adds a race, if all members spoke before it.
fn add(
    history: &History,
    race: &PastRace,
    (stage, target): (Stage, Target),
    weight: f64,
    choices: &mut Choices,
) {
    let said: Option<Vec<&[f64]>> = MEMBERS
        .iter()
        .map(|member| history.logged(race.id, stage, target, *member))
        .collect();
    let (Some(said), Some(order)) = (said, order(race, target)) else {
        return;
    };
    let size = race.starters().count();
    if said.iter().any(|strengths| strengths.len() != size) {
        return;
    }
    let row =
        |index: &usize| -> Vec<f64> { said.iter().map(|strengths| strengths[*index]).collect() };
    let rows: Vec<Vec<f64>> = order.iter().map(row).collect();
    choices.add(rows.iter().map(Vec::as_slice), weight, &[1.0]);
}

/// What each member is worth, by stage and session.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct EnsembleModel {
    pools: Vec<(Stage, Target, Vec<f64>)>,
}

impl EnsembleModel {
    /// What the members say, and what that is worth.
    fn members<'a>(
        &'a self,
        question: &Question<'a>,
    ) -> Result<Vec<(EngineId, &'a Draws, f64)>, EngineError> {
        let mut pools = self.pools.iter();
        let asked = (question.stage, question.target);
        let pool = pools.find(|(stage, target, _)| (*stage, *target) == asked);
        let (_, _, worths) = pool.ok_or_else(|| {
            let (stage, target) = asked;
            EngineError::Library(format!(
                "the model was not trained for {target:?} at {stage:?}"
            ))
        })?;
        let members = MEMBERS.iter().zip(worths);
        members
            .map(|(member, worth)| {
                let draws = question.opinions.get(member);
                let draws = draws.filter(|draws| draws.fit(question.race.entrants.len()));
                Ok((
                    *member,
                    draws.ok_or(EngineError::NoOpinion(*member))?,
                    *worth,
                ))
            })
            .collect()
    }
}

impl Model for EnsembleModel {
    fn observe(&mut self, _: &PastRace) {}

    fn strengths(&self, question: &Question<'_>) -> Result<Draws, EngineError> {
        let members = self.members(question)?;
        // Members have different numbers of draws: each is gone through as often as fits, so that
        // all of its draws count alike; where that does not come out even its mean is taken.
        let counts = members.iter().map(|(_, draws, _)| draws.rows().len());
        let count = counts.max().unwrap_or(1);
        let mut pooled = vec![vec![0.0; question.race.entrants.len()]; count];
        for (_, draws, worth) in members {
            let rows: Vec<&[f64]> = draws.rows().collect();
            let (even, mean) = (count.is_multiple_of(rows.len()), draws.mean());
            for (index, pooled) in pooled.iter_mut().enumerate() {
                let said = if even {
                    rows[index % rows.len()]
                } else {
                    &mean
                };
                for (sum, said) in pooled.iter_mut().zip(said) {
                    *sum += worth * said;
                }
            }
        }
        Ok(Draws::from_rows(&pooled))
    }

    fn explain(&self, question: &Question<'_>) -> Result<Vec<Vec<Contribution>>, EngineError> {
        let members = self.members(question)?;
        let parts: Vec<(EngineId, Vec<f64>)> = members
            .into_iter()
            .map(|(member, draws, worth)| {
                (
                    member,
                    draws.mean().iter().map(|mean| worth * mean).collect(),
                )
            })
            .collect();
        let of_entrant = |entrant: usize| {
            let line = |(member, values): &(EngineId, Vec<f64>)| Contribution {
                feature: member.as_str(),
                value: values[entrant],
            };
            parts.iter().map(line).collect()
        };
        Ok((0..question.race.entrants.len()).map(of_entrant).collect())
    }

    fn save(&self) -> Result<String, EngineError> {
        Ok(serde_json::to_string(self)?)
    }
}
