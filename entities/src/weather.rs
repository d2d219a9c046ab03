//! Weather of a race, means over the race.

use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "weather")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub race_id: i32,
    /// Laps on intermediate or wet tyres / all laps, 0 to 1.
    pub wet_lap_share: Option<f64>,
    /// °C.
    pub air_temperature: Option<f64>,
    /// °C.
    pub track_temperature: Option<f64>,
    /// %.
    pub humidity: Option<f64>,
    /// m/s.
    pub wind_speed: Option<f64>,
    /// mbar.
    pub pressure: Option<f64>,
    /// Share of the race with rain, 0 to 1: of its minutes where that was measured, else of its
    /// hours.
    pub rainfall_share: Option<f64>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
