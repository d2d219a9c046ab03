//! Adds to a past race what only OpenF1 has: laps with tyres, pit stops, race control, weather.

use domain::{
    App,
    import::{self, ImportError, Summary},
    live::Race,
};

use crate::upstream::{
    Policy,
    client::UpstreamError,
    openf1::{OpenF1, details::Details},
};

/// The details of a race could not be added.
#[derive(Debug, thiserror::Error)]
pub enum DetailsError {
    /// The configured address cannot be used.
    #[error("upstream.openf1.url: {0}")]
    Client(UpstreamError),
    /// They could not be read or written.
    #[error(transparent)]
    Import(#[from] ImportError),
}

/// Adds its details to a race that was run in 2023 or later; the same again changes nothing, and
/// what others have brought stays.
///
/// # Errors
/// When OpenF1 does not answer or does not have the race, or the database fails.
pub async fn fetch_details(app: &App, race: &Race) -> Result<Summary, DetailsError> {
    let upstream = OpenF1::new(app, Policy::default()).map_err(DetailsError::Client)?;
    let source = Details::new(app, &upstream, race.clone());
    Ok(import::import(app, source, |_| {}).await?)
}
