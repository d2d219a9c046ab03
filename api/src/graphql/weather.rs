//! Weather of a race.

use async_graphql::Object;
use entities::weather;

use crate::loaders::One;

pub struct Weather(pub One<weather::Entity>);

/// Means over a race, where measured.
#[Object(cache_control(max_age = 300))]
impl Weather {
    /// Laps on intermediate or wet tyres / all laps, 0 to 1.
    async fn wet_lap_share(&self) -> Option<f64> {
        self.0.wet_lap_share
    }

    /// °C.
    async fn air_temperature(&self) -> Option<f64> {
        self.0.air_temperature
    }

    /// °C.
    async fn track_temperature(&self) -> Option<f64> {
        self.0.track_temperature
    }

    /// %.
    async fn humidity(&self) -> Option<f64> {
        self.0.humidity
    }

    /// m/s.
    async fn wind_speed(&self) -> Option<f64> {
        self.0.wind_speed
    }

    /// mbar.
    async fn pressure(&self) -> Option<f64> {
        self.0.pressure
    }

    /// Share of minutes with rain, 0 to 1.
    async fn rainfall_share(&self) -> Option<f64> {
        self.0.rainfall_share
    }
}
