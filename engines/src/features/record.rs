//! Means over what was seen, in which the old counts less than the new.

use serde::{Deserialize, Serialize};

/// A mean that forgets: what was seen `half_life` sightings ago counts half.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub(super) struct Average {
    half_life: f64,
    sum: f64,
    weight: f64,
}

impl Average {
    pub(super) const fn new(half_life: f64) -> Self {
        Self {
            half_life,
            sum: 0.0,
            weight: 0.0,
        }
    }

    pub(super) fn add(&mut self, value: f64) {
        self.fade(0.5_f64.powf(1.0 / self.half_life));
        self.sum += value;
        self.weight += 1.0;
    }

    /// Takes in a value where there is one.
    pub(super) fn add_some(&mut self, value: Option<f64>) {
        if let Some(value) = value {
            self.add(value);
        }
    }

    /// Lets everything seen so far count less.
    pub(super) fn fade(&mut self, kept: f64) {
        self.sum *= kept;
        self.weight *= kept;
    }

    /// The mean, drawn to `prior` as if that had been seen `strength` times.
    pub(super) fn mean(&self, prior: f64, strength: f64) -> f64 {
        (self.sum + strength * prior) / (self.weight + strength)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_new_counts_more_and_little_is_drawn_to_the_prior() {
        let mut average = Average::new(3.0);
        assert!((average.mean(0.7, 2.0) - 0.7).abs() < 1e-12);
        for value in [0.0, 0.0, 0.0, 1.0] {
            average.add(value);
        }
        assert!(average.mean(0.0, 1e-9) > 0.25);
        average.add(1.0);
        average.add(1.0);
        let half = average.sum / average.weight;
        assert!(half > 0.5 && half < 1.0);
        average.fade(0.0);
        assert!((average.mean(0.7, 2.0) - 0.7).abs() < 1e-12);
    }
}
