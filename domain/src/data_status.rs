//! How fresh the data is and what imports are doing.

use chrono::{DateTime, Utc};
use entities::{import_run, race, race_source::Source};
use sea_orm::{ColumnTrait, DbErr, EntityTrait, QueryFilter, QueryOrder};

use crate::{App, season};

/// What is known about one source.
#[derive(Debug, Clone)]
pub struct SourceStatus {
    pub source: Source,
    /// End of the latest run that went through.
    pub last_success: Option<DateTime<Utc>>,
    /// The latest run, whatever became of it.
    pub latest: import_run::Model,
}

/// How fresh the data is.
#[derive(Debug, Clone)]
pub struct DataStatus {
    pub sources: Vec<SourceStatus>,
    pub last_race: Option<race::Model>,
    pub next_race: Option<race::Model>,
    /// A race should have results by now that has none.
    pub stale: bool,
}

/// Reads the state of the data.
///
/// # Errors
/// When the database fails.
pub async fn status(app: &App) -> Result<DataStatus, DbErr> {
    let mut sources = Vec::new();
    for source in [Source::Bundled, Source::Ergast, Source::Jolpica] {
        let runs = import_run::Entity::find().filter(import_run::Column::Source.eq(source));
        let latest = runs
            .clone()
            .order_by_desc(import_run::Column::Id)
            .one(&app.db)
            .await?;
        let success = runs
            .filter(
                import_run::Column::Status
                    .is_in([import_run::Status::Succeeded, import_run::Status::Partial]),
            )
            .order_by_desc(import_run::Column::Id)
            .one(&app.db)
            .await?;
        if let Some(latest) = latest {
            sources.push(SourceStatus {
                source,
                last_success: success.and_then(|run| run.finished_at),
                latest,
            });
        }
    }
    let next_race = season::next_race(&app.db).await?;
    let today = app.clock.now().date_naive();
    Ok(DataStatus {
        sources,
        last_race: season::last_race(&app.db).await?,
        stale: next_race.as_ref().is_some_and(|race| race.date < today),
        next_race,
    })
}
