//! Safety cars and red flags.

use sea_orm::entity::prelude::*;

/// What race control did.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, EnumIter, DeriveActiveEnum)]
#[sea_orm(rs_type = "String", db_type = "String(StringLen::None)")]
pub enum Kind {
    /// Safety car.
    #[sea_orm(string_value = "SAFETY_CAR")]
    SafetyCar,
    /// Virtual safety car.
    #[sea_orm(string_value = "VIRTUAL_SAFETY_CAR")]
    VirtualSafetyCar,
    /// Race stopped.
    #[sea_orm(string_value = "RED_FLAG")]
    RedFlag,
}

/// What became of a race after a red flag.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, EnumIter, DeriveActiveEnum)]
#[sea_orm(rs_type = "String", db_type = "String(StringLen::None)")]
pub enum Resumption {
    /// Begun anew.
    #[sea_orm(string_value = "RESTARTED")]
    Restarted,
    /// Went on.
    #[sea_orm(string_value = "RESUMED")]
    Resumed,
    /// Went on over a shorter distance.
    #[sea_orm(string_value = "SHORTENED")]
    Shortened,
    /// Ended there.
    #[sea_orm(string_value = "NOT_RESUMED")]
    NotResumed,
}

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "race_control")]
pub struct Model {
    #[sea_orm(primary_key)]
    pub id: i32,
    pub race_id: i32,
    pub kind: Kind,
    /// Lap in which it began; 0 is before the start.
    pub from_lap: i32,
    /// Lap in which it ended; null: at the end of the race, or not known.
    pub to_lap: Option<i32>,
    /// Whole laps run under it.
    pub full_laps: Option<i32>,
    pub cause: String,
    /// Red flags: what became of the race, where known.
    pub resumption: Option<Resumption>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
