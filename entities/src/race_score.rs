//! Scores of races in leagues, a row a draft that is scored.

use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "race_score")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub draft_id: i32,
    pub league_id: i32,
    pub race_id: i32,
    /// Counts the times that the scores were others than before, from 1.
    pub revision: i32,
    /// The ruleset that they are by, as JSON.
    pub ruleset: String,
    /// Of the results that they rest on.
    pub fingerprint: String,
    /// Of the latest entry of the draft that they rest on.
    pub entry_sequence: i64,
    /// When they became what they are.
    pub scored_at: DateTimeUtc,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
