//! Who is better at which circuit than elsewhere, drawn to nothing where little was seen.

use std::{collections::BTreeMap, sync::Arc};

use engines::{
    CircuitId, ConstructorId, DriverId, History, TeamId,
    features::{
        Tracker,
        track::{Coefficient, Tracks},
    },
};

use crate::{
    error::{Error, Result},
    forecast::Known,
};

/// Cars in a field today, to say a share of the field in places.
const FIELD: f64 = 20.0;

/// How much better a driver or a constructor is at a circuit than elsewhere.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct TrackCoefficient {
    /// Database id of the driver or the constructor.
    pub id: i32,
    /// In finishing percentiles, drawn to 0 by the number of visits.
    pub value: f64,
    /// Ends of the interval that holds the truth nine times in ten.
    pub low: f64,
    pub high: f64,
    /// Races it rests on; at least 1.
    pub visits: u32,
}

impl TrackCoefficient {
    fn new(id: i32, coefficient: Coefficient) -> Self {
        let (low, high) = coefficient.interval();
        Self {
            id,
            value: coefficient.value,
            low,
            high,
            visits: coefficient.visits,
        }
    }

    /// The value in places among 20 cars.
    #[must_use]
    pub fn places(&self) -> f64 {
        self.value * (FIELD - 1.0)
    }
}

/// The coefficients at one circuit, best first.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct TrackCoefficients {
    pub drivers: Vec<TrackCoefficient>,
    /// Each by its latest name; races under earlier names of the team count.
    pub constructors: Vec<TrackCoefficient>,
}

/// The coefficients at a circuit of those who raced there: of who started a race of the latest
/// season, or of all whom the engines remember.
///
/// # Errors
/// When the work is stopped midway.
pub async fn track_coefficients(
    known: &Arc<Known>,
    circuit: i32,
    active: bool,
) -> Result<TrackCoefficients> {
    if known.tracks.get().is_none() {
        // Off the async threads: all seasons take a tenth of a second. It is done once for each
        // change of the data and waits for no turn, for it must not stand behind a training.
        let known = Arc::clone(known);
        let work = tokio::task::spawn_blocking(move || {
            known.tracks();
        });
        let stopped = |stopped: tokio::task::JoinError| Error::Internal(stopped.to_string());
        work.await.map_err(stopped)?;
    }
    let record = known.tracks();
    let circuit = CircuitId(circuit);
    let drivers = record.drivers.iter();
    let drivers = drivers.filter(|(_, season)| record.counts(**season, active));
    let drivers = drivers.map(|(driver, _)| {
        let coefficient = record.tracks.driver(circuit, *driver);
        TrackCoefficient::new(known.driver_row(*driver), coefficient)
    });
    let teams = record.teams.iter();
    let teams = teams.filter(|(_, (_, season))| record.counts(*season, active));
    let constructors = teams.map(|(team, (constructor, _))| {
        let coefficient = record.tracks.team(circuit, *team);
        TrackCoefficient::new(known.constructor_row(*constructor), coefficient)
    });
    Ok(TrackCoefficients {
        drivers: best_first(drivers),
        constructors: best_first(constructors),
    })
}

/// Who was seen here; equals stay in the order they come in, that of the engines' ids, which is the
/// same for every database.
fn best_first(all: impl Iterator<Item = TrackCoefficient>) -> Vec<TrackCoefficient> {
    let mut seen: Vec<_> = all.filter(|one| one.visits > 0).collect();
    seen.sort_by(|one, other| other.value.total_cmp(&one.value));
    seen
}

/// What was seen at all circuits, and who is who.
pub(crate) struct TrackRecord {
    tracks: Tracks,
    /// Season of the latest start.
    drivers: BTreeMap<DriverId, i32>,
    /// Name at the latest start, and its season.
    teams: BTreeMap<TeamId, (ConstructorId, i32)>,
    latest_season: Option<i32>,
}

impl TrackRecord {
    /// The record of a history.
    pub fn of(history: &History) -> Self {
        let (mut drivers, mut teams) = (BTreeMap::new(), BTreeMap::new());
        for race in history.races() {
            for car in race.starters() {
                drivers.insert(car.driver, race.season);
                teams.insert(car.team, (car.constructor, race.season));
            }
        }
        Self {
            tracks: Tracker::of(history).tracks().clone(),
            drivers,
            teams,
            latest_season: history.races().last().map(|race| race.season),
        }
    }

    fn counts(&self, season: i32, active: bool) -> bool {
        !active || Some(season) == self.latest_season
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_best_stands_first_and_who_was_not_seen_nowhere() {
        let of = |id, value, visits| TrackCoefficient {
            id,
            value,
            low: value - 0.1,
            high: value + 0.1,
            visits,
        };
        let all = [
            of(1, -0.02, 3),
            of(2, 0.0, 0),
            of(3, 0.04, 9),
            of(4, -0.02, 1),
        ];
        let found = best_first(all.into_iter());
        let ids: Vec<_> = found.iter().map(|one| one.id).collect();
        assert_eq!(ids, [3, 1, 4]);
        assert!((found[0].places() - 0.76).abs() < 1e-9);
    }
}
