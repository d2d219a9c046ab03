//! How each kind of job is done: which use-case is called, and what became of it.

use std::sync::OnceLock;

use domain::{
    App, auth, draft,
    error::Error,
    feed, forecast,
    import::{ImportError, Summary, bundled::LAST as LAST_BUNDLED},
    job::{self, End, Kind},
    live::{self, Race, RaceStatus},
    model, notification,
    scoring::{self, Scored},
    season, upstream, webhook,
};

use crate::{
    bundled,
    details::{self, DetailsError},
    live::{self as following, FollowError, Outcome},
    sync::{self, SyncError},
    timetable::Allowed,
    upstream::{client::Client, jolpica::Scope},
    weather::{self, Observed, Refreshed, WeatherError},
};

/// First season that OpenF1 has.
const OPENF1_SINCE: i32 = 2023;

/// What jobs work with, the same for all of a process: clients remember what has not changed, and
/// which services are better left alone.
pub(crate) struct Tasks {
    app: App,
    jolpica: OnceLock<Client>,
}

/// A job that was not done.
enum Failure {
    /// It may be tried again.
    Again(String),
    /// It would fail again.
    ForGood(String),
}

type Done = Result<String, Failure>;

impl Tasks {
    pub(crate) fn new(app: App) -> Self {
        Self {
            app,
            jolpica: OnceLock::new(),
        }
    }

    /// What may be done, by the settings.
    pub(crate) fn allowed(&self) -> Allowed {
        let config = &self.app.config;
        let may_ask = |url: &str| config.jobs.network && config.clock.may_ask(url);
        Allowed {
            bundled: config.data.bundled.then_some(LAST_BUNDLED),
            seasons: may_ask(&config.upstream.jolpica.url),
            live: may_ask(&config.upstream.openf1.url),
            weather: may_ask(&config.upstream.open_meteo.url)
                || may_ask(&config.upstream.openweathermap.url)
                    && !config.upstream.openweathermap.key.is_empty(),
            train: config.forecast.train,
        }
    }

    /// Does a job. Twice comes to the same as once.
    pub(crate) async fn perform(&self, kind: Kind, subject: Option<&str>) -> End {
        let done = match kind {
            Kind::Bundled => self.bundled().await,
            Kind::Calendar => self.season(subject, Scope::Calendar).await,
            Kind::People => self.season(subject, Scope::People).await,
            Kind::Season => self.season(subject, Scope::Season).await,
            Kind::Results => self.weekend(subject, Scope::Round).await,
            Kind::Verify => self.verify(subject).await,
            Kind::Details => self.details(subject).await,
            Kind::Live => self.live(subject).await,
            Kind::Progress => self.progress(subject).await,
            Kind::Weather => self.weather().await,
            Kind::Train => self.train().await,
            Kind::Forecasts => self.forecasts().await,
            Kind::Freeze => self.freeze().await,
            Kind::Score => self.score().await,
            Kind::ScoreLeagues => self.score_leagues().await,
            Kind::PlanDrafts => self.plan_drafts().await,
            Kind::Drafts => self.drafts().await,
            Kind::Health => self.health().await,
            Kind::CleanUp => self.clean_up().await,
        };
        match done {
            Ok(note) => End::Done(note),
            Err(Failure::Again(reason)) => End::Again(reason),
            Err(Failure::ForGood(reason)) => End::Failed(reason),
        }
    }

    async fn bundled(&self) -> Done {
        let summary = bundled::load(&self.app, |_| {}).await?;
        live::close_left_open(&self.app).await?;
        told(summary)
    }

    async fn season(&self, subject: Option<&str>, scope: Scope) -> Done {
        let year = subject.and_then(|year| year.parse().ok());
        let year = year.ok_or_else(|| Failure::ForGood(format!("{subject:?} is no season")))?;
        let summary = sync::sync_part(&self.app, self.jolpica()?, year, scope).await?;
        live::close_left_open(&self.app).await?;
        told(summary)
    }

    async fn weekend(&self, subject: Option<&str>, scope: fn(i32) -> Scope) -> Done {
        let race = self.race(subject).await?;
        let scope = scope(race.round);
        let done = told(sync::sync_part(&self.app, self.jolpica()?, race.season, scope).await?)?;
        // Followers of the race are done, also when the feed told of no end, and told of a correction.
        live::close(&self.app, &race).await?;
        Ok(done)
    }

    /// By then stewards have decided, and the archive knows the weather.
    async fn verify(&self, subject: Option<&str>) -> Done {
        let race = self.race(subject).await?;
        let mut notes = vec![self.weekend(subject, Scope::Round).await?];
        notes.extend(self.observed(&race).await?);
        Ok(notes.join("; "))
    }

    /// Laps with tyres are better than those without, which older races have.
    async fn details(&self, subject: Option<&str>) -> Done {
        let race = self.race(subject).await?;
        let allowed = self.allowed();
        let mut notes = Vec::new();
        if allowed.live && race.season >= OPENF1_SINCE {
            let summary = details::fetch_details(&self.app, &race).await?;
            notes.push(told(summary)?);
        } else if allowed.seasons {
            notes.push(self.weekend(subject, Scope::RoundWithLaps).await?);
        }
        notes.extend(self.observed(&race).await?);
        Ok(notes.join("; "))
    }

    /// What the weather was, if that may be asked for.
    async fn observed(&self, race: &Race) -> Result<Option<String>, Failure> {
        if !self.allowed().weather {
            return Ok(None);
        }
        let observed = weather::observe(&self.app, &race.reference).await?;
        Ok(Some(match observed {
            Observed::Stored { .. } => "its weather is known".to_owned(),
            Observed::Nothing(why) => why.to_string(),
        }))
    }

    async fn live(&self, subject: Option<&str>) -> Done {
        let race = self.race(subject).await?;
        match following::follow(&self.app, &race).await? {
            Outcome::Classified => Ok("followed to its classification".to_owned()),
            Outcome::Closed => Ok("its classification came from elsewhere".to_owned()),
            Outcome::Cancelled => Ok("it is not run".to_owned()),
            Outcome::Silent => Ok("there was no end to it in any sensible time".to_owned()),
            Outcome::ByAnother => Err(Failure::Again("another process follows it".to_owned())),
        }
    }

    async fn progress(&self, subject: Option<&str>) -> Done {
        let race = self.race(subject).await?;
        let note = match season::progress::turn(&self.app, &race).await? {
            Some(RaceStatus::InProgress) => "it has begun",
            Some(_) => "it is taken to be still to come",
            None => "nothing has changed",
        };
        Ok(note.to_owned())
    }

    async fn weather(&self) -> Done {
        Ok(match weather::refresh(&self.app).await? {
            Refreshed::Stored { race, hours, .. } => format!("{hours} hours of {race} are known"),
            Refreshed::Nothing(why) => why.to_string(),
        })
    }

    async fn forecasts(&self) -> Done {
        let app = &self.app;
        let Some(race) = season::race_to_begin(&app.db, app.clock.now()).await? else {
            return Ok("no race is to come".to_owned());
        };
        let said = forecast::publish(app, &race).await?;
        Ok(format!("{said} forecasts for {} are new", race.reference))
    }

    async fn freeze(&self) -> Done {
        let frozen = forecast::freeze(&self.app).await?;
        // Whoever was away for long freezes what is over, and no results are to come that would have
        // it scored.
        let scored = forecast::score(&self.app).await?;
        Ok(format!("{frozen} forecasts are final, {scored} are scored"))
    }

    async fn score(&self) -> Done {
        let scored = forecast::score(&self.app).await?;
        Ok(format!("{scored} forecasts were held against results"))
    }

    async fn score_leagues(&self) -> Done {
        let Scored { new, again } = scoring::score_leagues(&self.app).await?;
        Ok(format!(
            "{new} drafts are scored for the first time, {again} again"
        ))
    }

    async fn plan_drafts(&self) -> Done {
        let leagues = draft::plan(&self.app).await?;
        Ok(format!("the drafts of {leagues} leagues are as races are"))
    }

    async fn drafts(&self) -> Done {
        let leagues = draft::run_clock(&self.app).await?;
        Ok(format!("drafts of {leagues} leagues went on"))
    }

    async fn race(&self, subject: Option<&str>) -> Result<Race, Failure> {
        let reference = subject.unwrap_or_default();
        let race = season::race(&self.app.db, reference).await?;
        race.ok_or_else(|| Failure::ForGood(format!("there is no race {reference:?}")))
    }

    async fn train(&self) -> Done {
        let known = forecast::known(&self.app).await?;
        model::keep_up(&self.app, &known).await?;
        Ok("engines and back-tests are up to date".to_owned())
    }

    /// Asks each service for next to nothing. Requests for more say the same of those that are up.
    async fn health(&self) -> Done {
        let allowed = self.allowed();
        let (mut up, mut down) = (Vec::new(), Vec::new());
        if allowed.seasons {
            let answer = self
                .jolpica()?
                .get("/seasons/?limit=1&offset=0", |_| Ok(()))
                .await;
            match answer {
                Ok(()) => up.push("jolpica"),
                Err(error) => down.push(error.to_string()),
            }
        }
        if down.is_empty() {
            Ok(format!("{} answered", up.join(", ")))
        } else {
            Err(Failure::Again(down.join("; ")))
        }
    }

    async fn clean_up(&self) -> Done {
        let app = &self.app;
        let live = live::clean_up(app).await?;
        let events = feed::clean_up(app).await?;
        webhook::clean_up(app).await?;
        notification::clean_up(app).await?;
        let jobs = job::clean_up(app).await?;
        let requests = upstream::clean_up(app).await?;
        let sessions = auth::clean_up(app).await?;
        Ok(format!(
            "forgot {live} events of live races, {events} others, {jobs} jobs, {requests} requests, \
             {sessions} sessions"
        ))
    }

    fn jolpica(&self) -> Result<&Client, Failure> {
        if let Some(client) = self.jolpica.get() {
            return Ok(client);
        }
        let client = sync::client(&self.app)?;
        Ok(self.jolpica.get_or_init(|| client))
    }
}

/// What an import came to. A race that was refused is a reason to read it again.
fn told(summary: Summary) -> Done {
    let Summary {
        races,
        changed,
        refused,
        ..
    } = summary;
    let Some(first) = refused.first() else {
        return Ok(format!("{changed} of {races} races changed"));
    };
    let problem = first.problems.first().map(ToString::to_string);
    Err(Failure::Again(format!(
        "{} of {races} races refused; {} {}: {}",
        refused.len(),
        first.season,
        first.name,
        problem.unwrap_or_default()
    )))
}

impl From<SyncError> for Failure {
    fn from(error: SyncError) -> Self {
        match error {
            SyncError::Client(_) => Self::ForGood(error.to_string()),
            SyncError::Season { .. } => Self::Again(error.to_string()),
        }
    }
}

impl From<ImportError> for Failure {
    fn from(error: ImportError) -> Self {
        Self::Again(error.to_string())
    }
}

impl From<DetailsError> for Failure {
    fn from(error: DetailsError) -> Self {
        match error {
            DetailsError::Client(_) => Self::ForGood(error.to_string()),
            DetailsError::Import(_) => Self::Again(error.to_string()),
        }
    }
}

impl From<FollowError> for Failure {
    fn from(error: FollowError) -> Self {
        match error {
            FollowError::Client(_) => Self::ForGood(error.to_string()),
            FollowError::Domain(error) => error.into(),
        }
    }
}

impl From<WeatherError> for Failure {
    fn from(error: WeatherError) -> Self {
        match error {
            WeatherError::Domain(error) => error.into(),
            error => Self::Again(error.to_string()),
        }
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        match error {
            Error::Unavailable(_) | Error::Internal(_) | Error::Conflict(_) => {
                Self::Again(error.to_string())
            }
            _ => Self::ForGood(error.to_string()),
        }
    }
}

impl From<sea_orm::DbErr> for Failure {
    fn from(error: sea_orm::DbErr) -> Self {
        Self::Again(error.to_string())
    }
}
