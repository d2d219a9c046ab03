//! Races that were followed live.

use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "live_race")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub race_id: i32,
    /// Cars and their drivers, JSON.
    pub setting: String,
    /// Events up to this sequence are no longer kept one by one.
    pub base_sequence: i64,
    /// What they came to: a list of changes, JSON.
    pub base: String,
    /// When the last event was told.
    pub told_at: DateTimeUtc,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
