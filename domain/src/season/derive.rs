//! What is worked out from results and stored: standings after every race and career totals.

use std::collections::HashMap;

use entities::{
    circuit, constructor, constructor_lineage, constructor_standing, driver,
    driver_standing::{self, Origin},
    race, result, season,
    session::Kind,
};
use sea_orm::{
    ActiveModelTrait, ColumnTrait, ConnectionTrait, DbErr, EntityTrait, FromQueryResult,
    IntoActiveModel, JoinType, QueryFilter, QueryOrder, QuerySelect,
};

use super::{
    career::{Careers, CircuitTotals, Outcome, Totals, careers},
    lineage::LINEAGE,
};
use crate::{
    App,
    database::{begin, begin_hastily},
    event,
    import::rows,
    standings::store::{Refs, compute_season},
};

/// Computes standings of the seasons whose results changed, then everybody's totals; says how
/// many seasons there were. Cut off in between, the same seasons are taken up again.
///
/// # Errors
/// When the database fails.
pub async fn derive_stale(
    app: &App,
    mut progress: impl FnMut(usize, usize) + Send,
) -> Result<usize, DbErr> {
    let stale: Vec<i32> = season::Entity::find()
        .filter(season::Column::DerivedCurrent.eq(false))
        .order_by_asc(season::Column::Year)
        .all(&app.db)
        .await?
        .into_iter()
        .map(|row| row.year)
        .collect();
    if stale.is_empty() {
        return Ok(0);
    }
    let refs = Refs::load(&app.db).await?;
    for (done, year) in stale.iter().enumerate() {
        progress(done, stale.len());
        let transaction = begin_hastily(&app.db).await?;
        compute_season(&transaction, &refs, *year).await?;
        transaction.commit().await?;
    }
    let transaction = begin(&app.db).await?;
    totals(&transaction).await?;
    lineage(&transaction).await?;
    season::Entity::update_many()
        .col_expr(season::Column::DerivedCurrent, true.into())
        .filter(season::Column::Year.is_in(stale.iter().copied()))
        .exec(&transaction)
        .await?;
    for year in &stale {
        let subject = format!("Season:{year}");
        event::append(
            &transaction,
            event::DATA,
            event::STANDINGS_COMPUTED,
            &subject,
            app.clock.now(),
        )
        .await?;
    }
    transaction.commit().await?;
    app.bus.committed();
    progress(stale.len(), stale.len());
    Ok(stale.len())
}

#[derive(Debug, FromQueryResult)]
struct OutcomeRow {
    race_id: i32,
    season: i32,
    circuit_id: i32,
    session: Kind,
    driver_id: i32,
    constructor_id: i32,
    position: Option<i32>,
    status: result::Status,
    points: i32,
    pole: bool,
    fastest_lap_rank: Option<i32>,
}

async fn totals<C: ConnectionTrait>(db: &C) -> Result<(), DbErr> {
    let mut totals = careers(&outcomes(db).await?);
    champions(db, &mut totals).await?;
    for row in driver::Entity::find().all(db).await? {
        let new = with_totals_driver(&row, totals.drivers.get(&row.id));
        if new != row {
            new.into_active_model().reset_all().update(db).await?;
        }
    }
    for row in constructor::Entity::find().all(db).await? {
        let new = with_totals_constructor(&row, totals.constructors.get(&row.id));
        if new != row {
            new.into_active_model().reset_all().update(db).await?;
        }
    }
    for row in circuit::Entity::find().all(db).await? {
        let new = with_totals_circuit(&row, totals.circuits.get(&row.id));
        if new != row {
            new.into_active_model().reset_all().update(db).await?;
        }
    }
    Ok(())
}

async fn outcomes<C: ConnectionTrait>(db: &C) -> Result<Vec<Outcome>, DbErr> {
    use result::Column;
    let rows: Vec<OutcomeRow> = result::Entity::find()
        .select_only()
        .columns([
            Column::RaceId,
            Column::Session,
            Column::DriverId,
            Column::ConstructorId,
            Column::Position,
            Column::Status,
            Column::Points,
            Column::Pole,
            Column::FastestLapRank,
        ])
        .columns([race::Column::Season, race::Column::CircuitId])
        .join(
            JoinType::InnerJoin,
            result::Entity::belongs_to(race::Entity)
                .from(Column::RaceId)
                .to(race::Column::Id)
                .into(),
        )
        .into_model()
        .all(db)
        .await?;
    Ok(rows
        .into_iter()
        .map(|row| Outcome {
            race_id: row.race_id,
            season: row.season,
            circuit_id: row.circuit_id,
            sprint: row.session == Kind::Sprint,
            driver_id: row.driver_id,
            constructor_id: row.constructor_id,
            position: row.position,
            status: row.status,
            points: row.points,
            pole: row.pole,
            fastest_lap: row.fastest_lap_rank == Some(1),
        })
        .collect())
}

/// Who led the standings after the last race of each season that is over.
async fn champions<C: ConnectionTrait>(db: &C, totals: &mut Careers) -> Result<(), DbErr> {
    let mut last_races: HashMap<i32, (i32, i32)> = HashMap::new();
    let mut unfinished = Vec::new();
    for race in race::Entity::find().all(db).await? {
        match race.status {
            race::Status::Completed => {
                let last = last_races
                    .entry(race.season)
                    .or_insert((race.round, race.id));
                *last = (*last).max((race.round, race.id));
            }
            race::Status::Cancelled => {}
            _ => unfinished.push(race.season),
        }
    }
    let decided: Vec<i32> = last_races
        .into_iter()
        .filter(|(season, _)| !unfinished.contains(season))
        .map(|(_, (_, race))| race)
        .collect();
    for row in driver_standing::Entity::find()
        .filter(driver_standing::Column::Origin.eq(Origin::Computed))
        .filter(driver_standing::Column::Position.eq(1))
        .filter(driver_standing::Column::RaceId.is_in(decided.iter().copied()))
        .all(db)
        .await?
    {
        totals
            .drivers
            .entry(row.driver_id)
            .or_default()
            .championships += 1;
    }
    for row in constructor_standing::Entity::find()
        .filter(constructor_standing::Column::Origin.eq(Origin::Computed))
        .filter(constructor_standing::Column::Position.eq(1))
        .filter(constructor_standing::Column::RaceId.is_in(decided.iter().copied()))
        .all(db)
        .await?
    {
        let totals = totals.constructors.entry(row.constructor_id).or_default();
        totals.championships += 1;
    }
    Ok(())
}

macro_rules! with_totals {
    ($name:ident, $row:ty) => {
        fn $name(row: &$row, totals: Option<&Totals>) -> $row {
            let totals = totals.cloned().unwrap_or_default();
            let mut row = row.clone();
            row.starts = totals.starts;
            row.wins = totals.wins;
            row.podiums = totals.podiums;
            row.poles = totals.poles;
            row.fastest_laps = totals.fastest_laps;
            row.points = totals.points;
            row.retirements = totals.retirements;
            row.best_finish = totals.best_finish;
            row.first_season = totals.first_season;
            row.last_season = totals.last_season;
            row.championships = totals.championships;
            row
        }
    };
}

with_totals!(with_totals_driver, driver::Model);
with_totals!(with_totals_constructor, constructor::Model);

fn with_totals_circuit(row: &circuit::Model, totals: Option<&CircuitTotals>) -> circuit::Model {
    let totals = totals.cloned().unwrap_or_default();
    circuit::Model {
        races_held: totals.races_held,
        starts: totals.starts,
        retirements: totals.retirements,
        pole_wins: totals.pole_wins,
        first_season: totals.first_season,
        last_season: totals.last_season,
        ..row.clone()
    }
}

/// Writes the lineage of the constructors that are known here.
async fn lineage<C: ConnectionTrait>(db: &C) -> Result<(), DbErr> {
    let ids: HashMap<String, i32> = constructor::Entity::find()
        .all(db)
        .await?
        .into_iter()
        .map(|row| (row.reference, row.id))
        .collect();
    let wanted: Vec<constructor_lineage::Model> = LINEAGE
        .iter()
        .filter_map(|stretch| {
            Some(constructor_lineage::Model {
                team: stretch.team.to_owned(),
                first_season: stretch.first_season,
                last_season: stretch.last_season,
                constructor_id: *ids.get(stretch.constructor)?,
            })
        })
        .collect();
    rows::replace::<_, constructor_lineage::Entity, _>(
        db,
        sea_orm::Condition::all(),
        &wanted,
        |row| (row.team.clone(), row.first_season, row.constructor_id),
        PartialEq::eq,
    )
    .await
    .map(drop)
}
