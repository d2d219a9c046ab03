//! How much better one engine is than another on the same races, and how sure that is.

use serde::{Deserialize, Serialize};

use super::bootstrap::{self, Resampled};
use crate::draws::as_f64;

const RESAMPLES: usize = 10_000;

/// The mean difference of two engines' winner log-loss over the races that both forecast.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PairedDifference {
    /// Races that both forecast.
    pub races: usize,
    /// Mean of one's log-loss minus the other's; below 0 when the one is better.
    pub value: f64,
    /// Lower end of the 95 % interval: races are resampled, each with both log-losses.
    pub low: f64,
    /// Upper end of it.
    pub high: f64,
}

impl PairedDifference {
    /// Compares pairs of log-losses, one pair a race: `(one, other)`. `None` without any.
    #[must_use]
    pub fn of(pairs: &[(f64, f64)]) -> Option<Self> {
        if pairs.is_empty() {
            return None;
        }
        let differences: Vec<f64> = pairs.iter().map(|(one, other)| one - other).collect();
        let races = differences.len();
        let Resampled { low, high, .. } = bootstrap::resampled(races, RESAMPLES, |sample| {
            sample.iter().map(|race| differences[*race]).sum::<f64>() / as_f64(races)
        });
        Some(Self {
            races,
            value: differences.iter().sum::<f64>() / as_f64(races),
            low,
            high,
        })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_constant_difference_is_certain() {
        let found = PairedDifference::of(&[(1.0, 1.5), (2.0, 2.5), (0.25, 0.75)]).unwrap();
        assert_eq!(found.races, 3);
        for value in [found.value, found.low, found.high] {
            assert!((value + 0.5).abs() < 1e-12);
        }
        assert_eq!(PairedDifference::of(&[]), None);
    }

    /// Half of the races 1 apart, half not: the mean of n has a standard error of 1 / (2 √n).
    #[test]
    fn an_interval_is_as_wide_as_the_theory_says() {
        let pairs: Vec<_> = (0..400).map(|race| (f64::from(race % 2), 0.0)).collect();
        let found = PairedDifference::of(&pairs).unwrap();
        assert!((found.value - 0.5).abs() < 1e-12);
        let half = 1.96 * 0.5 / 20.0;
        assert!((found.low - (0.5 - half)).abs() < 0.006, "{found:?}");
        assert!((found.high - (0.5 + half)).abs() < 0.006, "{found:?}");
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(32))]

        #[test]
        fn an_interval_lies_within_the_differences(
            pairs in prop::collection::vec((0.0..5.0_f64, 0.0..5.0_f64), 1..40)
        ) {
            let found = PairedDifference::of(&pairs).unwrap();
            let differences = pairs.iter().map(|(one, other)| one - other);
            let least = differences.clone().fold(f64::INFINITY, f64::min);
            let most = differences.fold(f64::NEG_INFINITY, f64::max);
            prop_assert!(least - 1e-12 <= found.low && found.low <= found.high);
            prop_assert!(found.high <= most + 1e-12);
            prop_assert!(least - 1e-12 <= found.value && found.value <= most + 1e-12);
            prop_assert_eq!(PairedDifference::of(&pairs).unwrap(), found);
        }

        #[test]
        fn the_other_way_round_the_sign_turns(
            pairs in prop::collection::vec((0.0..5.0_f64, 0.0..5.0_f64), 1..40)
        ) {
            let found = PairedDifference::of(&pairs).unwrap();
            let turned: Vec<_> = pairs.iter().map(|(one, other)| (*other, *one)).collect();
            let turned = PairedDifference::of(&turned).unwrap();
            prop_assert!((found.value + turned.value).abs() < 1e-12);
            prop_assert!((found.low + turned.high).abs() < 1e-9);
            prop_assert!((found.high + turned.low).abs() < 1e-9);
        }
    }
}
