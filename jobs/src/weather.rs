//! The weather: what is expected for the next race, asked for again and again, and what it was
//! in a race that was run. When that is done is not decided here.

use chrono::TimeDelta;
use domain::{
    App,
    error::Error,
    import::{
        self, ImportError,
        record::{Catalogue, RaceRecord},
        source::{Origin, Problem, Refused, Source as ImportSource, SourceError},
    },
    weather::{self, Due, Forecast, Measure, NotDue, NotMeasured, Question, Source, rules},
};

use crate::upstream::{
    Policy,
    client::UpstreamError,
    hourly::{Hourly, Hours},
    open_meteo::OpenMeteo,
    openweathermap::OpenWeatherMap,
};

/// What a refresh did.
#[derive(Debug, Clone, PartialEq)]
pub enum Refreshed {
    /// A forecast was taken in.
    Stored {
        /// Ref of the race.
        race: String,
        source: Source,
        /// Hours that are known of the race now.
        hours: usize,
        /// Whether the weather is expected to be another than before.
        changed: bool,
        /// Hours of the answer that were left out, and why.
        problems: Vec<Problem>,
    },
    /// Nothing was asked.
    Nothing(NotDue),
}

/// What became of the weather of a race that was run.
#[derive(Debug, Clone, PartialEq)]
pub enum Observed {
    /// It is known now.
    Stored {
        /// Ref of the race.
        race: String,
        problems: Vec<Problem>,
    },
    /// It is not, or was before.
    Nothing(NotMeasured),
}

/// The weather could not be learned. What is known stays; everything else goes on.
#[derive(Debug, thiserror::Error)]
pub enum WeatherError {
    /// No service that is configured gave an answer that can be used.
    #[error("no service says what the weather of {race} will be: {reasons}")]
    Unavailable { race: String, reasons: String },
    /// The service that knows the past gave none.
    #[error("Open-Meteo does not say what the weather of {race} was: {reason}")]
    NotTold { race: String, reason: String },
    /// No such race, or the database failed.
    #[error(transparent)]
    Domain(#[from] Error),
    /// What was measured could not be written.
    #[error(transparent)]
    Import(#[from] ImportError),
}

/// A service that fails is not waited for as long as a season is: another may answer, and
/// soon it is asked again anyway.
#[must_use]
pub fn policy() -> Policy {
    Policy {
        tries: 3,
        longest_wait: TimeDelta::minutes(1),
        ..Policy::default()
    }
}

/// Asks what the weather will be in the sessions of the next race that have not begun, when it is
/// at most sixteen days away: Open-Meteo, and where that fails OpenWeatherMap, if there is a key.
///
/// # Errors
/// When no service answers, or the database fails.
pub async fn refresh(app: &App) -> Result<Refreshed, WeatherError> {
    refresh_with(app, &policy()).await
}

/// [`refresh`] with a policy of one's own, for tests with shorter times.
///
/// # Errors
/// As for [`refresh`].
pub async fn refresh_with(app: &App, policy: &Policy) -> Result<Refreshed, WeatherError> {
    let question = match weather::due(app).await? {
        Due::Ask(question) => question,
        Due::Nothing(why) => return Ok(Refreshed::Nothing(why)),
    };
    let Some((source, said)) = ask(app, policy, &question).await? else {
        return Ok(Refreshed::Nothing(NotDue::Off));
    };
    let forecast = Forecast {
        source,
        fetched_at: app.clock.now(),
        hours: said.hours,
    };
    let stored = weather::store(app, question.race_id, &forecast).await?;
    warn(&question.race, &said.problems);
    Ok(Refreshed::Stored {
        race: question.race,
        source,
        hours: stored.hours,
        changed: stored.changed,
        problems: said.problems,
    })
}

/// Asks Open-Meteo what the weather was in a race that was run, named by its ref, unless that is known
/// already: its archive, which is some days behind, or until then its forecasts; then what they said is
/// asked for once more.
///
/// # Errors
/// When there is no such race, the service does not answer, or the database fails.
pub async fn observe(app: &App, race: &str) -> Result<Observed, WeatherError> {
    observe_with(app, race, &policy()).await
}

/// [`observe`] with a policy of one's own, for tests with shorter times.
///
/// # Errors
/// As for [`observe`].
pub async fn observe_with(
    app: &App,
    race: &str,
    policy: &Policy,
) -> Result<Observed, WeatherError> {
    let (question, mut record) = match weather::to_measure(app, race).await? {
        Measure::Ask(question, record) => (question, record),
        Measure::Nothing(why) => return Ok(Observed::Nothing(why)),
    };
    let failed = |error: UpstreamError| WeatherError::NotTold {
        race: question.race.clone(),
        reason: error.to_string(),
    };
    let Some(service) = OpenMeteo::configured(app, policy).map_err(failed)? else {
        return Ok(Observed::Nothing(NotMeasured::Off));
    };
    let archived = rules::is_archived(question.span, app.clock.now());
    let measured = service.measured(question.place, question.span, archived);
    let Hours { hours, problems } = measured.await.map_err(failed)?;
    warn(&question.race, &problems);
    record.weather = rules::record(&hours);
    let race = question.race;
    if record.weather.is_none() {
        return Ok(Observed::Nothing(NotMeasured::NotYet { race }));
    }
    let source = Past {
        origin: service.origin(archived).to_owned(),
        record: Some(*record),
        problems: problems.clone(),
    };
    import::import(app, source, |_| {}).await?;
    Ok(Observed::Stored { race, problems })
}

/// The first answer that can be used, and whose it is; `None` when nobody is to be asked.
async fn ask(
    app: &App,
    policy: &Policy,
    question: &Question,
) -> Result<Option<(Source, Hours)>, WeatherError> {
    let mut reasons = Vec::new();
    match answer(OpenMeteo::configured(app, policy), question).await {
        Some(Ok(said)) => return Ok(Some(said)),
        Some(Err(reason)) => {
            tracing::warn!(race = question.race, reason, "Open-Meteo gives no forecast");
            reasons.push(format!("Open-Meteo: {reason}"));
        }
        None => {}
    }
    match answer(OpenWeatherMap::configured(app, policy), question).await {
        Some(Ok(said)) => return Ok(Some(said)),
        Some(Err(reason)) => reasons.push(format!("OpenWeatherMap: {reason}")),
        None if reasons.is_empty() => return Ok(None),
        None => {}
    }
    Err(WeatherError::Unavailable {
        race: question.race.clone(),
        reasons: reasons.join("; "),
    })
}

/// What a service says, or why it says nothing of use; `None` when it is not to be asked.
async fn answer<S: Hourly>(
    service: Result<Option<S>, UpstreamError>,
    question: &Question,
) -> Option<Result<(Source, Hours), String>> {
    let service = match service {
        Ok(service) => service?,
        Err(error) => return Some(Err(error.to_string())),
    };
    let said = match service.hours(question.place, question.span).await {
        Ok(said) => said,
        Err(error) => return Some(Err(error.to_string())),
    };
    Some(match said.problems.first() {
        Some(problem) if said.hours.is_empty() => {
            Err(format!("no hour can be used; the first: {problem}"))
        }
        _ => Ok((service.source(), said)),
    })
}

fn warn(race: &str, problems: &[Problem]) {
    if let Some(first) = problems.first() {
        let count = problems.len();
        tracing::warn!(race, count, %first, "hours of the weather cannot be used");
    }
}

/// The weather of one race for the importer, which knows whose word counts for more.
struct Past {
    origin: String,
    record: Option<RaceRecord>,
    problems: Vec<Problem>,
}

impl ImportSource for Past {
    fn id(&self) -> Origin {
        Origin::OpenMeteo
    }

    fn origin(&self) -> String {
        self.origin.clone()
    }

    fn race_count(&self) -> usize {
        1
    }

    async fn catalogue(&mut self) -> Result<Catalogue, SourceError> {
        Ok(Catalogue::default())
    }

    async fn next_race(&mut self) -> Option<Result<RaceRecord, Refused>> {
        self.record.take().map(Ok)
    }

    fn warnings(&mut self) -> Vec<Problem> {
        std::mem::take(&mut self.problems)
    }
}
