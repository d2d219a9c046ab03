//! A past race as a tape: made once, however many replay it.

use std::sync::Arc;

use chrono::{DateTime, NaiveTime, TimeDelta, Utc};
use entities::{lap, pit_stop, race, race_control, result, session::Kind, stint, weather};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder};

use super::{
    super::{
        board::Board, change::Event, fold::Fold, record::Record, standings::SeasonSoFar, tape::Tape,
    },
    synthetic,
    timeline::{self, Said},
};
use crate::{
    App,
    error::{Error, Result},
};

/// Records of so many ms of the race are taken in together.
const TOGETHER: i64 = 250;

/// Start of a race whose time of day is not known.
const AFTERNOON: (u32, u32) = (14, 0);

/// A past race from its start to its classification.
#[derive(Debug)]
pub struct Recording {
    pub tape: Tape,
    pub start: DateTime<Utc>,
    /// The laps are made up.
    pub synthetic: bool,
    /// When the first of all cars began each lap, ms since the start.
    pub laps: Vec<i64>,
}

/// What is stored of a race.
pub struct Stored {
    pub race: race::Model,
    /// In order of classification.
    pub results: Vec<result::Model>,
    pub laps: Vec<lap::Model>,
    pub stops: Vec<pit_stop::Model>,
    pub stints: Vec<stint::Model>,
    pub control: Vec<race_control::Model>,
    pub weather: Option<weather::Model>,
}

impl Recording {
    /// The recording of a race, made by the first who asks.
    ///
    /// # Errors
    /// When the race has no results, or the database fails.
    pub async fn of(app: &App, race: &race::Model) -> Result<Arc<Self>> {
        let work = async {
            let stored = Stored::read(app, race).await?;
            if stored.results.iter().all(|row| row.laps == 0) {
                let reason = "has no results yet, so that there is nothing to replay";
                return Err(Error::Conflict(format!("{} {reason}", race.reference)));
            }
            let season = Arc::new(SeasonSoFar::read(&app.db, race).await?);
            // Seconds of work for a long race: not on a thread that serves others.
            tokio::task::spawn_blocking(move || Arc::new(Self::make(stored, season)))
                .await
                .map_err(|error| Error::Internal(error.to_string()))
        };
        let made = app.live.recordings.try_get_with(race.id, work).await;
        made.map_err(|error: Arc<Error>| (*error).clone())
    }

    fn make(mut stored: Stored, season: Arc<SeasonSoFar>) -> Self {
        let start = start(&stored.race);
        let synthetic = stored
            .laps
            .iter()
            .all(|lap| lap.end_ms.or(lap.time_ms).is_none());
        if synthetic {
            synthetic::make_up(&mut stored);
        }
        let line = timeline::of(&stored);
        let setting = Arc::new(line.setting);
        let mut fold = Fold::new((*setting).clone());
        let mut tape = Tape::new(
            stored.race,
            Arc::clone(&setting),
            season,
            0,
            Board::default(),
        );
        let mut said = line.said.into_iter().peekable();
        while let Some(first) = said.next() {
            let until = first.ms + TOGETHER;
            let mut now = vec![first];
            while let Some(next) = said.next_if(|next| next.ms < until) {
                now.push(next);
            }
            let told_at = now.last().map_or(until, |last| last.ms);
            let records = now.into_iter().map(|Said { ms, said }| Record {
                at: start + TimeDelta::milliseconds(ms),
                said,
            });
            for dated in fold.take(records).changes {
                let number = dated.change.number();
                let starter = number.and_then(|number| setting.cars.get(&number));
                tape.push(Event {
                    sequence: tape.end() + 1,
                    at: dated.at,
                    told_at: start + TimeDelta::milliseconds(told_at),
                    driver_id: starter.map(|starter| starter.driver_id),
                    change: dated.change,
                });
            }
        }
        Self {
            tape,
            start,
            synthetic,
            laps: line.laps,
        }
    }

    /// The last sequence told by a place in the race, ms since the start.
    #[must_use]
    pub fn told_by(&self, ms: i64) -> i64 {
        self.tape.told_by(self.start + TimeDelta::milliseconds(ms))
    }

    /// When the event of a sequence is told, ms since the start.
    #[must_use]
    pub fn told_at(&self, sequence: i64) -> Option<i64> {
        let event = self.tape.event(sequence)?;
        Some((event.told_at - self.start).num_milliseconds())
    }

    /// From the start to the last event, ms.
    #[must_use]
    pub fn length(&self) -> i64 {
        self.told_at(self.tape.end()).unwrap_or(0)
    }

    /// The lap that the first of all cars is in at a place; from 1.
    #[must_use]
    pub fn lap_at(&self, ms: i64) -> usize {
        self.laps.partition_point(|start| *start <= ms).max(1)
    }
}

/// The start of a race, as far as it is known.
pub(super) fn start(race: &race::Model) -> DateTime<Utc> {
    let (hour, minute) = AFTERNOON;
    let afternoon = NaiveTime::from_hms_opt(hour, minute, 0).unwrap_or_default();
    let unknown = || race.date.and_time(afternoon).and_utc();
    race.starts_at.unwrap_or_else(unknown)
}

impl Stored {
    async fn read(app: &App, race: &race::Model) -> Result<Self> {
        let db = &app.db;
        macro_rules! rows {
            ($table:ident, $order:ident) => {
                $table::Entity::find()
                    .filter($table::Column::RaceId.eq(race.id))
                    .order_by_asc($table::Column::$order)
            };
        }
        Ok(Self {
            race: race.clone(),
            results: rows!(result, PositionOrder)
                .filter(result::Column::Session.eq(Kind::Race))
                .order_by_asc(result::Column::Id)
                .all(db)
                .await?,
            laps: rows!(lap, DriverId)
                .order_by_asc(lap::Column::Lap)
                .all(db)
                .await?,
            stops: rows!(pit_stop, DriverId)
                .order_by_asc(pit_stop::Column::Stop)
                .all(db)
                .await?,
            stints: rows!(stint, DriverId)
                .order_by_asc(stint::Column::Stint)
                .all(db)
                .await?,
            control: rows!(race_control, FromLap).all(db).await?,
            weather: weather::Entity::find_by_id(race.id).one(db).await?,
        })
    }
}
