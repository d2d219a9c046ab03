//! What an engine is: an untrained [`Engine`] becomes, by a history, a trained [`Model`].
//!
//! A model says how strong each entrant is and how unsure it is of that; everything after that is
//! shared, see [`mod@crate::forecast`].

use std::collections::BTreeMap;
use std::fmt;

use serde::Serialize;

use crate::draws::Draws;
use crate::history::{History, PastRace, RaceToForecast, Stage, Target};

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
    /// The engine does not forecast that session at that stage.
    #[error("engine {engine} does not forecast the {target:?} at {stage:?}")]
    Unsupported {
        /// Which engine.
        engine: EngineId,
        /// The stage asked for.
        stage: Stage,
        /// The session asked for.
        target: Target,
    },
    /// An engine that learns from others was not told what one of them says.
    #[error("nothing is known of what engine {0} says of the race")]
    NoOpinion(EngineId),
    /// A library that the engine rests on failed.
    #[error("the engine failed: {0}")]
    Library(String),
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

    /// The sessions it forecasts.
    fn targets(&self) -> &'static [Target] {
        &[Target::Race]
    }

    /// Whether it forecasts a session at a stage.
    fn answers(&self, stage: Stage, target: Target) -> bool {
        self.stages().contains(&stage)
            && self.targets().contains(&target)
            && target.is_open_at(stage)
    }

    /// The engines whose strengths it learns from; they are asked first.
    fn members(&self) -> &'static [EngineId] {
        &[]
    }

    /// After how many races observed it should be fitted anew; `None` when observing is as good
    /// as fitting.
    fn refit_every(&self) -> Option<usize> {
        None
    }

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

    /// Learns for one stage and session only: for a walk that asks nothing else.
    ///
    /// # Errors
    /// As [`Self::fit`].
    fn fit_for(
        &self,
        history: &History,
        _stage: Stage,
        _target: Target,
    ) -> Result<Box<dyn Model>, EngineError> {
        self.fit(history)
    }

    /// Reads a model back that [`Model::save`] wrote.
    ///
    /// # Errors
    /// [`EngineError::Artifact`] when it is not a model of this engine.
    fn load(&self, artifact: &str) -> Result<Box<dyn Model>, EngineError>;
}

/// What a model is asked.
#[derive(Debug, Clone, Copy)]
pub struct Question<'a> {
    /// The race, with no more in it than is known at the stage.
    pub race: &'a RaceToForecast,
    /// How far the weekend has come.
    pub stage: Stage,
    /// The session whose order is asked for.
    pub target: Target,
    /// What the engines say that this one learns from ([`Engine::members`]).
    pub opinions: &'a Opinions,
}

/// Strengths of one race's entrants by the engine that gave them.
pub type Opinions = BTreeMap<EngineId, Draws>;

impl<'a> Question<'a> {
    /// A question to an engine that learns from no other.
    #[must_use]
    pub fn new(race: &'a RaceToForecast, stage: Stage, target: Target) -> Self {
        static NONE: Opinions = Opinions::new();
        Self {
            race,
            stage,
            target,
            opinions: &NONE,
        }
    }
}

/// An engine that has learned.
pub trait Model: fmt::Debug + Send + Sync {
    /// Takes in the next race, later than all before, without a new fit. An engine that learns
    /// race by race then is where a fit on the longer history would be; one that is trained as a
    /// whole keeps its weights and only brings its view of form up to date.
    fn observe(&mut self, race: &PastRace);

    /// Log worth of each entrant, in the order of the race's entrants, in one or more draws: if all
    /// cars finish, the chance to win is `exp(strength)` over its sum (Plackett–Luce). Drivers and
    /// constructors that were never seen are answered too.
    ///
    /// # Errors
    /// When the mathematics behind the model fails.
    fn strengths(&self, question: &Question<'_>) -> Result<Draws, EngineError>;

    /// For each entrant what each feature adds; the sum is the mean strength over the draws.
    ///
    /// # Errors
    /// When the mathematics behind the model fails.
    fn explain(&self, question: &Question<'_>) -> Result<Vec<Vec<Contribution>>, EngineError>;

    /// The model as JSON; equal models give equal bytes.
    ///
    /// # Errors
    /// [`EngineError::Artifact`] when it cannot be written.
    fn save(&self) -> Result<String, EngineError>;
}
