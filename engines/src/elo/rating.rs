//! Ratings of drivers and constructors, and how a result moves them. Not what they are worth in a
//! forecast.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::draws::as_f64;
use crate::history::{Car, DriverId, Outcome, PastRace, TeamId};

/// How the ratings of drivers, or of constructors, behave.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct PoolSettings {
    /// Rating of a newcomer relative to the mean of the last field.
    pub start: f64,
    /// Variance of a newcomer's rating; no rating is known worse.
    pub start_variance: f64,
    /// Variance added per race.
    pub race_variance: f64,
    /// Variance added per season.
    pub season_variance: f64,
    /// Part of the distance from the mean that is kept from one season to the next.
    pub season_kept: f64,
}

/// How results move ratings.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct RatingSettings {
    /// Drivers.
    pub driver: PoolSettings,
    /// Constructors.
    pub constructor: PoolSettings,
    /// How many independent comparisons a race is worth to each car.
    pub race_weight: f64,
    /// How many the starting order is worth.
    pub grid_weight: f64,
    /// Weight of a comparison lost to a car that was classified by one that was not.
    pub retired_weight: f64,
}

/// A rating and how well it is known.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Rating {
    /// Natural log scale, relative to nothing in particular.
    pub mean: f64,
    /// Square of the rating deviation.
    pub variance: f64,
    /// The last season in which it was used.
    season: i32,
    /// Races so far.
    pub starts: u32,
}

/// The ratings of all drivers, or of all constructors.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Pool<Id: Ord> {
    settings: PoolSettings,
    /// Mean rating of the last field.
    centre: f64,
    ratings: BTreeMap<Id, Rating>,
}

impl<Id: Ord + Copy> Pool<Id> {
    pub(super) fn new(settings: PoolSettings) -> Self {
        Self {
            settings,
            centre: 0.0,
            ratings: BTreeMap::new(),
        }
    }

    /// Mean rating of the last field.
    pub(super) fn centre(&self) -> f64 {
        self.centre
    }

    /// The rating as it is before a race of `season`.
    pub(super) fn before(&self, id: Id, season: i32) -> Rating {
        let settings = &self.settings;
        let Some(rating) = self.ratings.get(&id) else {
            return Rating {
                mean: self.centre + settings.start,
                variance: settings.start_variance,
                season,
                starts: 0,
            };
        };
        let years = (season - rating.season).max(0);
        let kept = settings.season_kept.powi(years);
        let grown = settings.race_variance + f64::from(years) * settings.season_variance;
        Rating {
            mean: self.centre + (rating.mean - self.centre) * kept,
            variance: (rating.variance + grown).min(settings.start_variance),
            season: rating.season.max(season),
            starts: rating.starts,
        }
    }

    /// The ratings as they are before a race of `season`.
    pub(super) fn all_before(
        &self,
        ids: impl Iterator<Item = Id>,
        season: i32,
    ) -> BTreeMap<Id, Rating> {
        ids.map(|id| (id, self.before(id, season))).collect()
    }

    /// The rating as the last race left it.
    pub(super) fn now(&self, id: Id) -> Option<Rating> {
        self.ratings.get(&id).copied()
    }

    /// Moves the rating of each id by the evidence of its cars.
    fn update(&mut self, season: i32, cars: &[(Id, Evidence)]) {
        let mut sums: BTreeMap<Id, Evidence> = BTreeMap::new();
        for (id, evidence) in cars {
            let sum = sums.entry(*id).or_default();
            sum.push += evidence.push;
            sum.weight += evidence.weight;
        }
        let mut centre = 0.0;
        let share = 1.0 / as_f64(sums.len().max(1));
        let moved: Vec<(Id, Rating)> = sums
            .into_iter()
            .map(|(id, sum)| {
                let mut rating = self.before(id, season);
                rating.mean += rating.variance * sum.push;
                rating.variance /= 1.0 + rating.variance * sum.weight;
                rating.starts += 1;
                centre += rating.mean * share;
                (id, rating)
            })
            .collect();
        if !moved.is_empty() {
            self.centre = centre;
        }
        self.ratings.extend(moved);
    }
}

/// What a race says about one car: the slope of the log-likelihood, and its curvature.
#[derive(Debug, Clone, Copy, Default)]
struct Evidence {
    push: f64,
    weight: f64,
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

    /// Moves the ratings by a race.
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
        let strength = |car: usize| drivers[car].mean + constructors[car].mean;
        let mut evidence = vec![Evidence::default(); cars.len()];
        let each = 1.0 / as_f64(cars.len().saturating_sub(1).max(1));
        for left in 0..cars.len() {
            for right in left + 1..cars.len() {
                if cars[left].driver == cars[right].driver {
                    continue;
                }
                let expected = 1.0 / (1.0 + (strength(right) - strength(left)).exp());
                for (score, weight) in self.comparisons(cars[left], cars[right]) {
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
        // A car's evidence is about the sum of two ratings: each is moved as far as the doubt
        // about both allows.
        for (car, evidence) in evidence.iter_mut().enumerate() {
            let doubt = drivers[car].variance + constructors[car].variance;
            let damping = 1.0 / (1.0 + doubt * evidence.weight);
            evidence.push *= damping;
            evidence.weight *= damping;
        }
        let of_drivers = cars.iter().map(|car| car.driver).zip(evidence.clone());
        let of_constructors = cars.iter().map(|car| car.team).zip(evidence.clone());
        self.drivers
            .update(race.season, &of_drivers.collect::<Vec<_>>());
        self.constructors
            .update(race.season, &of_constructors.collect::<Vec<_>>());
    }

    /// What a race says of two cars: the left one's score, 0 or 1, and the weight of it.
    fn comparisons(&self, left: &Car, right: &Car) -> impl Iterator<Item = (f64, f64)> + use<> {
        let settings = &self.settings;
        let score = |first: bool| f64::from(u8::from(first));
        let weight = match (left.classified(), right.classified()) {
            _ if left.outcome == Outcome::Disqualified => 0.0,
            _ if right.outcome == Outcome::Disqualified => 0.0,
            _ if left.position_order == right.position_order => 0.0,
            (true, true) => settings.race_weight,
            (false, false) => 0.0,
            _ => settings.race_weight * settings.retired_weight,
        };
        let result = (score(left.position_order < right.position_order), weight);
        let start = match (left.slot(), right.slot()) {
            (Some(left), Some(right)) if left != right => {
                Some((score(left < right), settings.grid_weight))
            }
            _ => None,
        };
        [Some(result), start].into_iter().flatten()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::elo::EloSettings;
    use crate::history::History;
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
}
