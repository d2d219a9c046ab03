//! Weather: of a race that was run, and what is expected of sessions to come.

use async_graphql::{Context, Enum, Object};
use chrono::{DateTime, Utc};
use domain::weather::rules;
use entities::{session::Kind, weather, weather_forecast};

use super::{directive::ListOf, result::Source};
use crate::{
    error::Result,
    loaders::{Loaders, One},
};

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

    /// Share of the race with rain, 0 to 1: of its minutes where that was measured, else of its
    /// hours.
    async fn rainfall_share(&self) -> Option<f64> {
        self.0.rainfall_share
    }

    /// Who says so; what is `OPEN_METEO`'s is shown with its name: Weather data by Open-Meteo.com,
    /// CC BY 4.0.
    async fn source(&self, ctx: &Context<'_>) -> Option<Result<Source>> {
        let source = Loaders::of(ctx).weather_source.load(self.0.race_id).await;
        source.map(|source| source.map(Source::from)).transpose()
    }
}

/// Who forecasts the weather.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(remote = "weather_forecast::Source")]
pub enum WeatherSource {
    OpenMeteo,
    #[graphql(name = "OPENWEATHERMAP")]
    OpenWeatherMap,
}

pub struct WeatherForecast {
    /// In order.
    hours: Vec<One<weather_forecast::Entity>>,
    /// The one that was told last.
    latest: One<weather_forecast::Entity>,
}

/// What the weather of a session is expected to be; of one that has begun, what was expected last
/// before.
#[Object(cache_control(max_age = 300))]
impl WeatherForecast {
    /// The whole hours that the session falls into, as far as they are forecast.
    #[graphql(directive = ListOf::apply(3))]
    async fn hours(&self) -> Vec<WeatherHour> {
        self.hours.iter().cloned().map(WeatherHour).collect()
    }

    /// Chance that it rains or snows during the session, 0 to 1: that of the wettest of its hours,
    /// or a little more.
    async fn chance_of_rain(&self) -> Option<f64> {
        rules::chance_of_rain(self.hours.iter().map(|row| row.precipitation_probability))
    }

    /// Whose forecast it is; where hours are of two, the later one's.
    async fn source(&self) -> WeatherSource {
        self.latest.source.into()
    }

    /// When the service was asked last.
    async fn fetched_at(&self) -> DateTime<Utc> {
        self.latest.fetched_at
    }

    /// Whom to name wherever this is shown.
    async fn attribution(&self) -> String {
        let mut names: Vec<&str> = Vec::new();
        for row in &self.hours {
            let name = rules::attribution(row.source);
            if !names.contains(&name) {
                names.push(name);
            }
        }
        names.join("; ")
    }
}

impl WeatherForecast {
    /// The forecast for a session of a race; none when nothing was said of it.
    pub(super) async fn of_session(
        ctx: &Context<'_>,
        race_id: i32,
        session: Kind,
    ) -> Option<Result<Self>> {
        let rows = match Loaders::of(ctx).weather_forecast.load(race_id).await {
            Ok(rows) => rows?,
            Err(error) => return Some(Err(error)),
        };
        let of_session = rows.iter().filter(|row| row.session == session);
        let hours: Vec<_> = of_session.cloned().collect();
        let latest = hours.iter().max_by_key(|row| row.fetched_at)?.clone();
        Some(Ok(Self { hours, latest }))
    }
}

pub struct WeatherHour(One<weather_forecast::Entity>);

/// What the weather of an hour is expected to be.
#[Object(cache_control(max_age = 300))]
impl WeatherHour {
    /// Start of the hour.
    async fn starts_at(&self) -> DateTime<Utc> {
        self.0.hour
    }

    /// °C.
    async fn air_temperature(&self) -> Option<f64> {
        self.0.air_temperature
    }

    /// Chance of rain or snow within the hour, 0 to 1.
    async fn precipitation_probability(&self) -> Option<f64> {
        self.0
            .precipitation_probability
            .map(|percent| percent / 100.0)
    }

    /// Rain and melted snow within the hour, mm.
    async fn precipitation(&self) -> Option<f64> {
        self.0.precipitation
    }

    /// m/s.
    async fn wind_speed(&self) -> Option<f64> {
        self.0.wind_speed
    }

    /// Where the wind comes from, degrees from north, clockwise.
    async fn wind_direction(&self) -> Option<f64> {
        self.0.wind_direction
    }

    /// %.
    async fn humidity(&self) -> Option<f64> {
        self.0.humidity
    }

    /// % of the sky.
    async fn cloud_cover(&self) -> Option<f64> {
        self.0.cloud_cover
    }

    async fn source(&self) -> WeatherSource {
        self.0.source.into()
    }

    /// When the service was asked.
    async fn fetched_at(&self) -> DateTime<Utc> {
        self.0.fetched_at
    }
}
