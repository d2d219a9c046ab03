//! Seasons from the network into the database, by hand or by the clock: one importer, one
//! source a season.

use std::ops::RangeInclusive;

use domain::{
    App,
    import::{self, ImportError, Summary},
};

use crate::upstream::{
    Policy,
    client::{Client, UpstreamError},
    jolpica::{self, Jolpica, Scope},
};

/// What is synced beyond calendar, results, qualifying, sprints and standings.
#[derive(Debug, Clone, Copy, Default)]
pub struct Options {
    /// Laps and pit stops, which cost some 13 requests a race.
    pub laps: bool,
}

/// How far a sync is.
#[derive(Debug, Clone, Copy)]
pub enum Progress<'a> {
    /// The season of this year is being read.
    Season { year: i32 },
    /// What was read goes in.
    Import(import::Progress<'a>),
}

/// What a sync did.
#[derive(Debug, Default)]
pub struct Synced {
    pub summary: Summary,
    /// Requests sent, repeated ones too.
    pub requests: u64,
}

/// A sync that could not be finished. What is in stays in, and the same sync again goes on.
#[derive(Debug, thiserror::Error)]
pub enum SyncError {
    /// The configured address cannot be used.
    #[error("upstream.jolpica.url: {0}")]
    Client(UpstreamError),
    /// A season could not be read or written.
    #[error("the season {year} could not be synced: {reason}")]
    Season { year: i32, reason: ImportError },
}

/// Syncs one season after the other with Jolpica; the same again changes nothing.
///
/// # Errors
/// When the service does not answer or the database fails: the season at hand and those after
/// it are left as they were. Single bad races are refused and listed in the summary.
pub async fn sync(
    app: &App,
    seasons: RangeInclusive<i32>,
    options: Options,
    progress: impl FnMut(Progress<'_>) + Send,
) -> Result<Synced, SyncError> {
    let client = client(app)?;
    sync_with(app, &client, seasons, options, progress).await
}

/// [`sync`] with a client of one's own, for tests with shorter times.
///
/// # Errors
/// As for [`sync`].
pub async fn sync_with(
    app: &App,
    client: &Client,
    seasons: RangeInclusive<i32>,
    options: Options,
    mut progress: impl FnMut(Progress<'_>) + Send,
) -> Result<Synced, SyncError> {
    let mut summary = Summary::default();
    let scope = if options.laps {
        Scope::SeasonWithLaps
    } else {
        Scope::Season
    };
    for year in seasons {
        progress(Progress::Season { year });
        let source = Jolpica::new(app, client, year, scope);
        let import = import::import(app, source, |done| progress(Progress::Import(done)));
        let season = import.await;
        summary.add(season.map_err(|reason| SyncError::Season { year, reason })?);
    }
    Ok(Synced {
        summary,
        requests: client.requests(),
    })
}

/// Syncs a part of a season.
///
/// # Errors
/// As for [`sync`].
pub async fn sync_part(
    app: &App,
    client: &Client,
    year: i32,
    scope: Scope,
) -> Result<Summary, SyncError> {
    let source = Jolpica::new(app, client, year, scope);
    let summary = import::import(app, source, |_| {}).await;
    summary.map_err(|reason| SyncError::Season { year, reason })
}

/// A client of Jolpica's at the configured address. Kept for long it knows what has not changed.
///
/// # Errors
/// When the address cannot be used.
pub fn client(app: &App) -> Result<Client, SyncError> {
    let url = &app.config.upstream.jolpica.url;
    let client = Client::new(app, url, jolpica::LIMITS, Policy::default());
    client.map_err(SyncError::Client)
}
