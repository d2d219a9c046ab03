//! Replays of past races, each for whoever knows its handle.

use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "live_replay")]
pub struct Model {
    /// 128 random bits, hexadecimal.
    #[sea_orm(primary_key, auto_increment = false)]
    pub handle: String,
    pub race_id: i32,
    /// For whom it is counted.
    pub owner: String,
    /// When it ran how fast from where: JSON.
    pub steps: String,
    pub stopped: bool,
    pub started_at: DateTimeUtc,
    pub expires_at: DateTimeUtc,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
