//! Trained models: their versions, and who of them answers.

use std::sync::Arc;

use async_graphql::{Context, Object};
use chrono::{DateTime, Utc};
use domain::model::{self, Measured, Status, Version};

use super::{
    app,
    directive::{Cost, ListOf},
    engine::{EngineId, HyperparameterObject, Stage},
    race::Race,
    viewer::admin_only,
};
use crate::{
    error::{Result, from_domain},
    loaders::Loaders,
};

/// Why an engine cannot answer; none when it can, or only has to be trained.
///
/// # Errors
/// When the database fails.
pub async fn unavailable(ctx: &Context<'_>, engine: &str) -> Result<Option<String>> {
    let loaders = Loaders::of(ctx);
    let models = loaders.models(ctx).await?;
    let row = models.production(engine).map(|found| found.row.clone());
    let known = loaders.known(ctx).await?;
    let status = model::status_of(app(ctx), &known, engine, row).await;
    Ok(match status.map_err(from_domain)? {
        Status::Missing if needs_training(ctx, engine) => Some(not_trained(ctx, engine)),
        Status::Ready(_) | Status::Missing => None,
        Status::Unusable { reason } => Some(reason),
    })
}

fn not_trained(ctx: &Context<'_>, engine: &str) -> String {
    if app(ctx).config.forecast.train {
        "it has not been trained yet: the server does so in the background".to_owned()
    } else {
        format!("it has not been trained yet: `pitwall train {engine}` does it")
    }
}

/// Whether it must be trained as a whole before it can answer.
fn needs_training(ctx: &Context<'_>, engine: &str) -> bool {
    let engine = app(ctx).engines.get(engine);
    engine.is_some_and(|engine| engine.refit_every().is_some() || !engine.members().is_empty())
}

pub struct Model(pub Version);

/// What an engine has learned; a version is never changed.
#[Object(cache_control(max_age = 60))]
impl Model {
    /// Counted for each engine, from 1.
    async fn version(&self) -> i32 {
        self.0.row.version
    }

    /// Whether it is the one that answers.
    async fn production(&self) -> bool {
        self.0.production
    }

    /// Why it was not let answer when it was trained: its engine, with what it learned from, does
    /// clearly worse than the version that answered. Null of all others.
    async fn held_back(&self) -> Option<&str> {
        self.0.row.held_back.as_deref()
    }

    async fn trained_at(&self) -> DateTime<Utc> {
        self.0.row.trained_at
    }

    /// The latest race that it learned from.
    async fn trained_through(&self, ctx: &Context<'_>) -> Option<Result<Race>> {
        let race = self.0.row.trained_through?;
        Some(Race::load(ctx, race).await)
    }

    /// Number of races that it learned from.
    async fn trained_on(&self) -> i32 {
        self.0.row.trained_on
    }

    /// How many seconds the training took.
    async fn seconds(&self) -> f64 {
        self.0.row.seconds
    }

    /// Revision of the engine that trained it; a model of an earlier revision is trained anew.
    async fn engine_revision(&self) -> i32 {
        self.0.row.engine_revision
    }

    /// Revision of the features it was trained on; a model of earlier ones is trained anew.
    async fn feature_revision(&self) -> i32 {
        self.0.row.feature_revision
    }

    /// Settings that the engine was made with.
    #[graphql(directive = ListOf::apply(6))]
    async fn hyperparameters(&self) -> Vec<HyperparameterObject> {
        let settings = self.0.settings().into_iter();
        settings.map(HyperparameterObject).collect()
    }

    /// How well engines of its revisions did on past races that they had not seen, in the newest
    /// back-test at the latest stage; null when none was run.
    async fn metrics(&self, ctx: &Context<'_>) -> Option<Result<ModelMetrics>> {
        match Loaders::of(ctx).models(ctx).await {
            Ok(models) => models.measured(&self.0.row).map(ModelMetrics).map(Ok),
            Err(error) => Some(Err(error)),
        }
    }

    /// SHA-256 of what was learned: equal models have equal ones.
    async fn sha256(&self) -> &str {
        &self.0.row.sha256
    }

    /// Size of what was learned.
    async fn bytes(&self) -> i32 {
        self.0.row.bytes
    }
}

pub struct ModelMetrics(Arc<Measured>);

/// How well an engine did on past races that it had not seen: means over the races.
#[Object(cache_control(max_age = 300))]
impl ModelMetrics {
    /// What was known when the forecasts were made; null for a stage that is no more.
    async fn stage(&self) -> Option<Stage> {
        self.0.stage().map(Stage::from)
    }

    async fn first_season(&self) -> i32 {
        self.0.run.first_season
    }

    async fn last_season(&self) -> i32 {
        self.0.run.last_season
    }

    /// Number of races.
    async fn races(&self) -> usize {
        self.0.summary.races
    }

    /// −ln of the probability given to the winner; 0 is perfect.
    async fn winner_log_loss(&self) -> f64 {
        self.0.summary.winner_log_loss
    }

    /// Mean squared error of the win probabilities; 0 is perfect.
    async fn winner_brier(&self) -> f64 {
        self.0.summary.winner_brier
    }

    /// Share of races that the likeliest winner won.
    async fn hit(&self) -> f64 {
        self.0.summary.hit
    }

    /// Share of the podium among the three likeliest to stand on it.
    async fn podium_overlap(&self) -> f64 {
        self.0.summary.podium_overlap
    }

    /// Ranked probability score of the places; 0 is perfect.
    async fn rps(&self) -> f64 {
        self.0.summary.rps
    }

    /// Rank correlation of expected and actual places.
    async fn spearman(&self) -> f64 {
        self.0.summary.spearman
    }

    /// Share of entrants that ended within their 90 % interval.
    async fn coverage90(&self) -> f64 {
        self.0.summary.coverage_90
    }

    /// Mean distance of expected and actual place.
    async fn position_mae(&self) -> f64 {
        self.0.summary.position_mae
    }

    /// Mean distance of win probability and share of wins, over ten bins of probability.
    async fn calibration_error(&self) -> f64 {
        self.0.summary.calibration_error
    }
}

#[derive(Default)]
pub struct ModelMutation;

#[Object(cache_control(max_age = 0))]
impl ModelMutation {
    /// Trains an engine on all known races and puts what it learned into production: a new
    /// version, unless the newest has learned exactly the same. A training that takes longer than
    /// a request may goes on all the same. For administrators.
    #[graphql(directive = Cost::apply(1000))]
    async fn train_engine(&self, ctx: &Context<'_>, engine: EngineId) -> Result<Model> {
        admin_only(ctx)?;
        let training = model::train(app(ctx), engine.0.as_str(), true).await;
        training
            .map(|training| Model(training.version))
            .map_err(from_domain)
    }

    /// Puts a version into production. For administrators.
    async fn promote_model(
        &self,
        ctx: &Context<'_>,
        engine: EngineId,
        version: i32,
    ) -> Result<Model> {
        admin_only(ctx)?;
        let promoted = model::promote(app(ctx), engine.0.as_str(), version).await;
        promoted.map(Model).map_err(from_domain)
    }

    /// Puts the version that was in production before into production again. For administrators.
    async fn rollback_model(&self, ctx: &Context<'_>, engine: EngineId) -> Result<Model> {
        admin_only(ctx)?;
        let before = model::rollback(app(ctx), engine.0.as_str()).await;
        before.map(Model).map_err(from_domain)
    }
}
