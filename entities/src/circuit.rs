//! Circuits, with what was raced there.

use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "circuit")]
pub struct Model {
    #[sea_orm(primary_key)]
    pub id: i32,
    /// Public ref, the Ergast id (`monza`).
    #[sea_orm(unique)]
    pub reference: String,
    pub name: String,
    pub locality: String,
    pub country: String,
    /// Degrees north.
    pub latitude: Option<f64>,
    /// Degrees east.
    pub longitude: Option<f64>,
    /// Metres above the sea.
    pub altitude_m: Option<i32>,
    /// Length of a lap in metres.
    pub length_m: Option<i32>,
    pub turns: Option<i32>,
    pub wikipedia_url: Option<String>,
    /// Name, place and country folded to plain lower-case letters, for search.
    pub search: String,
    /// Races held.
    pub races_held: i32,
    /// Cars that started them.
    pub starts: i32,
    /// Cars that did not finish them.
    pub retirements: i32,
    /// Races won from pole position.
    pub pole_wins: i32,
    pub first_season: Option<i32>,
    pub last_season: Option<i32>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
