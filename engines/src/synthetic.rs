//! Made-up seasons for tests, from a seed: 20 races a season from 2000 on.

use chrono::{Days, NaiveDate};

use crate::draws::split_mix;
use crate::history::{
    Car, CircuitId, ConstructorId, DriverId, History, Outcome, PastRace, PowerUnitId, RaceId,
    TeamId, Weekend,
};

/// A generator of numbers from 0 to 1.
pub(crate) struct Dice(pub(crate) u64);

impl Dice {
    pub(crate) fn roll(&mut self) -> f64 {
        f64::from(u32::try_from(split_mix(&mut self.0) >> 33).unwrap()) / f64::from(1_u32 << 31)
    }

    fn gumbel(&mut self) -> f64 {
        -(-self.roll().clamp(1e-9, 1.0 - 1e-9).ln()).ln()
    }
}

/// A history in which driver 0 is the strongest, and the last car has a new driver each season.
pub(crate) fn history(seed: u64, races: i32, cars: usize) -> History {
    let mut dice = Dice(seed);
    History::new(
        (0..races)
            .map(|race| one_race(&mut dice, race, cars))
            .collect(),
    )
}

fn one_race(dice: &mut Dice, number: i32, cars: usize) -> PastRace {
    let season = 2000 + number / 20;
    let start = NaiveDate::from_ymd_opt(season, 3, 1).unwrap();
    let strength = |car: usize| -0.35 * f64::from(u8::try_from(car).unwrap());
    let mut by_grid: Vec<_> = (0..cars)
        .map(|car| (strength(car) + dice.gumbel(), car))
        .collect();
    by_grid.sort_by(|a, b| b.0.total_cmp(&a.0));
    let mut by_finish: Vec<_> = by_grid
        .iter()
        .enumerate()
        .map(|(slot, (_, car))| {
            let classified = dice.roll() > 0.15;
            let push = strength(*car) - 0.05 * f64::from(u8::try_from(slot).unwrap());
            (classified, push + dice.gumbel(), *car, slot)
        })
        .collect();
    by_finish.sort_by(|a, b| b.0.cmp(&a.0).then(b.1.total_cmp(&a.1)));
    let lines = by_finish.into_iter().enumerate();
    let cars = lines.map(|(place, (classified, _, car, slot))| {
        let place = u8::try_from(place).unwrap() + 1;
        let driver = i32::try_from(car).unwrap();
        let newcomer = car + 1 == cars && cars > 1;
        Car {
            driver: DriverId(if newcomer { season } else { driver }),
            constructor: ConstructorId(driver / 2),
            team: TeamId(driver / 2),
            power_unit: Some(PowerUnitId(driver / 4)),
            weekend: weekend(car, slot),
            grid: Some(u8::try_from(slot).unwrap() + 1),
            position_order: place,
            position: classified.then_some(place),
            outcome: if classified {
                Outcome::Finished
            } else {
                Outcome::Retired
            },
            laps: if classified { 50 } else { 30 },
            time_ms: classified.then(|| 4_500_000 + 5_000 * u32::from(place)),
            fastest_lap_ms: Some(85_000 + 100 * u32::from(place)),
            points: f64::from(11 - place.min(11)),
            sprint_points: 0.0,
        }
    });
    PastRace {
        id: RaceId(number),
        season,
        date: start + Days::new(u64::try_from(number % 20).unwrap() * 14),
        circuit: CircuitId(number % 20),
        wetness: None,
        cars: cars.collect(),
    }
}

fn weekend(car: usize, slot: usize) -> Weekend {
    let count = |number: usize| u32::try_from(number).unwrap();
    let lap = 80_000 + 150 * count(slot);
    Weekend {
        practice_ms: [None, Some(81_000 + 200 * count(car)), None],
        qualifying_ms: [
            Some(lap + 900),
            (slot < 15).then_some(lap + 400),
            (slot < 10).then_some(lap),
        ],
        qualifying: u8::try_from(slot + 1).ok(),
        sprint: None,
    }
}
