//! Keeps the engines trained and their back-tests up to date: at the start, and whenever races or
//! results have changed.

use std::time::Duration;

use domain::{App, forecast, model};

/// How often is looked whether something has changed; an import changes many things in a row.
const PAUSE: Duration = Duration::from_secs(10);

/// Looks for ever. Failures are logged and tried again when something has changed.
pub async fn keep_trained(app: App) {
    let mut done = None;
    loop {
        match forecast::known(&app).await {
            Ok(known) if done.as_deref() != Some(known.fingerprint()) => {
                let fingerprint = known.fingerprint().to_owned();
                if let Err(error) = model::keep_up(&app, &known).await {
                    tracing::error!(%error, "the engines could not be kept trained");
                }
                done = Some(fingerprint);
            }
            Ok(_) => {}
            Err(error) => tracing::warn!(%error, "the races could not be read"),
        }
        tokio::time::sleep(PAUSE).await;
    }
}
