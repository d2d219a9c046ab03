//! Who is asking.

use chrono::{DateTime, Utc};
use domain::App;
use subtle::ConstantTimeEq;

/// The sender of a request. Users come with accounts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Viewer {
    /// Nobody in particular.
    Guest,
    /// Who bears the administrator's token.
    Admin,
}

/// A viewer, and how long the credential that says so lives.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Identity {
    pub viewer: Viewer,
    /// When a connection opened with the credential must end.
    pub until: Option<DateTime<Utc>>,
}

impl Identity {
    /// Nobody in particular.
    pub const GUEST: Self = Self {
        viewer: Viewer::Guest,
        until: None,
    };

    /// Reads an `Authorization` header; with no token configured nobody is an administrator.
    #[must_use]
    pub fn of(app: &App, header: Option<&str>) -> Self {
        let auth = &app.config.auth;
        let until = auth.admin_until;
        let bearer = header.and_then(|header| header.strip_prefix("Bearer "));
        match bearer {
            Some(token)
                if matches(token, &auth.admin_token)
                    && until.is_none_or(|until| app.clock.now() < until) =>
            {
                Self {
                    viewer: Viewer::Admin,
                    until,
                }
            }
            _ => Self::GUEST,
        }
    }
}

fn matches(token: &str, admin_token: &str) -> bool {
    !admin_token.is_empty() && token.as_bytes().ct_eq(admin_token.as_bytes()).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_is_an_administrator_without_a_configured_token() {
        assert!(!matches("", ""));
    }

    #[test]
    fn the_token_makes_an_administrator_and_nothing_else_does() {
        for (token, admin) in [("secret", true), ("secre", false), ("", false)] {
            assert_eq!(matches(token, "secret"), admin);
        }
    }
}
