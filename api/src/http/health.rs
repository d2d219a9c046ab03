//! Whether the process lives and whether it can answer.

use axum::{Json, extract::State, http::StatusCode};
use serde_json::{Value, json};

use super::Server;

/// The process runs.
pub(super) async fn live() -> Json<Value> {
    Json(json!({ "status": "live" }))
}

/// Whether requests should be sent here: the database answers, and the process is not about to
/// stop. Redis being away makes answers and news of other processes slower, not wrong, and old data is better than none, so
/// both are only told.
pub(super) async fn ready(State(server): State<Server>) -> (StatusCode, Json<Value>) {
    let redis = match server.app.cache.is_alive().await {
        None => "not configured",
        Some(true) => "answers",
        Some(false) => "does not answer",
    };
    let push = match server.app.bus.is_relayed() {
        None => "within this process",
        Some(true) => "through Redis",
        Some(false) => "polling",
    };
    let draining = server.is_draining();
    match domain::data_status::status(&server.app).await {
        Ok(status) => {
            let name = |race: Option<entities::race::Model>| race.map(|race| race.reference);
            let body = json!({
                "status": if draining { "stopping" } else { "ready" },
                "database": "answers",
                "redis": redis,
                "push": push,
                "stale": status.stale,
                "lastRace": name(status.last_race),
                "nextRace": name(status.next_race),
            });
            let status = if draining {
                StatusCode::SERVICE_UNAVAILABLE
            } else {
                StatusCode::OK
            };
            (status, Json(body))
        }
        Err(error) => {
            tracing::error!(%error, "the database does not answer");
            let body = json!({
                "status": "unavailable",
                "database": "does not answer",
                "redis": redis,
                "push": push,
            });
            (StatusCode::SERVICE_UNAVAILABLE, Json(body))
        }
    }
}
