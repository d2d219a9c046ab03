//! Sessions of a race weekend.

use sea_orm::entity::prelude::*;

/// What is run in a session.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, EnumIter, DeriveActiveEnum)]
#[sea_orm(rs_type = "String", db_type = "String(StringLen::None)")]
pub enum Kind {
    /// First free practice.
    #[sea_orm(string_value = "PRACTICE_1")]
    Practice1,
    /// Second free practice.
    #[sea_orm(string_value = "PRACTICE_2")]
    Practice2,
    /// Third free practice.
    #[sea_orm(string_value = "PRACTICE_3")]
    Practice3,
    /// Qualifying for the sprint, the shootout of 2023 included.
    #[sea_orm(string_value = "SPRINT_QUALIFYING")]
    SprintQualifying,
    /// The short race.
    #[sea_orm(string_value = "SPRINT")]
    Sprint,
    /// Qualifying for the Grand Prix.
    #[sea_orm(string_value = "QUALIFYING")]
    Qualifying,
    /// The Grand Prix.
    #[sea_orm(string_value = "RACE")]
    Race,
}

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "session")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub race_id: i32,
    #[sea_orm(primary_key, auto_increment = false)]
    pub kind: Kind,
    /// Day in UTC.
    pub date: Date,
    /// Start in UTC, where known.
    pub starts_at: Option<DateTimeUtc>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
