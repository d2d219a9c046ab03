//! Other names under which a source knows a race.

use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "race_alias")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub season: i32,
    /// Slug of the other name (`mexican`).
    #[sea_orm(primary_key, auto_increment = false)]
    pub slug: String,
    pub race_id: i32,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
