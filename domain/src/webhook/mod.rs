//! Webhooks: addresses that are told of events, for pages and push services that hold no
//! connection open. Nothing is sent here; `jobs` does that with what [`claim`] hands it.
//!
//! What is sent follows the [Standard Webhooks](https://www.standardwebhooks.com) specification:
//! three headers with an id, the time and a signature, and a body of ids only. Of a notification,
//! which services that send to phones pass on, it has the sentence too.
//!
//! Each webhook has a cursor in each stream of events. Moving it and writing down what is to be
//! sent is one transaction, and an event is written down once for a webhook, so that a kill
//! neither loses nor doubles one. Whoever sends a delivery leases it; a lease runs out when its
//! holder was killed, and the delivery is sent again under the same id: at least once, and
//! recognisable.

mod address;
mod collect;
mod kind;
mod manage;
mod queue;
mod rules;
mod signature;

pub use address::{check as check_address, is_allowed};
pub use collect::collect;
pub use kind::Kind;
pub use manage::{
    Change, Registered, change, deliveries, find, list, ping, redeliver, register, remove, rotate,
};
pub use queue::{Claimed, claim, clean_up, due, note};
pub use rules::{EXCERPT, Next, Outcome};
pub use signature::Secret;
