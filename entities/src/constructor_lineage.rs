//! Which constructors were the same team under other names.

use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "constructor_lineage")]
pub struct Model {
    /// Name of the team behind the constructors, by its base (`enstone`).
    #[sea_orm(primary_key, auto_increment = false)]
    pub team: String,
    #[sea_orm(primary_key, auto_increment = false)]
    pub first_season: i32,
    /// Null while it goes on.
    pub last_season: Option<i32>,
    #[sea_orm(primary_key, auto_increment = false)]
    pub constructor_id: i32,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
