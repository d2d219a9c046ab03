//! Career totals of drivers, constructors and circuits, folded from race results.

use std::collections::{BTreeMap, HashMap, HashSet};

use entities::result::Status;

/// A race or sprint result, reduced to what totals need.
#[derive(Debug, Clone)]
pub struct Outcome {
    pub race_id: i32,
    pub season: i32,
    pub circuit_id: i32,
    pub sprint: bool,
    pub driver_id: i32,
    pub constructor_id: i32,
    pub position: Option<i32>,
    pub status: Status,
    pub points: i32,
    pub pole: bool,
    pub fastest_lap: bool,
}

/// Totals of a driver or constructor. Sprints count for points alone.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Totals {
    /// Races started; for a constructor, races in which at least one of its cars started.
    pub starts: i32,
    pub wins: i32,
    pub podiums: i32,
    pub poles: i32,
    pub fastest_laps: i32,
    /// Hundredths.
    pub points: i32,
    pub retirements: i32,
    pub best_finish: Option<i32>,
    pub first_season: Option<i32>,
    pub last_season: Option<i32>,
    pub championships: i32,
}

/// What was raced at a circuit.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CircuitTotals {
    pub races_held: i32,
    pub starts: i32,
    pub retirements: i32,
    pub pole_wins: i32,
    pub first_season: Option<i32>,
    pub last_season: Option<i32>,
}

/// Totals of everybody, by database id.
#[derive(Debug, Default)]
pub struct Careers {
    pub drivers: HashMap<i32, Totals>,
    pub constructors: HashMap<i32, Totals>,
    pub circuits: HashMap<i32, CircuitTotals>,
}

/// Whether a car with this status took the start.
#[must_use]
pub fn started(status: Status) -> bool {
    !matches!(status, Status::DidNotStart | Status::DidNotQualify)
}

/// Whether a car with this status failed to reach the flag.
#[must_use]
pub fn retired(status: Status) -> bool {
    status == Status::Retired
}

/// Folds results into totals.
#[must_use]
pub fn careers(outcomes: &[Outcome]) -> Careers {
    let mut races: BTreeMap<i32, Vec<&Outcome>> = BTreeMap::new();
    for outcome in outcomes {
        races.entry(outcome.race_id).or_default().push(outcome);
    }
    let mut careers = Careers::default();
    for cars in races.values() {
        add_race(&mut careers, cars);
    }
    careers
}

fn add_race(careers: &mut Careers, cars: &[&Outcome]) {
    let mut drivers = HashSet::new();
    let mut constructors = HashSet::new();
    let race: Vec<&&Outcome> = cars.iter().filter(|car| !car.sprint).collect();
    for car in cars {
        careers.drivers.entry(car.driver_id).or_default().points += car.points;
        careers
            .constructors
            .entry(car.constructor_id)
            .or_default()
            .points += car.points;
    }
    for car in &race {
        // Shared drives list a driver twice in one race: one start, not two.
        let first_of_driver = drivers.insert(car.driver_id) && started(car.status);
        let first_of_constructor = started(car.status) && constructors.insert(car.constructor_id);
        add_car(
            careers.drivers.entry(car.driver_id).or_default(),
            car,
            first_of_driver,
        );
        add_car(
            careers.constructors.entry(car.constructor_id).or_default(),
            car,
            first_of_constructor,
        );
    }
    if let Some(any) = race.first() {
        let circuit = careers.circuits.entry(any.circuit_id).or_default();
        circuit.races_held += 1;
        span(
            &mut circuit.first_season,
            &mut circuit.last_season,
            any.season,
        );
        for car in &race {
            circuit.starts += i32::from(started(car.status));
            circuit.retirements += i32::from(retired(car.status));
            circuit.pole_wins += i32::from(car.pole && car.position == Some(1));
        }
    }
}

fn add_car(totals: &mut Totals, car: &Outcome, start: bool) {
    let place = |most: i32| i32::from(car.position.is_some_and(|position| position <= most));
    totals.starts += i32::from(start);
    totals.wins += place(1);
    totals.podiums += place(3);
    totals.poles += i32::from(car.pole);
    totals.fastest_laps += i32::from(car.fastest_lap);
    totals.retirements += i32::from(retired(car.status));
    if let Some(position) = car.position {
        totals.best_finish = Some(
            totals
                .best_finish
                .map_or(position, |best| best.min(position)),
        );
    }
    span(
        &mut totals.first_season,
        &mut totals.last_season,
        car.season,
    );
}

fn span(first: &mut Option<i32>, last: &mut Option<i32>, season: i32) {
    *first = Some(first.map_or(season, |year| year.min(season)));
    *last = Some(last.map_or(season, |year| year.max(season)));
}

#[cfg(test)]
mod tests {
    use super::*;

    fn car(driver_id: i32, position: Option<i32>, status: Status) -> Outcome {
        Outcome {
            race_id: 1,
            season: 2024,
            circuit_id: 1,
            sprint: false,
            driver_id,
            constructor_id: 1,
            position,
            status,
            points: 0,
            pole: false,
            fastest_lap: false,
        }
    }

    #[test]
    fn a_classified_retirement_counts_as_place_and_as_retirement() {
        let careers = careers(&[car(1, Some(3), Status::Retired)]);
        let totals = &careers.drivers[&1];
        assert_eq!(
            (totals.podiums, totals.retirements, totals.starts),
            (1, 1, 1)
        );
    }

    #[test]
    fn who_did_not_start_has_no_start() {
        let careers = careers(&[car(1, None, Status::DidNotStart)]);
        assert_eq!(careers.drivers[&1].starts, 0);
    }

    #[test]
    fn a_shared_drive_is_one_start() {
        let careers = careers(&[
            car(1, Some(3), Status::Finished),
            car(1, None, Status::Retired),
        ]);
        assert_eq!(careers.drivers[&1].starts, 1);
    }

    #[test]
    fn a_sprint_counts_for_points_alone() {
        let sprint = Outcome {
            sprint: true,
            points: 800,
            ..car(1, Some(1), Status::Finished)
        };
        let careers = careers(&[sprint]);
        let totals = &careers.drivers[&1];
        assert_eq!((totals.points, totals.wins, totals.starts), (800, 0, 0));
    }
}
