//! Constructors' championship after every race.

use sea_orm::entity::prelude::*;

use crate::driver_standing::Origin;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "constructor_standing")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub race_id: i32,
    #[sea_orm(primary_key, auto_increment = false)]
    pub constructor_id: i32,
    #[sea_orm(primary_key, auto_increment = false)]
    pub origin: Origin,
    /// Counted points in hundredths.
    pub points: i32,
    /// Place; several may share one; null without a place.
    pub position: Option<i32>,
    /// The place, or D, E, `-`.
    pub position_text: String,
    pub wins: i32,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
