//! Which pages of other origins may call this server.

use std::time::Duration;

use axum::http::{HeaderMap, HeaderName, Method, header};
use domain::config::CorsConfig;
use tower_http::cors::{AllowOrigin, CorsLayer};

use super::graphql::header_text;

/// How long a browser may remember what it was allowed.
const REMEMBER: Duration = Duration::from_hours(1);

/// Headers of answers that pages may read.
const EXPOSED: [&str; 9] = [
    "etag",
    "ratelimit",
    "ratelimit-limit",
    "ratelimit-policy",
    "ratelimit-remaining",
    "ratelimit-reset",
    "retry-after",
    "x-request-id",
    "content-length",
];

/// The origins allowed by configuration.
#[derive(Debug, Clone)]
pub struct Origins {
    all: bool,
    named: Vec<String>,
}

impl Origins {
    /// As configured.
    #[must_use]
    pub fn new(config: &CorsConfig) -> Self {
        let origins = config.origins.iter().map(|origin| origin.trim().to_owned());
        let named: Vec<_> = origins.filter(|origin| !origin.is_empty()).collect();
        Self {
            all: named.iter().any(|origin| origin == "*"),
            named,
        }
    }

    /// Whether a socket may be opened: browsers say for which page, other clients do not.
    /// A page of this server's own origin always may.
    #[must_use]
    pub fn allow(&self, headers: &HeaderMap) -> bool {
        let Some(origin) = headers.get(header::ORIGIN) else {
            return true;
        };
        let Ok(origin) = origin.to_str() else {
            return false;
        };
        let own = header_text(headers, &header::HOST);
        let host = origin.split_once("://").map(|(_, host)| host);
        self.all
            || self
                .named
                .iter()
                .any(|named| named.eq_ignore_ascii_case(origin))
            || host.is_some_and(|host| own.is_some_and(|own| own.eq_ignore_ascii_case(host)))
    }

    /// Whether no page of another origin may call.
    #[must_use]
    pub fn is_closed(&self) -> bool {
        self.named.is_empty()
    }

    /// What answers browsers that ask first; none when no other origin is allowed.
    #[must_use]
    pub fn layer(&self) -> Option<CorsLayer> {
        if self.is_closed() {
            return None;
        }
        let allowed = if self.all {
            AllowOrigin::any()
        } else {
            AllowOrigin::list(self.named.iter().filter_map(|origin| origin.parse().ok()))
        };
        let layer = CorsLayer::new()
            .allow_origin(allowed)
            .allow_methods([Method::GET, Method::POST])
            .allow_headers([
                header::ACCEPT,
                header::AUTHORIZATION,
                header::CONTENT_TYPE,
                header::IF_NONE_MATCH,
                HeaderName::from_static("x-request-id"),
                HeaderName::from_static("traceparent"),
            ])
            .expose_headers(EXPOSED.map(HeaderName::from_static))
            .max_age(REMEMBER);
        Some(layer)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sockets_are_opened_for_own_and_named_origins_and_for_what_is_no_browser() {
        for (named, origin, allowed) in [
            (&[][..], None, true),
            (&[], Some("http://pitwall.example:4000"), true),
            (&[], Some("https://evil.example"), false),
            (&[], Some("http://pitwall.example"), false),
            (&[], Some("null"), false),
            (&["https://app.example"], Some("https://app.example"), true),
            (
                &["https://app.example"],
                Some("https://app.example.evil"),
                false,
            ),
            (&["*"], Some("https://anybody.example"), true),
        ] {
            let origins = Origins::new(&CorsConfig {
                origins: named.iter().map(ToString::to_string).collect(),
            });
            let mut headers = HeaderMap::new();
            headers.insert(header::HOST, "pitwall.example:4000".parse().unwrap());
            if let Some(origin) = origin {
                headers.insert(header::ORIGIN, origin.parse().unwrap());
            }
            assert_eq!(origins.allow(&headers), allowed, "{named:?} {origin:?}");
        }
    }
}
