//! Past races as if they were run now: what is stored of a race becomes the records that a feed
//! would have sent, which go through the same fold as those of a live race.
//!
//! | File | What |
//! |---|---|
//! | `recording` | a past race as a tape |
//! | `timeline` | stored laps, stops, stints and so on as records |
//! | `synthetic` | made-up laps that add up to a stored classification |
//! | `playback` | where a replay is at a time, when it was started, paused and moved |
//! | `kept` | replays as rows: where one is, what its followers are told |
//! | `control` | the use-cases: start, pause, resume, seek, stop |
//!
//! A replay is a row, so that any process can serve it, and belongs to whoever knows its handle.
//! Its speed counts by `App.clock`'s waiting time.

mod control;
mod kept;
mod playback;
mod recording;
mod synthetic;
mod timeline;

pub use control::{Place, Start, pause, resume, seek, start, stop};
pub(super) use kept::{GRACE, find, head, told};
pub use kept::{PREFIX, Replay, look};
pub(super) use recording::Recording;
