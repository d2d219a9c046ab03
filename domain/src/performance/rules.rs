//! What a set of cars achieved in a season, and the averages used throughout.

use super::record::{Car, Qualified, SeasonRecord, Weekend, Whose};
use crate::season::career::{retired, started};

/// Races that form is taken from.
pub const FORM_RACES: usize = 5;

/// What a driver, or all cars of a constructor, achieved in a season. Sprints count for points
/// alone.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Achieved {
    /// Races entered, started or not.
    pub races: u32,
    /// Races started with at least one car.
    pub starts: u32,
    pub wins: u32,
    pub podiums: u32,
    pub poles: u32,
    /// Race and sprint points in hundredths, before any dropping of results.
    pub points: i32,
    /// Points, not hundredths, per race started.
    pub points_per_race: Option<f64>,
    /// Mean starting place of the cars that had one.
    pub average_grid: Option<f64>,
    /// Mean place of the classified cars.
    pub average_finish: Option<f64>,
    /// Mean of starting place less place of the cars with both.
    pub positions_gained: Option<f64>,
    /// Cars that did not reach the flag, classified or not.
    pub retirements: u32,
    /// Their share of the cars that started.
    pub retirement_rate: Option<f64>,
    /// Median gap to the fastest in per cent, see [`gap_to_fastest`]: a mean would be ruled by the
    /// one session in which the car broke down.
    pub qualifying_gap: Option<f64>,
    /// Mean place over the last races started, the unclassified where the classification lists
    /// them.
    pub form: Option<f64>,
}

impl Achieved {
    /// What these cars achieved; `None` when they entered no race.
    #[must_use]
    pub fn of(record: &SeasonRecord, whose: Whose) -> Option<Self> {
        let weekends = &record.weekends;
        let cars: Vec<Vec<&Car>> = weekends
            .iter()
            .map(|weekend| of_whom(&weekend.race, whose))
            .filter(|cars| !cars.is_empty())
            .collect();
        if cars.is_empty() {
            return None;
        }
        let all: Vec<&Car> = cars.iter().flatten().copied().collect();
        let number = |holds: fn(&Car) -> bool| count(all.iter().filter(|car| holds(car)));
        let retirements = number(|car| retired(car.status));
        let starts = count(cars.iter().filter(|cars| any_started(cars)));
        let points = weekends.iter().map(|weekend| points(weekend, whose)).sum();
        let gaps = weekends.iter().filter_map(|weekend| {
            let own = weekend.qualifying.iter().filter(|row| whose.qualified(row));
            gap_to_fastest(&weekend.qualifying, own)
        });
        Some(Self {
            races: count(cars.iter()),
            starts,
            wins: number(|car| car.position == Some(1)),
            podiums: number(|car| car.position.is_some_and(|position| position <= 3)),
            poles: number(|car| car.pole),
            points,
            points_per_race: share(f64::from(points) / 100.0, starts),
            average_grid: mean(all.iter().filter_map(|car| car.slot()).map(f64::from)),
            average_finish: mean(all.iter().filter_map(|car| car.position).map(f64::from)),
            positions_gained: mean(all.iter().filter_map(|car| gained(car)).map(f64::from)),
            retirements,
            retirement_rate: share(retirements.into(), number(|car| started(car.status))),
            qualifying_gap: median(gaps.collect()),
            form: form(record, whose),
        })
    }
}

/// Mean place over the last [`FORM_RACES`] races started, the unclassified where the
/// classification lists them; `None` without a start.
#[must_use]
pub fn form(record: &SeasonRecord, whose: Whose) -> Option<f64> {
    let races = record.weekends.iter().rev().filter_map(|weekend| {
        let cars = weekend.race.iter().filter(|car| whose.raced(car));
        mean(
            cars.filter(|car| started(car.status))
                .map(|car| f64::from(car.position_order)),
        )
    });
    mean(races.take(FORM_RACES))
}

/// The points of these cars in a weekend, race and sprint, in hundredths.
#[must_use]
pub fn points(weekend: &Weekend, whose: Whose) -> i32 {
    let cars = weekend.race.iter().chain(&weekend.sprint);
    cars.filter(|car| whose.raced(car))
        .map(|car| car.points)
        .sum()
}

/// How far these cars were from the fastest of all in qualifying, in per cent: of the car that
/// came furthest, its time in the last part that it set one in beside the fastest of that part.
#[must_use]
pub fn gap_to_fastest<'a>(
    all: &[Qualified],
    own: impl Iterator<Item = &'a Qualified>,
) -> Option<f64> {
    let gaps = own.filter_map(|row| {
        let (part, time) = last_part(row)?;
        let fastest = all.iter().filter_map(|other| other.parts[part]).min()?;
        Some((part, slower_by(time, fastest)?))
    });
    let furthest = gaps.max_by(|a, b| a.0.cmp(&b.0).then(b.1.total_cmp(&a.1)));
    furthest.map(|(_, gap)| gap)
}

/// By how many per cent a time is slower than another.
#[must_use]
pub fn slower_by(time: i32, other: i32) -> Option<f64> {
    (other > 0).then(|| (f64::from(time) / f64::from(other) - 1.0) * 100.0)
}

/// Mean of some numbers; `None` of none.
#[must_use]
pub fn mean(values: impl Iterator<Item = f64>) -> Option<f64> {
    let (sum, number) = values.fold((0.0, 0.0), |(sum, number), value| {
        (sum + value, number + 1.0)
    });
    (number > 0.0).then(|| sum / number)
}

/// Median of some numbers; `None` of none.
#[must_use]
pub fn median(mut values: Vec<f64>) -> Option<f64> {
    values.sort_by(f64::total_cmp);
    let middle = values.len() / 2;
    if values.len() % 2 == 1 {
        return values.get(middle).copied();
    }
    let below = values.get(middle.checked_sub(1)?)?;
    Some(f64::midpoint(*below, *values.get(middle)?))
}

/// Rank correlation of two measures of the same things, ties sharing their mean rank; `None`
/// when one of them does not vary.
#[must_use]
pub fn spearman(pairs: &[(i32, i32)]) -> Option<f64> {
    let left = ranks(pairs.iter().map(|pair| pair.0));
    let right = ranks(pairs.iter().map(|pair| pair.1));
    let centre = mean(left.iter().copied())?;
    let (mut both, mut of_left, mut of_right) = (0.0, 0.0, 0.0);
    for (a, b) in left.iter().zip(&right) {
        both += (a - centre) * (b - centre);
        of_left += (a - centre).powi(2);
        of_right += (b - centre).powi(2);
    }
    (of_left > 0.0 && of_right > 0.0).then(|| both / (of_left * of_right).sqrt())
}

fn ranks(values: impl Iterator<Item = i32>) -> Vec<f64> {
    let values: Vec<i32> = values.collect();
    let rank = |value: &i32| {
        let below = count(values.iter().filter(|other| *other < value));
        let equal = count(values.iter().filter(|other| *other == value));
        f64::from(below) + f64::from(equal + 1) / 2.0
    };
    values.iter().map(rank).collect()
}

/// A part of a whole; `None` without a whole.
#[must_use]
pub fn share(part: f64, whole: u32) -> Option<f64> {
    (whole > 0).then(|| part / f64::from(whole))
}

/// How many there are.
#[must_use]
pub fn count<T>(items: impl Iterator<Item = T>) -> u32 {
    u32::try_from(items.count()).unwrap_or(u32::MAX)
}

/// Places won from the start to the flag by a car with both.
#[must_use]
pub fn gained(car: &Car) -> Option<i32> {
    Some(car.slot()? - car.position?)
}

fn of_whom(cars: &[Car], whose: Whose) -> Vec<&Car> {
    cars.iter().filter(|car| whose.raced(car)).collect()
}

fn any_started(cars: &[&Car]) -> bool {
    cars.iter().any(|car| started(car.status))
}

fn last_part(row: &Qualified) -> Option<(usize, i32)> {
    let mut parts = row.parts.iter().enumerate().rev();
    parts.find_map(|(part, time)| Some((part, (*time)?)))
}

#[cfg(test)]
mod tests {
    use entities::result::Status;

    use super::*;
    use crate::performance::samples::{car, qualified, season, weekend};

    fn near(found: Option<f64>, expected: f64) {
        assert!(
            found.is_some_and(|found| (found - expected).abs() < 1e-9),
            "{found:?}, not {expected}"
        );
    }

    #[test]
    fn averages_leave_out_what_is_not_known() {
        let mut pit_lane = car(1, 10, Some(4));
        pit_lane.grid = Some(0);
        let mut out = car(1, 10, None);
        (out.grid, out.status, out.position_order) = (Some(2), Status::Retired, 20);
        let mut won = car(1, 10, Some(1));
        won.grid = Some(3);
        let record = season([[pit_lane], [out], [won]].map(|cars| weekend(cars.to_vec())));
        let achieved = Achieved::of(&record, Whose::Driver(1)).unwrap();
        assert_eq!((achieved.races, achieved.starts), (3, 3));
        assert_eq!((achieved.wins, achieved.podiums), (1, 1));
        near(achieved.average_grid, 2.5);
        near(achieved.average_finish, 2.5);
        near(achieved.positions_gained, 2.0);
        near(achieved.retirement_rate, 1.0 / 3.0);
        near(achieved.form, 25.0 / 3.0);
        assert_eq!(achieved.qualifying_gap, None);
    }

    #[test]
    fn who_entered_and_never_started_has_no_averages() {
        let mut withdrawn = car(1, 10, None);
        withdrawn.status = Status::DidNotStart;
        let record = season([weekend(vec![withdrawn])]);
        let achieved = Achieved::of(&record, Whose::Driver(1)).unwrap();
        assert_eq!((achieved.races, achieved.starts), (1, 0));
        assert_eq!(achieved.points_per_race, None);
        assert_eq!(achieved.retirement_rate, None);
        assert_eq!(achieved.form, None);
        assert_eq!(Achieved::of(&record, Whose::Driver(2)), None);
    }

    #[test]
    fn one_broken_lap_does_not_rule_the_gap_of_a_season() {
        let weekends = [1000, 1001, 1240].map(|time| {
            let mut weekend = weekend(vec![car(1, 10, Some(1))]);
            weekend.qualifying = vec![
                qualified(1, 10, 1, [Some(time), None, None]),
                qualified(2, 20, 2, [Some(1000), None, None]),
            ];
            weekend
        });
        let achieved = Achieved::of(&season(weekends), Whose::Driver(1)).unwrap();
        near(achieved.qualifying_gap, 0.1);
    }

    #[test]
    fn a_sprint_counts_for_points_alone() {
        let mut sprint = car(1, 10, Some(1));
        (sprint.points, sprint.pole) = (800, true);
        let mut weekend = weekend(vec![car(1, 10, Some(2))]);
        weekend.race[0].points = 1800;
        weekend.sprint = vec![sprint];
        let achieved = Achieved::of(&season([weekend]), Whose::Constructor(10)).unwrap();
        assert_eq!((achieved.wins, achieved.poles), (0, 0));
        assert_eq!(achieved.points, 2600);
        near(achieved.points_per_race, 26.0);
    }

    #[test]
    fn form_is_of_the_last_five_races_started() {
        let places = [20, 20, 1, 2, 3, 4, 5];
        let mut weekends: Vec<_> = places
            .map(|place| weekend(vec![car(1, 10, Some(place))]))
            .to_vec();
        let mut withdrawn = car(1, 10, None);
        (withdrawn.status, withdrawn.position_order) = (Status::DidNotStart, 20);
        weekends.push(weekend(vec![withdrawn]));
        near(form(&SeasonRecord { weekends }, Whose::Driver(1)), 3.0);
    }

    #[test]
    fn the_gap_is_to_the_fastest_of_the_last_part_driven_in() {
        let rows = [
            qualified(1, 10, 1, [Some(100), Some(95), Some(80)]),
            qualified(2, 20, 2, [Some(98), Some(96), Some(88)]),
            qualified(3, 20, 3, [Some(90), Some(99), None]),
            qualified(4, 30, 4, [Some(90), None, None]),
            qualified(5, 30, 5, [None, None, None]),
        ];
        let gap = |whose: Whose| gap_to_fastest(&rows, rows.iter().filter(|r| whose.qualified(r)));
        for (driver, expected) in [
            (1, 0.0),
            (2, 10.0),
            (3, 400.0 / 95.0),
            // The fastest of the first part came no further.
            (4, 0.0),
        ] {
            near(gap(Whose::Driver(driver)), expected);
        }
        assert_eq!(gap(Whose::Driver(5)), None);
        // The better car of a team is the one that came further.
        near(gap(Whose::Constructor(20)), 10.0);
        near(gap(Whose::Constructor(30)), 0.0);
    }

    #[test]
    fn the_median_lies_in_the_middle() {
        for (values, expected) in [
            (vec![], None),
            (vec![3.0], Some(3.0)),
            (vec![5.0, 1.0], Some(3.0)),
            (vec![9.0, 1.0, 2.0], Some(2.0)),
        ] {
            assert_eq!(median(values), expected);
        }
    }

    #[test]
    fn rank_correlation_is_that_of_the_textbook() {
        for (pairs, expected) in [
            (vec![(1, 1), (2, 2), (3, 3)], Some(1.0)),
            (vec![(1, 3), (2, 2), (3, 1)], Some(-1.0)),
            (vec![(1, 2), (2, 1), (3, 3), (4, 4)], Some(0.8)),
            // Distances do not matter.
            (vec![(1, 1), (20, 2), (21, 30)], Some(1.0)),
            (vec![(1, 1)], None),
            (vec![(1, 1), (1, 2)], None),
            (vec![], None),
        ] {
            let found = spearman(&pairs);
            match expected {
                Some(expected) => near(found, expected),
                None => assert_eq!(found, None, "{pairs:?}"),
            }
        }
    }
}
