//! Drivers, with their career totals.

use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "driver")]
pub struct Model {
    #[sea_orm(primary_key)]
    pub id: i32,
    /// Public ref, the Ergast id (`max_verstappen`).
    #[sea_orm(unique)]
    pub reference: String,
    pub given_name: String,
    pub family_name: String,
    /// Three-letter code; shared by several drivers, absent for old ones.
    pub code: Option<String>,
    /// Number chosen by the driver; the number on a car belongs to the entry.
    pub permanent_number: Option<i32>,
    pub date_of_birth: Option<Date>,
    pub nationality: String,
    pub wikipedia_url: Option<String>,
    /// Both names folded to plain lower-case letters, for search.
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
