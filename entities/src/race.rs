//! Grands Prix.

use sea_orm::entity::prelude::*;

/// Where a race stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, EnumIter, DeriveActiveEnum)]
#[sea_orm(rs_type = "String", db_type = "String(StringLen::None)")]
pub enum Status {
    /// Not begun, as far as is known.
    #[sea_orm(string_value = "SCHEDULED")]
    Scheduled,
    /// Begun, and not classified yet.
    #[sea_orm(string_value = "IN_PROGRESS")]
    InProgress,
    /// A classification exists.
    #[sea_orm(string_value = "COMPLETED")]
    Completed,
    /// Will not be run.
    #[sea_orm(string_value = "CANCELLED")]
    Cancelled,
}

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "race")]
pub struct Model {
    #[sea_orm(primary_key)]
    pub id: i32,
    /// Public ref, season and slug (`2024_monaco`); given once, never changed.
    #[sea_orm(unique)]
    pub reference: String,
    pub season: i32,
    /// Renumbered when races are cancelled: no key.
    pub round: i32,
    pub name: String,
    pub circuit_id: i32,
    /// Day of the race at the circuit.
    pub date: Date,
    /// Start in UTC, where known.
    pub starts_at: Option<DateTimeUtc>,
    pub status: Status,
    pub wikipedia_url: Option<String>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
