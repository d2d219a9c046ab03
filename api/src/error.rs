//! Errors as clients see them: a sentence and a code. Internals are logged, never shown.

use std::sync::Arc;

use async_graphql::ErrorExtensions;

/// What a resolver fails with.
pub type Error = async_graphql::Error;
/// Result of a resolver.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// `extensions.code` of an error.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Code {
    Unauthenticated,
    Forbidden,
    NotFound,
    BadUserInput,
    Conflict,
    RateLimited,
    Unavailable,
    Internal,
}

impl Code {
    /// As it stands in the answer.
    #[must_use]
    pub fn text(self) -> &'static str {
        match self {
            Self::Unauthenticated => "UNAUTHENTICATED",
            Self::Forbidden => "FORBIDDEN",
            Self::NotFound => "NOT_FOUND",
            Self::BadUserInput => "BAD_USER_INPUT",
            Self::Conflict => "CONFLICT",
            Self::RateLimited => "RATE_LIMITED",
            Self::Unavailable => "UNAVAILABLE",
            Self::Internal => "INTERNAL_SERVER_ERROR",
        }
    }

    /// An error of this code.
    #[must_use]
    pub fn error(self, message: impl Into<String>) -> Error {
        Error::new(message.into()).extend_with(|_, extensions| extensions.set("code", self.text()))
    }
}

/// The caller's input cannot be used; the sentence says what was expected.
#[must_use]
pub fn bad_input(message: impl Into<String>) -> Error {
    Code::BadUserInput.error(message)
}

/// A use-case's error as a client may see it.
#[must_use]
pub fn from_domain(error: domain::error::Error) -> Error {
    use domain::error::Error as Domain;
    match error {
        Domain::NotFound(message) => Code::NotFound.error(message),
        Domain::BadInput(message) => bad_input(message),
        Domain::Conflict(message) => Code::Conflict.error(message),
        Domain::Refused { reason, message } => Code::Conflict
            .error(message)
            .extend_with(|_, extensions| extensions.set("reason", reason)),
        Domain::Forbidden { reason, message } => Code::Forbidden
            .error(message)
            .extend_with(|_, extensions| extensions.set("reason", reason)),
        Domain::Unauthenticated { reason, message } => Code::Unauthenticated
            .error(message)
            .extend_with(|_, extensions| extensions.set("reason", reason)),
        Domain::Limited { message, seconds } => {
            Code::RateLimited
                .error(message)
                .extend_with(|_, extensions| {
                    extensions.set("reason", "TOO_MANY_ATTEMPTS");
                    extensions.set("retryAfter", seconds);
                })
        }
        Domain::Unavailable(message) => Code::Unavailable.error(message),
        Domain::Internal(message) => internal(&message),
    }
}

/// A database error: logged here, once, with the id of the request it happened in.
#[must_use]
pub fn from_database(error: &sea_orm::DbErr) -> Error {
    let message = error.to_string();
    // PostgreSQL takes no such text; SQLite finds nothing.
    if message.contains("invalid byte sequence for encoding \"UTF8\": 0x00") {
        return bad_input("a text contains the character U+0000");
    }
    internal(&message)
}

/// An error that a loader shares among all who waited for it.
#[must_use]
pub fn from_loader(error: &Arc<sea_orm::DbErr>) -> Error {
    from_database(error)
}

fn internal(detail: &str) -> Error {
    tracing::error!(detail, "a resolver failed");
    Code::Internal
        .error("internal error; the request id in the response headers finds it in the logs")
}
