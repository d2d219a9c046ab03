//! Classifications of races and sprints.

use sea_orm::entity::prelude::*;

use crate::session;

/// How a car's race ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, EnumIter, DeriveActiveEnum)]
#[sea_orm(rs_type = "String", db_type = "String(StringLen::None)")]
pub enum Status {
    /// Saw the flag on the lead lap.
    #[sea_orm(string_value = "FINISHED")]
    Finished,
    /// Saw the flag, laps behind.
    #[sea_orm(string_value = "LAPPED")]
    Lapped,
    /// Stopped; may be classified all the same.
    #[sea_orm(string_value = "RETIRED")]
    Retired,
    /// Was running, too far behind.
    #[sea_orm(string_value = "NOT_CLASSIFIED")]
    NotClassified,
    /// Taken out of the classification.
    #[sea_orm(string_value = "DISQUALIFIED")]
    Disqualified,
    /// Excluded by the stewards.
    #[sea_orm(string_value = "EXCLUDED")]
    Excluded,
    /// Withdrawn or did not start.
    #[sea_orm(string_value = "DID_NOT_START")]
    DidNotStart,
    /// Failed to qualify or prequalify.
    #[sea_orm(string_value = "DID_NOT_QUALIFY")]
    DidNotQualify,
}

#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "result")]
pub struct Model {
    #[sea_orm(primary_key)]
    pub id: i32,
    pub race_id: i32,
    /// `Race` or `Sprint`.
    pub session: session::Kind,
    pub driver_id: i32,
    pub constructor_id: i32,
    /// Number on the car; empty where unknown.
    pub number: String,
    /// Starting place; 0 is a start from the pit lane or none.
    pub grid: Option<i32>,
    /// Place if classified.
    pub position: Option<i32>,
    /// The place, or R D E W F N as published.
    pub position_text: String,
    /// Order of the classification, the unclassified behind.
    pub position_order: i32,
    /// Points in hundredths as published.
    pub points: i32,
    /// Laps completed.
    pub laps: i32,
    /// Race time in ms of cars on the lead lap.
    pub time_ms: Option<i32>,
    pub status: Status,
    /// Reason as published (`Gearbox`, `+1 Lap`).
    pub status_text: String,
    /// Lap of the own fastest lap.
    pub fastest_lap: Option<i32>,
    /// Rank of the own fastest lap; 1 is the fastest of the race.
    pub fastest_lap_rank: Option<i32>,
    /// Own fastest lap in ms.
    pub fastest_lap_ms: Option<i32>,
    /// Average speed of that lap, km/h.
    pub fastest_lap_speed: Option<f64>,
    /// Official pole position: first on the grid; in the sprint weekends of 2022 first in
    /// qualifying.
    pub pole: bool,
    /// Counts corrections of position, points, grid, laps or status, from 1.
    pub revision: i32,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
