//! A conditional logit that learns race by race: which of the cars comes first, then which of the
//! others, given a few numbers about each. It does not know what the numbers mean.

use serde::{Deserialize, Serialize};

/// Weights of the numbers and how well they are known.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Choice {
    weights: Vec<f64>,
    /// Where the weights start, and what they fall back to without evidence.
    prior: Vec<f64>,
    /// Precision of the weights, row by row.
    precision: Vec<Vec<f64>>,
}

impl Choice {
    /// Starts from given weights, each held to its value with the given precision.
    pub(crate) fn new(prior: &[f64], precision: f64) -> Self {
        let size = prior.len();
        let diagonal = |row| (0..size).map(move |c| if c == row { precision } else { 0.0 });
        Self {
            weights: prior.to_vec(),
            prior: prior.to_vec(),
            precision: (0..size).map(|row| diagonal(row).collect()).collect(),
        }
    }

    pub(crate) fn weights(&self) -> &[f64] {
        &self.weights
    }

    /// Learns from one race: one Newton step on the likelihood of the first `places` places,
    /// after older evidence has faded by the factor `memory`. `ranked` holds the numbers of each
    /// car in the order of finish.
    pub(crate) fn learn(&mut self, ranked: &[Vec<f64>], places: usize, memory: f64, hold: f64) {
        let size = self.weights.len();
        let mut slope = vec![0.0; size];
        for (row, line) in self.precision.iter_mut().enumerate() {
            for (column, cell) in line.iter_mut().enumerate() {
                *cell *= memory;
                if row == column {
                    *cell += (1.0 - memory) * hold;
                    slope[row] += (1.0 - memory) * hold * (self.prior[row] - self.weights[row]);
                }
            }
        }
        for place in 0..places.min(ranked.len().saturating_sub(1)) {
            self.add_choice(&ranked[place..], &mut slope);
        }
        let step = solve(self.precision.clone(), slope);
        for (weight, step) in self.weights.iter_mut().zip(step) {
            *weight += step;
        }
    }

    /// Adds the slope and precision of the first of `cars` being chosen.
    fn add_choice(&mut self, cars: &[Vec<f64>], slope: &mut [f64]) {
        let logits: Vec<f64> = cars.iter().map(|car| dot(car, &self.weights)).collect();
        let best = logits.iter().copied().fold(f64::MIN, f64::max);
        let worth: Vec<f64> = logits.iter().map(|logit| (logit - best).exp()).collect();
        let total: f64 = worth.iter().sum();
        let mut mean = vec![0.0; slope.len()];
        for (car, worth) in cars.iter().zip(&worth) {
            for (mean, number) in mean.iter_mut().zip(car) {
                *mean += worth / total * number;
            }
        }
        for (slope, (number, mean)) in slope.iter_mut().zip(cars[0].iter().zip(&mean)) {
            *slope += number - mean;
        }
        for (car, worth) in cars.iter().zip(&worth) {
            for (row, line) in self.precision.iter_mut().enumerate() {
                for (column, cell) in line.iter_mut().enumerate() {
                    *cell += worth / total * (car[row] - mean[row]) * (car[column] - mean[column]);
                }
            }
        }
    }
}

/// Sum of products.
pub(crate) fn dot(left: &[f64], right: &[f64]) -> f64 {
    left.iter().zip(right).map(|(l, r)| l * r).sum()
}

/// Solves `matrix · x = right` for a positive definite matrix by elimination.
fn solve(mut matrix: Vec<Vec<f64>>, mut right: Vec<f64>) -> Vec<f64> {
    let size = right.len();
    for pivot in 0..size {
        for row in pivot + 1..size {
            let factor = matrix[row][pivot] / matrix[pivot][pivot];
            let (above, below) = matrix.split_at_mut(row);
            for (cell, other) in below[0].iter_mut().zip(&above[pivot]).skip(pivot) {
                *cell -= factor * other;
            }
            right[row] -= factor * right[pivot];
        }
    }
    for row in (0..size).rev() {
        let known = dot(&matrix[row][row + 1..], &right[row + 1..]);
        right[row] = (right[row] - known) / matrix[row][row];
    }
    right
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::synthetic::Dice;

    #[test]
    fn the_weights_behind_choices_are_found() {
        let mut dice = Dice(9);
        let mut choice = Choice::new(&[0.0, 0.0], 1.0);
        for _ in 0..3000 {
            let mut cars: Vec<(f64, Vec<f64>)> = (0..8)
                .map(|_| {
                    let numbers = vec![dice.roll() * 2.0, dice.roll() * 2.0];
                    let gumbel = -(-dice.roll().max(1e-9).ln()).ln();
                    (1.5 * numbers[0] - 0.7 * numbers[1] + gumbel, numbers)
                })
                .collect();
            cars.sort_by(|a, b| b.0.total_cmp(&a.0));
            let ranked: Vec<_> = cars.into_iter().map(|(_, numbers)| numbers).collect();
            choice.learn(&ranked, 3, 1.0, 1.0);
        }
        assert!((choice.weights()[0] - 1.5).abs() < 0.1, "{choice:?}");
        assert!((choice.weights()[1] + 0.7).abs() < 0.1, "{choice:?}");
    }

    #[test]
    fn a_system_of_equations_is_solved() {
        let matrix = vec![
            vec![4.0, 1.0, 0.5],
            vec![1.0, 3.0, 0.2],
            vec![0.5, 0.2, 2.0],
        ];
        let x = solve(matrix.clone(), vec![1.0, 2.0, 3.0]);
        for (row, right) in matrix.iter().zip([1.0, 2.0, 3.0]) {
            assert!((dot(row, &x) - right).abs() < 1e-12);
        }
    }
}
