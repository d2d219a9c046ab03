//! The weekly draft of a league: before each race its teams draft drivers in turn, and within the
//! league a driver belongs to at most one team.
//!
//! The rules know no database, no clock, no chance of their own. A draft is the [`fold`] of its
//! [`log`]. [`rules`] says what is written next when somebody wants something, [`mod@due`] what is
//! written since time has passed; [`order`] and [`window`] say in which order and from when to when
//! teams pick. Who may be drafted, by whom and until when is handed in, for it can change while a
//! draft goes on.
//!
//! Around them, `stored` reads drafts of the database, `situation` how things stand around one, and
//! `write` writes down what the rules say, while the league is held. `act` is what users do, `clock`
//! what time does.

mod act;
mod clock;
pub mod due;
pub mod fold;
pub mod log;
pub mod order;
pub mod refusal;
pub mod rules;
mod situation;
mod stored;
pub mod window;
mod write;

#[cfg(test)]
pub(crate) mod example;
#[cfg(test)]
mod properties;
#[cfg(test)]
mod tables;

pub use act::{Wish, act, set_queue};
pub use clock::{next_due as next_due_of_all, plan, run_clock};
pub use due::{due, next_due};
pub use fold::{Draft, Pick, Setup, State, Substitution, Unfilled};
pub use log::{Action, Automatic, Choice, Entry, Why};
pub use order::Method;
pub use refusal::Refusal;
pub use rules::{Command, Member, Situation, decide};
pub use stored::{Stored, draftable, find, read};
pub use window::{Lock, Window};

pub(crate) use clock::{catch_up, forget, held_by, join, leave, make};
pub(crate) use situation::championship;
pub(crate) use write::{Asked, write, write_all};

pub use crate::auth::UserId;
use crate::id::uuids;

use serde::{Deserialize, Serialize};

uuids! {
    /// A draft.
    DraftId;
}

/// A user's team in a league, by its database id.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct TeamId(pub i32);

/// A driver, by his database id.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct DriverId(pub i32);
