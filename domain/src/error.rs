//! What can go wrong in a use-case, by what the caller can do about it.

use sea_orm::DbErr;

/// A failed use-case.
#[derive(Debug, Clone, thiserror::Error)]
pub enum Error {
    /// No such thing, or not for this viewer.
    #[error("{0}")]
    NotFound(String),
    /// The caller's input cannot be used; the sentence says what was expected.
    #[error("{0}")]
    BadInput(String),
    /// It cannot be done as things stand, or somebody else was faster.
    #[error("{0}")]
    Conflict(String),
    /// A rule says no; the reason is for programs, the sentence for people.
    #[error("{message}")]
    Refused {
        reason: &'static str,
        message: String,
    },
    /// Who asks is known, and may not do this; the reason is for programs.
    #[error("{message}")]
    Forbidden {
        reason: &'static str,
        message: String,
    },
    /// Nobody knows who asks, or they are not who they say; the reason is for programs.
    #[error("{message}")]
    Unauthenticated {
        reason: &'static str,
        message: String,
    },
    /// Too often in too short a time; when trying again may help, in seconds.
    #[error("{message}")]
    Limited { message: String, seconds: u64 },
    /// Something needed is missing or away; trying later may help.
    #[error("{0}")]
    Unavailable(String),
    /// A fault of ours or of the database; logged, never shown.
    #[error("{0}")]
    Internal(String),
}

impl From<DbErr> for Error {
    fn from(error: DbErr) -> Self {
        Self::Internal(error.to_string())
    }
}

/// Result of a use-case.
pub type Result<T, E = Error> = std::result::Result<T, E>;
