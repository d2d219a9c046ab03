//! The races that forecasts rest on, held in memory: history, and who drives in the races to
//! come.

use std::{
    collections::{BTreeMap, HashMap, HashSet},
    sync::{Arc, OnceLock, PoisonError, RwLock},
};

use chrono::NaiveDate;
use engines::{
    CircuitId, ConstructorId, DriverId, Entrant, History, RaceId, RaceToForecast, Stage,
    elo::{Elo, history::RatingHistory},
};
use entities::race;
use sea_orm::{ConnectionTrait, DbErr};
use serde::Serialize;
use sha2::{Digest, Sha256};

use super::{ids::Ids, order::Placed, quick::Fits, read::Read, shelf::Shelf};
use crate::{performance::track::TrackRecord, season::start::Starts};

/// All that engines may know, at one version of the data.
pub struct Known {
    /// Sequence of the latest change of the data.
    pub(super) version: i64,
    /// Of the history's content: forecasts of equal histories are equal, whichever database
    /// they come from.
    pub(crate) fingerprint: String,
    /// The same of the past alone.
    pub(super) past: String,
    pub(crate) history: History,
    pub(super) places: HashMap<i32, usize>,
    upcoming: HashMap<i32, Vec<Entrant>>,
    /// Of races to come.
    pub(super) starts: HashMap<i32, Starts>,
    pub(super) qualifying: HashMap<i32, Vec<Placed>>,
    practised: HashSet<i32>,
    ratings: OnceLock<RatingHistory>,
    pub(super) fits: Fits,
    shelf: RwLock<Arc<Shelf>>,
    pub(crate) tracks: OnceLock<TrackRecord>,
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

impl Known {
    /// Reads everything that engines may know.
    pub(super) async fn load<C: ConnectionTrait>(db: &C, version: i64) -> Result<Self, DbErr> {
        let Read {
            history,
            upcoming,
            starts,
            qualifying,
            drivers,
            constructors,
        } = Read::from(db).await?;
        let places = history.races().iter().zip(0..);
        let practised = |entrants: &[Entrant]| {
            let laps = |entrant: &Entrant| entrant.weekend.practice_ms.iter().any(Option::is_some);
            entrants.iter().any(laps)
        };
        let past = digest(history.races());
        let to_come: BTreeMap<_, _> = upcoming.iter().collect();
        let fingerprint = digest(&(&past, to_come));
        Ok(Self {
            version,
            fingerprint,
            past,
            places: places.map(|(race, place)| (race.id.0, place)).collect(),
            practised: upcoming
                .iter()
                .filter(|(_, entrants)| practised(entrants))
                .map(|(race, _)| *race)
                .collect(),
            history,
            upcoming,
            starts,
            qualifying,
            ratings: OnceLock::new(),
            fits: Fits::default(),
            shelf: RwLock::default(),
            tracks: OnceLock::new(),
            drivers,
            constructors,
        })
    }

    /// The races that were run.
    #[must_use]
    pub fn history(&self) -> &History {
        &self.history
    }

    /// Digest of all that engines may know.
    #[must_use]
    pub fn fingerprint(&self) -> &str {
        &self.fingerprint
    }

    /// What is stored of forecasts and models.
    pub(super) fn shelf(&self) -> Arc<Shelf> {
        let stored = self.shelf.read().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(&stored)
    }

    /// Takes in what is stored now.
    pub(super) fn put(&self, stored: Arc<Shelf>) {
        *self.shelf.write().unwrap_or_else(PoisonError::into_inner) = stored;
    }

    /// Whether a race was run and its result is known.
    #[must_use]
    pub fn was_run(&self, race: i32) -> bool {
        self.places.contains_key(&race)
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
                entrant.weekend = entrant.weekend.known_at(stage);
            }
        }
        let race = RaceToForecast {
            id: RaceId(race.id),
            season: race.season,
            date: race.date,
            circuit: CircuitId(race.circuit_id),
            wetness: None,
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

    /// What engines know a driver by.
    #[must_use]
    pub fn driver_id(&self, driver: i32) -> DriverId {
        DriverId(self.drivers.of_row(driver))
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

    /// What was seen at the circuits; worked out when first asked for, which takes a while.
    pub(crate) fn tracks(&self) -> &TrackRecord {
        self.tracks.get_or_init(|| TrackRecord::of(&self.history))
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

pub(super) fn digest<T: Serialize + ?Sized>(what: &T) -> String {
    let text = serde_json::to_vec(what).unwrap_or_default();
    hex::encode(&Sha256::digest(text)[..12])
}
