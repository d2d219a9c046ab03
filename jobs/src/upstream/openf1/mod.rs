//! OpenF1: what happens on the track, from 2023 on. It may be asked 3 times a second and 30 times a
//! minute; while a session runs it answers those only who have an account, and pushes to them what
//! happens.
//!
//! It has no pages: a question is answered whole, and "nothing" is a 404. Filters in the question
//! (`date>=…`) keep answers short. Every record is checked by itself; what is wrong with one is a
//! [`Problem`] and the others count. An answer that is no list of records is asked for again.
//!
//! - `payload` the records as they come, typed
//! - `page` an answer, record by record
//! - `matching` which of its sessions is which of ours
//! - `push` the same records as they are made, with an account
//! - `translate` what it says of a race, as the live feed of `domain` is told
//! - `details` laps, stops, race control and weather of a past race, for the importer

pub mod details;
pub mod matching;
pub mod page;
pub mod payload;
pub mod push;
pub mod translate;

use chrono::{DateTime, TimeDelta, Utc};
use domain::{
    App,
    import::source::Problem,
    live::{self, Race},
    upstream::{Limits, Window},
};

use super::{
    Policy,
    client::{Client, UpstreamError},
};
use matching::{NotMatched, Weekend};
use page::Page;
use payload::Payload;

/// What OpenF1 allows without an account (<https://openf1.org>).
pub const LIMITS: Limits = Limits {
    windows: &[
        Window {
            requests: 3,
            within: TimeDelta::seconds(1),
        },
        Window {
            requests: 30,
            within: TimeDelta::minutes(1),
        },
    ],
};

/// First season with data.
pub const SINCE: i32 = 2023;

/// The status of an answer with nothing in it, and what it says then.
const NOTHING: (u16, &str) = (404, "No results");

/// Sessions of a weekend begin at most so long before or after the day of its race.
const WEEKEND: TimeDelta = TimeDelta::days(5);

/// Asks OpenF1.
pub struct OpenF1 {
    client: Client,
}

/// The sessions of a race could not be found.
#[derive(Debug, thiserror::Error)]
pub enum FindError {
    #[error(transparent)]
    Upstream(#[from] UpstreamError),
    #[error(transparent)]
    NotMatched(#[from] NotMatched),
    #[error(transparent)]
    Domain(#[from] domain::error::Error),
}

impl OpenF1 {
    /// As configured, with a policy.
    ///
    /// # Errors
    /// When the configured address cannot be used.
    pub fn new(app: &App, policy: Policy) -> Result<Self, UpstreamError> {
        let config = &app.config.upstream.openf1;
        let mut client = Client::new(app, &config.url, LIMITS, policy)?;
        if config.has_account() {
            client = client.with_account(&config.username, &config.password);
        }
        Ok(Self { client })
    }

    /// The address that is asked.
    #[must_use]
    pub fn base(&self) -> &str {
        self.client.base()
    }

    /// Requests sent so far, repeated ones too.
    #[must_use]
    pub fn requests(&self) -> u64 {
        self.client.requests()
    }

    /// Asks for records, with filters such as `session_key=9094`.
    ///
    /// # Errors
    /// When the service does not answer, or refuses.
    pub async fn ask<T: Payload>(&self, filters: &[String]) -> Result<Page<T>, UpstreamError> {
        let path = format!("/{}?{}", T::COLLECTION, filters.join("&"));
        match self.client.get(&path, page::read).await {
            Err(UpstreamError::Refused { status, said, .. })
                if status == NOTHING.0 && said.contains(NOTHING.1) =>
            {
                Ok(Page::default())
            }
            answer => answer,
        }
    }

    /// The sessions of a race's weekend. What of ours has none is in `unmatched`.
    ///
    /// # Errors
    /// When the service does not answer, or it is not clear which of its races this is.
    pub async fn weekend(&self, app: &App, race: &Race) -> Result<Weekend, FindError> {
        let midnight = race.date.and_time(chrono::NaiveTime::MIN).and_utc();
        let filters = [
            since("date_start", midnight - WEEKEND),
            format!("date_start<={}", written(midnight + WEEKEND)),
        ];
        let page: Page<payload::Session> = self.ask(&filters).await?;
        tell_of(&page.problems);
        let ours = live::schedule::sessions(app, race).await?;
        Ok(matching::weekend(race, &ours, &page.rows)?)
    }
}

/// The filter that lets through what is not older.
#[must_use]
pub fn since(field: &str, time: DateTime<Utc>) -> String {
    format!("{field}>={}", written(time))
}

/// A time as filters take it: UTC, without saying so.
fn written(time: DateTime<Utc>) -> String {
    time.format("%Y-%m-%dT%H:%M:%S%.3f").to_string()
}

fn tell_of(problems: &[Problem]) {
    for problem in problems {
        tracing::warn!(%problem, "OpenF1 sent a record that cannot be used");
    }
}
