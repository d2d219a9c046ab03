//! Ways in over HTTP: GraphQL, GraphiQL, health.

mod document;
pub mod graphiql;
mod graphql;
mod health;
mod server;

use axum::{
    Router,
    extract::{DefaultBodyLimit, FromRef},
    routing::get,
};
use domain::App;
use tower_http::{
    catch_panic::CatchPanicLayer,
    request_id::{MakeRequestUuid, PropagateRequestIdLayer, SetRequestIdLayer},
    trace::TraceLayer,
};

use crate::graphql::Schema;

pub use server::{ListenError, serve};

/// What handlers work with.
#[derive(Clone)]
pub struct Server {
    pub app: App,
    pub schema: Schema,
}

impl FromRef<Server> for App {
    fn from_ref(server: &Server) -> Self {
        server.app.clone()
    }
}

/// All routes.
pub fn router(app: App) -> Router {
    let body = DefaultBodyLimit::max(app.config.graphql.max_body);
    let mut router = Router::new()
        .route("/graphql", get(graphql::get).post(graphql::post))
        .route("/health/live", get(health::live))
        .route("/health/ready", get(health::ready));
    if app.config.server.graphiql {
        router = router.route("/graphiql", get(graphiql::page));
    }
    let schema = crate::graphql::schema(app.clone());
    router
        .with_state(Server { app, schema })
        .layer(body)
        .layer(CatchPanicLayer::new())
        .layer(
            TraceLayer::new_for_http().make_span_with(|request: &axum::http::Request<_>| {
                let id = request
                    .headers()
                    .get("x-request-id")
                    .and_then(|id| id.to_str().ok())
                    .unwrap_or_default();
                tracing::info_span!("request", id, method = %request.method(), path = request.uri().path())
            }),
        )
        .layer(PropagateRequestIdLayer::x_request_id())
        .layer(SetRequestIdLayer::x_request_id(MakeRequestUuid))
}
