//! What holds for every season and every circuit.

use entities::result::Status;
use proptest::prelude::*;

use super::{
    circuit::Insights,
    constructor::ConstructorPerformance,
    driver::DriverPerformance,
    record::{Car, CircuitRace, Qualified, SeasonRecord, Weekend},
    samples::car,
};

/// A race of six drivers in three teams: the order, the grid, and who retired.
fn race() -> impl Strategy<Value = Vec<Car>> {
    let order = || Just((1..=6).collect::<Vec<i32>>()).prop_shuffle();
    (order(), order(), 0..=6_usize, any::<bool>()).prop_map(|(order, grid, classified, known)| {
        let cars = order.iter().zip(grid).enumerate();
        cars.map(|(place, (driver, grid))| {
            let position = (place < classified).then_some(place + 1);
            let mut car = car(
                *driver,
                (driver + 1) / 2,
                position.and_then(|p| i32::try_from(p).ok()),
            );
            car.position_order = i32::try_from(place).unwrap() + 1;
            car.status = if position.is_some() {
                Status::Finished
            } else {
                Status::Retired
            };
            car.grid = known.then_some(grid);
            car.pole = known && grid == 1;
            car.points = if place < 3 { 100 } else { 0 };
            car
        })
        .collect()
    })
}

fn qualifying() -> impl Strategy<Value = Vec<Qualified>> {
    let time = || proptest::option::of(80_000..90_000_i32);
    proptest::collection::vec([time(), time(), time()], 6).prop_map(|rows| {
        let drivers = (1..).zip(rows);
        drivers
            .map(|(driver_id, parts)| Qualified {
                driver_id,
                constructor_id: (driver_id + 1) / 2,
                position: Some(driver_id),
                parts,
            })
            .collect()
    })
}

fn season() -> impl Strategy<Value = SeasonRecord> {
    let weekend = (race(), qualifying()).prop_map(|(race, qualifying)| Weekend {
        race,
        qualifying,
        ..Weekend::default()
    });
    proptest::collection::vec(weekend, 1..8).prop_map(|weekends| SeasonRecord { weekends })
}

proptest! {
    #[test]
    fn team_mates_see_each_other_mirrored(season in season()) {
        for (one, other) in [(1, 2), (3, 4), (5, 6)] {
            let seen = |driver| {
                let performance = DriverPerformance::of(&season, driver).unwrap();
                prop_assert_eq!(performance.teammates.len(), 1);
                Ok(performance.teammates[0].clone())
            };
            let (mine, theirs) = (seen(one)?, seen(other)?);
            prop_assert_eq!((mine.driver_id, theirs.driver_id), (other, one));
            prop_assert_eq!(mine.races, theirs.races);
            prop_assert_eq!(mine.qualifying_ahead, theirs.qualifying_behind);
            prop_assert_eq!(mine.race_ahead, theirs.race_behind);
            prop_assert_eq!(mine.points_for, theirs.points_against);
            prop_assert_eq!(mine.qualifying_gap.is_some(), theirs.qualifying_gap.is_some());
            prop_assert!(mine.race_ahead + mine.race_behind <= mine.races);
        }
    }

    #[test]
    fn a_team_achieved_what_its_drivers_did(season in season()) {
        for team in 1..=3 {
            let whole = ConstructorPerformance::of(&season, team).unwrap();
            let drivers = [2 * team - 1, 2 * team].map(|id| DriverPerformance::of(&season, id).unwrap().achieved);
            let sum = |part: fn(&super::Achieved) -> u32| drivers.iter().map(part).sum::<u32>();
            prop_assert_eq!(whole.achieved.wins, sum(|a| a.wins));
            prop_assert_eq!(whole.achieved.podiums, sum(|a| a.podiums));
            prop_assert_eq!(whole.achieved.poles, sum(|a| a.poles));
            prop_assert_eq!(whole.achieved.retirements, sum(|a| a.retirements));
            prop_assert_eq!(whole.achieved.points, drivers.iter().map(|a| a.points).sum::<i32>());
            prop_assert!(whole.one_twos <= whole.achieved.wins);
            let shares: f64 = whole.drivers.iter().filter_map(|driver| driver.share).sum();
            prop_assert!(whole.achieved.points == 0 || (shares - 1.0).abs() < 1e-9);
        }
    }

    #[test]
    fn figures_stay_within_their_bounds(season in season()) {
        for driver in 1..=6 {
            let achieved = DriverPerformance::of(&season, driver).unwrap().achieved;
            prop_assert!(achieved.starts <= achieved.races);
            prop_assert!(achieved.wins <= achieved.podiums && achieved.podiums <= achieved.starts);
            prop_assert!(achieved.retirement_rate.is_none_or(|rate| (0.0..=1.0).contains(&rate)));
            prop_assert!(achieved.qualifying_gap.is_none_or(|gap| gap >= 0.0));
            prop_assert!(achieved.form.is_some_and(|form| (1.0..=6.0).contains(&form)));
        }
        let races: Vec<CircuitRace> = (0..)
            .zip(season.weekends)
            .map(|(number, weekend)| CircuitRace {
                race_id: number,
                season: 2000 + number,
                safety_car: None,
                cars: weekend.race,
            })
            .collect();
        let insights = Insights::of(&races).unwrap();
        for figure in [insights.pole_wins, insights.front_row_wins, insights.retirements].into_iter().flatten() {
            prop_assert!((0.0..=1.0).contains(&figure.value) && figure.races <= insights.races);
        }
        prop_assert!(insights.grid_correlation.is_none_or(|found| found.value.abs() <= 1.0 + 1e-9));
        prop_assert!(insights.winner_grid.is_none_or(|found| (1.0..=6.0).contains(&found.value)));
        // Who wins from pole wins from the front row.
        if let (Some(pole), Some(front)) = (insights.pole_wins, insights.front_row_wins) {
            let won = |figure: super::Figure| figure.value * f64::from(figure.races);
            prop_assert!(won(pole) <= won(front) + 1e-9);
        }
    }
}
