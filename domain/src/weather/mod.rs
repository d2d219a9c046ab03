//! Weather: what is expected for the sessions of the next race, and what it was in a race that
//! was run. Asking the services is not done here.

pub mod rules;

mod due;
mod store;

use chrono::{DateTime, Utc};

pub use due::{Due, Measure, NotDue, NotMeasured, Question, due, to_measure};
pub use entities::weather_forecast::Source;
pub use store::{Stored, store};

/// A place on the globe.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Place {
    /// Degrees north.
    pub latitude: f64,
    /// Degrees east.
    pub longitude: f64,
}

/// Whole hours from the start of one to the end of another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Span {
    pub from: DateTime<Utc>,
    pub to: DateTime<Utc>,
}

/// The weather of an hour as a service says it; what it does not say is missing.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Hour {
    /// Start of the hour.
    pub start: DateTime<Utc>,
    /// °C, at the start.
    pub air_temperature: Option<f64>,
    /// %, that something falls within the hour.
    pub precipitation_probability: Option<f64>,
    /// mm, within the hour.
    pub precipitation: Option<f64>,
    /// m/s, at the start.
    pub wind_speed: Option<f64>,
    /// Degrees from north, clockwise, that the wind comes from.
    pub wind_direction: Option<f64>,
    /// %, at the start.
    pub humidity: Option<f64>,
    /// % of the sky, at the start.
    pub cloud_cover: Option<f64>,
    /// mbar at the height of the place, at the start.
    pub pressure: Option<f64>,
}

/// What a service said at one time.
#[derive(Debug, Clone, PartialEq)]
pub struct Forecast {
    pub source: Source,
    pub fetched_at: DateTime<Utc>,
    pub hours: Vec<Hour>,
}

impl Span {
    /// Whether an hour that starts then is part of it.
    #[must_use]
    pub fn contains(&self, start: DateTime<Utc>) -> bool {
        self.from <= start && start < self.to
    }
}

impl Hour {
    /// Whether anything is said of it.
    #[must_use]
    pub fn says_something(&self) -> bool {
        let nothing = Self {
            start: self.start,
            ..Self::default()
        };
        *self != nothing
    }
}
