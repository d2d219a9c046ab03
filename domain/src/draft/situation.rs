//! How things stand around a draft of the database.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use entities::{draft, driver_standing, pick_queue, race, select::any_of};
use sea_orm::{ColumnTrait, ConnectionTrait, DbErr, EntityTrait, QueryFilter, QueryOrder};

use super::{DriverId, Member, Situation, Stored, TeamId, draftable, next_due};
use crate::{
    App,
    auth::UserId,
    error::{Error, Result},
    forecast,
    league::{Locked, Ranking},
    season,
};

/// How things stand around a draft. Whom the server would pick is only looked for when it has to;
/// the given ranking goes before the championship.
pub(super) async fn situation<C: ConnectionTrait>(
    db: &C,
    locked: &Locked,
    stored: &Stored,
    ranking: &[DriverId],
    now: DateTime<Utc>,
) -> Result<Situation> {
    let entries = draftable(db, &stored.race).await?;
    let member = |team: &entities::fantasy_team::Model| {
        Ok(Member {
            user: user(&team.user_id)?,
            team: TeamId(team.id),
        })
    };
    let members: Result<Vec<Member>> = locked.teams.iter().map(member).collect();
    let mut situation = Situation {
        window: stored.window,
        cancelled: stored.is_cancelled(),
        commissioner: user(&locked.league.owner_id)?,
        members: members?,
        entry_list: entries
            .iter()
            .map(|entry| DriverId(entry.driver_id))
            .collect(),
        queues: BTreeMap::new(),
        ranking: ranking.to_vec(),
    };
    if next_due(&stored.draft, &situation).is_some_and(|at| at <= now) {
        situation.queues = queues(db, &situation.teams()).await?;
        if situation.ranking.is_empty() {
            situation.ranking = championship(db, &stored.race).await?;
        }
    }
    Ok(situation)
}

fn user(id: &str) -> Result<UserId> {
    UserId::parse(id).ok_or_else(|| Error::Internal(format!("{id:?} is no id of a user")))
}

async fn queues<C: ConnectionTrait>(
    db: &C,
    teams: &[TeamId],
) -> Result<BTreeMap<TeamId, Vec<DriverId>>, DbErr> {
    let teams: Vec<i32> = teams.iter().map(|team| team.0).collect();
    let rows = pick_queue::Entity::find()
        .filter(any_of(
            db.get_database_backend(),
            pick_queue::Column::TeamId,
            &teams,
        ))
        .order_by_asc(pick_queue::Column::TeamId)
        .order_by_asc(pick_queue::Column::Place)
        .all(db)
        .await?;
    let mut queues: BTreeMap<TeamId, Vec<DriverId>> = BTreeMap::new();
    for row in rows {
        let queue = queues.entry(TeamId(row.team_id)).or_default();
        queue.push(DriverId(row.driver_id));
    }
    Ok(queues)
}

/// Drivers by their place in the championship before a race.
pub(crate) async fn championship<C: ConnectionTrait>(
    db: &C,
    race: &race::Model,
) -> Result<Vec<DriverId>, DbErr> {
    let Some(before) = season::race_before(db, race).await? else {
        return Ok(Vec::new());
    };
    let mut rows = driver_standing::Entity::find()
        .filter(driver_standing::Column::RaceId.eq(before.id))
        .filter(driver_standing::Column::Origin.eq(driver_standing::Origin::Computed))
        .all(db)
        .await?;
    rows.sort_by_key(|row| (row.position.unwrap_or(i32::MAX), row.driver_id));
    Ok(rows.iter().map(|row| DriverId(row.driver_id)).collect())
}

/// Whom the server picks first for the members of a league, by its settings, if it may have to pick
/// at all; nobody where the championship decides, which is looked up with the rest.
///
/// Forecasts are read before the league is taken, or others would have to wait for them.
pub(super) async fn ranking(app: &App, row: &draft::Model, now: DateTime<Utc>) -> Vec<DriverId> {
    let picks = matches!(row.state, draft::State::Open | draft::State::Paused);
    if !picks || row.next_due.is_none_or(|at| at > now) {
        return Vec::new();
    }
    by_forecast(app, row).await.unwrap_or_else(|error| {
        tracing::warn!(%error, "no forecast to pick by; the championship decides");
        Vec::new()
    })
}

async fn by_forecast(app: &App, row: &draft::Model) -> Result<Vec<DriverId>> {
    let stored = super::read(&app.db, vec![row.clone()]).await?.pop();
    let Some(stored) = stored.filter(|stored| stored.settings.ranking == Ranking::Forecast) else {
        return Ok(Vec::new());
    };
    let known = forecast::known(app).await?;
    let target = engines::Target::Race;
    let said = Box::pin(forecast::forecast(
        app,
        &known,
        &stored.race,
        None,
        None,
        target,
    ))
    .await;
    let said = match said {
        Err(Error::Unavailable(_)) => None,
        said => said?,
    };
    let mut entrants: Vec<(f64, DriverId)> = said
        .iter()
        .flat_map(|said| &said.entrants)
        .map(|entrant| {
            let forecast = &entrant.forecast;
            let driver = DriverId(known.driver_row(forecast.driver));
            (forecast.expected_position, driver)
        })
        .collect();
    entrants.sort_by(|one, other| one.0.total_cmp(&other.0));
    Ok(entrants.into_iter().map(|(_, driver)| driver).collect())
}
