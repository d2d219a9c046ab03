//! What engines said of races: the latest word before each, and every word of a back-test.

use sea_orm::entity::prelude::*;
use serde::{Deserialize, Serialize};

/// Where a forecast comes from.
#[derive(
    Clone,
    Copy,
    Debug,
    PartialEq,
    Eq,
    Hash,
    PartialOrd,
    Ord,
    EnumIter,
    DeriveActiveEnum,
    Serialize,
    Deserialize,
)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
#[sea_orm(rs_type = "String", db_type = "String(StringLen::None)")]
pub enum Origin {
    /// Said before the race was run.
    #[sea_orm(string_value = "LIVE")]
    Live,
    /// Worked out afterwards from what was known before.
    #[sea_orm(string_value = "BACKTEST")]
    Backtest,
}

/// One live row for each race, engine, stage and target, and one for each of them and a run.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "forecast")]
pub struct Model {
    #[sea_orm(primary_key)]
    pub id: i32,
    pub race_id: i32,
    pub engine: String,
    /// `PRE_WEEKEND`, `PRE_QUALIFYING`, `POST_QUALIFYING`.
    pub stage: String,
    /// `RACE`, `QUALIFYING`.
    pub target: String,
    pub origin: Origin,
    /// Who said so, when it was a stored model.
    pub model_id: Option<i32>,
    /// The back-test it belongs to; none when it is live.
    pub backtest_run_id: Option<i32>,
    pub generated_at: DateTimeUtc,
    /// When the session began: since then it is not replaced.
    pub frozen_at: Option<DateTimeUtc>,
    /// Of a back-test the digest of the history that was walked through; of a live one the digest of
    /// all that it rests on.
    pub fingerprint: String,
    /// The forecast as JSON, compressed with Zstandard.
    pub body: Vec<u8>,
    /// JSON: how well it did, once the session was run.
    pub evaluation: Option<String>,
    /// Of a live one: the event that told of it.
    pub sequence: Option<i64>,
    /// Of a live one: revisions of the engine and of the features that said it. A back-test's are
    /// those of its run.
    pub engine_revision: Option<i32>,
    pub feature_revision: Option<i32>,
    /// Of a live one: digest of the results that `evaluation` was counted on. Evaluations on
    /// earlier results are in `forecast_evaluation`.
    pub results: Option<String>,
    pub evaluated_at: Option<DateTimeUtc>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
