//! Getting data in: one trait for sources, typed records, one importer.

pub mod bundled;
pub mod classification;
pub mod ergast;
pub mod importer;
pub mod record;
pub mod source;
pub mod stored;
pub mod value;

mod calendar;
mod digest;
mod entries;
mod people;
mod race;
mod results;
pub(crate) mod rows;
mod sections;
mod standings;
mod stints;
mod writer;

pub use importer::{ImportError, Progress, Summary, import};
