//! Follows races while they are run: asks OpenF1 for news again and again, or has it push them, and
//! hands them to `domain`, which makes events of them.
//!
//! Nothing of this is kept in a file: what was heard is in the database, so that a restart goes on
//! from there, and asking for a little more than the news changes nothing.
//!
//! - `agenda` what is asked for when
//! - `memory` what was told already
//! - `watch` one round of asking and of what was pushed, and the end

mod agenda;
mod memory;
mod watch;

use std::{convert::Infallible, future::pending, mem::take};

use chrono::TimeDelta;
use domain::{
    App,
    error::Error,
    lease::Lease,
    live::{
        self, Race, RaceStatus,
        schedule::{self, LONGEST},
    },
};

use reqwest::Url;
use tokio::sync::mpsc;

use crate::upstream::{
    Policy,
    client::UpstreamError,
    openf1::{
        FindError, OpenF1,
        push::{self, News},
    },
};
use agenda::Collection;
use watch::Watch;

/// Pause after the database or OpenF1 has failed before there was anything to follow.
const PAUSE: TimeDelta = TimeDelta::seconds(20);

/// Pause before OpenF1 is asked again whether it has the race.
const UNMATCHED: TimeDelta = TimeDelta::minutes(5);

/// What is pushed within such a time is stored together.
const TOGETHER: TimeDelta = TimeDelta::milliseconds(200);

/// News that may wait to be stored; then who pushes waits.
const WAITING: usize = 4096;

/// How following a race has ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// With the order after the flag.
    Classified,
    /// Its classification came from elsewhere.
    Closed,
    /// It is not run.
    Cancelled,
    /// There was no end to it in any sensible time.
    Silent,
    /// Somebody else follows it.
    ByAnother,
}

/// A race could not be followed at all.
#[derive(Debug, thiserror::Error)]
pub enum FollowError {
    /// A configured address cannot be used.
    #[error("upstream.openf1: {0}")]
    Client(UpstreamError),
    #[error(transparent)]
    Domain(#[from] Error),
}

/// Follows a race until it is classified, or for as long as that may take. Failures on the way are
/// logged and tried again; after a kill another call goes on.
///
/// # Errors
/// When an address of OpenF1 cannot be used, or the database fails at the very beginning.
pub async fn follow(app: &App, race: &Race) -> Result<Outcome, FollowError> {
    let upstream = OpenF1::new(app, policy()).map_err(FollowError::Client)?;
    follow_with(app, &upstream, race).await
}

/// [`follow`] with a client of one's own, for tests with shorter times.
///
/// # Errors
/// As for [`follow`].
pub async fn follow_with(
    app: &App,
    upstream: &OpenF1,
    race: &Race,
) -> Result<Outcome, FollowError> {
    let push = push::address(app).map_err(|error| FollowError::Client(error.into()))?;
    let Some(lease) = Lease::take(app, &live::stream(race)).await? else {
        return Ok(Outcome::ByAnother);
    };
    tracing::info!(race = race.reference, "following");
    let (listener, pushed) = mpsc::channel(WAITING);
    let outcome = tokio::select! {
        outcome = watch_to_the_end(app, upstream, race, pushed) => outcome,
        never = Box::pin(listen(app, upstream, push, listener)) => match never {},
        () = lease.keep() => return Ok(Outcome::ByAnother),
    };
    lease.give_back().await?;
    Ok(outcome)
}

/// News are worth nothing when they come late, and the next round brings them too.
#[must_use]
pub fn policy() -> Policy {
    Policy {
        connect_timeout: std::time::Duration::from_secs(5),
        total_timeout: std::time::Duration::from_secs(15),
        tries: 3,
        longest_wait: TimeDelta::minutes(1),
        failures: 6,
        rest: TimeDelta::seconds(30),
        ..Policy::default()
    }
}

/// Listens to what OpenF1 pushes, if it does.
async fn listen(
    app: &App,
    upstream: &OpenF1,
    url: Option<Url>,
    listener: mpsc::Sender<News>,
) -> Infallible {
    if let Some(url) = url {
        let collections: Vec<&str> = Collection::all().map(Collection::name).collect();
        push::listen(app, upstream, &url, &collections, listener.clone()).await;
    }
    // Who watches must not take it for the end.
    listener.closed().await;
    pending().await
}

async fn watch_to_the_end(
    app: &App,
    upstream: &OpenF1,
    race: &Race,
    mut pushed: mpsc::Receiver<News>,
) -> Outcome {
    let mut watch = None;
    let mut news = Vec::new();
    loop {
        let next = match step(app, upstream, race, &mut watch, &mut news).await {
            Ok(Step::Ended(outcome)) => return outcome,
            Ok(Step::Next(pause)) => pause,
            Err(error) => {
                tracing::warn!(race = race.reference, %error, "following, but not now");
                PAUSE
            }
        };
        tokio::select! {
            () = app.clock.sleep(next) => {}
            _ = pushed.recv_many(&mut news, WAITING) => app.clock.sleep(TOGETHER).await,
        }
        while news.len() < WAITING
            && let Ok(more) = pushed.try_recv()
        {
            news.push(more);
        }
    }
}

/// What follows a step.
enum Step {
    Ended(Outcome),
    /// Another, after a pause.
    Next(TimeDelta),
}

async fn step<'a>(
    app: &'a App,
    upstream: &'a OpenF1,
    race: &Race,
    watch: &mut Option<Watch<'a>>,
    pushed: &mut Vec<News>,
) -> Result<Step, Error> {
    let Some(race) = schedule::refreshed(app, race).await? else {
        return Ok(Step::Ended(Outcome::Cancelled));
    };
    let now = app.clock.waiting_time();
    let start = schedule::start(app, &race).await?;
    match race.status {
        RaceStatus::Cancelled => return Ok(Step::Ended(Outcome::Cancelled)),
        RaceStatus::Completed => {
            if let Some(watch) = watch {
                watch.hear_the_rest().await?;
            }
            live::close(app, &race).await?;
            return Ok(Step::Ended(Outcome::Closed));
        }
        _ if start.is_none_or(|start| now >= start + LONGEST) => {
            live::close(app, &race).await?;
            return Ok(Step::Ended(Outcome::Silent));
        }
        _ => {}
    }
    let Some(watch) = watch else {
        // Until it is known which session is meant, all of it is asked for later.
        pushed.retain(|news| !matches!(news, News::Told(_)));
        let known = schedule::known(app, &race).await?;
        if known.classified {
            return Ok(Step::Ended(Outcome::Classified));
        }
        let weekend = match upstream.weekend(app, &race).await {
            Ok(weekend) => weekend,
            Err(FindError::Domain(error)) => return Err(error),
            Err(FindError::Upstream(error)) => {
                tracing::warn!(race = race.reference, %error, "OpenF1 does not answer");
                return Ok(Step::Next(PAUSE));
            }
            Err(FindError::NotMatched(error)) => {
                tracing::warn!(race = race.reference, %error, "a race cannot be followed yet");
                return Ok(Step::Next(UNMATCHED));
            }
        };
        *watch = Some(Watch::new(app, upstream, race, &weekend, known.facts));
        return Ok(Step::Next(TimeDelta::zero()));
    };
    if watch.round(take(pushed)).await? {
        return Ok(Step::Ended(Outcome::Classified));
    }
    Ok(Step::Next(watch.pause()))
}
