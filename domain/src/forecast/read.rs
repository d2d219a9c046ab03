//! Reads from the database what engines are told.

use std::collections::HashMap;

use engines::{
    Car, CircuitId, ConstructorId, DriverId, Entrant, History, Outcome, PastRace, PowerUnitId,
    RaceId, TeamId, Weekend,
};
use entities::{
    constructor, driver, entry, practice_result, qualifying_result, race, result, session::Kind,
    weather,
};
use sea_orm::{
    ColumnTrait, ConnectionTrait, DbErr, EntityTrait, FromQueryResult, QueryFilter, QueryOrder,
    QuerySelect, QueryTrait, sea_query::SelectStatement,
};

use super::{
    ids::{self, Ids},
    order::{Placed, classified},
};
use crate::season::{
    lineage,
    power_unit::power_unit,
    start::{self, Starts},
};

/// All that is read.
pub(super) struct Read {
    /// Races that were run.
    pub history: History,
    /// Entrants of races to come, by database id of the race.
    pub upcoming: HashMap<i32, Vec<Entrant>>,
    /// When those begin.
    pub starts: HashMap<i32, Starts>,
    /// Classifications of qualifying, by database id of the race.
    pub qualifying: HashMap<i32, Vec<Placed>>,
    pub drivers: Ids,
    pub constructors: Ids,
}

#[derive(Debug, FromQueryResult)]
struct ResultRow {
    race_id: i32,
    session: Kind,
    driver_id: i32,
    constructor_id: i32,
    grid: Option<i32>,
    position: Option<i32>,
    position_order: i32,
    laps: i32,
    time_ms: Option<i32>,
    fastest_lap_ms: Option<i32>,
    points: i32,
    status: result::Status,
}

impl Read {
    pub async fn from<C: ConnectionTrait>(db: &C) -> Result<Self, DbErr> {
        let races = race::Entity::find()
            .filter(race::Column::Status.eq(race::Status::Completed))
            .order_by_asc(race::Column::Date)
            .order_by_asc(race::Column::Id)
            .all(db)
            .await?;
        let drivers: Vec<(i32, String)> = driver::Entity::find()
            .select_only()
            .columns([driver::Column::Id, driver::Column::Reference])
            .into_tuple()
            .all(db)
            .await?;
        let constructors: Vec<(i32, String)> = constructor::Entity::find()
            .select_only()
            .columns([constructor::Column::Id, constructor::Column::Reference])
            .into_tuple()
            .all(db)
            .await?;
        let people = People {
            refs: constructors.iter().cloned().collect(),
            drivers: Ids::new(drivers),
            constructors: Ids::new(constructors),
        };
        let rows: Vec<ResultRow> = result_rows(db).await?;
        let laps = qualifying_rows(db).await?;
        let weekends = weekends(db, &rows, &laps).await?;
        let qualifying = classified(&laps, &people.drivers, &people.constructors);
        let history = History::new(past_races(db, &races, rows, &people, &weekends).await?);
        let to_come = to_come(db).await?;
        let upcoming = upcoming(db, &to_come, &people, &weekends).await?;
        Ok(Self {
            history,
            upcoming,
            starts: start::starts(db, &to_come).await?,
            qualifying,
            drivers: people.drivers,
            constructors: people.constructors,
        })
    }
}

/// Who is who.
struct People {
    drivers: Ids,
    constructors: Ids,
    /// Refs of the constructors by database id.
    refs: HashMap<i32, String>,
}

impl People {
    fn team(&self, constructor: i32, season: i32) -> TeamId {
        let name = self.refs.get(&constructor).map_or("", String::as_str);
        TeamId(ids::hash(lineage::team(name, season).unwrap_or(name)))
    }

    fn power_unit(&self, constructor: i32, season: i32) -> Option<PowerUnitId> {
        let name = self.refs.get(&constructor)?;
        Some(PowerUnitId(ids::hash(power_unit(name, season)?)))
    }
}

/// What the sessions before the race showed, by database id of race and driver.
type Weekends = HashMap<(i32, i32), Weekend>;

fn not_completed() -> SelectStatement {
    race::Entity::find()
        .select_only()
        .column(race::Column::Id)
        .filter(race::Column::Status.is_in([race::Status::Scheduled, race::Status::InProgress]))
        .into_query()
}

async fn result_rows<C: ConnectionTrait>(db: &C) -> Result<Vec<ResultRow>, DbErr> {
    use result::Column;
    result::Entity::find()
        .select_only()
        .columns([
            Column::RaceId,
            Column::Session,
            Column::DriverId,
            Column::ConstructorId,
            Column::Grid,
            Column::Position,
            Column::PositionOrder,
            Column::Laps,
            Column::TimeMs,
            Column::FastestLapMs,
            Column::Points,
            Column::Status,
        ])
        .order_by_asc(Column::RaceId)
        .order_by_asc(Column::PositionOrder)
        .order_by_asc(Column::Id)
        .into_model()
        .all(db)
        .await
}

async fn to_come<C: ConnectionTrait>(db: &C) -> Result<Vec<race::Model>, DbErr> {
    race::Entity::find()
        .filter(race::Column::Status.is_in([race::Status::Scheduled, race::Status::InProgress]))
        .all(db)
        .await
}

async fn qualifying_rows<C: ConnectionTrait>(
    db: &C,
) -> Result<Vec<qualifying_result::Model>, DbErr> {
    qualifying_result::Entity::find()
        .filter(qualifying_result::Column::Session.eq(Kind::Qualifying))
        .all(db)
        .await
}

async fn weekends<C: ConnectionTrait>(
    db: &C,
    results: &[ResultRow],
    qualifying: &[qualifying_result::Model],
) -> Result<Weekends, DbErr> {
    let mut weekends = Weekends::new();
    let laps = practice_result::Entity::find().all(db).await?;
    for row in laps {
        let session = match row.session {
            Kind::Practice1 => 0,
            Kind::Practice2 => 1,
            Kind::Practice3 => 2,
            _ => continue,
        };
        let weekend = weekends.entry((row.race_id, row.driver_id)).or_default();
        weekend.practice_ms[session] = row.best_lap_ms.and_then(|ms| u32::try_from(ms).ok());
    }
    for row in qualifying {
        let weekend = weekends.entry((row.race_id, row.driver_id)).or_default();
        weekend.qualifying_ms =
            [row.q1_ms, row.q2_ms, row.q3_ms].map(|ms| ms.and_then(|ms| u32::try_from(ms).ok()));
        weekend.qualifying = row.position.and_then(|place| u8::try_from(place).ok());
    }
    for row in results.iter().filter(|row| row.session == Kind::Sprint) {
        let weekend = weekends.entry((row.race_id, row.driver_id)).or_default();
        weekend.sprint = u8::try_from(row.position_order).ok();
    }
    Ok(weekends)
}

async fn past_races<C: ConnectionTrait>(
    db: &C,
    races: &[race::Model],
    rows: Vec<ResultRow>,
    people: &People,
    weekends: &Weekends,
) -> Result<Vec<PastRace>, DbErr> {
    let wetness: HashMap<i32, Option<f64>> = weather::Entity::find()
        .select_only()
        .columns([weather::Column::RaceId, weather::Column::WetLapShare])
        .into_tuple()
        .all(db)
        .await?
        .into_iter()
        .collect();
    let mut sprints: HashMap<(i32, i32), i32> = HashMap::new();
    let mut cars: HashMap<i32, Vec<ResultRow>> = HashMap::new();
    for row in rows {
        if row.session == Kind::Sprint {
            sprints.insert((row.race_id, row.driver_id), row.points);
        } else {
            cars.entry(row.race_id).or_default().push(row);
        }
    }
    let past = races.iter().map(|race| {
        let cars = cars.remove(&race.id).unwrap_or_default();
        let line = |row: &ResultRow| {
            let key = (row.race_id, row.driver_id);
            let small = |number: i32| u8::try_from(number).unwrap_or(u8::MAX);
            Car {
                driver: DriverId(people.drivers.of_row(row.driver_id)),
                constructor: ConstructorId(people.constructors.of_row(row.constructor_id)),
                team: people.team(row.constructor_id, race.season),
                power_unit: people.power_unit(row.constructor_id, race.season),
                weekend: weekends.get(&key).copied().unwrap_or_default(),
                grid: row.grid.map(small),
                position_order: small(row.position_order),
                position: row.position.map(small),
                outcome: outcome(row.status),
                laps: u16::try_from(row.laps).unwrap_or_default(),
                time_ms: row.time_ms.and_then(|ms| u32::try_from(ms).ok()),
                fastest_lap_ms: row.fastest_lap_ms.and_then(|ms| u32::try_from(ms).ok()),
                points: f64::from(row.points) / 100.0,
                sprint_points: f64::from(sprints.get(&key).copied().unwrap_or(0)) / 100.0,
            }
        };
        PastRace {
            id: RaceId(race.id),
            season: race.season,
            date: race.date,
            circuit: CircuitId(race.circuit_id),
            wetness: wetness.get(&race.id).copied().flatten(),
            cars: cars.iter().map(line).collect(),
        }
    });
    Ok(past.collect())
}

fn outcome(status: result::Status) -> Outcome {
    match status {
        result::Status::Finished => Outcome::Finished,
        result::Status::Lapped => Outcome::Lapped,
        result::Status::Retired => Outcome::Retired,
        result::Status::NotClassified => Outcome::NotClassified,
        result::Status::Disqualified | result::Status::Excluded => Outcome::Disqualified,
        result::Status::DidNotStart | result::Status::DidNotQualify => Outcome::DidNotStart,
    }
}

/// Entrants of races to come, with the order of qualifying as their provisional grid.
async fn upcoming<C: ConnectionTrait>(
    db: &C,
    to_come: &[race::Model],
    people: &People,
    weekends: &Weekends,
) -> Result<HashMap<i32, Vec<Entrant>>, DbErr> {
    let seasons: HashMap<i32, i32> = to_come.iter().map(|race| (race.id, race.season)).collect();
    let entries = entry::Entity::find()
        .filter(entry::Column::RaceId.in_subquery(not_completed()))
        .order_by_asc(entry::Column::Id)
        .all(db)
        .await?;
    let mut upcoming: HashMap<i32, Vec<Entrant>> = HashMap::new();
    for row in entries {
        let season = seasons.get(&row.race_id).copied().unwrap_or_default();
        let weekend = weekends.get(&(row.race_id, row.driver_id));
        let weekend = weekend.copied().unwrap_or_default();
        upcoming.entry(row.race_id).or_default().push(Entrant {
            driver: DriverId(people.drivers.of_row(row.driver_id)),
            constructor: ConstructorId(people.constructors.of_row(row.constructor_id)),
            team: people.team(row.constructor_id, season),
            power_unit: people.power_unit(row.constructor_id, season),
            grid: weekend.qualifying,
            weekend,
        });
    }
    Ok(upcoming)
}
