//! One race into the database, in one transaction, part by part.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use chrono::{DateTime, Utc};
use entities::{
    entry, lap, pit_stop, practice_result, qualifying_result, race, race_control,
    race_source::{self, Section, Source},
    season, session, stint, weather,
};
use sea_orm::{
    ActiveModelTrait, ActiveValue::Set, ColumnTrait, Condition, ConnectionTrait, DbErr,
    EntityTrait, IntoActiveModel, QueryFilter,
};

use super::{
    calendar, digest,
    people::People,
    record::{QualifyingRecord, RaceRecord},
    results, rows, standings,
};
use crate::event;

/// What is already known of the parts of all races.
pub type Known = HashMap<(i32, Section), (Source, String)>;

/// Rows of a race that a source has brought, ready to be compared with what is stored.
pub struct RaceWriter<'a, C> {
    pub transaction: &'a C,
    pub people: &'a People,
    pub source: Source,
    pub now: DateTime<Utc>,
    pub race_id: i32,
    /// The race was not stored before.
    pub new_race: bool,
}

/// Parts of a race that a source brings and that are not stored already.
#[must_use]
pub fn new_sections(
    known: &Known,
    race_id: Option<i32>,
    source: Source,
    record: &RaceRecord,
) -> Vec<(Section, String)> {
    digest::sections(record)
        .into_iter()
        .filter(|(section, digest)| {
            let stored = race_id.and_then(|id| known.get(&(id, *section)));
            match stored {
                None => true,
                Some((from, same)) => *from <= source && !(*from == source && same == digest),
            }
        })
        .collect()
}

/// Writes the named parts of a race and says whether a row changed.
///
/// # Errors
/// When the database fails; the transaction is the caller's to roll back.
pub async fn store<C: ConnectionTrait>(
    writer: &RaceWriter<'_, C>,
    known: &Known,
    record: &RaceRecord,
    sections: &[(Section, String)],
) -> Result<bool, DbErr> {
    let mut changed = false;
    let mut standings_affected = false;
    let mut remembered = Vec::new();
    for (section, digest) in sections {
        let previous = known.get(&(writer.race_id, *section));
        let fresh = previous.is_none();
        let stored = write_section(writer, record, *section, fresh).await?;
        if stored == Stored::KeptBetter {
            continue;
        }
        changed |= stored == Stored::Changed;
        let row = race_source::Model {
            race_id: writer.race_id,
            section: *section,
            source: writer.source,
            digest: digest.clone(),
            imported_at: writer.now,
        };
        if fresh {
            remembered.push(row);
        } else {
            row.into_active_model()
                .reset_all()
                .update(writer.transaction)
                .await?;
        }
        standings_affected |= matches!(section, Section::Results | Section::Sprint)
            || (*section == Section::Calendar && stored == Stored::Changed);
    }
    rows::insert::<_, race_source::Entity>(writer.transaction, &remembered).await?;
    if sections.iter().any(|(section, _)| {
        matches!(
            section,
            Section::Results | Section::Sprint | Section::Qualifying
        )
    }) {
        changed |= entries(writer, record).await?;
    }
    if standings_affected {
        season::Entity::update_many()
            .col_expr(season::Column::DerivedCurrent, false.into())
            .filter(season::Column::Year.eq(record.season))
            .exec(writer.transaction)
            .await?;
    }
    Ok(changed)
}

/// What became of one part.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stored {
    Same,
    Changed,
    /// What is stored says more; it stays, and the digest with it.
    KeptBetter,
}

impl From<bool> for Stored {
    fn from(changed: bool) -> Self {
        if changed { Self::Changed } else { Self::Same }
    }
}

async fn write_section<C: ConnectionTrait>(
    writer: &RaceWriter<'_, C>,
    record: &RaceRecord,
    section: Section,
    fresh: bool,
) -> Result<Stored, DbErr> {
    Ok(match section {
        Section::Calendar => calendar::sessions(writer, record, fresh).await?.into(),
        Section::Results => {
            let changed = results::store(writer, record, session::Kind::Race, fresh).await?;
            if !writer.new_race {
                completed(writer).await?;
            }
            changed.into()
        }
        Section::Sprint => results::store(writer, record, session::Kind::Sprint, fresh)
            .await?
            .into(),
        Section::Qualifying => qualifying(writer, &record.qualifying, fresh).await?.into(),
        Section::Practice => practice(writer, record, fresh).await?.into(),
        Section::Laps => return laps(writer, record, fresh).await,
        Section::PitStops => pit_stops(writer, record, fresh).await?.into(),
        Section::Weather => conditions(writer, record, fresh).await?.into(),
        Section::RaceControl => control(writer, record, fresh).await?.into(),
        Section::Standings => standings::published(writer, record, fresh).await?.into(),
    })
}

/// A race with a classification has been run.
async fn completed<C: ConnectionTrait>(writer: &RaceWriter<'_, C>) -> Result<(), DbErr> {
    race::Entity::update_many()
        .col_expr(
            race::Column::Status,
            sea_orm::ActiveEnum::to_value(&race::Status::Completed).into(),
        )
        .filter(race::Column::Id.eq(writer.race_id))
        .filter(race::Column::Status.ne(race::Status::Completed))
        .exec(writer.transaction)
        .await
        .map(drop)
}

/// Who drove what: everybody in a classification of the weekend, of this source or one before.
async fn entries<C: ConnectionTrait>(
    writer: &RaceWriter<'_, C>,
    record: &RaceRecord,
) -> Result<bool, DbErr> {
    type Car = (i32, String, i32);
    let people = writer.people;
    let mut codes: HashMap<i32, String> = HashMap::new();
    let mut cars: BTreeSet<Car> = BTreeSet::new();
    for row in record.results.iter().chain(&record.sprint) {
        let driver = people.drivers[&row.driver];
        cars.insert((
            driver,
            row.number.clone(),
            people.constructors[&row.constructor],
        ));
        if let Some(code) = &row.code {
            codes.insert(driver, code.clone());
        }
    }
    for row in &record.qualifying {
        cars.insert((
            people.drivers[&row.driver],
            row.number.clone(),
            people.constructors[&row.constructor],
        ));
    }
    let stored = if writer.new_race {
        Vec::new()
    } else {
        entry::Entity::find()
            .filter(entry::Column::RaceId.eq(writer.race_id))
            .all(writer.transaction)
            .await?
    };
    let stored: BTreeMap<Car, entry::Model> = stored
        .into_iter()
        .map(|row| ((row.driver_id, row.number.clone(), row.constructor_id), row))
        .collect();
    let code = |driver: i32| {
        codes
            .get(&driver)
            .or_else(|| people.codes.get(&driver))
            .cloned()
    };
    let mut changed = false;
    for (car, row) in &stored {
        if !cars.contains(car) {
            entry::Entity::delete_by_id(row.id)
                .exec(writer.transaction)
                .await?;
            changed = true;
        } else if row.code != code(car.0) {
            let mut row = row.clone().into_active_model();
            row.code = Set(code(car.0));
            row.update(writer.transaction).await?;
            changed = true;
        }
    }
    let new: Vec<entry::Model> = cars
        .into_iter()
        .filter(|car| !stored.contains_key(car))
        .map(|(driver_id, number, constructor_id)| entry::Model {
            id: 0,
            race_id: writer.race_id,
            driver_id,
            constructor_id,
            number,
            code: code(driver_id),
        })
        .collect();
    rows::insert::<_, entry::Entity>(writer.transaction, &new).await?;
    Ok(changed || !new.is_empty())
}

async fn qualifying<C: ConnectionTrait>(
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

async fn practice<C: ConnectionTrait>(
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

/// Laps and the stints that follow from them. Laps without tyres never replace laps with.
async fn laps<C: ConnectionTrait>(
    writer: &RaceWriter<'_, C>,
    record: &RaceRecord,
    fresh: bool,
) -> Result<Stored, DbErr> {
    let with_tyres = record.laps.iter().any(|lap| lap.detail.is_some());
    if !fresh && !with_tyres {
        let better = stint::Entity::find()
            .filter(stint::Column::RaceId.eq(writer.race_id))
            .one(writer.transaction)
            .await?;
        if better.is_some() {
            return Ok(Stored::KeptBetter);
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
    let stints = super::stints::of(writer.race_id, &writer.people.drivers, &record.laps);
    changed |= write::<_, stint::Entity, _>(
        writer,
        fresh,
        stint::Column::RaceId,
        &stints,
        |row| (row.driver_id, row.stint),
        PartialEq::eq,
    )
    .await?;
    Ok(changed.into())
}

fn lap_row(race_id: i32, driver_id: i32, record: &super::record::LapRecord) -> lap::Model {
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

async fn pit_stops<C: ConnectionTrait>(
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

async fn conditions<C: ConnectionTrait>(
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

async fn control<C: ConnectionTrait>(
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

/// Inserts the rows of a part seen for the first time, else replaces them where they differ.
async fn write<C, E, K>(
    writer: &RaceWriter<'_, C>,
    fresh: bool,
    race_column: E::Column,
    new: &[E::Model],
    key: impl Fn(&E::Model) -> K,
    same: impl Fn(&E::Model, &E::Model) -> bool,
) -> Result<bool, DbErr>
where
    C: ConnectionTrait,
    E: EntityTrait,
    E::Model: sea_orm::ModelTrait<Entity = E> + sea_orm::FromQueryResult + Sync,
    K: Ord,
{
    if fresh {
        rows::insert::<_, E>(writer.transaction, new).await?;
        return Ok(!new.is_empty());
    }
    let scope = Condition::all().add(race_column.eq(writer.race_id));
    rows::replace::<_, E, _>(writer.transaction, scope, new, key, same).await
}

/// The event that tells of the change.
///
/// # Errors
/// When the database fails.
pub async fn announce<C: ConnectionTrait>(
    writer: &RaceWriter<'_, C>,
    reference: &str,
) -> Result<(), DbErr> {
    let subject = format!("Race:{reference}");
    event::append(
        writer.transaction,
        event::DATA,
        "race_imported",
        &subject,
        writer.now,
    )
    .await
    .map(drop)
}
