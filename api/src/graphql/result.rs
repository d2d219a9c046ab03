//! Classifications of races and sprints.

use std::sync::Arc;

use async_graphql::{Context, Enum, InputObject, Object};
use chrono::{DateTime, NaiveDate, Utc};
use entities::{circuit, constructor, driver, race, race_source, result, result_revision};
use sea_orm::{ColumnTrait, QueryFilter, Select};

use super::{
    Direction, app,
    connection::{DatedPage, Page, PageInput, TotalCount},
    constructor::Constructor,
    driver::Driver,
    filter::id_of,
    race::Race,
    scalars::{Date, Decimal, Duration},
};
use crate::{
    error,
    loaders::{Asked, Loaders, One, OwnResults, Whose},
};

/// How a car's race ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Enum)]
#[graphql(remote = "result::Status")]
pub enum ResultStatus {
    /// Saw the flag on the lead lap.
    Finished,
    /// Saw the flag, laps behind.
    Lapped,
    /// Stopped; may be classified all the same.
    Retired,
    /// Was running, too far behind.
    NotClassified,
    Disqualified,
    /// Excluded by the stewards.
    Excluded,
    /// Withdrawn or did not start.
    DidNotStart,
    /// Failed to qualify or prequalify.
    DidNotQualify,
}

/// Who said something.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(remote = "race_source::Source")]
pub enum Source {
    /// Facts compiled into the server.
    Bundled,
    /// A dump in Ergast's CSV format.
    Ergast,
    Openf1,
    Jolpica,
    /// A correction by an administrator.
    Admin,
}

/// A car in the classification of a race or sprint.
pub struct Result {
    pub row: One<result::Entity>,
    /// Race time of the winner, where the classification is at hand.
    pub winner_ms: Option<i32>,
}

#[Object]
impl Result {
    /// Place if classified; the winner is 1.
    async fn position(&self) -> Option<i32> {
        self.row.position
    }

    /// The place, or R retired, D disqualified, E excluded, W withdrawn, F not qualified,
    /// N not classified.
    async fn position_text(&self) -> &str {
        &self.row.position_text
    }

    async fn status(&self) -> ResultStatus {
        self.row.status.into()
    }

    /// Reason as published, `Gearbox`.
    async fn status_text(&self) -> &str {
        &self.row.status_text
    }

    /// Number on the car.
    async fn number(&self) -> Option<i32> {
        self.row.number.parse().ok()
    }

    /// Starting place; 0 is a start from the pit lane or none.
    async fn grid(&self) -> Option<i32> {
        self.row.grid
    }

    /// Credited with pole position.
    async fn pole(&self) -> bool {
        self.row.pole
    }

    async fn points(&self) -> Decimal {
        Decimal::hundredths(self.row.points)
    }

    /// Laps completed.
    async fn laps(&self) -> i32 {
        self.row.laps
    }

    /// Race time of cars that finished on the lead lap.
    async fn time(&self) -> Option<Duration> {
        self.row.time_ms.map(Duration)
    }

    /// Gap to the winner of cars that finished on the lead lap; 0 for the winner.
    async fn gap(&self, ctx: &Context<'_>) -> Option<error::Result<Duration>> {
        let own = self.row.time_ms?;
        let winner = match self.winner_ms {
            Some(winner) => Some(winner),
            None => match self.find_winner(ctx).await {
                Ok(winner) => winner,
                Err(error) => return Some(Err(error)),
            },
        };
        winner.map(|winner| Ok(Duration(own - winner)))
    }

    async fn driver(&self, ctx: &Context<'_>) -> error::Result<Driver> {
        Driver::load(ctx, self.row.driver_id).await
    }

    async fn constructor(&self, ctx: &Context<'_>) -> error::Result<Constructor> {
        Constructor::load(ctx, self.row.constructor_id).await
    }

    async fn race(&self, ctx: &Context<'_>) -> error::Result<Race> {
        Race::load(ctx, self.row.race_id).await
    }

    /// The own fastest lap.
    async fn fastest_lap(&self) -> Option<FastestLap> {
        self.row.fastest_lap_ms.map(|time| FastestLap {
            time,
            lap: self.row.fastest_lap,
            rank: self.row.fastest_lap_rank,
            speed: self.row.fastest_lap_speed,
        })
    }

    /// Counts corrections of position, points, grid, laps or status, from 1.
    async fn revision(&self) -> i32 {
        self.row.revision
    }

    /// What the result was before its corrections, oldest first.
    async fn revisions(&self, ctx: &Context<'_>) -> error::Result<Vec<ResultRevision>> {
        if self.row.revision == 1 {
            return Ok(Vec::new());
        }
        let rows = Loaders::of(ctx).revisions.load(self.row.id).await?;
        Ok(rows
            .iter()
            .flat_map(|rows| rows.iter().cloned().map(ResultRevision))
            .collect())
    }
}

impl Result {
    /// A classification as objects; the winner's time is at hand for all.
    #[must_use]
    pub fn list(rows: &[One<result::Entity>]) -> Vec<Self> {
        let winner_ms = rows
            .iter()
            .find(|row| row.position == Some(1))
            .and_then(|row| row.time_ms);
        rows.iter()
            .map(|row| Self {
                row: Arc::clone(row),
                winner_ms,
            })
            .collect()
    }

    async fn find_winner(&self, ctx: &Context<'_>) -> error::Result<Option<i32>> {
        let loaders = Loaders::of(ctx);
        let race = match self.row.session {
            entities::session::Kind::Sprint => loaders.sprint.load(self.row.race_id).await?,
            _ => loaders.results.load(self.row.race_id).await?,
        };
        Ok(race.and_then(|rows| {
            rows.iter()
                .find(|row| row.position == Some(1))
                .and_then(|row| row.time_ms)
        }))
    }
}

/// A car's own fastest lap.
pub struct FastestLap {
    time: i32,
    lap: Option<i32>,
    rank: Option<i32>,
    speed: Option<f64>,
}

#[Object]
impl FastestLap {
    async fn time(&self) -> Duration {
        Duration(self.time)
    }

    /// Lap number.
    async fn lap(&self) -> Option<i32> {
        self.lap
    }

    /// Rank among all cars; 1 is the fastest lap of the race.
    async fn rank(&self) -> Option<i32> {
        self.rank
    }

    /// Average speed, km/h.
    async fn speed(&self) -> Option<f64> {
        self.speed
    }
}

/// What a result was before a correction.
pub struct ResultRevision(One<result_revision::Entity>);

#[Object]
impl ResultRevision {
    async fn revision(&self) -> i32 {
        self.0.revision
    }

    async fn position(&self) -> Option<i32> {
        self.0.position
    }

    async fn points(&self) -> Decimal {
        Decimal::hundredths(self.0.points)
    }

    async fn grid(&self) -> Option<i32> {
        self.0.grid
    }

    async fn laps(&self) -> i32 {
        self.0.laps
    }

    async fn status(&self) -> ResultStatus {
        self.0.status.into()
    }

    /// Who brought the correction.
    async fn corrected_by(&self) -> Source {
        self.0.source.into()
    }

    async fn superseded_at(&self) -> DateTime<Utc> {
        self.0.superseded_at
    }
}

/// Which results.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ResultFilter {
    season: Option<i32>,
    driver: Option<String>,
    constructor: Option<String>,
    circuit: Option<String>,
    status: Option<ResultStatus>,
    position_from: Option<i32>,
    position_to: Option<i32>,
    pole: Option<bool>,
    date_from: Option<NaiveDate>,
    date_to: Option<NaiveDate>,
}

/// Which results: all conditions given must hold.
#[derive(Debug, Clone, Default, InputObject)]
#[graphql(name = "ResultFilter")]
pub struct ResultFilterInput {
    season: Option<i32>,
    /// Ref of the driver.
    driver: Option<String>,
    /// Ref of the constructor.
    constructor: Option<String>,
    /// Ref of the circuit.
    circuit: Option<String>,
    status: Option<ResultStatus>,
    /// Best place wanted; with `positionTo: 1` wins, with `positionTo: 3` podiums.
    position_from: Option<i32>,
    /// Last place wanted.
    position_to: Option<i32>,
    /// Started from pole position.
    pole: Option<bool>,
    /// First day of the race.
    date_from: Option<Date>,
    /// Last day of the race.
    date_to: Option<Date>,
}

impl From<ResultFilterInput> for ResultFilter {
    fn from(input: ResultFilterInput) -> Self {
        Self {
            season: input.season,
            driver: input.driver,
            constructor: input.constructor,
            circuit: input.circuit,
            status: input.status,
            position_from: input.position_from,
            position_to: input.position_to,
            pole: input.pole,
            date_from: input.date_from.map(|date| date.0),
            date_to: input.date_to.map(|date| date.0),
        }
    }
}

impl ResultFilter {
    /// Narrows a select of results that is joined with their races.
    #[must_use]
    pub fn apply(&self, mut select: Select<result::Entity>) -> Select<result::Entity> {
        use result::Column;
        if let Some(season) = self.season {
            select = select.filter(race::Column::Season.eq(season));
        }
        if let Some(driver) = &self.driver {
            let ids =
                id_of::<driver::Entity>(driver::Column::Id, driver::Column::Reference, driver);
            select = select.filter(Column::DriverId.in_subquery(ids));
        }
        if let Some(constructor) = &self.constructor {
            let ids = id_of::<constructor::Entity>(
                constructor::Column::Id,
                constructor::Column::Reference,
                constructor,
            );
            select = select.filter(Column::ConstructorId.in_subquery(ids));
        }
        if let Some(circuit) = &self.circuit {
            let ids =
                id_of::<circuit::Entity>(circuit::Column::Id, circuit::Column::Reference, circuit);
            select = select.filter(race::Column::CircuitId.in_subquery(ids));
        }
        if let Some(status) = self.status {
            select = select.filter(Column::Status.eq(result::Status::from(status)));
        }
        if let Some(from) = self.position_from {
            select = select.filter(Column::Position.gte(from));
        }
        if let Some(to) = self.position_to {
            select = select.filter(Column::Position.lte(to));
        }
        if let Some(pole) = self.pole {
            select = select.filter(Column::Pole.eq(pole));
        }
        if let Some(from) = self.date_from {
            select = select.filter(race::Column::Date.gte(from));
        }
        if let Some(to) = self.date_to {
            select = select.filter(race::Column::Date.lte(to));
        }
        select
    }
}

/// One page of the results of a driver or constructor; all parents of a level are read in
/// one statement.
///
/// # Errors
/// `BAD_USER_INPUT` for paging arguments that cannot be used, or when the database fails.
pub async fn page_of(
    ctx: &Context<'_>,
    whose: Whose,
    id: i32,
    filter: Option<ResultFilterInput>,
    direction: Direction,
    input: &PageInput,
) -> error::Result<Page<Result>> {
    let filter = ResultFilter::from(filter.unwrap_or_default());
    let scope = format!("results/{whose:?}/{id}/{filter:?}");
    let page = DatedPage::checked(app(ctx), input, &scope, direction)?;
    let key = OwnResults {
        id,
        asked: Arc::new(Asked {
            whose,
            filter,
            slice: page.slice(),
        }),
    };
    let rows = Loaders::of(ctx).own_results.load(key.clone()).await?;
    let node = |(row, _): (One<result::Entity>, NaiveDate)| Result {
        row,
        winner_ms: None,
    };
    Ok(page.connect(
        app(ctx),
        rows.map(|rows| rows.to_vec()).unwrap_or_default(),
        TotalCount::ResultsOf(key.whole()),
        |(row, date)| (*date, row.id.into()),
        node,
    ))
}
