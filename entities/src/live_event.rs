//! Events of live races.

use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "live_event")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub race_id: i32,
    /// From 1, without gaps, in commit order.
    #[sea_orm(primary_key, auto_increment = false)]
    pub sequence: i64,
    /// The time that the feed gives for it.
    pub at: DateTimeUtc,
    /// When it was told to everybody; never before that of an earlier sequence.
    pub told_at: DateTimeUtc,
    /// `position`, `lap` …
    pub kind: String,
    /// Whom it is about, if anybody.
    pub driver_id: Option<i32>,
    /// The change, JSON.
    pub body: String,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
