//! Jolpica, the successor of Ergast: calendar, results and standings of a season over HTTP.
//!
//! A season is asked for as a whole, not race by race. Drivers, constructors and circuits
//! come along in the rows that name them, so their own lists are asked for only before a season
//! has results. A season that was run costs
//!
//! > 1 (calendar) + ⌈results / 100⌉ + ⌈sprint results / 100⌉ + ⌈qualifying rows / 100⌉
//! > + ⌈drivers in the standings / 100⌉ + 1 (constructors' standings, since 1958)
//!
//! requests: **15** for 2024 (1 + 5 + 2 + 5 + 1 + 1), 695 for 1950 to 2024. That is also the lower
//! bound, since a page has 100 rows at most and every row has to come once. Seasons without
//! sprints are not asked for sprints. Laps, if wanted, cost about 13 requests a race. A single
//! weekend costs 5 requests once it was run, 6 with a sprint, and its calendar, results and standings
//! are asked for alone; a calendar costs 1, and who drives 2.
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
use pages::{Resource, Span, Whole};
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

/// What is read of a season.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scope {
    /// All of it, laps and pit stops aside.
    Season,
    /// All of it.
    SeasonWithLaps,
    /// Its calendar.
    Calendar,
    /// Who drives, and for whom.
    People,
    /// The weekend of this round.
    Round(i32),
    /// The weekend of this round, with its laps and pit stops.
    RoundWithLaps(i32),
}

/// A season of Jolpica's, or a part of it. The network is first used when the catalogue is asked
/// for.
pub struct Jolpica<'c> {
    client: &'c Client,
    app: &'c App,
    span: Span,
    scope: Scope,
    season: Season,
    tables: Vec<TableCount>,
}

impl<'c> Jolpica<'c> {
    /// What there is to know of the season of a year, as far as it is wanted.
    #[must_use]
    pub fn new(app: &'c App, client: &'c Client, year: i32, scope: Scope) -> Self {
        let round = match scope {
            Scope::Round(round) | Scope::RoundWithLaps(round) => Some(round),
            _ => None,
        };
        let span = Span {
            season: year,
            round,
        };
        Self {
            client,
            app,
            span,
            scope,
            season: Season::new(year),
            tables: Vec::new(),
        }
    }

    async fn read_all(&mut self) -> Result<(), SourceError> {
        match self.scope {
            Scope::Calendar => self.read(Resource::Races).await.map(drop),
            Scope::People => self.read_people().await,
            _ => self.read_results().await,
        }
    }

    /// Reads calendar, results and standings.
    async fn read_results(&mut self) -> Result<(), SourceError> {
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
            if self.span.season >= CONSTRUCTORS_SINCE {
                self.read(Resource::ConstructorStandings).await?;
            }
        } else if sound && self.season.len() > 0 && self.span.round.is_none() {
            self.read_people().await?;
        }
        Ok(())
    }

    async fn read_people(&mut self) -> Result<(), SourceError> {
        self.read(Resource::Drivers).await?;
        self.read(Resource::Constructors).await?;
        Ok(())
    }

    /// Reads a resource and lays it on the season; says whether its pages fit together.
    async fn read(&mut self, resource: Resource) -> Result<bool, SourceError> {
        let whole = pages::read(self.client, self.span, resource).await;
        let whole = whole.map_err(|error| SourceError::Unreadable {
            path: self.origin(),
            reason: error.to_string(),
        })?;
        if let (Resource::Races, Some(odd)) = (resource, &whole.odd) {
            // Without its calendar nothing can be said of a season.
            return Err(SourceError::Broken(Problem {
                file: resource.path(self.span),
                line: 0,
                column: String::new(),
                message: odd.why.clone(),
            }));
        }
        let today = self.app.clock.now().date_naive();
        self.count(resource, whole.rows.len());
        let path = resource.path(self.span);
        self.season.take(resource, &path, &whole, today);
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
        let path = resource.path(self.span);
        let records = match pages::read(self.client, self.span, resource).await {
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
        let Span { season, round } = self.span;
        match round {
            Some(round) => format!("{}/{season}/{round}", self.client.base()),
            None => format!("{}/{season}", self.client.base()),
        }
    }

    fn race_count(&self) -> usize {
        self.season.len()
    }

    async fn catalogue(&mut self) -> Result<Catalogue, SourceError> {
        self.read_all().await?;
        Ok(self.season.catalogue())
    }

    async fn next_race(&mut self) -> Option<Result<RaceRecord, Refused>> {
        let mut race = self.season.next()?;
        if let Ok(record) = &mut race
            && matches!(self.scope, Scope::SeasonWithLaps | Scope::RoundWithLaps(_))
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
