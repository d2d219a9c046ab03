//! Settings of leagues, a row a version.

use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "league_settings")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub league_id: i32,
    /// From 1.
    #[sea_orm(primary_key, auto_increment = false)]
    pub version: i32,
    /// The first race that they hold for, where one was to come.
    pub from_race_id: Option<i32>,
    /// The day of that race as it was planned; they hold for later races too.
    pub from_date: Date,
    /// JSON.
    pub settings: String,
    pub created_at: DateTimeUtc,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
