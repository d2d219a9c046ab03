//! Fantasy teams: the teams of users in leagues. (A constructor is a team of Formula 1, and never
//! meant here.)
//!
//! A user has one team in a league. Who leaves keeps its row, for the scores that it has, and has it
//! back on joining again; in the order of drafts that team is then the last to have joined. Whom the
//! commissioner has sent away comes back by a new invite code only.

use chrono::{DateTime, Utc};
use entities::{
    fantasy_team::{self, Column},
    league,
};
use sea_orm::{
    ActiveModelTrait,
    ActiveValue::{NotSet, Set},
    ColumnTrait, ConnectionTrait, EntityTrait, PaginatorTrait, QueryFilter, QueryOrder,
};

use crate::{
    App,
    auth::{self, UserId},
    database::begin,
    draft,
    error::{Error, Result},
    event,
    league::{
        FORMER_TEAM, FantasyTeamId, LeagueId, Locked, MOST_LEAGUES, close, not_found,
        not_found_team, read_code, replace_code, room, team_name,
    },
    search, secret,
};

/// What lets somebody into a league.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Invitation<'a> {
    /// An invite code, as it was typed.
    Code(&'a str),
    /// Nothing: the league is public.
    Public(LeagueId),
}

/// Joins a league, with a team of a name.
///
/// # Errors
/// [`Error::NotFound`] for a code that no league has, and for a league that the user may not know
/// of; [`Error::Forbidden`] for who was sent away; [`Error::Refused`] for a member, for a league
/// that is full, for the name of another team, and for who is in too many leagues.
pub async fn join(
    app: &App,
    user: UserId,
    by: Invitation<'_>,
    name: &str,
) -> Result<fantasy_team::Model> {
    let name = team_name(name)?;
    let transaction = begin(&app.db).await?;
    let user = auth::held(&transaction, user).await?;
    let (select, otherwise) = match by {
        Invitation::Code(code) => {
            let code = read_code(code).ok_or_else(wrong_code)?;
            let open = league::Entity::find().filter(league::Column::ClosedAt.is_null());
            let select = open.filter(league::Column::InviteCode.eq(code));
            (select, wrong_code as fn() -> Error)
        }
        Invitation::Public(id) => {
            let known = league::Entity::visible_to(Some(&user.id));
            let select = known.filter(league::Column::Reference.eq(id.to_string()));
            (select, not_found as fn() -> Error)
        }
    };
    let locked = Locked::take(&transaction, select).await?;
    let mut locked = locked.ok_or_else(otherwise)?;
    if locked.team_of(&user.id).is_some() {
        return Err(refused(
            "ALREADY_A_MEMBER",
            "you have a team in this league",
        ));
    }
    let earlier = earlier_team(&transaction, &locked, &user.id).await?;
    if earlier.is_some_and(|team| team.removed) && matches!(by, Invitation::Public(_)) {
        return Err(Error::Forbidden {
            reason: "REMOVED_FROM_LEAGUE",
            message: "the commissioner has removed you; it takes an invite code to come back"
                .to_owned(),
        });
    }
    let league = &locked.league;
    if room(&transaction, league.id, league.max_teams).await? <= locked.teams.len() {
        return Err(refused("LEAGUE_FULL", "the league is full"));
    }
    check_name(&locked, &name)?;
    check_number(&transaction, &user.id).await?;
    let now = app.clock.now();
    let team = enter(&transaction, &locked, &user.id, &name, now).await?;
    locked.teams.push(team.clone());
    draft::join(&transaction, &locked).await?;
    transaction.commit().await?;
    app.bus.told();
    Ok(team)
}

/// Leaves a league. With its last member gone it is closed.
///
/// # Errors
/// [`Error::NotFound`] for a league that the user may not know of, [`Error::Forbidden`] for who is
/// not in it, [`Error::Refused`] for its commissioner while it has other members.
pub async fn leave(app: &App, user: UserId, id: LeagueId) -> Result<()> {
    let user = user.to_string();
    let transaction = begin(&app.db).await?;
    let known = league::Entity::visible_to(Some(&user));
    let select = known.filter(league::Column::Reference.eq(id.to_string()));
    let locked = Locked::take(&transaction, select).await?;
    let locked = locked.ok_or_else(not_found)?;
    let team = locked.team_of(&user).ok_or_else(|| Error::Forbidden {
        reason: "NOT_A_MEMBER",
        message: "only members of the league may do this".to_owned(),
    })?;
    go(&transaction, &locked, team, app.clock.now()).await?;
    transaction.commit().await?;
    app.bus.told();
    Ok(())
}

/// Sends the team of another out of a league, and gives the league another invite code.
///
/// # Errors
/// [`Error::NotFound`] for a team of a league that the user may not know of, [`Error::Forbidden`]
/// for who is not its commissioner, [`Error::Refused`] for the commissioner's own team, and for one
/// that has left.
pub async fn remove(app: &App, user: UserId, id: FantasyTeamId) -> Result<fantasy_team::Model> {
    let user = user.to_string();
    let transaction = begin(&app.db).await?;
    let (mut locked, team) = known(&transaction, &user, id).await?;
    locked.commissioner_only(&user)?;
    if team.user_id == user {
        return Err(owner_must_transfer(&locked));
    }
    present(&team)?;
    let now = app.clock.now();
    let row = fantasy_team::ActiveModel {
        id: Set(team.id),
        left_at: Set(Some(now)),
        removed: Set(true),
        ..Default::default()
    };
    let team = row.update(&transaction).await?;
    let kind = event::FANTASY_TEAM_REMOVED;
    locked.note_team(&transaction, kind, &team, now).await?;
    draft::leave(&transaction, &locked, team.id, now).await?;
    // Or the one before would be the way back.
    replace_code(&transaction, &mut locked, now).await?;
    transaction.commit().await?;
    app.bus.told();
    Ok(team)
}

/// Gives one's own team another name.
///
/// # Errors
/// [`Error::NotFound`] for a team of a league that the user may not know of, [`Error::Forbidden`]
/// for somebody else's, [`Error::Refused`] for the name of another team of the league, and for a
/// team that has left, [`Error::BadInput`] for what is no name.
pub async fn rename(
    app: &App,
    user: UserId,
    id: FantasyTeamId,
    name: &str,
) -> Result<fantasy_team::Model> {
    let name = team_name(name)?;
    let transaction = begin(&app.db).await?;
    let (mut locked, team) = own(&transaction, user, id).await?;
    if team.name == name {
        return Ok(team);
    }
    // It may have its own name in another spelling.
    locked.teams.retain(|other| other.id != team.id);
    check_name(&locked, &name)?;
    let row = fantasy_team::ActiveModel {
        id: Set(team.id),
        name: Set(name),
        ..Default::default()
    };
    let team = row.update(&transaction).await?;
    let now = app.clock.now();
    let kind = event::FANTASY_TEAM_RENAMED;
    locked.note_team(&transaction, kind, &team, now).await?;
    transaction.commit().await?;
    app.bus.told();
    Ok(team)
}

/// Takes a user whose account goes out of all leagues, and the names of all the teams that the user
/// ever had. The lock of the account is held.
///
/// # Errors
/// [`Error::Refused`] for the commissioner of a league with other members.
pub(crate) async fn leave_all<C: ConnectionTrait>(
    transaction: &C,
    user: &str,
    now: DateTime<Utc>,
) -> Result<()> {
    // In one order for everybody, or two who go at once would wait for each other.
    let teams = fantasy_team::Entity::present_of(user)
        .order_by_asc(Column::LeagueId)
        .all(transaction)
        .await?;
    let mut leagues = Vec::new();
    for team in teams {
        let select = league::Entity::find_by_id(team.league_id);
        leagues.extend(Locked::take(transaction, select).await?);
    }
    // Those of one league may be told of it, and no league is waited for after that.
    for locked in &leagues {
        // The commissioner may have been faster.
        if let Some(team) = locked.team_of(user) {
            go(transaction, locked, team, now).await?;
        }
    }
    fantasy_team::Entity::update_many()
        .set(fantasy_team::ActiveModel {
            name: Set(FORMER_TEAM.to_owned()),
            ..Default::default()
        })
        .filter(Column::UserId.eq(user))
        .exec(transaction)
        .await?;
    Ok(())
}

/// Refuses who is in as many leagues as one can be. The lock of the account is held.
pub(crate) async fn check_number<C: ConnectionTrait>(transaction: &C, user: &str) -> Result<()> {
    let number = fantasy_team::Entity::present_of(user)
        .count(transaction)
        .await?;
    if number < MOST_LEAGUES {
        return Ok(());
    }
    Err(Error::Refused {
        reason: "TOO_MANY_LEAGUES",
        message: format!("you are in {number} leagues, which is the most"),
    })
}

/// Makes a team for a user, or gives back the one from before.
pub(crate) async fn enter<C: ConnectionTrait>(
    transaction: &C,
    locked: &Locked,
    user: &str,
    name: &str,
    now: DateTime<Utc>,
) -> Result<fantasy_team::Model> {
    let earlier = earlier_team(transaction, locked, user).await?;
    let row = fantasy_team::ActiveModel {
        id: NotSet,
        reference: NotSet,
        league_id: Set(locked.league.id),
        user_id: Set(user.to_owned()),
        name: Set(name.to_owned()),
        joined_at: Set(now),
        left_at: Set(None),
        removed: Set(false),
    };
    let team = if let Some(earlier) = earlier {
        let id = Set(earlier.id);
        let row = fantasy_team::ActiveModel { id, ..row };
        row.update(transaction).await?
    } else {
        let reference = Set(secret::new_id(now)?.to_string());
        let row = fantasy_team::ActiveModel { reference, ..row };
        row.insert(transaction).await?
    };
    let kind = event::FANTASY_TEAM_JOINED;
    locked.note_team(transaction, kind, &team, now).await?;
    Ok(team)
}

/// Takes a team out of its league. The commissioner only goes last, and the league is closed then.
async fn go<C: ConnectionTrait>(
    transaction: &C,
    locked: &Locked,
    team: &fantasy_team::Model,
    now: DateTime<Utc>,
) -> Result<()> {
    let is_owner = locked.league.owner_id == team.user_id;
    if is_owner && locked.teams.len() > 1 {
        return Err(owner_must_transfer(locked));
    }
    let row = fantasy_team::ActiveModel {
        id: Set(team.id),
        left_at: Set(Some(now)),
        ..Default::default()
    };
    let team = row.update(transaction).await?;
    let kind = event::FANTASY_TEAM_LEFT;
    locked.note_team(transaction, kind, &team, now).await?;
    draft::leave(transaction, locked, team.id, now).await?;
    if is_owner {
        close(transaction, locked, now).await?;
    }
    Ok(())
}

/// A user's own team in a league, which is held.
///
/// # Errors
/// As [`rename`], but for names.
pub(crate) async fn own<C: ConnectionTrait>(
    transaction: &C,
    user: UserId,
    id: FantasyTeamId,
) -> Result<(Locked, fantasy_team::Model)> {
    let user = user.to_string();
    let (locked, team) = known(transaction, &user, id).await?;
    if team.user_id != user {
        return Err(Error::Forbidden {
            reason: "NOT_YOUR_TEAM",
            message: "only the owner of a team may do this".to_owned(),
        });
    }
    present(&team)?;
    Ok((locked, team))
}

/// A team of a league that a user may know of, and the league.
async fn known<C: ConnectionTrait>(
    transaction: &C,
    user: &str,
    id: FantasyTeamId,
) -> Result<(Locked, fantasy_team::Model)> {
    let id = id.to_string();
    let found = || {
        let known = fantasy_team::Entity::visible_to(Some(user));
        known.filter(Column::Reference.eq(&id)).one(transaction)
    };
    let team = found().await?.ok_or_else(not_found_team)?;
    let leagues = league::Entity::visible_to(Some(user));
    let select = leagues.filter(league::Column::Id.eq(team.league_id));
    let locked = Locked::take(transaction, select).await?;
    let locked = locked.ok_or_else(not_found_team)?;
    // As it is, now that nobody else changes it.
    let team = found().await?.ok_or_else(not_found_team)?;
    Ok((locked, team))
}

/// The team that a user had in a league before.
async fn earlier_team<C: ConnectionTrait>(
    transaction: &C,
    locked: &Locked,
    user: &str,
) -> Result<Option<fantasy_team::Model>> {
    let teams = fantasy_team::Entity::find().filter(Column::LeagueId.eq(locked.league.id));
    let own = teams.filter(Column::UserId.eq(user));
    Ok(own.one(transaction).await?)
}

/// Refuses the name of another team of a league; those that differ in case or accents are one.
fn check_name(locked: &Locked, name: &str) -> Result<()> {
    let is_same = |team: &fantasy_team::Model| {
        team.name == name || search::folded(&[&team.name]) == search::folded(&[name])
    };
    if locked.teams.iter().any(is_same) {
        return Err(refused(
            "NAME_TAKEN",
            "another team of the league has this name",
        ));
    }
    Ok(())
}

fn present(team: &fantasy_team::Model) -> Result<()> {
    if team.left_at.is_none() {
        return Ok(());
    }
    Err(refused("TEAM_HAS_LEFT", "the team has left the league"))
}

fn owner_must_transfer(locked: &Locked) -> Error {
    Error::Refused {
        reason: "OWNER_MUST_TRANSFER",
        message: format!(
            "you are the commissioner of the league {:?}: make somebody else it first",
            locked.league.name
        ),
    }
}

fn wrong_code() -> Error {
    Error::NotFound("no league has this invite code".to_owned())
}

fn refused(reason: &'static str, message: &str) -> Error {
    Error::Refused {
        reason,
        message: message.to_owned(),
    }
}
