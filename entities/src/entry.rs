//! Who drove what, race by race: team, number and code belong here, never to the driver.

use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "entry")]
pub struct Model {
    #[sea_orm(primary_key)]
    pub id: i32,
    pub race_id: i32,
    pub driver_id: i32,
    pub constructor_id: i32,
    /// Number on the car; empty where unknown.
    pub number: String,
    /// Three-letter code at this race.
    pub code: Option<String>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
