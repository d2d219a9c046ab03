//! Notifications: what users are told of their leagues, each for one of them alone.
//!
//! | File | What |
//! |---|---|
//! | `kind` | what there is to be told of, and what of it a user wants |
//! | `rules` | who is told what when something becomes of a draft |
//! | `details` | what a notification says, and its sentence |
//! | `write` | tells, in the transaction of what is told of |
//! | `inbox` | what a user was told, and has read |
//!
//! All of them share one stream of events, [`event::NOTIFICATION`](crate::event::NOTIFICATION), so that
//! a device of somebody in many leagues follows one thing. Its lock is shared by all leagues: telling
//! comes as late in a transaction as can be, and after it no lock of another league is taken.

mod details;
mod inbox;
mod kind;
mod rules;
mod write;

use crate::id::uuids;

pub use details::{Details, message};
pub use inbox::{clean_up, find, mark_all_read, mark_read, told_by, unread};
pub use kind::{Kind, muted, wanted};
pub use rules::warn_at;
pub use write::{Note, scored, write};

pub(crate) use inbox::{forget, payloads};
pub(crate) use write::tell;

uuids! {
    /// A notification.
    NotificationId;
}
