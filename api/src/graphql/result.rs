//! Classifications of races and sprints.

use std::sync::Arc;

use async_graphql::{Context, Enum, ID, Object};
use chrono::{DateTime, NaiveDate, Utc};
use entities::{race_source, result, result_revision, session::Kind};

use super::{
    Direction, app,
    connection::{DatedPage, Page, PageInput, TotalCount},
    constructor::Constructor,
    directive::ListOf,
    driver::Driver,
    node,
    race::Race,
    result_filter::{ResultFilter, ResultFilterInput},
    result_id::ResultId,
    scalars::{Decimal, Duration},
};
use crate::{
    error::{self, bad_input},
    loaders::{Asked, Loaders, Many, One, OwnResults, Whose},
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
    /// Open-Meteo, which knows the weather alone.
    OpenMeteo,
    /// Facts compiled into the server.
    Bundled,
    /// A dump in Ergast's CSV format.
    Ergast,
    Openf1,
    Jolpica,
    /// A correction by an administrator.
    Admin,
}

pub struct Result {
    pub row: One<result::Entity>,
    /// Race time of the winner, where the classification is at hand.
    pub winner_ms: Option<i32>,
}

/// A car in the classification of a race or sprint.
#[Object(cache_control(max_age = 300))]
impl Result {
    /// `Result:2024_monaco/race/leclerc/ferrari/16`: race, session, driver, constructor, and the
    /// number on the car where known.
    pub(super) async fn id(&self, ctx: &Context<'_>) -> error::Result<ID> {
        // Boxed, or the future of every field of a result had room for three loads.
        Box::pin(self.own_id(ctx)).await
    }

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
    #[graphql(directive = ListOf::apply(2))]
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

    /// The result whose id says this after the colon.
    ///
    /// # Errors
    /// `BAD_USER_INPUT` for what no id says, or when the database fails.
    pub async fn find(ctx: &Context<'_>, text: &str) -> error::Result<Option<Self>> {
        let Some(id) = ResultId::read(text) else {
            return Err(bad_input(format!(
                "{text:?} names no result, expected one such as \"2024_monaco/race/leclerc/ferrari/16\""
            )));
        };
        let loaders = Loaders::of(ctx);
        let (race, driver, constructor) = futures::try_join!(
            loaders.race_by_ref.load(id.race.to_owned()),
            loaders.driver_by_ref.load(id.driver.to_owned()),
            loaders.constructor_by_ref.load(id.constructor.to_owned()),
        )?;
        let (Some(race), Some(driver), Some(constructor)) = (race, driver, constructor) else {
            return Ok(None);
        };
        let rows = classification(ctx, race.id, id.session).await?;
        let rows = rows.map(|rows| Self::list(&rows)).unwrap_or_default();
        Ok(rows.into_iter().find(|result| {
            let row = &result.row;
            (row.driver_id, row.constructor_id) == (driver.id, constructor.id)
                && row.number == id.number
        }))
    }

    async fn own_id(&self, ctx: &Context<'_>) -> error::Result<ID> {
        let (race, driver, constructor) = futures::try_join!(
            Race::load(ctx, self.row.race_id),
            Driver::load(ctx, self.row.driver_id),
            Constructor::load(ctx, self.row.constructor_id),
        )?;
        let id = ResultId {
            race: &race.0.reference,
            session: self.row.session,
            driver: &driver.0.reference,
            constructor: &constructor.0.reference,
            number: &self.row.number,
        };
        Ok(node::id("Result", id))
    }

    async fn find_winner(&self, ctx: &Context<'_>) -> error::Result<Option<i32>> {
        let rows = classification(ctx, self.row.race_id, self.row.session).await?;
        Ok(rows.and_then(|rows| {
            rows.iter()
                .find(|row| row.position == Some(1))
                .and_then(|row| row.time_ms)
        }))
    }
}

async fn classification(
    ctx: &Context<'_>,
    race_id: i32,
    session: Kind,
) -> error::Result<Option<Many<result::Entity>>> {
    let loaders = Loaders::of(ctx);
    match session {
        Kind::Sprint => loaders.sprint.load(race_id).await,
        _ => loaders.results.load(race_id).await,
    }
}

pub struct FastestLap {
    time: i32,
    lap: Option<i32>,
    rank: Option<i32>,
    speed: Option<f64>,
}

/// A car's own fastest lap.
#[Object(cache_control(max_age = 300))]
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

pub struct ResultRevision(One<result_revision::Entity>);

/// What a result was before a correction.
#[Object(cache_control(max_age = 300))]
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
