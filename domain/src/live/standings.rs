//! Both championships as they would be if a race ended as it stands.

use std::collections::{HashMap, HashSet};

use entities::{race, session::Kind};
use sea_orm::{ConnectionTrait, DbErr};

use super::{board::Board, setting::Setting};
use crate::standings::{
    Car, FinishedRace, RaceOfSeason, Standings, points_for, rules_of, standings_after,
    store::{Refs, ResultRow, cars, completed_races, qualified, results_of},
};

/// A season up to a race, its sprint included.
#[derive(Debug)]
pub struct SeasonSoFar {
    refs: Refs,
    race: race::Model,
    /// Before the race, in order.
    earlier: Vec<race::Model>,
    results: HashMap<i32, Vec<ResultRow>>,
    qualified: HashSet<(i32, i32)>,
}

/// Both championships before a race and as it stands.
#[derive(Debug, Clone)]
pub struct LiveStandings {
    pub before: Standings,
    pub now: Standings,
}

impl SeasonSoFar {
    /// Reads what was before a race.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn read<C: ConnectionTrait>(db: &C, race: &race::Model) -> Result<Self, DbErr> {
        let mut earlier = completed_races(db, race.season).await?;
        earlier.retain(|other| (other.date, other.round) < (race.date, race.round));
        let mut results = results_of(db, race.season).await?;
        if let Some(rows) = results.get_mut(&race.id) {
            rows.retain(|row| row.session == Kind::Sprint);
        }
        Ok(Self {
            refs: Refs::load(db).await?,
            race: race.clone(),
            earlier,
            results,
            qualified: qualified(db, race.season).await?,
        })
    }

    /// With the places of a board taken for the result: full distance, whoever is out scores
    /// nothing, and the best lap so far is the fastest.
    #[must_use]
    pub fn with(&self, setting: &Setting, board: &Board) -> LiveStandings {
        let rules = rules_of(self.race.season);
        let of = |race: &race::Model| RaceOfSeason {
            round: race.round,
            circuit: self.refs.circuit(race.circuit_id),
            cars: cars(&self.refs, race.id, &self.results, &self.qualified),
        };
        let mut races: Vec<_> = self.earlier.iter().map(of).collect();
        let before = standings_after(&rules, &races);
        let mut running = of(&self.race);
        let fastest = board.fastest().map(|(number, _)| number);
        for (number, car) in &board.cars {
            let Some(starter) = setting.cars.get(number) else {
                continue;
            };
            let position = match car.classified {
                Some(place) => place.position,
                None => car.position.filter(|_| !car.out),
            };
            let finish = FinishedRace {
                position,
                fastest_lap_between: i32::from(fastest == Some(*number)),
                ..FinishedRace::at(running.circuit, 1)
            };
            let points = points_for(&rules, &finish);
            let known = running.cars.iter_mut();
            let mut own = known.filter(|known| known.driver.id == starter.driver_id);
            let scored = own
                .next()
                .map_or(0, |sprint| std::mem::take(&mut sprint.sprint_points));
            running
                .cars
                .retain(|known| known.driver.id != starter.driver_id);
            running.cars.push(Car {
                driver: self.refs.driver(starter.driver_id),
                constructor: self.refs.constructor(starter.constructor_id),
                position,
                position_order: car.position.unwrap_or(i32::MAX),
                qualified: self.qualified.contains(&(self.race.id, starter.driver_id)),
                points,
                sprint_points: scored,
            });
        }
        races.push(running);
        let now = standings_after(&rules, &races);
        LiveStandings { before, now }
    }
}
