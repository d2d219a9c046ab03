//! The rules of every season as data: which points, which results count, who may hold a
//! place, and what the stewards and tribunals took away.
//!
//! Source: the championship rules of each season (FIA sporting regulations; before them the
//! general prescriptions of the CSI). A season after the last row follows the latest rules.

use super::points::{
    FastestLapRule, PointsTable, SPRINT_TOP_EIGHT, SPRINT_TOP_THREE, ShortenedRule, TOP_EIGHT,
    TOP_FIVE, TOP_SIX_EIGHT, TOP_SIX_NINE, TOP_SIX_TEN, TOP_TEN,
};

/// The first season of the world championship.
pub const FIRST_SEASON: i32 = 1950;
/// The first season of the constructors' championship.
pub const FIRST_CONSTRUCTORS_SEASON: i32 = 1958;

/// Which of a competitor's results count.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Counting {
    /// All of them.
    All,
    /// The best so many of the season.
    Best(usize),
    /// The best so many of the rounds up to `first_rounds`, and of the rounds after it.
    Halves {
        first_rounds: i32,
        best_of_first: usize,
        best_of_second: usize,
    },
}

/// What a driver with two results in one race (he took over another car) is given.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SharedDrives {
    /// Points are shared by the drivers of a car, and each result of a driver counts
    /// (Farina and Trintignant, Argentina 1955: second and third).
    EachCounts,
    /// Points are shared, and the better result of a driver counts (Fangio, Monaco 1956).
    BetterCounts,
    /// A shared car scores nothing (1958 on).
    NoPoints,
}

/// What it takes to hold a place in a championship.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PlaceRule {
    /// To have scored (until 2001; half a point is enough: Lombardi 1975).
    Points,
    /// One classified finish (2002–25).
    ClassifiedFinish,
    /// One classified finish or one qualifying position (2026 on).
    ClassifiedOrQualified,
}

/// The constructors' championship of a season, where it differs from the drivers'.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ConstructorRules {
    pub counting: Counting,
    /// Only the best car of a constructor scores in a race (1958–78).
    pub best_car_only: bool,
    /// Points by position where the drivers' points do not carry over: they contain a
    /// fastest lap (1958–59) or a dearer win (1961).
    pub own_race_points: Option<PointsTable>,
    /// Circuit whose race counts for drivers only (Indianapolis until 1960).
    pub drivers_only_circuit: Option<&'static str>,
}

/// What a ruling did to a competitor.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ruling {
    /// So many hundredths more or less.
    Points(i32),
    /// Out of the championship with text `D`: keeps results and points, holds no place.
    Disqualified,
    /// Out of the championship with text `E`: keeps results and points, holds no place.
    Excluded,
}

/// One of the two championships.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Championship {
    Drivers,
    Constructors,
}

/// A ruling against a driver or a constructor.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Adjustment {
    pub season: i32,
    /// In force in the standings after this round and later.
    pub from_round: i32,
    /// Until this round, where something else took its place.
    pub until_round: Option<i32>,
    pub championship: Championship,
    /// Public ref.
    pub who: &'static str,
    pub ruling: Ruling,
    pub reason: &'static str,
}

/// All that decides the two championships of one season.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SeasonRules {
    pub season: i32,
    pub race_points: PointsTable,
    pub sprint_points: PointsTable,
    pub fastest_lap: FastestLapRule,
    pub shortened: ShortenedRule,
    pub shared_drives: SharedDrives,
    /// Circuit whose race is worth double.
    pub double_points_circuit: Option<&'static str>,
    pub counting: Counting,
    /// None before 1958.
    pub constructors: Option<ConstructorRules>,
    pub place: PlaceRule,
}

impl SeasonRules {
    /// Rulings on one competitor, by public ref, that are in force after a round.
    pub fn rulings_on(
        &self,
        championship: Championship,
        who: &str,
        round: i32,
    ) -> impl Iterator<Item = Ruling> {
        let concerns = move |ruling: &&Adjustment| {
            (ruling.season, ruling.championship, ruling.who) == (self.season, championship, who)
        };
        let in_force = move |ruling: &&Adjustment| {
            round >= ruling.from_round && ruling.until_round.is_none_or(|until| round <= until)
        };
        ADJUSTMENTS
            .iter()
            .filter(concerns)
            .filter(in_force)
            .map(|adjustment| adjustment.ruling)
    }

    /// Whether drivers of a shared car share its points.
    #[must_use]
    pub fn shared_drives_score(&self) -> bool {
        self.shared_drives != SharedDrives::NoPoints
    }

    /// Whether the race at this circuit is worth double (Abu Dhabi 2014).
    #[must_use]
    pub fn doubles_points_at(&self, circuit: &str) -> bool {
        self.double_points_circuit == Some(circuit)
    }

    /// Whether the race at this circuit counts for constructors.
    #[must_use]
    pub fn counts_for_constructors(&self, circuit: &str) -> bool {
        self.constructors
            .is_some_and(|rules| rules.drivers_only_circuit != Some(circuit))
    }
}

/// The rules of a season; the latest known ones for a later season.
#[must_use]
pub fn rules_of(season: i32) -> SeasonRules {
    SeasonRules {
        season,
        race_points: race_points(season),
        sprint_points: match season {
            ..=2020 => &[],
            2021 => SPRINT_TOP_THREE,
            2022.. => SPRINT_TOP_EIGHT,
        },
        fastest_lap: fastest_lap(season),
        shortened: shortened(season),
        shared_drives: match season {
            ..=1955 => SharedDrives::EachCounts,
            1956..=1957 => SharedDrives::BetterCounts,
            1958.. => SharedDrives::NoPoints,
        },
        double_points_circuit: (season == 2014).then_some("yas_marina"),
        counting: drivers_counting(season),
        constructors: (season >= FIRST_CONSTRUCTORS_SEASON).then(|| constructor_rules(season)),
        place: match season {
            ..=2001 => PlaceRule::Points,
            2002..=2025 => PlaceRule::ClassifiedFinish,
            2026.. => PlaceRule::ClassifiedOrQualified,
        },
    }
}

fn race_points(season: i32) -> PointsTable {
    match season {
        ..=1959 => TOP_FIVE,
        1960 => TOP_SIX_EIGHT,
        1961..=1990 => TOP_SIX_NINE,
        1991..=2002 => TOP_SIX_TEN,
        2003..=2009 => TOP_EIGHT,
        2010.. => TOP_TEN,
    }
}

fn fastest_lap(season: i32) -> FastestLapRule {
    match season {
        ..=1959 => FastestLapRule::Anybody,
        2019..=2020 => FastestLapRule::TopTen { over_permille: 0 },
        // Counted in no shortened race of these years; since 2022 the rule says "more than 50 %".
        2021..=2024 => FastestLapRule::TopTen { over_permille: 500 },
        _ => FastestLapRule::None,
    }
}

fn shortened(season: i32) -> ShortenedRule {
    match season {
        ..=1974 => ShortenedRule::Full,
        1975..=1979 => ShortenedRule::HalfFrom30To60,
        1980..=2021 => ShortenedRule::HalfUnder75,
        2022 => ShortenedRule::Graded {
            only_red_flag: true,
        },
        2023.. => ShortenedRule::Graded {
            only_red_flag: false,
        },
    }
}

/// 1967–78 all results but one of each half; the first half has the odd round.
/// 1979 the best four, 1980 the best five of each half; 1979 has the odd round in the second.
fn drivers_counting(season: i32) -> Counting {
    let halves = |first_rounds, best_of_first, best_of_second| Counting::Halves {
        first_rounds,
        best_of_first,
        best_of_second,
    };
    match season {
        ..=1953 => Counting::Best(4),
        1954..=1957 | 1959 | 1961..=1962 | 1966 => Counting::Best(5),
        1958 | 1960 | 1963..=1965 => Counting::Best(6),
        1967 | 1969 | 1971 => halves(6, 5, 4),
        1968 | 1972 => halves(6, 5, 5),
        1970 => halves(7, 6, 5),
        1973..=1974 => halves(8, 7, 6),
        1975 => halves(7, 6, 6),
        1976 | 1978 => halves(8, 7, 7),
        1977 => halves(9, 8, 7),
        1979 => halves(7, 4, 4),
        1980 => halves(7, 5, 5),
        1981..=1990 => Counting::Best(11),
        1991.. => Counting::All,
    }
}

fn constructor_rules(season: i32) -> ConstructorRules {
    let best_car_only = season <= 1978;
    ConstructorRules {
        counting: if best_car_only {
            drivers_counting(season)
        } else {
            Counting::All
        },
        best_car_only,
        own_race_points: match season {
            1958..=1959 => Some(TOP_FIVE),
            1961 => Some(TOP_SIX_EIGHT),
            _ => None,
        },
        drivers_only_circuit: (season <= 1960).then_some("indianapolis"),
    }
}

/// Rulings on championship points and places.
pub const ADJUSTMENTS: &[Adjustment] = &[
    Adjustment {
        season: 1995,
        from_round: 1,
        championship: Championship::Constructors,
        who: "benetton",
        until_round: None,
        ruling: Ruling::Points(-1000),
        reason: "Brazil: fuel did not match its sample; the team lost the win's points, the driver kept them",
    },
    Adjustment {
        season: 1995,
        from_round: 1,
        championship: Championship::Constructors,
        who: "williams",
        until_round: None,
        ruling: Ruling::Points(-600),
        reason: "Brazil: fuel did not match its sample; the team lost the points of second place, the driver kept them",
    },
    Adjustment {
        season: 1997,
        from_round: 17,
        championship: Championship::Drivers,
        who: "michael_schumacher",
        until_round: None,
        ruling: Ruling::Disqualified,
        reason: "disqualified from the championship for the collision with Villeneuve at Jerez; results kept",
    },
    Adjustment {
        season: 2000,
        from_round: 10,
        championship: Championship::Constructors,
        who: "mclaren",
        until_round: None,
        ruling: Ruling::Points(-1000),
        reason: "Austria: a seal was missing on the winning car; the team lost the win's points",
    },
    Adjustment {
        season: 2007,
        from_round: 11,
        championship: Championship::Constructors,
        who: "mclaren",
        until_round: Some(13),
        ruling: Ruling::Points(-1500),
        reason: "Hungary: no constructors' points after blocking in the pit lane; the exclusion after Italy took its place",
    },
    Adjustment {
        season: 2007,
        from_round: 1,
        championship: Championship::Constructors,
        who: "mclaren",
        until_round: None,
        ruling: Ruling::Excluded,
        reason: "stripped of all constructors' points of the season for holding confidential Ferrari documents",
    },
    Adjustment {
        season: 2018,
        from_round: 13,
        championship: Championship::Constructors,
        who: "force_india",
        until_round: None,
        ruling: Ruling::Points(-5900),
        reason: "the first entry's 59 points were annulled when Racing Point Force India took over before Belgium",
    },
    Adjustment {
        season: 2020,
        from_round: 5,
        championship: Championship::Constructors,
        who: "racing_point",
        until_round: None,
        ruling: Ruling::Points(-1500),
        reason: "brake ducts copied from another team; constructors' points only",
    },
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn halves_drop_one_result_each_until_1978() {
        let calendar = [11, 12, 11, 13, 11, 12, 15, 15, 14, 16, 17, 16];
        for (season, rounds) in (1967..=1978).zip(calendar) {
            let Counting::Halves {
                first_rounds,
                best_of_first,
                best_of_second,
            } = rules_of(season).counting
            else {
                panic!("{season} counted in halves");
            };
            let counted = i32::try_from(best_of_first + best_of_second).expect("small");
            assert_eq!(counted, rounds - 2, "{season}");
            assert_eq!(first_rounds, (rounds + 1) / 2, "{season}");
            assert_eq!(
                i32::try_from(best_of_first).expect("small"),
                first_rounds - 1,
                "{season}"
            );
        }
    }

    #[test]
    fn constructors_start_in_1958_and_count_both_cars_and_all_rounds_since_1979() {
        assert_eq!(rules_of(1957).constructors, None);
        for season in 1958..=1978 {
            let rules = rules_of(season);
            let own = rules.constructors.expect("a constructors' season");
            assert!(
                own.best_car_only && own.counting == rules.counting,
                "{season}"
            );
        }
        for season in 1979..=2026 {
            let own = rules_of(season)
                .constructors
                .expect("a constructors' season");
            assert!(
                !own.best_car_only && own.counting == Counting::All,
                "{season}"
            );
        }
    }

    #[test]
    fn indianapolis_counts_for_constructors_once_it_is_a_grand_prix() {
        assert!(!rules_of(1960).counts_for_constructors("indianapolis"));
        assert!(rules_of(2005).counts_for_constructors("indianapolis"));
        assert!(rules_of(1960).counts_for_constructors("monaco"));
    }

    #[test]
    fn an_unknown_season_follows_the_latest_rules() {
        assert_eq!(
            SeasonRules {
                season: 2026,
                ..rules_of(2050)
            },
            rules_of(2026)
        );
    }

    #[test]
    fn a_ruling_holds_from_its_round_on() {
        let rulings = |round| {
            rules_of(2020)
                .rulings_on(Championship::Constructors, "racing_point", round)
                .collect::<Vec<_>>()
        };
        assert_eq!(
            [rulings(4), rulings(5), rulings(17)],
            [
                vec![],
                vec![Ruling::Points(-1500)],
                vec![Ruling::Points(-1500)]
            ]
        );
        assert_eq!(
            rules_of(2020)
                .rulings_on(Championship::Drivers, "racing_point", 9)
                .count(),
            0
        );
    }
}
