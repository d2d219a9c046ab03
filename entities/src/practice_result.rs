//! Best practice laps.

use sea_orm::entity::prelude::*;

use crate::session;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "practice_result")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub race_id: i32,
    #[sea_orm(primary_key, auto_increment = false)]
    pub session: session::Kind,
    #[sea_orm(primary_key, auto_increment = false)]
    pub driver_id: i32,
    pub constructor_id: i32,
    pub position: Option<i32>,
    pub best_lap_ms: Option<i32>,
    /// Laps driven.
    pub laps: Option<i32>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
