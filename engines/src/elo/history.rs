//! How the ratings of drivers and constructors moved, on the scale people know: 400 points more
//! win ten comparisons of eleven, and 1500 is the mean of the field at the end of the season before.
//! Ratings of different eras are not comparable. It is for showing; forecasts do not use it.

use std::collections::BTreeMap;
use std::f64::consts::LN_10;

use serde::{Deserialize, Serialize};

use super::Elo;
use super::comparisons::Ratings;
use crate::history::{ConstructorId, DriverId, History, RaceId};
use crate::rating::Rating;

/// The move of one rating by one race, in Elo points.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct RatingChange {
    /// Which race.
    pub race: RaceId,
    /// Rating before it, already drawn to the mean when a season begins.
    pub before: f64,
    /// Rating after it.
    pub after: f64,
    /// How well the rating is known after it: one standard deviation.
    pub deviation: f64,
}

/// Every move of every rating, oldest first.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct RatingHistory {
    /// Of the drivers.
    pub drivers: BTreeMap<DriverId, Vec<RatingChange>>,
    /// Of the constructors: the ratings of the teams behind them, under the name of the day.
    pub constructors: BTreeMap<ConstructorId, Vec<RatingChange>>,
}

/// A difference of ratings in Elo points.
fn points(difference: f64) -> f64 {
    difference * 400.0 / LN_10
}

fn change(race: RaceId, zero: f64, before: Rating, after: Rating) -> RatingChange {
    RatingChange {
        race,
        before: 1500.0 + points(before.mean - zero),
        after: 1500.0 + points(after.mean - zero),
        deviation: points(after.variance.sqrt()),
    }
}

impl Elo {
    /// How the ratings moved over a history. Takes some 15 ms for all races since 1950.
    #[must_use]
    pub fn rating_history(&self, history: &History) -> RatingHistory {
        let mut ratings = Ratings::new(self.settings.ratings);
        let mut moves = RatingHistory::default();
        let mut season = None;
        let (mut driver_zero, mut constructor_zero) = (0.0, 0.0);
        for race in history.races() {
            if season.replace(race.season) != Some(race.season) {
                driver_zero = ratings.drivers.centre();
                constructor_zero = ratings.constructors.centre();
            }
            let drivers = race.starters().map(|car| car.driver);
            let drivers = ratings.drivers.all_before(drivers, race.season);
            let names: BTreeMap<_, _> = race
                .starters()
                .map(|car| (car.team, car.constructor))
                .collect();
            let teams = ratings
                .constructors
                .all_before(names.keys().copied(), race.season);
            ratings.observe(race);
            for (driver, before) in drivers {
                let after = ratings.drivers.now(driver).unwrap_or(before);
                let line = moves.drivers.entry(driver).or_default();
                line.push(change(race.id, driver_zero, before, after));
            }
            for (team, before) in teams {
                let after = ratings.constructors.now(team).unwrap_or(before);
                let line = moves.constructors.entry(names[&team]).or_default();
                line.push(change(race.id, constructor_zero, before, after));
            }
        }
        moves
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::synthetic;

    #[test]
    fn each_race_moves_each_rating_once() {
        let history = synthetic::history(61, 30, 10);
        let moves = Elo::default().rating_history(&history);
        let line = &moves.drivers[&DriverId(0)];
        assert_eq!(line.len(), 30);
        for pair in line[..20].windows(2) {
            assert!((pair[1].before - pair[0].after).abs() < 1e-9);
        }
        assert!(line[29].deviation < line[0].deviation);
        assert_eq!(moves.constructors[&ConstructorId(0)].len(), 30);
    }

    #[test]
    fn ratings_stay_about_the_mean_however_long_the_history() {
        let history = synthetic::history(63, 400, 10);
        let moves = Elo::default().rating_history(&history);
        let last = moves.drivers.values().map(|line| line.last().unwrap());
        let running = last.filter(|change| change.race == history.races()[399].id);
        let mean = running.map(|change| change.after).sum::<f64>() / 10.0;
        assert!((mean - 1500.0).abs() < 50.0, "{mean}");
    }

    #[test]
    fn the_strongest_driver_ends_with_the_highest_rating() {
        let history = synthetic::history(62, 80, 10);
        let moves = Elo::default().rating_history(&history);
        let total = |driver: i32, constructor: i32| {
            moves.drivers[&DriverId(driver)].last().unwrap().after
                + moves.constructors[&ConstructorId(constructor)]
                    .last()
                    .unwrap()
                    .after
        };
        assert!(total(0, 0) > total(2, 1) && total(2, 1) > total(6, 3));
    }
}
