//! What every request goes through, whatever it asks for: an id and a trace, the client's
//! address, an answer even when something panics, headers that keep browsers careful.

use std::{
    net::SocketAddr,
    panic::AssertUnwindSafe,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Instant,
};

use axum::{
    Router,
    body::Body,
    http::{HeaderMap, HeaderName, HeaderValue, Method, Request, StatusCode, Version, header},
    response::{IntoResponse, Response},
};
use futures::FutureExt;
use tower::ServiceExt;
use tracing::Instrument;

use super::{
    Server,
    accept::Form,
    address::Client,
    graphql::{self, refused},
    refusal::Refusal,
};
use crate::{
    error::Code,
    telemetry::{self, RequestFigures, Route},
};

/// Name of the header with the id of a request.
static REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// Ids longer than this, or with other than plain characters, are replaced.
const LONGEST_ID: usize = 64;

/// Headers of every answer that does not bring its own.
const CAREFUL: [(HeaderName, HeaderValue); 4] = [
    (
        header::X_CONTENT_TYPE_OPTIONS,
        HeaderValue::from_static("nosniff"),
    ),
    (header::X_FRAME_OPTIONS, HeaderValue::from_static("DENY")),
    (
        header::REFERRER_POLICY,
        HeaderValue::from_static("no-referrer"),
    ),
    (
        header::CONTENT_SECURITY_POLICY,
        HeaderValue::from_static("default-src 'none'; frame-ancestors 'none'"),
    ),
];

/// The id of a request, as its log lines and its answer have it. Cheap to clone.
#[derive(Debug, Clone)]
pub struct RequestId(HeaderValue);

impl RequestId {
    #[cfg(test)]
    pub(super) fn from_text(text: &'static str) -> Self {
        Self(HeaderValue::from_static(text))
    }

    /// As text.
    #[must_use]
    pub fn text(&self) -> &str {
        self.0.to_str().unwrap_or_default()
    }
}

/// The outermost room: what a connection hands its requests to.
#[derive(Clone)]
pub struct Edge {
    server: Server,
    router: Router,
    ids: Arc<Ids>,
    figures: Arc<RequestFigures>,
}

impl Edge {
    /// The edge of a server.
    #[must_use]
    pub fn new(server: Server) -> Self {
        Self {
            router: server.router(),
            ids: Arc::new(Ids::new()),
            figures: Arc::default(),
            server,
        }
    }

    /// Answers a request. When the server is about to stop, its connection ends with it.
    pub async fn handle(&self, peer: SocketAddr, request: Request<Body>) -> Response {
        let started = Instant::now();
        let id = self.ids.of(request.headers());
        let (version, route) = (request.version(), route(request.uri().path()));
        let answer = self.answer(peer, id.clone(), route, request);
        let mut response = match AssertUnwindSafe(answer).catch_unwind().await {
            Ok(response) => response,
            Err(_) => panicked(),
        };
        let headers = response.headers_mut();
        headers.insert(REQUEST_ID.clone(), id.0);
        for (name, value) in &CAREFUL {
            if !headers.contains_key(name) {
                headers.insert(name.clone(), value.clone());
            }
        }
        let upgraded = response.status() == StatusCode::SWITCHING_PROTOCOLS;
        if self.server.is_draining() && version <= Version::HTTP_11 && !upgraded {
            let close = HeaderValue::from_static("close");
            response.headers_mut().insert(header::CONNECTION, close);
        }
        self.figures
            .record(route, response.status(), started.elapsed());
        response
    }

    async fn answer(
        &self,
        peer: SocketAddr,
        id: RequestId,
        route: Route,
        mut request: Request<Body>,
    ) -> Response {
        let proxies = &self.server.app.config.server.trusted_proxies;
        let client = Client::of(peer, request.headers(), proxies);
        if route == Route::Graphql && !telemetry::exports_traces() && self.is_plain(&request) {
            return graphql::handle(&self.server, client, id, request).await;
        }
        let (parts, body) = request.into_parts();
        let span = telemetry::request_span(id.text(), &parts);
        request = Request::from_parts(parts, body);
        let extensions = request.extensions_mut();
        extensions.insert(client);
        extensions.insert(id);
        match self.router.clone().oneshot(request).instrument(span).await {
            Ok(response) => response,
            Err(never) => match never {},
        }
    }

    /// Whether a question needs nothing of what lies between the router and its handler, which
    /// is about pages of other origins. Most do not, and hot answers are faster without.
    fn is_plain(&self, request: &Request<Body>) -> bool {
        self.server.origins.is_closed()
            || !request.headers().contains_key(header::ORIGIN)
                && request.method() != Method::OPTIONS
    }
}

/// Routes as figures tell them apart.
fn route(path: &str) -> Route {
    match path {
        "/graphql" => Route::Graphql,
        "/graphql/ws" => Route::Websocket,
        "/health/live" | "/health/ready" => Route::Health,
        path if path.starts_with("/graphiql") => Route::Graphiql,
        _ => Route::Other,
    }
}

/// The panic itself was logged by whatever hook is set, within the request's span.
fn panicked() -> Response {
    let message = "internal error; the request id in the response headers finds it in the logs";
    let mut refusal = Refusal::request(message, Code::Internal.text());
    refusal.kind = super::refusal::Kind::Transport(StatusCode::INTERNAL_SERVER_ERROR);
    refused(&refusal, Form::Json).into_response()
}

/// Makes ids: 64 random bits of this process, then a number, in the form of a UUID (version 8).
struct Ids {
    process: u64,
    next: AtomicU64,
}

impl Ids {
    fn new() -> Self {
        // Without randomness ids are still told apart within the process.
        let process = getrandom::u64().unwrap_or_default();
        Self {
            process,
            next: AtomicU64::new(1),
        }
    }

    /// The id that a client gives, or a fresh one.
    fn of(&self, headers: &HeaderMap) -> RequestId {
        let given = headers.get(&REQUEST_ID).filter(|id| {
            let plain = |byte: &u8| byte.is_ascii_alphanumeric() || b"-_.:".contains(byte);
            !id.is_empty() && id.len() <= LONGEST_ID && id.as_bytes().iter().all(plain)
        });
        if let Some(given) = given {
            return RequestId(given.clone());
        }
        let number = self.next.fetch_add(1, Ordering::Relaxed);
        let bytes = (u128::from(self.process) << 64 | u128::from(number)).to_be_bytes();
        let id = uuid::Builder::from_custom_bytes(bytes).into_uuid();
        let mut text = uuid::Uuid::encode_buffer();
        let text = id.hyphenated().encode_lower(&mut text);
        RequestId(HeaderValue::from_str(text).unwrap_or(HeaderValue::from_static("-")))
    }
}
