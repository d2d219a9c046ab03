//! How a weekend moves the ratings of drivers and constructors: each car is compared with every other
//! in every order that the weekend has. Not what ratings are worth in a forecast.

use serde::{Deserialize, Serialize};

use crate::draws::as_f64;
use crate::history::{Car, DriverId, Outcome, PastRace, TeamId};
use crate::rating::{Evidence, Pool, PoolSettings, Rating};

/// How results move ratings.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct RatingSettings {
    /// Drivers.
    pub driver: PoolSettings,
    /// Constructors.
    pub constructor: PoolSettings,
    /// How many independent comparisons a race is worth to each car.
    pub race_weight: f64,
    /// How many the order of qualifying is worth, or that of the grid where there was none, and the
    /// order of a sprint.
    pub qualifying_weight: f64,
    /// How many the order of the best practice laps is worth.
    pub practice_weight: f64,
    /// Weight of a comparison lost to a car that was classified by one that was not.
    pub retired_weight: f64,
}

/// All ratings.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Ratings {
    settings: RatingSettings,
    pub(super) drivers: Pool<DriverId>,
    pub(super) constructors: Pool<TeamId>,
}

impl Ratings {
    pub(super) fn new(settings: RatingSettings) -> Self {
        Self {
            settings,
            drivers: Pool::new(settings.driver),
            constructors: Pool::new(settings.constructor),
        }
    }

    /// Moves the ratings by a weekend.
    pub(super) fn observe(&mut self, race: &PastRace) {
        let cars: Vec<&Car> = race.starters().collect();
        let drivers: Vec<Rating> = cars
            .iter()
            .map(|car| self.drivers.before(car.driver, race.season))
            .collect();
        let constructors: Vec<Rating> = cars
            .iter()
            .map(|car| self.constructors.before(car.team, race.season))
            .collect();
        let shown: Vec<Shown> = cars.iter().map(|car| Shown::by(car)).collect();
        let strength = |car: usize| drivers[car].mean + constructors[car].mean;
        let mut evidence = vec![Evidence::default(); cars.len()];
        let each = 1.0 / as_f64(cars.len().saturating_sub(1).max(1));
        for left in 0..cars.len() {
            for right in left + 1..cars.len() {
                if cars[left].driver == cars[right].driver {
                    continue;
                }
                let expected = 1.0 / (1.0 + (strength(right) - strength(left)).exp());
                for (score, weight) in shown[left].beside(&shown[right], &self.settings) {
                    let weight = weight * each;
                    let push = weight * (score - expected);
                    let curvature = weight * expected * (1.0 - expected);
                    evidence[left].push += push;
                    evidence[right].push -= push;
                    evidence[left].weight += curvature;
                    evidence[right].weight += curvature;
                }
            }
        }
        for (car, evidence) in evidence.iter_mut().enumerate() {
            *evidence = evidence.shared(drivers[car].variance + constructors[car].variance);
        }
        let of_drivers = cars.iter().map(|car| car.driver).zip(evidence.clone());
        let of_constructors = cars.iter().map(|car| car.team).zip(evidence.clone());
        self.drivers
            .update(race.season, &of_drivers.collect::<Vec<_>>());
        self.constructors
            .update(race.season, &of_constructors.collect::<Vec<_>>());
    }
}

/// What a weekend shows of a car: where it came in each order, the lower the better.
struct Shown {
    result: u8,
    classified: bool,
    disqualified: bool,
    qualifying: Option<u32>,
    start: Option<u32>,
    sprint: Option<u32>,
    practice: Option<u32>,
}

impl Shown {
    fn by(car: &Car) -> Self {
        Self {
            result: car.position_order,
            classified: car.classified(),
            disqualified: car.outcome == Outcome::Disqualified,
            qualifying: car.weekend.qualifying.map(u32::from),
            start: car.slot().map(u32::from),
            sprint: car.weekend.sprint.map(u32::from),
            practice: car.weekend.practice_ms.into_iter().flatten().min(),
        }
    }

    /// What a weekend says of two cars: in each order whether this one is ahead of the other, 0 or
    /// 1, and the weight of that.
    fn beside(
        &self,
        other: &Self,
        settings: &RatingSettings,
    ) -> impl Iterator<Item = (f64, f64)> + use<> {
        let result = match (self.classified, other.classified) {
            _ if self.disqualified || other.disqualified => 0.0,
            (true, true) => settings.race_weight,
            (false, false) => 0.0,
            _ => settings.race_weight * settings.retired_weight,
        };
        let result = Some((self.result.cmp(&other.result), result));
        let order = |one: Option<u32>, other: Option<u32>, weight| {
            one.zip(other).map(|(one, other)| (one.cmp(&other), weight))
        };
        // Who was moved back on the grid was no slower for it.
        let weight = settings.qualifying_weight;
        let qualifying = order(self.qualifying, other.qualifying, weight)
            .or_else(|| order(self.start, other.start, weight));
        let sprint = order(self.sprint, other.sprint, weight);
        let practice = order(self.practice, other.practice, settings.practice_weight);
        [result, qualifying, sprint, practice]
            .into_iter()
            .flatten()
            .filter(|(order, _)| order.is_ne())
            .map(|(order, weight)| (f64::from(u8::from(order.is_lt())), weight))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::elo::EloSettings;
    use crate::history::{History, Weekend};
    use crate::synthetic;

    fn rated(history: &History) -> Ratings {
        let mut ratings = Ratings::new(EloSettings::default().ratings);
        for race in history.races() {
            ratings.observe(race);
        }
        ratings
    }

    #[test]
    fn winners_rise_and_the_last_falls() {
        let history = synthetic::history(65, 1, 10);
        let race = &history.races()[0];
        let ratings = rated(&history);
        let change = |car: &Car| ratings.drivers.now(car.driver).unwrap().mean;
        let start = EloSettings::default().ratings.driver.start;
        let best = race.cars.iter().map(change).fold(f64::MIN, f64::max);
        let worst = race.cars.iter().map(change).fold(f64::MAX, f64::min);
        assert!(worst < start && start < best);
    }

    #[test]
    fn a_deviation_shrinks_with_starts_and_grows_over_a_break() {
        let ratings = rated(&synthetic::history(66, 20, 10));
        let newcomer = ratings.drivers.before(DriverId(-1), 2000).variance;
        let known = ratings.drivers.before(DriverId(0), 2000).variance;
        let back = ratings.drivers.before(DriverId(0), 2004).variance;
        assert!(known < back && back < newcomer);
    }

    #[test]
    fn a_new_season_draws_ratings_to_the_mean_and_newcomers_start_below_it() {
        let ratings = rated(&synthetic::history(67, 60, 10));
        let centre = ratings.drivers.centre();
        let distance = |season| (ratings.drivers.before(DriverId(0), season).mean - centre).abs();
        assert!(distance(2004) < distance(2003) && distance(2003) < distance(2002));
        assert!(ratings.drivers.before(DriverId(-1), 2003).mean < centre);
    }

    #[test]
    fn who_retires_is_not_punished_by_default() {
        let mut races = synthetic::history(68, 1, 10).races().to_vec();
        for car in &mut races[0].cars {
            car.grid = None;
            car.weekend = Weekend::default();
            car.position = None;
            car.outcome = Outcome::Retired;
        }
        let ratings = rated(&History::new(races));
        let start = EloSettings::default().ratings.driver.start;
        for driver in 0..9 {
            let rating = ratings.drivers.now(DriverId(driver)).unwrap();
            assert!((rating.mean - start).abs() < 1e-12);
        }
    }

    /// How far the rating of the driver of car 0 moves in a race of which nothing else is known.
    fn moved(change: impl Fn(usize, &mut Car)) -> f64 {
        let mut race = synthetic::history(69, 1, 10).races()[0].clone();
        race.cars.sort_by_key(|car| car.driver);
        for (number, car) in race.cars.iter_mut().enumerate() {
            (car.grid, car.position) = (None, None);
            (car.outcome, car.weekend) = (Outcome::Retired, Weekend::default());
            change(number, car);
        }
        let driver = race.cars[0].driver;
        let start = EloSettings::default().ratings.driver.start;
        let ratings = rated(&History::new(vec![race]));
        ratings.drivers.now(driver).unwrap().mean - start
    }

    #[test]
    fn every_order_of_a_weekend_counts_practice_the_least() {
        let place = |number: usize| u8::try_from(number + 1).ok();
        let grid = moved(|number, car| car.grid = place(number));
        let qualifying = moved(|number, car| car.weekend.qualifying = place(number));
        let sprint = moved(|number, car| car.weekend.sprint = place(number));
        let practice = moved(|number, car| {
            car.weekend.practice_ms[1] = Some(90_000);
            car.weekend.practice_ms[2] = place(number).map(|place| 80_000 + u32::from(place));
        });
        let alike = |one: f64| (one - grid).abs() < 1e-12;
        assert!(alike(qualifying) && alike(sprint));
        assert!(0.0 < practice && practice < grid);
    }

    #[test]
    fn who_is_moved_back_on_the_grid_is_rated_by_qualifying() {
        let place = |number: usize| u8::try_from(number + 1).ok();
        let qualified = moved(|number, car| car.weekend.qualifying = place(number));
        let moved_back = moved(|number, car| {
            car.weekend.qualifying = place(number);
            car.grid = place((number + 9) % 10);
        });
        assert!((moved_back - qualified).abs() < 1e-12);
    }
}
