//! The prediction engines: pure mathematics, from past races to a forecast of the next.
//!
//! No IO, no clock, no async, no thread-local randomness: the same history gives the same bytes.
//! May use no other crate of the workspace.
//!
//! ```text
//! History ──► Tracker ──► rows ──► Engine::fit ──► Model::strengths ──► Draws ─┐
//!    └──────────────────────────► Retirement::fit ──► chances ────────────────┴─► Forecast ──► Evaluation
//! ```
//!
//! | Module | What it holds |
//! |---|---|
//! | [`history`] | what is handed in: races that were run, and the race to forecast |
//! | [`engine`] | the traits: [`Engine`] is untrained, [`Model`] is trained |
//! | [`registry`] | the list of engines |
//! | [`draws`] | strengths of the entrants and how unsure they are |
//! | [`mod@forecast`] | from strengths to position probabilities, shared by all engines |
//! | [`retirement`] | the chance not to be classified, shared by all engines |
//! | [`evaluation`], [`backtest`] | how good a forecast was, and a walk through past seasons |
//! | [`features`] | what learned engines look at: a row of numbers for each entrant |
//! | [`ensemble`], [`regression`], [`xgboost`], [`random_forest`], [`elo`] | the engines, one file each |
//! | [`grid`], [`form`], [`uniform`] | the baselines |
//!
//! **To add an engine**: write its file, name it below in the two places marked `engine:`,
//! and let the contract tests run over it.

pub mod backtest;
pub mod draws;
pub mod engine;
pub mod evaluation;
pub mod features;
pub mod forecast;
pub mod history;
pub mod registry;
pub mod retirement;

// engine: its module
pub mod elo;
pub mod ensemble;
pub mod form;
pub mod grid;
pub mod random_forest;
pub mod regression;
pub mod uniform;
pub mod xgboost;

mod choice;
mod learned;
mod logit;
mod plackett_luce;
mod rating;

#[cfg(test)]
mod contract;
#[cfg(test)]
mod synthetic;

pub use draws::Draws;
pub use engine::{
    Contribution, Engine, EngineError, EngineId, Hyperparameter, Model, Opinions, Question,
};
pub use evaluation::Evaluation;
pub use forecast::{EntrantForecast, Forecast, forecast};
pub use history::{
    Car, CircuitId, ConstructorId, DriverId, Entrant, History, Log, Outcome, PastRace, PowerUnitId,
    RaceId, RaceToForecast, Stage, Target, TeamId, Weekend,
};
pub use registry::Registry;
pub use retirement::Retirement;

use learned::Learned;

/// Every engine, in the order in which one is preferred for production; baselines last.
fn registered() -> Vec<Box<dyn Engine>> {
    vec![
        // engine: its registration
        Box::new(ensemble::Ensemble::default()),
        Box::new(Learned(regression::Regression::default())),
        Box::new(Learned(xgboost::Xgboost::default())),
        Box::new(Learned(random_forest::RandomForest::default())),
        Box::new(elo::Elo::default()),
        Box::new(grid::Grid),
        Box::new(form::Form),
        Box::new(uniform::Uniform),
    ]
}
