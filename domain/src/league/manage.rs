//! Making a league and changing it.

use chrono::{DateTime, Datelike, Utc};
use entities::{
    league::{self, Column, Visibility},
    league_settings,
};
use sea_orm::{
    ActiveModelTrait,
    ActiveValue::{NotSet, Set},
    ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter,
};

use super::{
    FantasyTeamId, LeagueId, LeagueSettings, Limit, Locked, SettingsChange, not_found,
    not_found_team, rules,
    version::{self, Since},
};
use crate::{
    App,
    auth::{self, UserId},
    database::begin,
    draft,
    error::{Error, Result},
    event, search, season, secret, team,
};

/// What it takes to make a league. Its settings are the usual ones, changed.
pub struct Foundation<'a> {
    pub name: &'a str,
    /// What its maker's own team is called.
    pub team_name: &'a str,
    pub visibility: Visibility,
    /// Below what the entry list has room for.
    pub max_teams: Option<i32>,
    pub settings: SettingsChange,
}

/// A league to be, all of it checked but for the season that it begins in.
pub(crate) struct New {
    pub name: String,
    /// What its commissioner's own team is called.
    pub team_name: String,
    pub visibility: Visibility,
    pub max_teams: Option<i32>,
    pub settings: LeagueSettings,
}

/// What to change of a league; what is none stays.
#[derive(Debug, Clone, Default)]
pub struct Change {
    pub name: Option<String>,
    pub visibility: Option<Visibility>,
    pub max_teams: Limit,
}

/// Makes a league, whose commissioner and first member is who makes it.
///
/// # Errors
/// [`Error::BadInput`] for what cannot be, [`Error::Refused`] for who is in too many leagues.
pub async fn create(app: &App, user: UserId, foundation: Foundation<'_>) -> Result<league::Model> {
    let name = rules::league_name(foundation.name)?;
    let team_name = rules::team_name(foundation.team_name)?;
    let max_teams = foundation.max_teams.map(rules::max_teams).transpose()?;
    let settings = foundation.settings.apply(LeagueSettings::default())?;
    let now = app.clock.now();
    let transaction = begin(&app.db).await?;
    let user = auth::held(&transaction, user).await?;
    team::check_number(&transaction, &user.id).await?;
    let since = Since::beginning(&transaction, &settings, now).await?;
    let new = New {
        name,
        team_name,
        visibility: foundation.visibility,
        max_teams,
        settings,
    };
    let locked = found(&transaction, &user.id, new, since, now).await?;
    draft::catch_up(&transaction, &locked, &[], now).await?;
    transaction.commit().await?;
    app.bus.told();
    Ok(locked.league)
}

/// Writes down a league, with the team of its commissioner, whose account is held.
pub(crate) async fn found<C: ConnectionTrait>(
    transaction: &C,
    commissioner: &str,
    new: New,
    since: Since,
    now: DateTime<Utc>,
) -> Result<Locked> {
    new.settings.check(since.date.year())?;
    let league = league::ActiveModel {
        id: NotSet,
        reference: Set(secret::new_id(now)?.to_string()),
        search: Set(search::folded(&[&new.name])),
        name: Set(new.name),
        owner_id: Set(commissioner.to_owned()),
        visibility: Set(new.visibility),
        invite_code: Set(rules::new_code(secret::random()?)),
        max_teams: Set(new.max_teams),
        created_at: Set(now),
        closed_at: Set(None),
    };
    let league = league.insert(transaction).await?;
    let first = settings_row(league.id, 1, since, &new.settings, now)?;
    league_settings::Entity::insert(first)
        .exec_without_returning(transaction)
        .await?;
    let mut locked = Locked {
        league,
        teams: Vec::new(),
    };
    locked.note(transaction, event::LEAGUE_CREATED, now).await?;
    let team = team::enter(transaction, &locked, commissioner, &new.team_name, now).await?;
    locked.teams.push(team);
    Ok(locked)
}

/// Changes what a league is called, who may know of it, and how large it may be.
///
/// # Errors
/// [`Error::NotFound`] for a league that the user may not know of, [`Error::Forbidden`] for who is
/// not its commissioner, [`Error::BadInput`] for what cannot be, [`Error::Refused`] for a limit
/// below the number of teams.
pub async fn change(
    app: &App,
    user: UserId,
    id: LeagueId,
    change: Change,
) -> Result<league::Model> {
    let name = change.name.as_deref().map(rules::league_name).transpose()?;
    let transaction = begin(&app.db).await?;
    let mut locked = commissioned(&transaction, user, id).await?;
    let before = &locked.league;
    let name = name.unwrap_or_else(|| before.name.clone());
    let after = league::Model {
        search: search::folded(&[&name]),
        name,
        visibility: change.visibility.unwrap_or(before.visibility),
        max_teams: match change.max_teams {
            Limit::Kept => before.max_teams,
            Limit::Lifted => None,
            Limit::Of(most) => Some(large_enough(rules::max_teams(most)?, locked.teams.len())?),
        },
        ..before.clone()
    };
    if after == *before {
        return Ok(after);
    }
    let row = league::ActiveModel {
        id: Set(after.id),
        name: Set(after.name),
        search: Set(after.search),
        visibility: Set(after.visibility),
        max_teams: Set(after.max_teams),
        ..Default::default()
    };
    locked.league = row.update(&transaction).await?;
    let now = app.clock.now();
    locked
        .note(&transaction, event::LEAGUE_CHANGED, now)
        .await?;
    transaction.commit().await?;
    app.bus.told();
    Ok(locked.league)
}

/// Changes the settings of a league, from the next race on whose draft has not opened. Settings
/// that no race was drafted by are replaced; all others are kept beside the new ones.
///
/// # Errors
/// As for [`change`]; [`Error::Refused`] when there would not be enough drivers for all teams.
pub async fn change_settings(
    app: &App,
    user: UserId,
    id: LeagueId,
    change: SettingsChange,
) -> Result<league::Model> {
    let now = app.clock.now();
    let transaction = begin(&app.db).await?;
    let locked = commissioned(&transaction, user, id).await?;
    let league = locked.league.id;
    let versions = version::all(&transaction, league).await?;
    let missing = || Error::Internal(format!("the league {league} has no settings"));
    let latest = versions.last().ok_or_else(missing)?;
    let before = LeagueSettings::read(&latest.settings)?;
    let settings = change.apply(before.clone())?;
    if settings == before {
        return Ok(locked.league);
    }
    let next = season::next_race(&transaction).await?;
    let in_force = version::in_force(&versions, next.as_ref()).unwrap_or(latest);
    let in_force = LeagueSettings::read(&in_force.settings)?;
    let since = Since::change(&transaction, &in_force, now).await?;
    settings.check(since.date.year())?;
    let drivers = version::entry_list(&transaction).await?;
    if rules::capacity(drivers, settings.rounds, None) < locked.teams.len() {
        return Err(too_many_teams());
    }
    if latest.from_date >= since.date && !draft::held_by(&transaction, latest).await? {
        let row = settings_row(league, latest.version, since, &settings, now)?;
        row.update(&transaction).await?;
    } else {
        let row = settings_row(league, latest.version + 1, since, &settings, now)?;
        row.insert(&transaction).await?;
    }
    let kind = event::LEAGUE_SETTINGS_CHANGED;
    locked.note(&transaction, kind, now).await?;
    // The next draft may open at another time now.
    draft::catch_up(&transaction, &locked, &[], now).await?;
    transaction.commit().await?;
    app.bus.told();
    Ok(locked.league)
}

/// Gives a league another invite code. The one before lets nobody in any more.
///
/// # Errors
/// [`Error::NotFound`] for a league that the user may not know of, [`Error::Forbidden`] for who is
/// not its commissioner.
pub async fn rotate_invite_code(app: &App, user: UserId, id: LeagueId) -> Result<league::Model> {
    let transaction = begin(&app.db).await?;
    let mut locked = commissioned(&transaction, user, id).await?;
    replace_code(&transaction, &mut locked, app.clock.now()).await?;
    transaction.commit().await?;
    app.bus.told();
    Ok(locked.league)
}

/// Makes the owner of another team of a league its commissioner.
///
/// # Errors
/// As for [`rotate_invite_code`]; [`Error::NotFound`] for a team that is not in the league.
pub async fn transfer(
    app: &App,
    user: UserId,
    id: LeagueId,
    to: FantasyTeamId,
) -> Result<league::Model> {
    let transaction = begin(&app.db).await?;
    let mut locked = commissioned(&transaction, user, id).await?;
    let to = to.to_string();
    let mut teams = locked.teams.iter();
    let heir = teams.find(|team| team.reference == to);
    let heir = heir.ok_or_else(not_found_team)?.user_id.clone();
    if heir == locked.league.owner_id {
        return Ok(locked.league);
    }
    let row = league::ActiveModel {
        id: Set(locked.league.id),
        owner_id: Set(heir),
        ..Default::default()
    };
    locked.league = row.update(&transaction).await?;
    let now = app.clock.now();
    locked
        .note(&transaction, event::LEAGUE_TRANSFERRED, now)
        .await?;
    transaction.commit().await?;
    app.bus.told();
    Ok(locked.league)
}

/// The page on which somebody joins a league by its invite code, where one is configured.
#[must_use]
pub fn invite_link(app: &App, league: &league::Model) -> Option<String> {
    let page = &app.config.league.invite_url;
    let code = rules::shown_code(&league.invite_code);
    (!page.is_empty()).then(|| page.replace("{code}", &code))
}

/// Puts an invite code in the place of another.
pub(crate) async fn replace_code<C: ConnectionTrait>(
    transaction: &C,
    locked: &mut Locked,
    now: DateTime<Utc>,
) -> Result<()> {
    let row = league::ActiveModel {
        id: Set(locked.league.id),
        invite_code: Set(rules::new_code(secret::random()?)),
        ..Default::default()
    };
    locked.league = row.update(transaction).await?;
    let kind = event::INVITE_CODE_ROTATED;
    Ok(locked.note(transaction, kind, now).await?)
}

/// Closes a league that nobody is in any more.
pub(crate) async fn close<C: ConnectionTrait>(
    transaction: &C,
    locked: &Locked,
    now: DateTime<Utc>,
) -> Result<()> {
    let row = league::ActiveModel {
        id: Set(locked.league.id),
        closed_at: Set(Some(now)),
        ..Default::default()
    };
    row.update(transaction).await?;
    draft::forget(transaction, locked.league.id).await?;
    Ok(locked.note(transaction, event::LEAGUE_CLOSED, now).await?)
}

/// A league whose commissioner a user is.
async fn commissioned<C: ConnectionTrait>(
    transaction: &C,
    user: UserId,
    id: LeagueId,
) -> Result<Locked> {
    let user = user.to_string();
    let select =
        league::Entity::visible_to(Some(&user)).filter(Column::Reference.eq(id.to_string()));
    let locked = Locked::take(transaction, select).await?;
    let locked = locked.ok_or_else(not_found)?;
    locked.commissioner_only(&user)?;
    Ok(locked)
}

fn settings_row(
    league: i32,
    version: i32,
    since: Since,
    settings: &LeagueSettings,
    now: DateTime<Utc>,
) -> Result<league_settings::ActiveModel> {
    Ok(league_settings::ActiveModel {
        league_id: Set(league),
        version: Set(version),
        from_race_id: Set(since.race),
        from_date: Set(since.date),
        settings: Set(settings.written()?),
        created_at: Set(now),
    })
}

fn large_enough(most: i32, teams: usize) -> Result<i32> {
    if usize::try_from(most).is_ok_and(|most| most < teams) {
        return Err(too_many_teams());
    }
    Ok(most)
}

fn too_many_teams() -> Error {
    Error::Refused {
        reason: "TOO_MANY_TEAMS",
        message: "there are more teams in the league than there would be room for".to_owned(),
    }
}
