//! Walking engines through past seasons.

use std::{
    collections::{BTreeMap, BTreeSet},
    ops::RangeInclusive,
    sync::{Arc, Mutex, PoisonError},
    time::Instant,
};

use chrono::{DateTime, Utc};
use engines::{
    Engine, EngineId, History, Stage, Target,
    backtest::{Plan, Progress, Report, backtest},
};
use sha2::{Digest, Sha256};

use super::{baseline, target_name};
use crate::{
    App,
    error::{Error, Result},
    forecast::{Known, stage_name},
};

/// An engine's way through some seasons.
#[derive(Debug)]
pub struct Walk {
    pub report: Report,
    /// Whether it was asked for; if not, another engine learns from it or is held against it.
    pub asked: bool,
    /// First and last season of which there are races.
    pub seasons: (i32, i32),
    pub(super) engine_revision: u32,
    /// Digest of the races that were known at the end.
    pub(super) fingerprint: String,
    pub started_at: DateTime<Utc>,
    /// How long it took, its warm-up included, that of the engines it learns from not.
    pub seconds: f64,
}

/// Ids of the engines of a list (`elo,grid`, or `all` that answer), in the registry's order.
///
/// # Errors
/// [`Error::BadInput`] for a name that is no engine's, or an engine that does not answer there.
pub fn engines_named(
    app: &App,
    names: &str,
    stage: Stage,
    target: Target,
) -> Result<Vec<EngineId>> {
    let answering: Vec<EngineId> = app
        .engines
        .iter()
        .filter(|engine| engine.answers(stage, target))
        .map(Engine::id)
        .collect();
    if names == "all" {
        return Ok(answering);
    }
    let listed = |ids: &[EngineId]| {
        let names: Vec<_> = ids.iter().map(|id| id.as_str()).collect();
        names.join(", ")
    };
    let mut asked = BTreeSet::new();
    for name in names.split(',').map(str::trim) {
        let Some(engine) = app.engines.get(name) else {
            let all: Vec<_> = app.engines.iter().map(Engine::id).collect();
            return Err(Error::BadInput(format!(
                "there is no engine {name:?}, expected `all` or some of {}",
                listed(&all)
            )));
        };
        if !answering.contains(&engine.id()) {
            return Err(Error::BadInput(format!(
                "engine {name} does not forecast the {} at {}; {} do",
                target_name(target),
                stage_name(stage),
                listed(&answering)
            )));
        }
        asked.insert(engine.id());
    }
    Ok(answering
        .into_iter()
        .filter(|id| asked.contains(id))
        .collect())
}

/// Walks engines through the plan's seasons, with those that they learn from and the baseline
/// that they are held against.
///
/// # Errors
/// [`Error::BadInput`] when no race of these seasons is known, or what an engine fails with.
pub async fn run(
    app: &App,
    known: &Arc<Known>,
    asked: &[EngineId],
    mut plan: Plan,
    progress: impl Fn(Progress) + Send + Sync + 'static,
) -> Result<Vec<Arc<Walk>>> {
    let seasons = seasons(known.history(), &plan.seasons)?;
    plan.seasons = seasons.0..=seasons.1;
    let turn = Arc::clone(&app.forecasts.workers).acquire_owned().await;
    let turn = turn.map_err(|closed| Error::Internal(closed.to_string()))?;
    let (registry, known) = (Arc::clone(&app.engines), Arc::clone(known));
    let (asked, started_at) = (asked.to_vec(), app.clock.now());
    let work = move || {
        let _turn = turn;
        let members = registry
            .iter()
            .filter(|engine| asked.contains(&engine.id()))
            .flat_map(|engine| engine.members().iter().copied());
        let needed: BTreeSet<EngineId> = members
            .chain(asked.iter().copied())
            .chain(baseline(&registry, plan.stage, plan.target))
            .collect();
        let engines: Vec<&dyn Engine> = registry
            .iter()
            .filter(|engine| needed.contains(&engine.id()))
            .collect();
        let times = Times::default();
        let reports = backtest(&engines, known.history(), &plan, &|step| {
            times.note(step);
            progress(step);
        })
        .map_err(|error| Error::Internal(error.to_string()))?;
        let fingerprint = fingerprint(known.history(), seasons.1);
        let walk = |report: Report| {
            let engine = registry.engine(report.engine);
            Arc::new(Walk {
                asked: asked.contains(&report.engine),
                seasons,
                engine_revision: engine.map_or(0, Engine::revision),
                fingerprint: fingerprint.clone(),
                started_at,
                seconds: times.seconds(report.engine),
                report,
            })
        };
        Ok(reports.into_iter().map(walk).collect())
    };
    tokio::task::spawn_blocking(work)
        .await
        .map_err(|stopped| Error::Internal(stopped.to_string()))?
}

/// First and last of the seasons asked for that have races.
///
/// # Errors
/// [`Error::BadInput`] when no race of these seasons is known.
pub fn seasons(history: &History, asked: &RangeInclusive<i32>) -> Result<(i32, i32)> {
    let all = || history.races().iter().map(|race| race.season);
    let (Some(first), Some(last)) = (all().min(), all().max()) else {
        return Err(Error::BadInput(
            "no race is known yet: `pitwall import PATH` reads a history, `pitwall serve` loads \
             the bundled seasons"
                .to_owned(),
        ));
    };
    let found = || all().filter(|season| asked.contains(season));
    found().min().zip(found().max()).ok_or_else(|| {
        Error::BadInput(format!(
            "no race of {}–{} is known, only of {first}–{last}",
            asked.start(),
            asked.end()
        ))
    })
}

pub(super) fn fingerprint(history: &History, last_season: i32) -> String {
    let mut digest = Sha256::new();
    let walked = |race: &&engines::PastRace| race.season <= last_season;
    for race in history.races().iter().take_while(walked) {
        digest.update(serde_json::to_vec(race).unwrap_or_default());
    }
    hex::encode(&digest.finalize()[..12])
}

/// When each engine began, and how long it took.
#[derive(Default)]
struct Times(Mutex<BTreeMap<EngineId, (Instant, f64)>>);

impl Times {
    fn note(&self, step: Progress) {
        let mut times = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        match step {
            Progress::Started(engine, _) => {
                times.insert(engine, (Instant::now(), 0.0));
            }
            Progress::Race(_) => {}
            Progress::Finished(engine) => {
                if let Some((began, seconds)) = times.get_mut(&engine) {
                    *seconds = began.elapsed().as_secs_f64();
                }
            }
        }
    }

    fn seconds(&self, engine: EngineId) -> f64 {
        let times = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        times.get(&engine).map_or(0.0, |(_, seconds)| *seconds)
    }
}
