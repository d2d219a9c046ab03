//! Figures for Prometheus, on a listener of their own: the public one does not have them.

use std::{net::SocketAddr, time::Duration};

use axum::{Router, http::header, routing::get};
use metrics_exporter_prometheus::PrometheusHandle;
use tokio::net::TcpListener;

/// Figures are put in order so often, whether or not anybody reads them.
const UPKEEP: Duration = Duration::from_secs(5);

/// Serves `/metrics` at an address for as long as it is polled.
///
/// # Errors
/// When the address cannot be listened on.
pub async fn serve(listener: TcpListener, handle: PrometheusHandle) -> std::io::Result<()> {
    let upkeep = keep(handle.clone());
    let page = move || {
        let text = handle.render();
        async move { ([(header::CONTENT_TYPE, "text/plain; version=0.0.4")], text) }
    };
    let router = Router::new().route("/metrics", get(page));
    tokio::select! {
        served = axum::serve(listener, router) => served,
        () = upkeep => Ok(()),
    }
}

/// Listens where figures are to be served.
///
/// # Errors
/// When that is impossible; the sentence says what to do.
pub async fn listen(address: SocketAddr) -> anyhow::Result<TcpListener> {
    TcpListener::bind(address).await.map_err(|error| {
        anyhow::anyhow!("cannot serve metrics on {address}: {error}; set PITWALL__METRICS__LISTEN")
    })
}

async fn keep(handle: PrometheusHandle) {
    loop {
        tokio::time::sleep(UPKEEP).await;
        handle.run_upkeep();
    }
}
