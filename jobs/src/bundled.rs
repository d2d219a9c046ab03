//! The bundled seasons: loaded at start, and again when the clock has passed another of
//! their races.

use std::time::{Duration, Instant};

use domain::{
    App,
    import::{self, ImportError, Summary, bundled::Bundled, source::Source as _},
};

/// How often the clock is looked at. The clock may be set to run fast, the machine's does not.
const PAUSE: Duration = Duration::from_mins(1);

/// Loads what of the bundled seasons is public by now; a second time changes nothing.
///
/// # Errors
/// When the database fails.
pub async fn load(
    app: &App,
    progress: impl FnMut(import::Progress<'_>) + Send,
) -> Result<Summary, ImportError> {
    let started = Instant::now();
    let outcome = import::import(app, Bundled::new(app.clock.now()), progress).await;
    metrics::histogram!("pitwall_job_seconds", "job" => "bundled").record(started.elapsed());
    outcome
}

/// Loads again, for ever, whenever more has become public. Failures are logged and tried
/// again at the next look.
pub async fn keep_loaded(app: App) {
    let mut loaded = public(&app);
    loop {
        tokio::time::sleep(PAUSE).await;
        let now = public(&app);
        if now == loaded {
            continue;
        }
        match load(&app, |_| {}).await {
            Ok(summary) => {
                tracing::info!(races.changed = summary.changed, "bundled seasons loaded");
                loaded = now;
            }
            Err(error) => tracing::error!(%error, "the bundled seasons could not be loaded"),
        }
    }
}

/// Rows that are public by now: the number grows with every session.
fn public(app: &App) -> usize {
    let tables = Bundled::new(app.clock.now()).tables();
    tables.iter().map(|table| table.rows).sum()
}
