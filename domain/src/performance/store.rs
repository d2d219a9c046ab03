//! Reads seasons and circuits for the rules, many in a statement.

use std::collections::HashMap;

use entities::{
    qualifying_result, race,
    result::Status,
    select::{any_of, any_of_sql},
    session::Kind,
};
use sea_orm::{
    ColumnTrait, ConnectionTrait, DbErr, EntityTrait, FromQueryResult, JoinType, QueryFilter,
    QueryOrder, QuerySelect, Statement,
};

use super::record::{Car, CircuitRace, Qualified, SeasonRecord, Weekend};

/// The columns of a [`CarRow`].
const CAR: &str = "result.race_id, race.season, result.session, result.driver_id,
    result.constructor_id, result.grid, result.position, result.position_order, result.status,
    result.points, result.pole, result.fastest_lap_ms";

#[derive(Debug, FromQueryResult)]
struct CarRow {
    race_id: i32,
    season: i32,
    session: Kind,
    driver_id: i32,
    constructor_id: i32,
    grid: Option<i32>,
    position: Option<i32>,
    position_order: i32,
    status: Status,
    points: i32,
    pole: bool,
    fastest_lap_ms: Option<i32>,
}

impl From<CarRow> for Car {
    fn from(row: CarRow) -> Self {
        Self {
            driver_id: row.driver_id,
            constructor_id: row.constructor_id,
            grid: row.grid,
            position: row.position,
            position_order: row.position_order,
            status: row.status,
            points: row.points,
            pole: row.pole,
            fastest_lap_ms: row.fastest_lap_ms,
        }
    }
}

/// Completed races of some seasons, in two statements; a season without one is missing.
///
/// # Errors
/// When the database fails.
pub async fn seasons<C: ConnectionTrait>(
    db: &C,
    years: &[i32],
) -> Result<HashMap<i32, SeasonRecord>, DbErr> {
    let backend = db.get_database_backend();
    let (any, keys) = any_of_sql(backend, years);
    let sql = format!(
        "SELECT {CAR} FROM result JOIN race ON race.id = result.race_id
         WHERE race.season {any} AND race.status = 'COMPLETED'
         ORDER BY race.date, race.id, result.position_order, result.id"
    );
    let rows = db
        .query_all_raw(Statement::from_sql_and_values(backend, sql, [keys]))
        .await?;
    let mut qualifying = qualifying(db, years).await?;
    let mut records: HashMap<i32, SeasonRecord> = HashMap::new();
    for row in &rows {
        let row = CarRow::from_query_result(row, "")?;
        let weekends = &mut records.entry(row.season).or_default().weekends;
        if weekends.last().map(|last| last.race_id) != Some(row.race_id) {
            weekends.push(Weekend {
                race_id: row.race_id,
                qualifying: qualifying.remove(&row.race_id).unwrap_or_default(),
                ..Weekend::default()
            });
        }
        if let Some(weekend) = weekends.last_mut() {
            let cars = match row.session {
                Kind::Sprint => &mut weekend.sprint,
                _ => &mut weekend.race,
            };
            cars.push(row.into());
        }
    }
    Ok(records)
}

async fn qualifying<C: ConnectionTrait>(
    db: &C,
    years: &[i32],
) -> Result<HashMap<i32, Vec<Qualified>>, DbErr> {
    use qualifying_result::Column;
    let of_race = qualifying_result::Entity::belongs_to(race::Entity)
        .from(Column::RaceId)
        .to(race::Column::Id);
    let rows = qualifying_result::Entity::find()
        .join(JoinType::InnerJoin, of_race.into())
        .filter(any_of(
            db.get_database_backend(),
            race::Column::Season,
            years,
        ))
        .filter(Column::Session.eq(Kind::Qualifying))
        .order_by_asc(Column::Id)
        .all(db)
        .await?;
    let mut found: HashMap<i32, Vec<Qualified>> = HashMap::new();
    for row in rows {
        found.entry(row.race_id).or_default().push(Qualified {
            driver_id: row.driver_id,
            constructor_id: row.constructor_id,
            position: row.position,
            parts: [row.q1_ms, row.q2_ms, row.q3_ms],
        });
    }
    Ok(found)
}

#[derive(Debug, FromQueryResult)]
struct RaceRow {
    circuit_id: i32,
    /// 1 is the latest season with a race here.
    seasons_ago: i64,
    safety_car: bool,
    safety_cars_known: bool,
}

/// A race with its place among the seasons of its circuit, 1 being the latest.
#[derive(Debug, Clone, PartialEq)]
pub struct DatedRace {
    pub seasons_ago: i64,
    pub race: CircuitRace,
}

/// Completed races of some circuits, oldest first, in one statement: those of the latest
/// `seasons` seasons in which each held one, or all.
///
/// # Errors
/// When the database fails.
pub async fn circuits<C: ConnectionTrait>(
    db: &C,
    circuits: &[i32],
    seasons: Option<i32>,
) -> Result<HashMap<i32, Vec<DatedRace>>, DbErr> {
    let backend = db.get_database_backend();
    let (any, keys) = any_of_sql(backend, circuits);
    // Race control is known by season: in one without a safety car nobody kept count of them.
    let sql = format!(
        "WITH counted AS (
             SELECT DISTINCT race.season FROM race_control
             JOIN race ON race.id = race_control.race_id
             WHERE race_control.kind = 'SAFETY_CAR'
         ), held AS (
             SELECT id, circuit_id, season, date,
                 DENSE_RANK() OVER (PARTITION BY circuit_id ORDER BY season DESC) AS seasons_ago
             FROM race WHERE status = 'COMPLETED' AND circuit_id {any}
         )
         SELECT {CAR}, race.circuit_id, race.seasons_ago,
             race.season IN (SELECT season FROM counted) AS safety_cars_known,
             EXISTS (SELECT 1 FROM race_control WHERE race_control.race_id = race.id
                 AND race_control.kind = 'SAFETY_CAR') AS safety_car
         FROM held AS race
         JOIN result ON result.race_id = race.id AND result.session = 'RACE'
         WHERE race.seasons_ago <= $2
         ORDER BY race.date, race.id, result.position_order, result.id"
    );
    let values = [keys, i64::from(seasons.unwrap_or(i32::MAX)).into()];
    let rows = db
        .query_all_raw(Statement::from_sql_and_values(backend, sql, values))
        .await?;
    let mut found: HashMap<i32, Vec<DatedRace>> = HashMap::new();
    for row in &rows {
        let (race, car) = (
            RaceRow::from_query_result(row, "")?,
            CarRow::from_query_result(row, "")?,
        );
        let races = found.entry(race.circuit_id).or_default();
        if races.last().map(|last| last.race.race_id) != Some(car.race_id) {
            races.push(dated(&race, &car));
        }
        if let Some(last) = races.last_mut() {
            last.race.cars.push(car.into());
        }
    }
    Ok(found)
}

fn dated(race: &RaceRow, car: &CarRow) -> DatedRace {
    DatedRace {
        seasons_ago: race.seasons_ago,
        race: CircuitRace {
            race_id: car.race_id,
            season: car.season,
            safety_car: race.safety_cars_known.then_some(race.safety_car),
            cars: Vec::new(),
        },
    }
}

/// The races of the latest `seasons` seasons among those read, or all.
pub fn latest(races: &[DatedRace], seasons: Option<i32>) -> impl Iterator<Item = &CircuitRace> {
    let within =
        move |race: &&DatedRace| seasons.is_none_or(|most| race.seasons_ago <= i64::from(most));
    races.iter().filter(within).map(|dated| &dated.race)
}
