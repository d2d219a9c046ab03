//! Scoring the drafts of all leagues: once their race has results, and again when those, or the
//! drivers who count for picks, are others than before. Twice comes to the same as once.

use std::collections::{BTreeMap, HashMap};

use chrono::{DateTime, Utc};
use entities::{
    draft::{self as draft_row, State as Stage},
    driver, league, race,
    select::any_of,
};
use sea_orm::{
    ColumnTrait, ConnectionTrait, DatabaseTransaction, DbErr, EntityTrait, FromQueryResult,
    QueryFilter, Statement, Value,
};

use super::{
    Pick, Ruleset, Weekend, score_race,
    stored::{self, Foundation, New},
};
use crate::{
    App,
    database::begin_hastily,
    draft::{self, Command, Draft, DriverId, State, Stored},
    error::{Error, Result},
    event,
    league::Locked,
};

/// Nobody's id: what counts for a pick whose driver is not to count.
const NOBODY: i32 = 0;

/// What came of scoring.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Scored {
    /// Drafts that had no scores before.
    pub new: usize,
    /// Drafts whose scores are others than before.
    pub again: usize,
}

/// A draft whose race is run, and what its scores rest on, if it has any.
#[derive(Debug, FromQueryResult)]
struct Candidate {
    draft_id: i32,
    league_id: i32,
    race_id: i32,
    state: Stage,
    fingerprint: Option<String>,
    entry_sequence: Option<i64>,
    latest_entry: Option<i64>,
}

/// The weekends of races and what tells them from others.
type Weekends = HashMap<i32, (Weekend, String)>;

/// Scores all drafts whose race has results that they were not scored by yet, and says how many
/// those were; an event tells of each.
///
/// # Errors
/// When the database fails; the other leagues are scored all the same.
pub async fn score_leagues(app: &App) -> Result<Scored> {
    let candidates = candidates(&app.db, None).await?;
    let open = |one: &Candidate| !matches!(one.state, Stage::Closed | Stage::Complete);
    if candidates.iter().any(open) {
        // Results are in, so that their time is over. What does not close is not scored.
        if let Err(error) = Box::pin(draft::run_clock(app)).await {
            tracing::warn!(%error, "not all drafts whose race is run can be closed");
        }
    }
    score_all(app, candidates).await
}

/// The same for the drafts of one league of which something was written since they were scored: a
/// substitution, or that they have closed after their race.
///
/// # Errors
/// When the database fails.
pub async fn score_league(app: &App, league: i32) -> Result<Scored> {
    let mut candidates = candidates(&app.db, Some(league)).await?;
    candidates.retain(|one| one.entry_sequence != one.latest_entry);
    score_all(app, candidates).await
}

async fn score_all(app: &App, mut candidates: Vec<Candidate>) -> Result<Scored> {
    let data = event::last_sequence(&app.db, event::DATA).await?;
    let weekends = weekends(&app.db, &candidates).await?;
    candidates.retain(|one| is_due(one, &weekends));
    let mut leagues: BTreeMap<i32, Vec<i32>> = BTreeMap::new();
    for one in candidates {
        leagues.entry(one.league_id).or_default().push(one.draft_id);
    }
    let mut scored = Scored::default();
    let mut failed = None;
    for (league, drafts) in leagues {
        match Box::pin(score_drafts(app, league, &drafts, &weekends, data)).await {
            Ok(done) => {
                scored.new += done.new;
                scored.again += done.again;
            }
            Err(error) => {
                tracing::error!(%error, league, "it cannot be scored");
                failed = failed.or(Some(error));
            }
        }
    }
    failed.map_or(Ok(scored), Err)
}

/// Drafts of completed races, of one league or of all, by race.
async fn candidates<C: ConnectionTrait>(
    db: &C,
    league: Option<i32>,
) -> Result<Vec<Candidate>, DbErr> {
    let of_league = league.map_or("", |_| "WHERE draft.league_id = $1");
    let sql = format!(
        r"
SELECT draft.id AS draft_id, draft.league_id, draft.race_id, draft.state,
    race_score.fingerprint, race_score.entry_sequence,
    (SELECT MAX(draft_entry.sequence) FROM draft_entry WHERE draft_entry.draft_id = draft.id)
        AS latest_entry
FROM draft
JOIN race ON race.id = draft.race_id AND race.status = 'COMPLETED'
JOIN league ON league.id = draft.league_id AND league.closed_at IS NULL
LEFT JOIN race_score ON race_score.draft_id = draft.id
{of_league}
ORDER BY race.date, draft.id"
    );
    let values = league.map(Value::from);
    let statement = Statement::from_sql_and_values(db.get_database_backend(), sql, values);
    let rows = db.query_all_raw(statement).await?;
    rows.iter()
        .map(|row| Candidate::from_query_result(row, ""))
        .collect()
}

/// The weekends of the races of drafts, so far as they have results.
async fn weekends<C: ConnectionTrait>(db: &C, candidates: &[Candidate]) -> Result<Weekends, DbErr> {
    let mut races: Vec<i32> = candidates.iter().map(|one| one.race_id).collect();
    races.sort_unstable();
    races.dedup();
    let backend = db.get_database_backend();
    let races = race::Entity::find()
        .filter(any_of(backend, race::Column::Id, &races))
        .all(db)
        .await?;
    let mut weekends = Weekends::new();
    for race in races {
        if let Some(weekend) = Weekend::read(db, &race).await? {
            let fingerprint = weekend.fingerprint();
            weekends.insert(race.id, (weekend, fingerprint));
        }
    }
    Ok(weekends)
}

/// Whether a draft's scores, if it has any, rest on something else than what is known.
fn is_due(one: &Candidate, weekends: &Weekends) -> bool {
    let Some((_, fingerprint)) = weekends.get(&one.race_id) else {
        return false;
    };
    one.fingerprint.as_ref() != Some(fingerprint) || one.entry_sequence != one.latest_entry
}

/// Scores drafts of one league, in their order, by weekends as they were at a version of the data.
/// The transaction is lost as a whole or not at all, and whoever asks for scores again writes it
/// again.
async fn score_drafts(
    app: &App,
    league: i32,
    drafts: &[i32],
    weekends: &Weekends,
    data: i64,
) -> Result<Scored> {
    let transaction = begin_hastily(&app.db).await?;
    let open = league::Entity::find_by_id(league).filter(league::Column::ClosedAt.is_null());
    let Some(locked) = Locked::take(&transaction, open).await? else {
        return Ok(Scored::default());
    };
    if event::last_sequence(&transaction, event::DATA).await? != data {
        // Somebody else may have scored by what is newer.
        let changed = "races or results have changed meanwhile; scores follow";
        return Err(Error::Conflict(changed.to_owned()));
    }
    let backend = transaction.get_database_backend();
    let mut rows = draft_row::Entity::find()
        .filter(any_of(backend, draft_row::Column::Id, drafts))
        .all(&transaction)
        .await?;
    rows.sort_by_key(|row| drafts.iter().position(|draft| *draft == row.id));
    let mut scored = Scored::default();
    for stored in draft::read(&transaction, rows).await? {
        let Some((weekend, fingerprint)) = weekends.get(&stored.row.race_id) else {
            continue;
        };
        let mut scoring = Scoring {
            transaction: &transaction,
            locked: &locked,
            stored,
            weekend,
            fingerprint,
            now: app.clock.now(),
        };
        match scoring.score().await? {
            Outcome::New => scored.new += 1,
            Outcome::Again => scored.again += 1,
            Outcome::Same => {}
        }
    }
    transaction.commit().await?;
    app.bus.told();
    Ok(scored)
}

/// What became of a draft.
enum Outcome {
    New,
    Again,
    Same,
}

/// A draft that is being scored.
struct Scoring<'a> {
    transaction: &'a DatabaseTransaction,
    locked: &'a Locked,
    stored: Stored,
    weekend: &'a Weekend,
    fingerprint: &'a str,
    now: DateTime<Utc>,
}

impl Scoring<'_> {
    async fn score(&mut self) -> Result<Outcome> {
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

    async fn tell(&self) -> Result<i64, DbErr> {
        let stream = event::league(&self.locked.league.reference);
        let subject = format!("Draft:{}", self.stored.row.reference);
        event::append(self.transaction, &stream, event::SCORED, &subject, self.now).await
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
    use crate::draft::{Action, Entry, Method, TeamId, Unfilled, fold::Setup};

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
