//! Starting replays and having one's way with them.

use chrono::{DateTime, TimeDelta, Utc};
use entities::{live_replay, race};
use sea_orm::{
    ActiveModelTrait, ActiveValue::Set, ColumnTrait, ConnectionTrait, EntityTrait, IntoActiveModel,
    PaginatorTrait, QueryFilter,
};

use super::{
    super::ingest::written,
    kept::{GRACE, Replay, Stored, find},
    playback::{Step, forget},
    recording::Recording,
};
use crate::{
    App, database,
    error::{Error, Result},
    event,
};

/// Seconds of the race to one of the clock, at most and at least.
const SPEEDS: std::ops::RangeInclusive<f64> = 0.1..=1000.0;

/// Times that a replay can be paused, moved and so on within the longest delay.
const MOST_STEPS: usize = 500;

/// What is to be replayed.
#[derive(Debug, Clone)]
pub struct Start {
    pub race: race::Model,
    /// Seconds of the race to one of the clock.
    pub speed: f64,
    pub from: Place,
    /// For whom it is counted: a user, or an address.
    pub owner: String,
}

/// A place in a race.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// Milliseconds since the start.
    Time(i64),
    /// Where the first of all cars begins this lap, from 1.
    Lap(i32),
}

/// Begins a replay for whoever is given its handle.
///
/// # Errors
/// When the race has no results, there are too many replays, or the database fails.
pub async fn start(app: &App, asked: Start) -> Result<Replay> {
    check_speed(asked.speed)?;
    let recording = Recording::of(app, &asked.race).await?;
    let ms = place(&recording, asked.from)?;
    let mut handle = [0_u8; 16];
    getrandom::fill(&mut handle).map_err(|error| Error::Internal(error.to_string()))?;
    let now = app.clock.waiting_time();
    let transaction = database::begin(&app.db).await?;
    // Counting and adding are one: who comes at the same time waits here.
    event::advance(&transaction, event::REPLAY, 0).await?;
    live_replay::Entity::delete_many()
        .filter(live_replay::Column::ExpiresAt.lt(now - GRACE))
        .exec(&transaction)
        .await?;
    make_room(app, &transaction, &asked.owner).await?;
    let row = live_replay::Model {
        handle: hex::encode(handle),
        race_id: asked.race.id,
        owner: asked.owner,
        steps: written(&[Step::first(&recording, now, ms, asked.speed)])?,
        stopped: false,
        started_at: now,
        expires_at: now + TimeDelta::minutes(app.config.live.replay_minutes),
    };
    live_replay::Entity::insert(row.clone().into_active_model())
        .exec_without_returning(&transaction)
        .await?;
    transaction.commit().await?;
    Stored::new(row, recording)?.seen(now)
}

/// Refuses when there are as many replays as there may be.
async fn make_room<C: ConnectionTrait>(app: &App, db: &C, owner: &str) -> Result<()> {
    let now = app.clock.waiting_time();
    let running = || {
        live_replay::Entity::find()
            .filter(live_replay::Column::Stopped.eq(false))
            .filter(live_replay::Column::ExpiresAt.gt(now))
    };
    let config = &app.config.live;
    if running().count(db).await? >= config.replays {
        return Err(Error::Unavailable(
            "the server has as many replays as it takes; try again later".to_owned(),
        ));
    }
    let own = running().filter(live_replay::Column::Owner.eq(owner));
    if own.count(db).await? >= config.replays_per_client {
        let most = config.replays_per_client;
        return Err(Error::Conflict(format!(
            "{most} replays are running for you already; stop one first"
        )));
    }
    Ok(())
}

/// Makes a replay stand.
///
/// # Errors
/// When there is none with this handle, or the database fails.
pub async fn pause(app: &App, handle: &str) -> Result<Replay> {
    change(app, handle, |recording, last, now| {
        Ok(last.changed(recording, now, false, last.speed))
    })
    .await
}

/// Makes a replay run, at another speed if one is given.
///
/// # Errors
/// When there is none with this handle, the speed cannot be, or the database fails.
pub async fn resume(app: &App, handle: &str, speed: Option<f64>) -> Result<Replay> {
    speed.map_or(Ok(()), check_speed)?;
    change(app, handle, move |recording, last, now| {
        Ok(last.changed(recording, now, true, speed.unwrap_or(last.speed)))
    })
    .await
}

/// Moves a replay, which goes on or stands there. Followers are told how the race stands there,
/// as after a gap.
///
/// # Errors
/// When there is none with this handle, the race has no such place, or the database fails.
pub async fn seek(app: &App, handle: &str, to: Place) -> Result<Replay> {
    change(app, handle, move |recording, last, now| {
        Ok(last.moved(recording, now, place(recording, to)?))
    })
    .await
}

/// Ends a replay and all that follow it.
///
/// # Errors
/// When there is none with this handle, or the database fails.
pub async fn stop(app: &App, handle: &str) -> Result<Replay> {
    find(app, handle).await?;
    let now = app.clock.waiting_time();
    let transaction = database::begin(&app.db).await?;
    event::advance(&transaction, event::REPLAY, 1).await?;
    let mut stored = Stored::find(app, &transaction, handle).await?;
    stored.row.stopped = true;
    let mut row = stored.row.clone().into_active_model();
    row.stopped = Set(true);
    row.update(&transaction).await?;
    transaction.commit().await?;
    app.bus.told();
    stored.seen(now)
}

async fn change(
    app: &App,
    handle: &str,
    next: impl FnOnce(&Recording, &Step, DateTime<Utc>) -> Result<Step> + Send,
) -> Result<Replay> {
    // Before the transaction: a recording that has to be made takes its time.
    find(app, handle).await?;
    let transaction = database::begin(&app.db).await?;
    event::advance(&transaction, event::REPLAY, 1).await?;
    let mut stored = Stored::find(app, &transaction, handle).await?;
    if stored.row.stopped {
        return Err(Error::Conflict("the replay has been stopped".to_owned()));
    }
    let last = *stored.last()?;
    // Never before the step before, should two processes have clocks of their own.
    let now = app.clock.waiting_time().max(last.at);
    let delay = TimeDelta::seconds(app.config.live.max_delay_seconds.into());
    forget(&mut stored.steps, now - delay);
    if stored.steps.len() >= MOST_STEPS {
        return Err(Error::Conflict(
            "the replay was changed too often; wait a little".to_owned(),
        ));
    }
    stored.steps.push(next(&stored.recording, &last, now)?);
    let mut row = stored.row.clone().into_active_model();
    row.steps = Set(written(&stored.steps)?);
    row.update(&transaction).await?;
    transaction.commit().await?;
    app.bus.told();
    stored.seen(now)
}

fn check_speed(speed: f64) -> Result<()> {
    if SPEEDS.contains(&speed) {
        return Ok(());
    }
    let (least, most) = (SPEEDS.start(), SPEEDS.end());
    Err(Error::BadInput(format!(
        "a speed of {speed}, expected one from {least} to {most}"
    )))
}

fn place(recording: &Recording, place: Place) -> Result<i64> {
    let length = recording.length();
    let found = match place {
        Place::Time(ms) => (0..=length).contains(&ms).then_some(ms),
        Place::Lap(lap) => {
            let index = usize::try_from(lap).ok().and_then(|lap| lap.checked_sub(1));
            index.and_then(|index| recording.laps.get(index).copied())
        }
    };
    found.ok_or_else(|| {
        let laps = recording.laps.len();
        Error::BadInput(format!(
            "no such place in this race, which has {laps} laps and lasts {length} ms"
        ))
    })
}
