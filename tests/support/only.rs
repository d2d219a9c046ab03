//! A part of a source.

use domain::import::{
    record::{Catalogue, RaceRecord},
    source::{Origin, Problem, Refused, Source, SourceError},
};

/// The races of one season of a source.
pub struct Only<S>(pub S, pub i32);

impl<S: Source> Source for Only<S> {
    fn id(&self) -> Origin {
        self.0.id()
    }

    fn origin(&self) -> String {
        self.0.origin()
    }

    fn race_count(&self) -> usize {
        self.0.race_count()
    }

    async fn catalogue(&mut self) -> Result<Catalogue, SourceError> {
        self.0.catalogue().await
    }

    async fn next_race(&mut self) -> Option<Result<RaceRecord, Refused>> {
        loop {
            let race = self.0.next_race().await?;
            if race.as_ref().is_ok_and(|race| race.season == self.1) {
                return Some(race);
            }
        }
    }

    fn warnings(&mut self) -> Vec<Problem> {
        Vec::new()
    }
}
