//! Earlier values of corrected results.

use sea_orm::entity::prelude::*;

use crate::{race_source::Source, result};

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "result_revision")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub result_id: i32,
    /// The revision that these values were.
    #[sea_orm(primary_key, auto_increment = false)]
    pub revision: i32,
    pub position: Option<i32>,
    pub points: i32,
    pub grid: Option<i32>,
    pub laps: i32,
    pub status: result::Status,
    /// Who brought the correction that replaced these values.
    pub source: Source,
    pub superseded_at: DateTimeUtc,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
