//! How a subscription is run: not as one long stream, but once for every moment that somebody
//! is to be told of, with fresh loaders. Who drives it (`http/feeds.rs`) first asks what it
//! listens to, then has it answer for the present, then for each event.

use std::sync::{Arc, OnceLock};

use async_graphql::Context;
use futures::{Stream, stream};

/// What a subscription listens to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Topic {
    /// Name of the event stream.
    pub stream: String,
    /// The last sequence that the client has; none for a first visit.
    pub after: Option<i64>,
}

/// What a subscription is run for; part of a request's data.
#[derive(Debug, Clone)]
pub enum Run {
    /// To say what it listens to; it yields nothing.
    Describe(Arc<OnceLock<Topic>>),
    /// To answer once, as things stand at this sequence of its stream or later.
    Moment(i64),
}

/// The moments of one run: none when only the topic is asked for, else one.
///
/// A field that subscribes maps each sequence to what it tells of it.
pub fn moments(
    ctx: &Context<'_>,
    stream: &str,
    after: Option<i64>,
) -> impl Stream<Item = i64> + Send + use<> {
    let moment = match ctx.data_opt::<Run>() {
        Some(Run::Moment(sequence)) => Some(*sequence),
        Some(Run::Describe(topic)) => {
            let stream = stream.to_owned();
            // A document has one subscription, so nobody else sets it.
            let _ = topic.set(Topic { stream, after });
            None
        }
        None => None,
    };
    stream::iter(moment)
}
