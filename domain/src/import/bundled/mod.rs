//! The facts of recent seasons, compiled in, so that a first start needs no network.
//!
//! Calendars, sessions, qualifying and classifications of 2018–2024 and the calendar of 2025
//! in the project's own notation ([`notation`]); the facts themselves are under `facts/`.
//! Standings are not here: the rules compute them. `domain/examples/write_bundled.rs` writes
//! the files from an Ergast dump with the corrections of [`corrections`].
//!
//! Only what was public at a given moment comes out, see [`Bundled::new`].

pub mod corrections;
pub mod notation;
mod notation_fields;
mod notation_people;
mod notation_read;
mod notation_write;
mod public;
#[cfg(test)]
mod tests;

use std::{collections::HashSet, vec};

use chrono::{DateTime, Utc};
use entities::race_source;

use super::{
    record::{Catalogue, RaceRecord, SeasonRecord},
    source::{Problem, Refused, Source, SourceError, TableCount},
};

/// The seasons, oldest first: file and text.
const SEASONS: [(&str, &str); 8] = [
    ("2018.txt", include_str!("facts/2018.txt")),
    ("2019.txt", include_str!("facts/2019.txt")),
    ("2020.txt", include_str!("facts/2020.txt")),
    ("2021.txt", include_str!("facts/2021.txt")),
    ("2022.txt", include_str!("facts/2022.txt")),
    ("2023.txt", include_str!("facts/2023.txt")),
    ("2024.txt", include_str!("facts/2024.txt")),
    ("2025.txt", include_str!("facts/2025.txt")),
];

/// The latest of the seasons.
pub const LAST: i32 = 2025;

const PEOPLE_AND_PLACES: (&str, &str) = (
    "people_and_places.txt",
    include_str!("facts/people_and_places.txt"),
);

/// The bundled seasons as a source.
pub struct Bundled {
    catalogue: Catalogue,
    races: vec::IntoIter<RaceRecord>,
    tables: Vec<TableCount>,
    /// What is wrong with the compiled-in text; the tests see to it that nothing is.
    broken: Vec<Problem>,
}

impl Bundled {
    /// The facts that were public at `now`.
    ///
    /// A calendar is public from 1 December of the year before; a qualifying or sprint
    /// classification two hours after its session began, that of a race three hours after; where
    /// no start is known, the day after. A qualifying whose day is not known is over when the
    /// race begins. People and teams appear with their first public classification.
    #[must_use]
    pub fn new(now: DateTime<Utc>) -> Self {
        let mut broken = Vec::new();
        let mut races = Vec::new();
        for (file, text) in SEASONS {
            match notation::read_season(file, text) {
                Ok(season) => races.extend(season.races),
                Err(problems) => broken.extend(problems),
            }
        }
        let races: Vec<RaceRecord> = races
            .into_iter()
            .filter_map(|race| public::as_of(race, now))
            .collect();
        let (file, text) = PEOPLE_AND_PLACES;
        let mut catalogue =
            notation::read_people_and_places(file, text).unwrap_or_else(|problems| {
                broken.extend(problems);
                Catalogue::default()
            });
        keep_mentioned(&mut catalogue, &races);
        Self {
            tables: tables(&races),
            catalogue,
            races: races.into_iter(),
            broken,
        }
    }
}

impl Source for Bundled {
    fn id(&self) -> race_source::Source {
        race_source::Source::Bundled
    }

    fn origin(&self) -> String {
        "bundled facts".to_owned()
    }

    fn race_count(&self) -> usize {
        self.races.len()
    }

    async fn catalogue(&mut self) -> Result<Catalogue, SourceError> {
        match self.broken.first() {
            Some(problem) => Err(SourceError::Broken(problem.clone())),
            None => Ok(self.catalogue.clone()),
        }
    }

    async fn next_race(&mut self) -> Option<Result<RaceRecord, Refused>> {
        self.races.next().map(Ok)
    }

    fn warnings(&mut self) -> Vec<Problem> {
        std::mem::take(&mut self.broken)
    }

    fn tables(&self) -> Vec<TableCount> {
        self.tables.clone()
    }
}

/// Leaves who and what the races mention, and sets their seasons.
pub fn keep_mentioned(catalogue: &mut Catalogue, races: &[RaceRecord]) {
    let mut circuits = HashSet::new();
    let mut drivers = HashSet::new();
    let mut constructors = HashSet::new();
    for race in races {
        circuits.insert(race.circuit.as_str());
        for row in race.results.iter().chain(&race.sprint) {
            drivers.insert(row.driver.as_str());
            constructors.insert(row.constructor.as_str());
        }
        for row in &race.qualifying {
            drivers.insert(row.driver.as_str());
            constructors.insert(row.constructor.as_str());
        }
    }
    catalogue
        .circuits
        .retain(|circuit| circuits.contains(circuit.reference.as_str()));
    catalogue
        .drivers
        .retain(|driver| drivers.contains(driver.reference.as_str()));
    catalogue
        .constructors
        .retain(|team| constructors.contains(team.reference.as_str()));
    let mut years: Vec<i32> = races.iter().map(|race| race.season).collect();
    years.dedup();
    catalogue.seasons = years
        .into_iter()
        .map(|year| SeasonRecord {
            year,
            wikipedia_url: None,
        })
        .collect();
}

fn tables(races: &[RaceRecord]) -> Vec<TableCount> {
    let count = |table: &str, rows: usize| TableCount {
        table: table.to_owned(),
        rows,
        note: None,
    };
    vec![
        count("races", races.len()),
        count(
            "sessions",
            races.iter().map(|race| race.sessions.len()).sum(),
        ),
        count(
            "qualifying",
            races.iter().map(|race| race.qualifying.len()).sum(),
        ),
        count(
            "sprint results",
            races.iter().map(|race| race.sprint.len()).sum(),
        ),
        count("results", races.iter().map(|race| race.results.len()).sum()),
    ]
}
