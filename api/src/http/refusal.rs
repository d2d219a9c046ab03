//! Requests that are not run: what was wrong, in the words of GraphQL, whatever the transport.

use std::time::Duration;

use async_graphql::{ErrorExtensionValues, Pos, ServerError};
use axum::http::{HeaderName, StatusCode, header};

use super::guard;
use crate::error::Code;

/// A request that is not run, with what its sender is told.
#[derive(Debug, Clone)]
pub struct Refusal {
    pub kind: Kind,
    pub errors: Vec<ServerError>,
}

/// What stands in the way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// The GraphQL request itself: clients of old expect status 200 all the same.
    Request,
    /// The HTTP request that carries it.
    Transport(StatusCode),
    /// Mutations do not go by GET.
    Method,
    /// Too many requests, or too costly ones; when to try again.
    Limit(Duration),
}

impl Refusal {
    /// The HTTP request cannot be used.
    #[must_use]
    pub fn transport(status: StatusCode, message: &str) -> Self {
        Self {
            kind: Kind::Transport(status),
            errors: vec![error(message, "BAD_REQUEST")],
        }
    }

    /// The parts of the request do not make one.
    #[must_use]
    pub fn malformed(message: &str) -> Self {
        Self::transport(StatusCode::BAD_REQUEST, message)
    }

    /// The GraphQL request cannot be run.
    #[must_use]
    pub fn request(message: &str, code: &'static str) -> Self {
        Self {
            kind: Kind::Request,
            errors: vec![error(message, code)],
        }
    }

    /// A mutation came by GET.
    #[must_use]
    pub fn method() -> Self {
        Self {
            kind: Kind::Method,
            errors: vec![error("send mutations by POST", "BAD_REQUEST")],
        }
    }

    /// Too much was asked for in too short a time.
    #[must_use]
    pub fn limit(what: &str, retry_after: Duration) -> Self {
        let seconds = whole_seconds(retry_after);
        let message = format!("too many {what}; try again in {seconds} s");
        Self {
            kind: Kind::Limit(retry_after),
            errors: vec![error(&message, Code::RateLimited.text())],
        }
    }

    /// Something is wrong with the document.
    #[must_use]
    pub fn validation(errors: Vec<ServerError>) -> Self {
        let errors = errors.into_iter().map(|mut error| {
            error
                .extensions
                .get_or_insert_default()
                .set("code", "GRAPHQL_VALIDATION_FAILED");
            error
        });
        Self {
            kind: Kind::Request,
            errors: errors.collect(),
        }
    }

    /// The status for a client that knows what statuses of GraphQL mean, or for one of old.
    #[must_use]
    pub fn status(&self, modern: bool) -> StatusCode {
        match self.kind {
            Kind::Request if modern => StatusCode::BAD_REQUEST,
            Kind::Request => StatusCode::OK,
            Kind::Transport(status) => status,
            Kind::Method => StatusCode::METHOD_NOT_ALLOWED,
            Kind::Limit(_) => StatusCode::TOO_MANY_REQUESTS,
        }
    }

    /// Headers that belong to the refusal.
    #[must_use]
    pub fn header(&self) -> Option<(HeaderName, String)> {
        match self.kind {
            Kind::Method => Some((header::ALLOW, "POST".to_owned())),
            Kind::Limit(retry_after) => {
                Some((header::RETRY_AFTER, whole_seconds(retry_after).to_string()))
            }
            _ => None,
        }
    }
}

impl From<guard::Refused> for Refusal {
    fn from(refused: guard::Refused) -> Self {
        let (code, at) = match &refused {
            guard::Refused::Syntax { at, .. } => ("GRAPHQL_PARSE_FAILED", *at),
            _ => ("GRAPHQL_VALIDATION_FAILED", None),
        };
        let mut error = error(&refused.to_string(), code);
        if let Some(reason) = refused.reason() {
            let extensions = error
                .extensions
                .get_or_insert_with(ErrorExtensionValues::default);
            extensions.set("reason", reason);
        }
        error.locations = at
            .map(|(line, column)| Pos { line, column })
            .into_iter()
            .collect();
        Self {
            kind: Kind::Request,
            errors: vec![error],
        }
    }
}

/// Seconds to wait, never 0.
#[must_use]
pub fn whole_seconds(time: Duration) -> u64 {
    let rest = u64::from(time.subsec_nanos() > 0);
    (time.as_secs() + rest).max(1)
}

fn error(message: &str, code: &'static str) -> ServerError {
    let mut error = ServerError::new(message, None);
    error.extensions.get_or_insert_default().set("code", code);
    error
}
