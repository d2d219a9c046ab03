//! Constructors, with their career totals.

use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "constructor")]
pub struct Model {
    #[sea_orm(primary_key)]
    pub id: i32,
    /// Public ref, the Ergast id (`red_bull`).
    #[sea_orm(unique)]
    pub reference: String,
    pub name: String,
    pub nationality: String,
    pub wikipedia_url: Option<String>,
    /// Name folded to plain lower-case letters, for search.
    pub search: String,
    /// Races started.
    pub starts: i32,
    pub wins: i32,
    /// Finishes in the first three.
    pub podiums: i32,
    /// Pole positions, see `result::Model::pole`.
    pub poles: i32,
    /// Fastest laps of a race; known from 2004 on.
    pub fastest_laps: i32,
    /// Race and sprint points in hundredths, before any dropping of results.
    pub points: i32,
    /// Races not finished, classified or not.
    pub retirements: i32,
    /// Best classified place.
    pub best_finish: Option<i32>,
    pub first_season: Option<i32>,
    pub last_season: Option<i32>,
    /// World championships won in completed seasons.
    pub championships: i32,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
