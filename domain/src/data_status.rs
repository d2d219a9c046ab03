//! How fresh the data is and what imports are doing.

use chrono::{DateTime, TimeDelta, Utc};
use entities::{import_run, job_plan, race, race_source::Source};
use sea_orm::{ColumnTrait, DbErr, EntityTrait, QueryFilter, QueryOrder};

use crate::{App, job::Kind, season};

/// What is known about one source.
#[derive(Debug, Clone)]
pub struct SourceStatus {
    pub source: Source,
    /// End of the latest run that went through.
    pub last_success: Option<DateTime<Utc>>,
    /// The latest run, whatever became of it.
    pub latest: import_run::Model,
    /// When it is next read, by the timetable.
    pub next_run: Option<DateTime<Utc>>,
    /// How long ago the latest run ended that went through.
    pub staleness: Option<TimeDelta>,
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
    let now = app.clock.now();
    let plan = job_plan::Entity::find().all(&app.db).await?;
    let mut sources = Vec::new();
    for source in [
        Source::Bundled,
        Source::Ergast,
        Source::Jolpica,
        Source::Openf1,
    ] {
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
            let last_success = success.and_then(|run| run.finished_at);
            let names: Vec<_> = read_by(source).iter().map(|kind| kind.name()).collect();
            let planned = plan.iter().filter(|row| names.contains(&row.kind.as_str()));
            sources.push(SourceStatus {
                source,
                last_success,
                latest,
                next_run: planned.map(|row| row.next_at).min(),
                staleness: last_success.map(|at| now - at),
            });
        }
    }
    let next_race = season::next_race(&app.db).await?;
    let today = now.date_naive();
    Ok(DataStatus {
        sources,
        last_race: season::last_race(&app.db).await?,
        stale: next_race.as_ref().is_some_and(|race| race.date < today),
        next_race,
    })
}

/// Jobs that read a source.
fn read_by(source: Source) -> &'static [Kind] {
    match source {
        Source::Bundled => &[Kind::Bundled],
        Source::Jolpica => &[
            Kind::Calendar,
            Kind::People,
            Kind::Season,
            Kind::Results,
            Kind::Verify,
        ],
        Source::Openf1 => &[Kind::Live, Kind::Details],
        _ => &[],
    }
}
