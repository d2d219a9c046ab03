//! Answers as bytes. What the public asks again is kept until an event makes it stale, or the time
//! of its class is over; the same question, asked again while it is being answered, is answered once.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use async_graphql::{CacheControl, ServerError, Value};
use axum::http::HeaderValue;
use bytes::Bytes;
use domain::{
    cache::Class,
    config::{CacheConfig, TtlConfig},
};
use moka::{Expiry, future::Cache};
use serde::Serialize;
use sha2::{Digest, Sha256};

use super::{documents::Hash, encoding::Encoded};
use crate::viewer::Viewer;

/// Bytes that an answer takes besides its body: question, headers, a place in the cache.
const AROUND: usize = 800;

/// What others may keep no longer than this changes without an event.
const LIVE: Duration = Duration::from_secs(5);

/// What others may keep so long, who hear of no event, changes by imports alone.
const STATIC: Duration = Duration::from_hours(1);

/// What tells questions apart whose answers may be shared.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Question {
    /// Version of the data: what was worked out under another is never found again.
    pub version: u64,
    pub document: Hash,
    pub operation: Option<String>,
    /// As JSON.
    pub variables: String,
    pub viewer: Viewer,
}

/// Who may keep an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Keep {
    /// Everybody, for so long.
    Public(Duration),
    /// Whoever asked, after asking whether it is still so.
    Never,
}

/// An answer, ready to be sent on any transport.
#[derive(Debug)]
pub struct Answer {
    pub body: Encoded,
    /// For a conditional GET; only of what may be kept.
    pub etag: Option<HeaderValue>,
    pub keep: Keep,
    /// What it could have cost.
    pub cost: u64,
}

/// The cost in `extensions.cost`, in objects.
#[derive(Debug, Clone, Copy, Serialize)]
pub struct Cost {
    pub requested: u64,
    pub actual: u64,
}

#[derive(Serialize)]
struct Body<'a> {
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    errors: &'a [ServerError],
    /// Left out where nothing was run.
    #[serde(skip_serializing_if = "Option::is_none")]
    data: Option<&'a Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    extensions: Option<Extensions>,
}

#[derive(Serialize)]
struct Extensions {
    cost: Cost,
    #[serde(skip_serializing_if = "Option::is_none")]
    authentication: Option<Authentication>,
}

/// Why somebody was answered as a guest, or half of what is asked for would seem to be gone.
#[derive(Serialize)]
struct Authentication {
    reason: &'static str,
    message: &'static str,
}

const NOT_RECOGNISED: Authentication = Authentication {
    reason: "TOKEN_NOT_VALID",
    message: "the token that was sent is not valid, or not any more, so a guest was answered: \
        `refreshSession` or `login`",
};

impl Answer {
    /// Writes the outcome of an execution.
    #[must_use]
    pub fn new(response: &async_graphql::Response, requested: u64, viewer: Viewer) -> Self {
        let cost = Cost {
            requested,
            actual: objects(&response.data),
        };
        let body = Bytes::from(write(&Body {
            errors: &response.errors,
            data: Some(&response.data),
            extensions: Some(Extensions {
                cost,
                authentication: (viewer == Viewer::Unrecognised).then_some(NOT_RECOGNISED),
            }),
        }));
        let keep = if response.errors.is_empty() && viewer == Viewer::Guest {
            keep(response.cache_control)
        } else {
            Keep::Never
        };
        Self {
            etag: (keep != Keep::Never).then(|| etag(&body)),
            body: Encoded::new(body),
            keep,
            cost: requested,
        }
    }

    /// The answer to what was not run.
    #[must_use]
    pub fn refused(errors: &[ServerError]) -> Bytes {
        Bytes::from(write(&Body {
            errors,
            data: None,
            extensions: None,
        }))
    }
}

/// The answers of a process.
pub struct Answers(Cache<Question, Arc<Answer>>);

impl Answers {
    /// No answers yet; time counts faster when the clock does.
    #[must_use]
    pub fn new(settings: &CacheConfig, speed: f64) -> Self {
        let weight = |question: &Question, answer: &Arc<Answer>| {
            // Compressed it is about a quarter, and there are three ways.
            let body = answer.body.plain().len() * 2;
            u32::try_from(question.variables.len() + body + AROUND).unwrap_or(u32::MAX)
        };
        let cache = Cache::builder()
            .max_capacity(settings.answers_bytes)
            .weigher(weight)
            .expire_after(ByClass {
                ttl: settings.ttl,
                speed: speed.max(1.0),
            })
            .build();
        Self(cache)
    }

    /// The answer to a question, worked out once however many ask at the same time.
    pub async fn get(
        &self,
        question: Question,
        work_out: impl Future<Output = Arc<Answer>>,
    ) -> Arc<Answer> {
        // Boxed: most answers are known and never come here.
        let entry = Box::pin(self.0.entry(question).or_insert_with(work_out)).await;
        let found = if entry.is_fresh() { "new" } else { "kept" };
        metrics::counter!("pitwall_answers_total", "found" => found).increment(1);
        entry.into_value()
    }

    /// The answer to a question if it is known.
    pub async fn known(&self, question: &Question) -> Option<Arc<Answer>> {
        let found = self.0.get(question).await?;
        metrics::counter!("pitwall_answers_total", "found" => "kept").increment(1);
        Some(found)
    }
}

/// An answer that may not be kept is shared by those who wait for it, and gone.
struct ByClass {
    ttl: TtlConfig,
    speed: f64,
}

impl ByClass {
    /// How long an answer is kept here that others may keep for an age.
    fn time(&self, age: Duration) -> Duration {
        let class = class(age);
        let ttl = class.ttl(&self.ttl);
        match class {
            Class::Static | Class::Results => ttl,
            // No event drops it, so what holds for others holds here too.
            Class::Live => ttl.min(age),
        }
    }
}

impl Expiry<Question, Arc<Answer>> for ByClass {
    fn expire_after_create(
        &self,
        _: &Question,
        answer: &Arc<Answer>,
        _: Instant,
    ) -> Option<Duration> {
        Some(match answer.keep {
            Keep::Public(age) => self.time(age).div_f64(self.speed),
            Keep::Never => Duration::ZERO,
        })
    }
}

/// The class of an answer that others may keep for an age: that of its shortest-lived field.
fn class(age: Duration) -> Class {
    if age <= LIVE {
        Class::Live
    } else if age < STATIC {
        Class::Results
    } else {
        Class::Static
    }
}

/// Hints of the library: private or no cache at all, or the shortest age of all fields; 0 when
/// no field said anything.
fn keep(hints: CacheControl) -> Keep {
    match u64::try_from(hints.max_age) {
        Ok(seconds) if hints.public && seconds > 0 => Keep::Public(Duration::from_secs(seconds)),
        _ => Keep::Never,
    }
}

/// Weak: a compressed answer is the same answer.
fn etag(body: &[u8]) -> HeaderValue {
    let digest = hex::encode(&Sha256::digest(body)[..12]);
    HeaderValue::from_str(&format!("W/\"{digest}\"")).expect("hexadecimal digits are a header")
}

fn write(body: &Body<'_>) -> Vec<u8> {
    serde_json::to_vec(body).expect("keys are text and writing to memory cannot fail")
}

/// Objects in an answer, the root aside.
fn objects(data: &Value) -> u64 {
    fn count(value: &Value) -> u64 {
        match value {
            Value::Object(fields) => 1 + fields.values().map(count).sum::<u64>(),
            Value::List(items) => items.iter().map(count).sum(),
            _ => 0,
        }
    }
    count(data).saturating_sub(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_is_kept_for_the_time_of_its_class_and_a_live_one_no_longer_than_by_others() {
        let expiry = ByClass {
            ttl: TtlConfig {
                r#static: 900,
                results: 400,
                live: 3,
            },
            speed: 1.0,
        };
        for (age, time) in [(1, 1), (5, 3), (30, 400), (300, 400), (3600, 900)] {
            let found = expiry.time(Duration::from_secs(age));
            assert_eq!(found, Duration::from_secs(time), "{age}");
        }
    }
}
