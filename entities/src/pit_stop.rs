//! Pit stops.

use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "pit_stop")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub race_id: i32,
    #[sea_orm(primary_key, auto_increment = false)]
    pub driver_id: i32,
    /// From 1.
    #[sea_orm(primary_key, auto_increment = false)]
    pub stop: i32,
    pub lap: i32,
    /// Local clock, `HH:MM:SS`.
    pub local_time: Option<String>,
    /// Time in the pit lane in ms, standing time included; over a red flag the whole stop.
    pub lane_ms: Option<i32>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
