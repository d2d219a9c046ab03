//! What a source is: something that yields typed records, race by race, and says what is
//! wrong with what it read.

use std::{fmt, future::Future};

use entities::race_source;

/// Whose word counts for how much.
pub use entities::race_source::Source as Origin;

use super::record::{Catalogue, RaceRecord};

/// A place that Formula 1 data comes from. The importer asks for the catalogue once, then
/// for races until there are no more.
pub trait Source: Send {
    /// Whose word this is; decides who wins where sources disagree.
    fn id(&self) -> race_source::Source;

    /// Where the data comes from, for people: a path or an address.
    fn origin(&self) -> String;

    /// Number of races that will come.
    fn race_count(&self) -> usize;

    /// Drivers, constructors, circuits and seasons that the races refer to.
    fn catalogue(&mut self) -> impl Future<Output = Result<Catalogue, SourceError>> + Send;

    /// The next race in order of season and round; `None` after the last.
    ///
    /// An unusable record makes its race come out as [`Refused`], whole; the next call goes
    /// on with the race after it.
    fn next_race(&mut self) -> impl Future<Output = Option<Result<RaceRecord, Refused>>> + Send;

    /// What was odd but not refused, and rows that belong to no race; drained by the importer.
    fn warnings(&mut self) -> Vec<Problem>;

    /// Rows read per table and what became of them, for the summary.
    fn tables(&self) -> Vec<TableCount> {
        Vec::new()
    }
}

/// Something wrong in a source, said so that the reader can mend it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// File or resource.
    pub file: String,
    /// Line from 1, the header being line 1; 0 for a remark on the whole table.
    pub line: u64,
    /// Column name; empty where it does not apply.
    pub column: String,
    /// What was expected and what stands there instead.
    pub message: String,
}

impl Problem {
    /// Nothing was lost: something odd about a whole table, not about a row.
    #[must_use]
    pub fn is_remark(&self) -> bool {
        self.line == 0
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.file)?;
        if self.line > 0 {
            write!(f, ":{}", self.line)?;
        }
        if !self.column.is_empty() {
            write!(f, ", column {}", self.column)?;
        }
        write!(f, ": {}", self.message)
    }
}

/// A race that cannot be imported, with every reason found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refused {
    pub season: i32,
    pub round: i32,
    pub name: String,
    pub problems: Vec<Problem>,
}

/// The source as a whole cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum SourceError {
    /// No such path, no zip, not readable; no such service, or it does not answer.
    #[error("{path}: {reason}")]
    Unreadable { path: String, reason: String },
    /// A table without which nothing can be imported is missing or broken.
    #[error("{0}")]
    Broken(Problem),
}

/// Rows of one table of a source.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TableCount {
    /// `results.csv`
    pub table: String,
    pub rows: usize,
    /// Why rows are not stored one by one, if they are not.
    pub note: Option<&'static str>,
}
