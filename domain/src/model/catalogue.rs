//! What versions there are and how well their engines did.

use std::{collections::HashMap, sync::Arc};

use engines::{Stage, evaluation::Summary};
use entities::{backtest_run, model, model_artifact, production_model};
use sea_orm::{
    ColumnTrait, Condition, ConnectionTrait, DbErr, EntityTrait, QueryFilter, QueryOrder,
    QuerySelect, QueryTrait,
};
use serde::Deserialize;

use super::find;
use crate::{App, error::Result, forecast::stage_name};

/// A version of an engine that can still be had.
#[derive(Debug, Clone, PartialEq)]
pub struct Version {
    pub row: model::Model,
    /// Whether it is the one that answers.
    pub production: bool,
}

/// A setting that a model's engine was made with.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct Setting {
    pub name: String,
    pub value: f64,
    pub description: String,
}

/// How well an engine did on past races that it had not seen.
#[derive(Debug, Clone, PartialEq)]
pub struct Measured {
    pub run: backtest_run::Model,
    pub summary: Summary,
}

impl Version {
    /// What the engine was made with when it was trained.
    #[must_use]
    pub fn settings(&self) -> Vec<Setting> {
        serde_json::from_str(&self.row.hyperparameters).unwrap_or_default()
    }
}

impl Measured {
    /// What was known when the forecasts were made; none for a stage that is no more.
    #[must_use]
    pub fn stage(&self) -> Option<Stage> {
        let mut stages = Stage::ALL.into_iter();
        stages.find(|stage| stage_name(*stage) == self.run.stage)
    }
}

/// All versions of all engines, and the newest back-tests.
#[derive(Debug, Default)]
pub struct Catalogue {
    versions: HashMap<String, Vec<Version>>,
    measured: Vec<Arc<Measured>>,
}

impl Catalogue {
    /// Versions of an engine, the newest first.
    #[must_use]
    pub fn versions(&self, engine: &str) -> &[Version] {
        self.versions.get(engine).map_or(&[], Vec::as_slice)
    }

    /// The version of an engine that answers.
    #[must_use]
    pub fn production(&self, engine: &str) -> Option<&Version> {
        let mut versions = self.versions(engine).iter();
        versions.find(|version| version.production)
    }

    /// The newest back-test of what trained a model: of races, at the latest stage there is.
    #[must_use]
    pub fn measured(&self, row: &model::Model) -> Option<Arc<Measured>> {
        let of_this = self.measured.iter().filter(|measured| {
            let run = &measured.run;
            run.engine == row.engine
                && run.engine_revision == row.engine_revision
                && run.feature_revision == row.feature_revision
        });
        of_this
            .max_by_key(|measured| (measured.stage(), measured.run.id))
            .cloned()
    }
}

/// Reads everything that is known of models.
///
/// # Errors
/// When the database fails.
pub async fn catalogue(app: &App) -> Result<Catalogue> {
    let mut versions: HashMap<String, Vec<Version>> = HashMap::new();
    for version in select(&app.db, Condition::all()).await? {
        let engine = version.row.engine.clone();
        versions.entry(engine).or_default().push(version);
    }
    Ok(Catalogue {
        versions,
        measured: measured(&app.db).await?,
    })
}

/// The versions of an engine that can still be had, the newest first.
///
/// # Errors
/// [`crate::error::Error::BadInput`] for an unknown engine, or when the database fails.
pub async fn versions(app: &App, engine: &str) -> Result<Vec<Version>> {
    let engine = find(app, engine)?.id().as_str();
    Ok(of_engine(&app.db, engine).await?)
}

/// As [`versions`].
pub(super) async fn of_engine<C: ConnectionTrait>(
    db: &C,
    engine: &str,
) -> Result<Vec<Version>, DbErr> {
    select(db, Condition::all().add(model::Column::Engine.eq(engine))).await
}

async fn select<C: ConnectionTrait>(db: &C, which: Condition) -> Result<Vec<Version>, DbErr> {
    let rows = model::Entity::find()
        .left_join(model_artifact::Entity)
        .find_also_related(production_model::Entity)
        .filter(
            Condition::any()
                .add(model_artifact::Column::ModelId.is_not_null())
                .add(production_model::Column::ModelId.is_not_null()),
        )
        .filter(which)
        .order_by_asc(model::Column::Engine)
        .order_by_desc(model::Column::Version);
    let rows = rows.all(db).await?;
    let version = |(row, pointer): (model::Model, Option<production_model::Model>)| Version {
        production: pointer.is_some_and(|pointer| pointer.model_id == row.id),
        row,
    };
    Ok(rows.into_iter().map(version).collect())
}

/// The newest back-test of races of each engine, stage and pair of revisions.
async fn measured<C: ConnectionTrait>(db: &C) -> Result<Vec<Arc<Measured>>, DbErr> {
    use backtest_run::Column;
    let newest = backtest_run::Entity::find()
        .select_only()
        .column_as(Column::Id.max(), "newest")
        .filter(Column::Target.eq("RACE"))
        .group_by(Column::Engine)
        .group_by(Column::Stage)
        .group_by(Column::EngineRevision)
        .group_by(Column::FeatureRevision)
        .into_query();
    let runs = backtest_run::Entity::find()
        .filter(Column::Id.in_subquery(newest))
        .all(db)
        .await?;
    let read = |run: backtest_run::Model| {
        let summary = serde_json::from_str(&run.metrics);
        let summary = summary.inspect_err(
            |error| tracing::warn!(%error, run = run.id, "a back-test cannot be read"),
        );
        let summary = summary.ok()?;
        Some(Arc::new(Measured { run, summary }))
    };
    Ok(runs.into_iter().filter_map(read).collect())
}
