//! Scores of fantasy teams: rulesets as data, what a pick brings, who leads, what a correction
//! changed.
//!
//! | File | What |
//! |---|---|
//! | `weights` | how much everything is worth, with the bounds a league must keep |
//! | `ruleset` | weights with a name, a version and seasons; the two that Pitwall brings |
//! | `rules` | a driver's weekend, and what a ruleset makes of it |
//! | `breakdown` | what gave which points; it adds up to the total |
//! | `pick` | the weekend that counts for a pick: the driver's, a replacement's, or none |
//! | `leaderboard` | teams ranked over one race or a season, ties included |
//! | `history` | a team's way through a season, and two teams against each other |
//! | `audit` | earlier and new scores of a race, difference by difference |
//! | `substitution` | who replaced a driver who did not race |
//! | `weekend` | what a race's scores rest on, as results have it |
//! | `stored` | scores as they are stored |
//! | `drafted` | scoring one draft |
//! | `leagues` | scoring the drafts of all leagues |
//!
//! All but the last four are pure: they read neither a database nor a clock. Points are whole
//! hundredths throughout. Scores depend on their arguments alone, never on the order in which
//! those are given, so that scoring a race again without a correction changes nothing.

pub mod audit;
pub mod breakdown;
mod drafted;
pub mod history;
pub mod leaderboard;
mod leagues;
pub mod pick;
pub mod rules;
pub mod ruleset;
pub mod stored;
pub mod substitution;
mod weekend;
pub mod weights;

#[cfg(test)]
mod properties;
#[cfg(test)]
mod tables;

pub use audit::{Change, What, changes};
pub use breakdown::{Breakdown, Line, Part, Session, Worth};
pub use history::{HeadToHead, Meeting, Outcome, RaceOfTeam, head_to_head, season_history};
pub use leaderboard::{Haul, Row, ScoredRace, race_leaderboard, season_leaderboard};
pub use leagues::{Scored, score_league, score_leagues};
pub use pick::{Basis, Pick, ScoredPick, score_race};
pub use rules::{DriverWeekend, Ending, Outing, Qualifying, score};
pub use ruleset::{BUILT_IN, EXTENDED, Kind, OFFICIAL, Ruleset, Seasons, built_in};
pub use substitution::{Seat, Seats};
pub use weekend::Weekend;
pub use weights::{Finish, QualifyingWeights, RulesetError, SessionWeights, Weights};
