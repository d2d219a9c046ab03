//! What an engine is: an untrained [`Engine`] becomes, by a history, a trained [`Model`].
//!
//! A model says how strong each entrant is and how unsure it is of that; everything after that is
//! shared, see [`mod@crate::forecast`].

use std::fmt;

use serde::Serialize;

use crate::draws::Draws;
use crate::history::{History, PastRace, RaceToForecast, Stage};

/// The name of an engine: lower-case words joined by `_`, as on the command line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(transparent)]
pub struct EngineId(&'static str);

impl EngineId {
    /// An id; `name` is lower-case snake case.
    #[must_use]
    pub const fn new(name: &'static str) -> Self {
        Self(name)
    }

    /// As on the command line and in the database: `random_forest`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        self.0
    }

    /// As a GraphQL enum value: `RANDOM_FOREST`.
    #[must_use]
    pub fn graphql_name(self) -> String {
        self.0.to_ascii_uppercase()
    }
}

impl fmt::Display for EngineId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}

/// A setting an engine was made with; it is not learned.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Hyperparameter {
    /// Snake-case name.
    pub name: &'static str,
    /// Its value.
    pub value: f64,
    /// What it does, with its unit.
    pub description: &'static str,
}

/// What one feature adds to an entrant's strength.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Contribution {
    /// Snake-case name of the feature.
    pub feature: &'static str,
    /// What it adds, on the log scale of the strengths.
    pub value: f64,
}

/// Why an engine could not do what was asked.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum EngineError {
    /// The engine does not forecast at that stage.
    #[error("engine {engine} does not forecast at {stage:?}")]
    UnsupportedStage {
        /// Which engine.
        engine: EngineId,
        /// The stage asked for.
        stage: Stage,
    },
    /// There is nobody to forecast.
    #[error("the race has no entrants")]
    NoEntrants,
    /// A hyperparameter lies outside its range.
    #[error("hyperparameter {name} must be {must_be}, not {value}")]
    Hyperparameter {
        /// Which one.
        name: &'static str,
        /// The allowed range in words.
        must_be: &'static str,
        /// What was given.
        value: f64,
    },
    /// Strengths that are no numbers, or not one for each entrant.
    #[error("strengths are not finite or do not match the entrants")]
    Strengths,
    /// A stored model could not be written or read.
    #[error("the stored model cannot be read or written: {0}")]
    Artifact(#[from] serde_json::Error),
}

/// A method of forecasting that has not yet seen any race.
pub trait Engine: fmt::Debug + Send + Sync {
    /// Its name.
    fn id(&self) -> EngineId;

    /// Its name for people.
    fn name(&self) -> &'static str;

    /// What it does, in one sentence.
    fn description(&self) -> &'static str;

    /// Counted up whenever the same history would give another model, so that stored models are
    /// known to be stale.
    fn revision(&self) -> u32;

    /// The stages at which it forecasts.
    fn stages(&self) -> &'static [Stage];

    /// Whether it is a yardstick for other engines rather than a contender.
    fn is_baseline(&self) -> bool {
        false
    }

    /// Whether its strengths already contain the chance to retire, so that the shared one must
    /// not be added.
    fn bypasses_retirement(&self) -> bool {
        false
    }

    /// The settings it was made with.
    fn hyperparameters(&self) -> Vec<Hyperparameter>;

    /// Learns from races that were run. The empty history is allowed and gives the engine's prior.
    ///
    /// # Errors
    /// When the mathematics behind the engine fails.
    fn fit(&self, history: &History) -> Result<Box<dyn Model>, EngineError>;

    /// Reads a model back that [`Model::save`] wrote.
    ///
    /// # Errors
    /// [`EngineError::Artifact`] when it is not a model of this engine.
    fn load(&self, artifact: &str) -> Result<Box<dyn Model>, EngineError>;
}

/// An engine that has learned.
pub trait Model: fmt::Debug + Send + Sync {
    /// Takes in the next race, later than all before, without a new fit. An engine that learns
    /// race by race then is where a fit on the longer history would be; one that is trained as a
    /// whole keeps its weights and only brings its view of form up to date.
    fn observe(&mut self, race: &PastRace);

    /// Log worth of each entrant, in the order of `race.entrants`, in one or more draws: if all
    /// cars finish, the chance to win is `exp(strength)` over its sum (Plackett–Luce). Drivers and
    /// constructors that were never seen are answered too.
    ///
    /// # Errors
    /// When the mathematics behind the model fails.
    fn strengths(&self, race: &RaceToForecast, stage: Stage) -> Result<Draws, EngineError>;

    /// For each entrant what each feature adds; the sum is the mean strength over the draws.
    ///
    /// # Errors
    /// When the mathematics behind the model fails.
    fn explain(
        &self,
        race: &RaceToForecast,
        stage: Stage,
    ) -> Result<Vec<Vec<Contribution>>, EngineError>;

    /// The model as JSON; equal models give equal bytes.
    ///
    /// # Errors
    /// [`EngineError::Artifact`] when it cannot be written.
    fn save(&self) -> Result<String, EngineError>;
}
