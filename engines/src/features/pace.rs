//! How fast drivers and teams are by the clock: a rating of both, in % of a lap, that the gaps of
//! practice and qualifying move. The sum of the two says how far a car is expected to be off the
//! fastest; less is faster. Who is fast and does not finish is fast all the same.

use serde::{Deserialize, Serialize};

use super::weekend::{cars_ahead, mean_gaps};
use crate::history::{DriverId, PastRace, RaceToForecast, Stage, TeamId, Weekend};
use crate::rating::{Evidence, Pool, PoolSettings};

/// These and the next were tried walking the regression forward over 1990 to 2005 and over 2006 to
/// 2017: what teams keep over a winter, how fast they change and how much a session says make little
/// difference, half as much or twice.
const DRIVER: PoolSettings = PoolSettings {
    start: 0.1,
    start_variance: 0.1,
    race_variance: 0.001,
    season_variance: 0.01,
    season_kept: 0.9,
};
const TEAM: PoolSettings = PoolSettings {
    start: 0.3,
    start_variance: 0.5,
    race_variance: 0.02,
    season_variance: 0.15,
    season_kept: 0.7,
};
/// Variance of a car's mean gap in practice about what is expected, %², and in qualifying.
const PRACTICE_NOISE: f64 = 0.5;
const QUALIFYING_NOISE: f64 = 0.25;
/// No car surprises by more than this, %: it was hindered.
const LARGEST_SURPRISE: f64 = 1.5;

/// The ratings of all.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Pace {
    drivers: Pool<DriverId>,
    teams: Pool<TeamId>,
}

/// One car of a weekend.
type Car = (DriverId, TeamId, Weekend);

impl Default for Pace {
    fn default() -> Self {
        Self {
            drivers: Pool::new(DRIVER),
            teams: Pool::new(TEAM),
        }
    }
}

impl Pace {
    /// Takes in the sessions of a race that was run.
    pub(super) fn observe(&mut self, race: &PastRace) {
        let cars = race.starters();
        let cars = cars.map(|car| (car.driver, car.team, car.weekend));
        self.learn(race.season, cars.collect());
    }

    /// How many entrants are faster than each, in their order, by the sessions so far, those of the
    /// weekend included that are known at the stage; who is level counts half.
    pub(super) fn ahead(&self, race: &RaceToForecast, stage: Stage) -> Vec<Option<f64>> {
        let mut pace = self.clone();
        let entrants = || race.entrants.iter();
        let cars = entrants().map(|car| (car.driver, car.team, car.weekend.known_at(stage)));
        pace.learn(race.season, cars.collect());
        let gaps = entrants().map(|car| Some(pace.gap(car.driver, car.team, race.season)));
        cars_ahead(&gaps.collect::<Vec<_>>())
    }

    /// Keeps only who passes.
    pub(super) fn retain(
        &mut self,
        driver: impl Fn(&DriverId) -> bool,
        team: impl Fn(&TeamId) -> bool,
    ) {
        self.drivers.retain(driver);
        self.teams.retain(team);
    }

    fn gap(&self, driver: DriverId, team: TeamId, season: i32) -> f64 {
        self.drivers.before(driver, season).mean + self.teams.before(team, season).mean
    }

    fn learn(&mut self, season: i32, mut cars: Vec<Car>) {
        // So that the order of the entrants does not show in the last digit.
        cars.sort_by_key(|(driver, team, _)| (*driver, *team));
        let mut evidence = vec![Evidence::default(); cars.len()];
        let practice = cars.iter().map(|(.., weekend)| weekend.practice_ms);
        let qualifying = cars.iter().map(|(.., weekend)| weekend.qualifying_ms);
        for (gaps, noise) in [
            (mean_gaps(&practice.collect::<Vec<_>>()), PRACTICE_NOISE),
            (mean_gaps(&qualifying.collect::<Vec<_>>()), QUALIFYING_NOISE),
        ] {
            let surprises = gaps.iter().zip(&cars);
            let surprises = surprises
                .map(|(gap, (driver, team, _))| Some((*gap)? - self.gap(*driver, *team, season)));
            let surprises: Vec<Option<f64>> = surprises.collect();
            let middle = median(surprises.iter().flatten().copied());
            for (evidence, surprise) in evidence.iter_mut().zip(surprises) {
                if let Some(surprise) = surprise {
                    let surprise = (surprise - middle).clamp(-LARGEST_SURPRISE, LARGEST_SURPRISE);
                    evidence.push += surprise / noise;
                    evidence.weight += 1.0 / noise;
                }
            }
        }
        for (evidence, (driver, team, _)) in evidence.iter_mut().zip(&cars) {
            let (driver, team) = (
                self.drivers.before(*driver, season),
                self.teams.before(*team, season),
            );
            *evidence = evidence.shared(driver.variance + team.variance);
        }
        let drivers = cars
            .iter()
            .zip(&evidence)
            .map(|(car, evidence)| (car.0, *evidence));
        let teams = cars
            .iter()
            .zip(&evidence)
            .map(|(car, evidence)| (car.1, *evidence));
        self.drivers.update(season, &drivers.collect::<Vec<_>>());
        self.teams.update(season, &teams.collect::<Vec<_>>());
    }
}

/// The middle one of some numbers, or the mean of the two in the middle; 0 of none.
fn median(numbers: impl Iterator<Item = f64>) -> f64 {
    let mut numbers: Vec<f64> = numbers.collect();
    numbers.sort_by(f64::total_cmp);
    match numbers.len() {
        0 => 0.0,
        count => f64::midpoint(numbers[(count - 1) / 2], numbers[count / 2]),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::synthetic;

    fn ahead_of(pace: &Pace, race: &RaceToForecast, stage: Stage) -> Vec<(f64, DriverId)> {
        let ahead = pace.ahead(race, stage).into_iter().map(Option::unwrap);
        let mut ahead: Vec<_> = ahead
            .zip(race.entrants.iter().map(|entrant| entrant.driver))
            .collect();
        ahead.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
        ahead
    }

    #[test]
    fn who_was_fast_in_practice_and_qualifying_is_ahead_whoever_won() {
        let history = synthetic::history(31, 60, 10);
        let mut pace = Pace::default();
        for race in history.races() {
            let mut race = race.clone();
            for car in &mut race.cars {
                car.position_order = 11 - car.position_order;
                car.position = None;
            }
            pace.observe(&race);
        }
        let race = history.races()[59].to_forecast(Stage::PreWeekend);
        let order = ahead_of(&pace, &race, Stage::PreWeekend);
        assert_eq!(order[0], (0.0, DriverId(0)));
        assert_eq!(order[1], (1.0, DriverId(1)));
        assert!(order[9].0 > 8.0);
    }

    #[test]
    fn nobody_is_ahead_of_anybody_before_the_first_session() {
        let race = synthetic::history(32, 1, 5).races()[0].to_forecast(Stage::PostQualifying);
        let before = ahead_of(&Pace::default(), &race, Stage::PreWeekend);
        let before: Vec<f64> = before.iter().map(|(ahead, _)| *ahead).collect();
        assert_eq!(before, [2.0; 5]);
        let practised = ahead_of(&Pace::default(), &race, Stage::PreQualifying);
        let order: Vec<DriverId> = practised.iter().map(|(_, driver)| *driver).collect();
        let by_practice = [0, 1, 2, 3, 2000].map(DriverId);
        assert_eq!(order, by_practice);
    }

    #[test]
    fn a_spoilt_session_moves_a_rating_no_further_than_a_bad_one() {
        let race = synthetic::history(33, 1, 8).races()[0].clone();
        let slower_by = |ms: u32| {
            let mut race = race.clone();
            let car = race.cars.iter_mut().find(|car| car.driver == DriverId(3));
            let car = car.unwrap();
            let of = (car.driver, car.team);
            for lap in car.weekend.practice_ms.iter_mut().flatten() {
                *lap += ms;
            }
            let mut pace = Pace::default();
            pace.observe(&race);
            pace.gap(of.0, of.1, race.season)
        };
        assert!(slower_by(0) < slower_by(500));
        // Some 3 % is no gap that is cut, but more than a surprise may count.
        assert!((slower_by(2_500) - slower_by(40_000)).abs() < 1e-9);
    }

    #[test]
    fn the_middle_of_nothing_is_nothing() {
        for (numbers, middle) in [
            (vec![], 0.0),
            (vec![3.0], 3.0),
            (vec![3.0, 1.0], 2.0),
            (vec![9.0, 1.0, 2.0], 2.0),
        ] {
            assert!((median(numbers.into_iter()) - middle).abs() < 1e-12);
        }
    }
}
