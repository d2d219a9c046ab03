//! How scores of races have come to be what they are; rows are only ever added.

use sea_orm::entity::prelude::*;

/// Why scores were written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, EnumIter, DeriveActiveEnum)]
#[sea_orm(rs_type = "String", db_type = "String(StringLen::None)")]
pub enum Reason {
    /// There were none before.
    #[sea_orm(string_value = "FIRST_SCORED")]
    FirstScored,
    /// Results are others than before.
    #[sea_orm(string_value = "RESULTS_CORRECTED")]
    ResultsCorrected,
    /// Other drivers count for picks than before.
    #[sea_orm(string_value = "SUBSTITUTION")]
    Substitution,
}

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "score_revision")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub draft_id: i32,
    /// From 1, without gaps.
    #[sea_orm(primary_key, auto_increment = false)]
    pub revision: i32,
    pub at: DateTimeUtc,
    pub reason: Reason,
    /// What is different, as a list in JSON; empty in the first.
    pub changes: String,
    /// Of the event that tells of it, in the stream of the league.
    pub event_sequence: i64,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
