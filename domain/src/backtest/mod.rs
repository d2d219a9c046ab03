//! Back-tests: engines walked through past seasons, each race forecast from the races before it.
//!
//! A walk is stored as a run: a row for the engine and, for each race, what it said and how well
//! that did. Everything told of back-tests later is worked out from those. What an engine is and
//! how good a forecast was, the crate `engines` knows.

mod accuracy;
mod compare;
mod keep;
mod log;
mod read;
mod run;
mod score;
mod store;

use engines::{Engine, EngineId, Registry, Stage, Target};

pub use accuracy::{Accuracy, DriverAccuracy, accuracy};
pub use compare::{Comparison, Missing, compare};
pub use keep::refresh;
pub use log::log;
pub(crate) use read::{Body, bodies};
pub use read::{Evaluated, Walker, evaluated};
pub use run::{Walk, engines_named, run, seasons};
pub use score::{Difference, Results, Score, scores};
pub use store::store;

/// A target as it is written in the database and in GraphQL.
#[must_use]
pub fn target_name(target: Target) -> &'static str {
    match target {
        Target::Race => "RACE",
        Target::Qualifying => "QUALIFYING",
    }
}

/// The yardstick at a stage: the first baseline of the registry that answers.
#[must_use]
pub fn baseline(engines: &Registry, stage: Stage, target: Target) -> Option<EngineId> {
    let mut answering = engines.iter().filter(|e| e.answers(stage, target));
    answering.find(|e| e.is_baseline()).map(Engine::id)
}
