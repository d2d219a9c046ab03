//! Prediction engines, as the registry lists them.

use std::{borrow::Cow, sync::LazyLock};

use async_graphql::{
    Context, ContextSelectionSet, Enum, ID, InputType, InputValueError, InputValueResult, Object,
    OutputType, Positioned, ServerResult, Value,
    parser::types::Field,
    registry::{MetaEnumValue, MetaType, MetaTypeId, Registry as TypeRegistry},
};
use domain::{backtest::Walker, model::Setting};
use engines::{Hyperparameter, Registry};

use super::{
    backtest::{Accuracy, Calibration},
    directive::{Cost, ListOf},
    forecast::Origin,
    model::{self, Model},
};
use crate::{error::Result, loaders::Loaders};

/// The engines of this binary; their names make the `EngineId` enum.
static ENGINES: LazyLock<Registry> = LazyLock::new(Registry::builtin);

/// The name of an engine, one of the registry's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EngineId(pub engines::EngineId);

impl EngineId {
    fn named(name: &str) -> Option<Self> {
        ENGINES
            .iter()
            .map(engines::Engine::id)
            .find(|id| id.graphql_name() == name)
            .map(Self)
    }

    fn register(registry: &mut TypeRegistry) -> String {
        let value = |engine: &dyn engines::Engine| {
            let name = engine.id().graphql_name();
            let mut value = MetaEnumValue::new(&name);
            value.description = Some(engine.description().to_owned());
            (name, value)
        };
        registry.create_input_type::<Self, _>(MetaTypeId::Enum, |_| MetaType::Enum {
            name: "EngineId".to_owned(),
            description: Some("Prediction engines; baselines are among them.".to_owned()),
            enum_values: ENGINES.iter().map(value).collect(),
            visible: None,
            inaccessible: false,
            tags: Vec::new(),
            rust_typename: Some(std::any::type_name::<Self>()),
            directive_invocations: Vec::new(),
            requires_scopes: Vec::new(),
        })
    }
}

impl InputType for EngineId {
    type RawValueType = Self;

    fn type_name() -> Cow<'static, str> {
        "EngineId".into()
    }

    fn create_type_info(registry: &mut TypeRegistry) -> String {
        Self::register(registry)
    }

    fn parse(value: Option<Value>) -> InputValueResult<Self> {
        let value = value.unwrap_or_default();
        let name = match &value {
            Value::Enum(name) => name.as_str(),
            Value::String(name) => name.as_str(),
            _ => return Err(InputValueError::expected_type(value)),
        };
        Self::named(name)
            .ok_or_else(|| InputValueError::custom(format!("there is no engine {name:?}")))
    }

    fn to_value(&self) -> Value {
        Value::Enum(async_graphql::Name::new(self.0.graphql_name()))
    }

    fn as_raw_value(&self) -> Option<&Self> {
        Some(self)
    }
}

impl OutputType for EngineId {
    fn type_name() -> Cow<'static, str> {
        "EngineId".into()
    }

    fn create_type_info(registry: &mut TypeRegistry) -> String {
        Self::register(registry)
    }

    async fn resolve(
        &self,
        _ctx: &ContextSelectionSet<'_>,
        _field: &Positioned<Field>,
    ) -> ServerResult<Value> {
        Ok(InputType::to_value(self))
    }
}

/// What is known when a forecast is made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(remote = "engines::Stage")]
pub enum Stage {
    /// Earlier races only.
    PreWeekend,
    /// Practice too.
    PreQualifying,
    /// The starting grid, and the sprint's result.
    PostQualifying,
}

/// Which session is forecast.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(remote = "engines::Target")]
pub enum Target {
    /// The race.
    Race,
    /// Qualifying.
    Qualifying,
}

pub struct Engine(engines::EngineId);

impl Engine {
    /// The engine of an id.
    #[must_use]
    pub fn of(id: engines::EngineId) -> Self {
        Self(id)
    }

    /// The engine of a forecast.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        ENGINES.get(name).map(|engine| Self(engine.id()))
    }

    fn asked(&self, stage: Stage, target: Target, origin: Origin) -> Walker {
        Walker {
            engine: self.0,
            stage: stage.into(),
            target: target.into(),
            origin: origin.into(),
        }
    }

    fn engine(&self) -> &'static dyn engines::Engine {
        ENGINES
            .engine(self.0)
            .expect("an engine's id comes from the registry")
    }
}

/// A prediction engine.
#[Object(cache_control(max_age = 300))]
impl Engine {
    #[graphql(name = "id")]
    async fn engine_id(&self) -> EngineId {
        EngineId(self.0)
    }

    async fn name(&self) -> &str {
        self.engine().name()
    }

    /// What it does, in a sentence.
    async fn description(&self) -> &str {
        self.engine().description()
    }

    /// A yardstick for the others rather than a contender.
    async fn baseline(&self) -> bool {
        self.engine().is_baseline()
    }

    /// Stages at which it forecasts.
    async fn stages(&self) -> Vec<Stage> {
        self.engine()
            .stages()
            .iter()
            .copied()
            .map(Stage::from)
            .collect()
    }

    /// Whether it is preferred when no engine is named: it answers then, at one stage or more, unless
    /// it is unavailable.
    async fn default(&self) -> bool {
        engines::Stage::ALL.iter().any(|stage| {
            ENGINES
                .production(*stage)
                .is_some_and(|engine| engine.id() == self.0)
        })
    }

    /// The trained model that answers; null until one was trained.
    async fn production(&self, ctx: &Context<'_>) -> Option<Result<Model>> {
        let models = match Loaders::of(ctx).models(ctx).await {
            Ok(models) => models,
            Err(error) => return Some(Err(error)),
        };
        let version = models.production(self.0.as_str())?;
        Some(Ok(Model(version.clone())))
    }

    /// Trained models that can be put into production, the newest first.
    #[graphql(directive = ListOf::apply(20))]
    async fn versions(&self, ctx: &Context<'_>) -> Option<Result<Vec<Model>>> {
        let models = match Loaders::of(ctx).models(ctx).await {
            Ok(models) => models,
            Err(error) => return Some(Err(error)),
        };
        let versions = models.versions(self.0.as_str()).iter().cloned();
        Some(Ok(versions.map(Model).collect()))
    }

    /// Why it cannot answer at the moment: its model is damaged, or was made by another revision
    /// of the engine, or it could not be trained. Null when it can.
    // Each process finds out for itself, without an event.
    #[graphql(cache_control(max_age = 5))]
    async fn unavailable(&self, ctx: &Context<'_>) -> Option<Result<String>> {
        // Boxed, or the future of every field of an engine had room for a model to be read.
        Box::pin(model::unavailable(ctx, self.0.as_str()))
            .await
            .transpose()
    }

    /// How well it did on past races, each forecast from the races before it alone: of a season,
    /// at a circuit, with a driver, as far as given. `LIVE` counts only what it said before the races
    /// were run. Null when no such race is stored.
    #[graphql(directive = Cost::apply(20))]
    #[expect(
        clippy::too_many_arguments,
        reason = "each narrows down what is counted"
    )]
    async fn accuracy(
        &self,
        ctx: &Context<'_>,
        season: Option<i32>,
        circuit: Option<ID>,
        driver: Option<ID>,
        #[graphql(default_with = "Stage::PostQualifying")] stage: Stage,
        #[graphql(default_with = "Target::Race")] target: Target,
        #[graphql(default_with = "Origin::Backtest")] origin: Origin,
    ) -> Option<Result<Accuracy>> {
        let asked = self.asked(stage, target, origin);
        Box::pin(Accuracy::of(ctx, asked, season, circuit, driver))
            .await
            .transpose()
    }

    /// Forecast chances to win beside how often they came about, over all past races that are
    /// stored; null when there are none.
    #[graphql(directive = Cost::apply(20))]
    async fn calibration(
        &self,
        ctx: &Context<'_>,
        #[graphql(default_with = "Stage::PostQualifying")] stage: Stage,
        #[graphql(default_with = "Target::Race")] target: Target,
    ) -> Option<Result<Calibration>> {
        let asked = self.asked(stage, target, Origin::Backtest);
        Box::pin(Calibration::of(ctx, asked)).await.transpose()
    }

    /// Settings it is made with now; they are not learned.
    #[graphql(directive = ListOf::apply(6))]
    async fn hyperparameters(&self) -> Vec<HyperparameterObject> {
        let settings = self.engine().hyperparameters().into_iter();
        let setting = |setting: Hyperparameter| Setting {
            name: setting.name.to_owned(),
            value: setting.value,
            description: setting.description.to_owned(),
        };
        settings.map(setting).map(HyperparameterObject).collect()
    }
}

pub struct HyperparameterObject(pub Setting);

/// A setting of an engine.
#[Object(name = "Hyperparameter", cache_control(max_age = 300))]
impl HyperparameterObject {
    async fn name(&self) -> &str {
        &self.0.name
    }

    async fn value(&self) -> f64 {
        self.0.value
    }

    /// What it does, with its unit.
    async fn description(&self) -> &str {
        &self.0.description
    }
}

#[derive(Default)]
pub struct EngineQuery;

#[Object(cache_control(max_age = 3600))]
impl EngineQuery {
    /// All engines, baselines last.
    #[graphql(directive = ListOf::apply(8))]
    async fn engines(&self) -> Vec<Engine> {
        ENGINES.iter().map(|engine| Engine(engine.id())).collect()
    }

    /// An engine by its name.
    async fn engine(&self, id: EngineId) -> Engine {
        Engine(id.0)
    }
}
