//! How good a forecast was, once the race is run. It does not decide what to forecast.

use serde::{Deserialize, Serialize};

use crate::draws::as_f64;
use crate::forecast::Forecast;

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
    /// Share of entrants who came in inside their 90 % interval.
    pub coverage_90: f64,
    /// For each entrant the forecast chance to win and whether it won, for the calibration.
    #[serde(skip)]
    pub wins: Vec<(f64, bool)>,
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
        let of_each = |value: fn(&crate::EntrantForecast) -> f64| -> Vec<f64> {
            forecast.entrants.iter().map(value).collect()
        };
        let win = of_each(|entrant| entrant.win);
        let wins: Vec<(f64, bool)> = win
            .iter()
            .copied()
            .zip(ranks.iter().map(|r| *r == 1))
            .collect();
        let winner: f64 = wins.iter().filter(|(_, won)| *won).map(|(p, _)| p).sum();
        let brier: f64 = wins
            .iter()
            .map(|(p, won)| (p - f64::from(u8::from(*won))).powi(2))
            .sum();
        Some(Self {
            winner_log_loss: -winner.ln(),
            winner_brier: brier / as_f64(size),
            hit: overlap(&win, &ranks, 1),
            podium_overlap: overlap(&of_each(|entrant| entrant.podium), &ranks, 3),
            rps: rps(forecast, &ranks),
            spearman: correlation(
                &mean_ranks(&of_each(|entrant| entrant.expected_position)),
                &mean_ranks(&places),
            ),
            coverage_90: coverage(forecast, &ranks),
            wins,
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
    /// Mean distance of forecast chance to win and frequency of wins over ten bins of chance,
    /// weighted by the entrants in each.
    pub calibration_error: f64,
}

impl Summary {
    /// Sums evaluations up; `None` when there are none.
    #[must_use]
    pub fn of(evaluations: &[Evaluation]) -> Option<Self> {
        if evaluations.is_empty() {
            return None;
        }
        let mean = |value: fn(&Evaluation) -> f64| {
            evaluations.iter().map(value).sum::<f64>() / as_f64(evaluations.len())
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
            calibration_error: calibration_error(evaluations.iter().flat_map(|e| &e.wins)),
        })
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
    let inside = forecast
        .entrants
        .iter()
        .zip(ranks)
        .filter(|(entrant, rank)| (entrant.best_position..=entrant.worst_position).contains(*rank));
    as_f64(inside.count()) / as_f64(ranks.len())
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

fn calibration_error<'a>(wins: impl Iterator<Item = &'a (f64, bool)>) -> f64 {
    let mut gaps = [0.0_f64; 10];
    let mut entrants = 0;
    for (chance, won) in wins {
        let bin = (1..10)
            .filter(|tenth| *chance >= f64::from(*tenth) / 10.0)
            .count();
        gaps[bin] += chance - f64::from(u8::from(*won));
        entrants += 1;
    }
    gaps.iter().map(|gap| gap.abs()).sum::<f64>() / as_f64(entrants.max(1))
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
        Forecast::new(&race, &Draws::certain(strengths.to_vec()), None, 10).unwrap()
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
        assert!((evaluation.coverage_90 - 1.0).abs() < 1e-12);
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
}
