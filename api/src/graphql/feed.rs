//! How a subscription is run: not as one long stream, but once for every moment that somebody
//! is to be told of, with fresh loaders. Who drives it (`http/feeds.rs`) first asks what it
//! listens to, then has it answer for the present, then for each event: several that come together are
//! told together by moments, and one by one by changes.
//!
//! A race is told of by stretches (`http/stretches.rs`): once with how it stands, then with what
//! was between two sequences.

use std::sync::{Arc, OnceLock};

use async_graphql::Context;
use chrono::TimeDelta;
use domain::live::follow::Source;
use futures::{Stream, stream};

/// What a subscription listens to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Topic {
    /// Name of the event stream.
    pub stream: String,
    /// The last sequence that the client has; none for a first visit.
    pub after: Option<i64>,
    /// Whether every event is told by itself.
    pub each: bool,
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
    /// To answer once, as things stand at this sequence of its stream or later.
    Moment(i64),
    /// To answer once, of one event or of how things stand.
    Change(Change),
    /// To answer once what is between two sequences.
    Stretch(Stretch),
}

/// What a subscription tells of at once: how things stand, or one event.
#[derive(Debug, Clone)]
pub struct Change {
    /// All up to here has been told then.
    pub sequence: i64,
    /// Sequence of the event; none for how things stand, to who begins.
    pub event: Option<i64>,
}

/// From a sequence that a follower has, or from the beginning, to another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stretch {
    pub after: Option<i64>,
    pub until: i64,
}

/// The moments of one run: none when only the topic is asked for, else one.
///
/// A field that subscribes maps each sequence to what it tells of it.
pub fn moments(
    ctx: &Context<'_>,
    stream: &str,
    after: Option<i64>,
) -> impl Stream<Item = i64> + Send + use<> {
    let topic = || Topic {
        stream: stream.to_owned(),
        after,
        each: false,
        race: None,
    };
    let moment = match asked(ctx, topic) {
        Some(Run::Moment(sequence)) => Some(*sequence),
        _ => None,
    };
    stream::iter(moment)
}

/// The changes of one run: none when only the topic is asked for, else one.
///
/// A field that subscribes maps it to what it tells of it.
pub fn changes(
    ctx: &Context<'_>,
    stream: &str,
    after: Option<i64>,
) -> impl Stream<Item = Change> + Send + use<> {
    let topic = || Topic {
        stream: stream.to_owned(),
        after,
        each: true,
        race: None,
    };
    let change = match asked(ctx, topic) {
        Some(Run::Change(change)) => Some(change.clone()),
        _ => None,
    };
    stream::iter(change)
}

/// The stretches of one run: none when only the topic is asked for, else one.
pub fn stretches(
    ctx: &Context<'_>,
    race: &Course,
    after: Option<i64>,
) -> impl Stream<Item = Stretch> + Send + use<> {
    let topic = || Topic {
        stream: race.source.stream(),
        after,
        each: false,
        race: Some(race.clone()),
    };
    let stretch = match asked(ctx, topic) {
        Some(Run::Stretch(stretch)) => Some(*stretch),
        _ => None,
    };
    stream::iter(stretch)
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
