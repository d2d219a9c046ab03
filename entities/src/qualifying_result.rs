//! Qualifying classifications.

use sea_orm::entity::prelude::*;

use crate::session;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "qualifying_result")]
pub struct Model {
    #[sea_orm(primary_key)]
    pub id: i32,
    pub race_id: i32,
    /// `Qualifying` or `SprintQualifying`.
    pub session: session::Kind,
    pub driver_id: i32,
    pub constructor_id: i32,
    pub number: String,
    pub position: Option<i32>,
    /// Best lap of each part in ms.
    pub q1_ms: Option<i32>,
    pub q2_ms: Option<i32>,
    pub q3_ms: Option<i32>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
