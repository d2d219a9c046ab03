//! From strengths to a forecast: one matrix of position probabilities, and everything read off it.
//!
//! Shared by all engines, so that they are comparable by construction. It knows nothing of how the
//! strengths came about.

use serde::{Deserialize, Serialize};

use crate::draws::{Draws, as_f64};
use crate::engine::{Engine, EngineError, Model, Question};
use crate::history::{ConstructorId, DriverId, RaceToForecast, Target};
use crate::plackett_luce::{Quadrature, Square};
use crate::retirement::Retirement;

/// Places that pay points since 2010.
pub const PAID_PLACES: usize = 10;
/// Share of outcomes inside the intervals, and of draws between `win_low` and `win_high`.
pub const LEVEL: f64 = 0.9;
/// No place is impossible before a race.
const FLOOR: f64 = 1e-12;

/// What is expected of one entrant.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct EntrantForecast {
    /// Who drives.
    pub driver: DriverId,
    /// For whom.
    pub constructor: ConstructorId,
    /// Mean log worth over the draws: what [`Model::explain`] takes apart.
    pub strength: f64,
    /// Chance to win, or to take pole.
    pub win: f64,
    /// 5 % quantile over the draws of the chance to win.
    pub win_low: f64,
    /// 95 % quantile over the draws of the chance to win.
    pub win_high: f64,
    /// Chance of one of the first three places.
    pub podium: f64,
    /// Chance of a place that pays points.
    pub points: f64,
    /// Mean place, from 1.
    pub expected_position: f64,
    /// Lowest place number (best result) of the 90 % interval: at most 5 % lie before it.
    pub best_position: usize,
    /// Highest place number (worst result) of the 90 % interval: at most 5 % lie behind it.
    pub worst_position: usize,
    /// Chance not to be classified that entered the forecast; `None` when the engine's strengths
    /// contain it already.
    pub retirement: Option<f64>,
    /// Chance of each place, first to last; sums to 1.
    pub positions: Vec<f64>,
}

/// The forecast of a race, one entry per entrant in their order. Both the chances of an entrant
/// over the places and those of a place over the entrants sum to 1.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Forecast {
    /// The entrants, in the order of the race's.
    pub entrants: Vec<EntrantForecast>,
}

/// Forecasts a session with a trained model; `retirement` is learned from the same history.
///
/// # Errors
/// [`EngineError::Unsupported`], [`EngineError::NoEntrants`], or what the model returns.
pub fn forecast(
    engine: &dyn Engine,
    model: &dyn Model,
    retirement: &Retirement,
    question: &Question<'_>,
) -> Result<Forecast, EngineError> {
    let Question {
        race,
        stage,
        target,
        ..
    } = *question;
    if !engine.answers(stage, target) {
        return Err(EngineError::Unsupported {
            engine: engine.id(),
            stage,
            target,
        });
    }
    if race.entrants.is_empty() {
        return Err(EngineError::NoEntrants);
    }
    let draws = model.strengths(question)?;
    let retires = target == Target::Race && !engine.bypasses_retirement();
    let chances = retires.then(|| retirement.chances(race));
    Forecast::new(race, &draws, chances.as_deref())
}

impl Forecast {
    /// Forecasts from draws of strengths and, unless these contain it already, each entrant's
    /// chance not to be classified (0 to 1). Who is not classified comes behind all who are.
    ///
    /// # Errors
    /// [`EngineError::NoEntrants`]; [`EngineError::Strengths`] when the numbers given are not
    /// finite or not one for each entrant.
    pub fn new(
        race: &RaceToForecast,
        draws: &Draws,
        retirement: Option<&[f64]>,
    ) -> Result<Self, EngineError> {
        let size = race.entrants.len();
        if size == 0 {
            return Err(EngineError::NoEntrants);
        }
        let chances = retirement.map_or_else(|| vec![0.0; size], <[f64]>::to_vec);
        let are_chances = chances.iter().all(|chance| (0.0..=1.0).contains(chance));
        if !draws.fit(size) || chances.len() != size || !are_chances {
            return Err(EngineError::Strengths);
        }
        let (places, wins) = average(draws, &chances);
        let strengths = draws.mean();
        let entrants = race.entrants.iter().zip(wins).enumerate();
        let entrants = entrants.map(|(index, (entrant, mut wins))| {
            let positions = places.row(index).to_vec();
            let win = positions[0];
            let (best_position, worst_position) = interval(&positions);
            wins.sort_by(f64::total_cmp);
            EntrantForecast {
                driver: entrant.driver,
                constructor: entrant.constructor,
                strength: strengths[index],
                win,
                win_low: quantile(&wins, (1.0 - LEVEL) / 2.0).min(win),
                win_high: quantile(&wins, f64::midpoint(1.0, LEVEL)).max(win),
                podium: first(&positions, 3),
                points: first(&positions, PAID_PLACES),
                expected_position: (1..).zip(&positions).map(|(k, p)| as_f64(k) * p).sum(),
                best_position,
                worst_position,
                retirement: retirement.map(|chances| chances[index]),
                positions,
            }
        });
        Ok(Self {
            entrants: entrants.collect(),
        })
    }
}

/// Position probabilities averaged over the draws, and each entrant's chance to win in each draw.
fn average(draws: &Draws, retirement: &[f64]) -> (Square, Vec<Vec<f64>>) {
    let mut quadrature = Quadrature::new(retirement);
    let mut places = quadrature.retired();
    let mut wins = vec![Vec::with_capacity(draws.rows().len()); retirement.len()];
    let share = 1.0 / as_f64(draws.rows().len());
    for strengths in draws.rows() {
        let classified = quadrature.classified(strengths);
        for (index, wins) in wins.iter_mut().enumerate() {
            wins.push(classified.row(index)[0]);
        }
        places.add(&classified, share);
    }
    places.balance(FLOOR);
    (places, wins)
}

/// Chance of one of the first `count` places.
fn first(positions: &[f64], count: usize) -> f64 {
    positions.iter().take(count).sum::<f64>().min(1.0)
}

/// The central interval of places, from 1.
fn interval(positions: &[f64]) -> (usize, usize) {
    let tail = (1.0 - LEVEL) / 2.0;
    let place = |level: f64| {
        let mut sum = 0.0;
        let reached = |p: &f64| {
            sum += p;
            sum > level
        };
        1 + positions
            .iter()
            .position(reached)
            .unwrap_or(positions.len() - 1)
    };
    // A tail of exactly 5 % stays outside, whatever the rounding.
    (place(tail + 1e-9), place(1.0 - tail - 1e-9))
}

/// Quantile of sorted values, interpolated.
fn quantile(sorted: &[f64], level: f64) -> f64 {
    let at = level * as_f64(sorted.len() - 1);
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "an index into the values"
    )]
    let below = at as usize;
    let above = (below + 1).min(sorted.len() - 1);
    sorted[below] + (sorted[above] - sorted[below]) * at.fract()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::synthetic;

    fn race(entrants: usize) -> RaceToForecast {
        synthetic::history(5, 1, entrants).races()[0].to_forecast(crate::Stage::PostQualifying)
    }

    #[test]
    fn without_retirements_the_chance_to_win_is_the_share_of_worth() {
        let worth: [f64; 4] = [0.5, 0.3, 0.15, 0.05];
        let draws = Draws::certain(worth.iter().map(|worth| worth.ln()).collect());
        let forecast = Forecast::new(&race(4), &draws, None).unwrap();
        for (entrant, worth) in forecast.entrants.iter().zip(worth) {
            assert!((entrant.win - worth).abs() < 1e-9);
            assert!((entrant.win_low - worth).abs() < 1e-9);
            assert_eq!(entrant.retirement, None);
        }
    }

    #[test]
    fn who_always_retires_comes_last() {
        let draws = Draws::certain(vec![9.0, 0.0, 0.0]);
        let forecast = Forecast::new(&race(3), &draws, Some(&[1.0, 0.0, 0.0])).unwrap();
        assert!((forecast.entrants[0].expected_position - 3.0).abs() < 1e-9);
        assert!((forecast.entrants[1].win - 0.5).abs() < 1e-9);
    }

    #[test]
    fn retirements_in_front_lift_those_behind() {
        let draws = Draws::certain(vec![2.0, 1.0, 0.0]);
        let sure = Forecast::new(&race(3), &draws, Some(&[0.0; 3])).unwrap();
        let risky = Forecast::new(&race(3), &draws, Some(&[0.4, 0.0, 0.0])).unwrap();
        assert!(risky.entrants[0].win < sure.entrants[0].win);
        assert!(risky.entrants[2].expected_position < sure.entrants[2].expected_position);
    }

    #[test]
    fn draws_that_differ_widen_the_interval_of_the_chance_to_win() {
        let draws = Draws::from_rows(&[vec![0.0, 0.0], vec![2.0, 0.0], vec![-2.0, 0.0]]);
        let forecast = Forecast::new(&race(2), &draws, None).unwrap();
        let entrant = &forecast.entrants[0];
        assert!(entrant.win_low < 0.2 && entrant.win_high > 0.8);
        assert!((entrant.win - 0.5).abs() < 1e-9);
    }

    #[test]
    fn an_interval_holds_nine_tenths() {
        assert_eq!(interval(&[0.05, 0.05, 0.8, 0.05, 0.05]), (2, 4));
        assert_eq!(interval(&[1.0]), (1, 1));
        assert_eq!(interval(&[0.04, 0.02, 0.9, 0.04]), (2, 3));
    }

    #[test]
    fn strengths_that_do_not_match_are_refused() {
        let none = Draws::certain(Vec::new());
        let short = Draws::certain(vec![1.0]);
        let infinite = Draws::certain(vec![1.0, f64::INFINITY]);
        for draws in [none, short, infinite] {
            let refused = Forecast::new(&race(2), &draws, None);
            assert!(matches!(refused, Err(EngineError::Strengths)));
        }
    }
}
