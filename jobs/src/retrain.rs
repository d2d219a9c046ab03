//! Keeps the engines trained and their back-tests up to date: at the start, whenever races or results
//! have changed, and when a model can no longer be used.

use std::time::Duration;

use domain::{App, forecast, model};

/// How often is looked; an import changes many things in a row.
const PAUSE: Duration = Duration::from_secs(10);

/// Looks for ever. Failures are logged and tried again when races have changed.
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
            Ok(known) => {
                if let Err(error) = model::mend(&app, &known).await {
                    tracing::error!(%error, "an engine's model could not be trained anew");
                }
            }
            Err(error) => tracing::warn!(%error, "the races could not be read"),
        }
        tokio::time::sleep(PAUSE).await;
    }
}
