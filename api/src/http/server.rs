//! Listening, and stopping without cutting anybody off.

use std::net::SocketAddr;

use domain::App;
use tokio::net::TcpListener;

/// Why the server cannot listen, in a sentence that says what to do.
#[derive(Debug, thiserror::Error)]
pub enum ListenError {
    /// Somebody else listens there.
    #[error(
        "port {port} on {host} is in use; stop what listens there or set PITWALL__SERVER__PORT"
    )]
    InUse { host: String, port: u16 },
    /// The address cannot be listened on.
    #[error(
        "cannot listen on {host}:{port}: {reason}; set PITWALL__SERVER__HOST and PITWALL__SERVER__PORT"
    )]
    Address {
        host: String,
        port: u16,
        reason: String,
    },
}

/// Listens, says where, and serves until asked to stop; requests under way are finished.
///
/// # Errors
/// When the address cannot be listened on.
pub async fn serve(
    app: App,
    listening: impl FnOnce(SocketAddr),
    stop: impl Future<Output = ()> + Send + 'static,
) -> anyhow::Result<()> {
    let listener = listen(&app).await?;
    listening(listener.local_addr()?);
    axum::serve(listener, super::router(app))
        .with_graceful_shutdown(stop)
        .await?;
    Ok(())
}

async fn listen(app: &App) -> Result<TcpListener, ListenError> {
    let (host, port) = (app.config.server.host.clone(), app.config.server.port);
    TcpListener::bind((host.as_str(), port))
        .await
        .map_err(|error| match error.kind() {
            std::io::ErrorKind::AddrInUse => ListenError::InUse { host, port },
            _ => ListenError::Address {
                host,
                port,
                reason: error.to_string(),
            },
        })
}
