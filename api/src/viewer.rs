//! Who is asking.

use chrono::{DateTime, Utc};
use domain::{App, auth};

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
        let bearer = header.and_then(|header| header.strip_prefix("Bearer "));
        if bearer.is_some_and(|token| auth::is_administrator(app, token)) {
            Self {
                viewer: Viewer::Admin,
                until: app.config.auth.admin_until,
            }
        } else {
            Self::GUEST
        }
    }
}
