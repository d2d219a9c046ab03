//! How people are invited to leagues.

use serde::Deserialize;

use super::ConfigError;

/// `[league]`
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LeagueConfig {
    pub invite_url: String,
}

impl LeagueConfig {
    pub(super) fn check(&self) -> Result<(), ConfigError> {
        let url = &self.invite_url;
        let is_page = url.starts_with("https://") || url.starts_with("http://");
        if url.is_empty() || (is_page && url.contains("{code}")) {
            return Ok(());
        }
        Err(ConfigError::Value {
            key: "league.invite_url",
            value: url.clone(),
            expected: "an address with {code} in it: \"https://f1.example.org/join?code={code}\"",
        })
    }
}
