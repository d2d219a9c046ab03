//! Leaves a host alone after too many failures in a row.

use chrono::{DateTime, TimeDelta, Utc};

/// What became of the latest tries.
#[derive(Debug, Default)]
pub(super) struct Breaker {
    failures: u32,
    /// Left alone until then, and why.
    open: Option<(DateTime<Utc>, String)>,
}

impl Breaker {
    /// Until when the host is left alone, and why; `None` if it may be asked.
    pub(super) fn open(&self, now: DateTime<Utc>) -> Option<(DateTime<Utc>, &str)> {
        let (until, why) = self.open.as_ref()?;
        (now < *until).then_some((*until, why))
    }

    /// Takes note of a failed try; after so many in a row the host gets its rest. When that is
    /// over one more failure is enough.
    pub(super) fn failed(&mut self, now: DateTime<Utc>, most: u32, rest: TimeDelta, why: &str) {
        self.failures = self.failures.saturating_add(1);
        if self.failures >= most {
            self.open = Some((now + rest, why.to_owned()));
        }
    }

    /// Takes note of an answer.
    pub(super) fn answered(&mut self) {
        *self = Self::default();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_host_that_fails_and_fails_is_left_alone_for_a_while() {
        let start: DateTime<Utc> = "2024-05-26T12:00:00Z".parse().unwrap();
        let rest = TimeDelta::minutes(5);
        let mut breaker = Breaker::default();
        for _ in 0..2 {
            breaker.failed(start, 3, rest, "reset");
            assert_eq!(breaker.open(start), None);
        }
        breaker.failed(start, 3, rest, "reset");
        assert_eq!(breaker.open(start), Some((start + rest, "reset")));
        assert_eq!(breaker.open(start + rest), None);
        breaker.failed(start + rest, 3, rest, "reset again");
        assert!(breaker.open(start + rest).is_some());
        breaker.answered();
        assert_eq!(breaker.open(start + rest), None);
    }
}
