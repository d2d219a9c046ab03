//! A walk through past seasons: each race is forecast from the races before it, then evaluated.
//! It reads no clock; the caller takes the time.

use std::collections::BTreeMap;
use std::ops::RangeInclusive;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;

use serde::Serialize;

use crate::draws::Draws;
use crate::engine::{Contribution, Engine, EngineError, EngineId, Model, Opinions, Question};
use crate::evaluation::{Evaluation, Summary};
use crate::forecast::Forecast;
use crate::history::{CircuitId, History, Log, PastRace, RaceId, Stage, Target};
use crate::retirement::Retirement;

/// What to walk through.
#[derive(Debug, Clone)]
pub struct Plan {
    /// Seasons whose races are evaluated.
    pub seasons: RangeInclusive<i32>,
    /// What is known of a race when it is forecast.
    pub stage: Stage,
    /// Which session is forecast.
    pub target: Target,
    /// Seasons before, in which engines are walked too when another learns from them.
    pub warm_up: i32,
    /// Races between two fits, instead of what each engine asks for ([`Engine::refit_every`]).
    pub refit_every: Option<usize>,
    /// Engines that walk at the same time. It does not change what they say.
    pub threads: usize,
}

impl Plan {
    /// The usual walk: three seasons of warm-up, each engine refitted as often as it asks.
    #[must_use]
    pub fn new(seasons: RangeInclusive<i32>, stage: Stage, target: Target) -> Self {
        Self {
            seasons,
            stage,
            target,
            warm_up: 3,
            refit_every: None,
            threads: thread::available_parallelism().map_or(1, usize::from),
        }
    }

    /// Races that the engine of this plan walks through, oldest first.
    fn races<'a>(&self, history: &'a History, warm_up: bool) -> &'a [PastRace] {
        let warm_up = if warm_up { self.warm_up } else { 0 };
        let races = history.races();
        let start = races.partition_point(|race| race.season < self.seasons.start() - warm_up);
        let end = races.partition_point(|race| race.season <= *self.seasons.end());
        &races[start..end.max(start)]
    }
}

/// How far a walk has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Progress {
    /// An engine begins to walk through so many races.
    Started(EngineId, usize),
    /// It has forecast one more.
    Race(EngineId),
    /// It is through.
    Finished(EngineId),
}

/// One race of a back-test.
#[derive(Debug, Clone)]
pub struct RaceReport {
    /// Which race.
    pub race: RaceId,
    /// Of which season.
    pub season: i32,
    /// Where.
    pub circuit: CircuitId,
    /// Strengths that the forecast rests on.
    pub draws: Draws,
    /// What was forecast.
    pub forecast: Forecast,
    /// For each entrant what each feature added to the strength.
    pub contributions: Vec<Vec<Contribution>>,
    /// How good it was.
    pub evaluation: Evaluation,
}

/// How an engine did over some seasons.
#[derive(Debug, Clone, Serialize)]
pub struct Report {
    /// Which engine.
    pub engine: EngineId,
    /// At which stage.
    pub stage: Stage,
    /// Of which session.
    pub target: Target,
    /// The means over the races.
    #[serde(flatten)]
    pub summary: Summary,
    /// Race by race, oldest first.
    #[serde(skip)]
    pub races: Vec<RaceReport>,
    /// The races of the warm-up, which are not in the summary.
    #[serde(skip)]
    pub warm_up: Vec<RaceReport>,
}

/// Forecasts every race of the plan's seasons from the races before it, with every engine that
/// answers at its stage. Engines that learn from others walk after them. No report for an engine
/// when the history has no race of these seasons.
///
/// # Errors
/// What an engine returns, or [`EngineError::NoOpinion`] when a member is not among the engines.
pub fn backtest(
    engines: &[&dyn Engine],
    history: &History,
    plan: &Plan,
    progress: &(dyn Fn(Progress) + Sync),
) -> Result<Vec<Report>, EngineError> {
    let answering: Vec<&dyn Engine> = engines
        .iter()
        .copied()
        .filter(|engine| engine.answers(plan.stage, plan.target))
        .collect();
    let (alone, learning): (Vec<&dyn Engine>, Vec<&dyn Engine>) = answering
        .iter()
        .partition(|engine| engine.members().is_empty());
    let is_member = |engine: &dyn Engine| {
        let mut members = learning.iter().flat_map(|other| other.members());
        members.any(|member| *member == engine.id())
    };
    let said = Said::default();
    let walk = |engine: &dyn Engine, said: &Said| {
        walk(engine, history, plan, is_member(engine), said, progress)
    };
    let mut reports = in_parallel(&alone, plan.threads, |engine| walk(engine, &said))?;
    let said = Said::of(&reports, plan);
    reports.extend(in_parallel(&learning, plan.threads, |engine| {
        walk(engine, &said)
    })?);
    let mut reports: Vec<Report> = reports.into_iter().flatten().collect();
    let order = |id: EngineId| engines.iter().position(|engine| engine.id() == id);
    reports.sort_by_key(|report| order(report.engine));
    Ok(reports)
}

/// Runs `work` for every engine, at most `threads` at a time; results in the engines' order.
fn in_parallel<T: Send>(
    engines: &[&dyn Engine],
    threads: usize,
    work: impl Fn(&dyn Engine) -> Result<T, EngineError> + Sync,
) -> Result<Vec<T>, EngineError> {
    let next = AtomicUsize::new(0);
    let done: Vec<Mutex<Option<Result<T, EngineError>>>> =
        engines.iter().map(|_| Mutex::new(None)).collect();
    thread::scope(|scope| {
        for _ in 0..threads.clamp(1, engines.len().max(1)) {
            scope.spawn(|| {
                while let Some(index) = Some(next.fetch_add(1, Ordering::Relaxed))
                    .filter(|index| *index < engines.len())
                {
                    let result = work(engines[index]);
                    *done[index].lock().unwrap_or_else(PoisonError::into_inner) = Some(result);
                }
            });
        }
    });
    done.into_iter()
        .filter_map(|slot| slot.into_inner().unwrap_or_else(PoisonError::into_inner))
        .collect()
}

/// What the engines said that walked before.
#[derive(Default)]
struct Said {
    log: Arc<Log>,
    opinions: BTreeMap<RaceId, Opinions>,
}

impl Said {
    fn of(reports: &[Option<Report>], plan: &Plan) -> Self {
        let mut log = Log::new();
        let mut opinions: BTreeMap<RaceId, Opinions> = BTreeMap::new();
        for report in reports.iter().flatten() {
            for race in report.warm_up.iter().chain(&report.races) {
                let key = (race.race, plan.stage, plan.target);
                let of_race = log.entry(key).or_default();
                of_race.insert(report.engine, race.draws.mean());
                let of_race = opinions.entry(race.race).or_default();
                of_race.insert(report.engine, race.draws.clone());
            }
        }
        Self {
            log: Arc::new(log),
            opinions,
        }
    }
}

fn walk(
    engine: &dyn Engine,
    history: &History,
    plan: &Plan,
    is_member: bool,
    said: &Said,
    progress: &(dyn Fn(Progress) + Sync),
) -> Result<Option<Report>, EngineError> {
    let history = history.with_log(Arc::clone(&said.log));
    let races = plan.races(&history, is_member);
    progress(Progress::Started(engine.id(), races.len()));
    let refit_every = plan
        .refit_every
        .or(engine.refit_every())
        .unwrap_or(usize::MAX);
    let none = Opinions::new();
    let mut trained: Option<(Box<dyn Model>, Retirement)> = None;
    let mut reports = Vec::new();
    for (count, race) in races.iter().enumerate() {
        if count.is_multiple_of(refit_every) || trained.is_none() {
            let before = history.before(race.date);
            trained = Some((
                engine.fit_for(&before, plan.stage, plan.target)?,
                Retirement::fit(&before),
            ));
        }
        let Some((model, retirement)) = &mut trained else {
            continue;
        };
        let asked = race.to_forecast(plan.stage);
        if !asked.entrants.is_empty() {
            let question = Question {
                opinions: said.opinions.get(&race.id).unwrap_or(&none),
                ..Question::new(&asked, plan.stage, plan.target)
            };
            reports.extend(report(engine, &**model, retirement, &question, race)?);
        }
        model.observe(race);
        retirement.observe(race);
        progress(Progress::Race(engine.id()));
    }
    progress(Progress::Finished(engine.id()));
    let warm_up = reports.partition_point(|race| race.season < *plan.seasons.start());
    let races = reports.split_off(warm_up);
    let evaluations: Vec<_> = races.iter().map(|race| race.evaluation.clone()).collect();
    Ok(Summary::of(&evaluations).map(|summary| Report {
        engine: engine.id(),
        stage: plan.stage,
        target: plan.target,
        summary,
        races,
        warm_up: reports,
    }))
}

fn report(
    engine: &dyn Engine,
    model: &dyn Model,
    retirement: &Retirement,
    question: &Question<'_>,
    race: &PastRace,
) -> Result<Option<RaceReport>, EngineError> {
    let draws = model.strengths(question)?;
    let retires = question.target == Target::Race && !engine.bypasses_retirement();
    let chances = retires.then(|| retirement.chances(question.race));
    let forecast = Forecast::new(question.race, &draws, chances.as_deref())?;
    let contributions = model.explain(question)?;
    let evaluation = Evaluation::of(&forecast, &race.places(question.target));
    Ok(evaluation.map(|evaluation| RaceReport {
        race: race.id,
        season: race.season,
        circuit: race.circuit,
        draws,
        forecast,
        contributions,
        evaluation,
    }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::forecast::forecast;
    use crate::registry::Registry;
    use crate::synthetic;

    fn walk_with(name: &str, history: &History, plan: &Plan) -> Option<Report> {
        let registry = Registry::builtin();
        let engine = registry.get(name).unwrap();
        backtest(&[engine], history, plan, &|_| ()).unwrap().pop()
    }

    #[test]
    fn a_backtest_covers_the_seasons_asked_for() {
        let history = synthetic::history(11, 60, 12);
        let plan = Plan::new(2001..=2002, Stage::PreWeekend, Target::Race);
        let report = walk_with("uniform", &history, &plan).unwrap();
        assert_eq!(report.summary.races, 40);
        assert!((report.summary.winner_log_loss - 12.0_f64.ln()).abs() < 1e-9);
        let plan = Plan::new(1990..=1991, Stage::PreWeekend, Target::Race);
        assert!(walk_with("uniform", &history, &plan).is_none());
    }

    #[test]
    fn a_backtest_is_what_fitting_before_every_race_gives() {
        let history = synthetic::history(12, 40, 12);
        let registry = Registry::builtin();
        let engine = registry.get("elo").unwrap();
        let stage = Stage::PostQualifying;
        let plan = Plan::new(2001..=2001, stage, Target::Race);
        let report = walk_with("elo", &history, &plan).unwrap();
        for (race, line) in history.races()[20..].iter().zip(&report.races) {
            let before = history.before(race.date);
            let model = engine.fit(&before).unwrap();
            let retirement = Retirement::fit(&before);
            let asked = race.to_forecast(stage);
            let question = Question::new(&asked, stage, Target::Race);
            let again = forecast(engine, &*model, &retirement, &question).unwrap();
            assert_eq!(again, line.forecast);
        }
    }
}
