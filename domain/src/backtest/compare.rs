//! Engines side by side, from stored runs.

use std::{collections::HashMap, ops::RangeInclusive};

use engines::{Engine, EngineId, Stage, Target};
use entities::{backtest_run, forecast::Column, race, select::any_of};
use sea_orm::{ColumnTrait, Condition, EntityTrait, QueryFilter, QueryOrder};

use super::{Evaluated, Score, baseline, read, score::Results, scores, target_name};
use crate::{
    App,
    error::{Error, Result},
    forecast::stage_name,
    model::FEATURE_REVISION,
};

/// Engines side by side.
#[derive(Debug)]
pub struct Comparison {
    /// None when nothing is stored and nothing was asked for.
    pub seasons: Option<RangeInclusive<i32>>,
    pub baseline: Option<EngineId>,
    /// In the registry's order.
    pub scores: Vec<Score>,
    /// Engines that answer at the stage but have no score.
    pub missing: Vec<Missing>,
}

/// An engine without a score.
#[derive(Debug, Clone)]
pub struct Missing {
    pub engine: EngineId,
    /// A sentence for people.
    pub reason: String,
}

/// Compares the engines that answer at a stage over some seasons, by the newest run of each that
/// covers them; without seasons, over those of the run with the most races.
///
/// # Errors
/// When the database fails.
pub async fn compare(
    app: &App,
    seasons: Option<RangeInclusive<i32>>,
    stage: Stage,
    target: Target,
) -> Result<Comparison> {
    let runs = backtest_run::Entity::find()
        .filter(backtest_run::Column::Stage.eq(stage_name(stage)))
        .filter(backtest_run::Column::Target.eq(target_name(target)))
        .order_by_asc(backtest_run::Column::Id)
        .all(&app.db)
        .await?;
    let widest = runs.iter().max_by_key(|run| (run.races, run.id));
    let seasons = seasons.or_else(|| widest.map(|run| run.first_season..=run.last_season));
    let baseline = baseline(&app.engines, stage, target);
    let answering = app.engines.iter().filter(|e| e.answers(stage, target));
    let chosen: Vec<_> = answering
        .map(|engine| (engine, choose(&runs, engine, seasons.as_ref())))
        .collect();
    let ids: Vec<i32> = chosen
        .iter()
        .filter_map(|(_, run)| Some(run.as_ref().ok()?.id))
        .collect();
    let mut races = races(app, &ids, seasons.as_ref()).await?;
    let (mut results, mut missing) = (Vec::new(), Vec::new());
    for (engine, run) in chosen {
        let found = run.and_then(|run| {
            let races = races.remove(&run.id);
            let none = || "its back-test has no race of these seasons".to_owned();
            Ok((run, races.ok_or_else(none)?))
        });
        match found {
            Ok((run, races)) => results.push(Results {
                engine: engine.id(),
                started_at: run.started_at,
                seconds: run.seconds,
                outdated: outdated(run, engine),
                races,
            }),
            Err(reason) => missing.push(Missing {
                engine: engine.id(),
                reason,
            }),
        }
    }
    // Thousands of resamples: off the async threads.
    let scores = tokio::task::spawn_blocking(move || scores(&results, baseline))
        .await
        .map_err(|stopped| Error::Internal(stopped.to_string()))?;
    Ok(Comparison {
        seasons,
        baseline,
        scores,
        missing,
    })
}

/// The newest of an engine's runs that covers the seasons, or why there is none.
fn choose<'a>(
    runs: &'a [backtest_run::Model],
    engine: &dyn Engine,
    seasons: Option<&RangeInclusive<i32>>,
) -> Result<&'a backtest_run::Model, String> {
    let id = engine.id();
    let own: Vec<_> = runs
        .iter()
        .filter(|run| run.engine == id.as_str())
        .collect();
    let covers = |run: &backtest_run::Model| {
        seasons.is_some_and(|asked| {
            run.first_season <= *asked.start() && *asked.end() <= run.last_season
        })
    };
    if let Some(run) = own.iter().rfind(|run| covers(run)) {
        return Ok(run);
    }
    if own.is_empty() {
        return Err(format!(
            "no back-test of it is stored; `pitwall backtest --engines {id}` makes one"
        ));
    }
    let spans: Vec<_> = own
        .iter()
        .map(|run| format!("{}–{}", run.first_season, run.last_season))
        .collect();
    Err(format!("its back-tests cover {}", spans.join(" and ")))
}

fn outdated(run: &backtest_run::Model, engine: &dyn Engine) -> bool {
    u32::try_from(run.engine_revision) != Ok(engine.revision())
        || u32::try_from(run.feature_revision) != Ok(FEATURE_REVISION)
}

/// Evaluations by run.
async fn races(
    app: &App,
    runs: &[i32],
    seasons: Option<&RangeInclusive<i32>>,
) -> Result<HashMap<i32, Vec<Evaluated>>> {
    let mut races: HashMap<i32, Vec<Evaluated>> = HashMap::new();
    let Some(seasons) = seasons.filter(|_| !runs.is_empty()) else {
        return Ok(races);
    };
    let of_runs = any_of(app.db.get_database_backend(), Column::BacktestRunId, runs);
    let condition = Condition::all()
        .add(of_runs)
        .add(race::Column::Season.between(*seasons.start(), *seasons.end()));
    for row in read::rows(&app.db, condition).await? {
        // Only rows of these runs were asked for.
        if let Some(run) = row.backtest_run_id {
            races.entry(run).or_default().extend(row.read());
        }
    }
    Ok(races)
}
