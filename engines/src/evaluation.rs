//! How good a forecast was, once the race is run. It does not decide what to forecast.

mod bootstrap;
mod calibration;
mod difference;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

pub use calibration::{Bin, Calibration};
pub use difference::PairedDifference;

use crate::draws::as_f64;
use crate::forecast::{EntrantForecast, Forecast, LEVEL};
use crate::history::DriverId;

/// The measures of one forecast against its result.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Evaluation {
    /// Minus the natural logarithm of the winner's forecast chance; lower is better.
    pub winner_log_loss: f64,
    /// Mean over the entrants of (chance to win − won)²; lower is better.
    pub winner_brier: f64,
    /// 1 when the favourite won, a fair share when favourites tie.
    pub hit: f64,
    /// Share of the podium among the three likeliest for it.
    pub podium_overlap: f64,
    /// Ranked probability score over places, mean over the entrants, 0 to 1; lower is better.
    pub rps: f64,
    /// Spearman's rank correlation of expected and actual places; `None` when either is constant.
    pub spearman: Option<f64>,
    /// Share of entrants whose place lies in the central 90 % of its distribution. A place that
    /// straddles an end counts in part (the expected value of the randomised probability integral
    /// transform), so that a distribution which is right scores 0.9 although places are whole.
    pub coverage_90: f64,
    /// Mean distance of expected and actual place, in places.
    pub position_mae: f64,
    /// The entrants one by one, in the forecast's order.
    pub entrants: Vec<EntrantEvaluation>,
}

/// What was said of one entrant, and what came of it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct EntrantEvaluation {
    /// Who drove.
    pub driver: DriverId,
    /// Forecast chance to win, or to take pole.
    pub win: f64,
    /// Expected place, from 1.
    pub expected_position: f64,
    /// Place among the entrants, from 1.
    pub place: usize,
}

impl EntrantEvaluation {
    /// 1 for who won, else 0.
    #[must_use]
    pub fn won(&self) -> f64 {
        f64::from(u8::from(self.place == 1))
    }

    /// (Chance to win − won)²; lower is better.
    #[must_use]
    pub fn brier(&self) -> f64 {
        (self.win - self.won()).powi(2)
    }

    /// Distance of expected and actual place, in places.
    #[must_use]
    pub fn position_error(&self) -> f64 {
        (self.expected_position - as_f64(self.place)).abs()
    }
}

impl Evaluation {
    /// Compares a forecast with the places of its entrants in the official classification
    /// (unclassified cars included; `None`: not in it, counted behind all others). `None` when
    /// nobody has a place or the numbers differ.
    #[must_use]
    pub fn of(forecast: &Forecast, places: &[Option<u8>]) -> Option<Self> {
        let size = forecast.entrants.len();
        if places.len() != size || places.iter().all(Option::is_none) {
            return None;
        }
        let places: Vec<f64> = places
            .iter()
            .map(|place| place.map_or(f64::INFINITY, f64::from))
            .collect();
        let ranks: Vec<usize> = places
            .iter()
            .map(|place| 1 + places.iter().filter(|other| *other < place).count())
            .collect();
        let of_each = |value: fn(&EntrantForecast) -> f64| -> Vec<f64> {
            forecast.entrants.iter().map(value).collect()
        };
        let win = of_each(|entrant| entrant.win);
        let entrants: Vec<_> = forecast
            .entrants
            .iter()
            .zip(&ranks)
            .map(|(entrant, rank)| EntrantEvaluation {
                driver: entrant.driver,
                win: entrant.win,
                expected_position: entrant.expected_position,
                place: *rank,
            })
            .collect();
        let winner: f64 = entrants.iter().map(|e| e.win * e.won()).sum();
        let mean = |value: fn(&EntrantEvaluation) -> f64| {
            entrants.iter().map(value).sum::<f64>() / as_f64(size)
        };
        Some(Self {
            winner_log_loss: -winner.ln(),
            winner_brier: mean(EntrantEvaluation::brier),
            hit: overlap(&win, &ranks, 1),
            podium_overlap: overlap(&of_each(|entrant| entrant.podium), &ranks, 3),
            rps: rps(forecast, &ranks),
            spearman: correlation(
                &mean_ranks(&of_each(|entrant| entrant.expected_position)),
                &mean_ranks(&places),
            ),
            coverage_90: coverage(forecast, &ranks),
            position_mae: mean(EntrantEvaluation::position_error),
            entrants,
        })
    }
}

/// The means of many evaluations.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Summary {
    /// How many races were evaluated.
    pub races: usize,
    /// Mean of [`Evaluation::winner_log_loss`].
    pub winner_log_loss: f64,
    /// Mean of [`Evaluation::winner_brier`].
    pub winner_brier: f64,
    /// Mean of [`Evaluation::hit`].
    pub hit: f64,
    /// Mean of [`Evaluation::podium_overlap`].
    pub podium_overlap: f64,
    /// Mean of [`Evaluation::rps`].
    pub rps: f64,
    /// Mean of [`Evaluation::spearman`] where there is one, else 0.
    pub spearman: f64,
    /// Mean of [`Evaluation::coverage_90`].
    pub coverage_90: f64,
    /// Mean of [`Evaluation::position_mae`].
    pub position_mae: f64,
    /// As [`Calibration::error`].
    pub calibration_error: f64,
}

impl Summary {
    /// Sums evaluations up; `None` when there are none.
    #[must_use]
    pub fn of<'a>(evaluations: impl IntoIterator<Item = &'a Evaluation>) -> Option<Self> {
        let evaluations: Vec<&Evaluation> = evaluations.into_iter().collect();
        if evaluations.is_empty() {
            return None;
        }
        let mean = |value: fn(&Evaluation) -> f64| {
            evaluations.iter().copied().map(value).sum::<f64>() / as_f64(evaluations.len())
        };
        let correlations: Vec<f64> = evaluations.iter().filter_map(|e| e.spearman).collect();
        Some(Self {
            races: evaluations.len(),
            winner_log_loss: mean(|e| e.winner_log_loss),
            winner_brier: mean(|e| e.winner_brier),
            hit: mean(|e| e.hit),
            podium_overlap: mean(|e| e.podium_overlap),
            rps: mean(|e| e.rps),
            spearman: correlations.iter().sum::<f64>() / as_f64(correlations.len().max(1)),
            coverage_90: mean(|e| e.coverage_90),
            position_mae: mean(|e| e.position_mae),
            calibration_error: calibration::error(&evaluations),
        })
    }

    /// Sums each season up, the earliest first.
    #[must_use]
    pub fn by_season<'a>(
        evaluations: impl IntoIterator<Item = (i32, &'a Evaluation)>,
    ) -> Vec<(i32, Self)> {
        let mut seasons: BTreeMap<i32, Vec<&Evaluation>> = BTreeMap::new();
        for (season, evaluation) in evaluations {
            seasons.entry(season).or_default().push(evaluation);
        }
        let summary = |(season, races)| Some((season, Self::of::<'a>(races)?));
        seasons.into_iter().filter_map(summary).collect()
    }
}

/// Share of those ranked within `count` who are among the `count` with the highest chance; equal
/// chances share the last seats.
fn overlap(chances: &[f64], ranks: &[usize], count: usize) -> f64 {
    let count = count.min(chances.len());
    let mut shared = 0.0;
    for (chance, _) in chances
        .iter()
        .zip(ranks)
        .filter(|(_, rank)| **rank <= count)
    {
        let higher = chances
            .iter()
            .filter(|other| *other - chance > 1e-12)
            .count();
        let equal = chances
            .iter()
            .filter(|other| (*other - chance).abs() <= 1e-12)
            .count();
        let seats = count.saturating_sub(higher);
        shared += (as_f64(seats) / as_f64(equal)).min(1.0);
    }
    let ranked = ranks.iter().filter(|rank| **rank <= count).count();
    shared / as_f64(ranked.max(1))
}

fn rps(forecast: &Forecast, ranks: &[usize]) -> f64 {
    let size = ranks.len();
    let mut total = 0.0;
    for (entrant, rank) in forecast.entrants.iter().zip(ranks) {
        let mut below = 0.0;
        for (place, chance) in (1..size).zip(&entrant.positions) {
            below += chance;
            let reached = f64::from(u8::from(*rank <= place));
            total += (below - reached).powi(2);
        }
    }
    total / as_f64(size) / as_f64((size - 1).max(1))
}

fn coverage(forecast: &Forecast, ranks: &[usize]) -> f64 {
    let (low, high) = ((1.0 - LEVEL) / 2.0, f64::midpoint(1.0, LEVEL));
    let inside = |(entrant, rank): (&EntrantForecast, &usize)| {
        let before: f64 = entrant.positions[..rank - 1].iter().sum();
        let chance = entrant.positions[rank - 1];
        let covered = (before + chance).min(high) - before.max(low);
        (covered / chance).clamp(0.0, 1.0)
    };
    let entrants = forecast.entrants.iter().zip(ranks);
    entrants.map(inside).sum::<f64>() / as_f64(ranks.len())
}

/// Ranks from 1; values that differ by rounding only share the mean of theirs.
fn mean_ranks(values: &[f64]) -> Vec<f64> {
    values
        .iter()
        .map(|value| {
            let below = values.iter().filter(|other| value - *other > 1e-9);
            let above = values.iter().filter(|other| *other - value > 1e-9);
            let up_to = values.len() - above.count();
            f64::midpoint(as_f64(below.count()), as_f64(up_to)) + 0.5
        })
        .collect()
}

fn correlation(left: &[f64], right: &[f64]) -> Option<f64> {
    let mean = |values: &[f64]| values.iter().sum::<f64>() / as_f64(values.len());
    let (left_mean, right_mean) = (mean(left), mean(right));
    let (mut both, mut left_square, mut right_square) = (0.0, 0.0, 0.0);
    for (l, r) in left.iter().zip(right) {
        let (l, r) = (l - left_mean, r - right_mean);
        both += l * r;
        left_square += l * l;
        right_square += r * r;
    }
    let scale = (left_square * right_square).sqrt();
    (scale > 0.0).then(|| both / scale)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::draws::Draws;
    use crate::history::Stage;
    use crate::synthetic;

    fn forecast(strengths: &[f64]) -> Forecast {
        let race =
            synthetic::history(5, 1, strengths.len()).races()[0].to_forecast(Stage::PreWeekend);
        Forecast::new(&race, &Draws::certain(strengths.to_vec()), None).unwrap()
    }

    #[test]
    fn knowing_nothing_scores_as_chance_does() {
        let places: Vec<_> = (1..=20).map(Some).collect();
        let evaluation = Evaluation::of(&forecast(&[0.0; 20]), &places).unwrap();
        assert!((evaluation.winner_log_loss - 20.0_f64.ln()).abs() < 1e-9);
        assert!((evaluation.winner_brier - 0.0475).abs() < 1e-9);
        assert!((evaluation.hit - 0.05).abs() < 1e-9);
        assert!((evaluation.podium_overlap - 0.15).abs() < 1e-9);
        assert_eq!(evaluation.spearman, None);
    }

    #[test]
    fn knowing_the_order_scores_well() {
        let places: Vec<_> = (1..=6).map(Some).collect();
        let strengths: Vec<f64> = (0..6).map(|car| -6.0 * f64::from(car)).collect();
        let evaluation = Evaluation::of(&forecast(&strengths), &places).unwrap();
        assert!(evaluation.winner_log_loss < 0.01);
        assert!(evaluation.rps < 0.01);
        assert!((evaluation.hit - 1.0).abs() < 1e-12);
        assert!((evaluation.podium_overlap - 1.0).abs() < 1e-12);
        assert!((evaluation.spearman.unwrap() - 1.0).abs() < 1e-12);
        // Nine tenths of a certainty, since a place that straddles an end counts in part.
        assert!((evaluation.coverage_90 - 0.9).abs() < 0.01);
    }

    #[test]
    fn who_is_not_in_the_classification_counts_as_last() {
        let evaluation =
            Evaluation::of(&forecast(&[2.0, 1.0, 0.0]), &[Some(1), Some(2), None]).unwrap();
        assert!((evaluation.spearman.unwrap() - 1.0).abs() < 1e-12);
        assert!(Evaluation::of(&forecast(&[0.0, 0.0]), &[None, None]).is_none());
    }

    #[test]
    fn a_shared_win_counts_for_both() {
        let evaluation =
            Evaluation::of(&forecast(&[0.0; 4]), &[Some(1), Some(1), Some(3), Some(4)]).unwrap();
        assert!((evaluation.winner_log_loss - 2.0_f64.ln()).abs() < 1e-9);
    }

    #[test]
    fn seasons_are_summed_up_apart() {
        let places: Vec<_> = (1..=4).map(Some).collect();
        let knows_nothing = Evaluation::of(&forecast(&[0.0; 4]), &places).unwrap();
        let knows_all = Evaluation::of(&forecast(&[60.0, 40.0, 20.0, 0.0]), &places).unwrap();
        let races = [
            (2024, &knows_all),
            (2023, &knows_nothing),
            (2024, &knows_all),
        ];
        let seasons = Summary::by_season(races);
        let found: Vec<_> = seasons
            .iter()
            .map(|(s, summary)| (*s, summary.races))
            .collect();
        assert_eq!(found, [(2023, 1), (2024, 2)]);
        assert!((seasons[0].1.winner_log_loss - 4.0_f64.ln()).abs() < 1e-9);
        assert!(seasons[1].1.winner_log_loss < 1e-6);
        assert!(Summary::of(&[]).is_none());
    }

    #[test]
    fn an_evaluation_read_back_is_the_same() {
        let evaluation =
            Evaluation::of(&forecast(&[2.0, 1.0, 0.0]), &[Some(2), Some(1), None]).unwrap();
        let text = serde_json::to_string(&evaluation).unwrap();
        assert_eq!(
            serde_json::from_str::<Evaluation>(&text).unwrap(),
            evaluation
        );
    }
}
