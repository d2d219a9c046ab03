//! Where services on the network are, and which of them may be asked.

use std::fmt;

use serde::Deserialize;

use super::{ClockConfig, ConfigError};

/// `[upstream.…]`
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct UpstreamConfig {
    pub jolpica: UpstreamService,
    pub openf1: OpenF1Config,
    pub open_meteo: OpenMeteoConfig,
    pub openweathermap: OpenWeatherMapConfig,
}

/// Where one network source is.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct UpstreamService {
    pub url: String,
}

/// `[upstream.openf1]`
#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OpenF1Config {
    pub url: String,
    /// The account; without one nothing is pushed.
    pub username: String,
    pub password: String,
    pub push_url: String,
}

impl OpenF1Config {
    /// Whether there is an account.
    #[must_use]
    pub fn has_account(&self) -> bool {
        !self.username.is_empty()
    }

    pub(super) fn check(&self) -> Result<(), ConfigError> {
        if self.username.is_empty() != self.password.is_empty() {
            return Err(ConfigError::Value {
                key: "upstream.openf1.username",
                value: self.username.clone(),
                expected: "a name and upstream.openf1.password, or neither",
            });
        }
        let protocols = ["mqtts://", "wss://", "mqtt://", "ws://"];
        let url = &self.push_url;
        if !url.is_empty() && !protocols.iter().any(|start| url.starts_with(start)) {
            return Err(ConfigError::Value {
                key: "upstream.openf1.push_url",
                value: url.clone(),
                expected: "mqtts://HOST:PORT or wss://HOST:PORT/PATH",
            });
        }
        Ok(())
    }
}

impl fmt::Debug for OpenF1Config {
    /// Without the password.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OpenF1Config")
            .field("url", &self.url)
            .field("username", &self.username)
            .field("push_url", &self.push_url)
            .finish_non_exhaustive()
    }
}

/// Services that everybody uses, and that know the time.
const PUBLIC: [&str; 4] = [
    "api.jolpi.ca",
    "openf1.org",
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

#[cfg(test)]
mod tests {
    use crate::config::Config;

    #[test]
    fn half_an_account_and_a_feed_that_speaks_something_else_are_refused_by_their_keys() {
        let checked = |username: &str, password: &str, push_url: &str| {
            let mut openf1 = Config::defaults().upstream.openf1;
            username.clone_into(&mut openf1.username);
            password.clone_into(&mut openf1.password);
            push_url.clone_into(&mut openf1.push_url);
            openf1.check().map_err(|error| error.to_string())
        };
        for push_url in ["", "mqtts://a.example:8883", "wss://a.example/mqtt"] {
            assert_eq!(checked("somebody", "secret", push_url), Ok(()));
        }
        for (username, password) in [("somebody", ""), ("", "secret")] {
            let error = checked(username, password, "").unwrap_err();
            assert!(error.contains("upstream.openf1.username"), "{error}");
            assert!(!error.contains("secret"), "{error}");
        }
        let error = checked("", "", "https://a.example").unwrap_err();
        assert!(error.contains("upstream.openf1.push_url"), "{error}");
    }
}
