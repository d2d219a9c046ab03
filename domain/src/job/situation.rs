//! How things stand, as far as the timetable needs to know.

use std::collections::{BTreeSet, HashMap, HashSet};

use chrono::{DateTime, Datelike, NaiveDate, NaiveTime, TimeDelta, Utc};
pub use entities::session::Kind as SessionKind;
use entities::{import_run, lap, qualifying_result, race, result, session};
use sea_orm::{ColumnTrait, DbErr, EntityTrait, QueryFilter, QuerySelect};

use super::{Kind, open, ticks};
use crate::{App, draft, event, season::start::Starts};

/// Seasons before this one that are looked at.
const SEASONS_BACK: i32 = 2;

/// Days around now within which it is looked what is known of each session.
const RECENT: TimeDelta = TimeDelta::days(20);

/// An import that has said nothing for so long was killed.
const IMPORT: TimeDelta = TimeDelta::hours(3);

/// How things stand.
#[derive(Debug, Clone, Default)]
pub struct Situation {
    pub now: DateTime<Utc>,
    /// Seasons that any race is known of.
    pub seasons: BTreeSet<i32>,
    /// The races of this season, the two before and the next, by date.
    pub weekends: Vec<Weekend>,
    /// Version of races, results and standings.
    pub data: i64,
    /// Version of the models.
    pub models: i64,
    /// Something is being read into the database.
    pub importing: bool,
    /// When the clock brings something about in a draft next.
    pub drafts: Option<DateTime<Utc>>,
    /// The latest tick of each kind and subject.
    pub ticks: HashMap<(Kind, Option<String>), String>,
    /// Kinds of which a job is waiting or under way.
    pub open: HashSet<Kind>,
}

/// A race and its sessions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Weekend {
    /// Ref of the race.
    pub race: String,
    pub season: i32,
    pub cancelled: bool,
    /// Its status says that it is being run.
    pub in_progress: bool,
    /// By start, the race last.
    pub sessions: Vec<Session>,
    /// Laps of the race are stored.
    pub laps: bool,
}

/// A session of a weekend.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Session {
    pub kind: SessionKind,
    /// Estimated where only its day is known.
    pub starts_at: DateTime<Utc>,
    /// Its results are stored.
    pub known: bool,
}

impl Weekend {
    /// The race.
    #[must_use]
    pub fn race(&self) -> Option<&Session> {
        self.session(SessionKind::Race)
    }

    /// A session, if there is one of this kind.
    #[must_use]
    pub fn session(&self, kind: SessionKind) -> Option<&Session> {
        self.sessions.iter().find(|session| session.kind == kind)
    }
}

impl Session {
    /// When it is over, as planned: two hours for a race, one for all else.
    #[must_use]
    pub fn ends_at(&self) -> DateTime<Utc> {
        let hours = if self.kind == SessionKind::Race { 2 } else { 1 };
        self.starts_at + TimeDelta::hours(hours)
    }
}

impl Situation {
    /// Reads how things stand. Of what was read before, the races of the same day are not read again
    /// while nothing about them has changed.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn read(app: &App, before: Option<&Self>) -> Result<Self, DbErr> {
        let now = app.clock.now();
        let data = event::last_sequence(&app.db, event::DATA).await?;
        let same =
            |before: &&Self| before.data == data && before.now.date_naive() == now.date_naive();
        let (seasons, weekends) = match before.filter(same) {
            Some(before) => (before.seasons.clone(), before.weekends.clone()),
            None => (seasons(app).await?, weekends(app, now).await?),
        };
        let running = import_run::Entity::find()
            .filter(import_run::Column::Status.eq(import_run::Status::Running))
            .filter(import_run::Column::StartedAt.gt(now - IMPORT))
            .filter(import_run::Column::StartedAt.lte(now))
            .one(&app.db)
            .await?;
        Ok(Self {
            now,
            seasons,
            weekends,
            data,
            models: event::last_sequence(&app.db, event::MODEL).await?,
            importing: running.is_some(),
            drafts: draft::next_due_of_all(&app.db).await?,
            ticks: ticks(app).await?,
            open: open(app).await?,
        })
    }
}

async fn seasons(app: &App) -> Result<BTreeSet<i32>, DbErr> {
    let seasons: Vec<i32> = race::Entity::find()
        .select_only()
        .column(race::Column::Season)
        .distinct()
        .into_tuple()
        .all(&app.db)
        .await?;
    Ok(seasons.into_iter().collect())
}

async fn weekends(app: &App, now: DateTime<Utc>) -> Result<Vec<Weekend>, DbErr> {
    let races = race::Entity::find()
        .filter(race::Column::Season.gte(now.year() - SEASONS_BACK))
        .all(&app.db)
        .await?;
    let today = now.date_naive();
    let recent: Vec<i32> = races
        .iter()
        .filter(|race| (race.date - today).abs() <= RECENT)
        .map(|race| race.id)
        .collect();
    let known = known_sessions(app, &recent).await?;
    let with_laps: HashSet<i32> = lap::Entity::find()
        .select_only()
        .column(lap::Column::RaceId)
        .distinct()
        .filter(lap::Column::RaceId.is_in(recent.iter().copied()))
        .into_tuple::<i32>()
        .all(&app.db)
        .await?
        .into_iter()
        .collect();
    let mut sessions: HashMap<i32, Vec<session::Model>> = HashMap::new();
    let of_races = races.iter().map(|race| race.id);
    let stored = session::Entity::find().filter(session::Column::RaceId.is_in(of_races));
    for row in stored.all(&app.db).await? {
        sessions.entry(row.race_id).or_default().push(row);
    }
    let mut weekends: Vec<Weekend> = races
        .iter()
        .map(|race| {
            let rows = sessions.remove(&race.id).unwrap_or_default();
            Weekend {
                race: race.reference.clone(),
                season: race.season,
                cancelled: race.status == race::Status::Cancelled,
                in_progress: race.status == race::Status::InProgress,
                sessions: sessions_of(race, &rows, &known),
                laps: with_laps.contains(&race.id),
            }
        })
        .collect();
    weekends.sort_by_key(|weekend| weekend.race().map(|race| race.starts_at));
    Ok(weekends)
}

/// Sessions of these races that have results.
async fn known_sessions(app: &App, races: &[i32]) -> Result<HashSet<(i32, SessionKind)>, DbErr> {
    let results: Vec<(i32, SessionKind)> = result::Entity::find()
        .select_only()
        .columns([result::Column::RaceId, result::Column::Session])
        .distinct()
        .filter(result::Column::RaceId.is_in(races.iter().copied()))
        .into_tuple()
        .all(&app.db)
        .await?;
    let qualifying: Vec<(i32, SessionKind)> = qualifying_result::Entity::find()
        .select_only()
        .columns([
            qualifying_result::Column::RaceId,
            qualifying_result::Column::Session,
        ])
        .distinct()
        .filter(qualifying_result::Column::RaceId.is_in(races.iter().copied()))
        .into_tuple()
        .all(&app.db)
        .await?;
    Ok(results.into_iter().chain(qualifying).collect())
}

fn sessions_of(
    race: &race::Model,
    rows: &[session::Model],
    known: &HashSet<(i32, SessionKind)>,
) -> Vec<Session> {
    let starts = Starts::of(race, rows);
    let has = |kind| known.contains(&(race.id, kind));
    let session = |kind, starts_at| Session {
        kind,
        starts_at,
        known: has(kind),
    };
    let others = rows
        .iter()
        .filter(|row| !matches!(row.kind, SessionKind::Qualifying | SessionKind::Race));
    let mut sessions: Vec<Session> = others
        .map(|row| session(row.kind, row.starts_at.unwrap_or_else(|| noon(row.date))))
        .collect();
    sessions.push(session(SessionKind::Qualifying, starts.qualifying));
    sessions.sort_by_key(|session| session.starts_at);
    sessions.push(Session {
        known: has(SessionKind::Race) || race.status == race::Status::Completed,
        ..session(SessionKind::Race, starts.race)
    });
    sessions
}

fn noon(day: NaiveDate) -> DateTime<Utc> {
    day.and_time(NaiveTime::MIN).and_utc() + TimeDelta::hours(12)
}
