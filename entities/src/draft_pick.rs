//! The picks of drafts as their entries have made them.

use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "draft_pick")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub draft_id: i32,
    /// From 0, in the order of picks.
    #[sea_orm(primary_key, auto_increment = false)]
    pub number: i32,
    pub team_id: i32,
    /// Who was drafted; none if the turn was passed over.
    pub drafted_id: Option<i32>,
    /// Whose points count: who was drafted, or who replaces him.
    pub driver_id: Option<i32>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
