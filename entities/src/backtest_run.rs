//! Back-tests: an engine walked through past seasons, and how well it did. Of runs over the same
//! seasons the one with the highest id counts.

use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "backtest_run")]
pub struct Model {
    #[sea_orm(primary_key)]
    pub id: i32,
    pub engine: String,
    pub engine_revision: i32,
    pub feature_revision: i32,
    /// `PRE_WEEKEND`, `PRE_QUALIFYING`, `POST_QUALIFYING`.
    pub stage: String,
    /// `RACE`, `QUALIFYING`.
    pub target: String,
    pub first_season: i32,
    pub last_season: i32,
    /// Races that were forecast.
    pub races: i32,
    /// Digest of the history that was walked through.
    pub fingerprint: String,
    /// JSON: the summary over all races.
    pub metrics: String,
    /// JSON: how often what was given so much chance came about.
    pub calibration: String,
    pub started_at: DateTimeUtc,
    pub seconds: f64,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
