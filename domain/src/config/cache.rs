//! What is kept: how much of it, and for how long.

use serde::Deserialize;

use super::ConfigError;

/// `[cache]`
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CacheConfig {
    pub forecasts: u64,
    pub answers_bytes: u64,
    pub documents_bytes: u64,
    pub ttl: TtlConfig,
}

/// `[cache.ttl]`, in seconds: see [`Class`](crate::cache::Class).
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TtlConfig {
    pub r#static: u32,
    pub results: u32,
    pub live: u32,
}

impl CacheConfig {
    pub(super) fn check(&self) -> Result<(), ConfigError> {
        for (key, seconds) in [
            ("cache.ttl.static", self.ttl.r#static),
            ("cache.ttl.results", self.ttl.results),
            ("cache.ttl.live", self.ttl.live),
        ] {
            if seconds == 0 {
                return Err(ConfigError::Value {
                    key,
                    value: "0".to_owned(),
                    expected: "a number of seconds from 1",
                });
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use crate::config::Config;

    #[test]
    fn facts_are_kept_for_a_day_results_for_four_hours_and_what_is_live_for_five_seconds() {
        let ttl = Config::defaults().cache.ttl;
        assert_eq!(
            (ttl.r#static, ttl.results, ttl.live),
            (24 * 3600, 4 * 3600, 5)
        );
    }

    #[test]
    fn a_class_that_is_kept_for_no_time_is_refused_by_its_key() {
        for class in ["static", "results", "live"] {
            let mut file = tempfile::NamedTempFile::new().unwrap();
            writeln!(file, "[cache.ttl]\n{class} = 0").unwrap();
            let error = Config::load(Some(file.path())).unwrap_err().to_string();
            let expected = format!(
                "configuration: cache.ttl.{class} is \"0\", expected a number of seconds from 1"
            );
            assert_eq!(error, expected);
        }
    }
}
