//! Strengths of the entrants of one race, drawn several times to show how unsure they are.
//!
//! Nothing is drawn at random: each draw takes its normal deviates from evenly spread quantiles,
//! shuffled by a key, so that the same key always gives the same deviates.

use serde::{Deserialize, Serialize};

/// Draws of the log worth of each entrant. Each draw holds one value per entrant, in their order.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Draws {
    entrants: usize,
    values: Vec<f64>,
}

impl Draws {
    /// Strengths that are taken as certain: one draw.
    #[must_use]
    pub fn certain(strengths: Vec<f64>) -> Self {
        Self {
            entrants: strengths.len(),
            values: strengths,
        }
    }

    /// `count` draws, where `spread(entrant)` gives an entrant's draws around `mean[entrant]`.
    ///
    /// # Panics
    /// When `spread` yields fewer than `count` values.
    #[must_use]
    pub fn around(mean: &[f64], count: usize, spread: impl Fn(usize) -> Vec<f64>) -> Self {
        let entrants = mean.len();
        let mut values = vec![0.0; entrants * count];
        for (entrant, mean) in mean.iter().enumerate() {
            let spread = spread(entrant);
            assert!(spread.len() >= count, "a deviation for each draw");
            for (draw, deviation) in spread.iter().take(count).enumerate() {
                values[draw * entrants + entrant] = mean + deviation;
            }
        }
        Self { entrants, values }
    }

    /// Draws given one after the other, each with one value per entrant.
    #[must_use]
    pub fn from_rows(rows: &[Vec<f64>]) -> Self {
        Self {
            entrants: rows.first().map_or(0, Vec::len),
            values: rows.concat(),
        }
    }

    /// How many entrants there are.
    #[must_use]
    pub fn entrants(&self) -> usize {
        self.entrants
    }

    /// The draws.
    #[must_use]
    pub fn rows(&self) -> impl ExactSizeIterator<Item = &[f64]> {
        self.values.chunks_exact(self.entrants.max(1))
    }

    /// Mean strength of each entrant over the draws.
    #[must_use]
    pub fn mean(&self) -> Vec<f64> {
        let mut mean = vec![0.0; self.entrants];
        let share = 1.0 / as_f64(self.rows().len().max(1));
        for row in self.rows() {
            for (mean, value) in mean.iter_mut().zip(row) {
                *mean += value * share;
            }
        }
        mean
    }

    /// Whether there is at least one whole draw, of finite numbers, for that many entrants.
    pub(crate) fn fit(&self, entrants: usize) -> bool {
        self.entrants == entrants
            && !self.values.is_empty()
            && self.values.len().is_multiple_of(entrants)
            && self.values.iter().all(|value| value.is_finite())
    }
}

/// A count as a number to calculate with.
pub(crate) fn as_f64(count: usize) -> f64 {
    #[expect(
        clippy::cast_precision_loss,
        reason = "counts of cars and races are far below 2^52"
    )]
    let number = count as f64;
    number
}

/// `count` standard normal deviates with mean 0: evenly spread quantiles in an order given by
/// `key`.
#[must_use]
pub fn normal_deviates(key: u64, count: usize) -> Vec<f64> {
    let mut deviates: Vec<f64> = (0..count)
        .map(|index| normal_quantile((as_f64(index) + 0.5) / as_f64(count)))
        .collect();
    let mut state = key;
    for last in (1..count).rev() {
        let range = last as u64 + 1;
        #[expect(clippy::cast_possible_truncation, reason = "below `count`")]
        let other = (split_mix(&mut state) % range) as usize;
        deviates.swap(last, other);
    }
    deviates
}

/// The `SplitMix64` generator (Steele, Lea, Flood 2014).
pub(crate) fn split_mix(state: &mut u64) -> u64 {
    *state = state.wrapping_add(0x9E37_79B9_7F4A_7C15);
    let mut z = *state;
    z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    z ^ (z >> 31)
}

/// Quantile of the standard normal distribution by Acklam's rational approximation; relative
/// error below 1.2e-9.
fn normal_quantile(p: f64) -> f64 {
    const TAIL: f64 = 0.02425;
    if p > 0.5 {
        return -normal_quantile(1.0 - p);
    }
    if p < TAIL {
        let q = (-2.0 * p.ln()).sqrt();
        let numerator = horner(
            q,
            &[
                -7.784_894_002_430_293e-3,
                -3.223_964_580_411_365e-1,
                -2.400_758_277_161_838,
                -2.549_732_539_343_734,
                4.374_664_141_464_968,
                2.938_163_982_698_783,
            ],
        );
        let denominator = horner(
            q,
            &[
                7.784_695_709_041_462e-3,
                3.224_671_290_700_398e-1,
                2.445_134_137_142_996,
                3.754_408_661_907_416,
                1.0,
            ],
        );
        return numerator / denominator;
    }
    let q = p - 0.5;
    let r = q * q;
    let numerator = horner(
        r,
        &[
            -3.969_683_028_665_376e1,
            2.209_460_984_245_205e2,
            -2.759_285_104_469_687e2,
            1.383_577_518_672_69e2,
            -3.066_479_806_614_716e1,
            2.506_628_277_459_239,
        ],
    );
    let denominator = horner(
        r,
        &[
            -5.447_609_879_822_406e1,
            1.615_858_368_580_409e2,
            -1.556_989_798_598_866e2,
            6.680_131_188_771_972e1,
            -1.328_068_155_288_572e1,
            1.0,
        ],
    );
    q * numerator / denominator
}

fn horner(x: f64, coefficients: &[f64]) -> f64 {
    coefficients.iter().fold(0.0, |sum, c| sum * x + c)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn deviates_are_standard_normal_and_repeatable() {
        let deviates = normal_deviates(7, 200);
        let mean: f64 = deviates.iter().sum::<f64>() / 200.0;
        let variance: f64 = deviates.iter().map(|z| z * z).sum::<f64>() / 200.0;
        assert!(mean.abs() < 1e-12);
        assert!((variance - 1.0).abs() < 0.02, "{variance}");
        assert_eq!(deviates, normal_deviates(7, 200));
        assert_ne!(deviates, normal_deviates(8, 200));
    }

    #[test]
    fn quantiles_are_those_of_the_tables() {
        for (p, z) in [
            (0.5, 0.0),
            (0.975, 1.959_963_985),
            (0.01, -2.326_347_874),
            (0.2, -0.841_621_234),
        ] {
            assert!((normal_quantile(p) - z).abs() < 1e-8, "{p}");
        }
    }

    #[test]
    fn the_mean_of_draws_is_their_centre() {
        let draws = Draws::around(&[1.0, -2.0, 0.5], 16, |entrant| {
            normal_deviates(entrant as u64, 16)
        });
        assert_eq!(draws.rows().len(), 16);
        for (mean, expected) in draws.mean().iter().zip([1.0, -2.0, 0.5]) {
            assert!((mean - expected).abs() < 1e-12);
        }
    }
}
