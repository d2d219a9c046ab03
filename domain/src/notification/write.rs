//! Tells users, in the transaction of what is told of.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use entities::{
    driver, fantasy_team, league,
    notification::{self, Column},
    race, user,
};
use sea_orm::{
    ActiveValue::{NotSet, Set},
    ColumnTrait, ConnectionTrait, DbErr, EntityTrait, PaginatorTrait, QueryFilter, QuerySelect,
};

use super::{
    Details, Kind,
    kind::wants,
    rules::{Word, member_of, of_draft, turn_ends, warn_at},
};
use crate::{
    auth::UserId,
    draft::{Draft, DriverId, Entry, Member, Stored, TeamId},
    error::{Error, Result},
    event,
    league::Locked,
    secret,
};

/// What a user is to be told; ids are database ids.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Note {
    pub user: String,
    pub kind: Kind,
    pub league: i32,
    pub race: i32,
    pub draft: Option<i32>,
    /// The user's team in the league.
    pub team: Option<i32>,
    pub details: Details,
}

/// Tells those who want to be told, in few statements for however many. Until the transaction ends
/// every other that tells something waits, so this comes as late as can be, and after the locks of
/// all leagues that it takes.
///
/// # Errors
/// When the database fails.
pub async fn write<C: ConnectionTrait>(
    transaction: &C,
    mut notes: Vec<Note>,
    now: DateTime<Utc>,
) -> Result<()> {
    if notes.is_empty() {
        return Ok(());
    }
    let muted = muted(transaction, &notes).await?;
    notes.retain(|note| {
        let muted = muted.get(&note.user);
        muted.is_some_and(|muted| wants(muted, note.kind))
    });
    if notes.is_empty() {
        return Ok(());
    }
    let subjects = notes.iter().map(|note| format!("User:{}", note.user));
    let subjects = subjects.collect();
    let (stream, kind) = (event::NOTIFICATION, event::NOTIFIED);
    let last = event::append_all(transaction, stream, kind, subjects, now).await?;
    let newest_first = notes.into_iter().rev().zip((1..=last).rev());
    let rows = newest_first.map(|(note, sequence)| row(note, sequence, now));
    let mut rows = rows.collect::<Result<Vec<_>>>()?;
    // The inbox goes by their ids.
    rows.reverse();
    notification::Entity::insert_many(rows)
        .exec_without_returning(transaction)
        .await?;
    Ok(())
}

/// Tells the members of a league what has become of its draft: `before` is how it stood, `stored` how
/// it stands since the entries were written, which may be none. Warns the team on the clock as well,
/// once a turn, if it is time to.
///
/// # Errors
/// When the database fails.
pub(crate) async fn tell<C: ConnectionTrait>(
    transaction: &C,
    locked: &Locked,
    stored: &Stored,
    before: &Draft,
    entries: &[Entry],
    now: DateTime<Utc>,
) -> Result<()> {
    let members = locked.teams.iter().filter_map(|team| {
        Some(Member {
            user: UserId::parse(&team.user_id)?,
            team: TeamId(team.id),
        })
    });
    let members: Vec<_> = members.collect();
    let mut words = of_draft(before, entries, &stored.draft, &members);
    words.extend(warning(transaction, stored, &members, now).await?);
    let names = driver_names(transaction, &words).await?;
    let name = |driver: Option<DriverId>| names.get(&driver?.0).cloned();
    let until = turn_ends(&stored.draft, &stored.window);
    let notes = words.into_iter().map(|word| {
        let timed = matches!(word.kind, Kind::YourTurn | Kind::TimeRunsOut);
        Note {
            user: word.to.user.to_string(),
            kind: word.kind,
            league: locked.league.id,
            race: stored.race.id,
            draft: Some(stored.row.id),
            team: Some(word.to.team.0),
            details: Details {
                until: until.filter(|_| timed),
                replaced: name(word.swap.and_then(|swap| swap.replaced)),
                replacement: name(word.swap.and_then(|swap| swap.replacement)),
                ..details(&locked.league, &stored.race)
            },
        }
    });
    write(transaction, notes.collect(), now).await
}

/// Tells the owners of teams that a race was scored in their league, for the first time or anew.
///
/// # Errors
/// When the database fails.
pub async fn scored<C: ConnectionTrait>(
    transaction: &C,
    league: &league::Model,
    race: &race::Model,
    draft: Option<i32>,
    teams: &[fantasy_team::Model],
    now: DateTime<Utc>,
) -> Result<()> {
    let notes = teams.iter().map(|team| Note {
        user: team.user_id.clone(),
        kind: Kind::Scored,
        league: league.id,
        race: race.id,
        draft,
        team: Some(team.id),
        details: details(league, race),
    });
    write(transaction, notes.collect(), now).await
}

/// The warning that is due, unless it was given in this turn.
async fn warning<C: ConnectionTrait>(
    transaction: &C,
    stored: &Stored,
    members: &[Member],
    now: DateTime<Utc>,
) -> Result<Option<Word>, DbErr> {
    let draft = &stored.draft;
    let due = warn_at(draft, &stored.window).is_some_and(|at| at <= now);
    let due = due && stored.race.status != race::Status::Cancelled;
    let to = draft.on_the_clock().filter(|_| due);
    let to = to.and_then(|team| member_of(members, team));
    let (Some(to), Some(since)) = (to, draft.turn_since()) else {
        return Ok(None);
    };
    let given = notification::Entity::told_to(&to.user.to_string())
        .filter(Column::Kind.eq(Kind::TimeRunsOut))
        .filter(Column::DraftId.eq(stored.row.id))
        .filter(Column::CreatedAt.gt(since))
        .count(transaction)
        .await?;
    Ok((given == 0).then_some(Word::new(Kind::TimeRunsOut, to)))
}

/// What each user does not want to be told; nothing of who is gone.
async fn muted<C: ConnectionTrait>(
    transaction: &C,
    notes: &[Note],
) -> Result<HashMap<String, String>, DbErr> {
    let users = notes.iter().map(|note| note.user.as_str());
    let muted: Vec<(String, String)> = user::Entity::find()
        .select_only()
        .column(user::Column::Id)
        .column(user::Column::Muted)
        .filter(user::Column::Id.is_in(users))
        .filter(user::Column::DeletedAt.is_null())
        .into_tuple()
        .all(transaction)
        .await?;
    Ok(muted.into_iter().collect())
}

/// Names of the drivers that words are about, by database id.
async fn driver_names<C: ConnectionTrait>(
    transaction: &C,
    words: &[Word],
) -> Result<HashMap<i32, String>, DbErr> {
    let swaps = words.iter().filter_map(|word| word.swap);
    let ids = swaps.flat_map(|swap| [swap.replaced, swap.replacement]);
    let ids: Vec<i32> = ids.flatten().map(|driver| driver.0).collect();
    if ids.is_empty() {
        return Ok(HashMap::new());
    }
    let drivers = driver::Entity::find().filter(driver::Column::Id.is_in(ids));
    let drivers = drivers.all(transaction).await?.into_iter();
    let named = drivers.map(|row| (row.id, format!("{} {}", row.given_name, row.family_name)));
    Ok(named.collect())
}

fn details(league: &league::Model, race: &race::Model) -> Details {
    Details {
        league: league.name.clone(),
        race: format!("{} {}", race.season, race.name),
        ..Details::default()
    }
}

fn row(note: Note, sequence: i64, now: DateTime<Utc>) -> Result<notification::ActiveModel> {
    let details = serde_json::to_string(&note.details);
    Ok(notification::ActiveModel {
        id: NotSet,
        reference: Set(secret::new_id(now)?.to_string()),
        user_id: Set(note.user),
        kind: Set(note.kind),
        league_id: Set(note.league),
        race_id: Set(note.race),
        draft_id: Set(note.draft),
        team_id: Set(note.team),
        details: Set(details.map_err(|error| Error::Internal(error.to_string()))?),
        created_at: Set(now),
        read_at: Set(None),
        event_sequence: Set(sequence),
    })
}
