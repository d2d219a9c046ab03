//! Settings: an embedded default file, then a file, then the environment.

use std::{net::SocketAddr, num::NonZeroU32, path::Path};

use chrono::{DateTime, Utc};
use config::{Environment, File, FileFormat};
use ipnet::IpNet;
use serde::Deserialize;

mod account;
mod cache;
mod league;
mod upstream;

pub use account::{AuthConfig, MailConfig};
pub use cache::{CacheConfig, TtlConfig};
pub use league::LeagueConfig;
pub use upstream::{
    OpenF1Config, OpenMeteoConfig, OpenWeatherMapConfig, UpstreamConfig, UpstreamService,
};

/// The commented defaults, as printed by `pitwall config`.
pub const DEFAULTS: &str = include_str!("default.toml");

/// File read from the working folder when none is named.
const DEFAULT_FILE: &str = "pitwall.toml";

/// Characters of a key that nobody can guess.
const SHORTEST_KEY: usize = 32;

/// All settings; `default.toml` says what each means.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    pub server: ServerConfig,
    pub database: DatabaseConfig,
    pub redis: RedisConfig,
    pub data: DataConfig,
    pub clock: ClockConfig,
    pub auth: AuthConfig,
    pub mail: MailConfig,
    pub league: LeagueConfig,
    pub graphql: GraphqlConfig,
    pub websocket: WebsocketConfig,
    pub cors: CorsConfig,
    pub rate_limit: RateLimitConfig,
    pub cache: CacheConfig,
    pub events: EventsConfig,
    pub forecast: ForecastConfig,
    pub metrics: MetricsConfig,
    pub traces: TracesConfig,
    pub log: LogConfig,
    pub upstream: UpstreamConfig,
    pub webhook: WebhookConfig,
    pub live: LiveConfig,
    pub jobs: JobsConfig,
}

/// Whom a server is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Mode {
    /// Developers: everything can be looked at.
    Development,
    /// The public.
    Production,
}

/// `[server]`
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ServerConfig {
    pub host: String,
    pub port: u16,
    pub mode: Mode,
    pub graphiql: Option<bool>,
    pub trusted_proxies: Vec<IpNet>,
    pub max_connections: usize,
    pub max_connections_per_address: usize,
    pub header_seconds: u64,
    pub body_seconds: u64,
    pub write_seconds: u64,
    pub request_seconds: u64,
    pub drain_seconds: u64,
    pub shutdown_seconds: u64,
}

/// `[database]`
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DatabaseConfig {
    pub url: String,
    pub max_connections: u32,
}

/// `[redis]`
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RedisConfig {
    pub url: String,
}

/// `[data]`
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DataConfig {
    pub bundled: bool,
}

/// `[clock]`
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ClockConfig {
    pub start: Option<DateTime<Utc>>,
    pub speed: f64,
}

/// `[graphql]`
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GraphqlConfig {
    pub max_depth: usize,
    pub max_introspection_depth: usize,
    pub max_cost: u64,
    pub max_fields: usize,
    pub max_aliases: usize,
    pub max_directives: usize,
    pub max_root_fields: usize,
    pub max_tokens: usize,
    pub max_page: usize,
    pub max_body: usize,
    pub max_batch: usize,
    pub introspection: Option<bool>,
    pub suggestions: Option<bool>,
    pub trusted_documents: String,
}

/// `[websocket]`
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WebsocketConfig {
    pub init_seconds: u64,
    pub ping_seconds: u64,
    pub max_operations: usize,
    pub max_sockets: usize,
    pub max_per_address: usize,
    pub max_per_user: usize,
    pub max_message: usize,
    pub queue: usize,
}

/// `[cors]`
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CorsConfig {
    pub origins: Vec<String>,
}

/// `[rate_limit]`
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RateLimitConfig {
    pub enabled: bool,
    pub requests_per_minute: NonZeroU32,
    pub cost_per_minute: NonZeroU32,
}

/// `[events]`
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EventsConfig {
    pub poll_milliseconds: u64,
    pub relayed_poll_milliseconds: u64,
    pub keep_days: i64,
    pub resume_events: u64,
}

/// `[live]`
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LiveConfig {
    pub keep_days: i64,
    pub resume_events: usize,
    pub max_delay_seconds: i32,
    pub replay_tick_milliseconds: i64,
    pub replays: u64,
    pub replays_per_client: u64,
    pub replay_minutes: i64,
}

/// `[jobs]`
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct JobsConfig {
    pub enabled: bool,
    pub parallel: usize,
    pub network: bool,
    pub board: String,
}

/// `[forecast]`
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ForecastConfig {
    pub parallel: usize,
    pub keep_models: usize,
    pub train: bool,
    pub backtest_seasons: i32,
}

/// `[metrics]`
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MetricsConfig {
    pub listen: String,
}

/// `[traces]`
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TracesConfig {
    pub endpoint: String,
    pub sample: f64,
}

/// `[log]`
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LogConfig {
    pub filter: String,
    pub format: LogFormat,
}

/// How log lines look.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LogFormat {
    /// For people.
    Text,
    /// One JSON object a line.
    Json,
}

/// `[webhook]`
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WebhookConfig {
    pub key: String,
    pub public_url: String,
    pub allow_loopback: bool,
    pub request_seconds: u64,
    pub keep_days: u32,
    pub disable_after_hours: u32,
}

/// Settings that cannot be used, in a sentence that names the key.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// Unknown key, wrong type, unreadable file.
    #[error("configuration: {0}")]
    Invalid(#[from] config::ConfigError),
    /// A value that cannot work.
    #[error("configuration: {key} is {value:?}, expected {expected}")]
    Value {
        key: &'static str,
        value: String,
        expected: &'static str,
    },
}

impl Config {
    /// Reads defaults, then `file` (or `pitwall.toml` when there is one), then the environment.
    ///
    /// # Errors
    /// When the file cannot be read, a key is unknown, or a value has the wrong type.
    pub fn load(file: Option<&Path>) -> Result<Self, ConfigError> {
        let mut builder =
            config::Config::builder().add_source(File::from_str(DEFAULTS, FileFormat::Toml));
        builder = match file {
            Some(path) => builder.add_source(File::from(path).format(FileFormat::Toml)),
            None => builder.add_source(File::new(DEFAULT_FILE, FileFormat::Toml).required(false)),
        };
        for (variable, key) in [("DATABASE_URL", "database.url"), ("REDIS_URL", "redis.url")] {
            #[expect(clippy::disallowed_methods, reason = "this is the configuration")]
            let value = std::env::var(variable)
                .ok()
                .filter(|value| !value.is_empty());
            builder = builder.set_override_option(key, value)?;
        }
        // PITWALL__DATABASE__URL is the more specific name and wins over DATABASE_URL. A key of
        // digits, or of digits and one `e`, must not be taken for a number.
        for key in [
            "database.url",
            "redis.url",
            "upstream.openweathermap.key",
            "upstream.openf1.username",
            "upstream.openf1.password",
            "auth.key",
        ] {
            let variable = format!("PITWALL__{}", key.to_uppercase().replace('.', "__"));
            #[expect(clippy::disallowed_methods, reason = "this is the configuration")]
            let value = std::env::var(variable).ok();
            builder = builder.set_override_option(key, value)?;
        }
        let environment = Environment::with_prefix("PITWALL")
            .prefix_separator("__")
            .separator("__")
            .try_parsing(true)
            .list_separator(",")
            .with_list_parse_key("server.trusted_proxies")
            .with_list_parse_key("cors.origins");
        let config: Self = builder.add_source(environment).build()?.try_deserialize()?;
        config.check()
    }

    /// The defaults alone, for tests.
    ///
    /// # Panics
    /// Never: a test parses the embedded file.
    #[must_use]
    pub fn defaults() -> Self {
        config::Config::builder()
            .add_source(File::from_str(DEFAULTS, FileFormat::Toml))
            .build()
            .and_then(config::Config::try_deserialize)
            .expect("the embedded defaults are valid")
    }

    fn check(self) -> Result<Self, ConfigError> {
        let url = &self.database.url;
        if !url.starts_with("sqlite:") && !url.starts_with("postgres") {
            return Err(ConfigError::Value {
                key: "database.url (DATABASE_URL)",
                value: url.clone(),
                expected: "sqlite://FILE or postgres://USER@HOST/NAME",
            });
        }
        let redis = &self.redis.url;
        if !redis.is_empty() && !redis.starts_with("redis://") && !redis.starts_with("rediss://") {
            return Err(ConfigError::Value {
                key: "redis.url (REDIS_URL)",
                value: redis.clone(),
                expected: "redis://HOST:PORT",
            });
        }
        if !(self.clock.speed.is_finite() && self.clock.speed >= 0.0) {
            return Err(ConfigError::Value {
                key: "clock.speed",
                value: self.clock.speed.to_string(),
                expected: "a number from 0",
            });
        }
        if self.graphql.max_batch > 10 {
            return Err(ConfigError::Value {
                key: "graphql.max_batch",
                value: self.graphql.max_batch.to_string(),
                expected: "0 to 10",
            });
        }
        let key = &self.webhook.key;
        if !key.is_empty() && key.len() < SHORTEST_KEY {
            return Err(ConfigError::Value {
                key: "webhook.key",
                value: format!("{} characters", key.len()),
                expected: "32 random characters or more",
            });
        }
        self.upstream.openf1.check()?;
        self.auth.check()?;
        self.mail.check()?;
        self.league.check()?;
        self.cache.check()?;
        if !(0.0..=1.0).contains(&self.traces.sample) {
            return Err(ConfigError::Value {
                key: "traces.sample",
                value: self.traces.sample.to_string(),
                expected: "0 to 1",
            });
        }
        let listen = &self.metrics.listen;
        if !listen.is_empty() && listen.parse::<SocketAddr>().is_err() {
            return Err(ConfigError::Value {
                key: "metrics.listen",
                value: listen.clone(),
                expected: "ADDRESS:PORT",
            });
        }
        Ok(self)
    }

    /// Whether the GraphiQL page is there for everybody.
    #[must_use]
    pub fn graphiql(&self) -> bool {
        self.open_to_all(self.server.graphiql)
    }

    /// Whether everybody may ask for the schema.
    #[must_use]
    pub fn introspection(&self) -> bool {
        self.open_to_all(self.graphql.introspection)
    }

    /// Whether errors name similar fields to everybody.
    #[must_use]
    pub fn suggestions(&self) -> bool {
        self.open_to_all(self.graphql.suggestions)
    }

    fn open_to_all(&self, setting: Option<bool>) -> bool {
        setting.unwrap_or(self.server.mode == Mode::Development)
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    #[test]
    fn the_embedded_defaults_are_valid() {
        assert_eq!(Config::defaults().server.port, 4000);
    }

    #[test]
    fn a_file_overrides_the_defaults() {
        let mut file = tempfile::NamedTempFile::new().unwrap();
        writeln!(file, "[server]\nport = 4100").unwrap();
        let config = Config::load(Some(file.path())).unwrap();
        assert_eq!(config.server.port, 4100);
    }

    #[test]
    fn production_shows_the_schema_to_administrators_only_unless_told_otherwise() {
        let mut file = tempfile::NamedTempFile::new().unwrap();
        writeln!(
            file,
            "[server]\nmode = \"production\"\n[graphql]\nintrospection = true"
        )
        .unwrap();
        let config = Config::load(Some(file.path())).unwrap();
        assert!(config.introspection());
        assert!(!config.suggestions() && !config.graphiql());
        assert!(Config::defaults().graphiql());
    }

    #[test]
    fn a_key_is_not_shown() {
        let mut config = Config::defaults();
        config.upstream.openweathermap.key = "0123456789abcdef".to_owned();
        let shown = format!("{config:?}");
        assert!(shown.contains("api.openweathermap.org"), "{shown}");
        assert!(!shown.contains("0123456789abcdef"), "{shown}");
        let mut config = Config::defaults();
        for secret in [
            &mut config.auth.admin_token,
            &mut config.auth.key,
            &mut config.mail.url,
            &mut config.upstream.openf1.password,
        ] {
            "fedcba9876543210".clone_into(secret);
        }
        assert!(!format!("{config:?}").contains("fedcba9876543210"));
    }

    #[test]
    fn an_unknown_key_is_named() {
        let mut file = tempfile::NamedTempFile::new().unwrap();
        writeln!(file, "[server]\nprot = 4100").unwrap();
        let error = Config::load(Some(file.path())).unwrap_err().to_string();
        assert!(error.contains("prot"), "{error}");
    }

    #[test]
    fn a_file_that_is_not_there_is_named() {
        let error = Config::load(Some(Path::new("nowhere.toml")))
            .unwrap_err()
            .to_string();
        assert!(error.contains("nowhere.toml"), "{error}");
    }
}
