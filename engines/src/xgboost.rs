//! XGBoost: trees boosted on the gradient of the softmax within each race, so that a tree learns who
//! beats whom on the day, not who is fast in general. The library is XGBoost itself.
//!
//! The trees begin where a linear model ends: a few hundred winners are too few for them to find the
//! plain worth of a starting slot, but enough for what is not linear in it. What each feature adds is
//! XGBoost's own SHAP value, the mean over the boosters, and the linear part. Several boosters differ
//! in the rows and columns they were shown; with the uncertain weights of the linear part they make
//! the draws.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Mutex, MutexGuard, PoisonError};

use serde::{Deserialize, Serialize};
use xgboost_rs::{Booster, DMatrix, XGBError};

use crate::draws::as_f64;
use crate::engine::{EngineError, EngineId, Hyperparameter};
use crate::history::Target;
use crate::learned::{Fit, Learner, Table};
use crate::regression::{Regression, RegressionFit};

/// Places of qualifying that are learned from after the first, and how much a place counts beside
/// it; every place there tells of speed. Of a race only the winner's is learned from.
const OTHER_PLACES: usize = 14;
const OTHER_WEIGHT: f32 = 0.3;

/// What the engine is set to; chosen among some twenty on 2008 to 2017, walking forward.
#[derive(Debug, Clone, PartialEq)]
pub struct Xgboost {
    /// Boosters, each with its own seed.
    pub boosters: usize,
    /// Trees of each booster.
    pub rounds: usize,
    /// Part of each tree that is added.
    pub learning_rate: f64,
    /// Levels of a tree.
    pub depth: usize,
    /// Least sum of second derivatives in a leaf.
    pub leaf_weight: f64,
    /// L2 penalty of leaf values.
    pub penalty: f64,
    /// Share of rows shown to a tree.
    pub rows: f64,
    /// Share of columns shown to a tree.
    pub columns: f64,
}

impl Default for Xgboost {
    fn default() -> Self {
        Self {
            boosters: 8,
            rounds: 60,
            learning_rate: 0.03,
            depth: 2,
            leaf_weight: 3.0,
            penalty: 10.0,
            rows: 0.7,
            columns: 0.5,
        }
    }
}

impl From<XGBError> for EngineError {
    fn from(error: XGBError) -> Self {
        Self::Library(error.to_string())
    }
}

impl Learner for Xgboost {
    type Fit = XgboostFit;

    const ID: EngineId = EngineId::new("xgboost");
    const NAME: &'static str = "XGBoost";
    const DESCRIPTION: &'static str =
        "Boosts trees on what a linear model leaves unexplained of the winner within each race.";
    const REVISION: u32 = 4;
    const REFIT_EVERY: usize = 4;

    fn hyperparameters(&self) -> Vec<Hyperparameter> {
        let line = |name, value, description| Hyperparameter {
            name,
            value,
            description,
        };
        vec![
            line(
                "boosters",
                as_f64(self.boosters),
                "boosters, each with its own seed",
            ),
            line("rounds", as_f64(self.rounds), "trees of each booster"),
            line(
                "learning_rate",
                self.learning_rate,
                "part of each tree that is added",
            ),
            line("depth", as_f64(self.depth), "levels of a tree"),
            line(
                "leaf_weight",
                self.leaf_weight,
                "least sum of second derivatives in a leaf",
            ),
            line("penalty", self.penalty, "L2 penalty of leaf values"),
            line("rows", self.rows, "share of rows shown to a tree"),
            line("columns", self.columns, "share of columns shown to a tree"),
        ]
    }

    fn learn(&self, table: &Table) -> Result<XgboostFit, EngineError> {
        let examples = || table.examples.iter();
        let rows: Vec<&Vec<f64>> = examples().flat_map(|example| &example.rows).collect();
        if rows.is_empty() {
            return Ok(XgboostFit::default());
        }
        let start = Regression::default().learn(table)?;
        let mut matrix = matrix(rows.iter().copied())?;
        // The objective is a plain function: all it needs to know travels in the matrix. Races are
        // told apart by the place, which begins again at 1.
        let places = examples().flat_map(|example| (1_u16..).take(example.rows.len()));
        let sign = if table.target == Target::Race {
            1.0
        } else {
            -1.0
        };
        let places: Vec<f32> = places.map(|place| sign * f32::from(place)).collect();
        matrix.set_labels(&places)?;
        let weights = examples().flat_map(|e| std::iter::repeat_n(narrow(e.weight), e.rows.len()));
        matrix.set_weights(&weights.collect::<Vec<f32>>())?;
        let margins = examples().flat_map(|example| start.means(&example.rows));
        matrix.set_base_margin(&margins.map(narrow).collect::<Vec<f32>>())?;
        let boosters: Result<Vec<Locked>, EngineError> = (0..self.boosters)
            .map(|seed| {
                let mut booster = Booster::new_with_json_config(&[&matrix], self.settings(seed))?;
                for _ in 0..self.rounds {
                    booster.update_custom(&matrix, softmax)?;
                }
                Ok(Locked(Mutex::new(booster)))
            })
            .collect();
        Ok(XgboostFit {
            start: Some(start),
            boosters: Boosters(boosters?),
        })
    }
}

impl Xgboost {
    fn settings(&self, seed: usize) -> HashMap<String, String> {
        let settings = [
            ("booster", "gbtree".to_owned()),
            ("tree_method", "hist".to_owned()),
            ("base_score", "0".to_owned()),
            // More threads add numbers up in another order.
            ("nthread", "1".to_owned()),
            ("verbosity", "0".to_owned()),
            ("seed", seed.to_string()),
            ("eta", self.learning_rate.to_string()),
            ("max_depth", self.depth.to_string()),
            ("min_child_weight", self.leaf_weight.to_string()),
            ("lambda", self.penalty.to_string()),
            ("subsample", self.rows.to_string()),
            ("colsample_bytree", self.columns.to_string()),
        ];
        let settings = settings.into_iter();
        settings
            .map(|(name, value)| (name.to_owned(), value))
            .collect()
    }
}

/// Gradient and second derivative of the softmax of the first places within each race. Labels are
/// places from 1, negative in qualifying; predictions contain the linear part already.
fn softmax(margins: &[f32], matrix: &DMatrix) -> (Vec<f32>, Vec<f32>) {
    let (Ok(places), Ok(weights)) = (matrix.get_labels(), matrix.get_weights()) else {
        return (vec![0.0; margins.len()], vec![1.0; margins.len()]);
    };
    let mut gradient = vec![0.0; margins.len()];
    let mut curvature = vec![1e-6; margins.len()];
    let mut start = 0;
    while start < margins.len() {
        let next = places[start + 1..]
            .iter()
            .position(|place| place.abs() < 1.5);
        let end = next.map_or(margins.len(), |length| start + 1 + length);
        let others = if places[start] > 0.0 { 0 } else { OTHER_PLACES };
        for chosen in start..(start + 1 + others).min(end - 1) {
            let weight = weights[start] * if chosen == start { 1.0 } else { OTHER_WEIGHT };
            let best = margins[chosen..end]
                .iter()
                .copied()
                .fold(f32::MIN, f32::max);
            let total: f32 = margins[chosen..end].iter().map(|m| (m - best).exp()).sum();
            for row in chosen..end {
                let chance = (margins[row] - best).exp() / total;
                let won = f32::from(u8::from(row == chosen));
                gradient[row] += weight * (chance - won);
                curvature[row] += weight * chance * (1.0 - chance);
            }
        }
        start = end;
    }
    (gradient, curvature)
}

/// XGBoost reckons in single precision.
#[expect(clippy::cast_possible_truncation, reason = "as said")]
fn narrow(number: f64) -> f32 {
    number as f32
}

fn matrix<'a>(rows: impl ExactSizeIterator<Item = &'a Vec<f64>>) -> Result<DMatrix, EngineError> {
    let count = rows.len();
    let cells: Vec<f32> = rows.flatten().map(|cell| narrow(*cell)).collect();
    Ok(DMatrix::from_dense(&cells, count)?)
}

/// A booster keeps what it predicted last in itself, so two threads must not ask it at a time.
struct Locked(Mutex<Booster>);

impl Locked {
    fn booster(&self) -> MutexGuard<'_, Booster> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Boosters that were shown different parts of the table.
#[derive(Default, Serialize, Deserialize)]
#[serde(try_from = "Vec<String>", into = "Vec<String>")]
struct Boosters(Vec<Locked>);

impl Clone for Boosters {
    fn clone(&self) -> Self {
        Self::try_from(Vec::from(self)).unwrap_or_default()
    }
}

impl fmt::Debug for Boosters {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Boosters({})", self.0.len())
    }
}

impl From<&Boosters> for Vec<String> {
    fn from(boosters: &Boosters) -> Self {
        let save = |locked: &Locked| {
            let text = locked.booster().save_to_buffer("json".to_owned());
            text.unwrap_or_default()
        };
        boosters.0.iter().map(save).collect()
    }
}

impl From<Boosters> for Vec<String> {
    fn from(boosters: Boosters) -> Self {
        Self::from(&boosters)
    }
}

impl TryFrom<Vec<String>> for Boosters {
    type Error = XGBError;

    fn try_from(texts: Vec<String>) -> Result<Self, XGBError> {
        let load = |text: &String| {
            // XGBoost stops the process at some texts that are no model.
            Booster::load_buffer(text.as_bytes()).map(|booster| Locked(Mutex::new(booster)))
        };
        let boosters: Result<Vec<_>, _> = texts.iter().map(load).collect();
        Ok(Self(boosters?))
    }
}

/// A linear model and what is boosted on it; neither when there was nothing to learn.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct XgboostFit {
    start: Option<RegressionFit>,
    boosters: Boosters,
}

impl Fit for XgboostFit {
    fn draws(&self, rows: &[Vec<f64>]) -> Result<Vec<Vec<f64>>, EngineError> {
        let Some(start) = self.start.as_ref().filter(|_| !rows.is_empty()) else {
            return Ok(vec![vec![0.0; rows.len()]]);
        };
        let matrix = matrix(rows.iter())?;
        let boost = |locked: &Locked| Ok(locked.booster().predict_margin(&matrix)?);
        let boosts: Result<Vec<Vec<f32>>, EngineError> =
            self.boosters.0.iter().map(boost).collect();
        let boosts = boosts?;
        let draws = start.draws(rows)?.into_iter().zip(boosts.iter().cycle());
        let draw = |(strengths, boost): (Vec<f64>, &Vec<f32>)| {
            let sum = strengths.into_iter().zip(boost);
            sum.map(|(strength, boost)| strength + f64::from(*boost))
                .collect()
        };
        Ok(draws.map(draw).collect())
    }

    fn explain(&self, rows: &[Vec<f64>]) -> Result<Vec<Vec<f64>>, EngineError> {
        let columns = rows.first().map_or(0, Vec::len);
        let Some(start) = self.start.as_ref().filter(|_| !rows.is_empty()) else {
            return Ok(vec![vec![0.0; columns + 1]; rows.len()]);
        };
        let mut parts = start.explain(rows)?;
        let matrix = matrix(rows.iter())?;
        let share = 1.0 / as_f64(self.boosters.0.len());
        for locked in &self.boosters.0 {
            let (values, (_, width)) = locked.booster().predict_contributions(&matrix)?;
            for (parts, values) in parts.iter_mut().zip(values.chunks_exact(width)) {
                for (part, value) in parts.iter_mut().zip(values) {
                    *part += share * f64::from(*value);
                }
            }
        }
        // SHAP values are rounded to single precision; what that leaves goes to the base.
        let draws = self.draws(rows)?;
        let share = 1.0 / as_f64(draws.len());
        for (row, parts) in parts.iter_mut().enumerate() {
            let strength: f64 = draws.iter().map(|draw| share * draw[row]).sum();
            let sum: f64 = parts.iter().sum();
            parts[columns] += strength - sum;
        }
        Ok(parts)
    }
}
