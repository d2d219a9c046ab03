//! Drivers' championship after every race.

use sea_orm::entity::prelude::*;

/// Who worked a standing out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, EnumIter, DeriveActiveEnum)]
#[sea_orm(rs_type = "String", db_type = "String(StringLen::None)")]
pub enum Origin {
    /// Pitwall, from results, by the rules of the season.
    #[sea_orm(string_value = "COMPUTED")]
    Computed,
    /// The source.
    #[sea_orm(string_value = "PUBLISHED")]
    Published,
}

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "driver_standing")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub race_id: i32,
    #[sea_orm(primary_key, auto_increment = false)]
    pub driver_id: i32,
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
