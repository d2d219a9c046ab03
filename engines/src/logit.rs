//! A conditional logit: which of the cars of a race comes first (and, where asked, which of the
//! others next), given numbers about each. Weights are held to a prior by ridge penalties and found
//! by Newton's method; how well they are known is the curvature at the maximum (Laplace).
//!
//! It does not know what the numbers mean. The linear algebra is linfa's.

use linfa::Dataset;
use linfa::traits::Fit;
use linfa_linear::LinearRegression;
use ndarray::{Array1, Array2};
use serde::{Deserialize, Serialize};

use crate::draws::{normal_deviates, split_mix};
use crate::engine::EngineError;

/// Newton steps at most; six are usual.
const STEPS: usize = 50;
/// A step that gains less than this log-likelihood is the last.
const GAIN: f64 = 1e-9;

/// Choices to learn from. Rows stand in the order of finish, so that a choice is a run of rows of
/// which the first was chosen.
#[derive(Debug, Clone)]
pub(crate) struct Choices {
    columns: usize,
    /// Row by row.
    numbers: Vec<f64>,
    rows: usize,
    sets: Vec<Set>,
}

#[derive(Debug, Clone, Copy)]
struct Set {
    start: usize,
    end: usize,
    weight: f64,
}

impl Choices {
    pub(crate) fn new(columns: usize) -> Self {
        Self {
            columns,
            numbers: Vec::new(),
            rows: 0,
            sets: Vec::new(),
        }
    }

    /// Adds a race: its rows in the order of finish, the weight of the race, and how much each place
    /// that is learned from counts, from the first on.
    pub(crate) fn add<'a>(
        &mut self,
        rows: impl Iterator<Item = &'a [f64]>,
        weight: f64,
        places: &[f64],
    ) {
        let start = self.rows;
        for row in rows {
            self.numbers.extend_from_slice(row);
            self.rows += 1;
        }
        let end = self.rows;
        let starts = start..end.saturating_sub(1);
        self.sets
            .extend(starts.zip(places).map(|(start, place)| Set {
                start,
                end,
                weight: weight * place,
            }));
    }

    fn row(&self, row: usize) -> &[f64] {
        &self.numbers[row * self.columns..(row + 1) * self.columns]
    }

    /// The same choices seen by one number, the strength that weights give each row.
    fn along(&self, weights: &[f64]) -> Self {
        let strength = |row| {
            let products = self.row(row).iter().zip(weights);
            products.map(|(x, w)| x * w).sum()
        };
        Self {
            columns: 1,
            numbers: (0..self.rows).map(strength).collect(),
            rows: self.rows,
            sets: self.sets.clone(),
        }
    }

    /// Chances within a set, and the log of the first one's.
    fn chances(&self, set: Set, weights: &[f64], chances: &mut Vec<f64>) -> f64 {
        chances.clear();
        chances.extend((set.start..set.end).map(|row| {
            let products = self.row(row).iter().zip(weights);
            products.map(|(x, w)| x * w).sum::<f64>()
        }));
        let best = chances.iter().copied().fold(f64::MIN, f64::max);
        let first = chances[0];
        let mut total = 0.0;
        for chance in chances.iter_mut() {
            *chance = (*chance - best).exp();
            total += *chance;
        }
        for chance in chances.iter_mut() {
            *chance /= total;
        }
        first - best - total.ln()
    }

    fn likelihood(&self, weights: &[f64]) -> f64 {
        let mut chances = Vec::new();
        let of_set = |set: &Set| set.weight * self.chances(*set, weights, &mut chances);
        self.sets.iter().map(of_set).sum()
    }

    /// Slope and curvature of the log-likelihood.
    fn slope(&self, weights: &[f64]) -> (Array1<f64>, Array2<f64>) {
        let size = self.columns;
        let mut slope = Array1::zeros(size);
        let mut curvature = Array2::zeros((size, size));
        let (mut chances, mut mean) = (Vec::new(), vec![0.0; size]);
        for set in &self.sets {
            self.chances(*set, weights, &mut chances);
            mean.fill(0.0);
            for (row, chance) in (set.start..).zip(&chances) {
                for (mean, x) in mean.iter_mut().zip(self.row(row)) {
                    *mean += chance * x;
                }
            }
            for (column, (x, mean)) in self.row(set.start).iter().zip(&mean).enumerate() {
                slope[column] += set.weight * (x - mean);
            }
            for (row, chance) in (set.start..).zip(&chances) {
                let share = set.weight * chance;
                if share < 1e-9 {
                    continue;
                }
                let row = self.row(row);
                for left in 0..size {
                    let scaled = share * (row[left] - mean[left]);
                    for right in 0..=left {
                        curvature[[left, right]] += scaled * (row[right] - mean[right]);
                    }
                }
            }
        }
        for left in 0..size {
            for right in 0..left {
                curvature[[right, left]] = curvature[[left, right]];
            }
        }
        (slope, curvature)
    }
}

/// Weights and how well they are known.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Logit {
    /// One per column.
    pub weights: Vec<f64>,
    /// Draws of the weights' errors, each with one number per column; over the draws each sums to 0.
    pub errors: Vec<Vec<f64>>,
}

impl Logit {
    /// The weights that make the choices likeliest, held to `prior` with the given precisions, and
    /// so many draws of their error.
    pub(crate) fn fit(
        choices: &Choices,
        prior: &[f64],
        precision: &[f64],
        draws: usize,
    ) -> Result<Self, EngineError> {
        let penalty = |weights: &[f64]| {
            let lines = weights.iter().zip(prior).zip(precision);
            lines
                .map(|((w, p), l)| 0.5 * l * (w - p).powi(2))
                .sum::<f64>()
        };
        let value = |weights: &[f64]| choices.likelihood(weights) - penalty(weights);
        let mut weights = prior.to_vec();
        let mut now = value(&weights);
        let mut curvature = Array2::zeros((0, 0));
        for _ in 0..STEPS {
            let (mut slope, mut bend) = choices.slope(&weights);
            for column in 0..weights.len() {
                slope[column] -= precision[column] * (weights[column] - prior[column]);
                bend[[column, column]] += precision[column];
            }
            let step = solve(&bend, &slope)?;
            curvature = bend;
            let mut part = 1.0;
            let (next, after) = loop {
                let next: Vec<f64> = weights
                    .iter()
                    .zip(&step)
                    .map(|(w, s)| w + part * s)
                    .collect();
                let after = value(&next);
                if after >= now || part < 1e-6 {
                    break (next, after);
                }
                part /= 2.0;
            };
            if after < now + GAIN {
                break;
            }
            (weights, now) = (next, after);
        }
        Ok(Self {
            errors: errors(&curvature, draws),
            weights,
        })
    }
}

impl Logit {
    /// The same with all weights times one number, the one that makes the choices likeliest. The
    /// penalty pulls weights together, which is wanted, and all of them to zero, which makes every
    /// forecast too cautious.
    pub(crate) fn stretched(mut self, choices: &Choices) -> Result<Self, EngineError> {
        let along = choices.along(&self.weights);
        let stretch = Self::fit(&along, &[1.0], &[1.0], 1)?.weights[0];
        let errors = self.errors.iter_mut().flatten();
        for number in self.weights.iter_mut().chain(errors) {
            *number *= stretch;
        }
        Ok(self)
    }
}

/// Solves a symmetric system: the least-squares problem `matrix · x = right` has no rest.
fn solve(matrix: &Array2<f64>, right: &Array1<f64>) -> Result<Vec<f64>, EngineError> {
    let system = Dataset::new(matrix.clone(), right.clone());
    let solution = LinearRegression::new().with_intercept(false).fit(&system);
    let solution = solution.map_err(|error| EngineError::Library(error.to_string()))?;
    Ok(solution.params().to_vec())
}

/// Draws of a normal vector whose precision is given: `L'x = z` for the Cholesky factor `L`.
fn errors(precision: &Array2<f64>, draws: usize) -> Vec<Vec<f64>> {
    let size = precision.nrows();
    let factor = cholesky(precision);
    let mut key = 0x1097;
    let deviates: Vec<Vec<f64>> = (0..size)
        .map(|_| normal_deviates(split_mix(&mut key), draws))
        .collect();
    let draw = |draw: usize| {
        let mut x = vec![0.0; size];
        for row in (0..size).rev() {
            let known: f64 = (row + 1..size)
                .map(|below| factor[[below, row]] * x[below])
                .sum();
            x[row] = (deviates[row][draw] - known) / factor[[row, row]];
        }
        x
    };
    (0..draws).map(draw).collect()
}

fn cholesky(matrix: &Array2<f64>) -> Array2<f64> {
    let size = matrix.nrows();
    let mut factor = Array2::zeros((size, size));
    for row in 0..size {
        for column in 0..=row {
            let known: f64 = (0..column)
                .map(|k| factor[[row, k]] * factor[[column, k]])
                .sum();
            let rest: f64 = matrix[[row, column]] - known;
            factor[[row, column]] = if row == column {
                rest.max(f64::MIN_POSITIVE).sqrt()
            } else {
                rest / factor[[column, column]]
            };
        }
    }
    factor
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::synthetic::Dice;

    fn made_up(races: usize, truth: [f64; 2], places: &[f64]) -> Choices {
        let mut dice = Dice(7);
        let mut choices = Choices::new(2);
        for _ in 0..races {
            let mut cars: Vec<(f64, [f64; 2])> = (0..10)
                .map(|_| {
                    let x = [dice.roll() * 2.0, dice.roll() * 2.0];
                    let luck = -(-dice.roll().clamp(1e-9, 1.0 - 1e-9).ln()).ln();
                    (truth[0] * x[0] + truth[1] * x[1] + luck, x)
                })
                .collect();
            cars.sort_by(|a, b| b.0.total_cmp(&a.0));
            choices.add(cars.iter().map(|(_, x)| &x[..]), 1.0, places);
        }
        choices
    }

    #[test]
    fn the_weights_behind_choices_are_found_and_known_as_well_as_they_say() {
        let truth = [1.5, -0.7];
        let logit =
            Logit::fit(&made_up(2000, truth, &[1.0; 3]), &[0.0; 2], &[1e-3; 2], 64).unwrap();
        for (column, truth) in truth.into_iter().enumerate() {
            let square = |error: &Vec<f64>| error[column].powi(2);
            let deviation = (logit.errors.iter().map(square).sum::<f64>() / 64.0).sqrt();
            assert!((logit.weights[column] - truth).abs() < 3.5 * deviation);
            assert!((0.01..0.1).contains(&deviation), "{deviation}");
            let sum: f64 = logit.errors.iter().map(|error| error[column]).sum();
            assert!(sum.abs() < 1e-9);
        }
    }

    #[test]
    fn a_place_counts_as_much_as_it_is_said_to() {
        let fit = |places: &[f64]| {
            let logit = Logit::fit(&made_up(300, [1.5, -0.7], places), &[0.0; 2], &[30.0; 2], 1);
            logit.unwrap().weights
        };
        let (winner, both) = (fit(&[1.0]), fit(&[1.0, 1.0]));
        assert_eq!(fit(&[1.0, 0.0]), winner);
        let between = fit(&[1.0, 0.3]);
        for column in 0..2 {
            let (low, high) = (winner[column].abs(), both[column].abs());
            assert!(low < between[column].abs() && between[column].abs() < high);
        }
    }

    #[test]
    fn without_choices_the_prior_stands() {
        let logit = Logit::fit(&Choices::new(2), &[0.4, -1.0], &[10.0; 2], 8).unwrap();
        assert_eq!(logit.weights, [0.4, -1.0]);
    }

    #[test]
    fn a_heavier_penalty_draws_weights_to_the_prior() {
        let choices = made_up(200, [1.5, -0.7], &[1.0; 3]);
        let light = Logit::fit(&choices, &[0.0; 2], &[1.0; 2], 1).unwrap();
        let heavy = Logit::fit(&choices, &[0.0; 2], &[1e4; 2], 1).unwrap();
        assert!(heavy.weights[0].abs() < 0.1 && light.weights[0] > 1.0);
    }

    #[test]
    fn stretching_makes_up_for_what_a_penalty_took_from_all_weights_alike() {
        let truth = [1.5, -0.7];
        let choices = made_up(400, truth, &[1.0; 3]);
        let penalised = Logit::fit(&choices, &[0.0; 2], &[200.0; 2], 8).unwrap();
        let stretched = penalised.clone().stretched(&choices).unwrap();
        assert!(penalised.weights[0] < 1.2, "{:?}", penalised.weights);
        assert!((stretched.weights[0] - truth[0]).abs() < 0.2);
        let ratio = stretched.weights[0] / penalised.weights[0];
        for (after, before) in stretched.errors.iter().zip(&penalised.errors) {
            for column in 0..2 {
                assert!((after[column] - ratio * before[column]).abs() < 1e-12);
            }
        }
    }
}
