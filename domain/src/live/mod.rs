//! Live races: what a feed says, made into one ordered stream of events for each race.
//!
//! Fetching is not done here: whoever reads a feed hands in records.
//!
//! | File | What |
//! |---|---|
//! | `record` | what a feed says, unchecked |
//! | `setting` | who starts with which car |
//! | `fact` | what was said, cleaned and joined: order and repetition do not matter |
//! | `order`, `track` | what follows from the facts: places, gaps, retirements; the track |
//! | `change`, `board` | what is told, and the sum of it |
//! | `fold` | statements in, changes out |
//! | `standings` | both championships as they would be if the race ended now |
//! | `schedule` | which race is to be followed now |
//! | `ingest` | the use-case: records into rows and events, once, whoever else does the same |
//! | `close` | the end, when the feed does not tell of it |
//! | `tape` | the events of a race, in memory, by sequence and by time |
//! | `follow` | how far a follower may read, and what it is told |
//! | `replay/` | past races as if they were run now |

pub mod board;
pub mod change;
mod clean_up;
mod close;
mod compound;
pub mod fact;
pub mod fold;
pub mod follow;
mod ingest;
mod order;
pub mod record;
pub mod replay;
pub mod schedule;
pub mod setting;
pub mod standings;
mod tape;
mod track;

#[cfg(test)]
mod properties;

pub use clean_up::clean_up;
pub use close::{close, close_left_open};
/// A race and the sessions of its weekend, for whoever reads a feed.
pub use entities::{
    race::{Model as Race, Status as RaceStatus},
    session::{Kind as SessionKind, Model as Session},
};
pub use ingest::{Ingested, ingest, stream};
pub use tape::Live;
