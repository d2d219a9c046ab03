//! The races that forecasts rest on, held in memory: history, and who drives in the races to
//! come.

use std::{
    collections::{BTreeMap, HashMap, HashSet},
    sync::OnceLock,
};

use chrono::NaiveDate;
use engines::{
    Car, CircuitId, ConstructorId, DriverId, Entrant, History, Outcome, PastRace, RaceId,
    RaceToForecast, Stage,
    elo::{Elo, history::RatingHistory},
};
use entities::{
    constructor, driver, entry, practice_result, qualifying_result, race, result, session::Kind,
};
use sea_orm::{
    ColumnTrait, ConnectionTrait, DbErr, EntityTrait, FromQueryResult, QueryFilter, QueryOrder,
    QuerySelect, QueryTrait, sea_query::SelectStatement,
};
use sha2::{Digest, Sha256};

use super::{EntrantOfRace, ids::Ids};

/// All that engines may know, at one version of the data.
pub struct Known {
    /// Sequence of the latest change of the data.
    pub(super) version: i64,
    /// Of the history's content: forecasts of equal histories are equal, whichever database
    /// they come from.
    pub(super) fingerprint: String,
    pub(super) history: History,
    places: HashMap<i32, usize>,
    upcoming: HashMap<i32, Vec<Entrant>>,
    practised: HashSet<i32>,
    ratings: OnceLock<RatingHistory>,
    drivers: Ids,
    constructors: Ids,
}

/// An Elo rating after a race.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Rating {
    pub race_id: i32,
    pub season: i32,
    /// On the usual scale, 1500 being average.
    pub before: f64,
    pub after: f64,
    /// Standard deviation of the rating, same scale.
    pub deviation: f64,
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
    points: i32,
    status: result::Status,
}

impl Known {
    /// Reads everything that engines may know.
    pub(super) async fn load<C: ConnectionTrait>(db: &C, version: i64) -> Result<Self, DbErr> {
        let races = race::Entity::find()
            .filter(race::Column::Status.eq(race::Status::Completed))
            .order_by_asc(race::Column::Date)
            .order_by_asc(race::Column::Id)
            .all(db)
            .await?;
        let drivers = Ids::new(
            driver::Entity::find()
                .select_only()
                .columns([driver::Column::Id, driver::Column::Reference])
                .into_tuple()
                .all(db)
                .await?,
        );
        let constructors = Ids::new(
            constructor::Entity::find()
                .select_only()
                .columns([constructor::Column::Id, constructor::Column::Reference])
                .into_tuple()
                .all(db)
                .await?,
        );
        let history = History::new(past_races(db, &races, (&drivers, &constructors)).await?);
        let places = history
            .races()
            .iter()
            .enumerate()
            .map(|(place, race)| (race.id.0, place))
            .collect();
        let upcoming = upcoming(db, (&drivers, &constructors)).await?;
        let practised: Vec<i32> = practice_result::Entity::find()
            .select_only()
            .column(practice_result::Column::RaceId)
            .filter(practice_result::Column::RaceId.in_subquery(not_completed()))
            .distinct()
            .into_tuple()
            .all(db)
            .await?;
        Ok(Self {
            version,
            fingerprint: fingerprint(&history, &upcoming),
            history,
            places,
            upcoming,
            practised: practised.into_iter().collect(),
            ratings: OnceLock::new(),
            drivers,
            constructors,
        })
    }

    /// Whether an earlier race is known.
    #[must_use]
    pub fn has_history_before(&self, race: &race::Model) -> bool {
        let first = self.history.races().first();
        first.is_some_and(|first| first.date < race.date)
    }

    /// Whether the entry list of a race is that of an earlier one.
    #[must_use]
    pub fn is_provisional(&self, race: &race::Model) -> bool {
        !self.places.contains_key(&race.id) && !self.upcoming.contains_key(&race.id)
    }

    pub(super) fn latest_stage(&self, race: &race::Model) -> Stage {
        let on_grid = |entrants: &Vec<Entrant>| entrants.iter().any(|car| car.grid.is_some());
        if self.places.contains_key(&race.id) || self.upcoming.get(&race.id).is_some_and(on_grid) {
            Stage::PostQualifying
        } else if self.practised.contains(&race.id) {
            Stage::PreQualifying
        } else {
            Stage::PreWeekend
        }
    }

    /// Who starts, and whether that is only the entry list of the race before.
    pub(super) fn race_to_forecast(
        &self,
        race: &race::Model,
        stage: Stage,
    ) -> Option<(RaceToForecast, bool)> {
        if let Some(place) = self.places.get(&race.id) {
            return Some((self.history.races()[*place].to_forecast(stage), false));
        }
        let known = self.upcoming.get(&race.id).cloned();
        let provisional = known.is_none();
        let mut entrants = known.or_else(|| self.latest_entrants(race.date))?;
        if !stage.knows_grid() {
            for entrant in &mut entrants {
                entrant.grid = None;
            }
        }
        let race = RaceToForecast {
            id: RaceId(race.id),
            season: race.season,
            date: race.date,
            circuit: CircuitId(race.circuit_id),
            entrants,
        };
        Some((race, provisional))
    }

    /// Race whose entry list stands in for those not yet known on a day.
    #[must_use]
    pub fn latest_race_before(&self, date: NaiveDate) -> Option<i32> {
        let before = self.history.before(date);
        before.races().last().map(|race| race.id.0)
    }

    fn latest_entrants(&self, date: NaiveDate) -> Option<Vec<Entrant>> {
        let before = self.history.before(date);
        let race = before.races().last()?;
        Some(race.to_forecast(Stage::PreWeekend).entrants)
    }

    /// Places of a race in the order of a forecast's entrants; `None` before it is run.
    pub(super) fn places(
        &self,
        race: RaceId,
        entrants: &[EntrantOfRace],
    ) -> Option<Vec<Option<u8>>> {
        let race = &self.history.races()[*self.places.get(&race.0)?];
        let place_of = |entrant: &EntrantOfRace| {
            race.starters()
                .find(|car| {
                    car.driver == entrant.forecast.driver
                        && car.constructor == entrant.forecast.constructor
                })
                .map(|car| car.position_order)
        };
        Some(entrants.iter().map(place_of).collect())
    }

    /// Elo ratings of a driver after each race, oldest first.
    #[must_use]
    pub fn driver_ratings(&self, driver: i32) -> Vec<Rating> {
        let ratings = self
            .ratings()
            .drivers
            .get(&DriverId(self.drivers.of_row(driver)));
        self.dated(ratings.map(Vec::as_slice).unwrap_or_default())
    }

    /// Elo ratings of a constructor after each race, oldest first.
    #[must_use]
    pub fn constructor_ratings(&self, constructor: i32) -> Vec<Rating> {
        let ratings = self
            .ratings()
            .constructors
            .get(&ConstructorId(self.constructors.of_row(constructor)));
        self.dated(ratings.map(Vec::as_slice).unwrap_or_default())
    }

    /// Database id of a driver in a forecast.
    #[must_use]
    pub fn driver_row(&self, driver: DriverId) -> i32 {
        self.drivers.row(driver.0)
    }

    /// Database id of a constructor in a forecast.
    #[must_use]
    pub fn constructor_row(&self, constructor: ConstructorId) -> i32 {
        self.constructors.row(constructor.0)
    }

    fn ratings(&self) -> &RatingHistory {
        self.ratings
            .get_or_init(|| Elo::default().rating_history(&self.history))
    }

    fn dated(&self, ratings: &[engines::elo::history::RatingChange]) -> Vec<Rating> {
        ratings
            .iter()
            .filter_map(|rating| {
                let place = *self.places.get(&rating.race.0)?;
                Some(Rating {
                    race_id: rating.race.0,
                    season: self.history.races()[place].season,
                    before: rating.before,
                    after: rating.after,
                    deviation: rating.deviation,
                })
            })
            .collect()
    }
}

fn fingerprint(history: &History, upcoming: &HashMap<i32, Vec<Entrant>>) -> String {
    let upcoming: BTreeMap<_, _> = upcoming.iter().collect();
    let text = serde_json::to_vec(&(history.races(), upcoming)).unwrap_or_default();
    hex::encode(&Sha256::digest(text)[..12])
}

fn not_completed() -> SelectStatement {
    race::Entity::find()
        .select_only()
        .column(race::Column::Id)
        .filter(race::Column::Status.is_in([race::Status::Scheduled, race::Status::InProgress]))
        .into_query()
}

async fn past_races<C: ConnectionTrait>(
    db: &C,
    races: &[race::Model],
    ids: (&Ids, &Ids),
) -> Result<Vec<PastRace>, DbErr> {
    use result::Column;
    let rows: Vec<ResultRow> = result::Entity::find()
        .select_only()
        .columns([
            Column::RaceId,
            Column::Session,
            Column::DriverId,
            Column::ConstructorId,
            Column::Grid,
            Column::Position,
            Column::PositionOrder,
            Column::Points,
            Column::Status,
        ])
        .order_by_asc(Column::RaceId)
        .order_by_asc(Column::PositionOrder)
        .order_by_asc(Column::Id)
        .into_model()
        .all(db)
        .await?;
    let mut sprints: HashMap<(i32, i32), i32> = HashMap::new();
    let mut cars: HashMap<i32, Vec<ResultRow>> = HashMap::new();
    for row in rows {
        if row.session == Kind::Sprint {
            sprints.insert((row.race_id, row.driver_id), row.points);
        } else {
            cars.entry(row.race_id).or_default().push(row);
        }
    }
    Ok(races
        .iter()
        .map(|race| PastRace {
            id: RaceId(race.id),
            season: race.season,
            date: race.date,
            circuit: CircuitId(race.circuit_id),
            cars: cars
                .remove(&race.id)
                .unwrap_or_default()
                .iter()
                .map(|row| {
                    car(
                        row,
                        ids,
                        sprints.get(&(row.race_id, row.driver_id)).copied(),
                    )
                })
                .collect(),
        })
        .collect())
}

fn car(row: &ResultRow, ids: (&Ids, &Ids), sprint_points: Option<i32>) -> Car {
    let small = |number: i32| u8::try_from(number).unwrap_or(u8::MAX);
    Car {
        driver: DriverId(ids.0.of_row(row.driver_id)),
        constructor: ConstructorId(ids.1.of_row(row.constructor_id)),
        grid: row.grid.map(small),
        position_order: small(row.position_order),
        position: row.position.map(small),
        outcome: outcome(row.status),
        points: f64::from(row.points) / 100.0,
        sprint_points: f64::from(sprint_points.unwrap_or(0)) / 100.0,
    }
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
    ids: (&Ids, &Ids),
) -> Result<HashMap<i32, Vec<Entrant>>, DbErr> {
    let qualifying: HashMap<(i32, i32), i32> = qualifying_result::Entity::find()
        .filter(qualifying_result::Column::RaceId.in_subquery(not_completed()))
        .filter(qualifying_result::Column::Session.eq(Kind::Qualifying))
        .all(db)
        .await?
        .into_iter()
        .filter_map(|row| Some(((row.race_id, row.driver_id), row.position?)))
        .collect();
    let entries = entry::Entity::find()
        .filter(entry::Column::RaceId.in_subquery(not_completed()))
        .order_by_asc(entry::Column::Id)
        .all(db)
        .await?;
    let mut upcoming: HashMap<i32, Vec<Entrant>> = HashMap::new();
    for row in entries {
        let grid = qualifying.get(&(row.race_id, row.driver_id));
        upcoming.entry(row.race_id).or_default().push(Entrant {
            driver: DriverId(ids.0.of_row(row.driver_id)),
            constructor: ConstructorId(ids.1.of_row(row.constructor_id)),
            grid: grid.and_then(|place| u8::try_from(*place).ok()),
        });
    }
    Ok(upcoming)
}
