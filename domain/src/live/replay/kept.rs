//! Replays as they are kept: where one is, and what its followers are told.

use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};
use entities::{live_replay, race};
use sea_orm::{ConnectionTrait, EntityTrait};

use super::{
    super::{
        follow::{Head, Reason, Segment, Told},
        ingest::read,
    },
    playback::{Step, step_at},
    recording::Recording,
};
use crate::{
    App,
    error::{Error, Result},
};

/// What stands before a handle where races can be named too.
pub const PREFIX: &str = "Replay:";

/// A replay that has expired is kept so much longer, so that those who follow it are told that it
/// is over.
pub(in super::super) const GRACE: TimeDelta = TimeDelta::minutes(10);

/// A replay and where it is.
#[derive(Debug, Clone)]
pub struct Replay {
    pub handle: String,
    pub race: race::Model,
    pub speed: f64,
    pub playing: bool,
    /// Nobody can follow it any more.
    pub stopped: bool,
    /// Milliseconds since the start.
    pub ms: i64,
    /// The lap that the first of all cars is in.
    pub lap: usize,
    /// Milliseconds from the start to the classification.
    pub length_ms: i64,
    /// The laps are made up.
    pub synthetic: bool,
    pub expires_at: DateTime<Utc>,
}

/// A replay as it is stored.
pub(super) struct Stored {
    pub(super) row: live_replay::Model,
    pub(super) steps: Vec<Step>,
    pub(super) recording: Arc<Recording>,
}

/// Where a replay is.
///
/// # Errors
/// When there is none with this handle, or the database fails.
pub async fn look(app: &App, handle: &str) -> Result<Replay> {
    let stored = Stored::find(app, &app.db, handle).await?;
    stored.seen(app.clock.waiting_time())
}

/// Finds out whether there is a replay.
///
/// # Errors
/// When there is none, or the database fails.
pub async fn find(app: &App, handle: &str) -> Result<()> {
    Stored::find(app, &app.db, handle).await.map(drop)
}

/// How far a follower may read.
///
/// # Errors
/// When the replay is no more, or the database fails.
pub async fn head(app: &App, handle: &str, delay: TimeDelta) -> Result<Head> {
    let stored = Stored::kept(app, &app.db, handle).await?;
    let (now, recording) = (app.clock.waiting_time(), &stored.recording);
    let then = now - delay;
    let (index, step) = step_at(&stored.steps, then).ok_or_else(no_steps)?;
    let sequence = step.sequence(recording, then);
    let due = recording
        .told_at(sequence - step.shift + 1)
        .and_then(|ms| step.until(then, ms));
    let later = stored.steps.get(index + 1).map(|next| next.at - then);
    // What comes together is told together.
    let tick = TimeDelta::milliseconds(app.config.live.replay_tick_milliseconds);
    let next = due.into_iter().chain(later).min();
    let at_end = sequence - step.shift >= recording.tape.end() && later.is_none();
    let left = stored.row.expires_at - now;
    Ok(Head {
        sequence,
        next: Some(next.unwrap_or(left).max(tick).min(left.max(tick))),
        ended: stored.over(now) || at_end,
    })
}

/// What a follower is told.
///
/// # Errors
/// When the replay is no more, or the database fails.
pub async fn told(app: &App, handle: &str, after: Option<i64>, until: i64) -> Result<Told> {
    let stored = Stored::kept(app, &app.db, handle).await?;
    let recording = &stored.recording;
    let segment = stored.steps.iter().rev().find(|step| step.first <= until);
    let segment = segment.or(stored.steps.first()).ok_or_else(no_steps)?;
    let segment = Segment {
        first: segment.first,
        shift: segment.shift,
        before: Reason::Moved,
    };
    let at_end = until - segment.shift >= recording.tape.end();
    let over = stored.over(app.clock.waiting_time()) || at_end;
    Ok(segment.told(
        app,
        &recording.tape,
        after,
        until,
        over,
        recording.synthetic,
    ))
}

impl Stored {
    pub(super) fn new(row: live_replay::Model, recording: Arc<Recording>) -> Result<Self> {
        Ok(Self {
            steps: read(&row.steps)?,
            row,
            recording,
        })
    }

    /// One that goes on.
    pub(super) async fn find<C: ConnectionTrait>(app: &App, db: &C, handle: &str) -> Result<Self> {
        let stored = Self::kept(app, db, handle).await?;
        if stored.row.expires_at > app.clock.waiting_time() {
            return Ok(stored);
        }
        Err(gone())
    }

    /// One that goes on or has been over for a short while.
    async fn kept<C: ConnectionTrait>(app: &App, db: &C, handle: &str) -> Result<Self> {
        let handle = handle.strip_prefix(PREFIX).unwrap_or(handle);
        let row = live_replay::Entity::find_by_id(handle.to_owned())
            .one(db)
            .await?;
        let row = row.ok_or_else(gone)?;
        let held = app.live.recordings.get(&row.race_id).await;
        let recording = if let Some(recording) = held {
            recording
        } else {
            let race = race::Entity::find_by_id(row.race_id).one(db).await?;
            Recording::of(app, &race.ok_or_else(gone)?).await?
        };
        Self::new(row, recording)
    }

    /// Whether nothing follows, wherever in the race it is.
    fn over(&self, now: DateTime<Utc>) -> bool {
        self.row.stopped || self.row.expires_at <= now
    }

    pub(super) fn last(&self) -> Result<&Step> {
        self.steps.last().ok_or_else(no_steps)
    }

    pub(super) fn seen(self, now: DateTime<Utc>) -> Result<Replay> {
        let step = *self.last()?;
        let length_ms = self.recording.length();
        let ms = step.place(now, length_ms);
        Ok(Replay {
            handle: self.row.handle,
            race: self.recording.tape.race.clone(),
            speed: step.speed,
            playing: step.playing && !self.row.stopped,
            stopped: self.row.stopped,
            ms,
            lap: self.recording.lap_at(ms),
            length_ms,
            synthetic: self.recording.synthetic,
            expires_at: self.row.expires_at,
        })
    }
}

fn gone() -> Error {
    Error::NotFound("there is no such replay, or no longer".to_owned())
}

fn no_steps() -> Error {
    Error::Internal("a replay without steps".to_owned())
}
