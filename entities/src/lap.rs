//! Every lap of every car.

use sea_orm::entity::prelude::*;

/// Tyre compounds; the last four names were used in 2018 only.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, EnumIter, DeriveActiveEnum)]
#[sea_orm(rs_type = "String", db_type = "String(StringLen::None)")]
pub enum Compound {
    /// Softest of the three brought.
    #[sea_orm(string_value = "SOFT")]
    Soft,
    /// Middle of the three brought.
    #[sea_orm(string_value = "MEDIUM")]
    Medium,
    /// Hardest of the three brought.
    #[sea_orm(string_value = "HARD")]
    Hard,
    /// Damp track.
    #[sea_orm(string_value = "INTERMEDIATE")]
    Intermediate,
    /// Wet track.
    #[sea_orm(string_value = "WET")]
    Wet,
    /// 2018.
    #[sea_orm(string_value = "HYPERSOFT")]
    Hypersoft,
    /// 2018.
    #[sea_orm(string_value = "ULTRASOFT")]
    Ultrasoft,
    /// 2018.
    #[sea_orm(string_value = "SUPERSOFT")]
    Supersoft,
    /// 2018.
    #[sea_orm(string_value = "SUPERHARD")]
    Superhard,
    /// The source does not say.
    #[sea_orm(string_value = "UNKNOWN")]
    Unknown,
}

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "lap")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub race_id: i32,
    #[sea_orm(primary_key, auto_increment = false)]
    pub driver_id: i32,
    #[sea_orm(primary_key, auto_increment = false)]
    pub lap: i32,
    /// Order at the end of the lap.
    pub position: Option<i32>,
    pub time_ms: Option<i32>,
    /// Stint number from 1.
    pub stint: Option<i32>,
    pub compound: Option<Compound>,
    /// Laps on the set including this one.
    pub tyre_age: Option<i32>,
    /// Track status codes met during the lap: 1 clear, 2 yellow, 4 safety car, 5 red, 6 and 7
    /// virtual safety car.
    pub track_status: Option<String>,
    /// Timing is consistent and this is no in or out lap.
    pub is_accurate: Option<bool>,
    /// The lap ends in the pit lane.
    pub pit_in: bool,
    /// The lap begins in the pit lane.
    pub pit_out: bool,
    /// From lights-out to the end of the lap, ms.
    pub end_ms: Option<i32>,
    pub sector1_ms: Option<i32>,
    pub sector2_ms: Option<i32>,
    pub sector3_ms: Option<i32>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
