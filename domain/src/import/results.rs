//! Classifications of races and sprints, with revisions of corrected ones.

use std::collections::BTreeMap;

use entities::{result, result_revision, session::Kind};
use sea_orm::{
    ActiveModelTrait, ColumnTrait, ConnectionTrait, DbErr, EntityTrait, IntoActiveModel,
    QueryFilter,
};

use super::{record::RaceRecord, rows, writer::RaceWriter};

/// Writes the classification of the race or the sprint; says whether anything changed.
///
/// # Errors
/// When the database fails.
pub async fn store<C: ConnectionTrait>(
    writer: &RaceWriter<'_, C>,
    record: &RaceRecord,
    session: Kind,
    fresh: bool,
) -> Result<bool, DbErr> {
    let new = classification(writer, record, session);
    if fresh {
        rows::insert::<_, result::Entity>(writer.transaction, &new).await?;
        return Ok(!new.is_empty());
    }
    let stored = result::Entity::find()
        .filter(result::Column::RaceId.eq(writer.race_id))
        .filter(result::Column::Session.eq(session))
        .all(writer.transaction)
        .await?;
    let mut stored: BTreeMap<_, _> = stored.into_iter().map(|row| (key(&row), row)).collect();
    let mut changed = false;
    let mut added = Vec::new();
    for row in new {
        match stored.remove(&key(&row)) {
            None => added.push(row),
            Some(old) => changed |= correct(writer, old, row).await?,
        }
    }
    changed |= !added.is_empty() || !stored.is_empty();
    for gone in stored.into_values() {
        result::Entity::delete_by_id(gone.id)
            .exec(writer.transaction)
            .await?;
    }
    rows::insert::<_, result::Entity>(writer.transaction, &added).await?;
    Ok(changed)
}

/// Replaces a stored result where the new one differs. Only what the stewards can correct
/// makes a revision; the earlier values are kept.
async fn correct<C: ConnectionTrait>(
    writer: &RaceWriter<'_, C>,
    old: result::Model,
    mut new: result::Model,
) -> Result<bool, DbErr> {
    new.id = old.id;
    new.revision = old.revision;
    if new == old {
        return Ok(false);
    }
    let judged = |row: &result::Model| (row.position, row.points, row.grid, row.laps, row.status);
    if judged(&old) != judged(&new) {
        new.revision += 1;
        let earlier = result_revision::Model {
            result_id: old.id,
            revision: old.revision,
            position: old.position,
            points: old.points,
            grid: old.grid,
            laps: old.laps,
            status: old.status,
            source: writer.source,
            superseded_at: writer.now,
        };
        rows::insert::<_, result_revision::Entity>(writer.transaction, &[earlier]).await?;
    }
    new.into_active_model()
        .reset_all()
        .update(writer.transaction)
        .await?;
    Ok(true)
}

fn key(row: &result::Model) -> (i32, String, i32) {
    (row.driver_id, row.number.clone(), row.constructor_id)
}

fn classification<C>(
    writer: &RaceWriter<'_, C>,
    record: &RaceRecord,
    session: Kind,
) -> Vec<result::Model> {
    let records = match session {
        Kind::Sprint => &record.sprint,
        _ => &record.results,
    };
    let pole = match session {
        Kind::Race => pole_sitter(record),
        _ => None,
    };
    records
        .iter()
        .map(|record| result::Model {
            id: 0,
            race_id: writer.race_id,
            session,
            driver_id: writer.people.drivers[&record.driver],
            constructor_id: writer.people.constructors[&record.constructor],
            number: record.number.clone(),
            grid: record.grid,
            position: record.position,
            position_text: record.position_text.clone(),
            position_order: record.position_order,
            points: record.points,
            laps: record.laps,
            time_ms: record.time_ms,
            status: record.status,
            status_text: record.status_text.clone(),
            fastest_lap: record.fastest_lap,
            fastest_lap_rank: record.fastest_lap_rank,
            fastest_lap_ms: record.fastest_lap_ms,
            fastest_lap_speed: record.fastest_lap_speed,
            pole: pole == Some((record.driver.as_str(), record.number.as_str())),
            revision: 1,
        })
        .collect()
}

/// The car credited with pole position, by driver and number: the one that stands first on
/// the grid; of the drivers who shared it, the first listed. Only in the sprint weekends of
/// 2022 was it the fastest of Friday's qualifying, whatever the sprint made of it.
fn pole_sitter(record: &RaceRecord) -> Option<(&str, &str)> {
    if record.season == 2022 && !record.sprint.is_empty() && !record.qualifying.is_empty() {
        let first = record.qualifying.iter().find(|row| row.position == Some(1));
        return first.map(|row| (row.driver.as_str(), row.number.as_str()));
    }
    let first = record.results.iter().find(|row| row.grid == Some(1));
    first.map(|row| (row.driver.as_str(), row.number.as_str()))
}
