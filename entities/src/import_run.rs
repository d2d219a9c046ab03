//! Imports and syncs: when, from where, with what result.

use sea_orm::entity::prelude::*;

use crate::race_source::Source;

/// What kind of run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, EnumIter, DeriveActiveEnum)]
#[sea_orm(rs_type = "String", db_type = "String(StringLen::None)")]
pub enum Kind {
    /// From files.
    #[sea_orm(string_value = "IMPORT")]
    Import,
    /// From the network.
    #[sea_orm(string_value = "SYNC")]
    Sync,
}

/// How it went.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, EnumIter, DeriveActiveEnum)]
#[sea_orm(rs_type = "String", db_type = "String(StringLen::None)")]
pub enum Status {
    /// Under way, or killed.
    #[sea_orm(string_value = "RUNNING")]
    Running,
    /// Everything went in.
    #[sea_orm(string_value = "SUCCEEDED")]
    Succeeded,
    /// Some races were refused.
    #[sea_orm(string_value = "PARTIAL")]
    Partial,
    /// Gave up.
    #[sea_orm(string_value = "FAILED")]
    Failed,
}

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "import_run")]
pub struct Model {
    #[sea_orm(primary_key)]
    pub id: i32,
    pub source: Source,
    /// `IMPORT` from a file, `SYNC` from the network.
    pub kind: Kind,
    /// Where from.
    pub path: String,
    pub status: Status,
    pub started_at: DateTimeUtc,
    pub finished_at: Option<DateTimeUtc>,
    /// Races that the source holds.
    pub races_total: i32,
    /// Races dealt with so far.
    pub races_done: i32,
    /// Races that changed something.
    pub races_changed: i32,
    /// Races refused whole.
    pub races_refused: i32,
    pub warnings: i32,
    /// Why it failed.
    pub error: Option<String>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
