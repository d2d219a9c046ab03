//! Scores as they are stored.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use entities::{
    draft, pick_score, race, race_score,
    score_revision::{self, Reason},
    select::any_of,
};
use sea_orm::{
    ActiveValue::Set, ColumnTrait, ConnectionTrait, DbErr, EntityTrait, JoinType, QueryFilter,
    QueryOrder, QuerySelect,
};
use serde::{Serialize, de::DeserializeOwned};

use super::{Change, Haul, Ruleset, ScoredPick, ScoredRace, changes};
use crate::{
    cache::{Class, Key},
    error::{Error, Result},
    import::rows,
};

/// A league and a season.
pub type SeasonOf = (i32, i32);

/// A row of [`scored_races`].
type Brought = (i32, i32, i32, i32, i32, Option<i32>);

/// What scores rest on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Foundation {
    /// Of the results.
    pub fingerprint: String,
    /// Of the latest entry of the draft.
    pub entry_sequence: i64,
}

/// Scores of a race as they are to be.
pub(super) struct New<'a> {
    pub ruleset: &'a Ruleset,
    pub picks: &'a [ScoredPick],
    pub rests_on: Foundation,
    pub at: DateTime<Utc>,
}

/// Scores of a race as they are.
pub(super) struct Known {
    pub row: race_score::Model,
    pub picks: Vec<ScoredPick>,
}

/// What the picks of leagues brought in the races of seasons, in the order of the races.
///
/// # Errors
/// When the database fails.
pub async fn scored_races<C: ConnectionTrait>(
    db: &C,
    of: &[SeasonOf],
) -> Result<HashMap<SeasonOf, Vec<ScoredRace>>, DbErr> {
    let (leagues, seasons): (Vec<i32>, Vec<i32>) = of.iter().copied().unzip();
    let backend = db.get_database_backend();
    let scored = pick_score::Entity::belongs_to(race_score::Entity)
        .from(pick_score::Column::DraftId)
        .to(race_score::Column::DraftId);
    let of_race = race_score::Entity::belongs_to(race::Entity)
        .from(race_score::Column::RaceId)
        .to(race::Column::Id);
    let brought: Vec<Brought> = pick_score::Entity::find()
        .select_only()
        .column(race_score::Column::LeagueId)
        .column(race::Column::Season)
        .column(race_score::Column::RaceId)
        .column(pick_score::Column::TeamId)
        .column(pick_score::Column::Points)
        .column(pick_score::Column::RacePosition)
        .join(JoinType::InnerJoin, scored.into())
        .join(JoinType::InnerJoin, of_race.into())
        .filter(any_of(backend, race_score::Column::LeagueId, &leagues))
        .filter(any_of(backend, race::Column::Season, &seasons))
        .order_by_asc(race::Column::Date)
        .order_by_asc(race::Column::Id)
        .order_by_asc(pick_score::Column::TeamId)
        .order_by_asc(pick_score::Column::Number)
        .into_tuple()
        .all(db)
        .await?;
    let mut found: HashMap<SeasonOf, Vec<ScoredRace>> = HashMap::new();
    for (league, season, race_id, team_id, points, race_position) in brought {
        let haul = Haul {
            team_id,
            points,
            race_position,
        };
        let races = found.entry((league, season)).or_default();
        match races.last_mut() {
            Some(race) if race.race_id == race_id => race.hauls.push(haul),
            _ => races.push(ScoredRace {
                race_id,
                hauls: vec![haul],
            }),
        }
    }
    Ok(found)
}

/// Under which the scored races of a league are kept while its stream of events has got so far.
#[must_use]
pub fn cache_key(league: &str, season: i32, sequence: i64) -> Key {
    Key {
        class: Class::Results,
        text: format!("scores/1/{league}/{season}/{sequence}"),
    }
}

/// A pick from its row.
///
/// # Errors
/// [`Error::Internal`] for what cannot be read.
pub fn pick(row: &pick_score::Model) -> Result<ScoredPick> {
    Ok(ScoredPick {
        team_id: row.team_id,
        number: row.number,
        driver_id: row.drafted_id,
        counted_driver_id: row.counted_id,
        race_position: row.race_position,
        breakdown: read(&row.breakdown)?,
    })
}

/// What a revision has changed.
///
/// # Errors
/// [`Error::Internal`] for what cannot be read.
pub fn changes_of(row: &score_revision::Model) -> Result<Vec<Change>> {
    read(&row.changes)
}

/// The ruleset that scores are by.
///
/// # Errors
/// [`Error::Internal`] for what cannot be read.
pub fn ruleset(row: &race_score::Model) -> Result<Ruleset> {
    read(&row.ruleset)
}

/// The scores of a draft; none before the first time.
pub(super) async fn known<C: ConnectionTrait>(db: &C, draft: i32) -> Result<Option<Known>> {
    let Some(row) = race_score::Entity::find_by_id(draft).one(db).await? else {
        return Ok(None);
    };
    let picks = pick_score::Entity::find()
        .filter(pick_score::Column::DraftId.eq(draft))
        .order_by_asc(pick_score::Column::TeamId)
        .order_by_asc(pick_score::Column::Number)
        .all(db)
        .await?;
    let picks = picks.iter().map(pick).collect::<Result<_>>()?;
    Ok(Some(Known { row, picks }))
}

/// Writes the first scores of a draft, of which the event tells.
pub(super) async fn begin<C: ConnectionTrait>(
    transaction: &C,
    draft: &draft::Model,
    new: New<'_>,
    event_sequence: i64,
) -> Result<()> {
    let row = race_score::Model {
        draft_id: draft.id,
        league_id: draft.league_id,
        race_id: draft.race_id,
        revision: 1,
        ruleset: written(new.ruleset)?,
        fingerprint: new.rests_on.fingerprint,
        entry_sequence: new.rests_on.entry_sequence,
        scored_at: new.at,
    };
    rows::insert::<_, race_score::Entity>(transaction, &[row]).await?;
    insert(transaction, draft.id, new.picks).await?;
    let revision = score_revision::Model {
        draft_id: draft.id,
        revision: 1,
        at: new.at,
        reason: Reason::FirstScored,
        changes: "[]".to_owned(),
        event_sequence,
    };
    add(transaction, revision).await
}

/// Replaces the scores of a draft, of which the event tells, by others.
pub(super) async fn replace<C: ConnectionTrait>(
    transaction: &C,
    known: Known,
    new: New<'_>,
    event_sequence: i64,
) -> Result<()> {
    let Known { row, picks } = known;
    let revision = score_revision::Model {
        draft_id: row.draft_id,
        revision: row.revision + 1,
        at: new.at,
        reason: if row.entry_sequence == new.rests_on.entry_sequence {
            Reason::ResultsCorrected
        } else {
            Reason::Substitution
        },
        changes: written(&changes(&picks, new.picks))?,
        event_sequence,
    };
    let update = race_score::ActiveModel {
        revision: Set(revision.revision),
        fingerprint: Set(new.rests_on.fingerprint),
        entry_sequence: Set(new.rests_on.entry_sequence),
        scored_at: Set(new.at),
        ..Default::default()
    };
    update_row(transaction, row.draft_id, update).await?;
    pick_score::Entity::delete_many()
        .filter(pick_score::Column::DraftId.eq(row.draft_id))
        .exec(transaction)
        .await?;
    insert(transaction, row.draft_id, new.picks).await?;
    add(transaction, revision).await
}

/// Notes that the same scores rest on something else now.
pub(super) async fn keep<C: ConnectionTrait>(
    transaction: &C,
    known: &Known,
    rests_on: Foundation,
) -> Result<()> {
    let update = race_score::ActiveModel {
        fingerprint: Set(rests_on.fingerprint),
        entry_sequence: Set(rests_on.entry_sequence),
        ..Default::default()
    };
    update_row(transaction, known.row.draft_id, update).await
}

async fn update_row<C: ConnectionTrait>(
    transaction: &C,
    draft: i32,
    update: race_score::ActiveModel,
) -> Result<()> {
    race_score::Entity::update_many()
        .set(update)
        .filter(race_score::Column::DraftId.eq(draft))
        .exec(transaction)
        .await?;
    Ok(())
}

async fn insert<C: ConnectionTrait>(
    transaction: &C,
    draft: i32,
    picks: &[ScoredPick],
) -> Result<()> {
    let new = picks.iter().map(|pick| row_of(draft, pick));
    let new: Vec<pick_score::Model> = new.collect::<Result<_>>()?;
    rows::insert::<_, pick_score::Entity>(transaction, &new).await?;
    Ok(())
}

fn row_of(draft: i32, pick: &ScoredPick) -> Result<pick_score::Model> {
    Ok(pick_score::Model {
        draft_id: draft,
        team_id: pick.team_id,
        number: pick.number,
        drafted_id: pick.driver_id,
        counted_id: pick.counted_driver_id,
        race_position: pick.race_position,
        points: pick.points(),
        breakdown: written(&pick.breakdown)?,
    })
}

async fn add<C: ConnectionTrait>(transaction: &C, revision: score_revision::Model) -> Result<()> {
    rows::insert::<_, score_revision::Entity>(transaction, &[revision]).await?;
    Ok(())
}

fn written<T: Serialize>(value: &T) -> Result<String> {
    serde_json::to_string(value).map_err(|error| Error::Internal(error.to_string()))
}

fn read<T: DeserializeOwned>(stored: &str) -> Result<T> {
    serde_json::from_str(stored).map_err(|error| Error::Internal(format!("stored scores: {error}")))
}
