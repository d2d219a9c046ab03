//! How fresh the data is.

use std::sync::Arc;

use async_graphql::{Context, Enum, Object, Subscription};
use chrono::{DateTime, Utc};
use domain::{
    data_status::{self, SourceStatus as SourceRow},
    event,
    feed::Interest,
};
use entities::import_run;
use futures::{Stream, StreamExt};
use sea_orm::EntityTrait;

use super::{
    app, db,
    directive::ListOf,
    feed::{self, Change},
    live::SequenceGap,
    race::Race,
    result::Source,
};
use crate::{
    error::{Result, from_database},
    loaders::Loaders,
};

/// How an import or sync went.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(remote = "import_run::Status")]
pub enum RunStatus {
    /// Under way, or killed.
    Running,
    /// Everything went in.
    Succeeded,
    /// Some races were refused or rows were odd.
    Partial,
    /// Gave up.
    Failed,
}

pub struct DataStatus(Arc<data_status::DataStatus>);

/// How fresh the data is.
#[Object(cache_control(max_age = 5))]
impl DataStatus {
    /// A race is past its date without results.
    async fn stale(&self) -> bool {
        self.0.stale
    }

    /// The latest race with a classification.
    async fn last_race(&self) -> Option<Race> {
        self.0.last_race.clone().map(Arc::new).map(Race)
    }

    /// The next race to come, as far as the data goes.
    async fn next_race(&self) -> Option<Race> {
        self.0.next_race.clone().map(Arc::new).map(Race)
    }

    /// Sources that have been read.
    #[graphql(directive = ListOf::apply(2))]
    async fn sources(&self) -> Vec<SourceStatus> {
        self.0.sources.iter().cloned().map(SourceStatus).collect()
    }
}

pub struct SourceStatus(SourceRow);

/// What is known about a source.
#[Object(cache_control(max_age = 5))]
impl SourceStatus {
    async fn source(&self) -> Source {
        self.0.source.into()
    }

    /// End of the latest run that went through.
    async fn last_success(&self) -> Option<DateTime<Utc>> {
        self.0.last_success
    }

    /// When it is next read, by the timetable; null when it is not, or only when something changes.
    async fn next_run(&self) -> Option<DateTime<Utc>> {
        self.0.next_run
    }

    /// How long ago the latest run ended that went through, in whole seconds.
    async fn staleness(&self) -> Option<i64> {
        Some(self.0.staleness?.num_seconds())
    }

    /// Why the latest run failed, if it did.
    async fn last_error(&self) -> Option<&str> {
        self.0.latest.error.as_deref()
    }

    /// The latest run, under way or done.
    async fn progress(&self) -> RunProgress {
        RunProgress(self.0.latest.clone())
    }
}

pub struct RunProgress(import_run::Model);

/// How far an import is, or what it came to.
#[Object(cache_control(max_age = 5))]
impl RunProgress {
    async fn source(&self) -> Source {
        self.0.source.into()
    }

    async fn status(&self) -> RunStatus {
        self.0.status.into()
    }

    async fn started_at(&self) -> DateTime<Utc> {
        self.0.started_at
    }

    async fn finished_at(&self) -> Option<DateTime<Utc>> {
        self.0.finished_at
    }

    /// Races that the source holds.
    async fn races_total(&self) -> i32 {
        self.0.races_total
    }

    /// Races dealt with so far.
    async fn races_done(&self) -> i32 {
        self.0.races_done
    }

    /// Races that brought something new.
    async fn races_changed(&self) -> i32 {
        self.0.races_changed
    }

    /// Races refused whole.
    async fn races_refused(&self) -> i32 {
        self.0.races_refused
    }

    async fn warnings(&self) -> i32 {
        self.0.warnings
    }
}

#[derive(Default)]
pub struct DataStatusQuery;

#[Object(cache_control(max_age = 3600))]
impl DataStatusQuery {
    /// How fresh the data is and what imports are doing.
    async fn data_status(&self, ctx: &Context<'_>) -> Result<DataStatus> {
        Loaders::of(ctx).data_status(ctx).await.map(DataStatus)
    }
}

pub struct DataStatusChange {
    change: Change,
    status: Arc<data_status::DataStatus>,
}

/// News of the freshness of the data.
#[Object(cache_control(max_age = 5))]
impl DataStatusChange {
    /// Grows with every change; give the last one as `after` to go on from there.
    async fn sequence(&self) -> i64 {
        self.change.sequence
    }

    /// When it happened; null in what is told at the beginning.
    async fn at(&self) -> Option<DateTime<Utc>> {
        self.change.at()
    }

    /// Set when changes after `after` are left out. The state beside it is the one after them.
    async fn gap(&self) -> Option<SequenceGap> {
        self.change.gap.map(SequenceGap)
    }

    /// The import or sync that began, went on or ended, as it is now; null in what is told at the
    /// beginning.
    async fn run(&self, ctx: &Context<'_>) -> Option<Result<RunProgress>> {
        let id: i32 = self.change.reference("ImportRun")?.parse().ok()?;
        let row = import_run::Entity::find_by_id(id).one(db(ctx)).await;
        row.map(|row| row.map(RunProgress))
            .map_err(|error| from_database(&error))
            .transpose()
    }

    /// How fresh the data is at this sequence, or already later.
    async fn data_status(&self) -> DataStatus {
        DataStatus(Arc::clone(&self.status))
    }
}

#[derive(Default)]
pub struct DataStatusSubscription;

#[Subscription]
impl DataStatusSubscription {
    /// How fresh the data is: at once, then whenever an import or sync goes on, each change once and in
    /// order. With `after`, the sequence of the last change seen, only what is newer.
    async fn data_status_changed(
        &self,
        ctx: &Context<'_>,
        after: Option<i64>,
    ) -> impl Stream<Item = Result<DataStatusChange>> {
        let app = app(ctx).clone();
        let changes = feed::changes(ctx, event::DATA_STATUS, &Interest::default(), after);
        changes.then(move |change| {
            let app = app.clone();
            async move {
                let status = data_status::status(&app).await;
                let status = status.map_err(|error| from_database(&error))?;
                let status = Arc::new(status);
                Ok(DataStatusChange { change, status })
            }
        })
    }
}
