//! Following a race, live or replayed: how far a follower may read by now, and what it is told
//! of a stretch of events.

use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};
use entities::race::{self, Status};

use super::{
    board::Board,
    change::Event,
    ingest::stream,
    replay,
    setting::Setting,
    standings::{LiveStandings, SeasonSoFar},
    tape::{Tape, up_to_date},
};
use crate::{
    App,
    error::{Error, Result},
    event, season,
};

pub use crate::feed::{Missed, Reason};

/// What is followed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Source {
    /// A race as it is run.
    Race(race::Model),
    /// A replay, by its handle.
    Replay(String),
}

/// How far followers may read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Head {
    pub sequence: i64,
    /// By the clock, the time until more may be read although nobody says so; none when somebody
    /// will say so on the source's stream.
    pub next: Option<TimeDelta>,
    /// Nothing follows.
    pub ended: bool,
}

/// What a follower is told.
#[derive(Debug, Clone)]
pub struct Told {
    /// All up to here has been told now.
    pub sequence: i64,
    pub gap: Option<Missed>,
    /// For who begins, or begins anew after a gap.
    pub snapshot: Option<Snapshot>,
    /// Each with its sequence.
    pub events: Vec<(i64, Arc<Event>)>,
    /// Nothing follows.
    pub ended: bool,
}

/// How a race stands.
#[derive(Debug, Clone)]
pub struct Snapshot {
    pub sequence: i64,
    pub race: race::Model,
    pub setting: Arc<Setting>,
    pub board: Arc<Board>,
    /// The time of the latest event, as the feed gives it.
    pub at: Option<DateTime<Utc>>,
    /// The laps are made up.
    pub synthetic: bool,
    season: Arc<SeasonSoFar>,
}

impl Snapshot {
    /// Both championships as they would be if the race ended now.
    #[must_use]
    pub fn standings(&self) -> LiveStandings {
        self.season.with(&self.setting, &self.board)
    }

    pub(super) fn of(tape: &Tape, index: i64, sequence: i64, synthetic: bool) -> Self {
        Self {
            sequence,
            race: tape.race.clone(),
            setting: Arc::clone(&tape.setting),
            board: tape.board(index),
            at: tape.event(index).map(|event| event.at),
            synthetic,
            season: Arc::clone(&tape.season),
        }
    }
}

impl Source {
    /// What a client names: `2024_monaco`, `Race:2024_monaco`, or `Replay:` and a handle.
    ///
    /// # Errors
    /// When there is no such thing, or the database fails.
    pub async fn find(app: &App, text: &str) -> Result<Self> {
        let source = Self::followed(app, text).await?;
        if let Self::Replay(handle) = &source {
            replay::find(app, handle).await?;
        }
        Ok(source)
    }

    /// The same for who follows it already, and is still to be told that a replay is over.
    ///
    /// # Errors
    /// As [`Self::find`].
    pub async fn followed(app: &App, text: &str) -> Result<Self> {
        if let Some(handle) = text.strip_prefix(replay::PREFIX) {
            return Ok(Self::Replay(handle.to_owned()));
        }
        let reference = match text.split_once(':') {
            Some(("Race", reference)) => reference,
            Some(_) => {
                let expected = "expected a race or a replay";
                return Err(Error::BadInput(format!("{text:?} is neither: {expected}")));
            }
            None => text,
        };
        let race = season::race(&app.db, reference).await?;
        race.map(Self::Race)
            .ok_or_else(|| Error::NotFound(format!("there is no race {reference:?}")))
    }

    /// The stream on which it is said that there may be more.
    #[must_use]
    pub fn stream(&self) -> String {
        match self {
            Self::Race(race) => stream(race),
            Self::Replay(_) => event::REPLAY.to_owned(),
        }
    }
}

/// How far a follower may read who is told everything so much later.
///
/// # Errors
/// When the database fails, or the replay is no more.
pub async fn head(app: &App, source: &Source, delay: TimeDelta) -> Result<Head> {
    let race = match source {
        Source::Replay(handle) => return replay::head(app, handle, delay).await,
        Source::Race(race) => race,
    };
    let tape = up_to_date(app, race).await?;
    let now = app.clock.now();
    let sequence = if delay > TimeDelta::zero() {
        tape.told_by(now - delay)
    } else {
        tape.end()
    };
    let next = tape.event(sequence + 1);
    Ok(Head {
        sequence,
        next: next.map(|event| event.told_at + delay - now),
        ended: sequence == tape.end() && (tape.finished() || is_past(&tape)),
    })
}

/// How what is followed stands.
///
/// # Errors
/// When the database fails, or the replay is no more.
pub async fn snapshot(app: &App, source: &Source) -> Result<Snapshot> {
    let head = head(app, source, TimeDelta::zero()).await?;
    let told = told(app, source, None, head.sequence).await?;
    told.snapshot
        .ok_or_else(|| Error::Internal("who asks for all is told of no state".to_owned()))
}

/// A race that nobody has followed and that is over.
fn is_past(tape: &Tape) -> bool {
    tape.end() == 0 && matches!(tape.race.status, Status::Completed | Status::Cancelled)
}

/// What a follower is told that has been told all up to `after`, or nothing yet, so that it has
/// been told all up to `until`.
///
/// # Errors
/// When the database fails, or the replay is no more.
pub async fn told(app: &App, source: &Source, after: Option<i64>, until: i64) -> Result<Told> {
    match source {
        Source::Replay(handle) => replay::told(app, handle, after, until).await,
        Source::Race(race) => {
            let tape = up_to_date(app, race).await?;
            let ended = until >= tape.end() && (tape.finished() || is_past(&tape));
            let whole = Segment {
                first: tape.base(),
                shift: 0,
                before: Reason::Forgotten,
            };
            Ok(whole.told(app, &tape, after, until, ended, false))
        }
    }
}

/// A stretch of a tape as its followers number it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Segment {
    /// The sequence that it begins after.
    pub(super) first: i64,
    /// Sequences of followers are so much larger than the tape's.
    pub(super) shift: i64,
    /// Why what was before cannot be told.
    pub(super) before: Reason,
}

impl Segment {
    pub(super) fn told(
        &self,
        app: &App,
        tape: &Tape,
        after: Option<i64>,
        until: i64,
        ended: bool,
        synthetic: bool,
    ) -> Told {
        let missed = after.and_then(|after| self.missed(app, after, until));
        let snapshot = (after.is_none() || missed.is_some())
            .then(|| Snapshot::of(tape, until - self.shift, until, synthetic));
        let events = match after.filter(|_| missed.is_none()) {
            Some(after) => tape.between(after - self.shift, until - self.shift),
            None => &[],
        };
        let numbered = |event: &Arc<Event>| (event.sequence + self.shift, Arc::clone(event));
        Told {
            sequence: until,
            gap: missed,
            snapshot,
            events: events.iter().map(numbered).collect(),
            ended,
        }
    }

    fn missed(&self, app: &App, after: i64, until: i64) -> Option<Missed> {
        let most = i64::try_from(app.config.live.resume_events).unwrap_or(i64::MAX);
        let (from, to, reason) = if after > until {
            (until + 1, after, Reason::Unknown)
        } else if after < self.first {
            (after + 1, until, self.before)
        } else if until - after > most {
            (after + 1, until, Reason::TooMany)
        } else {
            return None;
        };
        Some(Missed { from, to, reason })
    }
}
