//! Drafts of the database: a row each, of which their entries make what they are.

use std::collections::HashMap;

use entities::{
    draft::{self, Column},
    draft_entry, entry, league_settings, race,
    select::any_of,
    session,
};
use sea_orm::{ColumnTrait, ConnectionTrait, DbErr, EntityTrait, QueryFilter, QueryOrder};

use super::{Draft, DraftId, Entry, Setup, State, TeamId, Window};
use crate::{
    App,
    auth::UserId,
    error::{Error, Result},
    league::{self, LeagueSettings},
    season,
};

/// A draft as it stands.
#[derive(Debug, Clone)]
pub struct Stored {
    pub row: draft::Model,
    pub race: race::Model,
    /// Those that it is held by.
    pub settings: LeagueSettings,
    /// Their version.
    pub version: i32,
    pub window: Window,
    pub draft: Draft,
    /// The log, the first entry first.
    pub entries: Vec<Entry>,
    /// Sequence of the event of the latest entry, in the stream of the league; 0 before the first.
    pub event: i64,
}

impl Stored {
    /// Whether the race does not take place.
    #[must_use]
    pub fn is_cancelled(&self) -> bool {
        self.race.status == race::Status::Cancelled
    }
}

/// A draft, if the viewer may know of its league.
///
/// # Errors
/// When the database fails.
pub async fn find(
    app: &App,
    viewer: Option<UserId>,
    id: DraftId,
) -> Result<Option<draft::Model>, DbErr> {
    let viewer = viewer.map(|user| user.to_string());
    draft::Entity::visible_to(viewer.as_deref())
        .filter(Column::Reference.eq(id.to_string()))
        .one(&app.db)
        .await
}

/// How drafts stand, in the order of their rows, with five statements for all of them.
///
/// # Errors
/// [`Error::Internal`] when the database fails or what is stored cannot be read.
pub async fn read<C: ConnectionTrait>(db: &C, rows: Vec<draft::Model>) -> Result<Vec<Stored>> {
    if rows.is_empty() {
        return Ok(Vec::new());
    }
    let backend = db.get_database_backend();
    let ids = |of: fn(&draft::Model) -> i32| -> Vec<i32> { rows.iter().map(of).collect() };
    let (drafts, leagues, races) = (
        ids(|row| row.id),
        ids(|row| row.league_id),
        ids(|row| row.race_id),
    );
    let entries = draft_entry::Entity::find()
        .filter(any_of(backend, draft_entry::Column::DraftId, &drafts))
        .order_by_asc(draft_entry::Column::DraftId)
        .order_by_asc(draft_entry::Column::Sequence)
        .all(db)
        .await?;
    let settings = league_settings::Entity::find()
        .filter(any_of(backend, league_settings::Column::LeagueId, &leagues))
        .order_by_asc(league_settings::Column::Version)
        .all(db)
        .await?;
    let sessions = session::Entity::find()
        .filter(any_of(backend, session::Column::RaceId, &races))
        .all(db)
        .await?;
    let races = race::Entity::find()
        .filter(any_of(backend, race::Column::Id, &races))
        .all(db)
        .await?;
    let races: HashMap<i32, race::Model> = races.into_iter().map(|race| (race.id, race)).collect();
    let stored = rows.into_iter().map(|row| {
        let race = races.get(&row.race_id).cloned();
        let race = race.ok_or_else(|| Error::Internal("a race is missing".to_owned()))?;
        let own = |one: &&draft_entry::Model| one.draft_id == row.id;
        let entries: Vec<_> = entries.iter().filter(own).collect();
        let league = row.league_id;
        let own = settings.iter().filter(move |one| one.league_id == league);
        from_rows(row, race, &entries, own, &sessions)
    });
    stored.collect()
}

/// The entry list of a race; while it has none, that of the latest race before it.
///
/// # Errors
/// When the database fails.
pub async fn draftable<C: ConnectionTrait>(
    db: &C,
    race: &race::Model,
) -> Result<Vec<entry::Model>, DbErr> {
    let of_race = |id: i32| {
        let own = entry::Entity::find().filter(entry::Column::RaceId.eq(id));
        own.order_by_asc(entry::Column::Id).all(db)
    };
    let own = of_race(race.id).await?;
    if !own.is_empty() {
        return Ok(own);
    }
    match season::race_before(db, race).await? {
        Some(before) => of_race(before.id).await,
        None => Ok(own),
    }
}

fn from_rows<'a, I>(
    row: draft::Model,
    race: race::Model,
    entries: &[&draft_entry::Model],
    settings: I,
    sessions: &[session::Model],
) -> Result<Stored>
where
    I: Iterator<Item = &'a league_settings::Model> + DoubleEndedIterator + Clone,
{
    let settings = match row.settings_version {
        Some(version) => settings.clone().find(|one| one.version == version),
        None => league::in_force(settings, Some(&race)),
    };
    let settings = settings.ok_or_else(|| Error::Internal("settings are missing".to_owned()))?;
    let version = settings.version;
    let settings = LeagueSettings::read(&settings.settings)?;
    let event = entries.last().map_or(0, |entry| entry.event_sequence);
    let entries: Vec<Entry> = entries
        .iter()
        .copied()
        .map(read_entry)
        .collect::<Result<_>>()?;
    let setup = Setup {
        order: read_order(&row.first_order)?,
        ..settings.setup()
    };
    let sessions = league::sessions_of(&race, sessions);
    let window = Window::of(settings.zone.0, settings.lock, &sessions);
    Ok(Stored {
        draft: Draft::replay(setup, &entries),
        window: window.made_at(row.created_at),
        row,
        race,
        settings,
        version,
        entries,
        event,
    })
}

fn read_entry(row: &draft_entry::Model) -> Result<Entry> {
    let action = serde_json::from_str(&row.action)
        .map_err(|error| Error::Internal(format!("an entry of a draft: {error}")))?;
    Ok(Entry {
        sequence: row.sequence,
        at: row.at,
        by: row.user_id.as_deref().and_then(UserId::parse),
        action,
    })
}

fn read_order(stored: &str) -> Result<Vec<TeamId>> {
    serde_json::from_str(stored)
        .map_err(|error| Error::Internal(format!("the order of a draft: {error}")))
}

/// An order as it is stored.
pub(super) fn written_order(order: &[TeamId]) -> Result<String> {
    serde_json::to_string(order).map_err(|error| Error::Internal(error.to_string()))
}

impl From<State> for draft::State {
    fn from(state: State) -> Self {
        match state {
            State::Upcoming => Self::Upcoming,
            State::Open => Self::Open,
            State::Paused => Self::Paused,
            State::Closed => Self::Closed,
            State::Complete => Self::Complete,
        }
    }
}
