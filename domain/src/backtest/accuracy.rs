//! How well one engine did, on the races that somebody asks about.

use engines::{
    DriverId,
    evaluation::{EntrantEvaluation, Summary},
};

use super::Evaluated;

/// How well an engine did over some races.
#[derive(Debug, Clone, PartialEq)]
pub struct Accuracy {
    pub first_season: i32,
    pub last_season: i32,
    pub summary: Summary,
    /// When one was asked about.
    pub driver: Option<DriverAccuracy>,
}

/// How well an engine did on one driver.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct DriverAccuracy {
    /// Races won, or poles taken.
    pub wins: f64,
    /// The sum of the chances to win.
    pub expected_wins: f64,
    /// Mean over the races of (chance to win − won)².
    pub win_brier: f64,
    /// Mean distance of expected and actual place, in places.
    pub position_error: f64,
}

/// Sums up the races of a season, at a circuit (database id), with a driver, as far as given;
/// `None` when none is left.
#[must_use]
pub fn accuracy(
    races: &[Evaluated],
    season: Option<i32>,
    circuit: Option<i32>,
    driver: Option<DriverId>,
) -> Option<Accuracy> {
    let drove = |entrant: &&EntrantEvaluation| driver.is_none_or(|id| entrant.driver == id);
    let races: Vec<&Evaluated> = races
        .iter()
        .filter(|race| season.is_none_or(|season| race.season == season))
        .filter(|race| circuit.is_none_or(|circuit| race.circuit_id == circuit))
        .filter(|race| {
            race.evaluation
                .entrants
                .iter()
                .any(|entrant| drove(&entrant))
        })
        .collect();
    let lines: Vec<&EntrantEvaluation> = races
        .iter()
        .flat_map(|race| race.evaluation.entrants.iter().filter(drove))
        .collect();
    let sum = |value: fn(&EntrantEvaluation) -> f64| lines.iter().copied().map(value).sum::<f64>();
    let starts: f64 = lines.iter().map(|_| 1.0).sum();
    Some(Accuracy {
        first_season: races.first()?.season,
        last_season: races.last()?.season,
        summary: Summary::of(races.iter().map(|race| &race.evaluation))?,
        driver: driver.map(|_| DriverAccuracy {
            wins: sum(EntrantEvaluation::won),
            expected_wins: sum(|entrant| entrant.win),
            win_brier: sum(EntrantEvaluation::brier) / starts,
            position_error: sum(EntrantEvaluation::position_error) / starts,
        }),
    })
}
