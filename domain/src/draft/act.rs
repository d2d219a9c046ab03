//! What users do in drafts.

use entities::{draft, fantasy_team, league, pick_queue};
use sea_orm::{ActiveValue::Set, ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter};

use super::{Command, DraftId, DriverId, Stored, TeamId, find, read, situation::ranking, write};
use crate::{
    App,
    auth::UserId,
    database::begin,
    error::{Error, Result},
    league::{FantasyTeamId, Locked, not_found_team},
    scoring, team,
};

/// Drivers that a queue may hold: more than ever start.
const LONGEST_QUEUE: usize = 30;

/// Characters of a key and of a note.
const LONGEST_KEY: usize = 100;
const LONGEST_NOTE: usize = 200;

/// What a user wants of a draft. All but [`Pick`](Wish::Pick) is for the commissioner.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Wish {
    /// Picks for the user's own team. With the key of an earlier pick it is that pick again.
    Pick {
        driver: DriverId,
        key: Option<String>,
    },
    /// Picks for the team whose turn it is.
    PickFor {
        team: FantasyTeamId,
        driver: DriverId,
        key: Option<String>,
    },
    /// Opens a draft that was made late.
    Open,
    /// Stops the clock and all picks.
    Pause,
    /// Goes on, with a full clock.
    Resume,
    /// Takes back the pick of this number, from 0, and all later ones.
    Undo { pick: usize },
    /// Takes back all picks.
    Reset,
    /// Sets the order, before the first pick.
    SetOrder { teams: Vec<FantasyTeamId> },
    /// Gives a pick, whose number counts from 0, another driver, or nobody.
    Substitute {
        pick: usize,
        replacement: Option<DriverId>,
        note: String,
    },
}

impl Wish {
    fn command(self, locked: &Locked) -> Result<Command> {
        let team = |id: FantasyTeamId| {
            let id = id.to_string();
            let mut teams = locked.teams.iter();
            let found = teams.find(|team| team.reference == id);
            found.map(|team| TeamId(team.id)).ok_or_else(not_found_team)
        };
        Ok(match self {
            Self::Pick { driver, key } => Command::Pick {
                driver,
                key: key.map(checked_key).transpose()?,
            },
            Self::PickFor {
                team: id,
                driver,
                key,
            } => Command::PickFor {
                team: team(id)?,
                driver,
                key: key.map(checked_key).transpose()?,
            },
            Self::Open => Command::Open,
            Self::Pause => Command::Pause,
            Self::Resume => Command::Resume,
            Self::Undo { pick } => Command::Undo { pick },
            Self::Reset => Command::Reset,
            Self::SetOrder { teams } => Command::SetOrder {
                order: teams.into_iter().map(team).collect::<Result<_>>()?,
            },
            Self::Substitute {
                pick,
                replacement,
                note,
            } => Command::Substitute {
                pick,
                replacement,
                note: checked_note(&note)?,
            },
        })
    }
}

/// Does in a draft what a user wants, after what has come due in it.
///
/// # Errors
/// [`Error::NotFound`] for a draft or team that the user may not know of, [`Error::Forbidden`] for
/// who may not do this, [`Error::Refused`] with the reason of the rule that says no,
/// [`Error::BadInput`] for what cannot be.
pub async fn act(app: &App, user: UserId, id: DraftId, wish: Wish) -> Result<draft::Model> {
    let row = find(app, Some(user), id).await?.ok_or_else(not_found)?;
    let ranking = ranking(app, &row, app.clock.now()).await;
    let transaction = begin(&app.db).await?;
    let known = league::Entity::visible_to(Some(&user.to_string()));
    let select = known.filter(league::Column::Id.eq(row.league_id));
    let locked = Locked::take(&transaction, select).await?;
    let locked = locked.ok_or_else(not_found)?;
    let substitutes = matches!(wish, Wish::Substitute { .. });
    let command = wish.command(&locked)?;
    let mut stored = held(&transaction, row.id).await?;
    let now = app.clock.now();
    let done = write(
        &transaction,
        &locked,
        &mut stored,
        Some(user),
        Some(command),
        &ranking,
        now,
    );
    let done = done.await?;
    transaction.commit().await?;
    app.bus.told();
    done?;
    if substitutes {
        score_again(app, stored.row.league_id).await;
    }
    Ok(stored.row)
}

/// Somebody else counts, also for a race that is scored. What fails here is done by whoever scores
/// the leagues next.
async fn score_again(app: &App, league: i32) {
    if let Err(error) = Box::pin(scoring::score_league(app, league)).await {
        tracing::warn!(%error, league, "a substitution is not scored yet");
    }
}

/// A draft as it stands while its league is held.
async fn held<C: ConnectionTrait>(transaction: &C, id: i32) -> Result<Stored> {
    let row = draft::Entity::find_by_id(id).one(transaction).await?;
    let stored = read(transaction, row.into_iter().collect()).await?.pop();
    stored.ok_or_else(not_found)
}

/// Says whom the owner of a team would draft, for when the server picks: in this draft and all later
/// ones, until the owner says otherwise.
///
/// # Errors
/// [`Error::NotFound`] for a team of a league that the user may not know of, [`Error::Forbidden`] for
/// somebody else's, [`Error::Refused`] for one that has left, [`Error::BadInput`] for a driver twice
/// and for too many.
pub async fn set_queue(
    app: &App,
    user: UserId,
    id: FantasyTeamId,
    drivers: &[i32],
) -> Result<fantasy_team::Model> {
    let mut known: Vec<i32> = drivers.to_vec();
    known.sort_unstable();
    known.dedup();
    if known.len() < drivers.len() {
        return Err(Error::BadInput("a driver is in the queue twice".to_owned()));
    }
    if drivers.len() > LONGEST_QUEUE {
        return Err(Error::BadInput(format!(
            "a queue has at most {LONGEST_QUEUE} drivers"
        )));
    }
    let transaction = begin(&app.db).await?;
    let (_, team) = team::own(&transaction, user, id).await?;
    pick_queue::Entity::delete_many()
        .filter(pick_queue::Column::TeamId.eq(team.id))
        .exec(&transaction)
        .await?;
    let row = |(place, driver): (i32, &i32)| pick_queue::ActiveModel {
        team_id: Set(team.id),
        place: Set(place),
        driver_id: Set(*driver),
    };
    if !drivers.is_empty() {
        pick_queue::Entity::insert_many((0..).zip(drivers).map(row))
            .exec_without_returning(&transaction)
            .await?;
    }
    transaction.commit().await?;
    Ok(team)
}

/// There is no such draft, or not for who asks: nobody learns which.
fn not_found() -> Error {
    Error::NotFound("there is no such draft".to_owned())
}

fn checked_key(key: String) -> Result<String> {
    if (1..=LONGEST_KEY).contains(&key.chars().count()) {
        return Ok(key);
    }
    Err(Error::BadInput(format!(
        "`idempotencyKey` has 1 to {LONGEST_KEY} characters"
    )))
}

fn checked_note(note: &str) -> Result<String> {
    let note = note.trim();
    if note.chars().count() > LONGEST_NOTE || note.chars().any(char::is_control) {
        return Err(Error::BadInput(format!(
            "`note` is one line of at most {LONGEST_NOTE} characters"
        )));
    }
    Ok(note.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_and_notes_are_short() {
        assert!(checked_key(String::new()).is_err());
        assert!(checked_key("k".repeat(LONGEST_KEY + 1)).is_err());
        assert_eq!(checked_key("k".to_owned()).unwrap(), "k");
        assert!(checked_note(&"n".repeat(LONGEST_NOTE + 1)).is_err());
        assert!(checked_note("two\nlines").is_err());
        assert_eq!(checked_note(" ill ").unwrap(), "ill");
    }
}
