//! Ways in over HTTP: GraphQL by POST, GET, WebSocket and event stream; GraphiQL; health.
//!
//! A request goes through the `edge` (ids, limits of connections, headers that every answer
//! has), then to a handler of its transport (`graphql`, `websocket`, `sse`), which leaves to
//! `execution` whether and how it is run.

mod accept;
pub(crate) mod address;
mod answers;
mod changes;
mod documents;
mod edge;
mod encoding;
mod execution;
mod feeds;
pub mod graphiql;
mod graphql;
mod guard;
mod health;
mod metrics;
mod origins;
mod parameters;
mod rate_limit;
mod refusal;
mod schemas;
mod server;
mod sockets;
mod sse;
mod stretches;
mod websocket;

use std::{ops::Deref, sync::Arc};

use axum::{
    Router,
    routing::{any, get},
};
use domain::App;
use tokio::sync::watch;
use tower_http::{CompressionLevel, compression::CompressionLayer};

use answers::Answers;
use changes::Changes;
use documents::{Documents, TrustedError};
use guard::Guard;
use origins::Origins;
use rate_limit::Limits;
use schemas::Schemas;
use sockets::Sockets;
use stretches::Stretches;

pub use server::{ListenError, serve};

/// What handlers work with, cheap to clone.
#[derive(Clone)]
pub struct Server(Arc<Inner>);

/// The parts of a server.
pub struct Inner {
    pub app: App,
    schemas: Schemas,
    guard: Guard,
    documents: Documents,
    answers: Answers,
    changes: Changes,
    stretches: Stretches,
    limits: Arc<Limits>,
    sockets: Sockets,
    origins: Origins,
    draining: server::Draining,
    /// Set when streams must end.
    stopping: watch::Sender<bool>,
}

impl Deref for Server {
    type Target = Inner;

    fn deref(&self) -> &Inner {
        &self.0
    }
}

impl Server {
    /// Puts a server together.
    ///
    /// # Errors
    /// When trusted documents are asked for and cannot be used.
    ///
    /// # Panics
    /// Never: the schema's own text is a schema.
    pub async fn new(app: App) -> Result<Self, TrustedError> {
        let config = Arc::clone(&app.config);
        let schemas = Schemas::new(app.clone());
        let guard = Guard::new(config.graphql.clone(), &crate::graphql::sdl())
            .expect("the schema's own text is a schema: a test compares it");
        let mut documents = Documents::new(config.cache.documents_bytes);
        if !config.graphql.trusted_documents.is_empty() {
            let path = &config.graphql.trusted_documents;
            documents.trust(path, &guard, &schemas).await?;
        }
        Ok(Self(Arc::new(Inner {
            answers: Answers::new(&config.cache, config.clock.speed),
            changes: Changes::default(),
            stretches: Stretches::default(),
            limits: Arc::new(Limits::new(&app)),
            sockets: Sockets::new(&config.websocket),
            origins: Origins::new(&config.cors),
            draining: server::Draining::default(),
            stopping: watch::Sender::new(false),
            schemas,
            guard,
            documents,
            app,
        })))
    }

    /// All routes.
    fn router(&self) -> Router {
        let compression = CompressionLayer::new().quality(CompressionLevel::Fastest);
        let mut router = Router::new()
            .route("/graphql", any(graphql::route))
            .route("/graphql/ws", any(websocket::upgrade))
            .route("/health/live", get(health::live))
            .route("/health/ready", get(health::ready))
            .merge(graphiql::routes().layer(compression));
        if let Some(cors) = self.origins.layer() {
            router = router.layer(cors);
        }
        router.with_state(self.clone())
    }
}
