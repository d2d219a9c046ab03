//! Whether the process lives and whether it can answer.

use axum::{Json, extract::State, http::StatusCode};
use domain::App;
use serde_json::{Value, json};

/// The process runs.
pub(super) async fn live() -> Json<Value> {
    Json(json!({ "status": "live" }))
}

/// The database answers; says how fresh the data is.
pub(super) async fn ready(State(app): State<App>) -> (StatusCode, Json<Value>) {
    match domain::data_status::status(&app).await {
        Ok(status) => {
            let name = |race: Option<entities::race::Model>| race.map(|race| race.reference);
            let body = json!({
                "status": "ready",
                "stale": status.stale,
                "lastRace": name(status.last_race),
                "nextRace": name(status.next_race),
            });
            (StatusCode::OK, Json(body))
        }
        Err(error) => {
            tracing::error!(%error, "the database does not answer");
            let body = json!({ "status": "unavailable", "database": "does not answer" });
            (StatusCode::SERVICE_UNAVAILABLE, Json(body))
        }
    }
}
