//! Both championships after every race, from classifications and a season's rules.
//!
//! A fold over the races: each race adds to the tallies of drivers and constructors, and the
//! tallies are ranked as they stand. The order of cars within a race changes nothing, nor
//! does the order of the races given.
//!
//! Ties are broken by countback on race classifications only: most wins, then most second
//! places, and so on (FIA sporting regulations 2025, 7.2); sprints do not count. Competitors
//! equal after that share a place; which of them is listed first is decided by their places
//! in the official lists, unclassified cars included.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use super::season_rules::{Championship, Counting, Ruling, SeasonRules};
use super::tally::{Tallies, Tally};

/// A driver or a constructor: the key of the caller's rows and the public ref.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Competitor<'a> {
    pub id: i32,
    pub reference: &'a str,
}

/// What one driver did with one car in a race. A shared car has a row for each driver.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Car<'a> {
    pub driver: Competitor<'a>,
    pub constructor: Competitor<'a>,
    /// Place in the classification; none when not classified.
    pub position: Option<i32>,
    /// Place in the official list, classified or not: 1, 2, 3 … to the last car.
    pub position_order: i32,
    /// Whether the driver has a position in qualifying.
    pub qualified: bool,
    /// Race points of the driver as published, in hundredths.
    pub points: i32,
    /// Sprint points of the weekend, in hundredths.
    pub sprint_points: i32,
}

/// One race of a season with all its cars. A driver who only ran in the sprint is a car
/// without a position.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RaceOfSeason<'a> {
    pub round: i32,
    /// Ref of the circuit: Indianapolis counted for drivers only.
    pub circuit: &'a str,
    pub cars: Vec<Car<'a>>,
}

/// One row of a championship.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Standing {
    /// The competitor's id.
    pub who: i32,
    /// Points that count, in hundredths, with any ruling applied.
    pub points: i32,
    /// Points before any result was dropped, in hundredths, with any ruling applied.
    pub total: i32,
    pub wins: i32,
    /// Place; equal for those whom countback cannot part; none without a right to one.
    pub position: Option<i32>,
    /// The place as a number, `D` disqualified, `E` excluded, `-` no place.
    pub position_text: String,
    /// 1, 2, 3 … down the table, without gaps or repeats.
    pub order: i32,
}

/// Both championships after a round, in order.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Standings {
    /// The last round counted; 0 before the first race.
    pub after_round: i32,
    pub drivers: Vec<Standing>,
    /// Empty before 1958.
    pub constructors: Vec<Standing>,
}

impl Standings {
    /// The rows of one championship.
    #[must_use]
    pub fn of(&self, championship: Championship) -> &[Standing] {
        match championship {
            Championship::Drivers => &self.drivers,
            Championship::Constructors => &self.constructors,
        }
    }
}

/// Standings after the last of the races given.
#[must_use]
pub fn standings_after(rules: &SeasonRules, races: &[RaceOfSeason<'_>]) -> Standings {
    let mut season = Tallies::default();
    for race in in_order(races) {
        season.add(rules, race);
    }
    ranked(&season, rules)
}

/// Standings after each of the races given, in round order.
#[must_use]
pub fn standings_after_each(rules: &SeasonRules, races: &[RaceOfSeason<'_>]) -> Vec<Standings> {
    let mut season = Tallies::default();
    let after = |race| {
        season.add(rules, race);
        ranked(&season, rules)
    };
    in_order(races).into_iter().map(after).collect()
}

fn in_order<'a, 'b>(races: &'b [RaceOfSeason<'a>]) -> Vec<&'b RaceOfSeason<'a>> {
    let mut races: Vec<_> = races.iter().collect();
    races.sort_by_key(|race| race.round);
    races
}

fn ranked(season: &Tallies<'_>, rules: &SeasonRules) -> Standings {
    let constructors_counting = rules.constructors.map_or(Counting::All, |own| own.counting);
    let ranked = |tallies, championship, counting| {
        table(contenders(
            tallies,
            rules,
            championship,
            counting,
            season.round,
        ))
    };
    Standings {
        after_round: season.round,
        drivers: ranked(&season.drivers, Championship::Drivers, rules.counting),
        constructors: ranked(
            &season.constructors,
            Championship::Constructors,
            constructors_counting,
        ),
    }
}

/// A competitor with all that decides the place, ordered as in the table.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Contender<'a> {
    merit: Merit<'a>,
    /// Parts only those whom countback cannot: the best place in an official list first.
    listed: Vec<i32>,
    reference: &'a str,
    who: i32,
    points: i32,
    total: i32,
    wins: i32,
    placed: bool,
}

/// Equal merit is an equal place.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Merit<'a> {
    /// Out of the championship: below all others.
    barred: Option<Barred>,
    points: Reverse<i32>,
    finishes: Reverse<&'a [i32]>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Barred {
    Disqualified,
    Excluded,
}

fn contenders<'a>(
    tallies: &'a BTreeMap<i32, Tally<'a>>,
    rules: &SeasonRules,
    championship: Championship,
    counting: Counting,
    round: i32,
) -> Vec<Contender<'a>> {
    let contender = |(id, tally): (&i32, &'a Tally<'a>)| {
        let (adjustment, barred) = rulings(rules, championship, tally.reference, round);
        let points = tally.counted(counting) + adjustment;
        let mut listed = tally.listed.clone();
        listed.sort_unstable();
        Contender {
            merit: Merit {
                barred,
                points: Reverse(points),
                finishes: Reverse(&tally.finishes),
            },
            listed,
            reference: tally.reference,
            who: *id,
            points,
            total: tally.total() + adjustment,
            wins: tally.finishes.first().copied().unwrap_or(0),
            placed: barred.is_none() && tally.may_hold_a_place(rules.place, points),
        }
    };
    tallies.iter().map(contender).collect()
}

fn rulings(
    rules: &SeasonRules,
    championship: Championship,
    who: &str,
    round: i32,
) -> (i32, Option<Barred>) {
    let mut points = 0;
    let mut barred = None;
    for ruling in rules.rulings_on(championship, who, round) {
        match ruling {
            Ruling::Points(hundredths) => points += hundredths,
            Ruling::Disqualified => barred = Some(Barred::Disqualified),
            Ruling::Excluded => barred = Some(Barred::Excluded),
        }
    }
    (points, barred)
}

/// Contenders in order, with their places.
fn table(mut contenders: Vec<Contender<'_>>) -> Vec<Standing> {
    contenders.sort_unstable();
    let mut rows = Vec::with_capacity(contenders.len());
    let mut last_placed: Option<(&Merit<'_>, i32)> = None;
    let mut placed = 0;
    for (order, contender) in (1..).zip(&contenders) {
        let mut position = None;
        if contender.placed {
            placed += 1;
            let shared = last_placed.filter(|(merit, _)| **merit == contender.merit);
            position = Some(shared.map_or(placed, |(_, position)| position));
            last_placed = position.map(|position| (&contender.merit, position));
        }
        rows.push(row(contender, position, order));
    }
    rows
}

fn row(contender: &Contender<'_>, position: Option<i32>, order: i32) -> Standing {
    let position_text = match (contender.merit.barred, position) {
        (Some(Barred::Disqualified), _) => "D".to_owned(),
        (Some(Barred::Excluded), _) => "E".to_owned(),
        (None, Some(position)) => position.to_string(),
        (None, None) => "-".to_owned(),
    };
    let Contender {
        who,
        points,
        total,
        wins,
        ..
    } = *contender;
    Standing {
        who,
        points,
        total,
        wins,
        position,
        position_text,
        order,
    }
}

#[cfg(test)]
mod tests {
    use super::super::season_rules::rules_of;
    use super::*;

    fn car(driver: i32, position: Option<i32>, points: i32) -> Car<'static> {
        Car {
            driver: Competitor {
                id: driver,
                reference: "driver",
            },
            constructor: Competitor {
                id: 1,
                reference: "team",
            },
            position,
            position_order: position.unwrap_or(20),
            qualified: false,
            points: points * 100,
            sprint_points: 0,
        }
    }

    /// A season of one car a race: its points.
    fn of_one_driver(points: &[i32]) -> Vec<RaceOfSeason<'static>> {
        let race = |(round, points): (i32, &i32)| RaceOfSeason {
            round,
            circuit: "monza",
            cars: vec![car(1, Some(1), *points)],
        };
        (1..).zip(points).map(race).collect()
    }

    fn race(round: i32, cars: &[Car<'static>]) -> RaceOfSeason<'static> {
        RaceOfSeason {
            round,
            circuit: "monza",
            cars: cars.to_vec(),
        }
    }

    fn places(rows: &[Standing]) -> Vec<(i32, &str)> {
        rows.iter()
            .map(|row| (row.who, row.position_text.as_str()))
            .collect()
    }

    #[test]
    fn only_the_best_results_count() {
        let counted = |season, points: &[i32]| {
            standings_after(&rules_of(season), &of_one_driver(points)).drivers[0].points / 100
        };
        let points = [9, 1, 9, 2, 9, 3, 9, 4, 9, 5, 9, 6, 9, 7, 9, 8];
        let expected = [
            (1950, 36),
            (1956, 45),
            (1958, 54),
            (1959, 45),
            (1964, 54),
            (1979, 36 + 36),
            (1985, 72 + 21),
            (1991, 108),
        ];
        for (season, counted_points) in expected {
            assert_eq!(counted(season, &points), counted_points, "{season}");
        }
        assert_eq!(
            counted(1967, &[9, 8, 7, 6, 5, 4, 9, 9, 9, 9, 1]),
            35 + 36,
            "one dropped of each half"
        );
        assert_eq!(counted(1967, &[9, 8, 7, 6, 5]), 35, "nothing to drop yet");
    }

    #[test]
    fn of_two_results_in_a_race_the_better_counts_but_until_1955_each() {
        let shared = [race(1, &[car(1, Some(2), 3), car(1, Some(4), 1)])];
        let points = |season| standings_after(&rules_of(season), &shared).drivers[0].points;
        assert_eq!([1955, 1956, 1957].map(points), [400, 300, 300]);
    }

    #[test]
    fn only_the_best_car_scores_for_its_constructor_until_1978() {
        let both = [race(1, &[car(1, Some(1), 9), car(2, Some(2), 6)])];
        let points = |season| {
            standings_after(&rules_of(season), &both)
                .constructors
                .first()
                .map(|row| row.points)
        };
        assert_eq!(
            [1957, 1961, 1962, 1978, 1979].map(points),
            [None, Some(800), Some(900), Some(900), Some(1500)]
        );
    }

    #[test]
    fn a_fastest_lap_and_indianapolis_are_no_matter_for_constructors() {
        let with_fastest_lap = race(1, &[car(1, Some(1), 9), car(2, Some(7), 1)]);
        let indianapolis = RaceOfSeason {
            round: 2,
            circuit: "indianapolis",
            ..with_fastest_lap.clone()
        };
        let standings = standings_after(&rules_of(1958), &[with_fastest_lap, indianapolis]);
        assert_eq!(
            (
                standings.constructors[0].points,
                standings.constructors[0].wins
            ),
            (800, 1)
        );
        assert_eq!(
            (standings.drivers[0].points, standings.drivers[0].wins),
            (1800, 2)
        );
    }

    #[test]
    fn ties_are_broken_by_countback_without_sprints_and_shared_after_it() {
        let sprinter = Car {
            sprint_points: 800,
            ..car(3, Some(5), 2)
        };
        let races = [
            race(1, &[car(1, Some(1), 10), car(2, Some(3), 5), sprinter]),
            race(2, &[car(2, Some(4), 5)]),
        ];
        let standings = standings_after(&rules_of(2024), &races);
        assert_eq!(places(&standings.drivers), [(1, "1"), (2, "2"), (3, "3")]);
        let equal = [
            race(1, &[car(1, Some(1), 9), car(2, Some(2), 6)]),
            race(
                2,
                &[car(2, Some(1), 9), car(1, Some(2), 6), car(3, Some(3), 4)],
            ),
        ];
        assert_eq!(
            places(&standings_after(&rules_of(1980), &equal).drivers),
            [(1, "1"), (2, "1"), (3, "3")]
        );
    }

    #[test]
    fn a_place_needs_points_then_a_finish_then_a_qualifying_position() {
        let qualified = Car {
            qualified: true,
            ..car(3, None, 0)
        };
        let races = [race(
            1,
            &[
                car(1, Some(1), 9),
                car(2, Some(15), 0),
                qualified,
                car(4, None, 0),
            ],
        )];
        let placed = |season| {
            standings_after(&rules_of(season), &races)
                .drivers
                .iter()
                .filter(|row| row.position.is_some())
                .count()
        };
        assert_eq!([2001, 2002, 2025, 2026, 2050].map(placed), [1, 2, 2, 3, 3]);
    }

    #[test]
    fn a_ruling_moves_its_constructor_from_its_round_on() {
        let racing_point = Competitor {
            id: 7,
            reference: "racing_point",
        };
        let scored = |round| {
            race(
                round,
                &[
                    Car {
                        constructor: racing_point,
                        ..car(1, Some(1), 25)
                    },
                    car(2, Some(2), 18),
                ],
            )
        };
        let races: Vec<_> = (1..=5).map(scored).collect();
        let points = |standings: &Standings| points_of_constructor(standings, 7);
        let each: Vec<i32> = standings_after_each(&rules_of(2020), &races)
            .iter()
            .map(points)
            .collect();
        assert_eq!(each, [2500, 5000, 7500, 10_000, 11_000]);
    }

    fn points_of_constructor(standings: &Standings, who: i32) -> i32 {
        standings
            .constructors
            .iter()
            .find(|row| row.who == who)
            .map_or(0, |row| row.points)
    }

    #[test]
    fn before_the_first_race_there_are_no_rows() {
        assert_eq!(standings_after(&rules_of(2025), &[]), Standings::default());
    }
}
