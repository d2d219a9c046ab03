//! What the clock brings about in the drafts of all leagues: they are made, they open, pick clocks
//! run out, they close. Whoever does it, however often and however late, the same comes to be
//! written.

use chrono::{DateTime, TimeDelta, Utc};
use entities::{
    draft::{self, Column},
    league, league_settings, race,
};
use rand::SeedableRng;
use rand_pcg::Pcg64;
use sea_orm::{
    ActiveModelTrait,
    ActiveValue::{NotSet, Set},
    ColumnTrait, Condition, ConnectionTrait, DbErr, EntityTrait, JoinType, QueryFilter, QueryOrder,
    QuerySelect, RelationTrait,
    sea_query::Expr,
};

use super::{
    Command, DriverId, State, Stored, TeamId,
    order::{self, Previous},
    read,
    situation::ranking,
    stored::written_order,
    write,
};
use crate::{
    App,
    database::begin,
    error::{Error, Result},
    event,
    league::{Locked, first_to_draft_for},
    secret,
};

/// What cannot be done in the drafts of a league is tried again after this long.
const PAUSE: TimeDelta = TimeDelta::minutes(1);

/// When the clock brings something about next; none while no draft waits for it.
///
/// # Errors
/// When the database fails.
pub async fn next_due<C: ConnectionTrait>(db: &C) -> Result<Option<DateTime<Utc>>, DbErr> {
    let first = draft::Entity::find()
        .filter(Column::NextDue.is_not_null())
        .order_by_asc(Column::NextDue)
        .one(db)
        .await?;
    Ok(first.and_then(|row| row.next_due))
}

/// Writes what has come due in all leagues, and says in how many.
///
/// # Errors
/// When the database fails, or for the first league in which it could not be done; the others are
/// done all the same.
pub async fn run_clock(app: &App) -> Result<usize> {
    let due = draft::Entity::find()
        .filter(Column::NextDue.lte(app.clock.now()))
        .order_by_asc(Column::NextDue)
        .all(&app.db)
        .await?;
    let mut leagues: Vec<i32> = Vec::new();
    for row in due {
        if !leagues.contains(&row.league_id) {
            leagues.push(row.league_id);
        }
    }
    all(app, leagues).await
}

/// Makes the drafts that are missing, and looks anew at when the others are held: for when races
/// have changed. Says in how many leagues.
///
/// # Errors
/// As [`run_clock`].
pub async fn plan(app: &App) -> Result<usize> {
    let leagues = league::Entity::find()
        .filter(league::Column::ClosedAt.is_null())
        .order_by_asc(league::Column::Id)
        .select_only()
        .column(league::Column::Id)
        .into_tuple()
        .all(&app.db)
        .await?;
    all(app, leagues).await
}

async fn all(app: &App, leagues: Vec<i32>) -> Result<usize> {
    let mut failed = None;
    let number = leagues.len();
    for league in leagues {
        if let Err(error) = Box::pin(step(app, league)).await {
            tracing::warn!(league, %error, "the drafts of a league cannot go on; trying on");
            postpone(app, league).await?;
            failed.get_or_insert(error);
        }
    }
    failed.map_or(Ok(number), Err)
}

/// Else nothing that comes due later would be seen.
async fn postpone(app: &App, league: i32) -> Result<()> {
    let now = app.clock.now();
    draft::Entity::update_many()
        .col_expr(Column::NextDue, Expr::value(now + PAUSE))
        .filter(Column::LeagueId.eq(league))
        .filter(Column::NextDue.lte(now))
        .exec(&app.db)
        .await?;
    Ok(())
}

/// Goes on with the drafts of a league.
async fn step(app: &App, league: i32) -> Result<()> {
    let now = app.clock.now();
    let due = draft::Entity::find()
        .filter(Column::LeagueId.eq(league))
        .filter(Column::NextDue.lte(now))
        .order_by_desc(Column::Id)
        .one(&app.db)
        .await?;
    let ranking = match &due {
        Some(row) => ranking(app, row, now).await,
        None => Vec::new(),
    };
    let transaction = begin(&app.db).await?;
    let open = league::Entity::find_by_id(league).filter(league::Column::ClosedAt.is_null());
    if let Some(locked) = Locked::take(&transaction, open).await? {
        catch_up(&transaction, &locked, &ranking, now).await?;
    } else {
        forget(&transaction, league).await?;
    }
    transaction.commit().await?;
    app.bus.told();
    Ok(())
}

/// Writes what is due in the drafts of a league that is held, and makes the next one.
pub(crate) async fn catch_up<C: ConnectionTrait>(
    transaction: &C,
    locked: &Locked,
    ranking: &[DriverId],
    now: DateTime<Utc>,
) -> Result<()> {
    let unfinished = [
        draft::State::Upcoming,
        draft::State::Open,
        draft::State::Paused,
    ];
    let waiting = Condition::any()
        .add(Column::State.is_in(unfinished))
        .add(Column::NextDue.lte(now));
    let rows = draft::Entity::find()
        .filter(Column::LeagueId.eq(locked.league.id))
        .filter(waiting)
        .order_by_asc(Column::Id)
        .all(transaction)
        .await?;
    for mut stored in read(transaction, rows).await? {
        if stored.entries.is_empty() {
            reorder(transaction, locked, &mut stored).await?;
        }
        go_on(transaction, locked, &mut stored, None, ranking, now).await?;
    }
    if let Some(mut made) = make_next(transaction, locked, now).await? {
        go_on(transaction, locked, &mut made, None, &[], now).await?;
    }
    Ok(())
}

/// Gives whoever has joined a league, which is held, a place in the draft that is to be opened.
pub(crate) async fn join<C: ConnectionTrait>(transaction: &C, locked: &Locked) -> Result<()> {
    let rows = draft::Entity::find()
        .filter(Column::LeagueId.eq(locked.league.id))
        .filter(Column::State.eq(draft::State::Upcoming))
        .order_by_asc(Column::Id)
        .all(transaction)
        .await?;
    for mut stored in read(transaction, rows).await? {
        if stored.entries.is_empty() {
            reorder(transaction, locked, &mut stored).await?;
        }
    }
    Ok(())
}

/// Passes over the turns of a team that leaves a league, which is held.
pub(crate) async fn leave<C: ConnectionTrait>(
    transaction: &C,
    locked: &Locked,
    team: i32,
    now: DateTime<Utc>,
) -> Result<()> {
    let begun = [
        draft::State::Open,
        draft::State::Paused,
        draft::State::Closed,
    ];
    let rows = draft::Entity::find()
        .filter(Column::LeagueId.eq(locked.league.id))
        .filter(Column::State.is_in(begun))
        .order_by_asc(Column::Id)
        .all(transaction)
        .await?;
    let command = Command::Leave { team: TeamId(team) };
    for mut stored in read(transaction, rows).await? {
        let command = Some(command.clone()).filter(|_| !stored.is_cancelled());
        go_on(transaction, locked, &mut stored, command, &[], now).await?;
    }
    Ok(())
}

/// Whether a draft has opened by a version of a league's settings.
pub(crate) async fn held_by<C: ConnectionTrait>(
    transaction: &C,
    version: &league_settings::Model,
) -> Result<bool> {
    let drafts = draft::Entity::find()
        .filter(Column::LeagueId.eq(version.league_id))
        .filter(Column::SettingsVersion.eq(version.version));
    Ok(drafts.one(transaction).await?.is_some())
}

/// Lets nothing more come due in a league that is closed.
pub(crate) async fn forget<C: ConnectionTrait>(transaction: &C, league: i32) -> Result<()> {
    draft::Entity::update_many()
        .set(draft::ActiveModel {
            next_due: Set(None),
            ..Default::default()
        })
        .filter(Column::LeagueId.eq(league))
        .exec(transaction)
        .await?;
    Ok(())
}

async fn go_on<C: ConnectionTrait>(
    transaction: &C,
    locked: &Locked,
    stored: &mut Stored,
    command: Option<Command>,
    ranking: &[DriverId],
    now: DateTime<Utc>,
) -> Result<()> {
    let written = write(transaction, locked, stored, None, command, ranking, now).await?;
    // The server asks for nothing that a rule forbids.
    written.map_err(|refusal| Error::Internal(refusal.to_string()))?;
    Ok(())
}

/// Makes the draft for the first race that can still be drafted for, unless there is one.
async fn make_next<C: ConnectionTrait>(
    transaction: &C,
    locked: &Locked,
    now: DateTime<Utc>,
) -> Result<Option<Stored>> {
    let league = locked.league.id;
    let Some(race) = first_to_draft_for(transaction, league, now).await? else {
        return Ok(None);
    };
    let known = draft::Entity::find()
        .filter(Column::LeagueId.eq(league))
        .filter(Column::RaceId.eq(race.id))
        .one(transaction)
        .await?;
    if known.is_some() {
        return Ok(None);
    }
    make(transaction, locked, &race, now).await.map(Some)
}

/// Makes the draft of a league for a race.
pub(crate) async fn make<C: ConnectionTrait>(
    transaction: &C,
    locked: &Locked,
    race: &race::Model,
    now: DateTime<Utc>,
) -> Result<Stored> {
    let order = match following(transaction, locked, race).await? {
        Some(order) => order,
        None => by_lot(&teams(locked))?,
    };
    let row = draft::ActiveModel {
        id: NotSet,
        reference: Set(secret::new_id(now)?.to_string()),
        league_id: Set(locked.league.id),
        race_id: Set(race.id),
        state: Set(State::Upcoming.into()),
        first_order: Set(written_order(&order)?),
        settings_version: Set(None),
        created_at: Set(now),
        next_due: Set(None),
    };
    let row = row.insert(transaction).await?;
    let subject = format!("Draft:{}", row.reference);
    let kind = event::DRAFT_CREATED;
    locked
        .note_times(transaction, kind, &subject, 1, now)
        .await?;
    let stored = read(transaction, vec![row]).await?.pop();
    stored.ok_or_else(|| Error::Internal("a draft is missing".to_owned()))
}

/// Gives a draft of which nothing is written the order that is due to it now: the one that follows from
/// the race before, which may have been cancelled or put off since; before the first race another
/// lot when somebody has joined.
async fn reorder<C: ConnectionTrait>(
    transaction: &C,
    locked: &Locked,
    stored: &mut Stored,
) -> Result<()> {
    let (known, teams) = (stored.draft.order(), teams(locked));
    let order = match following(transaction, locked, &stored.race).await? {
        Some(order) => order,
        None if teams.iter().all(|team| known.contains(team)) => return Ok(()),
        None => by_lot(&teams)?,
    };
    if order == known {
        return Ok(());
    }
    let row = draft::ActiveModel {
        id: Set(stored.row.id),
        first_order: Set(written_order(&order)?),
        ..Default::default()
    };
    let row = row.update(transaction).await?;
    let anew = read(transaction, vec![row]).await?.pop();
    *stored = anew.ok_or_else(|| Error::Internal("a draft is missing".to_owned()))?;
    Ok(())
}

fn by_lot(teams: &[TeamId]) -> Result<Vec<TeamId>> {
    Ok(order::drawn(
        teams,
        &mut Pcg64::from_seed(secret::random()?),
    ))
}

/// The order that follows from the latest draft for a race before; none when there is none.
async fn following<C: ConnectionTrait>(
    transaction: &C,
    locked: &Locked,
    race: &race::Model,
) -> Result<Option<Vec<TeamId>>> {
    let before = draft::Entity::find()
        .join(JoinType::InnerJoin, draft::Relation::Race.def())
        .filter(Column::LeagueId.eq(locked.league.id))
        .filter(race::Column::Date.lt(race.date))
        .order_by_desc(race::Column::Date)
        .order_by_desc(race::Column::Id)
        .one(transaction)
        .await?;
    let before = read(transaction, before.into_iter().collect()).await?.pop();
    Ok(before.map(|before| {
        let previous = Previous {
            order: before.draft.order(),
            cancelled: before.is_cancelled(),
        };
        order::after(previous, &teams(locked))
    }))
}

fn teams(locked: &Locked) -> Vec<TeamId> {
    locked.teams.iter().map(|team| TeamId(team.id)).collect()
}
