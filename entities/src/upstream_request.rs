//! Requests to services on the network, sent or about to be: what keeps all processes together
//! within the limits of each service.

use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "upstream_request")]
pub struct Model {
    #[sea_orm(primary_key)]
    pub id: i32,
    /// Host, with the port unless it is the usual one: `api.jolpi.ca`.
    pub host: String,
    /// When it may be sent, by `App.clock`.
    pub at: DateTimeUtc,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
