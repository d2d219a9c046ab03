//! XGBoost: trees boosted on the gradient of the softmax within each race, so that a tree learns who
//! beats whom on the day, not who is fast in general. The library is XGBoost itself.
//!
//! Several boosters differ in the rows and columns they were shown; they are the draws. What each
//! feature adds is XGBoost's own SHAP value, the mean over the boosters.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Mutex, MutexGuard, PoisonError};

use serde::{Deserialize, Serialize};
use xgboost_rs::{Booster, DMatrix, XGBError};

use crate::draws::as_f64;
use crate::engine::{EngineError, EngineId, Hyperparameter};
use crate::history::Target;
use crate::learned::{Fit, Learner, Table};

/// Places that are learned from after the first, and how much a place counts beside it.
const OTHER_PLACES: usize = 2;
const OTHER_WEIGHT: f32 = 0.1;
/// The same for qualifying, where every place tells of speed.
const QUALIFYING_PLACES: usize = 14;
const QUALIFYING_WEIGHT: f32 = 0.3;

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
            rounds: 150,
            learning_rate: 0.05,
            depth: 3,
            leaf_weight: 3.0,
            penalty: 10.0,
            rows: 0.7,
            columns: 0.3,
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
    const DESCRIPTION: &'static str = "Boosts trees on the softmax of the winner within each race.";
    const REVISION: u32 = 1;
    const REFIT_EVERY: usize = 8;

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
        let offsets = examples().flat_map(|example| &example.offsets);
        matrix.set_base_margin(&offsets.map(|offset| narrow(*offset)).collect::<Vec<f32>>())?;
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
            boosters: boosters?,
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
/// places from 1, negative in qualifying; predictions contain the offsets already.
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
        let (others, of_others) = if places[start] > 0.0 {
            (OTHER_PLACES, OTHER_WEIGHT)
        } else {
            (QUALIFYING_PLACES, QUALIFYING_WEIGHT)
        };
        for chosen in start..(start + 1 + others).min(end - 1) {
            let weight = weights[start] * if chosen == start { 1.0 } else { of_others };
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

/// Boosters that were shown different parts of the table; none when there was nothing to learn.
#[derive(Default, Serialize, Deserialize)]
#[serde(try_from = "Vec<String>", into = "Vec<String>")]
pub(crate) struct XgboostFit {
    boosters: Vec<Locked>,
}

impl Clone for XgboostFit {
    fn clone(&self) -> Self {
        Self::try_from(Vec::from(self)).unwrap_or_default()
    }
}

impl fmt::Debug for XgboostFit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "XgboostFit({} boosters)", self.boosters.len())
    }
}

impl From<&XgboostFit> for Vec<String> {
    fn from(fit: &XgboostFit) -> Self {
        let save = |locked: &Locked| {
            let text = locked.booster().save_to_buffer("json".to_owned());
            text.unwrap_or_default()
        };
        fit.boosters.iter().map(save).collect()
    }
}

impl From<XgboostFit> for Vec<String> {
    fn from(fit: XgboostFit) -> Self {
        Self::from(&fit)
    }
}

impl TryFrom<Vec<String>> for XgboostFit {
    type Error = XGBError;

    fn try_from(texts: Vec<String>) -> Result<Self, XGBError> {
        let load = |text: &String| {
            // XGBoost stops the process at some texts that are no model.
            Booster::load_buffer(text.as_bytes()).map(|booster| Locked(Mutex::new(booster)))
        };
        let boosters: Result<Vec<_>, _> = texts.iter().map(load).collect();
        Ok(Self {
            boosters: boosters?,
        })
    }
}

impl Fit for XgboostFit {
    fn draws(&self, rows: &[Vec<f64>]) -> Result<Vec<Vec<f64>>, EngineError> {
        if self.boosters.is_empty() || rows.is_empty() {
            return Ok(vec![vec![0.0; rows.len()]]);
        }
        let matrix = matrix(rows.iter())?;
        let draw = |locked: &Locked| {
            let margins = locked.booster().predict_margin(&matrix)?;
            Ok(margins.into_iter().map(f64::from).collect())
        };
        self.boosters.iter().map(draw).collect()
    }

    fn explain(&self, rows: &[Vec<f64>]) -> Result<Vec<Vec<f64>>, EngineError> {
        let columns = rows.first().map_or(0, Vec::len);
        let mut parts = vec![vec![0.0; columns + 1]; rows.len()];
        if self.boosters.is_empty() || rows.is_empty() {
            return Ok(parts);
        }
        let matrix = matrix(rows.iter())?;
        let share = 1.0 / as_f64(self.boosters.len());
        for locked in &self.boosters {
            let (values, (_, width)) = locked.booster().predict_contributions(&matrix)?;
            for (parts, values) in parts.iter_mut().zip(values.chunks_exact(width)) {
                for (part, value) in parts.iter_mut().zip(values) {
                    *part += share * f64::from(*value);
                }
            }
        }
        // SHAP values are rounded to single precision; what that leaves goes to the base.
        let draws = self.draws(rows)?;
        for (row, parts) in parts.iter_mut().enumerate() {
            let strength: f64 = draws.iter().map(|draw| share * draw[row]).sum();
            let sum: f64 = parts.iter().sum();
            parts[columns] += strength - sum;
        }
        Ok(parts)
    }
}
