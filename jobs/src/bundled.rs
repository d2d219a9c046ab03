//! The bundled seasons: loaded at start, and again when more has become public.

use domain::{
    App,
    import::{self, ImportError, Summary, bundled::Bundled},
};

/// Loads what of the bundled seasons is public by now; a second time changes nothing.
///
/// # Errors
/// When the database fails.
pub async fn load(
    app: &App,
    progress: impl FnMut(import::Progress<'_>) + Send,
) -> Result<Summary, ImportError> {
    import::import(app, Bundled::new(app.clock.now()), progress).await
}
