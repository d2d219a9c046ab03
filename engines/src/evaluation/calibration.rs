//! Whether what is given a chance of 30 % comes about 3 times in 10.

use serde::{Deserialize, Serialize};

use super::{Evaluation, bootstrap};
use crate::draws::as_f64;

/// Bins of equal width that chances from 0 to 1 are sorted into.
const BINS: usize = 10;
const RESAMPLES: usize = 2_000;

/// Entrants whose chance to win was forecast to be about the same.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Bin {
    /// Lowest chance of the bin.
    pub low: f64,
    /// Its end: the lowest chance of the next bin.
    pub high: f64,
    /// How many entrants there were.
    pub entrants: usize,
    /// Their mean chance to win; `None` without entrants.
    pub forecast: Option<f64>,
    /// Share of them that won; `None` without entrants.
    pub frequency: Option<f64>,
}

/// Forecast chances to win beside what happened.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Calibration {
    /// Ten bins of equal width, from 0 to 1.
    pub bins: Vec<Bin>,
    /// Mean distance of forecast chance and frequency over the bins, weighted by the entrants in
    /// each: 0 is perfect.
    pub error: f64,
    /// Lower end of the 95 % interval of the error: races are resampled, and what resampling adds
    /// to the error on average is taken off, since chance moves even a perfect forecast off its
    /// frequencies.
    pub low: f64,
    /// Upper end of it.
    pub high: f64,
}

impl Calibration {
    /// Sorts the entrants of all races into bins; `None` without races.
    #[must_use]
    pub fn of<'a>(evaluations: impl IntoIterator<Item = &'a Evaluation>) -> Option<Self> {
        let races: Vec<Tally> = evaluations.into_iter().map(Tally::of).collect();
        if races.is_empty() {
            return None;
        }
        let all = Tally::sum(&races);
        let found = bootstrap::resampled(races.len(), RESAMPLES, |sample| {
            Tally::sum(sample.iter().map(|race| &races[*race])).error()
        });
        let error = all.error();
        let added = found.mean - error;
        Some(Self {
            bins: all.bins(),
            error,
            low: (found.low - added).clamp(0.0, error),
            high: (found.high - added).max(error),
        })
    }
}

/// As [`Calibration::error`], without its interval.
pub(super) fn error(evaluations: &[&Evaluation]) -> f64 {
    let races: Vec<Tally> = evaluations.iter().copied().map(Tally::of).collect();
    Tally::sum(&races).error()
}

/// Sums over entrants, by bin.
#[derive(Default, Clone)]
struct Tally {
    entrants: [usize; BINS],
    chances: [f64; BINS],
    wins: [f64; BINS],
}

impl Tally {
    fn of(evaluation: &Evaluation) -> Self {
        let mut tally = Self::default();
        for entrant in &evaluation.entrants {
            let bin = (1..BINS).filter(|bin| entrant.win >= edge(*bin)).count();
            tally.entrants[bin] += 1;
            tally.chances[bin] += entrant.win;
            tally.wins[bin] += entrant.won();
        }
        tally
    }

    fn sum<'a>(races: impl IntoIterator<Item = &'a Self>) -> Self {
        let mut sum = Self::default();
        for race in races {
            for bin in 0..BINS {
                sum.entrants[bin] += race.entrants[bin];
                sum.chances[bin] += race.chances[bin];
                sum.wins[bin] += race.wins[bin];
            }
        }
        sum
    }

    fn error(&self) -> f64 {
        let gaps = self.chances.iter().zip(&self.wins);
        let gaps: f64 = gaps.map(|(chances, wins)| (chances - wins).abs()).sum();
        let entrants: usize = self.entrants.iter().sum();
        gaps / as_f64(entrants.max(1))
    }

    fn bins(&self) -> Vec<Bin> {
        let bin = |bin: usize| {
            let entrants = self.entrants[bin];
            let mean = |sum: f64| (entrants > 0).then(|| sum / as_f64(entrants));
            Bin {
                low: edge(bin),
                high: edge(bin + 1),
                entrants,
                forecast: mean(self.chances[bin]),
                frequency: mean(self.wins[bin]),
            }
        };
        (0..BINS).map(bin).collect()
    }
}

fn edge(bin: usize) -> f64 {
    as_f64(bin) / as_f64(BINS)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::evaluation::{EntrantEvaluation, Summary};
    use crate::history::DriverId;

    /// A race in which the entrants had these chances and the one at `winner` won.
    fn race(chances: &[f64], winner: usize) -> Evaluation {
        let entrants = chances.iter().enumerate();
        let entrants = entrants.map(|(index, win)| EntrantEvaluation {
            driver: DriverId(0),
            win: *win,
            expected_position: 1.0,
            place: if index == winner { 1 } else { 2 },
        });
        Evaluation {
            winner_log_loss: 0.0,
            winner_brier: 0.0,
            hit: 0.0,
            podium_overlap: 0.0,
            rps: 0.0,
            spearman: None,
            coverage_90: 0.0,
            position_mae: 0.0,
            entrants: entrants.collect(),
        }
    }

    #[test]
    fn chances_that_come_about_as_often_as_said_have_no_error() {
        let races: Vec<_> = (0..10)
            .map(|number| race(&[0.7, 0.3], usize::from(number >= 7)))
            .collect();
        let found = Calibration::of(&races).unwrap();
        assert!(found.error < 1e-12);
        assert_eq!(found.bins.len(), 10);
        let bin = &found.bins[7];
        assert_eq!(bin.entrants, 10);
        assert!((bin.forecast.unwrap() - 0.7).abs() < 1e-12);
        assert!((bin.frequency.unwrap() - 0.7).abs() < 1e-12);
        assert_eq!(found.bins[1].forecast, None);
        assert!(found.low >= 0.0 && found.high > 0.0);
    }

    #[test]
    fn errors_are_weighted_by_entrants() {
        // Three at .05 of which none wins, one at .85 that does: (3 × .05 + .15) / 4.
        let found = Calibration::of(&[race(&[0.05, 0.05, 0.05, 0.85], 3)]).unwrap();
        assert!((found.error - 0.075).abs() < 1e-12);
        // A single race resampled is itself.
        assert!((found.low - found.error).abs() < 1e-12);
        assert!((found.high - found.error).abs() < 1e-12);
    }

    #[test]
    fn a_chance_on_an_edge_belongs_to_the_bin_above_and_one_to_the_last() {
        let found = Calibration::of(&[race(&[0.1, 0.3, 1.0, 0.0], 2)]).unwrap();
        let counts: Vec<_> = found.bins.iter().map(|bin| bin.entrants).collect();
        assert_eq!(counts, [1, 1, 0, 1, 0, 0, 0, 0, 0, 1]);
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(24))]

        #[test]
        fn nobody_is_lost_and_the_error_is_that_of_the_summary(
            worths in prop::collection::vec(prop::collection::vec(0.01..9.0_f64, 2..12), 1..20),
            winner in 0..2_usize,
        ) {
            let races: Vec<_> = worths
                .iter()
                .map(|worths| {
                    let sum: f64 = worths.iter().sum();
                    let chances: Vec<_> = worths.iter().map(|worth| worth / sum).collect();
                    race(&chances, winner)
                })
                .collect();
            let found = Calibration::of(&races).unwrap();
            let entrants: usize = found.bins.iter().map(|bin| bin.entrants).sum();
            prop_assert_eq!(entrants, worths.iter().map(Vec::len).sum::<usize>());
            let error = Summary::of(&races).unwrap().calibration_error;
            prop_assert!((found.error - error).abs() < 1e-15);
            prop_assert!(0.0 <= found.low && found.low <= error && error <= found.high + 1e-12);
            for bin in found.bins.iter().filter(|bin| bin.entrants > 0) {
                let mean = bin.forecast.unwrap();
                prop_assert!(bin.low - 1e-12 <= mean && mean <= bin.high + 1e-12);
            }
            prop_assert_eq!(Calibration::of(&races).unwrap(), found);
        }
    }
}
