//! How a subscription is run: not as one long stream, but once for everything that somebody
//! is to be told of, with fresh loaders. Who drives it (`http/feeds.rs`) first asks what it
//! listens to, then has it answer for the present, then for each event.
//!
//! A race is told of by stretches (`http/stretches.rs`): once with how it stands, then with what
//! was between two sequences.

use std::sync::{Arc, OnceLock};

use async_graphql::Context;
use chrono::{DateTime, TimeDelta, Utc};
use domain::{
    feed::{Interest, Missed},
    live::follow::Source,
};
use entities::event::Model as Event;
use futures::{Stream, StreamExt, stream};

/// What a subscription listens to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Topic {
    /// Name of the event stream.
    pub stream: String,
    /// Which of its events.
    pub interest: Interest,
    /// The last sequence that the client has; none for a first visit.
    pub after: Option<i64>,
    /// The race, if it is one that is told of by stretches.
    pub race: Option<Course>,
}

/// A race that is followed, and by how much later.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Course {
    pub source: Source,
    pub delay: TimeDelta,
}

/// What a subscription is run for; part of a request's data.
#[derive(Debug, Clone)]
pub enum Run {
    /// To say what it listens to; it yields nothing.
    Describe(Arc<OnceLock<Topic>>),
    /// To answer once, as things stand after a change or later.
    Change(Change),
    /// To answer once what is between two sequences.
    Stretch(Stretch),
}

/// What a subscription tells of at once: how things stand, or one event.
#[derive(Debug, Clone)]
pub struct Change {
    /// All up to here has been told then.
    pub sequence: i64,
    /// None for how things stand: to who begins, or begins anew after a gap.
    pub event: Option<Arc<Event>>,
    /// What is left out.
    pub gap: Option<Missed>,
}

impl Change {
    /// One event.
    #[must_use]
    pub fn of(event: Event) -> Self {
        Self {
            sequence: event.sequence,
            event: Some(Arc::new(event)),
            gap: None,
        }
    }

    /// When it happened.
    #[must_use]
    pub fn at(&self) -> Option<DateTime<Utc>> {
        self.event.as_ref().map(|event| event.created_at)
    }

    /// The ref of what it happened to, if that is of this type: `2024_monaco` of a `Race`.
    #[must_use]
    pub fn reference(&self, kind: &str) -> Option<&str> {
        let (found, reference) = self.event.as_ref()?.subject.split_once(':')?;
        (found == kind).then_some(reference)
    }
}

/// From a sequence that a follower has, or from the beginning, to another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stretch {
    pub after: Option<i64>,
    pub until: i64,
}

/// The changes of one run: none when only the topic is asked for, else one.
///
/// A field that subscribes maps it to what it tells of it.
pub fn changes(
    ctx: &Context<'_>,
    stream: &str,
    interest: &Interest,
    after: Option<i64>,
) -> impl Stream<Item = Change> + Send + use<> {
    let topic = || Topic {
        stream: stream.to_owned(),
        interest: interest.clone(),
        after,
        race: None,
    };
    let change = match asked(ctx, topic) {
        Some(Run::Change(change)) => Some(change.clone()),
        _ => None,
    };
    stream::iter(change)
}

/// The same for all events of a stream, for a field that tells how things stand whatever happened.
pub fn moments(
    ctx: &Context<'_>,
    stream: &str,
    after: Option<i64>,
) -> impl Stream<Item = i64> + Send + use<> {
    let changes = changes(ctx, stream, &Interest::default(), after);
    changes.map(|change| change.sequence)
}

/// The stretches of one run: none when only the topic is asked for, else one.
pub fn stretches(
    ctx: &Context<'_>,
    race: &Course,
    after: Option<i64>,
) -> impl Stream<Item = Stretch> + Send + use<> {
    let topic = || Topic {
        stream: race.source.stream(),
        interest: Interest::default(),
        after,
        race: Some(race.clone()),
    };
    let stretch = match asked(ctx, topic) {
        Some(Run::Stretch(stretch)) => Some(*stretch),
        _ => None,
    };
    stream::iter(stretch)
}

/// Whether somebody is about to follow, and is not being told already.
#[must_use]
pub fn begins(ctx: &Context<'_>) -> bool {
    matches!(ctx.data_opt::<Run>(), None | Some(Run::Describe(_)))
}

/// What is asked for besides the topic, which is told here.
fn asked<'a>(ctx: &Context<'a>, topic: impl FnOnce() -> Topic) -> Option<&'a Run> {
    match ctx.data_opt::<Run>()? {
        Run::Describe(asked) => {
            // A document has one subscription, so nobody else sets it.
            let _ = asked.set(topic());
            None
        }
        run => Some(run),
    }
}
