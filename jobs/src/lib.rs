//! What happens by the clock rather than by a request.
//!
//! May use: `domain`. The sources on the network are in `upstream`; the timetable will live here.

pub mod bundled;
pub mod details;
pub mod live;
pub mod retrain;
pub mod sync;
pub mod upstream;
pub mod webhook;
