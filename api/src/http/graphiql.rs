//! GraphiQL with example queries as tabs. The page is part of the binary when it was built
//! beforehand (`web/graphiql`, needs npm); otherwise a page that loads it from a CDN.

use axum::{
    Router,
    extract::{Path, State},
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
    routing::get,
};
use rust_embed::Embed;
use serde_json::json;

use super::{Server, graphql::authorization};
use crate::viewer::Identity;

/// Named examples, each a tab.
pub const EXAMPLES: [(&str, &str); 7] = [
    ("Season overview", include_str!("examples/season.graphql")),
    ("Driver career", include_str!("examples/driver.graphql")),
    ("Race page", include_str!("examples/race.graphql")),
    ("Title fight", include_str!("examples/title_fight.graphql")),
    ("Forecast", include_str!("examples/forecast.graphql")),
    ("League and draft", include_str!("examples/league.graphql")),
    (
        "Freshness, live",
        include_str!("examples/freshness.graphql"),
    ),
];

/// Where the examples and addresses go.
const PLACE: &str = "/*CONFIG*/{}";

/// The page loads nothing from elsewhere; Monaco writes styles and starts workers.
const OWN: &str = "default-src 'self'; script-src 'self'; style-src 'self' 'unsafe-inline'; \
    worker-src 'self' blob:; img-src 'self' data:; font-src 'self' data:; \
    connect-src 'self' ws: wss:; frame-ancestors 'none'";

/// The page that loads GraphiQL from a CDN says itself from where.
const CDN: &str = "frame-ancestors 'none'";

/// What was built.
#[derive(Embed)]
#[folder = "../web/graphiql/dist/"]
struct Built;

/// The page and what it loads.
pub(super) fn routes() -> Router<Server> {
    Router::new()
        .route("/graphiql", get(page))
        .route("/graphiql/assets/{*path}", get(asset))
        .route("/graphiql/licenses.md", get(licences))
}

async fn page(State(server): State<Server>, headers: HeaderMap) -> Response {
    if !open(&server, &headers).await {
        return StatusCode::NOT_FOUND.into_response();
    }
    let (page, policy) = match Built::get("index.html") {
        Some(page) => (String::from_utf8_lossy(&page.data).into_owned(), OWN),
        None => (
            include_str!("../../../web/graphiql/cdn.html").to_owned(),
            CDN,
        ),
    };
    let examples = EXAMPLES.map(|(title, query)| json!({ "title": title, "query": query.trim() }));
    let config = json!({
        "endpoint": "/graphql",
        "subscriptions": "/graphql/ws",
        "examples": examples,
    });
    // `</` would end the script element that this stands in.
    let config = config.to_string().replace('<', "\\u003c");
    let headers = [
        (header::CONTENT_TYPE, "text/html; charset=utf-8"),
        (header::CACHE_CONTROL, "no-cache"),
        (header::CONTENT_SECURITY_POLICY, policy),
    ];
    (headers, page.replace(PLACE, &config)).into_response()
}

async fn asset(
    State(server): State<Server>,
    headers: HeaderMap,
    Path(path): Path<String>,
) -> Response {
    if !open(&server, &headers).await {
        return StatusCode::NOT_FOUND.into_response();
    }
    let Some(file) = Built::get(&format!("assets/{path}")) else {
        return StatusCode::NOT_FOUND.into_response();
    };
    let kind = HeaderValue::from_static(match path.rsplit('.').next() {
        Some("js") => "text/javascript; charset=utf-8",
        Some("css") => "text/css; charset=utf-8",
        Some("ttf") => "font/ttf",
        _ => "application/octet-stream",
    });
    // Names change with what the files hold.
    let forever = HeaderValue::from_static("public, max-age=31536000, immutable");
    let headers = [
        (header::CONTENT_TYPE, kind),
        (header::CACHE_CONTROL, forever),
    ];
    (headers, file.data.into_owned()).into_response()
}

/// Licences of what the page is made of.
async fn licences() -> Response {
    match Built::get("licenses.md") {
        Some(file) => (
            [(header::CONTENT_TYPE, "text/markdown; charset=utf-8")],
            file.data.into_owned(),
        )
            .into_response(),
        None => StatusCode::NOT_FOUND.into_response(),
    }
}

/// Assets are no secret, but where there is no page there are none either. A browser sends no
/// `Authorization` for them, so the page of an administrator is for tools that do.
async fn open(server: &Server, headers: &HeaderMap) -> bool {
    server.app.config.graphiql()
        || Identity::of(&server.app, authorization(headers))
            .await
            .viewer
            .is_admin()
}
