//! Live races: what a feed says, made into one ordered stream of events for each race.
//!
//! Fetching is not done here: whoever reads a feed hands in records.

pub mod record;
