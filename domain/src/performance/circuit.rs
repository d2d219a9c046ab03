//! What the races at a circuit have in common.

use std::collections::HashMap;

use super::{
    record::{Car, CircuitRace},
    rules::{gained, mean, share, spearman},
};
use crate::season::career::{retired, started};

/// Winners that are named.
const MOST_WINNERS: usize = 3;

/// A figure and the number of races that it rests on.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Figure {
    pub value: f64,
    pub races: u32,
}

/// Who won here, and how often; by database id.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Winner {
    pub id: i32,
    pub wins: u32,
}

/// A lap of a race.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FastestLap {
    pub race_id: i32,
    pub driver_id: i32,
    pub time_ms: i32,
}

/// What the races at a circuit have in common.
#[derive(Debug, Clone, PartialEq)]
pub struct Insights {
    pub races: u32,
    pub first_season: i32,
    pub last_season: i32,
    /// Share of the races won from pole position.
    pub pole_wins: Option<Figure>,
    /// Share of the races won from the first two places on the grid.
    pub front_row_wins: Option<Figure>,
    /// Mean starting place of the winner.
    pub winner_grid: Option<Figure>,
    /// Share of the starters that did not reach the flag.
    pub retirements: Option<Figure>,
    /// Share of the races in which the safety car came out.
    pub safety_cars: Option<Figure>,
    /// Mean number of places between start and flag, either way, of classified cars.
    pub positions_changed: Option<Figure>,
    /// Rank correlation of start and flag among classified cars, mean of the races.
    pub grid_correlation: Option<Figure>,
    pub drivers: Vec<Winner>,
    pub constructors: Vec<Winner>,
    pub fastest_lap: Option<FastestLap>,
}

impl Insights {
    /// What some races have in common, oldest first; `None` of none.
    #[must_use]
    pub fn of<'a>(races: impl IntoIterator<Item = &'a CircuitRace>) -> Option<Self> {
        let races: Vec<&CircuitRace> = races.into_iter().collect();
        let races = races.as_slice();
        let (first, last) = (races.first()?, races.last()?);
        let rate = |holds: bool| f64::from(u8::from(holds));
        Some(Self {
            races: u32::try_from(races.len()).unwrap_or(u32::MAX),
            first_season: first.season,
            last_season: last.season,
            pole_wins: mean_of(races, |race| {
                let poles = || race.cars.iter().filter(|car| car.pole);
                let won = poles().any(|car| car.position == Some(1));
                poles().next().map(|_| rate(won))
            }),
            front_row_wins: mean_of(races, |race| Some(rate(winner(race)?.slot()? <= 2))),
            winner_grid: mean_of(races, |race| Some(f64::from(winner(race)?.slot()?))),
            retirements: ratio_of(races, |car| {
                started(car.status).then(|| rate(retired(car.status)))
            }),
            safety_cars: mean_of(races, |race| race.safety_car.map(rate)),
            positions_changed: ratio_of(races, |car| gained(car).map(|n| f64::from(n.abs()))),
            grid_correlation: mean_of(races, |race| {
                let pairs: Vec<_> = race
                    .cars
                    .iter()
                    .filter_map(|car| Some((car.slot()?, car.position?)))
                    .collect();
                spearman(&pairs)
            }),
            drivers: most_wins(races, |car| car.driver_id),
            constructors: most_wins(races, |car| car.constructor_id),
            fastest_lap: fastest_lap(races),
        })
    }
}

fn winner(race: &CircuitRace) -> Option<&Car> {
    race.cars.iter().find(|car| car.position == Some(1))
}

/// Mean over the races of which the figure is known.
fn mean_of(races: &[&CircuitRace], figure: impl Fn(&CircuitRace) -> Option<f64>) -> Option<Figure> {
    let values: Vec<f64> = races.iter().filter_map(|race| figure(race)).collect();
    Some(Figure {
        races: u32::try_from(values.len()).unwrap_or(u32::MAX),
        value: mean(values.into_iter())?,
    })
}

/// Mean over the cars of which the figure is known, whichever race they were in.
fn ratio_of(races: &[&CircuitRace], figure: impl Fn(&Car) -> Option<f64>) -> Option<Figure> {
    let (mut sum, mut cars, mut counted) = (0.0, 0, 0);
    for race in races {
        let before = cars;
        for value in race.cars.iter().filter_map(&figure) {
            sum += value;
            cars += 1;
        }
        counted += u32::from(cars > before);
    }
    Some(Figure {
        value: share(sum, cars)?,
        races: counted,
    })
}

/// Those with the most wins, the later last win first among equals. A shared win is one of each
/// driver, and one of the constructor.
fn most_wins(races: &[&CircuitRace], id: impl Fn(&Car) -> i32) -> Vec<Winner> {
    let mut wins: HashMap<i32, (u32, usize)> = HashMap::new();
    for (number, race) in races.iter().enumerate() {
        let mut winners: Vec<i32> = race
            .cars
            .iter()
            .filter(|car| car.position == Some(1))
            .map(&id)
            .collect();
        winners.sort_unstable();
        winners.dedup();
        for winner in winners {
            let (won, last) = wins.entry(winner).or_default();
            *won += 1;
            *last = number;
        }
    }
    let mut ordered: Vec<_> = wins.into_iter().collect();
    ordered.sort_by_key(|(id, wins)| (std::cmp::Reverse(*wins), *id));
    ordered
        .into_iter()
        .take(MOST_WINNERS)
        .map(|(id, (wins, _))| Winner { id, wins })
        .collect()
}

fn fastest_lap(races: &[&CircuitRace]) -> Option<FastestLap> {
    let laps = races.iter().flat_map(|race| {
        race.cars.iter().filter_map(|car| {
            Some(FastestLap {
                race_id: race.race_id,
                driver_id: car.driver_id,
                time_ms: car.fastest_lap_ms?,
            })
        })
    });
    // The first of equals.
    laps.min_by_key(|lap| lap.time_ms)
}

#[cfg(test)]
mod tests {
    use entities::result::Status;

    use super::*;
    use crate::performance::samples::car;

    fn placed(driver: i32, grid: i32, position: i32) -> Car {
        let mut car = car(driver, driver * 10, Some(position));
        car.grid = Some(grid);
        car.pole = grid == 1;
        car
    }

    fn race(race_id: i32, season: i32, cars: Vec<Car>) -> CircuitRace {
        CircuitRace {
            race_id,
            season,
            safety_car: None,
            cars,
        }
    }

    fn figure(value: f64, races: u32) -> Figure {
        Figure { value, races }
    }

    #[test]
    fn each_figure_rests_on_the_races_that_know_it() {
        let mut from_pole = race(
            1,
            2001,
            vec![placed(1, 1, 1), placed(2, 2, 2), placed(3, 3, 3)],
        );
        from_pole.safety_car = Some(true);
        let mut from_fifth = race(2, 2002, vec![placed(2, 5, 1), placed(1, 1, 2)]);
        from_fifth.safety_car = Some(false);
        from_fifth.cars.push(car(3, 30, None));
        // Nothing known of the grid.
        let old = race(3, 2003, vec![car(2, 20, Some(1)), car(1, 10, Some(2))]);
        let found = Insights::of(&[from_pole, from_fifth, old]).unwrap();
        assert_eq!(
            (found.races, found.first_season, found.last_season),
            (3, 2001, 2003)
        );
        assert_eq!(found.pole_wins, Some(figure(0.5, 2)));
        assert_eq!(found.front_row_wins, Some(figure(0.5, 2)));
        assert_eq!(found.winner_grid, Some(figure(3.0, 2)));
        assert_eq!(found.retirements, Some(figure(1.0 / 8.0, 3)));
        assert_eq!(found.safety_cars, Some(figure(0.5, 2)));
        assert_eq!(found.positions_changed, Some(figure(1.0, 2)));
        assert_eq!(found.grid_correlation, Some(figure(0.0, 2)));
        assert_eq!(found.fastest_lap, None);
        let winners = |list: &[Winner]| -> Vec<_> { list.iter().map(|w| (w.id, w.wins)).collect() };
        assert_eq!(winners(&found.drivers), [(2, 2), (1, 1)]);
        assert_eq!(winners(&found.constructors), [(20, 2), (10, 1)]);
    }

    #[test]
    fn the_later_winner_stands_first_among_equals_and_three_are_named() {
        let races: Vec<_> = [4, 1, 2, 3]
            .iter()
            .zip(2001..)
            .map(|(driver, season)| race(season, season, vec![placed(*driver, 1, 1)]))
            .collect();
        let found = Insights::of(&races).unwrap();
        let ids: Vec<_> = found.drivers.iter().map(|winner| winner.id).collect();
        assert_eq!(ids, [3, 2, 1]);
    }

    #[test]
    fn a_shared_win_is_one_of_each_driver_and_one_of_the_team() {
        let shared = vec![car(1, 10, Some(1)), car(2, 10, Some(1))];
        let found = Insights::of(&[race(1, 1951, shared)]).unwrap();
        assert_eq!(found.drivers.len(), 2);
        assert_eq!(found.constructors, [Winner { id: 10, wins: 1 }]);
    }

    #[test]
    fn the_fastest_lap_is_the_first_of_equals() {
        let lap = |driver: i32, time: i32| {
            let mut car = placed(driver, driver, driver);
            car.fastest_lap_ms = Some(time);
            car
        };
        let races = [
            race(7, 2004, vec![lap(1, 81_046), lap(2, 82_000)]),
            race(8, 2005, vec![lap(2, 81_046)]),
        ];
        let fastest = Insights::of(&races).unwrap().fastest_lap.unwrap();
        assert_eq!((fastest.race_id, fastest.driver_id), (7, 1));
    }

    #[test]
    fn where_nobody_started_there_is_no_rate() {
        let mut withdrawn = car(1, 10, None);
        withdrawn.status = Status::DidNotStart;
        let found = Insights::of(&[race(1, 2001, vec![withdrawn])]).unwrap();
        assert_eq!(found.retirements, None);
        assert_eq!(found.drivers, []);
        assert_eq!(Insights::of(&[]), None);
    }
}
