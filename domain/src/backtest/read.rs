//! Reading what back-tests have stored.

use std::collections::{BTreeSet, HashMap};

use engines::{EngineId, Evaluation, Registry, Stage, Target};
use entities::{
    backtest_run,
    forecast::{self, Column, Origin},
    race,
    select::any_text,
};
use sea_orm::{
    ColumnTrait, Condition, ConnectionTrait, DbErr, EntityTrait, FromQueryResult, JoinType,
    QueryFilter, QueryOrder, QuerySelect, RelationDef,
};

use super::target_name;
use crate::{
    App,
    error::Result,
    forecast::{Word, stage_name, unpack, words},
    model::FEATURE_REVISION,
};

/// An engine at a stage.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Walker {
    pub engine: EngineId,
    pub stage: Stage,
    pub target: Target,
    /// Walked through past seasons, or as it spoke before each race.
    pub origin: Origin,
}

/// How well an engine did on one race.
#[derive(Debug, Clone, PartialEq)]
pub struct Evaluated {
    pub race_id: i32,
    pub season: i32,
    pub circuit_id: i32,
    pub evaluation: Evaluation,
}

/// How well a stored forecast did.
#[derive(Debug, FromQueryResult)]
pub(super) struct Row {
    engine: String,
    stage: String,
    target: String,
    origin: Origin,
    /// None of what was said before the race.
    pub(super) backtest_run_id: Option<i32>,
    race_id: i32,
    season: i32,
    circuit_id: i32,
    evaluation: Option<String>,
}

impl Row {
    /// The row with its evaluation; `None` when that was written by another version.
    pub(super) fn read(&self) -> Option<Evaluated> {
        let evaluation = serde_json::from_str(self.evaluation.as_deref()?);
        let evaluation = evaluation.inspect_err(|error| {
            let run = self.backtest_run_id;
            tracing::warn!(run, %error, "a stored evaluation cannot be read");
        });
        Some(Evaluated {
            race_id: self.race_id,
            season: self.season,
            circuit_id: self.circuit_id,
            evaluation: evaluation.ok()?,
        })
    }

    fn is_of(&self, asked: &Walker) -> bool {
        self.engine == asked.engine.as_str()
            && self.stage == stage_name(asked.stage)
            && self.target == target_name(asked.target)
            && self.origin == asked.origin
    }
}

/// Evaluations of stored forecasts, by race; of one race, those of the newest run come last.
pub(super) async fn rows<C: ConnectionTrait>(
    db: &C,
    condition: Condition,
) -> Result<Vec<Row>, DbErr> {
    forecast::Entity::find()
        .select_only()
        .columns([
            Column::Engine,
            Column::Stage,
            Column::Target,
            Column::Origin,
            Column::BacktestRunId,
            Column::RaceId,
            Column::Evaluation,
        ])
        .columns([race::Column::Season, race::Column::CircuitId])
        .join(JoinType::InnerJoin, its_race())
        .filter(condition)
        .order_by_asc(race::Column::Date)
        .order_by_asc(race::Column::Id)
        .order_by_asc(Column::BacktestRunId)
        .into_model()
        .all(db)
        .await
}

/// How well engines did, race by race and the oldest first, each race by its newest run.
///
/// # Errors
/// When the database fails.
pub async fn evaluated<C: ConnectionTrait>(
    db: &C,
    asked: &[Walker],
) -> Result<HashMap<Walker, Vec<Evaluated>>, DbErr> {
    let backend = db.get_database_backend();
    let engines: Vec<_> = asked.iter().map(|one| one.engine.to_string()).collect();
    let stages: Vec<_> = asked
        .iter()
        .map(|one| stage_name(one.stage).to_owned())
        .collect();
    let targets: Vec<_> = asked
        .iter()
        .map(|one| target_name(one.target).to_owned())
        .collect();
    let origins: BTreeSet<Origin> = asked.iter().map(|one| one.origin).collect();
    let condition = Condition::all()
        .add(any_text(backend, Column::Engine, &engines))
        .add(any_text(backend, Column::Stage, &stages))
        .add(any_text(backend, Column::Target, &targets))
        .add(Column::Origin.is_in(origins));
    let rows = rows(db, condition).await?;
    let mut found: HashMap<Walker, Vec<Evaluated>> = HashMap::new();
    for one in asked {
        let mut races: Vec<Evaluated> = Vec::new();
        for evaluated in rows
            .iter()
            .filter(|row| row.is_of(one))
            .filter_map(Row::read)
        {
            // A newer run of the same race takes the place of the older one's.
            if races
                .last()
                .is_some_and(|last| last.race_id == evaluated.race_id)
            {
                races.pop();
            }
            races.push(evaluated);
        }
        if !races.is_empty() {
            found.insert(*one, races);
        }
    }
    Ok(found)
}

/// A stored forecast.
#[derive(Debug, FromQueryResult)]
pub(crate) struct Body {
    pub(crate) engine: String,
    pub(crate) stage: String,
    pub(crate) target: String,
    pub(crate) race_id: i32,
    engine_revision: i32,
    feature_revision: i32,
    #[sea_orm(from_alias = "body")]
    content: Vec<u8>,
}

impl Body {
    /// What was said before a session, as if a back-test had said it.
    fn of(Word(row): Word) -> Option<Self> {
        Some(Self {
            engine: row.engine,
            stage: row.stage,
            target: row.target,
            race_id: row.race_id,
            engine_revision: row.engine_revision?,
            feature_revision: row.feature_revision?,
            content: row.body,
        })
    }

    /// The forecast, or the part of it that `T` names.
    pub(crate) fn read<T: serde::de::DeserializeOwned>(&self) -> Result<T> {
        unpack(&self.content)
    }

    fn is_current(&self, engines: &Registry) -> bool {
        let engine = engines.get(&self.engine);
        let same = |stored: i32, now: u32| u32::try_from(stored) == Ok(now);
        engine.is_some_and(|engine| same(self.engine_revision, engine.revision()))
            && same(self.feature_revision, FEATURE_REVISION)
    }
}

/// Forecasts of back-tests by engines as they are now, those of newer runs after those of older.
pub(crate) async fn bodies(app: &App, condition: Condition) -> Result<Vec<Body>, DbErr> {
    let mut bodies: Vec<Body> = forecast::Entity::find()
        .select_only()
        .columns([
            Column::Engine,
            Column::Stage,
            Column::Target,
            Column::RaceId,
            Column::Body,
        ])
        .columns([
            backtest_run::Column::EngineRevision,
            backtest_run::Column::FeatureRevision,
        ])
        .join(JoinType::InnerJoin, its_run())
        .filter(condition)
        .order_by_asc(Column::BacktestRunId)
        .into_model()
        .all(&app.db)
        .await?;
    bodies.retain(|body| body.is_current(&app.engines));
    Ok(bodies)
}

/// What was said before sessions that have begun, by engines as they are now.
pub(super) async fn frozen(app: &App, condition: Condition) -> Result<Vec<Body>, DbErr> {
    let frozen = condition.add(Column::FrozenAt.is_not_null());
    let words = words(&app.db, frozen).await?.into_iter();
    let words = words.filter(|word| word.is_of_today(&app.engines));
    Ok(words.filter_map(Body::of).collect())
}

fn its_race() -> RelationDef {
    forecast::Entity::belongs_to(race::Entity)
        .from(Column::RaceId)
        .to(race::Column::Id)
        .into()
}

fn its_run() -> RelationDef {
    forecast::Entity::belongs_to(backtest_run::Entity)
        .from(Column::BacktestRunId)
        .to(backtest_run::Column::Id)
        .into()
}
