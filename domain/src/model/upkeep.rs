//! Bringing engines up to date with the races that were run, and back when a model was lost.

use std::{sync::Arc, time::Instant};

use engines::{Engine, Stage, Target};

use super::{Status, Training, status, train, trial};
use crate::{App, backtest, error::Result, forecast::Known};

/// Trains every engine whose model is missing, damaged or behind, then walks all of them through
/// the last seasons, and at the end trains those that learn from what the others said there. What
/// is new answers unless the walk shows that it does worse than what answered before. A second time
/// does nothing. An engine that fails does not hold up the others.
///
/// # Errors
/// When the database fails.
pub async fn keep_up(app: &App, known: &Arc<Known>) -> Result<()> {
    if known.history().races().is_empty() {
        return Ok(());
    }
    let started = Instant::now();
    let mut changed = false;
    let (alone, learning): (Vec<_>, Vec<_>) = app
        .engines
        .iter()
        .partition(|engine| engine.members().is_empty());
    let mut trained = Vec::new();
    for engine in alone {
        trained.push((engine, train_if_due(app, known, engine).await?));
    }
    for target in Target::ALL {
        for stage in Stage::ALL.into_iter().rev() {
            if target.is_open_at(stage) {
                match backtest::refresh(app, known, stage, target).await {
                    Ok(walked) => changed |= walked,
                    Err(error) => tracing::error!(%error, ?stage, ?target, "a back-test failed"),
                }
            }
        }
    }
    for engine in learning {
        trained.push((engine, train_if_due(app, known, engine).await?));
    }
    for (engine, training) in trained {
        changed |= training.is_some();
        trial::settle(app, engine, training.map(|training| training.version)).await?;
    }
    if changed {
        let took = started.elapsed();
        metrics::histogram!("pitwall_job_seconds", "job" => "retrain").record(took);
        tracing::info!(seconds = took.as_secs_f64(), "the engines are up to date");
    }
    Ok(())
}

/// Engines whose model in production is missing or can no longer be used by this process, because
/// it was damaged, say, or another process put one in its place that this one cannot read.
///
/// # Errors
/// When the database fails.
pub async fn unusable(app: &App, known: &Arc<Known>) -> Result<Vec<&'static str>> {
    let mut unusable = Vec::new();
    for engine in app.engines.iter() {
        let id = engine.id().as_str();
        let wanted = match status(app, known, id).await? {
            Status::Ready(_) => false,
            Status::Missing => engine.refit_every().is_some(),
            Status::Unusable { .. } => true,
        };
        if wanted {
            unusable.push(id);
        }
    }
    Ok(unusable)
}

/// Trains an engine if need be; what it learns answers at once where nothing else can. Those that are
/// as good by observing have no model to keep, and are trained only when the one that somebody
/// trained cannot be used.
async fn train_if_due(
    app: &App,
    known: &Arc<Known>,
    engine: &dyn Engine,
) -> Result<Option<Training>> {
    let id = engine.id().as_str();
    let (due, alone) = match (status(app, known, id).await?, engine.refit_every()) {
        (Status::Unusable { .. }, _) | (Status::Missing, Some(_)) => (true, true),
        (Status::Missing | Status::Ready(_), None) => (false, false),
        (Status::Ready(trained), Some(refit_every)) => {
            let trained_on = usize::try_from(trained.row.trained_on).unwrap_or(0);
            let behind = trained_on + refit_every <= known.history().races().len();
            (!trained.current || behind, false)
        }
    };
    if !due {
        return Ok(None);
    }
    match train(app, id, alone).await {
        Ok(training) => Ok(Some(training)),
        Err(error) => {
            tracing::error!(%error, engine = id, "an engine could not be trained");
            Ok(None)
        }
    }
}
