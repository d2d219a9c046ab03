//! What must hold of standings whatever the season and whoever finishes where.

use std::collections::BTreeMap;

use proptest::prelude::*;

use super::rules::{
    Car, Competitor, RaceOfSeason, Standing, standings_after, standings_after_each,
};
use super::season_rules::rules_of;

const DRIVERS: [&str; 8] = [
    "ascari", "brabham", "clark", "fangio", "hill", "hunt", "lauda", "moss",
];
const CONSTRUCTORS: [&str; 3] = ["brabham", "ferrari", "mclaren"];

fn competitor(refs: &'static [&'static str], index: usize) -> Competitor<'static> {
    let id = i32::try_from(index).expect("few competitors");
    Competitor {
        id,
        reference: refs[index],
    }
}

/// A car of any driver, in the place it has in the list; every third or so not classified.
fn car() -> impl Strategy<Value = Car<'static>> {
    let whole = (
        0..DRIVERS.len(),
        0..CONSTRUCTORS.len(),
        0..3_u8,
        0..10_i32,
        any::<bool>(),
    );
    whole.prop_map(|(driver, constructor, classified, points, qualified)| Car {
        driver: competitor(&DRIVERS, driver),
        constructor: competitor(&CONSTRUCTORS, constructor),
        position: (classified > 0).then_some(0),
        position_order: 0,
        qualified,
        points: points * 100,
        sprint_points: 0,
    })
}

fn race() -> impl Strategy<Value = RaceOfSeason<'static>> {
    let circuit = prop_oneof![Just("monza"), Just("indianapolis")];
    (circuit, prop::collection::vec(car(), 1..9)).prop_map(|(circuit, mut cars)| {
        for (place, car) in (1..).zip(&mut cars) {
            car.position_order = place;
            car.position = car.position.map(|_| place);
        }
        RaceOfSeason {
            round: 0,
            circuit,
            cars,
        }
    })
}

fn season() -> impl Strategy<Value = (i32, Vec<RaceOfSeason<'static>>)> {
    (1950..2030_i32, prop::collection::vec(race(), 1..18)).prop_map(|(season, mut races)| {
        for (round, race) in (1..).zip(&mut races) {
            race.round = round;
        }
        (season, races)
    })
}

fn points_of(rows: &[Standing], who: i32) -> i32 {
    rows.iter()
        .find(|row| row.who == who)
        .map_or(0, |row| row.points)
}

/// How often each driver was first, second, …, counted apart from the code under test.
fn finishes(races: &[RaceOfSeason<'_>]) -> BTreeMap<i32, Vec<i32>> {
    let mut finishes: BTreeMap<i32, Vec<i32>> = BTreeMap::new();
    for car in races.iter().flat_map(|race| &race.cars) {
        let counts = finishes.entry(car.driver.id).or_insert_with(|| vec![0; 9]);
        if let Some(index) = car
            .position
            .and_then(|position| usize::try_from(position).ok())
        {
            counts[index] += 1;
        }
    }
    finishes
}

proptest! {
    #[test]
    fn more_points_never_lower_a_drivers_points((year, races) in season(), pick in any::<prop::sample::Index>(), more in 1..900_i32) {
        let before = standings_after(&rules_of(year), &races);
        let mut races = races;
        let race = pick.index(races.len());
        let car = pick.index(races[race].cars.len());
        races[race].cars[car].points += more;
        let driver = races[race].cars[car].driver.id;
        let after = standings_after(&rules_of(year), &races);
        prop_assert!(points_of(&after.drivers, driver) >= points_of(&before.drivers, driver));
    }

    #[test]
    fn the_order_of_the_input_changes_nothing((year, races) in season(), seed in any::<prop::sample::Index>()) {
        let expected = standings_after(&rules_of(year), &races);
        let mut races = races;
        for race in &mut races {
            let middle = seed.index(race.cars.len());
            race.cars.rotate_left(middle);
            race.cars.reverse();
        }
        let middle = seed.index(races.len());
        races.rotate_left(middle);
        prop_assert_eq!(standings_after(&rules_of(year), &races), expected);
    }

    #[test]
    fn places_follow_points_and_then_countback((year, races) in season()) {
        let finishes = finishes(&races);
        let table = standings_after(&rules_of(year), &races).drivers;
        let merit = |row: &Standing| (row.points, finishes[&row.who].clone());
        for pair in table.windows(2) {
            prop_assert!(merit(&pair[0]) >= merit(&pair[1]));
            if let [Some(upper), Some(lower)] = [pair[0].position, pair[1].position] {
                prop_assert_eq!(upper == lower, merit(&pair[0]) == merit(&pair[1]));
            }
        }
        for (index, row) in (1..).zip(&table) {
            prop_assert_eq!(row.order, index);
            prop_assert!(row.position.is_none_or(|position| position <= index));
        }
    }

    #[test]
    fn dropping_never_counts_more_than_all((year, races) in season()) {
        let standings = standings_after(&rules_of(year), &races);
        for row in standings.drivers.iter().chain(&standings.constructors) {
            prop_assert!(row.points <= row.total);
        }
        prop_assert!(year >= 1958 || standings.constructors.is_empty());
    }

    #[test]
    fn the_last_of_all_tables_is_the_table_after_all_races((year, races) in season()) {
        let rules = rules_of(year);
        let each = standings_after_each(&rules, &races);
        prop_assert_eq!(each.len(), races.len());
        prop_assert_eq!(each.last(), Some(&standings_after(&rules, &races)));
        for (count, standings) in (1..).zip(&each) {
            prop_assert_eq!(standings, &standings_after(&rules, &races[..count]));
        }
    }
}
