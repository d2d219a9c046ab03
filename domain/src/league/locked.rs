//! A league that nobody else changes until the transaction ends.

use chrono::{DateTime, Utc};
use entities::{fantasy_team, league};
use sea_orm::{ConnectionTrait, DbErr, Select};

use crate::{
    error::{Error, Result},
    event,
};

/// A league and the teams in it, as they joined.
pub(crate) struct Locked {
    pub league: league::Model,
    pub teams: Vec<fantasy_team::Model>,
}

impl Locked {
    /// The only league of a select, held until the transaction ends; none when there is none, or
    /// none any more once it is this one's turn.
    pub(crate) async fn take<C: ConnectionTrait>(
        transaction: &C,
        select: Select<league::Entity>,
    ) -> Result<Option<Self>, DbErr> {
        let Some(found) = select.clone().one(transaction).await? else {
            return Ok(None);
        };
        let stream = event::league(&found.reference);
        event::advance(transaction, &stream, 0).await?;
        // Somebody else may have changed it meanwhile.
        let Some(league) = select.one(transaction).await? else {
            return Ok(None);
        };
        let teams = fantasy_team::Entity::present_in(league.id);
        Ok(Some(Self {
            teams: teams.all(transaction).await?,
            league,
        }))
    }

    /// The team of a user, if the user is in the league.
    pub(crate) fn team_of(&self, user: &str) -> Option<&fantasy_team::Model> {
        self.teams.iter().find(|team| team.user_id == user)
    }

    /// Lets only the commissioner go on.
    ///
    /// # Errors
    /// [`Error::Forbidden`] for everybody else.
    pub(crate) fn commissioner_only(&self, user: &str) -> Result<()> {
        if self.league.owner_id == user {
            return Ok(());
        }
        Err(not_commissioner())
    }

    /// Writes down what became of the league.
    pub(crate) async fn note<C: ConnectionTrait>(
        &self,
        transaction: &C,
        kind: &str,
        now: DateTime<Utc>,
    ) -> Result<(), DbErr> {
        let subject = format!("League:{}", self.league.reference);
        self.note_times(transaction, kind, &subject, 1, now).await?;
        Ok(())
    }

    /// Writes down what became of one of its teams.
    pub(crate) async fn note_team<C: ConnectionTrait>(
        &self,
        transaction: &C,
        kind: &str,
        team: &fantasy_team::Model,
        now: DateTime<Utc>,
    ) -> Result<(), DbErr> {
        let subject = format!("FantasyTeam:{}", team.reference);
        self.note_times(transaction, kind, &subject, 1, now).await?;
        Ok(())
    }

    /// Writes down so many events of something in it, and gives the sequence of the last.
    pub(crate) async fn note_times<C: ConnectionTrait>(
        &self,
        transaction: &C,
        kind: &str,
        subject: &str,
        times: usize,
        now: DateTime<Utc>,
    ) -> Result<i64, DbErr> {
        let stream = event::league(&self.league.reference);
        let subjects = vec![subject.to_owned(); times];
        event::append_all(transaction, &stream, kind, subjects, now).await
    }
}

/// There is no such league, or not for who asks: nobody learns which.
pub(crate) fn not_found() -> Error {
    Error::NotFound("there is no such league".to_owned())
}

/// The same of a fantasy team.
pub(crate) fn not_found_team() -> Error {
    Error::NotFound("there is no such fantasy team".to_owned())
}

fn not_commissioner() -> Error {
    Error::Forbidden {
        reason: "NOT_COMMISSIONER",
        message: "only the commissioner of the league may do this".to_owned(),
    }
}
