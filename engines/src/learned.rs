//! What the learned engines share: rows of past races to learn from, a fit for each stage and
//! session, and a tracker that keeps the view of form up to date. It does not know how strengths are
//! made of rows; each engine is a [`Learner`] that does.

use std::fmt;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::draws::{Draws, as_f64};
use crate::engine::{Contribution, Engine, EngineError, EngineId, Hyperparameter, Model, Question};
use crate::features::{self, COLUMNS, Tracker};
use crate::history::{Car, History, PastRace, RaceToForecast, Stage, Target};

/// Seasons that are learned from, the running one and so many before: on 1985 to 2017, 10 to 24 were
/// alike.
const SEASONS: i32 = 16;
/// A race so many races ago counts half. On 1985 to 2017, 100 to 400 made little difference.
const HALF_LIFE: f64 = 200.0;

/// Everything a learned engine can be asked.
pub(crate) const CASES: [(Stage, Target); 5] = [
    (Stage::PreWeekend, Target::Race),
    (Stage::PreQualifying, Target::Race),
    (Stage::PostQualifying, Target::Race),
    (Stage::PreWeekend, Target::Qualifying),
    (Stage::PreQualifying, Target::Qualifying),
];

/// A race to learn from; rows in the order of finish, of a race those of the cars that were
/// classified. Strengths say who is ahead of whom among these; who stops is not their business, and
/// [`crate::retirement`]'s chances are told of it when a forecast is made.
#[derive(Debug, Clone)]
pub(crate) struct Example {
    /// One number per column of the table.
    pub rows: Vec<Vec<f64>>,
    /// How much the race counts.
    pub weight: f64,
}

/// Past races as one stage saw them.
#[derive(Debug, Clone)]
pub(crate) struct Table {
    /// Indices of the columns into [`COLUMNS`].
    pub columns: Vec<usize>,
    pub examples: Vec<Example>,
    pub target: Target,
}

/// What is particular to an engine of the learned kind: it makes of each table a fit.
pub(crate) trait Learner: fmt::Debug + Send + Sync {
    /// What was learned at one stage.
    type Fit: Fit;

    /// See [`Engine::id`]; its models carry it.
    const ID: EngineId;
    /// See [`Engine::name`].
    const NAME: &'static str;
    /// See [`Engine::description`].
    const DESCRIPTION: &'static str;
    /// See [`Engine::revision`].
    const REVISION: u32;
    /// See [`Engine::refit_every`].
    const REFIT_EVERY: usize;

    /// See [`Engine::hyperparameters`].
    fn hyperparameters(&self) -> Vec<Hyperparameter>;

    /// Learns from a table.
    fn learn(&self, table: &Table) -> Result<Self::Fit, EngineError>;
}

/// The engine that a learner makes.
#[derive(Debug)]
pub(crate) struct Learned<L>(pub L);

impl<L: Learner> Engine for Learned<L> {
    fn id(&self) -> EngineId {
        L::ID
    }

    fn name(&self) -> &'static str {
        L::NAME
    }

    fn description(&self) -> &'static str {
        L::DESCRIPTION
    }

    fn revision(&self) -> u32 {
        L::REVISION
    }

    fn stages(&self) -> &'static [Stage] {
        &Stage::ALL
    }

    fn targets(&self) -> &'static [Target] {
        &Target::ALL
    }

    fn refit_every(&self) -> Option<usize> {
        Some(L::REFIT_EVERY)
    }

    fn hyperparameters(&self) -> Vec<Hyperparameter> {
        self.0.hyperparameters()
    }

    fn fit(&self, history: &History) -> Result<Box<dyn Model>, EngineError> {
        train(&self.0, history, &CASES)
    }

    fn fit_for(
        &self,
        history: &History,
        stage: Stage,
        target: Target,
    ) -> Result<Box<dyn Model>, EngineError> {
        train(&self.0, history, &[(stage, target)])
    }

    fn load(&self, artifact: &str) -> Result<Box<dyn Model>, EngineError> {
        load::<L>(artifact)
    }
}

/// What was learned at one stage of one session.
pub(crate) trait Fit:
    fmt::Debug + Send + Sync + Serialize + DeserializeOwned + 'static
{
    /// Draws of the strengths of a race's entrants, given their rows.
    fn draws(&self, rows: &[Vec<f64>]) -> Result<Vec<Vec<f64>>, EngineError>;

    /// For each entrant what each column adds to the mean strength, and last what none of them does.
    fn explain(&self, rows: &[Vec<f64>]) -> Result<Vec<Vec<f64>>, EngineError>;
}

/// The columns known at a stage.
fn columns(stage: Stage) -> Vec<usize> {
    let known = COLUMNS.iter().enumerate();
    known
        .filter(|(_, column)| column.from <= stage)
        .map(|(index, _)| index)
        .collect()
}

/// Rows of a race's entrants in their order. What is not known of an entrant is taken as the mean
/// of the others, and as 0 where it is known of nobody.
pub(crate) fn rows(
    tracker: &Tracker,
    race: &RaceToForecast,
    stage: Stage,
    columns: &[usize],
) -> Vec<Vec<f64>> {
    let values: Vec<Vec<Option<f64>>> = tracker
        .rows(race, stage)
        .iter()
        .map(features::Features::values)
        .collect();
    let mean = |column: usize| {
        let known: Vec<f64> = values.iter().filter_map(|row| row[column]).collect();
        known.iter().sum::<f64>() / as_f64(known.len().max(1))
    };
    let means: Vec<f64> = columns.iter().map(|column| mean(*column)).collect();
    let row = |values: &Vec<Option<f64>>| {
        let cells = columns.iter().zip(&means);
        cells
            .map(|(column, mean)| values[*column].unwrap_or(*mean))
            .collect()
    };
    values.iter().map(row).collect()
}

/// The tables of the cases asked for, and the tracker after the last race.
fn tables(history: &History, cases: &[(Stage, Target)]) -> (Vec<Table>, Tracker) {
    let mut tables: Vec<Table> = cases
        .iter()
        .map(|(stage, target)| Table {
            columns: columns(*stage),
            examples: Vec::new(),
            target: *target,
        })
        .collect();
    let mut tracker = Tracker::default();
    let races = history.races();
    let first = races.last().map_or(0, |race| race.season - SEASONS);
    for (index, race) in races.iter().enumerate() {
        if race.season >= first {
            let age = as_f64(races.len() - 1 - index);
            let weight = 0.5_f64.powf(age / HALF_LIFE);
            for ((stage, target), table) in cases.iter().zip(&mut tables) {
                let asked = race.to_forecast(*stage);
                let rows = rows(&tracker, &asked, *stage, &table.columns);
                table.examples.extend(example(race, *target, &rows, weight));
            }
        }
        tracker.observe(race);
    }
    (tables, tracker)
}

/// Starters in the order of a session, of a race those that were classified; `None` when there are
/// fewer than two.
pub(crate) fn order(race: &PastRace, target: Target) -> Option<Vec<usize>> {
    let places = race.places(target).into_iter().zip(race.starters());
    let counted = |car: &Car| target == Target::Qualifying || car.classified();
    let mut order: Vec<(u8, usize)> = places
        .enumerate()
        .filter(|(_, (_, car))| counted(car))
        .filter_map(|(index, (place, _))| Some((place?, index)))
        .collect();
    order.sort_unstable();
    (order.len() > 1).then(|| order.into_iter().map(|(_, index)| index).collect())
}

fn example(race: &PastRace, target: Target, rows: &[Vec<f64>], weight: f64) -> Option<Example> {
    let order = order(race, target)?;
    Some(Example {
        rows: order.iter().map(|index| rows[*index].clone()).collect(),
        weight,
    })
}

/// A trained engine of the learned kind.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields, bound = "F: Fit")]
struct LearnedModel<F> {
    engine: String,
    features: u32,
    tracker: Tracker,
    fits: Vec<(Stage, Target, F)>,
}

/// Trains an engine for the cases asked for.
fn train<L: Learner>(
    learner: &L,
    history: &History,
    cases: &[(Stage, Target)],
) -> Result<Box<dyn Model>, EngineError> {
    let (tables, tracker) = tables(history, cases);
    let fit = |((stage, target), table): (&(Stage, Target), &Table)| {
        Ok((*stage, *target, learner.learn(table)?))
    };
    let fits: Result<Vec<_>, EngineError> = cases.iter().zip(&tables).map(fit).collect();
    Ok(Box::new(LearnedModel {
        engine: L::ID.as_str().to_owned(),
        features: features::REVISION,
        tracker,
        fits: fits?,
    }))
}

/// Reads a model back.
fn load<L: Learner>(artifact: &str) -> Result<Box<dyn Model>, EngineError> {
    let model: LearnedModel<L::Fit> = serde_json::from_str(artifact)?;
    if model.engine != L::ID.as_str() || model.features != features::REVISION {
        return Err(EngineError::Library(format!(
            "the model is one of {} with features {}, not of {} with features {}",
            model.engine,
            model.features,
            L::ID,
            features::REVISION
        )));
    }
    Ok(Box::new(model))
}

impl<F: Fit> LearnedModel<F> {
    fn fit(&self, stage: Stage, target: Target) -> Result<&F, EngineError> {
        let mut fits = self.fits.iter();
        let asked = (stage, target);
        let fit = fits.find(|(stage, target, _)| (*stage, *target) == asked);
        fit.map(|(.., fit)| fit).ok_or_else(|| {
            EngineError::Library(format!(
                "the model was not trained for {target:?} at {stage:?}"
            ))
        })
    }

    fn rows(&self, question: &Question<'_>) -> Vec<Vec<f64>> {
        let Question { race, stage, .. } = *question;
        rows(&self.tracker, race, stage, &columns(stage))
    }
}

impl<F: Fit> Model for LearnedModel<F> {
    fn observe(&mut self, race: &PastRace) {
        self.tracker.observe(race);
    }

    fn strengths(&self, question: &Question<'_>) -> Result<Draws, EngineError> {
        let fit = self.fit(question.stage, question.target)?;
        Ok(Draws::from_rows(&fit.draws(&self.rows(question))?))
    }

    fn explain(&self, question: &Question<'_>) -> Result<Vec<Vec<Contribution>>, EngineError> {
        let fit = self.fit(question.stage, question.target)?;
        let parts = fit.explain(&self.rows(question))?;
        let columns = columns(question.stage).into_iter();
        let names: Vec<&'static str> = columns
            .map(|column| COLUMNS[column].name)
            .chain(["base"])
            .collect();
        let line = |parts: Vec<f64>| {
            let pairs = names.iter().zip(parts);
            let pairs = pairs.filter(|(_, value)| *value != 0.0);
            pairs
                .map(|(feature, value)| Contribution { feature, value })
                .collect()
        };
        Ok(parts.into_iter().map(line).collect())
    }

    fn save(&self) -> Result<String, EngineError> {
        Ok(serde_json::to_string(self)?)
    }
}

/// Mean and spread of each column over all rows of a table, to bring columns to one scale.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Scale {
    means: Vec<f64>,
    deviations: Vec<f64>,
}

impl Scale {
    pub(crate) fn of(table: &Table) -> Self {
        let size = table.columns.len();
        let rows = || table.examples.iter().flat_map(|example| &example.rows);
        let count = as_f64(rows().count().max(1));
        let mut means = vec![0.0; size];
        let mut squares = vec![0.0; size];
        for row in rows() {
            for (mean, x) in means.iter_mut().zip(row) {
                *mean += x / count;
            }
        }
        for row in rows() {
            for ((square, x), mean) in squares.iter_mut().zip(row).zip(&means) {
                *square += (x - mean).powi(2) / count;
            }
        }
        // A column that never varies says nothing, whatever it is divided by.
        let deviation = |square: f64| if square > 1e-18 { square.sqrt() } else { 1.0 };
        Self {
            means,
            deviations: squares.into_iter().map(deviation).collect(),
        }
    }

    pub(crate) fn apply(&self, row: &[f64]) -> Vec<f64> {
        let cells = row.iter().zip(&self.means).zip(&self.deviations);
        cells
            .map(|((x, mean), deviation)| (x - mean) / deviation)
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::draws::split_mix;
    use crate::synthetic;

    /// Mixes up everything that happens in the races from one on.
    fn with_another_future(history: &History, from: usize) -> History {
        let mut races = history.races().to_vec();
        let mut state = 4;
        for race in &mut races[from..] {
            let shift = usize::try_from(split_mix(&mut state) % 7).unwrap() + 1;
            let others = race.cars.clone();
            for (index, car) in race.cars.iter_mut().enumerate() {
                let other = &others[(index + shift) % others.len()];
                car.position_order = other.position_order;
                car.position = other.position;
                car.points = other.points;
                car.outcome = other.outcome;
                (car.laps, car.time_ms) = (other.laps, other.time_ms);
                car.fastest_lap_ms = other.fastest_lap_ms;
                car.weekend = other.weekend;
                car.grid = other.grid;
            }
            race.wetness = Some(1.0);
        }
        History::new(races)
    }

    #[test]
    fn a_race_teaches_the_order_of_the_classified_cars_and_qualifying_that_of_all() {
        let mut race = synthetic::history(5, 1, 10).races()[0].clone();
        for car in &mut race.cars {
            let place = car.position_order;
            car.weekend.qualifying = Some(place);
            car.position = (place != 1 && place < 8).then_some(place - 1);
            if car.position.is_none() {
                car.outcome = crate::history::Outcome::Disqualified;
            }
        }
        let places = |target| {
            let order = order(&race, target).unwrap();
            let place = |index: usize| race.cars[index].position_order;
            order.into_iter().map(place).collect::<Vec<_>>()
        };
        assert_eq!(places(Target::Race), [2, 3, 4, 5, 6, 7]);
        assert_eq!(places(Target::Qualifying), [1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
        for car in &mut race.cars {
            car.position = None;
        }
        assert_eq!(order(&race, Target::Race), None);
    }

    #[test]
    fn rows_do_not_change_with_the_future() {
        let history = synthetic::history(17, 50, 12);
        let mixed = with_another_future(&history, 30);
        let short = History::new(history.races()[..30].to_vec());
        for (stage, target) in CASES {
            let rows = |history: &History| {
                let (tables, _) = tables(history, &[(stage, target)]);
                let examples = tables[0].examples.iter().take(30);
                let rows: Vec<_> = examples.map(|example| example.rows.clone()).collect();
                rows
            };
            let known = rows(&history);
            assert_eq!(known.len(), 30);
            assert_eq!(known, rows(&mixed));
            assert_eq!(known, rows(&short));
        }
        // The race itself is not known to its own rows, nor the weekend before its time.
        let tracker = Tracker::of(&short);
        let race = |history: &History| history.races()[30].to_forecast(Stage::PreWeekend);
        let columns = columns(Stage::PreWeekend);
        assert_eq!(
            rows(&tracker, &race(&history), Stage::PreWeekend, &columns),
            rows(&tracker, &race(&mixed), Stage::PreWeekend, &columns)
        );
    }
}
