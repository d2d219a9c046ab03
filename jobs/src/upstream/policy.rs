//! How long is waited for a service, how often and when it is asked again. Pure sums.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};

/// What holds for requests to every service. The clock is that of the application, except for
/// the two time-outs, which are about the machine's network.
#[derive(Debug, Clone)]
pub struct Policy {
    /// For a connection, with TLS.
    pub connect_timeout: Duration,
    /// For a try as a whole, the body too.
    pub total_timeout: Duration,
    /// Tries of one request, the first among them.
    pub tries: u32,
    /// Pause after the first failed try; it doubles with each.
    pub first_pause: TimeDelta,
    /// Longest wait that a service may ask for.
    pub longest_wait: TimeDelta,
    /// Longest answer in bytes, unpacked.
    pub max_body: usize,
    /// Failed tries in a row after which the host is left alone.
    pub failures: u32,
    /// For how long.
    pub rest: TimeDelta,
}

impl Default for Policy {
    fn default() -> Self {
        Self {
            connect_timeout: Duration::from_secs(10),
            total_timeout: Duration::from_secs(30),
            tries: 5,
            first_pause: TimeDelta::seconds(1),
            longest_wait: TimeDelta::hours(1),
            max_body: 8 * 1024 * 1024,
            failures: 5,
            rest: TimeDelta::minutes(5),
        }
    }
}

impl Policy {
    /// Pause after so many failed tries: 1, 2, 4, 8 s …, each longer by up to a half, so that
    /// those who failed together do not come again together. `chance` is from 0 to 1.
    #[must_use]
    pub fn pause(&self, failed: u32, chance: f64) -> TimeDelta {
        let doubled = 2_i32.saturating_pow(failed.saturating_sub(1)).min(1 << 16);
        stretched(self.first_pause * doubled, chance)
    }

    /// Pause that a service asked for, a little longer for the same reason.
    #[must_use]
    pub fn asked_for(&self, wait: TimeDelta, chance: f64) -> TimeDelta {
        wait + stretched(self.first_pause, chance) - self.first_pause
    }
}

fn stretched(pause: TimeDelta, chance: f64) -> TimeDelta {
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_precision_loss,
        reason = "milliseconds of some hours at most"
    )]
    let more = (pause.num_milliseconds() as f64 * chance / 2.0) as i64;
    pause + TimeDelta::milliseconds(more)
}

/// How long a `Retry-After` asks to wait: seconds, or a date (RFC 9110, 10.2.3), which is held
/// against the clock of the service. `None` if it is neither.
#[must_use]
pub fn retry_after(header: &str, now: DateTime<Utc>) -> Option<TimeDelta> {
    let header = header.trim();
    if header.bytes().all(|byte| byte.is_ascii_digit()) {
        return TimeDelta::try_seconds(header.parse().ok()?);
    }
    let at = http_date(header)?;
    Some((at - now).max(TimeDelta::zero()))
}

/// A date of a header: `Sun, 26 May 2024 13:00:00 GMT`.
#[must_use]
pub fn http_date(text: &str) -> Option<DateTime<Utc>> {
    let date = DateTime::parse_from_rfc2822(text.trim()).ok()?;
    Some(date.with_timezone(&Utc))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_double_and_are_longer_by_half_at_most() {
        let policy = Policy::default();
        for (failed, seconds) in [(1, 1), (2, 2), (3, 4), (4, 8)] {
            let shortest = TimeDelta::seconds(seconds);
            assert_eq!(policy.pause(failed, 0.0), shortest);
            assert_eq!(policy.pause(failed, 1.0), shortest * 3 / 2);
        }
        assert!(policy.pause(u32::MAX, 1.0) > TimeDelta::zero());
    }

    #[test]
    fn a_wait_that_was_asked_for_is_never_cut_short() {
        let policy = Policy::default();
        let wait = TimeDelta::seconds(30);
        assert_eq!(policy.asked_for(wait, 0.0), wait);
        assert!(policy.asked_for(wait, 1.0) > wait);
    }

    #[test]
    fn retry_after_is_seconds_or_a_date() {
        let now = "2024-05-26T12:59:30Z".parse().unwrap();
        for (header, seconds) in [
            ("120", Some(120)),
            (" 0 ", Some(0)),
            ("Sun, 26 May 2024 13:00:00 GMT", Some(30)),
            ("Sun, 26 May 2024 12:00:00 GMT", Some(0)),
            ("soon", None),
            ("-3", None),
            ("99999999999999999999", None),
        ] {
            assert_eq!(
                retry_after(header, now),
                seconds.map(TimeDelta::seconds),
                "{header}"
            );
        }
    }
}
