//! Regression: a conditional logit of the winner within a race (of the order, in qualifying) on the
//! features, held to zero by a ridge penalty.
//!
//! Weights are uncertain; the draws show it.

use serde::{Deserialize, Serialize};

use crate::draws::as_f64;
use crate::engine::{EngineError, EngineId, Hyperparameter};
use crate::features;
use crate::history::Target;
use crate::learned::{Fit, Learner, Scale, Table};
use crate::logit::{Choices, Logit};

/// Draws of the weights.
const DRAWS: usize = 32;
/// The columns it looks at: many features say nearly the same, and a linear model does better with
/// few of them. Chosen walking forward over 1990 to 2005 and over 2006 to 2017: a column stands here
/// when it is worth something in both, or in one of them and at some stage much. Four more numbers of
/// starting slot and qualifying cost 0.01 in the winner's log-loss in both.
const COLUMNS: [&str; 17] = [
    "driver_elo",
    "team_elo",
    "best_team",
    "mate_race",
    "driver_behind",
    "team_behind",
    "team_qualifying_short",
    "driver_pace_short",
    "pace_rank",
    "driver_slot_short",
    "practice",
    "team_practice",
    "practice_rank",
    "team_practice_rank",
    "grid",
    "grid_share",
    "qualifying_rank",
];

/// What the engine is set to. The penalty was chosen on the seasons 1985 to 2017, walking forward: 10
/// and 40 are worse.
#[derive(Debug, Clone, PartialEq)]
pub struct Regression {
    /// Precision with which each weight, of a feature scaled to variance 1, is held to zero.
    pub penalty: f64,
    /// How much the second of a race counts beside the winner: who comes second shows speed as well.
    /// 0.1 to 0.5 are alike; to learn of the third too gains nothing.
    pub second: f64,
    /// Places of qualifying that are learned from.
    pub places: usize,
}

impl Default for Regression {
    fn default() -> Self {
        Self {
            penalty: 20.0,
            second: 0.3,
            places: 8,
        }
    }
}

impl Learner for Regression {
    type Fit = RegressionFit;

    const ID: EngineId = EngineId::new("regression");
    const NAME: &'static str = "Regression";
    const DESCRIPTION: &'static str = "Learns by a ridge-penalised conditional logit what each feature is worth to the winner of a race.";
    const REVISION: u32 = 5;
    const REFIT_EVERY: usize = 1;

    fn hyperparameters(&self) -> Vec<Hyperparameter> {
        vec![
            Hyperparameter {
                name: "penalty",
                value: self.penalty,
                description: "precision with which weights of scaled features are held to zero",
            },
            Hyperparameter {
                name: "second",
                value: self.second,
                description: "how much the second of a race counts beside the winner",
            },
            Hyperparameter {
                name: "places",
                value: as_f64(self.places),
                description: "places of qualifying that are learned from",
            },
        ]
    }

    fn learn(&self, table: &Table) -> Result<RegressionFit, EngineError> {
        let known = table.columns.iter().enumerate();
        let picked: Vec<usize> = known
            .filter(|(_, column)| COLUMNS.contains(&features::COLUMNS[**column].name))
            .map(|(index, _)| index)
            .collect();
        let scale = Scale::of(table);
        let places = match table.target {
            Target::Race => vec![1.0, self.second],
            Target::Qualifying => vec![1.0; self.places],
        };
        // How bold a forecast may be is learned from what is forecast, so not from who came second.
        let bold = match table.target {
            Target::Race => &places[..1],
            Target::Qualifying => &places[..],
        };
        let mut choices = Choices::new(picked.len());
        let mut bold_choices = Choices::new(picked.len());
        for example in &table.examples {
            let rows = example
                .rows
                .iter()
                .map(|row| pick(&picked, &scale.apply(row)));
            let rows: Vec<Vec<f64>> = rows.collect();
            choices.add(rows.iter().map(Vec::as_slice), example.weight, &places);
            bold_choices.add(rows.iter().map(Vec::as_slice), example.weight, bold);
        }
        let (prior, penalty) = (vec![0.0; picked.len()], vec![self.penalty; picked.len()]);
        let logit = Logit::fit(&choices, &prior, &penalty, DRAWS)?.stretched(&bold_choices)?;
        Ok(RegressionFit {
            picked,
            scale,
            logit,
        })
    }
}

fn pick(picked: &[usize], row: &[f64]) -> Vec<f64> {
    picked.iter().map(|column| row[*column]).collect()
}

/// Weights of the scaled features.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RegressionFit {
    /// Which columns of a row are looked at.
    picked: Vec<usize>,
    scale: Scale,
    logit: Logit,
}

impl RegressionFit {
    /// Strengths of a race's entrants by the most likely weights.
    pub(crate) fn means(&self, rows: &[Vec<f64>]) -> Vec<f64> {
        let mean = |row: &Vec<f64>| {
            let products = self.scaled(row).into_iter().zip(&self.logit.weights);
            products.map(|(x, weight)| x * weight).sum()
        };
        rows.iter().map(mean).collect()
    }

    fn scaled(&self, row: &[f64]) -> Vec<f64> {
        pick(&self.picked, &self.scale.apply(row))
    }
}

impl Fit for RegressionFit {
    fn draws(&self, rows: &[Vec<f64>]) -> Result<Vec<Vec<f64>>, EngineError> {
        let rows: Vec<Vec<f64>> = rows.iter().map(|row| self.scaled(row)).collect();
        let strength = |row: &Vec<f64>, error: &Vec<f64>| {
            let lines = row.iter().zip(&self.logit.weights).zip(error);
            lines.map(|((x, weight), error)| x * (weight + error)).sum()
        };
        let draw = |error| rows.iter().map(|row| strength(row, error)).collect();
        Ok(self.logit.errors.iter().map(draw).collect())
    }

    fn explain(&self, rows: &[Vec<f64>]) -> Result<Vec<Vec<f64>>, EngineError> {
        let explain = |row: &Vec<f64>| {
            let mut parts = vec![0.0; row.len() + 1];
            let products = self.scaled(row).into_iter().zip(&self.logit.weights);
            for (column, (x, weight)) in self.picked.iter().zip(products) {
                parts[*column] = x * weight;
            }
            parts
        };
        Ok(rows.iter().map(explain).collect())
    }
}
