//! Elo: a rating of each driver and one of each constructor, moved by every result.
//!
//! Every car of a race is compared with every other, which gives a score between 0 and 1 that is
//! normalised by the number of opponents ([`comparisons`]). A rating is known only so well: its
//! deviation shrinks with starts and grows with time, it decides how fast the rating moves, and it
//! is what the draws show. The orders of qualifying, sprint and practice count as results of their
//! own, since they say how fast a car was. Ratings become strengths by a conditional logit that
//! learns race by race how much they, and after qualifying the starting slot, are worth.
//!
//! Everything is learned from races before the one that is forecast; how the hyperparameters were
//! chosen stands in [`settings`]. It knows no circuits, no weather, and of the weekend to come
//! nothing but the starting slot.

pub mod comparisons;
pub mod history;
pub mod settings;

use std::f64::consts::PI;

use serde::{Deserialize, Serialize};

use crate::choice::{Choice, dot};
use crate::draws::{Draws, as_f64, normal_deviates};
use crate::engine::{Contribution, Engine, EngineError, EngineId, Hyperparameter, Model, Question};
use crate::history::{Car, DriverId, History, PastRace, RaceToForecast, Stage, Target, TeamId};
pub use crate::rating::{PoolSettings, Rating};
pub use comparisons::RatingSettings;
use comparisons::Ratings;
pub use settings::EloSettings;

/// Draws of the strengths of one race.
const DRAWS: usize = 32;
/// Worth of the driver's and the constructor's rating before anything is learned: about what is
/// learned from the seasons 1980 to 2017, so that a short history starts well.
const PRIOR_BEFORE: [f64; 2] = [1.9, 1.5];
/// Worth of the two ratings and of the two numbers of a starting slot, likewise.
const PRIOR_AFTER: [f64; 4] = [1.2, 0.8, -1.1, -0.6];
/// Precision with which the worths are held to those values.
const HOLD: f64 = 10.0;
/// Places of qualifying from which the logit learns.
const QUALIFYING_PLACES: usize = 10;
/// Variance of the luck of one race on the scale of the strengths.
const GUMBEL_VARIANCE: f64 = PI * PI / 6.0;

/// The engine.
#[derive(Debug, Clone, Default)]
pub struct Elo {
    settings: EloSettings,
}

impl Elo {
    /// An engine with other settings than the default.
    ///
    /// # Errors
    /// [`EngineError::Hyperparameter`] when one lies outside its range.
    pub fn new(settings: EloSettings) -> Result<Self, EngineError> {
        let elo = Self { settings };
        for Hyperparameter { name, value, .. } in elo.hyperparameters() {
            let (fits, must_be) = match name {
                "memory" => (value > 0.0 && value <= 1.0, "above 0 and at most 1"),
                "driver_season_kept" | "constructor_season_kept" | "retired_weight" => {
                    ((0.0..=1.0).contains(&value), "between 0 and 1")
                }
                "driver_start" | "constructor_start" => (value.is_finite(), "a number"),
                "places" => (value >= 1.0, "at least 1"),
                _ => (value >= 0.0 && value.is_finite(), "0 or more"),
            };
            if !fits {
                return Err(EngineError::Hyperparameter {
                    name,
                    must_be,
                    value,
                });
            }
        }
        Ok(elo)
    }

    /// The concrete model; [`Engine::fit`] boxes it.
    #[must_use]
    pub fn train(&self, history: &History) -> EloModel {
        let mut model = EloModel::new(self.settings.clone());
        for race in history.races() {
            model.learn(race);
        }
        model
    }
}

impl Engine for Elo {
    fn id(&self) -> EngineId {
        EngineId::new("elo")
    }

    fn name(&self) -> &'static str {
        "Elo"
    }

    fn description(&self) -> &'static str {
        "Rates drivers and constructors by comparing every car with every other, race by race."
    }

    fn revision(&self) -> u32 {
        3
    }

    fn stages(&self) -> &'static [Stage] {
        &Stage::ALL
    }

    fn targets(&self) -> &'static [Target] {
        &Target::ALL
    }

    fn hyperparameters(&self) -> Vec<Hyperparameter> {
        self.settings.list()
    }

    fn fit(&self, history: &History) -> Result<Box<dyn Model>, EngineError> {
        Ok(Box::new(self.train(history)))
    }

    fn load(&self, artifact: &str) -> Result<Box<dyn Model>, EngineError> {
        Ok(Box::new(serde_json::from_str::<EloModel>(artifact)?))
    }
}

/// A trained Elo: the ratings, and what they and the starting slot are worth.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EloModel {
    settings: EloSettings,
    ratings: Ratings,
    /// Worth of the two ratings before qualifying.
    before_qualifying: Choice,
    /// Worth of the two ratings and the two numbers of a starting slot.
    after_qualifying: Choice,
    /// Worth of the two ratings in qualifying itself.
    in_qualifying: Choice,
}

impl EloModel {
    fn new(settings: EloSettings) -> Self {
        Self {
            ratings: Ratings::new(settings.ratings),
            settings,
            before_qualifying: Choice::new(&PRIOR_BEFORE, HOLD),
            after_qualifying: Choice::new(&PRIOR_AFTER, HOLD),
            in_qualifying: Choice::new(&PRIOR_BEFORE, HOLD),
        }
    }

    /// The rating of a driver before a race of `season`.
    #[must_use]
    pub fn driver(&self, driver: DriverId, season: i32) -> Rating {
        self.ratings.drivers.before(driver, season)
    }

    /// The rating of a team before a race of `season`.
    #[must_use]
    pub fn team(&self, team: TeamId, season: i32) -> Rating {
        self.ratings.constructors.before(team, season)
    }

    /// How far a driver's rating lies above the mean of the field before a race of `season`.
    #[must_use]
    pub fn driver_lead(&self, driver: DriverId, season: i32) -> f64 {
        self.driver(driver, season).mean - self.ratings.drivers.centre()
    }

    /// The same for a team.
    #[must_use]
    pub fn team_lead(&self, team: TeamId, season: i32) -> f64 {
        self.team(team, season).mean - self.ratings.constructors.centre()
    }

    /// Moves the ratings by a race, without learning what they are worth.
    pub(crate) fn observe_race(&mut self, race: &PastRace) {
        self.ratings.observe(race);
    }

    fn learn(&mut self, race: &PastRace) {
        let mut finishers: Vec<&Car> = race.starters().filter(|car| car.classified()).collect();
        finishers.sort_by_key(|car| car.position_order);
        let grid_known = race.starters().any(|car| car.slot().is_some());
        let cars = race.starters().count();
        let (mut before, mut after) = (Vec::new(), Vec::new());
        for car in finishers {
            let driver = self.driver(car.driver, race.season).mean;
            let constructor = self.team(car.team, race.season).mean;
            before.push(vec![driver, constructor]);
            let [near, far] = slot_numbers(car.slot(), cars);
            after.push(vec![driver, constructor, near, far]);
        }
        let EloSettings { places, memory, .. } = self.settings;
        self.before_qualifying.learn(&before, places, memory, HOLD);
        if grid_known {
            self.after_qualifying.learn(&after, places, memory, HOLD);
        }
        self.learn_qualifying(race);
        self.ratings.observe(race);
    }

    fn learn_qualifying(&mut self, race: &PastRace) {
        let mut cars: Vec<&Car> = race.starters().collect();
        cars.retain(|car| car.weekend.qualifying.is_some());
        cars.sort_by_key(|car| car.weekend.qualifying);
        let ratings = |car: &&Car| {
            let driver = self.driver(car.driver, race.season).mean;
            vec![driver, self.team(car.team, race.season).mean]
        };
        let rows: Vec<Vec<f64>> = cars.iter().map(ratings).collect();
        let memory = self.settings.memory;
        self.in_qualifying
            .learn(&rows, QUALIFYING_PLACES, memory, HOLD);
    }

    /// What the two ratings and the starting slot are worth to each entrant, and how unsure the
    /// first two are (standard deviation). The logit was fitted as if the ratings were certain; what
    /// the draws blur, a larger scale sharpens again, so that doubt does not count twice.
    fn parts(&self, race: &RaceToForecast, stage: Stage, target: Target) -> Vec<Parts> {
        let grid_known = stage.knows_grid() && race.entrants.iter().any(|e| e.slot().is_some());
        let choice = match target {
            Target::Qualifying => &self.in_qualifying,
            Target::Race if grid_known => &self.after_qualifying,
            Target::Race => &self.before_qualifying,
        };
        let (weights, of_grid) = choice.weights().split_at(2);
        let parts = race.entrants.iter().map(|entrant| {
            let driver = self.driver(entrant.driver, race.season);
            let constructor = self.team(entrant.team, race.season);
            Parts {
                driver: weights[0] * (driver.mean - self.ratings.drivers.centre()),
                constructor: weights[1] * (constructor.mean - self.ratings.constructors.centre()),
                grid: grid_known
                    .then(|| dot(of_grid, &slot_numbers(entrant.slot(), race.entrants.len()))),
                driver_deviation: weights[0] * driver.variance.sqrt(),
                constructor_deviation: weights[1] * constructor.variance.sqrt(),
            }
        });
        let mut parts: Vec<Parts> = parts.collect();
        let doubt: f64 = parts.iter().map(Parts::doubt).sum::<f64>() / as_f64(parts.len().max(1));
        let scale = (1.0 + doubt / GUMBEL_VARIANCE).sqrt();
        for parts in &mut parts {
            parts.driver *= scale;
            parts.constructor *= scale;
            parts.grid = parts.grid.map(|grid| scale * grid);
        }
        parts
    }
}

/// The parts of one entrant's strength.
struct Parts {
    driver: f64,
    constructor: f64,
    grid: Option<f64>,
    driver_deviation: f64,
    constructor_deviation: f64,
}

impl Parts {
    /// Variance of the draws of the sum.
    fn doubt(&self) -> f64 {
        self.driver_deviation.powi(2) + self.constructor_deviation.powi(2)
    }

    fn sum(&self) -> f64 {
        self.driver + self.constructor + self.grid.unwrap_or(0.0)
    }
}

/// A starting slot in two numbers, both 0 for pole: what counts in front and what counts over the
/// whole grid. From the pit lane is behind everybody.
fn slot_numbers(slot: Option<u8>, cars: usize) -> [f64; 2] {
    let slot = slot.map_or(as_f64(cars) + 1.0, f64::from);
    [slot.ln(), (slot - 1.0) / 10.0]
}

/// A key for the deviates of one driver or constructor.
fn key(kind: u32, id: i32) -> u64 {
    (u64::from(kind) << 32) | u64::from(id.cast_unsigned())
}

impl Model for EloModel {
    fn observe(&mut self, race: &PastRace) {
        self.learn(race);
    }

    fn strengths(&self, question: &Question<'_>) -> Result<Draws, EngineError> {
        let race = question.race;
        let parts = self.parts(race, question.stage, question.target);
        let mean: Vec<f64> = parts.iter().map(Parts::sum).collect();
        Ok(Draws::around(&mean, DRAWS, |index| {
            let (entrant, parts) = (&race.entrants[index], &parts[index]);
            let of_driver = normal_deviates(key(1, entrant.driver.0), DRAWS);
            let of_constructor = normal_deviates(key(2, entrant.team.0), DRAWS);
            let both = of_driver.iter().zip(&of_constructor);
            both.map(|(d, c)| d * parts.driver_deviation + c * parts.constructor_deviation)
                .collect()
        }))
    }

    fn explain(&self, question: &Question<'_>) -> Result<Vec<Vec<Contribution>>, EngineError> {
        let line = |feature, value| Contribution { feature, value };
        let parts = self.parts(question.race, question.stage, question.target);
        let parts = parts.into_iter().map(|parts| {
            let mut lines = vec![
                line("driver_rating", parts.driver),
                line("constructor_rating", parts.constructor),
            ];
            lines.extend(parts.grid.map(|value| line("grid_slot", value)));
            lines
        });
        Ok(parts.collect())
    }

    fn save(&self) -> Result<String, EngineError> {
        Ok(serde_json::to_string(self)?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::forecast::forecast;
    use crate::retirement::Retirement;
    use crate::synthetic;

    fn ask(race: &RaceToForecast, stage: Stage) -> Question<'_> {
        Question::new(race, stage, Target::Race)
    }

    #[test]
    fn a_better_slot_helps_and_pole_is_worth_most() {
        let history = synthetic::history(91, 60, 10);
        let model = Elo::default().train(&history);
        let race = history.races()[59].to_forecast(Stage::PostQualifying);
        let mut worth: Vec<(u8, f64)> = model
            .parts(&race, Stage::PostQualifying, Target::Race)
            .iter()
            .zip(&race.entrants)
            .map(|(parts, entrant)| (entrant.slot().unwrap(), parts.grid.unwrap()))
            .collect();
        worth.sort_by_key(|(slot, _)| *slot);
        assert!(worth[0].1.abs() < 1e-12);
        assert!(worth.windows(2).all(|pair| pair[0].1 > pair[1].1));
    }

    #[test]
    fn a_grid_that_nobody_knows_is_no_grid() {
        let history = synthetic::history(92, 30, 10);
        let model = Elo::default().train(&history);
        let race = history.races()[29].to_forecast(Stage::PreWeekend);
        let early = model.strengths(&ask(&race, Stage::PreWeekend)).unwrap();
        assert_eq!(
            early,
            model.strengths(&ask(&race, Stage::PostQualifying)).unwrap()
        );
    }

    #[test]
    fn a_newcomer_is_less_certain_than_a_regular() {
        let history = synthetic::history(93, 60, 10);
        let model = Elo::default().train(&history);
        let newcomer = model.driver(DriverId(-1), 2003);
        let regular = model.driver(DriverId(0), 2003);
        assert!(newcomer.variance > regular.variance && newcomer.starts == 0);
    }

    #[test]
    fn the_strongest_car_is_the_favourite() {
        let history = synthetic::history(94, 100, 20);
        let elo = Elo::default();
        let model = elo.train(&history);
        let retirement = Retirement::fit(&history);
        let stage = Stage::PreWeekend;
        let race = history.races()[99].to_forecast(stage);
        let forecast = forecast(&elo, &model, &retirement, &ask(&race, stage)).unwrap();
        let favourite = forecast
            .entrants
            .iter()
            .max_by(|a, b| a.win.total_cmp(&b.win));
        assert_eq!(favourite.map(|entrant| entrant.driver), Some(DriverId(0)));
        let of = |id| {
            forecast
                .entrants
                .iter()
                .find(|e| e.driver == DriverId(id))
                .unwrap()
        };
        assert!(of(0).win_low < of(0).win && of(0).win < of(0).win_high);
    }

    #[test]
    fn settings_outside_their_range_are_refused() {
        let refused = Elo::new(EloSettings {
            memory: 0.0,
            ..EloSettings::default()
        });
        assert!(matches!(
            refused,
            Err(EngineError::Hyperparameter { name: "memory", .. })
        ));
        assert!(Elo::new(EloSettings::default()).is_ok());
    }
}
