//! What happens by the clock rather than by a request.
//!
//! May use: `domain`. Timetable and network sources will live here.

pub mod bundled;
pub mod retrain;
