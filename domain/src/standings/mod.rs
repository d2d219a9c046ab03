//! Championship standings: the rules of every season as data, the pure computation of both
//! championships from classifications, and how the result compares with published tables.
//!
//! | File | What |
//! |---|---|
//! | `points` | what a finish is worth: tables, fastest laps, shortened races, sprints |
//! | `season_rules` | which rules held in which season, 1950 on |
//! | `rules` | standings after every race, from classifications and the rules |
//! | `tally` | what everybody has gathered so far, a fold over races |
//! | `comparison` | computed standings beside published ones, difference by difference |
//! | `known_differences` | the differences that are expected, each with its reason |
//!
//! Nothing here reads a database or a clock. Points are whole hundredths throughout.

pub mod comparison;
pub mod known_differences;
pub mod points;
pub mod rules;
pub mod season_rules;
pub mod store;
mod tally;

#[cfg(test)]
mod against_dump;
#[cfg(test)]
mod properties;

pub use comparison::{Difference, DifferenceKind, PublishedStanding, differences};
pub use known_differences::{KNOWN_DIFFERENCES, KnownDifference, explanation_of};
pub use points::{FinishedRace, RaceLength, points_for, sprint_points_for};
pub use rules::{
    Car, Competitor, RaceOfSeason, Standing, Standings, standings_after, standings_after_each,
};
pub use season_rules::{Championship, SeasonRules, rules_of};
