//! What a weather service expects of the hours of a session: the latest it said, and of a session
//! that has begun the last it said before.

use sea_orm::entity::prelude::*;

use crate::session::Kind;

/// Who forecasts the weather.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, EnumIter, DeriveActiveEnum)]
#[sea_orm(rs_type = "String", db_type = "String(StringLen::None)")]
pub enum Source {
    /// Open-Meteo.
    #[sea_orm(string_value = "OPEN_METEO")]
    OpenMeteo,
    /// OpenWeatherMap.
    #[sea_orm(string_value = "OPENWEATHERMAP")]
    OpenWeatherMap,
}

#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "weather_forecast")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub race_id: i32,
    #[sea_orm(primary_key, auto_increment = false)]
    pub session: Kind,
    /// Start of the hour.
    #[sea_orm(primary_key, auto_increment = false)]
    pub hour: DateTimeUtc,
    pub source: Source,
    pub fetched_at: DateTimeUtc,
    /// °C, at the start of the hour.
    pub air_temperature: Option<f64>,
    /// %, that something falls within the hour.
    pub precipitation_probability: Option<f64>,
    /// mm, within the hour.
    pub precipitation: Option<f64>,
    /// m/s, at the start of the hour.
    pub wind_speed: Option<f64>,
    /// Degrees from north, clockwise, that the wind comes from.
    pub wind_direction: Option<f64>,
    /// %.
    pub humidity: Option<f64>,
    /// % of the sky.
    pub cloud_cover: Option<f64>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
