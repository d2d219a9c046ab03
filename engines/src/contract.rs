//! What every registered engine must do, tested over all of them.

use proptest::prelude::*;

use crate::draws::as_f64;
use crate::engine::{Engine, Model};
use crate::forecast::{Forecast, PAID_PLACES, forecast};
use crate::history::{ConstructorId, DriverId, Entrant, History, Outcome, RaceToForecast, Stage};
use crate::registry::Registry;
use crate::retirement::Retirement;
use crate::synthetic;

/// Runs a check on every engine at every stage it supports.
fn for_each_engine(check: impl Fn(&dyn Engine, Stage)) {
    for engine in Registry::builtin().iter() {
        for stage in engine.stages() {
            check(engine, *stage);
        }
    }
}

fn ask(
    engine: &dyn Engine,
    model: &dyn Model,
    history: &History,
    race: &RaceToForecast,
    stage: Stage,
) -> Forecast {
    let retirement = Retirement::fit(history);
    forecast(engine, model, &retirement, race, stage, PAID_PLACES).unwrap()
}

fn fit_and_ask(
    engine: &dyn Engine,
    history: &History,
    race: &RaceToForecast,
    stage: Stage,
) -> Forecast {
    ask(engine, &*engine.fit(history).unwrap(), history, race, stage)
}

fn the_race_after(history: &History, stage: Stage) -> RaceToForecast {
    history.races().last().unwrap().to_forecast(stage)
}

fn assert_sound(engine: &dyn Engine, forecast: &Forecast) {
    let name = engine.id();
    let size = forecast.entrants.len();
    for (place, entrant) in forecast.entrants.iter().enumerate() {
        let row: f64 = entrant.positions.iter().sum();
        let column: f64 = forecast.entrants.iter().map(|e| e.positions[place]).sum();
        assert!((row - 1.0).abs() < 1e-9, "{name}: a row sums to {row}");
        assert!(
            (column - 1.0).abs() < 1e-9,
            "{name}: a column sums to {column}"
        );
        let certain = size == 1;
        for chance in &entrant.positions {
            assert!(
                *chance > 0.0 && (*chance < 1.0 || certain),
                "{name}: {chance}"
            );
        }
        assert!(
            entrant.win_low <= entrant.win && entrant.win <= entrant.win_high,
            "{name}"
        );
        assert!(
            entrant.win <= entrant.podium && entrant.podium <= 1.0,
            "{name}"
        );
        assert!(entrant.best_position <= entrant.worst_position, "{name}");
        assert!(entrant.expected_position >= 1.0 - 1e-9, "{name}");
        assert!(entrant.expected_position <= as_f64(size) + 1e-9, "{name}");
    }
}

fn assert_alike(engine: &dyn Engine, left: &Forecast, right: &Forecast) {
    for (left, right) in left.entrants.iter().zip(&right.entrants) {
        assert_eq!(left.driver, right.driver);
        for (l, r) in left.positions.iter().zip(&right.positions) {
            assert!((l - r).abs() < 1e-9, "{}: {l} {r}", engine.id());
        }
    }
}

#[test]
fn a_description_is_one_sentence_and_a_stage_is_supported() {
    for engine in Registry::builtin().iter() {
        assert!(engine.description().ends_with('.'));
        assert_eq!(engine.description().matches('.').count(), 1);
        assert!(!engine.stages().is_empty() && engine.revision() > 0);
        assert!(engine.hyperparameters().iter().all(|h| h.value.is_finite()));
    }
}

#[test]
fn a_stage_that_is_not_supported_is_refused() {
    let history = synthetic::history(70, 5, 8);
    for engine in Registry::builtin().iter() {
        for stage in Stage::ALL {
            let race = the_race_after(&history, stage);
            let model = engine.fit(&history).unwrap();
            let retirement = Retirement::fit(&history);
            let answer = forecast(engine, &*model, &retirement, &race, stage, 10);
            assert_eq!(answer.is_ok(), engine.stages().contains(&stage));
        }
    }
}

#[test]
fn two_fits_give_the_same_bytes() {
    let history = synthetic::history(71, 45, 20);
    for_each_engine(|engine, stage| {
        let race = the_race_after(&history, stage);
        let (one, two) = (engine.fit(&history).unwrap(), engine.fit(&history).unwrap());
        assert_eq!(one.save().unwrap(), two.save().unwrap());
        assert_eq!(
            one.strengths(&race, stage).unwrap(),
            two.strengths(&race, stage).unwrap()
        );
    });
}

#[test]
fn a_model_that_is_read_back_gives_identical_answers() {
    let history = synthetic::history(72, 45, 20);
    for_each_engine(|engine, stage| {
        let race = the_race_after(&history, stage);
        let mut model = engine.fit(&history).unwrap();
        let artifact = model.save().unwrap();
        let mut back = engine.load(&artifact).unwrap();
        assert_eq!(back.save().unwrap(), artifact);
        model.observe(&history.races()[3]);
        back.observe(&history.races()[3]);
        let (left, right) = (model.strengths(&race, stage), back.strengths(&race, stage));
        assert_eq!(left.unwrap(), right.unwrap());
    });
}

#[test]
fn another_engines_model_is_not_read() {
    let history = synthetic::history(73, 5, 8);
    let registry = Registry::builtin();
    for engine in registry.iter() {
        let artifact = engine.fit(&history).unwrap().save().unwrap();
        for other in registry.iter().filter(|other| other.id() != engine.id()) {
            assert!(
                other.load(&artifact).is_err(),
                "{} {}",
                engine.id(),
                other.id()
            );
        }
    }
}

#[test]
fn races_to_come_change_nothing() {
    let history = synthetic::history(74, 60, 12);
    for_each_engine(|engine, stage| {
        let race = &history.races()[40];
        let question = race.to_forecast(stage);
        let cut = history.before(race.date);
        let short = History::new(history.races()[..40].to_vec());
        let left = engine.fit(&cut).unwrap();
        let right = engine.fit(&short).unwrap();
        assert_eq!(left.save().unwrap(), right.save().unwrap());
        let left = left.strengths(&question, stage).unwrap();
        assert_eq!(left, right.strengths(&question, stage).unwrap());
    });
}

#[test]
fn observing_a_race_is_as_good_as_a_new_fit() {
    let history = synthetic::history(75, 50, 12);
    for_each_engine(|engine, stage| {
        let race = history.races()[49].to_forecast(stage);
        let mut model = engine
            .fit(&History::new(history.races()[..45].to_vec()))
            .unwrap();
        for race in &history.races()[45..] {
            model.observe(race);
        }
        let forecast = ask(engine, &*model, &history, &race, stage);
        assert_sound(engine, &forecast);
        assert_alike(
            engine,
            &forecast,
            &fit_and_ask(engine, &history, &race, stage),
        );
    });
}

#[test]
fn the_grid_matters_only_after_qualifying() {
    let history = synthetic::history(76, 30, 12);
    for_each_engine(|engine, stage| {
        let shown = the_race_after(&history, Stage::PostQualifying);
        let hidden = the_race_after(&history, Stage::PreWeekend);
        let model = engine.fit(&history).unwrap();
        if !stage.knows_grid() {
            let (left, right) = (
                model.strengths(&shown, stage),
                model.strengths(&hidden, stage),
            );
            assert_eq!(left.unwrap(), right.unwrap(), "{}", engine.id());
        }
    });
}

#[test]
fn contributions_add_up_to_the_strength() {
    let history = synthetic::history(77, 45, 20);
    for_each_engine(|engine, stage| {
        let race = the_race_after(&history, stage);
        let model = engine.fit(&history).unwrap();
        let mean = model.strengths(&race, stage).unwrap().mean();
        let explained = model.explain(&race, stage).unwrap();
        assert_eq!(explained.len(), mean.len());
        for (lines, mean) in explained.iter().zip(mean) {
            let sum: f64 = lines.iter().map(|line| line.value).sum();
            assert!((sum - mean).abs() < 1e-9, "{}: {sum} {mean}", engine.id());
        }
    });
}

#[test]
fn nobody_known_and_nothing_learned_is_answered() {
    let history = synthetic::history(78, 25, 10);
    for_each_engine(|engine, stage| {
        let mut race = the_race_after(&history, stage);
        for (entrant, id) in race.entrants.iter_mut().zip(9000..) {
            entrant.driver = DriverId(id);
            entrant.constructor = ConstructorId(id);
        }
        assert_sound(engine, &fit_and_ask(engine, &history, &race, stage));
        let nothing = History::new(Vec::new());
        assert_sound(engine, &fit_and_ask(engine, &nothing, &race, stage));
    });
}

#[test]
fn fields_of_any_size_are_answered() {
    for size in [1, 2, 3, 22, 34, 55] {
        let history = synthetic::history(79, 25, size);
        for_each_engine(|engine, stage| {
            let race = the_race_after(&history, stage);
            assert_sound(engine, &fit_and_ask(engine, &history, &race, stage));
        });
    }
}

#[test]
fn shared_cars_and_odd_lines_do_no_harm() {
    let mut races = synthetic::history(80, 40, 12).races().to_vec();
    for race in &mut races {
        let mut twice = race.cars[0].clone();
        twice.position_order = race.cars[5].position_order;
        race.cars.push(twice);
        race.cars[3].outcome = Outcome::DidNotStart;
        race.cars[4].grid = Some(0);
        race.cars[6].grid = None;
        race.cars[7].outcome = Outcome::Disqualified;
    }
    races[20].cars.clear();
    let history = History::new(races);
    for_each_engine(|engine, stage| {
        let race = the_race_after(&history, stage);
        assert_sound(engine, &fit_and_ask(engine, &history, &race, stage));
    });
}

#[test]
fn an_empty_race_is_refused() {
    let history = synthetic::history(81, 5, 8);
    for_each_engine(|engine, stage| {
        let mut race = the_race_after(&history, stage);
        race.entrants.clear();
        let model = engine.fit(&history).unwrap();
        let retirement = Retirement::fit(&history);
        assert!(forecast(engine, &*model, &retirement, &race, stage, 10).is_err());
    });
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn any_history_gives_a_sound_forecast_whatever_the_order_of_entrants(
        seed in any::<u64>(),
        races in 1..40_i32,
        cars in 1..26_usize,
        turn in 0..26_usize,
    ) {
        let history = synthetic::history(seed, races, cars);
        for_each_engine(|engine, stage| {
            let race = the_race_after(&history, stage);
            let mut turned = race.clone();
            turned.entrants.rotate_left(turn % cars);
            turned.entrants.reverse();
            let forecast = fit_and_ask(engine, &history, &race, stage);
            assert_sound(engine, &forecast);
            let mut back = fit_and_ask(engine, &history, &turned, stage);
            back.entrants.reverse();
            back.entrants.rotate_right(turn % cars);
            assert_alike(engine, &forecast, &back);
        });
    }

    #[test]
    fn any_grid_gives_a_sound_forecast(
        grid in prop::collection::vec(prop::option::of(0..40_u8), 1..30),
        drivers in prop::collection::vec(0..30_i32, 30),
    ) {
        let history = synthetic::history(5, 30, 20);
        for_each_engine(|engine, stage| {
            let mut race = the_race_after(&history, stage);
            let lines = grid.iter().zip(&drivers);
            race.entrants = lines
                .map(|(grid, driver)| Entrant {
                    driver: DriverId(*driver),
                    constructor: ConstructorId(driver / 2),
                    grid: *grid,
                })
                .collect();
            assert_sound(engine, &fit_and_ask(engine, &history, &race, stage));
        });
    }
}
