//! The events of a race in memory: by sequence and by the time they were told, with the state of
//! the race at any of them. A process reads each event once, however many follow the race.

use std::{sync::Arc, time::Duration};

use chrono::{DateTime, Utc};
use entities::{live_event, live_race, race};
use moka::{future::Cache as Shared, sync::Cache};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder};
use tokio::sync::{Mutex, OwnedMappedMutexGuard, OwnedMutexGuard};

use super::{
    board::Board,
    change::{Change, Event},
    ingest::{read, stream},
    replay::Recording,
    setting::Setting,
    standings::SeasonSoFar,
};
use crate::{
    App,
    error::{Error, Result},
};

/// A tape that is held.
pub(super) type Held = OwnedMappedMutexGuard<Option<Tape>, Tape>;

/// Events between two kept boards.
const BETWEEN_BOARDS: usize = 512;

/// Races, and replays, that are held at the same time.
const RACES: u64 = 16;

/// A race that nobody asks for is forgotten after this time.
const IDLE: Duration = Duration::from_mins(10);

/// Later corrections of a past race are seen in replays that begin after this time.
const RECORDING_LIVES: Duration = Duration::from_mins(15);

/// The races that somebody follows in this process.
pub struct Live {
    tapes: Cache<i32, Arc<Mutex<Option<Tape>>>>,
    pub(super) recordings: Shared<i32, Arc<Recording>>,
}

impl Default for Live {
    fn default() -> Self {
        Self {
            tapes: Cache::builder()
                .max_capacity(RACES)
                .time_to_idle(IDLE)
                .build(),
            recordings: Shared::builder()
                .max_capacity(RACES)
                .time_to_live(RECORDING_LIVES)
                .build(),
        }
    }
}

/// The events of a race from some sequence on.
#[derive(Debug, Clone)]
pub struct Tape {
    pub race: race::Model,
    pub setting: Arc<Setting>,
    pub season: Arc<SeasonSoFar>,
    /// Sequence of the last event that is not here.
    base: i64,
    events: Vec<Arc<Event>>,
    /// After none, `BETWEEN_BOARDS`, twice as many events …
    boards: Vec<Board>,
    last: Arc<Board>,
}

impl Tape {
    /// A tape that begins after a sequence with a board.
    #[must_use]
    pub fn new(
        race: race::Model,
        setting: Arc<Setting>,
        season: Arc<SeasonSoFar>,
        base: i64,
        board: Board,
    ) -> Self {
        Self {
            race,
            setting,
            season,
            base,
            events: Vec::new(),
            boards: vec![board.clone()],
            last: Arc::new(board),
        }
    }

    /// Takes the next event.
    pub fn push(&mut self, event: Event) {
        let board = Arc::make_mut(&mut self.last);
        board.apply(&event.change);
        self.events.push(Arc::new(event));
        if self.events.len().is_multiple_of(BETWEEN_BOARDS) {
            self.boards.push(board.clone());
        }
    }

    /// Sequence of the last event that is not here.
    #[must_use]
    pub fn base(&self) -> i64 {
        self.base
    }

    /// Sequence of the last event.
    #[must_use]
    pub fn end(&self) -> i64 {
        self.base + i64::try_from(self.events.len()).unwrap_or(i64::MAX)
    }

    /// Whether it ends with the order after the flag.
    #[must_use]
    pub fn finished(&self) -> bool {
        self.last.finished()
    }

    /// The last sequence that had been told at a time.
    #[must_use]
    pub fn told_by(&self, time: DateTime<Utc>) -> i64 {
        let told = self.events.partition_point(|event| event.told_at <= time);
        self.base + i64::try_from(told).unwrap_or(i64::MAX)
    }

    /// The event of a sequence.
    #[must_use]
    pub fn event(&self, sequence: i64) -> Option<&Arc<Event>> {
        self.events.get(self.index(sequence).checked_sub(1)?)
    }

    /// Events after a sequence up to another.
    #[must_use]
    pub fn between(&self, after: i64, until: i64) -> &[Arc<Event>] {
        let until = self.index(until);
        &self.events[self.index(after).min(until)..until]
    }

    /// The state after the event of a sequence.
    #[must_use]
    pub fn board(&self, sequence: i64) -> Arc<Board> {
        let index = self.index(sequence);
        if index == self.events.len() {
            return Arc::clone(&self.last);
        }
        let kept = index / BETWEEN_BOARDS;
        let mut board = self.boards[kept].clone();
        for event in &self.events[kept * BETWEEN_BOARDS..index] {
            board.apply(&event.change);
        }
        Arc::new(board)
    }

    /// Number of events up to a sequence.
    fn index(&self, sequence: i64) -> usize {
        let index = usize::try_from(sequence - self.base).unwrap_or(0);
        index.min(self.events.len())
    }
}

/// The tape of a live race with all events that were committed when this was called. While it is
/// held nobody else reads.
///
/// # Errors
/// When the database fails.
pub(super) async fn up_to_date(app: &App, race: &race::Model) -> Result<Held> {
    let tape = app.live.tapes.get_with(race.id, Arc::default);
    let mut tape = tape.lock_owned().await;
    // What this process has heard of is here; it will hear of what is not.
    let head = app.bus.head(&stream(race));
    let current = tape
        .as_ref()
        .is_some_and(|tape| head.is_some_and(|head| tape.end() >= head));
    if !current {
        let read_on = read_on(app, race, tape.take()).await?;
        *tape = Some(read_on);
    }
    OwnedMutexGuard::try_map(tape, Option::as_mut)
        .map_err(|_| Error::Internal("a tape is missing that was just read".to_owned()))
}

async fn read_on(app: &App, race: &race::Model, known: Option<Tape>) -> Result<Tape> {
    let row = live_race::Entity::find_by_id(race.id).one(&app.db).await?;
    let base = row.as_ref().map_or(0, |row| row.base_sequence);
    let setting = match &row {
        Some(row) => read(&row.setting)?,
        None => Setting::default(),
    };
    let mut tape = if let Some(tape) = known.filter(|tape| tape.end() >= base) {
        tape
    } else {
        let mut board = Board::default();
        for change in row.map_or(Ok(Vec::new()), |row| read::<Vec<Change>>(&row.base))? {
            board.apply(&change);
        }
        let season = Arc::new(SeasonSoFar::read(&app.db, race).await?);
        Tape::new(race.clone(), Arc::default(), season, base, board)
    };
    tape.setting = Arc::new(setting);
    let rows = live_event::Entity::find()
        .filter(live_event::Column::RaceId.eq(race.id))
        .filter(live_event::Column::Sequence.gt(tape.end()))
        .order_by_asc(live_event::Column::Sequence)
        .all(&app.db)
        .await?;
    for row in rows {
        tape.push(Event {
            sequence: row.sequence,
            at: row.at,
            told_at: row.told_at,
            driver_id: row.driver_id,
            change: read(&row.body)?,
        });
    }
    Ok(tape)
}
