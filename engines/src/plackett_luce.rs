//! Plackett–Luce position probabilities by quadrature.
//!
//! Each car is given an exponential arrival time with rate `exp(strength)`; the order of arrival
//! is then exactly Plackett–Luce. The chance of a car to come `k`-th is the integral, over its
//! arrival time, of the chance that exactly `k - 1` others are there before, which is
//! Poisson-binomial. Nothing is sampled, so no chance is zero for want of samples.

use std::f64::consts::PI;

/// Steps of the trapezoid rule on the transformed logarithm of time. With this step the error is
/// below 1e-11 for any strengths.
const STEP: f64 = 0.16;
/// Strengths are cut off at this far below the best: a chance of 1e-13 to beat it.
const WEAKEST: f64 = 30.0;
/// Densities below this add nothing.
const NEGLIGIBLE: f64 = 1e-14;

/// A square matrix, row by row: entrant × place.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Square {
    size: usize,
    cells: Vec<f64>,
}

impl Square {
    pub(crate) fn zero(size: usize) -> Self {
        Self {
            size,
            cells: vec![0.0; size * size],
        }
    }

    pub(crate) fn row(&self, row: usize) -> &[f64] {
        &self.cells[row * self.size..(row + 1) * self.size]
    }

    fn row_mut(&mut self, row: usize) -> &mut [f64] {
        &mut self.cells[row * self.size..(row + 1) * self.size]
    }

    pub(crate) fn add(&mut self, other: &Self, weight: f64) {
        for (cell, other) in self.cells.iter_mut().zip(&other.cells) {
            *cell += weight * other;
        }
    }

    /// Takes the last error of rounding out: scales rows and columns in turn until each sums to
    /// one, with no cell below `floor`.
    pub(crate) fn balance(&mut self, floor: f64) {
        for cell in &mut self.cells {
            *cell = cell.max(floor);
        }
        for _ in 0..100 {
            let mut columns = vec![0.0; self.size];
            for row in self.cells.chunks_exact(self.size) {
                for (sum, cell) in columns.iter_mut().zip(row) {
                    *sum += cell;
                }
            }
            let mut worst = 0.0_f64;
            for row in self.cells.chunks_exact_mut(self.size) {
                for (cell, sum) in row.iter_mut().zip(&columns) {
                    *cell /= sum;
                }
                let sum: f64 = row.iter().sum();
                worst = worst.max((sum - 1.0).abs());
                for cell in row {
                    *cell /= sum;
                }
            }
            if worst < 1e-13 {
                break;
            }
        }
    }
}

/// Adds up position probabilities over draws of strengths; holds the working space.
pub(crate) struct Quadrature<'a> {
    /// Chance of each car not to be classified.
    retirement: &'a [f64],
    rates: Vec<f64>,
    /// Chance of each car to have arrived.
    arrived: Vec<f64>,
    counts: Vec<f64>,
    others: Vec<f64>,
}

impl<'a> Quadrature<'a> {
    pub(crate) fn new(retirement: &'a [f64]) -> Self {
        let size = retirement.len();
        Self {
            retirement,
            rates: vec![0.0; size],
            arrived: vec![0.0; size],
            counts: vec![0.0; size + 1],
            others: vec![0.0; size],
        }
    }

    /// Chance of each entrant to be classified in each place, given the strengths: row sums are
    /// the chances to be classified.
    pub(crate) fn classified(&mut self, strengths: &[f64]) -> Square {
        let size = strengths.len();
        let mut places = Square::zero(size);
        let best = strengths.iter().copied().fold(f64::MIN, f64::max);
        for (rate, strength) in self.rates.iter_mut().zip(strengths) {
            *rate = (strength - best).max(-WEAKEST).exp();
        }
        let total: f64 = self.rates.iter().sum();
        let slowest = self.rates.iter().copied().fold(f64::MAX, f64::min);
        // ln t = start + s - exp(-s): falls off doubly exponentially on the left, where nobody
        // has arrived yet, and is nearly s on the right.
        let start = -total.ln() - 2.0;
        let end = (33.0 / slowest).ln() - start;
        let mut s = -3.2;
        while s < end + STEP {
            let fall = (-s).exp();
            let time = (start + s - fall).exp();
            self.add_node(&mut places, time, STEP * time * (1.0 + fall));
            s += STEP;
        }
        places
    }

    fn add_node(&mut self, places: &mut Square, time: f64, weight: f64) {
        for (index, rate) in self.rates.iter().enumerate() {
            self.arrived[index] = -(1.0 - self.retirement[index]) * (-rate * time).exp_m1();
        }
        count(&self.arrived, &mut self.counts);
        for (index, rate) in self.rates.iter().enumerate() {
            let density = weight * rate * (-rate * time).exp() * (1.0 - self.retirement[index]);
            if density < NEGLIGIBLE {
                continue;
            }
            leave_out(&self.counts, self.arrived[index], &mut self.others);
            for (cell, chance) in places.row_mut(index).iter_mut().zip(&self.others) {
                *cell += density * chance;
            }
        }
    }

    /// Chance of each entrant to take each place unclassified: behind all that finish, in no
    /// particular order among each other. Does not depend on the strengths.
    pub(crate) fn retired(&mut self) -> Square {
        let size = self.retirement.len();
        let mut places = Square::zero(size);
        // The integrand is a polynomial of degree size - 1, so this many nodes are exact.
        for (node, weight) in gauss_legendre(size.div_ceil(2).max(1)) {
            for (ahead, retires) in self.arrived.iter_mut().zip(self.retirement) {
                *ahead = 1.0 - retires + retires * node;
            }
            count(&self.arrived, &mut self.counts);
            for (index, retires) in self.retirement.iter().enumerate() {
                leave_out(&self.counts, self.arrived[index], &mut self.others);
                for (cell, chance) in places.row_mut(index).iter_mut().zip(&self.others) {
                    *cell += weight * retires * chance;
                }
            }
        }
        places
    }
}

/// Poisson-binomial: the chance of each number of successes, by multiplying up `1 - p + p z`.
fn count(chances: &[f64], counts: &mut [f64]) {
    counts.fill(0.0);
    counts[0] = 1.0;
    for (index, p) in chances.iter().enumerate() {
        for k in (1..=index + 1).rev() {
            counts[k] += p * (counts[k - 1] - counts[k]);
        }
        counts[0] *= 1.0 - p;
    }
}

/// The counts without one of the chances: divides its factor out again, from the end where that
/// is stable.
fn leave_out(counts: &[f64], p: f64, others: &mut [f64]) {
    let size = others.len();
    if p <= 0.5 {
        let inverse = 1.0 / (1.0 - p);
        let ratio = p * inverse;
        let mut last = 0.0;
        for (other, count) in others.iter_mut().zip(counts) {
            last = count * inverse - ratio * last;
            *other = last;
        }
    } else {
        let inverse = 1.0 / p;
        let ratio = (1.0 - p) * inverse;
        let mut last = 0.0;
        for (other, count) in others.iter_mut().zip(&counts[1..=size]).rev() {
            last = count * inverse - ratio * last;
            *other = last;
        }
    }
}

/// Nodes and weights of the Gauss–Legendre rule on 0 to 1.
fn gauss_legendre(nodes: usize) -> Vec<(f64, f64)> {
    let n = crate::draws::as_f64(nodes);
    (0..nodes)
        .map(|index| {
            let mut x = (PI * (crate::draws::as_f64(index) + 0.75) / (n + 0.5)).cos();
            let mut slope = 1.0;
            for _ in 0..100 {
                let (mut value, mut before) = (x, 1.0);
                for degree in 2..=nodes {
                    let k = crate::draws::as_f64(degree);
                    (value, before) = (
                        ((2.0 * k - 1.0) * x * value - (k - 1.0) * before) / k,
                        value,
                    );
                }
                slope = n * (x * value - before) / (x * x - 1.0);
                let step = value / slope;
                x -= step;
                if step.abs() < 1e-16 {
                    break;
                }
            }
            (f64::midpoint(x, 1.0), 1.0 / ((1.0 - x * x) * slope * slope))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Position probabilities by adding up all orders of finish.
    fn by_enumeration(strengths: &[f64]) -> Square {
        fn go(rates: &[f64], order: &mut Vec<usize>, chance: f64, places: &mut Square) {
            if order.len() == rates.len() {
                for (place, car) in order.iter().enumerate() {
                    places.row_mut(*car)[place] += chance;
                }
                return;
            }
            let left: Vec<usize> = (0..rates.len())
                .filter(|car| !order.contains(car))
                .collect();
            let total: f64 = left.iter().map(|car| rates[*car]).sum();
            for car in left {
                order.push(car);
                go(rates, order, chance * rates[car] / total, places);
                order.pop();
            }
        }
        let rates: Vec<f64> = strengths.iter().map(|s| s.exp()).collect();
        let mut places = Square::zero(rates.len());
        go(&rates, &mut Vec::new(), 1.0, &mut places);
        places
    }

    #[test]
    fn quadrature_equals_adding_up_all_orders() {
        for strengths in [
            vec![0.0],
            vec![0.0, 0.0],
            vec![3.0, -3.0],
            vec![2.0, 1.0, 0.0, -1.0, -2.0, 0.3, 0.3],
            vec![-8.0, 9.0, 0.0, 4.0, 4.1],
        ] {
            let none = vec![0.0; strengths.len()];
            let places = Quadrature::new(&none).classified(&strengths);
            let exact = by_enumeration(&strengths);
            for (cell, exact) in places.cells.iter().zip(&exact.cells) {
                assert!(
                    (cell - exact).abs() < 1e-10,
                    "{strengths:?}: {cell} {exact}"
                );
            }
        }
    }

    #[test]
    fn winners_have_their_share_of_worth_among_many_cars() {
        let strengths: Vec<f64> = (0..55).map(|car| -0.2 * f64::from(car)).collect();
        let none = vec![0.0; strengths.len()];
        let places = Quadrature::new(&none).classified(&strengths);
        let total: f64 = strengths.iter().map(|s| s.exp()).sum();
        for (car, strength) in strengths.iter().enumerate() {
            let share = strength.exp() / total;
            assert!((places.row(car)[0] - share).abs() < 1e-10, "{car}");
        }
    }

    #[test]
    fn rows_and_columns_sum_to_one_before_they_are_balanced() {
        let retirement: Vec<f64> = (0..34)
            .map(|car| 0.02 + 0.02 * f64::from(car % 30))
            .collect();
        let strengths: Vec<f64> = (0..34)
            .map(|car| 2.5 * f64::from(car * 7 % 11) / 3.0)
            .collect();
        let mut quadrature = Quadrature::new(&retirement);
        let mut places = quadrature.classified(&strengths);
        places.add(&quadrature.retired(), 1.0);
        for index in 0..34 {
            let row: f64 = places.row(index).iter().sum();
            let column: f64 = (0..34).map(|car| places.row(car)[index]).sum();
            assert!((row - 1.0).abs() < 1e-10, "row {row}");
            assert!((column - 1.0).abs() < 1e-10, "column {column}");
        }
    }

    #[test]
    fn retired_cars_share_the_last_places() {
        let mut quadrature = Quadrature::new(&[1.0, 1.0, 0.0]);
        let places = quadrature.retired();
        for (cell, expected) in places.cells.iter().zip([0.0, 0.5, 0.5, 0.0, 0.5, 0.5]) {
            assert!((cell - expected).abs() < 1e-14);
        }
    }
}
