//! What a finish is worth: race and sprint tables, fastest laps, shared cars, shortened races.
//!
//! Points of a result are taken from the source where it publishes them (fastest laps are not
//! recorded before 2004, so old points cannot be rebuilt); these tables check published points
//! and serve where none are published. All points are whole hundredths.
//!
//! Source: the FIA sporting regulations of each season, as tabulated in the season rules.

use super::season_rules::SeasonRules;

/// Hundredths by finishing position, the winner first.
pub type PointsTable = &'static [i32];

/// 1950–59.
pub const TOP_FIVE: PointsTable = &[800, 600, 400, 300, 200];
/// 1960, and constructors in 1961.
pub const TOP_SIX_EIGHT: PointsTable = &[800, 600, 400, 300, 200, 100];
/// 1961–90.
pub const TOP_SIX_NINE: PointsTable = &[900, 600, 400, 300, 200, 100];
/// 1991–2002.
pub const TOP_SIX_TEN: PointsTable = &[1000, 600, 400, 300, 200, 100];
/// 2003–09.
pub const TOP_EIGHT: PointsTable = &[1000, 800, 600, 500, 400, 300, 200, 100];
/// 2010 on.
pub const TOP_TEN: PointsTable = &[2500, 1800, 1500, 1200, 1000, 800, 600, 400, 200, 100];
/// 2022 on, 2 laps to a quarter of the distance.
pub const UNDER_A_QUARTER: PointsTable = &[600, 400, 300, 200, 100];
/// 2022 on, a quarter to half of the distance.
pub const UNDER_A_HALF: PointsTable = &[1300, 1000, 800, 600, 500, 400, 300, 200, 100];
/// 2022 on, half to three quarters of the distance.
pub const UNDER_THREE_QUARTERS: PointsTable =
    &[1900, 1400, 1200, 900, 800, 600, 500, 300, 200, 100];
/// Sprints of 2021.
pub const SPRINT_TOP_THREE: PointsTable = &[300, 200, 100];
/// Sprints since 2022.
pub const SPRINT_TOP_EIGHT: PointsTable = &[800, 700, 600, 500, 400, 300, 200, 100];

const FULL_DISTANCE: u32 = 1000;

/// What the fastest lap of a race earns.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FastestLapRule {
    /// Nothing (1960–2018 and since 2025).
    None,
    /// A point for whoever sets it, split equally between equal times (1950–59).
    Anybody,
    /// A point for driver and team if classified in the first ten and more than this share
    /// of the distance, in thousandths, was run (2019–24).
    TopTen { over_permille: u32 },
}

/// What a race that ended early is worth.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ShortenedRule {
    /// Full points whatever the distance (until 1974).
    Full,
    /// None below 30 % of the distance, half below 60 % (1975–79).
    HalfFrom30To60,
    /// None below two laps, half below 75 % (1980–2021).
    HalfUnder75,
    /// None below two laps, then the three graded tables up to 75 % (2022 on);
    /// in 2022 only for a race that ended under a red flag.
    Graded { only_red_flag: bool },
}

/// How far a race went.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RaceLength {
    /// Laps completed by the leader (not those of the classification, which may be taken
    /// back by a lap or two after a red flag: one instead of three in Belgium 2021).
    pub laps: u32,
    /// Share of the scheduled distance, in thousandths.
    pub permille: u32,
    /// It ended under a red flag and was not resumed.
    pub ended_by_red_flag: bool,
}

impl RaceLength {
    /// A race over its whole distance.
    pub const FULL: Self = Self {
        laps: 50,
        permille: FULL_DISTANCE,
        ended_by_red_flag: false,
    };

    /// A race that stopped after `laps` of `scheduled` laps.
    #[must_use]
    pub fn laps_of(laps: u32, scheduled: u32, ended_by_red_flag: bool) -> Self {
        let permille = (laps * FULL_DISTANCE)
            .checked_div(scheduled)
            .unwrap_or(FULL_DISTANCE);
        Self {
            laps,
            permille,
            ended_by_red_flag,
        }
    }
}

/// What must be known of a finish to say what it is worth.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FinishedRace<'a> {
    /// Ref of the circuit: one race was worth double.
    pub circuit: &'a str,
    pub length: RaceLength,
    /// Classified position; none scores nothing but a fastest lap before 1960.
    pub position: Option<i32>,
    /// Drivers who shared the car in this race, at least 1.
    pub drivers_of_car: i32,
    /// How many drivers set the fastest lap, this one among them; 0 if this one did not.
    pub fastest_lap_between: i32,
}

impl<'a> FinishedRace<'a> {
    /// A plain finish over the whole distance, without the fastest lap.
    #[must_use]
    pub const fn at(circuit: &'a str, position: i32) -> Self {
        Self {
            circuit,
            length: RaceLength::FULL,
            position: Some(position),
            drivers_of_car: 1,
            fastest_lap_between: 0,
        }
    }
}

/// A driver's race points for a finish, in hundredths.
#[must_use]
pub fn points_for(rules: &SeasonRules, finish: &FinishedRace<'_>) -> i32 {
    let mut points = place_points(rules, rules.race_points, finish);
    if finish.drivers_of_car > 1 {
        points = if rules.shared_drives_score() {
            rounded_share(points, finish.drivers_of_car)
        } else {
            0
        };
    }
    if rules.doubles_points_at(finish.circuit) {
        points *= 2;
    }
    points + fastest_lap_points(rules, finish)
}

/// Sprint points for a position, in hundredths; nothing before 2021.
#[must_use]
pub fn sprint_points_for(rules: &SeasonRules, position: Option<i32>) -> i32 {
    in_table(rules.sprint_points, position)
}

/// The entry of `table` for `position`, 0 beyond its end.
#[must_use]
pub fn in_table(table: PointsTable, position: Option<i32>) -> i32 {
    position
        .and_then(|position| usize::try_from(position - 1).ok())
        .and_then(|index| table.get(index).copied())
        .unwrap_or(0)
}

fn place_points(rules: &SeasonRules, full: PointsTable, finish: &FinishedRace<'_>) -> i32 {
    let RaceLength {
        laps,
        permille,
        ended_by_red_flag,
    } = finish.length;
    let (table, divisor): (PointsTable, i32) = match rules.shortened {
        ShortenedRule::Full => (full, 1),
        ShortenedRule::HalfFrom30To60 => match permille {
            0..300 => (&[], 1),
            300..600 => (full, 2),
            _ => (full, 1),
        },
        ShortenedRule::HalfUnder75 => match permille {
            750.. => (full, 1),
            _ if laps < 2 => (&[], 1),
            _ => (full, 2),
        },
        ShortenedRule::Graded { only_red_flag } => (
            graded(full, laps, permille, only_red_flag && !ended_by_red_flag),
            1,
        ),
    };
    in_table(table, finish.position) / divisor
}

/// FIA sporting regulations 2022, 6.5.
fn graded(
    full: PointsTable,
    laps: u32,
    permille: u32,
    at_least_two_laps_are_full: bool,
) -> PointsTable {
    match permille {
        _ if laps < 2 => &[],
        750.. => full,
        _ if at_least_two_laps_are_full => full,
        500.. => UNDER_THREE_QUARTERS,
        250.. => UNDER_A_HALF,
        _ => UNDER_A_QUARTER,
    }
}

fn fastest_lap_points(rules: &SeasonRules, finish: &FinishedRace<'_>) -> i32 {
    if finish.fastest_lap_between < 1 {
        return 0;
    }
    match rules.fastest_lap {
        FastestLapRule::None => 0,
        FastestLapRule::Anybody => rounded_share(100, finish.fastest_lap_between),
        FastestLapRule::TopTen { over_permille } => {
            let in_top_ten = finish
                .position
                .is_some_and(|position| (1..=10).contains(&position));
            if in_top_ten && finish.length.permille > over_permille {
                100
            } else {
                0
            }
        }
    }
}

/// `points` shared by `between` drivers, to the nearest hundredth as published.
const fn rounded_share(points: i32, between: i32) -> i32 {
    (2 * points + between) / (2 * between)
}

#[cfg(test)]
mod tests {
    use super::super::season_rules::rules_of;
    use super::*;

    /// Points of every scoring place and of the first that scores none, over a given length.
    fn scale(season: i32, length: RaceLength) -> Vec<i32> {
        let rules = rules_of(season);
        let points = |position| {
            points_for(
                &rules,
                &FinishedRace {
                    length,
                    ..FinishedRace::at("monza", position)
                },
            )
        };
        (1..=30)
            .map(points)
            .take_while(|points| *points > 0)
            .collect()
    }

    fn shortened(permille: u32) -> RaceLength {
        RaceLength {
            laps: 10,
            permille,
            ended_by_red_flag: true,
        }
    }

    #[test]
    fn every_season_has_its_race_points() {
        let eras: [(i32, i32, &[i32]); 7] = [
            (1950, 1959, &[8, 6, 4, 3, 2]),
            (1960, 1960, &[8, 6, 4, 3, 2, 1]),
            (1961, 1990, &[9, 6, 4, 3, 2, 1]),
            (1991, 2002, &[10, 6, 4, 3, 2, 1]),
            (2003, 2009, &[10, 8, 6, 5, 4, 3, 2, 1]),
            (2010, 2026, &[25, 18, 15, 12, 10, 8, 6, 4, 2, 1]),
            (2027, 2050, &[25, 18, 15, 12, 10, 8, 6, 4, 2, 1]),
        ];
        for (first, last, points) in eras {
            let expected: Vec<i32> = points.iter().map(|points| points * 100).collect();
            for season in first..=last {
                assert_eq!(scale(season, RaceLength::FULL), expected, "{season}");
            }
        }
    }

    #[test]
    fn a_fastest_lap_is_worth_what_the_season_says() {
        let extra = |season, position, permille| {
            let length = RaceLength {
                permille,
                ..RaceLength::FULL
            };
            let without = FinishedRace {
                length,
                position,
                ..FinishedRace::at("monza", 1)
            };
            let with = FinishedRace {
                fastest_lap_between: 1,
                ..without
            };
            points_for(&rules_of(season), &with) - points_for(&rules_of(season), &without)
        };
        for season in 1950..=1959 {
            assert_eq!(
                [
                    extra(season, Some(1), 1000),
                    extra(season, Some(12), 1000),
                    extra(season, None, 1000)
                ],
                [100; 3]
            );
        }
        for season in (1960..=2018).chain(2025..=2026) {
            assert_eq!(extra(season, Some(1), 1000), 0, "{season}");
        }
        for season in 2019..=2024 {
            assert_eq!(
                [
                    extra(season, Some(10), 1000),
                    extra(season, Some(11), 1000),
                    extra(season, None, 1000)
                ],
                [100, 0, 0]
            );
        }
        for season in 2021..=2024 {
            assert_eq!(
                [extra(season, Some(1), 500), extra(season, Some(1), 501)],
                [0, 100],
                "{season}"
            );
        }
    }

    #[test]
    fn shared_points_are_rounded_as_published() {
        let britain_1954 = FinishedRace {
            position: Some(9),
            fastest_lap_between: 7,
            ..FinishedRace::at("silverstone", 9)
        };
        assert_eq!(points_for(&rules_of(1954), &britain_1954), 14);
        let thirds = |position| FinishedRace {
            drivers_of_car: 3,
            ..FinishedRace::at("galvez", position)
        };
        assert_eq!(
            [2, 3].map(|place| points_for(&rules_of(1955), &thirds(place))),
            [200, 133]
        );
        let shared = FinishedRace {
            drivers_of_car: 2,
            ..FinishedRace::at("galvez", 3)
        };
        assert_eq!(
            [1957, 1958, 1960].map(|season| points_for(&rules_of(season), &shared)),
            [200, 0, 0]
        );
    }

    #[test]
    fn abu_dhabi_2014_was_worth_double() {
        let last = FinishedRace::at("yas_marina", 1);
        assert_eq!(
            [2013, 2014, 2015].map(|season| points_for(&rules_of(season), &last)),
            [2500, 5000, 2500]
        );
        assert_eq!(
            points_for(&rules_of(2014), &FinishedRace::at("monza", 1)),
            2500
        );
    }

    #[test]
    fn half_points_from_30_to_60_percent_in_1975_to_1979() {
        for season in 1975..=1979 {
            assert_eq!(
                [299, 300, 599, 600].map(|share| scale(season, shortened(share)).first().copied()),
                [None, Some(450), Some(450), Some(900)]
            );
        }
        assert_eq!(scale(1974, shortened(100)).first(), Some(&900));
    }

    #[test]
    fn half_points_under_75_percent_from_1980_to_2021() {
        for season in 1980..=2021 {
            let full = scale(season, RaceLength::FULL);
            let half: Vec<i32> = full.iter().map(|points| points / 2).collect();
            assert_eq!(scale(season, shortened(749)), half, "{season}");
            assert_eq!(scale(season, shortened(750)), full, "{season}");
            assert_eq!(
                scale(
                    season,
                    RaceLength {
                        laps: 1,
                        ..shortened(20)
                    }
                ),
                Vec::<i32>::new(),
                "{season}"
            );
            assert_eq!(
                scale(
                    season,
                    RaceLength {
                        laps: 2,
                        ..shortened(40)
                    }
                ),
                half,
                "{season}"
            );
        }
    }

    #[test]
    fn graded_points_since_2022() {
        for season in 2022..=2027 {
            let whole =
                |points: &[i32]| points.iter().map(|points| points * 100).collect::<Vec<_>>();
            assert_eq!(
                scale(
                    season,
                    RaceLength {
                        laps: 1,
                        ..shortened(30)
                    }
                ),
                Vec::<i32>::new()
            );
            assert_eq!(
                scale(
                    season,
                    RaceLength {
                        laps: 2,
                        ..shortened(40)
                    }
                ),
                whole(&[6, 4, 3, 2, 1])
            );
            assert_eq!(scale(season, shortened(249)), whole(&[6, 4, 3, 2, 1]));
            assert_eq!(
                scale(season, shortened(250)),
                whole(&[13, 10, 8, 6, 5, 4, 3, 2, 1])
            );
            assert_eq!(
                scale(season, shortened(500)),
                whole(&[19, 14, 12, 9, 8, 6, 5, 3, 2, 1])
            );
            assert_eq!(
                scale(season, shortened(749)),
                whole(&[19, 14, 12, 9, 8, 6, 5, 3, 2, 1])
            );
            assert_eq!(
                scale(season, shortened(750)),
                scale(season, RaceLength::FULL)
            );
        }
    }

    #[test]
    fn in_2022_only_a_red_flag_shortened_the_points() {
        let japan = RaceLength::laps_of(28, 53, false);
        assert_eq!(scale(2022, japan), scale(2022, RaceLength::FULL));
        assert_eq!(scale(2023, japan), UNDER_THREE_QUARTERS);
    }

    #[test]
    fn sprints_have_points_since_2021() {
        let scale = |season| {
            let points = move |position| sprint_points_for(&rules_of(season), Some(position));
            (1..=30)
                .map(points)
                .take_while(|points| *points > 0)
                .collect::<Vec<_>>()
        };
        assert_eq!(scale(2020), Vec::<i32>::new());
        assert_eq!(scale(2021), [300, 200, 100]);
        assert_eq!(
            [2022, 2026].map(scale),
            [[800, 700, 600, 500, 400, 300, 200, 100]; 2]
        );
        assert_eq!(sprint_points_for(&rules_of(2024), None), 0);
    }
}
