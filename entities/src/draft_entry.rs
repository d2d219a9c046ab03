//! What was written of drafts, line by line; rows are only ever added.

use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "draft_entry")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub draft_id: i32,
    /// From 1, without gaps.
    #[sea_orm(primary_key, auto_increment = false)]
    pub sequence: i64,
    pub at: DateTimeUtc,
    /// Who did it; none for the server itself.
    pub user_id: Option<String>,
    /// JSON.
    pub action: String,
    /// Of the event that tells of it, in the stream of the league.
    pub event_sequence: i64,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
