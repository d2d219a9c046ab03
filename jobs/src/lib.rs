//! What happens by the clock rather than by a request.
//!
//! May use: `domain`. What is done and when is in `timetable`; `work` sees to it that it is done, by
//! way of the `queue`; `task` says how. The sources on the network are in `upstream`.

pub mod board;
pub mod bundled;
pub mod details;
pub mod live;
mod queue;
pub mod sync;
mod task;
pub mod timetable;
pub mod upstream;
pub mod weather;
pub mod webhook;
pub mod work;
