//! What engines said before past races, for engines that learn from others.

use std::{
    collections::{BTreeSet, HashMap, VecDeque},
    sync::Arc,
};

use engines::{ConstructorId, DriverId, EngineId, Log, PastRace, RaceId, Stage, Target};
use entities::{forecast::Column, select::any_text};
use sea_orm::Condition;
use serde::Deserialize;

use super::{
    read::{Body, bodies, frozen},
    target_name,
};
use crate::{
    App,
    error::{Error, Result},
    forecast::{Known, stage_name},
};

/// The part of a stored forecast that others learn from.
#[derive(Deserialize)]
struct Opinion {
    entrants: Vec<EntrantOpinion>,
}

#[derive(Deserialize)]
struct EntrantOpinion {
    forecast: Said,
}

#[derive(Deserialize)]
struct Said {
    driver: DriverId,
    constructor: ConstructorId,
    strength: f64,
}

/// Mean strengths that the engines that others learn from gave before past races: what was said
/// before the race was run, else what a back-test said, of several runs the newest. Races whose
/// starters are others than those spoken of are left out.
///
/// # Errors
/// When the database fails.
pub async fn log(app: &App, known: &Arc<Known>) -> Result<Log> {
    let members: BTreeSet<EngineId> = app
        .engines
        .iter()
        .flat_map(|engine| engine.members().iter().copied())
        .collect();
    if members.is_empty() {
        return Ok(Log::new());
    }
    let names: Vec<String> = members.iter().map(ToString::to_string).collect();
    let backend = app.db.get_database_backend();
    let of_members = Condition::all().add(any_text(backend, Column::Engine, &names));
    let mut bodies = bodies(app, of_members.clone()).await?;
    // What was said before the race counts more than what would have been: the last word is taken.
    bodies.extend(frozen(app, of_members).await?);
    let known = Arc::clone(known);
    tokio::task::spawn_blocking(move || read(&bodies, &members, known.history().races()))
        .await
        .map_err(|stopped| Error::Internal(stopped.to_string()))?
}

fn read(bodies: &[Body], members: &BTreeSet<EngineId>, races: &[PastRace]) -> Result<Log> {
    let races: HashMap<i32, &PastRace> = races.iter().map(|race| (race.id.0, race)).collect();
    let mut log = Log::new();
    for body in bodies {
        let stage = Stage::ALL
            .into_iter()
            .find(|s| stage_name(*s) == body.stage);
        let target = Target::ALL
            .into_iter()
            .find(|t| target_name(*t) == body.target);
        let engine = members.iter().find(|id| id.as_str() == body.engine);
        let race = races.get(&body.race_id);
        let (Some(stage), Some(target), Some(engine), Some(race)) = (stage, target, engine, race)
        else {
            continue;
        };
        let starters = race.starters().map(|car| (car.driver, car.constructor));
        if let Some(strengths) = aligned(body.read()?, starters) {
            let key = (RaceId(body.race_id), stage, target);
            log.entry(key).or_default().insert(*engine, strengths);
        }
    }
    Ok(log)
}

/// Strengths in the order of a race's starters; `None` when they are not those of the forecast.
fn aligned(
    opinion: Opinion,
    starters: impl Iterator<Item = (DriverId, ConstructorId)>,
) -> Option<Vec<f64>> {
    // One driver may have two cars of a team, as before 1979.
    let mut strengths: HashMap<(DriverId, ConstructorId), VecDeque<f64>> = HashMap::new();
    for EntrantOpinion { forecast } in opinion.entrants {
        let key = (forecast.driver, forecast.constructor);
        let of_car = strengths.entry(key).or_default();
        of_car.push_back(forecast.strength);
    }
    let next = |car| strengths.get_mut(&car).and_then(VecDeque::pop_front);
    let order: Option<Vec<f64>> = starters.map(next).collect();
    order.filter(|_| strengths.values().all(VecDeque::is_empty))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn opinion(strengths: &[(i32, i32, f64)]) -> Opinion {
        let entrant = |(driver, constructor, strength): &(i32, i32, f64)| EntrantOpinion {
            forecast: Said {
                driver: DriverId(*driver),
                constructor: ConstructorId(*constructor),
                strength: *strength,
            },
        };
        Opinion {
            entrants: strengths.iter().map(entrant).collect(),
        }
    }

    fn starters(cars: &[(i32, i32)]) -> impl Iterator<Item = (DriverId, ConstructorId)> {
        let car =
            |(driver, constructor): &(i32, i32)| (DriverId(*driver), ConstructorId(*constructor));
        cars.iter().map(car)
    }

    #[test]
    fn strengths_stand_in_the_order_of_the_starters() {
        let cars = [(9, 1), (7, 2), (7, 3)];
        let said = [(7, 3, 0.3), (9, 1, 0.1), (7, 2, 0.2)];
        let found = aligned(opinion(&said), starters(&cars));
        assert_eq!(found, Some(vec![0.1, 0.2, 0.3]));
        // Somebody is missing, or somebody is too many.
        assert_eq!(aligned(opinion(&said[..2]), starters(&cars)), None);
        assert_eq!(aligned(opinion(&said), starters(&cars[..2])), None);
    }
}
