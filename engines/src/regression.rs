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
/// few of them. Chosen walking forward from some forty sets. Fewer still, thirteen, were better by
/// 0.06 in the winner's log-loss over 2003 to 2017 at three stages together, but only by 0.01 over
/// 1985 to 2017: they fit those seasons, not the sport. The ranks and how far behind the winner cars
/// were came last, the latter in place of finishing percentiles: after qualifying they are worth 0.05
/// over 2006 to 2017 and 0.01 over 1990 to 2005, when practice and parts of qualifying are not known.
const COLUMNS: [&str; 20] = [
    "driver_elo",
    "team_elo",
    "mate_race",
    "driver_behind",
    "team_behind",
    "driver_qualifying_short",
    "team_qualifying_short",
    "driver_pace_short",
    "team_pace_short",
    "driver_slot_short",
    "practice",
    "team_practice",
    "practice_rank",
    "team_practice_rank",
    "grid",
    "grid_share",
    "grid_here",
    "team_grid",
    "qualifying",
    "qualifying_rank",
];

/// What the engine is set to. The penalty was chosen on the seasons 1985 to 2017, walking forward: 10
/// and 40 are worse.
#[derive(Debug, Clone, PartialEq)]
pub struct Regression {
    /// Precision with which each weight, of a feature scaled to variance 1, is held to zero.
    pub penalty: f64,
    /// Places of qualifying that are learned from; of a race only the winner's.
    pub places: usize,
}

impl Default for Regression {
    fn default() -> Self {
        Self {
            penalty: 20.0,
            places: 8,
        }
    }
}

impl Learner for Regression {
    type Fit = RegressionFit;

    const ID: EngineId = EngineId::new("regression");
    const NAME: &'static str = "Regression";
    const DESCRIPTION: &'static str = "Learns by a ridge-penalised conditional logit what each feature is worth to the winner of a race.";
    const REVISION: u32 = 3;
    const REFIT_EVERY: usize = 1;

    fn hyperparameters(&self) -> Vec<Hyperparameter> {
        vec![
            Hyperparameter {
                name: "penalty",
                value: self.penalty,
                description: "precision with which weights of scaled features are held to zero",
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
            Target::Race => 1,
            Target::Qualifying => self.places,
        };
        let mut choices = Choices::new(picked.len());
        for example in &table.examples {
            let rows = example
                .rows
                .iter()
                .map(|row| pick(&picked, &scale.apply(row)));
            let rows: Vec<Vec<f64>> = rows.collect();
            choices.add(rows.iter().map(Vec::as_slice), example.weight, places);
        }
        let (prior, penalty) = (vec![0.0; picked.len()], vec![self.penalty; picked.len()]);
        let logit = Logit::fit(&choices, &prior, &penalty, DRAWS)?.stretched(&choices)?;
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
