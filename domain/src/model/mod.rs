//! The model registry: what engines have learned, in numbered versions, one of which answers.
//!
//! What a version has learned is never changed. One that cannot be used any more, since it is damaged or another
//! revision of its engine or of the features made it, is refused with the reason and trained
//! anew, never migrated; the other engines go on meanwhile. Which version answers is a pointer for
//! each engine, so that a step forward or back is one update.

mod artifact;
mod catalogue;
mod kept;
mod promote;
mod train;
mod trial;
mod upkeep;

use engines::Engine;
use entities::model;

pub use engines::features::REVISION as FEATURE_REVISION;

pub use catalogue::{Catalogue, Measured, Setting, Version, catalogue, versions};
pub use kept::{Models, Status, Trained, ensure, production, status, status_of};
pub use promote::{promote, rollback};
pub use train::{Training, train};
pub use upkeep::{keep_up, unusable};

use crate::{
    App,
    error::{Error, Result},
};

/// Kinds of the events of [`crate::event::MODEL`]; the subject is `<engine>/<version>`.
mod kind {
    /// A new version.
    pub const TRAINED: &str = "trained";
    /// What was damaged is whole again.
    pub const RESTORED: &str = "restored";
    /// A version answers from now on.
    pub const PROMOTED: &str = "promoted";
    /// A version does worse than the one that answers, and is kept aside.
    pub const HELD_BACK: &str = "held_back";
    /// The one before answers again.
    pub const ROLLED_BACK: &str = "rolled_back";
}

/// The engine of a name.
fn find<'a>(app: &'a App, name: &str) -> Result<&'a dyn Engine> {
    app.engines.get(name).ok_or_else(|| {
        let names = app.engines.iter().map(|engine| engine.id().as_str());
        Error::BadInput(format!(
            "there is no engine {name:?}, expected one of {}",
            names.collect::<Vec<_>>().join(", ")
        ))
    })
}

/// What an event or a sentence calls a version.
fn subject(row: &model::Model) -> String {
    format!("{}/{}", row.engine, row.version)
}

/// A revision as the database keeps it.
fn revision(number: u32) -> i32 {
    i32::try_from(number).unwrap_or(i32::MAX)
}
