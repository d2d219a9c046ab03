//! The one place that reads the machine's clock.

use std::time::Instant;

use chrono::{DateTime, TimeDelta, Utc};

use crate::config::ClockConfig;

/// What time it is for Pitwall: the machine's, or a set one that may run faster.
#[derive(Debug, Clone)]
pub struct Clock {
    start: DateTime<Utc>,
    started: Instant,
    speed: f64,
}

impl Clock {
    /// A clock as configured: `start` sets it, `speed` says how fast it runs.
    #[must_use]
    pub fn new(config: &ClockConfig) -> Self {
        #[expect(clippy::disallowed_methods, reason = "this is the clock")]
        let machine = Utc::now();
        Self {
            start: config.start.unwrap_or(machine),
            started: Instant::now(),
            speed: config.speed,
        }
    }

    /// A clock that stands still, for tests.
    #[must_use]
    pub fn standing(at: DateTime<Utc>) -> Self {
        Self {
            start: at,
            started: Instant::now(),
            speed: 0.0,
        }
    }

    /// The time, UTC.
    #[must_use]
    pub fn now(&self) -> DateTime<Utc> {
        let elapsed = self.started.elapsed().as_secs_f64() * self.speed;
        #[expect(
            clippy::cast_possible_truncation,
            reason = "ms since the start; saturates after 292 million years"
        )]
        let elapsed = TimeDelta::milliseconds((elapsed * 1000.0) as i64);
        self.start + elapsed
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clock_that_is_set_shows_that_time() {
        let noon = "2024-05-26T12:00:00Z".parse().unwrap();
        let clock = Clock::new(&ClockConfig {
            start: Some(noon),
            speed: 1.0,
        });
        assert!(clock.now() - noon < TimeDelta::seconds(5));
    }

    #[test]
    fn a_standing_clock_stands() {
        let noon = "2024-05-26T12:00:00Z".parse().unwrap();
        assert_eq!(Clock::standing(noon).now(), noon);
    }
}
