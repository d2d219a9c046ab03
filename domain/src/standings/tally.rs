//! What drivers and constructors have gathered so far in a season: a fold over its races.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

use super::points::in_table;
use super::rules::{Car, Competitor, RaceOfSeason};
use super::season_rules::{ConstructorRules, Counting, PlaceRule, SeasonRules, SharedDrives};

/// What a race gave one competitor.
#[derive(Debug, Default)]
struct RaceHaul {
    /// Race points of each car, in hundredths.
    race_points: Vec<i32>,
    sprint_points: i32,
    positions: BTreeSet<i32>,
    listed: Vec<i32>,
    qualified: bool,
}

impl RaceHaul {
    fn best(&self) -> i32 {
        self.race_points.iter().copied().max().unwrap_or(0)
    }

    fn sum(&self) -> i32 {
        self.race_points.iter().sum()
    }
}

/// What one competitor has gathered so far.
#[derive(Debug, Default)]
pub(super) struct Tally<'a> {
    pub(super) reference: &'a str,
    /// Round and points of every result that can count.
    results: Vec<(i32, i32)>,
    /// How often first, second, …: ends with the worst classification, so that comparing
    /// two of them is the countback.
    pub(super) finishes: Vec<i32>,
    /// Places in the official lists, classified or not.
    pub(super) listed: Vec<i32>,
    qualified: bool,
}

impl Tally<'_> {
    fn take(&mut self, round: i32, points: impl IntoIterator<Item = i32>, haul: &RaceHaul) {
        self.results
            .extend(points.into_iter().map(|points| (round, points)));
        self.qualified |= haul.qualified;
        self.listed.extend(&haul.listed);
        for index in haul
            .positions
            .iter()
            .filter_map(|position| usize::try_from(position - 1).ok())
        {
            if self.finishes.len() <= index {
                self.finishes.resize(index + 1, 0);
            }
            self.finishes[index] += 1;
        }
    }

    pub(super) fn total(&self) -> i32 {
        self.results.iter().map(|(_, points)| points).sum()
    }

    pub(super) fn counted(&self, counting: Counting) -> i32 {
        match counting {
            Counting::All => self.total(),
            Counting::Best(count) => self.best_of(count, |_| true),
            Counting::Halves {
                first_rounds,
                best_of_first,
                best_of_second,
            } => {
                self.best_of(best_of_first, |round| round <= first_rounds)
                    + self.best_of(best_of_second, |round| round > first_rounds)
            }
        }
    }

    fn best_of(&self, count: usize, in_part: impl Fn(i32) -> bool) -> i32 {
        let mut points: Vec<i32> = self
            .results
            .iter()
            .filter(|(round, _)| in_part(*round))
            .map(|(_, points)| *points)
            .collect();
        points.sort_unstable_by_key(|points| Reverse(*points));
        points.iter().take(count).sum()
    }

    /// Whether a competitor with these `points`, rulings applied, may hold a place.
    pub(super) fn may_hold_a_place(&self, rule: PlaceRule, points: i32) -> bool {
        match rule {
            PlaceRule::Points => points > 0,
            PlaceRule::ClassifiedFinish => !self.finishes.is_empty(),
            PlaceRule::ClassifiedOrQualified => !self.finishes.is_empty() || self.qualified,
        }
    }
}

/// Everybody's tallies of a season so far, by id.
#[derive(Debug, Default)]
pub(super) struct Tallies<'a> {
    pub(super) round: i32,
    pub(super) drivers: BTreeMap<i32, Tally<'a>>,
    pub(super) constructors: BTreeMap<i32, Tally<'a>>,
}

impl<'a> Tallies<'a> {
    pub(super) fn add(&mut self, rules: &SeasonRules, race: &RaceOfSeason<'a>) {
        self.round = race.round;
        for (driver, haul) in hauls(race, |car| car.driver, |car| car.points) {
            let tally = self.drivers.entry(driver.id).or_default();
            tally.reference = driver.reference;
            tally.take(race.round, drivers_results(rules, &haul), &haul);
        }
        if let Some(own) = rules
            .constructors
            .filter(|_| rules.counts_for_constructors(race.circuit))
        {
            for (constructor, haul) in hauls(
                race,
                |car| car.constructor,
                |car| constructors_points(&own, car),
            ) {
                let tally = self.constructors.entry(constructor.id).or_default();
                tally.reference = constructor.reference;
                let race_points = if own.best_car_only {
                    haul.best()
                } else {
                    haul.sum()
                };
                tally.take(race.round, [race_points + haul.sprint_points], &haul);
            }
        }
    }
}

/// The results of a driver's race that may count: one, or one a car while each counted
/// (long before there were sprints).
fn drivers_results(rules: &SeasonRules, haul: &RaceHaul) -> Vec<i32> {
    if rules.shared_drives == SharedDrives::EachCounts {
        haul.race_points.clone()
    } else {
        vec![haul.best() + haul.sprint_points]
    }
}

/// What a car brings its constructor. A car without any points of its own brings none:
/// shared cars and formula two cars hold a position but score nothing.
fn constructors_points(rules: &ConstructorRules, car: &Car<'_>) -> i32 {
    match rules.own_race_points {
        Some(table) if car.points > 0 => in_table(table, car.position),
        _ => car.points,
    }
}

/// A race's cars gathered by driver or by constructor.
fn hauls<'a>(
    race: &RaceOfSeason<'a>,
    who: impl Fn(&Car<'a>) -> Competitor<'a>,
    points: impl Fn(&Car<'a>) -> i32,
) -> BTreeMap<Competitor<'a>, RaceHaul> {
    let mut hauls: BTreeMap<Competitor<'a>, RaceHaul> = BTreeMap::new();
    for car in &race.cars {
        let haul = hauls.entry(who(car)).or_default();
        haul.race_points.push(points(car));
        haul.sprint_points += car.sprint_points;
        haul.positions.extend(car.position);
        haul.listed.push(car.position_order);
        haul.qualified |= car.qualified;
    }
    hauls
}
