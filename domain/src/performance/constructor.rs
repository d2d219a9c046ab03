//! A constructor's season, car by car.

use super::{
    record::{Car, SeasonRecord, Whose},
    rules::{Achieved, count},
};

/// A constructor's season.
#[derive(Debug, Clone, PartialEq)]
pub struct ConstructorPerformance {
    pub achieved: Achieved,
    /// Races with its cars first and second.
    pub one_twos: u32,
    /// Races in which two of its cars or more scored.
    pub double_points_finishes: u32,
    /// Who drove for it, most points first.
    pub drivers: Vec<DriverShare>,
}

/// What one driver brought a constructor.
#[derive(Debug, Clone, PartialEq)]
pub struct DriverShare {
    pub driver_id: i32,
    /// Races entered for it.
    pub races: u32,
    /// Race and sprint points in hundredths.
    pub points: i32,
    /// Of all its points, 0 to 1; `None` while it has none.
    pub share: Option<f64>,
}

impl ConstructorPerformance {
    /// The season of a constructor; `None` when it entered no race.
    #[must_use]
    pub fn of(record: &SeasonRecord, constructor_id: i32) -> Option<Self> {
        let achieved = Achieved::of(record, Whose::Constructor(constructor_id))?;
        let races: Vec<Vec<&Car>> = record
            .weekends
            .iter()
            .map(|weekend| cars_of(&weekend.race, constructor_id).collect())
            .collect();
        let at = |cars: &[&Car], place: i32| cars.iter().any(|car| car.position == Some(place));
        let scored = |cars: &[&Car]| count(cars.iter().filter(|car| car.points > 0));
        let mut drivers: Vec<DriverShare> = Vec::new();
        for car in races.iter().flatten() {
            if drivers.iter().all(|known| known.driver_id != car.driver_id) {
                let share = driver_share(record, constructor_id, car.driver_id, achieved.points);
                drivers.push(share);
            }
        }
        drivers.sort_by_key(|driver| std::cmp::Reverse((driver.points, driver.races)));
        Some(Self {
            one_twos: count(races.iter().filter(|cars| at(cars, 1) && at(cars, 2))),
            double_points_finishes: count(races.iter().filter(|cars| scored(cars) >= 2)),
            achieved,
            drivers,
        })
    }
}

fn cars_of(cars: &[Car], constructor_id: i32) -> impl Iterator<Item = &Car> {
    cars.iter()
        .filter(move |car| car.constructor_id == constructor_id)
}

fn driver_share(
    record: &SeasonRecord,
    constructor_id: i32,
    driver_id: i32,
    of_all: i32,
) -> DriverShare {
    let own = |car: &&Car| car.driver_id == driver_id;
    let (mut races, mut points) = (0, 0);
    for weekend in &record.weekends {
        races += u32::from(cars_of(&weekend.race, constructor_id).any(|car| own(&car)));
        let cars =
            cars_of(&weekend.race, constructor_id).chain(cars_of(&weekend.sprint, constructor_id));
        points += cars.filter(own).map(|car| car.points).sum::<i32>();
    }
    DriverShare {
        driver_id,
        races,
        points,
        share: (of_all > 0).then(|| f64::from(points) / f64::from(of_all)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::performance::samples::{car, season, weekend};

    fn scoring(driver: i32, position: i32, points: i32) -> Car {
        let mut car = car(driver, 10, Some(position));
        car.points = points;
        car
    }

    #[test]
    fn both_cars_are_counted_together_and_apart() {
        let mut rival = car(9, 90, Some(2));
        rival.points = 1800;
        let season = season([
            weekend(vec![scoring(1, 1, 2500), scoring(2, 2, 1800)]),
            weekend(vec![scoring(1, 1, 2500), rival, scoring(2, 10, 100)]),
            weekend(vec![scoring(1, 12, 0), scoring(3, 4, 1200)]),
        ]);
        let team = ConstructorPerformance::of(&season, 10).unwrap();
        assert_eq!((team.one_twos, team.double_points_finishes), (1, 2));
        assert_eq!((team.achieved.races, team.achieved.wins), (3, 2));
        let drivers: Vec<_> = team
            .drivers
            .iter()
            .map(|d| (d.driver_id, d.races))
            .collect();
        assert_eq!(drivers, [(1, 3), (2, 2), (3, 1)]);
        assert_eq!(team.drivers[0].share, Some(5000.0 / 8100.0));
    }

    #[test]
    fn who_scored_nothing_has_no_share_of_it() {
        let season = season([weekend(vec![scoring(1, 12, 0)])]);
        let team = ConstructorPerformance::of(&season, 10).unwrap();
        assert_eq!(team.drivers[0].share, None);
        assert_eq!(ConstructorPerformance::of(&season, 11), None);
    }
}
