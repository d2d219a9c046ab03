//! Jobs: what is done by the clock. Here stand their kinds, their rows, and who may work on which;
//! when they are due is worked out, and they are done, in `jobs`.
//!
//! A job is one kind, done to one subject, at one tick: an hour, a day, a version of the data. Its
//! key is made of the three, so that a tick fires once however many processes compute it. Its row
//! goes from queued over handed over and running to succeeded or failed; what a killed process
//! leaves behind stays in the table and is handed over again.

mod clean_up;
mod kind;
mod queue;
mod read;
mod request;
pub mod situation;

/// How ticks begin that nobody but a person asked for.
const BY_HAND: &str = "by hand";

pub use clean_up::clean_up;
pub use entities::job::{Model as Row, Status};
pub use kind::{About, Kind};
pub use queue::{
    Claimed, Delivery, End, Wanted, claim, due, enqueue, finish, give_back, handed_over,
};
pub use read::{Entry, Planned, find, list, open, plan, runs, ticks};
pub use request::{retry, run};
