//! Scoring the drafts of all leagues: once their race has results, and again when those, or the
//! drivers who count for picks, are others than before. Twice comes to the same as once.

use std::collections::{BTreeMap, HashMap};

use entities::{
    draft::{self as draft_row, State as Stage},
    league, race,
    select::any_of,
};
use sea_orm::{
    ColumnTrait, ConnectionTrait, DbErr, EntityTrait, FromQueryResult, QueryFilter, Statement,
    Value,
};

use super::{
    Weekend,
    drafted::{Outcome, Scoring},
};
use crate::{
    App,
    database::begin,
    draft,
    error::{Error, Result},
    event,
    league::Locked,
};

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
    if candidates.is_empty() {
        return Ok(Scored::default());
    }
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
async fn score_drafts(
    app: &App,
    league: i32,
    drafts: &[i32],
    weekends: &Weekends,
    data: i64,
) -> Result<Scored> {
    let transaction = begin(&app.db).await?;
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
