//! Who may log in and how, and how letters are sent.

use std::fmt;

use chrono::{DateTime, Utc};
use lettre::message::Mailbox;
use serde::Deserialize;

use super::{ConfigError, SHORTEST_KEY};

/// `[auth]`
#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AuthConfig {
    pub admin_token: String,
    pub admin_until: Option<DateTime<Utc>>,
    pub key: String,
    pub access_minutes: u16,
    pub refresh_days: u16,
    pub hashes_at_once: usize,
    pub wrong_logins: u32,
    pub wrong_logins_per_address: u32,
    pub wrong_login_minutes: u16,
    pub registrations_per_hour: u32,
    pub resets_per_hour: u32,
}

impl fmt::Debug for AuthConfig {
    /// Without the token and the key.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AuthConfig")
            .field("admin_until", &self.admin_until)
            .field("access_minutes", &self.access_minutes)
            .field("refresh_days", &self.refresh_days)
            .finish_non_exhaustive()
    }
}

/// `[mail]`
#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MailConfig {
    pub url: String,
    pub from: String,
    pub reset_url: String,
}

impl fmt::Debug for MailConfig {
    /// Without the address of the server, which holds its password.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MailConfig")
            .field("from", &self.from)
            .field("reset_url", &self.reset_url)
            .finish_non_exhaustive()
    }
}

impl AuthConfig {
    pub(super) fn check(&self) -> Result<(), ConfigError> {
        let key = &self.key;
        if !key.is_empty() && key.len() < SHORTEST_KEY {
            return Err(ConfigError::Value {
                key: "auth.key",
                value: format!("{} characters", key.len()),
                expected: "32 random characters or more",
            });
        }
        for (key, value) in [
            ("auth.access_minutes", usize::from(self.access_minutes)),
            ("auth.refresh_days", usize::from(self.refresh_days)),
            ("auth.hashes_at_once", self.hashes_at_once),
        ] {
            if value == 0 {
                return Err(ConfigError::Value {
                    key,
                    value: "0".to_owned(),
                    expected: "a number from 1",
                });
            }
        }
        Ok(())
    }
}

impl MailConfig {
    pub(super) fn check(&self) -> Result<(), ConfigError> {
        if self.from.parse::<Mailbox>().is_err() {
            return Err(ConfigError::Value {
                key: "mail.from",
                value: self.from.clone(),
                expected: "an address: \"Pitwall <pitwall@example.org>\"",
            });
        }
        let url = &self.url;
        let known = ["smtp://", "smtps://"]
            .iter()
            .any(|scheme| url.starts_with(scheme));
        if !url.is_empty() && !known {
            return Err(ConfigError::Value {
                key: "mail.url",
                // What stands there may be a password.
                value: "…".to_owned(),
                expected: "smtps://USER:PASSWORD@HOST or smtp://HOST:PORT",
            });
        }
        Ok(())
    }
}
