//! What the picks of drafts brought.

use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "pick_score")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub draft_id: i32,
    #[sea_orm(primary_key, auto_increment = false)]
    pub team_id: i32,
    /// Which of the team's picks, from 1.
    #[sea_orm(primary_key, auto_increment = false)]
    pub number: i32,
    /// Who was drafted; none if the pick was left empty.
    pub drafted_id: Option<i32>,
    /// Whose weekend counts; none: no points.
    pub counted_id: Option<i32>,
    /// That driver's place in the classification of the race.
    pub race_position: Option<i32>,
    /// In hundredths: the sum of the breakdown.
    pub points: i32,
    /// JSON.
    pub breakdown: String,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
