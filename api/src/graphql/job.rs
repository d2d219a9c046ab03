//! Jobs: what is done by the clock, when, and what became of it. For administrators.

use async_graphql::{Context, Enum, ID, Object};
use chrono::{DateTime, Utc};
use domain::job::{self, Entry, Kind, Row, Status};

use super::{
    app,
    directive::{ListOf, SlicedList},
    node::{id, reference_of},
    viewer::admin_only,
};
use crate::error::{Result, bad_input, from_database, from_domain};

/// What is done by the clock.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(remote = "Kind")]
pub enum JobKind {
    /// Loads what of the bundled seasons has become public: hourly, as far as they go.
    Bundled,
    /// Reads a season's calendar: daily at 00:00, from October the next season's too.
    Calendar,
    /// Reads who drives in a season: every six hours.
    People,
    /// Reads a whole season: daily, while it is missing or lacks results.
    Season,
    /// Asks for results of a weekend: when qualifying, sprint or race end, then hourly until they
    /// are in.
    Results,
    /// Asks for them again, and for its weather: 24 hours and 7 days after the race.
    Verify,
    /// Reads laps, stints, pit stops and weather of a race: 1, 6, 24 and 72 hours after it, until
    /// they are in.
    Details,
    /// Follows a race: from 15 minutes before it until it is over.
    Live,
    /// Says of a race that it is in progress: at its start, and no longer when six hours later there
    /// are no results.
    Progress,
    /// Fetches weather forecasts for the next race: every six hours.
    Weather,
    /// Trains the engines: when races or results have changed.
    Train,
    /// Says what the engines think of the next race: when they know more.
    Forecasts,
    /// Freezes forecasts: when qualifying and race begin.
    Freeze,
    /// Holds frozen forecasts against results: when results have changed.
    Score,
    /// Scores the drafts of leagues: when results have changed.
    ScoreLeagues,
    /// Makes the drafts of leagues, and looks anew at when they are held: when races have changed.
    PlanDrafts,
    /// Opens and closes drafts, and picks for those whose time has run out: whenever one of it is due.
    Drafts,
    /// Looks whether the services that are read are there: every 30 minutes.
    Health,
    /// Forgets what is no longer of use: daily at 03:00.
    CleanUp,
}

/// Where a job stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(remote = "Status")]
pub enum JobStatus {
    /// To be done when it is due and no other of its kind is being done.
    Queued,
    /// Waiting for a worker.
    HandedOver,
    /// A worker is at it, or was killed at it; another one will then do it.
    Running,
    /// Done.
    Succeeded,
    /// Failed, and not tried again unless somebody asks for it.
    Failed,
}

pub struct Job(Entry);

/// A kind of job: when it was and will be done.
#[Object(cache_control(private))]
impl Job {
    async fn kind(&self) -> JobKind {
        self.0.kind.into()
    }

    /// When it is next due as things stand; null for what is due when something changes.
    async fn next_run(&self) -> Option<DateTime<Utc>> {
        self.0.next.as_ref().map(|next| next.next_at)
    }

    /// What it will be done to: a season, or the ref of a race.
    async fn next_subject(&self) -> Option<&str> {
        self.0.next.as_ref()?.subject.as_deref()
    }

    /// The latest run, under way or done.
    async fn last_run(&self) -> Option<JobRun> {
        self.0.latest.clone().map(JobRun)
    }

    /// The latest run that went well.
    async fn last_success(&self) -> Option<JobRun> {
        self.0.success.clone().map(JobRun)
    }
}

pub struct JobRun(pub Row);

/// A job that is to be done, is being done, or was done.
#[Object(cache_control(private))]
impl JobRun {
    /// `JobRun:` and a number.
    async fn id(&self) -> ID {
        id("JobRun", self.0.id)
    }

    /// Null for a kind that this version does not know.
    async fn kind(&self) -> Option<JobKind> {
        Kind::named(&self.0.kind).map(Into::into)
    }

    /// What it is done to: a season, or the ref of a race.
    async fn subject(&self) -> Option<&str> {
        self.0.subject.as_deref()
    }

    /// Which time this is: an hour, a day, a version of the data. Each is done once.
    async fn tick(&self) -> &str {
        &self.0.tick
    }

    /// Why it is done.
    async fn reason(&self) -> &str {
        &self.0.reason
    }

    async fn status(&self) -> JobStatus {
        self.0.status.into()
    }

    /// Tries begun.
    async fn attempts(&self) -> i32 {
        self.0.attempts
    }

    /// Not before.
    async fn due_at(&self) -> DateTime<Utc> {
        self.0.due_at
    }

    /// Begin of the latest try.
    async fn started_at(&self) -> Option<DateTime<Utc>> {
        self.0.started_at
    }

    /// End of the latest try.
    async fn finished_at(&self) -> Option<DateTime<Utc>> {
        self.0.finished_at
    }

    /// Which process is at it, or was.
    async fn worker(&self) -> Option<&str> {
        self.0.worker.as_deref()
    }

    /// What it came to.
    async fn note(&self) -> Option<&str> {
        self.0.note.as_deref()
    }

    /// Why the latest try failed.
    async fn error(&self) -> Option<&str> {
        self.0.error.as_deref()
    }
}

#[derive(Default)]
pub struct JobQuery;

#[Object(cache_control(max_age = 3600))]
impl JobQuery {
    /// The timetable: every kind of job, when it was and will be done. For administrators.
    #[graphql(directive = ListOf::apply(15))]
    async fn jobs(&self, ctx: &Context<'_>) -> Result<Vec<Job>> {
        admin_only(ctx)?;
        let entries = job::list(app(ctx)).await;
        let entries = entries.map_err(|error| from_database(&error))?;
        Ok(entries.into_iter().map(Job).collect())
    }

    /// What was done and is to be done, the newest first; at most 100. For administrators.
    #[graphql(directive = SlicedList::apply(20, "first"))]
    async fn job_runs(
        &self,
        ctx: &Context<'_>,
        kind: Option<JobKind>,
        status: Option<JobStatus>,
        #[graphql(default = 20)] first: i32,
    ) -> Result<Vec<JobRun>> {
        admin_only(ctx)?;
        let first = u64::try_from(first).ok().filter(|first| *first <= 100);
        let first = first.ok_or_else(|| bad_input("`first` is a number from 0 to 100"))?;
        let (kind, status) = (kind.map(Into::into), status.map(Into::into));
        let rows = job::runs(app(ctx), kind, status, first).await;
        let rows = rows.map_err(|error| from_database(&error))?;
        Ok(rows.into_iter().map(JobRun).collect())
    }
}

#[derive(Default)]
pub struct JobMutation;

#[Object(cache_control(max_age = 0))]
impl JobMutation {
    /// Asks for a job now, whatever the timetable says; a worker does it as soon as no other of its
    /// kind is being done. For administrators.
    async fn run_job(
        &self,
        ctx: &Context<'_>,
        kind: JobKind,
        #[graphql(desc = "The race, for a kind that is done to one.")] race: Option<ID>,
        #[graphql(desc = "The season, for a kind that is done to one.")] season: Option<i32>,
    ) -> Result<JobRun> {
        admin_only(ctx)?;
        let race = race.as_ref().map(|race| reference_of("Race", race));
        let subject = match (race.transpose()?, season) {
            (Some(_), Some(_)) => return Err(bad_input("give either `race` or `season`")),
            (Some(race), None) => Some(race.to_owned()),
            (None, season) => season.map(|season| season.to_string()),
        };
        let run = job::run(app(ctx), kind.into(), subject.as_deref()).await;
        run.map(JobRun).map_err(from_domain)
    }

    /// Tries a job again that has failed. For administrators.
    async fn retry_job(&self, ctx: &Context<'_>, id: ID) -> Result<JobRun> {
        admin_only(ctx)?;
        let number = reference_of("JobRun", &id)?.parse();
        let number = number.map_err(|_| bad_input("a JobRun's id ends with a number"))?;
        let run = job::retry(app(ctx), number).await;
        run.map(JobRun).map_err(from_domain)
    }

    /// Asks for a race's results, qualifying and standings now. For administrators.
    async fn sync_race(&self, ctx: &Context<'_>, race: ID) -> Result<JobRun> {
        admin_only(ctx)?;
        let race = reference_of("Race", &race)?;
        let run = job::run(app(ctx), Kind::Results, Some(race)).await;
        run.map(JobRun).map_err(from_domain)
    }
}
