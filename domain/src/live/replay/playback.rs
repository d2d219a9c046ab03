//! Where a replay is at a time.

use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};

use super::recording::Recording;

/// From a time on a replay runs so fast from there, or stands.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Step {
    pub at: DateTime<Utc>,
    /// Place in the race, ms since the start.
    pub ms: i64,
    /// Seconds of the race to one of the clock.
    pub speed: f64,
    pub playing: bool,
    /// Sequence at which the replay was last moved; what follows goes on from there.
    pub first: i64,
    /// Sequences of followers are so much larger than those of the recording.
    pub shift: i64,
}

impl Step {
    /// The first step of a replay.
    #[must_use]
    pub fn first(recording: &Recording, now: DateTime<Utc>, ms: i64, speed: f64) -> Self {
        Self {
            at: now,
            ms,
            speed,
            playing: true,
            first: recording.told_by(ms),
            shift: 0,
        }
    }

    /// Place in the race at a time, ms since the start.
    #[must_use]
    pub fn place(&self, now: DateTime<Utc>, length: i64) -> i64 {
        if !self.playing {
            return self.ms;
        }
        let passed = (now - self.at).num_milliseconds().max(0);
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_precision_loss,
            reason = "ms of at most some days"
        )]
        let run = (passed as f64 * self.speed) as i64;
        self.ms.saturating_add(run).min(length)
    }

    /// The sequence that followers have got to at a time.
    #[must_use]
    pub fn sequence(&self, recording: &Recording, now: DateTime<Utc>) -> i64 {
        let place = self.place(now, recording.length());
        (recording.told_by(place) + self.shift).max(self.first)
    }

    /// The clock's time until the race is at a place; none when it stands.
    #[must_use]
    pub fn until(&self, now: DateTime<Utc>, ms: i64) -> Option<TimeDelta> {
        if !self.playing || self.speed <= 0.0 {
            return None;
        }
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_precision_loss,
            reason = "ms of at most some days"
        )]
        let wait = ((ms - self.ms) as f64 / self.speed).ceil() as i64;
        Some(self.at + TimeDelta::milliseconds(wait) - now)
    }

    /// The same place, standing or running.
    #[must_use]
    pub fn changed(
        &self,
        recording: &Recording,
        now: DateTime<Utc>,
        playing: bool,
        speed: f64,
    ) -> Self {
        Self {
            at: now,
            ms: self.place(now, recording.length()),
            speed,
            playing,
            ..*self
        }
    }

    /// Another place. Sequences go on from what followers have got to, though the race goes back.
    #[must_use]
    pub fn moved(&self, recording: &Recording, now: DateTime<Utc>, ms: i64) -> Self {
        let first = self.sequence(recording, now) + 1;
        Self {
            at: now,
            ms,
            first,
            shift: first - recording.told_by(ms),
            ..*self
        }
    }
}

/// The step that holds at a time: the latest that has begun, or the first of all.
#[must_use]
pub fn step_at(steps: &[Step], time: DateTime<Utc>) -> Option<(usize, &Step)> {
    let begun = steps.partition_point(|step| step.at <= time);
    let index = begun.saturating_sub(1);
    Some((index, steps.get(index)?))
}

/// Forgets steps that not even the most delayed follower is at any more.
pub fn forget(steps: &mut Vec<Step>, before: DateTime<Utc>) {
    let begun = steps.partition_point(|step| step.at <= before);
    steps.drain(..begun.saturating_sub(1));
}
