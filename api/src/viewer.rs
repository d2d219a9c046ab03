//! Who is asking.

use chrono::{DateTime, Utc};
use domain::{
    App,
    auth::{self, SessionId, UserId},
};
use entities::user::Role;

/// The sender of a request. Whatever is kept or shared of an answer is so by this.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Viewer {
    /// Nobody in particular.
    Guest,
    /// Somebody whose credential is not believed, or not any more: a guest who is told so. Whoever
    /// wants another credential must be able to ask for it with the old one.
    Unrecognised,
    /// Somebody with an account.
    User(UserId),
    /// Somebody with an account that may do everything, or who bears the administrator's token.
    Admin(Option<UserId>),
}

impl Viewer {
    /// Whether everything is allowed.
    #[must_use]
    pub fn is_admin(self) -> bool {
        matches!(self, Self::Admin(_))
    }

    /// Whose account it is, if one is behind it.
    #[must_use]
    pub fn user(self) -> Option<UserId> {
        match self {
            Self::Guest | Self::Unrecognised => None,
            Self::User(user) => Some(user),
            Self::Admin(user) => user,
        }
    }
}

/// A viewer, and how long the credential that says so lives.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Identity {
    pub viewer: Viewer,
    /// The login that the credential came of.
    pub session: Option<SessionId>,
    /// When a connection opened with the credential must end.
    pub until: Option<DateTime<Utc>>,
}

impl Identity {
    /// Nobody in particular.
    pub const GUEST: Self = Self::without_account(Viewer::Guest);

    const fn without_account(viewer: Viewer) -> Self {
        Self {
            viewer,
            session: None,
            until: None,
        }
    }

    /// Reads an `Authorization` header: the administrator's token, or the access token of a user.
    /// Whoever sends another has the rights of a guest.
    pub async fn of(app: &App, header: Option<&str>) -> Self {
        let Some(bearer) = header.and_then(|header| header.strip_prefix("Bearer ")) else {
            return Self::GUEST;
        };
        if auth::is_administrator(app, bearer) {
            return Self {
                viewer: Viewer::Admin(None),
                session: None,
                until: app.config.auth.admin_until,
            };
        }
        // Boxed: most requests are those of guests.
        let Some(known) = Box::pin(auth::recognise(app, bearer)).await else {
            return Self::without_account(Viewer::Unrecognised);
        };
        let user = known.bearer.user;
        Self {
            viewer: match known.role {
                Role::User => Viewer::User(user),
                Role::Admin => Viewer::Admin(Some(user)),
            },
            session: Some(known.bearer.session),
            until: Some(known.bearer.until),
        }
    }
}
