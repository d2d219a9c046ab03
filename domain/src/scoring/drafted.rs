//! Scoring one draft, in a transaction that holds its league.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use entities::{driver, select::any_of};
use sea_orm::{ConnectionTrait, DatabaseTransaction, DbErr, EntityTrait, QueryFilter};

use super::{
    Pick, Ruleset, Weekend, score_race,
    stored::{self, Foundation, New},
};
use crate::{
    draft::{self, Command, Draft, DriverId, State, Stored},
    error::{Error, Result},
    event,
    league::Locked,
    notification,
};

/// Nobody's id: what counts for a pick whose driver is not to count.
const NOBODY: i32 = 0;

/// What became of a draft.
pub(super) enum Outcome {
    New,
    Again,
    Same,
}

/// A draft that is being scored.
pub(super) struct Scoring<'a> {
    pub transaction: &'a DatabaseTransaction,
    pub locked: &'a Locked,
    pub stored: Stored,
    pub weekend: &'a Weekend,
    pub fingerprint: &'a str,
    pub now: DateTime<Utc>,
}

impl Scoring<'_> {
    /// Does what is to be done since the race has results: substitutes, completes, writes scores.
    pub async fn score(&mut self) -> Result<Outcome> {
        if !matches!(self.stored.draft.state(), State::Closed | State::Complete) {
            return Ok(Outcome::Same);
        }
        self.substitute().await?;
        if self.stored.draft.state() == State::Closed {
            self.write(Command::Complete).await?;
        }
        let known = stored::known(self.transaction, self.stored.row.id).await?;
        let ruleset = match &known {
            Some(known) => stored::ruleset(&known.row)?,
            None => self.ruleset()?,
        };
        let picks = score_race(&ruleset, &picks(&self.stored.draft), &self.weekend.drivers);
        let rests_on = Foundation {
            fingerprint: self.fingerprint.to_owned(),
            entry_sequence: self.stored.draft.sequence(),
        };
        if let Some(known) = &known
            && known.picks == picks
        {
            stored::keep(self.transaction, known, rests_on).await?;
            return Ok(Outcome::Same);
        }
        let event = self.tell().await?;
        let new = New {
            ruleset: &ruleset,
            picks: &picks,
            rests_on,
            at: self.now,
        };
        match known {
            None => {
                stored::begin(self.transaction, &self.stored.row, new, event).await?;
                Ok(Outcome::New)
            }
            Some(known) => {
                stored::replace(self.transaction, known, new, event).await?;
                Ok(Outcome::Again)
            }
        }
    }

    /// Enters who replaced drafted drivers that did not race, where that is clear and nobody in the
    /// league has them. What the commissioner has entered stays.
    async fn substitute(&mut self) -> Result<()> {
        let made = self.stored.draft.picks().iter();
        let untouched = made.filter(|pick| pick.substitution.is_none());
        let replaced: Vec<(usize, DriverId, DriverId)> = untouched
            .filter_map(|pick| {
                let drafted = pick.drafted?;
                let replacement = self.weekend.seats.replacement_of(drafted.0)?;
                Some((pick.number, drafted, DriverId(replacement)))
            })
            .collect();
        for (pick, drafted, replacement) in replaced {
            if self.stored.draft.is_taken(replacement) {
                continue;
            }
            let [out, instead] = self.names([drafted, replacement]).await?;
            self.write(Command::Substitute {
                pick,
                replacement: Some(replacement),
                note: format!("{out} did not take part in the race; {instead} drove instead."),
            })
            .await?;
        }
        Ok(())
    }

    async fn names<const N: usize>(&self, drivers: [DriverId; N]) -> Result<[String; N], DbErr> {
        let ids: Vec<i32> = drivers.iter().map(|driver| driver.0).collect();
        let backend = self.transaction.get_database_backend();
        let rows = driver::Entity::find()
            .filter(any_of(backend, driver::Column::Id, &ids))
            .all(self.transaction)
            .await?;
        Ok(drivers.map(|driver| {
            let row = rows.iter().find(|row| row.id == driver.0);
            row.map_or_else(String::new, |row| {
                format!("{} {}", row.given_name, row.family_name)
            })
        }))
    }

    /// Writes what the server wants of the draft. What the rules forbid is left as it is.
    async fn write(&mut self, command: Command) -> Result<()> {
        let written = draft::write(
            self.transaction,
            self.locked,
            &mut self.stored,
            None,
            Some(command),
            &[],
            self.now,
        );
        if let Err(refusal) = Box::pin(written).await? {
            let draft = &self.stored.row.reference;
            tracing::warn!(%refusal, %draft, "a draft is not what its scores would have it");
        }
        Ok(())
    }

    fn ruleset(&self) -> Result<Ruleset> {
        let Stored {
            settings, version, ..
        } = &self.stored;
        let ruleset = settings.ruleset(*version, self.weekend.season);
        ruleset.map_err(|error| Error::Internal(error.to_string()))
    }

    /// Tells the league and its members; gives the sequence of the event.
    async fn tell(&self) -> Result<i64> {
        let Stored { row, race, .. } = &self.stored;
        let Locked { league, teams } = self.locked;
        let (to, draft) = (self.transaction, Some(row.id));
        notification::scored(to, league, race, draft, teams, self.now).await?;
        let subject = format!("Draft:{}", row.reference);
        let told = self
            .locked
            .note_times(to, event::SCORED, &subject, 1, self.now);
        Ok(told.await?)
    }
}

/// The picks of a draft as they are scored.
fn picks(draft: &Draft) -> Vec<Pick> {
    let mut numbers: HashMap<i32, i32> = HashMap::new();
    let made = draft.picks().iter();
    made.map(|pick| {
        let number = numbers.entry(pick.team.0).or_default();
        *number += 1;
        let counting = pick.driver.map_or(NOBODY, |driver| driver.0);
        let drafted = pick.drafted.map(|driver| driver.0);
        Pick {
            team_id: pick.team.0,
            number: *number,
            driver_id: drafted,
            replacement_id: drafted
                .filter(|drafted| *drafted != counting)
                .map(|_| counting),
        }
    })
    .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::draft::{Action, Entry, Method, Setup, TeamId, Unfilled};

    #[test]
    fn picks_are_numbered_team_by_team_and_say_who_counts() {
        let setup = Setup {
            method: Method::default(),
            rounds: 2,
            order: vec![TeamId(7), TeamId(8)],
            pick_clock: None,
            unfilled: Unfilled::default(),
        };
        let picked = |team, driver| Action::Picked {
            team: TeamId(team),
            driver: DriverId(driver),
            automatic: None,
            key: None,
        };
        let substituted = |pick, replacement: Option<i32>| Action::Substituted {
            pick,
            replacement: replacement.map(DriverId),
            note: String::new(),
        };
        let actions = [
            Action::Opened {
                order: vec![TeamId(7), TeamId(8)],
            },
            picked(7, 1),
            picked(8, 2),
            picked(7, 3),
            Action::LeftEmpty { team: TeamId(8) },
            Action::Closed,
            substituted(1, Some(4)),
            substituted(2, None),
        ];
        let entry = |(sequence, action)| Entry {
            sequence,
            at: DateTime::UNIX_EPOCH,
            by: None,
            action,
        };
        let log: Vec<Entry> = (1..).zip(actions).map(entry).collect();
        let told: Vec<_> = picks(&Draft::replay(setup, &log))
            .into_iter()
            .map(|pick| {
                (
                    pick.team_id,
                    pick.number,
                    pick.driver_id,
                    pick.replacement_id,
                )
            })
            .collect();
        assert_eq!(
            told,
            [
                (7, 1, Some(1), None),
                (8, 1, Some(2), Some(4)),
                (7, 2, Some(3), Some(NOBODY)),
                (8, 2, None, None),
            ]
        );
    }
}
