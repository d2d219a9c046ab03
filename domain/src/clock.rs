//! The one place that reads the machine's clock.

use std::time::{Duration, Instant};

use chrono::{DateTime, TimeDelta, Utc};

use crate::config::ClockConfig;

/// Seconds slept at once, so that no sum overflows; longer waits are slept in parts.
const LONGEST_SLEEP: f64 = 3600.0;

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
        self.after(self.speed)
    }

    /// The time by which waits are measured: that of [`Self::now`], but a clock that stands
    /// still goes on here at the machine's pace, since whoever waits must get on.
    #[must_use]
    pub fn waiting_time(&self) -> DateTime<Utc> {
        self.after(self.pace())
    }

    /// Waits for so long by this clock: a clock that runs faster waits shorter, one that stands
    /// still as long as the machine's.
    pub async fn sleep(&self, time: TimeDelta) {
        self.sleep_until(self.waiting_time() + time).await;
    }

    /// Waits until [`Self::waiting_time`] is this.
    pub async fn sleep_until(&self, time: DateTime<Utc>) {
        loop {
            let left = (time - self.waiting_time()).as_seconds_f64() / self.pace();
            if left <= 0.0 {
                return;
            }
            // At least a millisecond, which is as finely as the runtime wakes.
            tokio::time::sleep(Duration::from_secs_f64(left.clamp(0.001, LONGEST_SLEEP))).await;
        }
    }

    /// Seconds of this clock to a second of the machine's, never 0.
    #[must_use]
    pub fn pace(&self) -> f64 {
        if self.speed > 0.0 { self.speed } else { 1.0 }
    }

    fn after(&self, speed: f64) -> DateTime<Utc> {
        let elapsed = self.started.elapsed().as_secs_f64() * speed;
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

    #[tokio::test]
    async fn a_fast_clock_waits_shorter() {
        let clock = Clock::new(&ClockConfig {
            start: None,
            speed: 3600.0,
        });
        let (before, started) = (clock.now(), Instant::now());
        clock.sleep(TimeDelta::minutes(1)).await;
        assert!(clock.now() - before >= TimeDelta::minutes(1));
        assert!(started.elapsed() < Duration::from_secs(10));
    }

    #[tokio::test]
    async fn whoever_waits_by_a_standing_clock_gets_on() {
        let noon = "2024-05-26T12:00:00Z".parse().unwrap();
        let clock = Clock::standing(noon);
        clock.sleep(TimeDelta::milliseconds(5)).await;
        assert!(clock.waiting_time() - noon >= TimeDelta::milliseconds(5));
        assert_eq!(clock.now(), noon);
    }
}
