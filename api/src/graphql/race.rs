//! Grands Prix.

use std::sync::Arc;

use async_graphql::{Context, Enum, ID, Object};
use chrono::{DateTime, Utc};
use entities::{race, session::Kind};
use sea_orm::EntityTrait;

use super::{
    Direction,
    circuit::Circuit,
    connection::{self, Page, PageInput},
    directive::{Cost, ListOf, Paged},
    engine::{EngineId, Stage, Target},
    entry::Entry,
    forecast::Forecast,
    node,
    pit_stop::PitStop,
    practice::PracticeResult,
    qualifying::QualifyingResult,
    race_control::RaceControlPeriod,
    race_filter::{RaceFilter, by_date},
    result::Result as RaceResult,
    scalars::Date,
    season::Season,
    session::{Session, SessionKind},
    standing::RaceStandings,
    weather::{Weather, WeatherForecast},
};
use crate::{
    error::{Code, Result},
    loaders::{Loaders, One},
};

/// Where a race stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(remote = "race::Status")]
pub enum RaceStatus {
    /// Not begun, as far as is known.
    Scheduled,
    /// Begun by its timetable, and not classified yet; for six hours at most.
    InProgress,
    /// A classification exists.
    Completed,
    /// Will not be run.
    Cancelled,
}

pub struct Race(pub One<race::Entity>);

/// A Grand Prix.
#[Object(cache_control(max_age = 60))]
impl Race {
    /// `Race:2024_monaco`.
    pub async fn id(&self) -> ID {
        node::id("Race", &self.0.reference)
    }

    /// Season and name, `2024_monaco`; stable, unlike the round.
    #[graphql(name = "ref")]
    async fn reference(&self) -> &str {
        &self.0.reference
    }

    async fn name(&self) -> &str {
        &self.0.name
    }

    async fn season(&self, ctx: &Context<'_>) -> Result<Season> {
        let row = Loaders::of(ctx).season.load(self.0.season).await?;
        row.map(Season)
            .ok_or_else(|| Code::Internal.error("a season is missing"))
    }

    /// Number in the season; renumbered when races are cancelled.
    async fn round(&self) -> i32 {
        self.0.round
    }

    async fn circuit(&self, ctx: &Context<'_>) -> Result<Circuit> {
        let row = Loaders::of(ctx).circuit.load(self.0.circuit_id).await?;
        row.map(Circuit)
            .ok_or_else(|| Code::Internal.error("a circuit is missing"))
    }

    /// Day of the race at the circuit.
    async fn date(&self) -> Date {
        Date(self.0.date)
    }

    /// Start in UTC, where known.
    async fn starts_at(&self) -> Option<DateTime<Utc>> {
        self.0.starts_at
    }

    async fn status(&self) -> RaceStatus {
        self.0.status.into()
    }

    async fn wikipedia_url(&self) -> Option<&str> {
        self.0.wikipedia_url.as_deref()
    }

    /// Sessions of the weekend, in order.
    #[graphql(directive = ListOf::apply(5))]
    async fn sessions(&self, ctx: &Context<'_>) -> Result<Vec<Session>> {
        let rows = Loaders::of(ctx).sessions.load(self.0.id).await?;
        Ok(rows
            .iter()
            .flat_map(|rows| rows.iter().cloned().map(Session))
            .collect())
    }

    /// Who drives what. Until an entry list is known, that of the latest race, marked
    /// provisional.
    #[graphql(directive = ListOf::apply(22))]
    async fn entries(&self, ctx: &Context<'_>) -> Result<Vec<Entry>> {
        Entry::of_race(ctx, &self.0).await
    }

    /// The winner's result; with a shared car, the first driver's.
    async fn winner(&self, ctx: &Context<'_>) -> Option<Result<RaceResult>> {
        let rows = match Loaders::of(ctx).results.load(self.0.id).await {
            Ok(rows) => rows?,
            Err(error) => return Some(Err(error)),
        };
        RaceResult::list(&rows)
            .into_iter()
            .find(|result| result.row.position == Some(1))
            .map(Ok)
    }

    /// Classification, the unclassified behind.
    #[graphql(directive = ListOf::apply(25))]
    async fn results(&self, ctx: &Context<'_>) -> Result<Vec<RaceResult>> {
        let rows = Loaders::of(ctx).results.load(self.0.id).await?;
        Ok(rows.map(|rows| RaceResult::list(&rows)).unwrap_or_default())
    }

    /// Classification of the sprint; empty without one.
    #[graphql(directive = ListOf::apply(25))]
    async fn sprint(&self, ctx: &Context<'_>) -> Result<Vec<RaceResult>> {
        let rows = Loaders::of(ctx).sprint.load(self.0.id).await?;
        Ok(rows.map(|rows| RaceResult::list(&rows)).unwrap_or_default())
    }

    /// Qualifying classification; known from 1994 on.
    #[graphql(directive = ListOf::apply(25))]
    async fn qualifying(&self, ctx: &Context<'_>) -> Result<Vec<QualifyingResult>> {
        QualifyingResult::of_race(ctx, self.0.id, Kind::Qualifying).await
    }

    /// Qualifying for the sprint.
    #[graphql(directive = ListOf::apply(25))]
    async fn sprint_qualifying(&self, ctx: &Context<'_>) -> Result<Vec<QualifyingResult>> {
        QualifyingResult::of_race(ctx, self.0.id, Kind::SprintQualifying).await
    }

    /// Best practice laps, of one session if given.
    #[graphql(directive = ListOf::apply(60))]
    async fn practice(
        &self,
        ctx: &Context<'_>,
        session: Option<SessionKind>,
    ) -> Result<Vec<PracticeResult>> {
        let rows = Loaders::of(ctx).practice.load(self.0.id).await?;
        let wanted = session.map(Kind::from);
        Ok(rows
            .iter()
            .flat_map(|rows| rows.iter())
            .filter(|row| wanted.is_none_or(|session| row.session == session))
            .cloned()
            .map(PracticeResult)
            .collect())
    }

    /// Pit stops in order of time; known from 2011 on.
    #[graphql(directive = ListOf::apply(50))]
    async fn pit_stops(&self, ctx: &Context<'_>) -> Result<Vec<PitStop>> {
        let rows = Loaders::of(ctx).pit_stops.load(self.0.id).await?;
        Ok(rows
            .iter()
            .flat_map(|rows| rows.iter().cloned().map(PitStop))
            .collect())
    }

    /// Safety cars and red flags.
    #[graphql(directive = ListOf::apply(4))]
    async fn race_control(&self, ctx: &Context<'_>) -> Result<Vec<RaceControlPeriod>> {
        let rows = Loaders::of(ctx).race_control.load(self.0.id).await?;
        Ok(rows
            .iter()
            .flat_map(|rows| rows.iter().cloned().map(RaceControlPeriod))
            .collect())
    }

    /// Means over the race, where measured.
    async fn weather(&self, ctx: &Context<'_>) -> Option<Result<Weather>> {
        let row = Loaders::of(ctx).weather.load(self.0.id).await;
        row.map(|row| row.map(Weather)).transpose()
    }

    /// What the weather of the race itself is expected to be; see `Session.weatherForecast` for the
    /// others. Known for the next race, from about two weeks before.
    async fn weather_forecast(&self, ctx: &Context<'_>) -> Option<Result<WeatherForecast>> {
        WeatherForecast::of_session(ctx, self.0.id, Kind::Race).await
    }

    /// Both championships after this race.
    async fn standings(&self) -> RaceStandings {
        RaceStandings(self.0.id)
    }

    /// Whether the production engine can forecast this race.
    #[graphql(directive = Cost::apply(5))]
    async fn forecast_available(&self, ctx: &Context<'_>) -> Result<bool> {
        let known = Loaders::of(ctx).known(ctx).await?;
        Ok(domain::forecast::available(&known, &self.0))
    }

    /// What an engine says of this race, from what was known before it: by default the
    /// production engine at the latest stage reached. Null when nothing can be said yet, or not by that engine: see
    /// `Engine.unavailable`.
    #[graphql(directive = Cost::apply(50))]
    async fn forecast(
        &self,
        ctx: &Context<'_>,
        engine: Option<EngineId>,
        stage: Option<Stage>,
    ) -> Option<Result<Forecast>> {
        // Boxed, or the future of every field of a race had room for a forecast.
        Box::pin(Forecast::of_race(ctx, &self.0, engine, stage, Target::Race))
            .await
            .transpose()
    }

    /// What an engine says of qualifying, from what was known before it: who takes pole, and
    /// the expected places. Null when nothing can be said yet.
    #[graphql(directive = Cost::apply(50))]
    async fn qualifying_forecast(
        &self,
        ctx: &Context<'_>,
        engine: Option<EngineId>,
        stage: Option<Stage>,
    ) -> Option<Result<Forecast>> {
        let target = Target::Qualifying;
        Box::pin(Forecast::of_race(ctx, &self.0, engine, stage, target))
            .await
            .transpose()
    }

    /// What every engine says that can speak of qualifying.
    #[graphql(directive = ListOf::apply(6), directive = Cost::apply(25))]
    async fn qualifying_forecasts(
        &self,
        ctx: &Context<'_>,
        stage: Option<Stage>,
    ) -> Result<Vec<Forecast>> {
        let target = Target::Qualifying;
        Box::pin(Forecast::all_of_race(ctx, &self.0, stage, target)).await
    }

    /// What every engine says that can answer at this stage now. For past races the engines that
    /// take long to train answer where a back-test was stored; see `Engine.unavailable`.
    #[graphql(directive = ListOf::apply(8), directive = Cost::apply(25))]
    async fn forecasts(&self, ctx: &Context<'_>, stage: Option<Stage>) -> Result<Vec<Forecast>> {
        Box::pin(Forecast::all_of_race(ctx, &self.0, stage, Target::Race)).await
    }
}

impl Race {
    /// The race of a row that refers to it.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn load(ctx: &Context<'_>, id: i32) -> Result<Self> {
        let row = Loaders::of(ctx).race.load(id).await?;
        row.map(Self)
            .ok_or_else(|| Code::Internal.error("a race is missing"))
    }
}

#[derive(Default)]
pub struct RaceQuery;

#[Object(cache_control(max_age = 3600))]
impl RaceQuery {
    /// A race by ref (`2024_monaco`) or id.
    async fn race(
        &self,
        ctx: &Context<'_>,
        #[graphql(name = "ref")] reference: String,
    ) -> Option<Result<Race>> {
        let reference = match node::reference_of("Race", &reference) {
            Ok(reference) => reference.to_owned(),
            Err(error) => return Some(Err(error)),
        };
        let row = Loaders::of(ctx).race_by_ref.load(reference).await;
        row.map(|row| row.map(Race)).transpose()
    }

    /// Races of all seasons by date, the newest first unless ordered otherwise.
    #[graphql(directive = Paged::apply(), cache_control(max_age = 300))]
    #[expect(
        clippy::too_many_arguments,
        reason = "the arguments of a Relay connection"
    )]
    async fn races(
        &self,
        ctx: &Context<'_>,
        filter: Option<RaceFilter>,
        #[graphql(default)] direction: Direction,
        first: Option<i32>,
        after: Option<String>,
        last: Option<i32>,
        before: Option<String>,
    ) -> Result<Page<Race>> {
        let filter = filter.unwrap_or_default();
        let select = filter.apply(race::Entity::find())?;
        let sorting = by_date(&format!("races/{}", filter.scope()), direction);
        let page = PageInput {
            first,
            after,
            last,
            before,
        };
        connection::page(ctx, select, sorting, &page, |row| Race(Arc::new(row))).await
    }

    /// The earliest race neither completed nor cancelled, whatever today's date.
    #[graphql(cache_control(max_age = 30))]
    async fn next_race(&self, ctx: &Context<'_>) -> Option<Result<Race>> {
        let row = Loaders::of(ctx).next_race.load(()).await;
        row.map(|row| row.map(Race)).transpose()
    }

    /// The latest completed race.
    #[graphql(cache_control(max_age = 30))]
    async fn last_race(&self, ctx: &Context<'_>) -> Option<Result<Race>> {
        let row = Loaders::of(ctx).last_race.load(()).await;
        row.map(|row| row.map(Race)).transpose()
    }
}
