//! Keeping back-tests up to date with the races that were run.

use std::sync::Arc;

use engines::{Engine, EngineId, Stage, Target, backtest::Plan};
use entities::backtest_run::{self, Column};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder};

use super::{run, run::fingerprint, store, target_name};
use crate::{
    App,
    error::Result,
    forecast::{Known, stage_name},
    model::FEATURE_REVISION,
};

/// Walks every engine through the last seasons at one stage, unless the newest run already tells
/// what these engines say of these races. Whether it walked.
///
/// # Errors
/// When the database or an engine fails.
pub async fn refresh(app: &App, known: &Arc<Known>, stage: Stage, target: Target) -> Result<bool> {
    let seasons = app.config.forecast.backtest_seasons;
    let Some(last) = known.history().races().last().map(|race| race.season) else {
        return Ok(false);
    };
    if seasons <= 0 {
        return Ok(false);
    }
    let answering = app
        .engines
        .iter()
        .filter(|engine| engine.answers(stage, target));
    let answering: Vec<&dyn Engine> = answering.collect();
    let fingerprint = fingerprint(known.history(), last);
    let mut current = true;
    for engine in &answering {
        current &= is_current(app, *engine, stage, target, &fingerprint).await?;
    }
    if current {
        return Ok(false);
    }
    let asked: Vec<EngineId> = answering.iter().map(|engine| engine.id()).collect();
    let plan = Plan {
        // Requests come first.
        threads: 1,
        ..Plan::new(last - seasons + 1..=last, stage, target)
    };
    let walks = run(app, known, &asked, plan, |_| ()).await?;
    store(app, known, &walks).await?;
    Ok(true)
}

async fn is_current(
    app: &App,
    engine: &dyn Engine,
    stage: Stage,
    target: Target,
    fingerprint: &str,
) -> Result<bool> {
    let newest = backtest_run::Entity::find()
        .filter(Column::Engine.eq(engine.id().as_str()))
        .filter(Column::Stage.eq(stage_name(stage)))
        .filter(Column::Target.eq(target_name(target)))
        .order_by_desc(Column::Id)
        .one(&app.db)
        .await?;
    let same = |stored: i32, now: u32| u32::try_from(stored) == Ok(now);
    Ok(newest.is_some_and(|run| {
        run.fingerprint == fingerprint
            && same(run.engine_revision, engine.revision())
            && same(run.feature_revision, FEATURE_REVISION)
    }))
}
