//! How drivers and constructors did in a season, what races at a circuit are like, and who leads
//! the field. Worked out from stored results when asked; nothing here is written.
//!
//! | File | What |
//! |---|---|
//! | `record` | a season and a circuit as the rules see them |
//! | `rules` | what a set of cars achieved, and the averages used throughout |
//! | `driver` | a driver's season, beside team-mates |
//! | `constructor` | a constructor's season, car by car |
//! | `circuit` | what the races at a circuit have in common |
//! | `ranking` | the drivers of a season in order |
//! | `track` | who is better at a circuit than elsewhere |
//! | `store` | reads records from the database |

pub mod circuit;
pub mod constructor;
pub mod driver;
pub mod ranking;
pub mod record;
pub mod rules;
pub mod store;
pub mod track;

#[cfg(test)]
mod properties;
#[cfg(test)]
mod samples;

pub use circuit::{FastestLap, Figure, Insights, Winner};
pub use constructor::{ConstructorPerformance, DriverShare};
pub use driver::{DriverPerformance, Teammate};
pub use ranking::{Ranked, RankingOrder, Standing, driver_ranking};
pub use record::{CircuitRace, SeasonRecord, Whose};
pub use rules::Achieved;
pub use store::{DatedRace, circuits, latest, seasons};
pub use track::{TrackCoefficient, TrackCoefficients, track_coefficients};
