//! Earlier evaluations of live forecasts, counted on results that were corrected since.

use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "forecast_evaluation")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub forecast_id: i32,
    /// From 1, the oldest first.
    #[sea_orm(primary_key, auto_increment = false)]
    pub revision: i32,
    /// JSON, as in `forecast`.
    pub evaluation: String,
    /// Digest of the results that it was counted on.
    pub results: String,
    pub evaluated_at: DateTimeUtc,
    pub superseded_at: DateTimeUtc,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
