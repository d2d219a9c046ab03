//! In which order sessions ended, as far as that is known, and whether they have begun.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use engines::{ConstructorId, DriverId, Target};
use entities::{qualifying_result, race};
use serde::Serialize;

use super::{
    EntrantOfRace,
    ids::Ids,
    known::{Known, digest},
};
use crate::season::start::Starts;

/// A car and its place in a session.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(super) struct Placed {
    pub driver: DriverId,
    pub constructor: ConstructorId,
    /// From 1.
    pub place: u8,
}

impl Known {
    /// The order of a session; `None` while it is not known.
    fn order(&self, race: i32, target: Target) -> Option<Vec<Placed>> {
        if target == Target::Qualifying {
            return self.qualifying.get(&race).cloned();
        }
        let race = &self.history.races()[*self.places.get(&race)?];
        let placed = race.starters().map(|car| Placed {
            driver: car.driver,
            constructor: car.constructor,
            place: car.position_order,
        });
        Some(placed.collect())
    }

    /// Places in a session in the order of a forecast's entrants; `None` while they are not known.
    pub(super) fn places(
        &self,
        race: i32,
        target: Target,
        entrants: &[EntrantOfRace],
    ) -> Option<Vec<Option<u8>>> {
        let order = self.order(race, target)?;
        let place_of = |entrant: &EntrantOfRace| {
            let entrant = &entrant.forecast;
            let is = |car: &&Placed| {
                car.driver == entrant.driver && car.constructor == entrant.constructor
            };
            order.iter().find(is).map(|car| car.place)
        };
        Some(entrants.iter().map(place_of).collect())
    }

    /// Digest of the order of a session; `None` while it is not known.
    pub(super) fn results(&self, race: i32, target: Target) -> Option<String> {
        let mut order = self.order(race, target)?;
        order.sort_unstable_by_key(|car| (car.place, car.driver, car.constructor));
        (!order.is_empty()).then(|| digest(&order))
    }

    /// Whether a session has begun.
    pub(super) fn has_begun(&self, race: &race::Model, target: Target, now: DateTime<Utc>) -> bool {
        let starts = self.starts.get(&race.id).copied();
        let starts = starts.unwrap_or_else(|| Starts::of(race, &[]));
        let ended = match target {
            Target::Race => self.places.contains_key(&race.id),
            Target::Qualifying => self.qualifying.contains_key(&race.id),
        };
        ended || began(race, starts, target, now).is_some()
    }
}

/// The orders of qualifyings; who has no place is in none.
pub(super) fn classified(
    rows: &[qualifying_result::Model],
    drivers: &Ids,
    constructors: &Ids,
) -> HashMap<i32, Vec<Placed>> {
    let mut races: HashMap<i32, Vec<Placed>> = HashMap::new();
    for row in rows {
        let place = row.position.and_then(|place| u8::try_from(place).ok());
        if let Some(place) = place {
            races.entry(row.race_id).or_default().push(Placed {
                driver: DriverId(drivers.of_row(row.driver_id)),
                constructor: ConstructorId(constructors.of_row(row.constructor_id)),
                place,
            });
        }
    }
    races
}

/// When a session began, if it has by now: by the clock, or since cars are or were running.
pub(super) fn began(
    race: &race::Model,
    starts: Starts,
    target: Target,
    now: DateTime<Utc>,
) -> Option<DateTime<Utc>> {
    let start = match target {
        Target::Race => starts.race,
        Target::Qualifying => starts.qualifying,
    };
    let running = matches!(
        race.status,
        race::Status::InProgress | race::Status::Completed
    );
    (running || start <= now).then(|| start.min(now))
}
