//! The use-case that takes in what a feed says.
//!
//! In one transaction: the stream's turn is taken, so that nobody else writes to this race; what is
//! known is rebuilt from its rows; the records are folded into it; facts and events are written.
//! A kill loses the whole or nothing, and the same records again change nothing.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use entities::{
    entry, live_event, live_fact, live_race, qualifying_result, race, result, session::Kind,
};
use sea_orm::{
    ActiveValue::Set, ColumnTrait, ConnectionTrait, DatabaseTransaction, DbErr, EntityTrait,
    QueryFilter, QueryOrder, QuerySelect, sea_query::OnConflict,
};
use serde::{Serialize, de::DeserializeOwned};

use super::{
    change::Dated,
    fact::Key,
    fold::{Fold, Taken},
    record::Record,
    setting::{Setting, Starter},
};
use crate::{
    App, database,
    error::{Error, Result},
    event,
    import::rows,
};

/// Rows in one statement.
const CHUNK: usize = 500;

/// What records came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ingested {
    /// Sequence of the race's last event, new or not.
    pub sequence: i64,
    /// Events that were told.
    pub events: usize,
    /// Records that cannot be, or of cars that nobody has entered.
    pub refused: usize,
    /// The order after the flag is known: followers are done.
    pub finished: bool,
}

/// Name of the stream of a live race.
#[must_use]
pub fn stream(race: &race::Model) -> String {
    format!("{}{}", event::LIVE, race.reference)
}

/// Takes in records of a race: in any order, again or for the first time, from several processes
/// at once. Hand in many at a time, since each call reads what is known.
///
/// # Errors
/// When the database fails; nothing has been written then.
pub async fn ingest(app: &App, race: &race::Model, records: Vec<Record>) -> Result<Ingested> {
    let transaction = database::begin(&app.db).await?;
    let stream = stream(race);
    let last = event::advance(&transaction, &stream, 0).await?;
    let known = live_race::Entity::find_by_id(race.id)
        .one(&transaction)
        .await?;
    let before: Setting = match &known {
        Some(row) => read(&row.setting)?,
        None => Setting::default(),
    };
    let setting = before.clone().with(entered(&transaction, race).await?);
    let mut fold = rebuilt(&transaction, race.id, before.clone()).await?;
    let mut changes = fold.reset(setting.clone());
    let Taken {
        changes: taken,
        learned,
        refused,
    } = fold.take(records);
    changes.extend(taken);
    let outcome = Ingested {
        sequence: last,
        events: changes.len(),
        refused,
        finished: fold.board().finished(),
    };
    if changes.is_empty() && learned.is_empty() {
        transaction.rollback().await?;
        return Ok(outcome);
    }
    let told_at = known.as_ref().map(|row| row.told_at);
    let told_at = told_at.max(Some(to_the_millisecond(app.clock.now())));
    let told_at = told_at.unwrap_or_default();
    let events = event_rows(race.id, &setting, last, told_at, &changes)?;
    rows::insert::<_, live_event::Entity>(&transaction, &events).await?;
    learn(&transaction, race.id, &fold, learned.iter()).await?;
    let row = live_race::Model {
        race_id: race.id,
        setting: written(&setting)?,
        base_sequence: known.as_ref().map_or(0, |row| row.base_sequence),
        base: known.map_or_else(|| "[]".to_owned(), |row| row.base),
        told_at,
    };
    keep(&transaction, row).await?;
    let count = i64::try_from(events.len()).unwrap_or(i64::MAX);
    let sequence = event::advance(&transaction, &stream, count).await?;
    transaction.commit().await?;
    app.bus.told();
    for event in &events {
        let behind = (event.told_at - event.at).as_seconds_f64();
        metrics::histogram!("pitwall_live_behind_seconds").record(behind.max(0.0));
    }
    Ok(Ingested {
        sequence,
        ..outcome
    })
}

/// Who drives what in a race, as far as it is known: by its entries, else by those of the latest
/// race before; on the grid as in the result, else as they qualified.
async fn entered<C: ConnectionTrait>(db: &C, race: &race::Model) -> Result<Setting, DbErr> {
    let mut entries = entries(db, race.id).await?;
    if entries.is_empty() {
        let latest = race::Entity::find()
            .filter(race::Column::Date.lt(race.date))
            .filter(race::Column::Status.eq(race::Status::Completed))
            .order_by_desc(race::Column::Date)
            .one(db)
            .await?;
        if let Some(latest) = latest {
            entries = self::entries(db, latest.id).await?;
        }
    }
    let mut grid: BTreeMap<i32, i32> = qualifying_result::Entity::find()
        .filter(qualifying_result::Column::RaceId.eq(race.id))
        .filter(qualifying_result::Column::Session.eq(Kind::Qualifying))
        .all(db)
        .await?
        .into_iter()
        .filter_map(|row| Some((row.driver_id, row.position?)))
        .collect();
    let placed: Vec<(i32, Option<i32>)> = result::Entity::find()
        .select_only()
        .columns([result::Column::DriverId, result::Column::Grid])
        .filter(result::Column::RaceId.eq(race.id))
        .filter(result::Column::Session.eq(Kind::Race))
        .into_tuple()
        .all(db)
        .await?;
    for (driver_id, place) in placed {
        match place.filter(|place| *place > 0) {
            Some(place) => drop(grid.insert(driver_id, place)),
            None => drop(grid.remove(&driver_id)),
        }
    }
    let starter = |entry: entry::Model| {
        let starter = Starter {
            driver_id: entry.driver_id,
            constructor_id: entry.constructor_id,
            grid: grid.get(&entry.driver_id).copied(),
        };
        Some((entry.number.parse().ok()?, starter))
    };
    Ok(Setting {
        cars: entries.into_iter().filter_map(starter).collect(),
    })
}

async fn entries<C: ConnectionTrait>(db: &C, race_id: i32) -> Result<Vec<entry::Model>, DbErr> {
    entry::Entity::find()
        .filter(entry::Column::RaceId.eq(race_id))
        .all(db)
        .await
}

/// What is known of a race, from its rows.
async fn rebuilt<C: ConnectionTrait>(db: &C, race_id: i32, setting: Setting) -> Result<Fold> {
    let rows = live_fact::Entity::find()
        .filter(live_fact::Column::RaceId.eq(race_id))
        .all(db)
        .await?;
    let records: Vec<Record> = rows
        .iter()
        .map(|row| read(&row.body))
        .collect::<Result<_>>()?;
    let mut fold = Fold::new(setting);
    fold.take(records);
    Ok(fold)
}

async fn learn(
    transaction: &DatabaseTransaction,
    race_id: i32,
    fold: &Fold,
    keys: impl Iterator<Item = &Key>,
) -> Result<()> {
    let mut rows = Vec::new();
    for key in keys {
        rows.push(live_fact::ActiveModel {
            race_id: Set(race_id),
            fact: Set(key.text()),
            body: Set(written(&fold.facts().get(key))?),
        });
    }
    for chunk in rows.chunks(CHUNK) {
        live_fact::Entity::insert_many(chunk.to_vec())
            .on_conflict(
                OnConflict::columns([live_fact::Column::RaceId, live_fact::Column::Fact])
                    .update_column(live_fact::Column::Body)
                    .to_owned(),
            )
            .exec_without_returning(transaction)
            .await?;
    }
    Ok(())
}

async fn keep(transaction: &DatabaseTransaction, row: live_race::Model) -> Result<(), DbErr> {
    use live_race::Column;
    let new = live_race::ActiveModel {
        race_id: Set(row.race_id),
        setting: Set(row.setting),
        base_sequence: Set(row.base_sequence),
        base: Set(row.base),
        told_at: Set(row.told_at),
    };
    live_race::Entity::insert(new)
        .on_conflict(
            OnConflict::column(Column::RaceId)
                .update_columns([Column::Setting, Column::ToldAt])
                .to_owned(),
        )
        .exec_without_returning(transaction)
        .await
        .map(drop)
}

fn event_rows(
    race_id: i32,
    setting: &Setting,
    last: i64,
    told_at: DateTime<Utc>,
    changes: &[Dated],
) -> Result<Vec<live_event::Model>> {
    let driver = |number| setting.cars.get(&number).map(|starter| starter.driver_id);
    (last + 1..)
        .zip(changes)
        .map(|(sequence, dated)| {
            Ok(live_event::Model {
                race_id,
                sequence,
                at: dated.at,
                told_at,
                kind: dated.change.kind().to_owned(),
                driver_id: dated.change.number().and_then(driver),
                body: written(&dated.change)?,
            })
        })
        .collect()
}

/// As finely as times are kept everywhere.
pub(super) fn to_the_millisecond(time: DateTime<Utc>) -> DateTime<Utc> {
    DateTime::from_timestamp_millis(time.timestamp_millis()).unwrap_or(time)
}

pub(super) fn written<T: Serialize>(value: &T) -> Result<String> {
    serde_json::to_string(value).map_err(|error| Error::Internal(error.to_string()))
}

pub(super) fn read<T: DeserializeOwned>(text: &str) -> Result<T> {
    serde_json::from_str(text)
        .map_err(|error| Error::Internal(format!("a live row cannot be read: {error}")))
}
