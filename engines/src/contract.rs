//! What every registered engine must do, tested over all of them.

use std::sync::Arc;

use proptest::prelude::*;

use crate::draws::{Draws, as_f64, normal_deviates};
use crate::engine::{Engine, EngineError, Model, Opinions, Question};
use crate::forecast::{Forecast, forecast};
use crate::history::{
    ConstructorId, DriverId, Entrant, History, Log, Outcome, RaceToForecast, Stage, Target, TeamId,
};
use crate::registry::Registry;
use crate::retirement::Retirement;
use crate::synthetic;

/// Runs a check on every engine at every stage of every session that it answers.
fn for_each_engine(check: impl Fn(&dyn Engine, Stage, Target)) {
    for engine in Registry::builtin().iter() {
        for stage in Stage::ALL {
            for target in Target::ALL {
                if engine.answers(stage, target) {
                    check(engine, stage, target);
                }
            }
        }
    }
}

/// What a member says of a driver, made up.
fn said(member: usize, driver: DriverId) -> f64 {
    let luck = normal_deviates(u64::from(driver.0.cast_unsigned()), 8)[member % 8];
    -0.3 * f64::from(driver.0.rem_euclid(40)) + 0.4 * luck
}

/// What an engine's members say of a race.
fn opinions(engine: &dyn Engine, race: &RaceToForecast) -> Opinions {
    let members = engine.members().iter().zip(0..);
    let opinion = |index| {
        let mean = race
            .entrants
            .iter()
            .map(|entrant| said(index, entrant.driver));
        Draws::certain(mean.collect())
    };
    members.map(|(id, index)| (*id, opinion(index))).collect()
}

/// The history with what an engine's members said before every race of it.
fn with_log(engine: &dyn Engine, history: &History) -> History {
    let mut log = Log::new();
    for race in history.races() {
        for stage in Stage::ALL {
            for target in Target::ALL {
                let opinions = opinions(engine, &race.to_forecast(stage));
                let means = opinions.into_iter().map(|(id, draws)| (id, draws.mean()));
                log.insert((race.id, stage, target), means.collect());
            }
        }
    }
    history.with_log(Arc::new(log))
}

fn fit(engine: &dyn Engine, history: &History, stage: Stage, target: Target) -> Box<dyn Model> {
    let history = with_log(engine, history);
    engine.fit_for(&history, stage, target).unwrap()
}

/// Asks with the members' opinions at hand.
fn with_question<T>(
    engine: &dyn Engine,
    race: &RaceToForecast,
    (stage, target): (Stage, Target),
    ask: impl FnOnce(&Question<'_>) -> T,
) -> T {
    let opinions = opinions(engine, race);
    ask(&Question {
        opinions: &opinions,
        ..Question::new(race, stage, target)
    })
}

fn strengths(
    engine: &dyn Engine,
    model: &dyn Model,
    race: &RaceToForecast,
    case: (Stage, Target),
) -> Draws {
    with_question(engine, race, case, |question| model.strengths(question)).unwrap()
}

fn try_ask(
    engine: &dyn Engine,
    model: &dyn Model,
    history: &History,
    race: &RaceToForecast,
    case: (Stage, Target),
) -> Result<Forecast, EngineError> {
    let retirement = Retirement::fit(history);
    with_question(engine, race, case, |question| {
        forecast(engine, model, &retirement, question)
    })
}

fn fit_and_ask(
    engine: &dyn Engine,
    history: &History,
    race: &RaceToForecast,
    (stage, target): (Stage, Target),
) -> Forecast {
    let model = fit(engine, history, stage, target);
    try_ask(engine, &*model, history, race, (stage, target)).unwrap()
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
fn what_is_not_supported_is_refused() {
    let history = synthetic::history(70, 5, 8);
    for engine in Registry::builtin().iter() {
        let model = engine.fit(&with_log(engine, &history)).unwrap();
        for stage in Stage::ALL {
            for target in Target::ALL {
                let race = the_race_after(&history, stage);
                let answer = try_ask(engine, &*model, &history, &race, (stage, target));
                assert_eq!(answer.is_ok(), engine.answers(stage, target));
            }
        }
    }
}

#[test]
fn a_whole_model_says_what_a_model_for_one_stage_says() {
    let history = synthetic::history(69, 30, 10);
    for engine in Registry::builtin().iter() {
        let whole = engine.fit(&with_log(engine, &history)).unwrap();
        for_each_engine(|other, stage, target| {
            if other.id() == engine.id() {
                let race = the_race_after(&history, stage);
                let part = fit(engine, &history, stage, target);
                let case = (stage, target);
                let of_whole = strengths(engine, &*whole, &race, case);
                assert_eq!(of_whole, strengths(engine, &*part, &race, case));
            }
        });
    }
}

#[test]
fn two_fits_give_the_same_bytes() {
    let history = synthetic::history(71, 24, 20);
    for_each_engine(|engine, stage, target| {
        let race = the_race_after(&history, stage);
        let one = fit(engine, &history, stage, target);
        let two = fit(engine, &history, stage, target);
        assert_eq!(one.save().unwrap(), two.save().unwrap());
        assert_eq!(
            strengths(engine, &*one, &race, (stage, target)),
            strengths(engine, &*two, &race, (stage, target))
        );
    });
}

#[test]
fn a_model_that_is_read_back_gives_identical_answers() {
    let history = synthetic::history(72, 24, 20);
    for_each_engine(|engine, stage, target| {
        let race = the_race_after(&history, stage);
        let mut model = fit(engine, &history, stage, target);
        let artifact = model.save().unwrap();
        let mut back = engine.load(&artifact).unwrap();
        assert_eq!(back.save().unwrap(), artifact);
        model.observe(&history.races()[3]);
        back.observe(&history.races()[3]);
        let case = (stage, target);
        assert_eq!(
            strengths(engine, &*model, &race, case),
            strengths(engine, &*back, &race, case)
        );
    });
}

#[test]
fn another_engines_model_is_not_read() {
    let history = synthetic::history(73, 5, 8);
    let registry = Registry::builtin();
    for engine in registry.iter() {
        let artifact = engine.fit(&with_log(engine, &history)).unwrap();
        let artifact = artifact.save().unwrap();
        for other in registry.iter().filter(|other| other.id() != engine.id()) {
            let read = other.load(&artifact);
            assert!(read.is_err(), "{} {}", engine.id(), other.id());
        }
    }
}

#[test]
fn races_to_come_change_nothing() {
    let history = synthetic::history(74, 30, 12);
    for_each_engine(|engine, stage, target| {
        let race = &history.races()[20];
        let asked = race.to_forecast(stage);
        let whole = with_log(engine, &history);
        let left = engine.fit_for(&whole.before(race.date), stage, target);
        let left = left.unwrap();
        let short = History::new(history.races()[..20].to_vec());
        let right = fit(engine, &short, stage, target);
        assert_eq!(left.save().unwrap(), right.save().unwrap());
        let case = (stage, target);
        assert_eq!(
            strengths(engine, &*left, &asked, case),
            strengths(engine, &*right, &asked, case)
        );
    });
}

#[test]
fn observing_is_as_good_as_a_new_fit_for_engines_that_say_so() {
    let history = synthetic::history(75, 26, 12);
    for_each_engine(|engine, stage, target| {
        let race = history.races()[25].to_forecast(stage);
        let short = History::new(history.races()[..22].to_vec());
        let mut model = fit(engine, &short, stage, target);
        for race in &history.races()[22..] {
            model.observe(race);
        }
        let case = (stage, target);
        let forecast = try_ask(engine, &*model, &history, &race, case).unwrap();
        assert_sound(engine, &forecast);
        if engine.refit_every().is_none() {
            assert_alike(
                engine,
                &forecast,
                &fit_and_ask(engine, &history, &race, case),
            );
        }
    });
}

#[test]
fn the_weekend_matters_only_when_it_is_known() {
    let history = synthetic::history(76, 22, 12);
    for_each_engine(|engine, stage, target| {
        let shown = the_race_after(&history, Stage::PostQualifying);
        let known = the_race_after(&history, stage);
        let model = fit(engine, &history, stage, target);
        let case = (stage, target);
        assert_eq!(
            strengths(engine, &*model, &shown, case),
            strengths(engine, &*model, &known, case),
            "{}",
            engine.id()
        );
    });
}

#[test]
fn contributions_add_up_to_the_strength() {
    let history = synthetic::history(77, 24, 20);
    for_each_engine(|engine, stage, target| {
        let race = the_race_after(&history, stage);
        let model = fit(engine, &history, stage, target);
        let mean = strengths(engine, &*model, &race, (stage, target)).mean();
        let case = (stage, target);
        let explained = with_question(engine, &race, case, |question| model.explain(question));
        let explained = explained.unwrap();
        assert_eq!(explained.len(), mean.len());
        for (lines, mean) in explained.iter().zip(mean) {
            let sum: f64 = lines.iter().map(|line| line.value).sum();
            assert!((sum - mean).abs() < 1e-9, "{}: {sum} {mean}", engine.id());
        }
    });
}

#[test]
fn an_engine_that_learns_from_others_does_not_answer_without_them() {
    let history = synthetic::history(68, 10, 8);
    for engine in Registry::builtin().iter() {
        let stage = engine.stages()[0];
        let model = fit(engine, &history, stage, Target::Race);
        let race = the_race_after(&history, stage);
        let answer = model.strengths(&Question::new(&race, stage, Target::Race));
        assert_eq!(answer.is_err(), !engine.members().is_empty());
    }
}

#[test]
fn nobody_known_and_nothing_learned_is_answered() {
    let history = synthetic::history(78, 25, 10);
    for_each_engine(|engine, stage, target| {
        let mut race = the_race_after(&history, stage);
        for (entrant, id) in race.entrants.iter_mut().zip(9000..) {
            entrant.driver = DriverId(id);
            entrant.constructor = ConstructorId(id);
            entrant.team = TeamId(id);
            entrant.power_unit = None;
        }
        let case = (stage, target);
        assert_sound(engine, &fit_and_ask(engine, &history, &race, case));
        for races in 0..2 {
            let little = History::new(history.races()[..races].to_vec());
            assert_sound(engine, &fit_and_ask(engine, &little, &race, case));
        }
    });
}

#[test]
fn fields_of_any_size_are_answered() {
    for size in [1, 2, 3, 22, 34, 55] {
        let history = synthetic::history(79, 12, size);
        for_each_engine(|engine, stage, target| {
            let race = the_race_after(&history, stage);
            let forecast = fit_and_ask(engine, &history, &race, (stage, target));
            assert_sound(engine, &forecast);
        });
    }
}

#[test]
fn shared_cars_and_odd_lines_do_no_harm() {
    let mut races = synthetic::history(80, 24, 12).races().to_vec();
    for race in &mut races {
        let mut twice = race.cars[0].clone();
        twice.position_order = race.cars[5].position_order;
        race.cars.push(twice);
        race.cars[3].outcome = Outcome::DidNotStart;
        race.cars[4].grid = Some(0);
        race.cars[6].grid = None;
        race.cars[7].outcome = Outcome::Disqualified;
        race.cars[8].weekend = crate::Weekend::default();
    }
    races[15].cars.clear();
    let history = History::new(races);
    for_each_engine(|engine, stage, target| {
        let race = the_race_after(&history, stage);
        let forecast = fit_and_ask(engine, &history, &race, (stage, target));
        assert_sound(engine, &forecast);
    });
}

#[test]
fn an_empty_race_is_refused() {
    let history = synthetic::history(81, 5, 8);
    for_each_engine(|engine, stage, target| {
        let mut race = the_race_after(&history, stage);
        race.entrants.clear();
        let model = fit(engine, &history, stage, target);
        assert!(try_ask(engine, &*model, &history, &race, (stage, target)).is_err());
    });
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(6))]

    #[test]
    fn any_history_gives_a_sound_forecast_whatever_the_order_of_entrants(
        seed in any::<u64>(),
        races in 1..30_i32,
        cars in 1..26_usize,
        turn in 0..26_usize,
    ) {
        let history = synthetic::history(seed, races, cars);
        for_each_engine(|engine, stage, target| {
            let race = the_race_after(&history, stage);
            let mut turned = race.clone();
            turned.entrants.rotate_left(turn % cars);
            turned.entrants.reverse();
            let model = fit(engine, &history, stage, target);
            let case = (stage, target);
            let forecast = try_ask(engine, &*model, &history, &race, case).unwrap();
            assert_sound(engine, &forecast);
            let mut back = try_ask(engine, &*model, &history, &turned, case).unwrap();
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
        let history = synthetic::history(5, 20, 20);
        for_each_engine(|engine, stage, target| {
            let mut race = the_race_after(&history, stage);
            let lines = grid.iter().zip(&drivers);
            race.entrants = lines
                .map(|(grid, driver)| Entrant {
                    driver: DriverId(*driver),
                    constructor: ConstructorId(driver / 2),
                    team: TeamId(driver / 2),
                    power_unit: None,
                    weekend: crate::Weekend::default(),
                    grid: *grid,
                })
                .collect();
            let forecast = fit_and_ask(engine, &history, &race, (stage, target));
            assert_sound(engine, &forecast);
        });
    }
}
