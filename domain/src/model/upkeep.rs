//! Bringing engines up to date with the races that were run, and back when a model was lost.

use std::{sync::Arc, time::Instant};

use engines::{Engine, Stage, Target};

use super::{Status, ensure, status, train};
use crate::{
    App, backtest,
    error::{Error, Result},
    forecast::Known,
};

/// Trains every engine whose model is missing, refused or behind, then walks all of them through
/// the last seasons, and at the end trains those that learn from what the others said there. A
/// second time does nothing. An engine that fails does not hold up the others.
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
    for engine in alone {
        changed |= train_if_due(app, known, engine).await?;
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
        changed |= train_if_due(app, known, engine).await?;
    }
    if changed {
        let took = started.elapsed();
        metrics::histogram!("pitwall_job_seconds", "job" => "retrain").record(took);
        tracing::info!(seconds = took.as_secs_f64(), "the engines are up to date");
    }
    Ok(())
}

/// Trains every engine whose model in production can no longer be used, because it was damaged, say,
/// or another process put one in its place that this one cannot read. What failed on these races is
/// not tried on them again.
///
/// # Errors
/// When the database fails.
pub async fn mend(app: &App, known: &Arc<Known>) -> Result<()> {
    for engine in app.engines.iter() {
        let id = engine.id().as_str();
        let wanted = match status(app, known, id).await? {
            Status::Ready(_) => false,
            Status::Missing => engine.refit_every().is_some(),
            Status::Unusable { .. } => true,
        };
        if wanted && let Err(error) = ensure(app, known, id).await {
            match error {
                // Why was logged when it failed.
                Error::Unavailable(_) => {}
                error => return Err(error),
            }
        }
    }
    Ok(())
}

/// Trains an engine if need be. Those that are as good by observing have no model to keep.
async fn train_if_due(app: &App, known: &Arc<Known>, engine: &dyn Engine) -> Result<bool> {
    let Some(refit_every) = engine.refit_every() else {
        return Ok(false);
    };
    let id = engine.id().as_str();
    let due = match status(app, known, id).await? {
        Status::Ready(trained) => {
            let trained_on = usize::try_from(trained.row.trained_on).unwrap_or(0);
            !trained.current || trained_on + refit_every <= known.history().races().len()
        }
        _ => true,
    };
    if due && let Err(error) = train(app, id, true).await {
        tracing::error!(%error, engine = id, "an engine could not be trained");
        return Ok(false);
    }
    Ok(due)
}
