//! Jolpica, the successor of Ergast: calendar, results and standings of a season over HTTP.
//!
//! Each season is asked for as a whole, never race by race. Drivers, constructors and circuits
//! come along in the rows that name them, so their own lists are asked for only before a season
//! has results. A season that was run costs
//!
//! > 1 (calendar) + ⌈results / 100⌉ + ⌈sprint results / 100⌉ + ⌈qualifying rows / 100⌉
//! > + ⌈drivers in the standings / 100⌉ + 1 (constructors' standings, since 1958)
//!
//! requests: **15** for 2024 (1 + 5 + 2 + 5 + 1 + 1), 695 for 1950 to 2024. That is also the lower
//! bound, since a page has 100 rows at most and every row has to come once. Seasons without
//! sprints are not asked for sprints. Laps, if wanted, cost about 13 requests a race.
//!
//! Standings are those after the latest race. Those after each round follow from the results by
//! the rules of the season, and would cost two requests a round.
//!
//! - `pages` whole resources out of pages
//! - `fields`, `records` from a row to typed values, and to a record
//! - `season` rows laid on the races that they belong to

mod fields;
mod pages;
mod records;
mod season;

use chrono::TimeDelta;
use domain::{
    App,
    import::{
        record::{Catalogue, RaceRecord},
        source::{Origin, Problem, Refused, Source, SourceError, TableCount},
    },
    upstream::{Limits, Window},
};

use super::client::{Client, UpstreamError};
use pages::{Resource, Whole};
use season::Season;

/// What Jolpica allows. Its rules (<https://github.com/jolpica/jolpica-f1/blob/main/docs/rate_limits.md>)
/// speak of 4 requests a second and 500 an hour; 200 an hour is what is enforced.
pub const LIMITS: Limits = Limits {
    windows: &[
        Window {
            requests: 4,
            within: TimeDelta::seconds(1),
        },
        Window {
            requests: 200,
            within: TimeDelta::hours(1),
        },
    ],
};

/// First season with a championship of constructors.
const CONSTRUCTORS_SINCE: i32 = 1958;

/// A season of Jolpica's. The network is first used when the catalogue is asked for.
pub struct Jolpica<'c> {
    client: &'c Client,
    app: &'c App,
    year: i32,
    with_laps: bool,
    season: Season,
    tables: Vec<TableCount>,
}

impl<'c> Jolpica<'c> {
    /// The season of a year, with laps and pit stops if wanted.
    #[must_use]
    pub fn new(app: &'c App, client: &'c Client, year: i32, with_laps: bool) -> Self {
        Self {
            client,
            app,
            year,
            with_laps,
            season: Season::new(year),
            tables: Vec::new(),
        }
    }

    /// Reads all of the season but its laps.
    async fn read_season(&mut self) -> Result<(), SourceError> {
        let today = self.app.clock.now().date_naive();
        self.read(Resource::Races).await?;
        let mut sound = true;
        if self.season.has_begun(today) {
            sound = self.read(Resource::Results).await?;
        }
        if self.season.has_qualified(today) {
            self.read(Resource::Qualifying).await?;
        }
        if self.season.has_sprinted(today) {
            self.read(Resource::Sprint).await?;
        }
        if self.season.has_results() {
            self.read(Resource::DriverStandings).await?;
            if self.year >= CONSTRUCTORS_SINCE {
                self.read(Resource::ConstructorStandings).await?;
            }
        } else if sound && self.season.len() > 0 {
            self.read(Resource::Drivers).await?;
            self.read(Resource::Constructors).await?;
        }
        Ok(())
    }

    /// Reads a resource and lays it on the season; says whether its pages fit together.
    async fn read(&mut self, resource: Resource) -> Result<bool, SourceError> {
        let whole = pages::read(self.client, self.year, resource).await;
        let whole = whole.map_err(|error| SourceError::Unreadable {
            path: self.origin(),
            reason: error.to_string(),
        })?;
        if let (Resource::Races, Some(odd)) = (resource, &whole.odd) {
            // Without its calendar nothing can be said of a season.
            return Err(SourceError::Broken(Problem {
                file: resource.path(self.year),
                line: 0,
                column: String::new(),
                message: odd.why.clone(),
            }));
        }
        let today = self.app.clock.now().date_naive();
        self.count(resource, whole.rows.len());
        self.season.take(resource, &whole, today);
        Ok(whole.odd.is_none())
    }

    fn count(&mut self, resource: Resource, rows: usize) {
        let name = resource.name();
        match self.tables.iter_mut().find(|table| table.table == name) {
            Some(table) => table.rows += rows,
            None => self.tables.push(TableCount {
                table: name.to_owned(),
                rows,
                note: None,
            }),
        }
    }

    /// Adds laps and pit stops to a race that was run. Without them the race is whole all the
    /// same: what is wrong with them is a warning.
    async fn add_laps(&mut self, record: &mut RaceRecord) {
        let round = record.round;
        let Some(laps) = self.part(Resource::Laps(round), records::laps).await else {
            return;
        };
        record.laps = laps;
        let stops = self.part(Resource::PitStops(round), records::pit_stops);
        record.pit_stops = stops.await.unwrap_or_default();
    }

    /// What `read` makes of a resource, nothing where that is not sound; `None` when the service
    /// does not answer.
    async fn part<T>(
        &mut self,
        resource: Resource,
        read: impl FnOnce(&str, &Whole) -> Result<Vec<T>, Vec<Problem>>,
    ) -> Option<Vec<T>> {
        let path = resource.path(self.year);
        let records = match pages::read(self.client, self.year, resource).await {
            Err(error) => {
                self.warn(path, &error);
                return None;
            }
            Ok(whole) => read(&path, &whole).unwrap_or_else(|problems| {
                self.season.warnings.extend(problems);
                Vec::new()
            }),
        };
        self.count(resource, records.len());
        Some(records)
    }

    fn warn(&mut self, file: String, error: &UpstreamError) {
        self.season.warnings.push(Problem {
            file,
            line: 1,
            column: String::new(),
            message: error.to_string(),
        });
    }
}

impl Source for Jolpica<'_> {
    fn id(&self) -> Origin {
        Origin::Jolpica
    }

    fn origin(&self) -> String {
        format!("{}/{}", self.client.base(), self.year)
    }

    fn race_count(&self) -> usize {
        self.season.len()
    }

    async fn catalogue(&mut self) -> Result<Catalogue, SourceError> {
        self.read_season().await?;
        Ok(self.season.catalogue())
    }

    async fn next_race(&mut self) -> Option<Result<RaceRecord, Refused>> {
        let mut race = self.season.next()?;
        if let Ok(record) = &mut race
            && self.with_laps
            && !record.results.is_empty()
        {
            self.add_laps(record).await;
        }
        Some(race)
    }

    fn warnings(&mut self) -> Vec<Problem> {
        std::mem::take(&mut self.season.warnings)
    }

    fn tables(&self) -> Vec<TableCount> {
        self.tables.clone()
    }
}
