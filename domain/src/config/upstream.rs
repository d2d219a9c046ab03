//! Where services on the network are, and which of them may be asked.

use std::fmt;

use serde::Deserialize;

use super::ClockConfig;

/// `[upstream.…]`
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct UpstreamConfig {
    pub jolpica: UpstreamService,
    pub openf1: UpstreamService,
    pub open_meteo: OpenMeteoConfig,
    pub openweathermap: OpenWeatherMapConfig,
}

/// Where one network source is.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct UpstreamService {
    pub url: String,
}

/// Services that everybody uses, and that know the time.
const PUBLIC: [&str; 4] = [
    "api.jolpi.ca",
    "api.openf1.org",
    "open-meteo.com",
    "api.openweathermap.org",
];

impl ClockConfig {
    /// Whether the service at an address knows no more than is to be known by this clock: while the
    /// clock is set to another day, the public services know what is yet to come.
    #[must_use]
    pub fn may_ask(&self, url: &str) -> bool {
        let public = PUBLIC.iter().any(|host| url.contains(host));
        self.start.is_none() || !(url.is_empty() || public)
    }
}

/// `[upstream.open_meteo]`
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OpenMeteoConfig {
    pub url: String,
    pub archive_url: String,
}

/// `[upstream.openweathermap]`
#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OpenWeatherMapConfig {
    pub url: String,
    pub key: String,
}

impl fmt::Debug for OpenWeatherMapConfig {
    /// Without the key.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OpenWeatherMapConfig")
            .field("url", &self.url)
            .finish_non_exhaustive()
    }
}
