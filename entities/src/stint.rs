//! Stints: laps in a row on one set of tyres.

use sea_orm::entity::prelude::*;

use crate::lap::Compound;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "stint")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub race_id: i32,
    #[sea_orm(primary_key, auto_increment = false)]
    pub driver_id: i32,
    /// From 1.
    #[sea_orm(primary_key, auto_increment = false)]
    pub stint: i32,
    pub compound: Compound,
    /// The maker's name behind the compound (`C3`).
    pub compound_name: Option<String>,
    pub first_lap: i32,
    pub last_lap: i32,
    /// Laps the set had before the stint.
    pub tyre_age_at_start: Option<i32>,
    pub is_fresh: Option<bool>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
