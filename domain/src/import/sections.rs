//! The parts of a race that are replaced as a whole where they differ.

use entities::{
    lap, pit_stop, practice_result, qualifying_result, race_control, race_source::Source, stint,
    weather,
};
use sea_orm::{ColumnTrait, ConnectionTrait, DbErr, EntityTrait, QueryFilter};

use super::{
    record::{LapRecord, QualifyingRecord, RaceRecord},
    stints,
    writer::{RaceWriter, write},
};

/// Writes this part of a race; says whether anything changed.
///
/// # Errors
/// When the database fails.
pub async fn qualifying<C: ConnectionTrait>(
    writer: &RaceWriter<'_, C>,
    records: &[QualifyingRecord],
    fresh: bool,
) -> Result<bool, DbErr> {
    let new: Vec<qualifying_result::Model> = records
        .iter()
        .map(|record| qualifying_result::Model {
            id: 0,
            race_id: writer.race_id,
            session: record.session,
            driver_id: writer.people.drivers[&record.driver],
            constructor_id: writer.people.constructors[&record.constructor],
            number: record.number.clone(),
            position: record.position,
            q1_ms: record.q1_ms,
            q2_ms: record.q2_ms,
            q3_ms: record.q3_ms,
        })
        .collect();
    write::<_, qualifying_result::Entity, _>(
        writer,
        fresh,
        qualifying_result::Column::RaceId,
        &new,
        |row| {
            (
                row.session,
                row.driver_id,
                row.constructor_id,
                row.number.clone(),
            )
        },
        |old, new| {
            qualifying_result::Model {
                id: 0,
                ..old.clone()
            } == *new
        },
    )
    .await
}

/// Writes this part of a race; says whether anything changed.
///
/// # Errors
/// When the database fails.
pub async fn practice<C: ConnectionTrait>(
    writer: &RaceWriter<'_, C>,
    record: &RaceRecord,
    fresh: bool,
) -> Result<bool, DbErr> {
    let new: Vec<practice_result::Model> = record
        .practice
        .iter()
        .map(|record| practice_result::Model {
            race_id: writer.race_id,
            session: record.session,
            driver_id: writer.people.drivers[&record.driver],
            constructor_id: writer.people.constructors[&record.constructor],
            position: record.position,
            best_lap_ms: record.best_lap_ms,
            laps: record.laps,
        })
        .collect();
    write::<_, practice_result::Entity, _>(
        writer,
        fresh,
        practice_result::Column::RaceId,
        &new,
        |row| (row.session, row.driver_id),
        PartialEq::eq,
    )
    .await
}

/// Laps and the stints that follow from them. Laps without tyres never replace laps with, nor do
/// those of OpenF1 replace another's: then the answer is `None`.
///
/// # Errors
/// When the database fails.
pub async fn laps<C: ConnectionTrait>(
    writer: &RaceWriter<'_, C>,
    record: &RaceRecord,
    from: Option<Source>,
) -> Result<Option<bool>, DbErr> {
    let fresh = from.is_none();
    let with_tyres = record.laps.iter().any(|lap| lap.detail.is_some());
    let only_adds = writer.source == Source::Openf1 && from != Some(Source::Openf1);
    if !fresh && !with_tyres && only_adds {
        return Ok(None);
    }
    if !fresh && (!with_tyres || only_adds) {
        let better = stint::Entity::find()
            .filter(stint::Column::RaceId.eq(writer.race_id))
            .one(writer.transaction)
            .await?;
        if better.is_some() {
            return Ok(None);
        }
    }
    let new: Vec<lap::Model> = record
        .laps
        .iter()
        .map(|record| {
            lap_row(
                writer.race_id,
                writer.people.drivers[&record.driver],
                record,
            )
        })
        .collect();
    let mut changed = write::<_, lap::Entity, _>(
        writer,
        fresh,
        lap::Column::RaceId,
        &new,
        |row| (row.driver_id, row.lap),
        PartialEq::eq,
    )
    .await?;
    let stints = stints::of(writer.race_id, &writer.people.drivers, &record.laps);
    changed |= write::<_, stint::Entity, _>(
        writer,
        fresh,
        stint::Column::RaceId,
        &stints,
        |row| (row.driver_id, row.stint),
        PartialEq::eq,
    )
    .await?;
    Ok(Some(changed))
}

fn lap_row(race_id: i32, driver_id: i32, record: &LapRecord) -> lap::Model {
    let detail = record.detail.as_ref();
    lap::Model {
        race_id,
        driver_id,
        lap: record.lap,
        position: record.position,
        time_ms: record.time_ms,
        stint: detail.map(|detail| detail.stint),
        compound: detail.map(|detail| detail.compound),
        tyre_age: detail.and_then(|detail| detail.tyre_age),
        track_status: detail.map(|detail| detail.track_status.clone()),
        is_accurate: detail.map(|detail| detail.is_accurate),
        pit_in: detail.is_some_and(|detail| detail.pit_in),
        pit_out: detail.is_some_and(|detail| detail.pit_out),
        end_ms: detail.and_then(|detail| detail.end_ms),
        sector1_ms: detail.and_then(|detail| detail.sector1_ms),
        sector2_ms: detail.and_then(|detail| detail.sector2_ms),
        sector3_ms: detail.and_then(|detail| detail.sector3_ms),
    }
}

/// Writes this part of a race; says whether anything changed.
///
/// # Errors
/// When the database fails.
pub async fn pit_stops<C: ConnectionTrait>(
    writer: &RaceWriter<'_, C>,
    record: &RaceRecord,
    fresh: bool,
) -> Result<bool, DbErr> {
    let new: Vec<pit_stop::Model> = record
        .pit_stops
        .iter()
        .map(|record| pit_stop::Model {
            race_id: writer.race_id,
            driver_id: writer.people.drivers[&record.driver],
            stop: record.stop,
            lap: record.lap,
            local_time: record.local_time.clone(),
            lane_ms: record.lane_ms,
        })
        .collect();
    write::<_, pit_stop::Entity, _>(
        writer,
        fresh,
        pit_stop::Column::RaceId,
        &new,
        |row| (row.driver_id, row.stop),
        PartialEq::eq,
    )
    .await
}

/// Writes this part of a race; says whether anything changed.
///
/// # Errors
/// When the database fails.
pub async fn conditions<C: ConnectionTrait>(
    writer: &RaceWriter<'_, C>,
    record: &RaceRecord,
    fresh: bool,
) -> Result<bool, DbErr> {
    let new: Vec<weather::Model> = record
        .weather
        .iter()
        .map(|record| weather::Model {
            race_id: writer.race_id,
            wet_lap_share: record.wet_lap_share,
            air_temperature: record.air_temperature,
            track_temperature: record.track_temperature,
            humidity: record.humidity,
            wind_speed: record.wind_speed,
            pressure: record.pressure,
            rainfall_share: record.rainfall_share,
        })
        .collect();
    write::<_, weather::Entity, _>(
        writer,
        fresh,
        weather::Column::RaceId,
        &new,
        |row| row.race_id,
        PartialEq::eq,
    )
    .await
}

/// Writes this part of a race; says whether anything changed.
///
/// # Errors
/// When the database fails.
pub async fn control<C: ConnectionTrait>(
    writer: &RaceWriter<'_, C>,
    record: &RaceRecord,
    fresh: bool,
) -> Result<bool, DbErr> {
    let new: Vec<race_control::Model> = record
        .race_control
        .iter()
        .map(|record| race_control::Model {
            id: 0,
            race_id: writer.race_id,
            kind: record.kind,
            from_lap: record.from_lap,
            to_lap: record.to_lap,
            full_laps: record.full_laps,
            cause: record.cause.clone(),
            resumption: record.resumption,
        })
        .collect();
    write::<_, race_control::Entity, _>(
        writer,
        fresh,
        race_control::Column::RaceId,
        &new,
        |row| (row.from_lap, row.kind, row.cause.clone(), row.to_lap),
        |old, new| {
            race_control::Model {
                id: 0,
                ..old.clone()
            } == *new
        },
    )
    .await
}
