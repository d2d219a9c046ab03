//! What there is to say of jobs: for the timetable, and for people.

use std::collections::{HashMap, HashSet};

use chrono::{DateTime, Utc};
use entities::{
    job::{self, Column, Entity, Status},
    job_plan,
};
use sea_orm::{
    ActiveValue::Set, ColumnTrait, DbErr, EntityTrait, QueryFilter, QueryOrder, QuerySelect,
    QueryTrait, sea_query::OnConflict,
};

use super::{BY_HAND, Kind};
use crate::{
    App, database,
    error::{Error, Result},
};

/// When a kind of job is next due.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Planned {
    pub kind: Kind,
    pub subject: Option<String>,
    pub at: DateTime<Utc>,
    /// Why, for people.
    pub reason: String,
}

/// A kind of job: when it was and will be done.
#[derive(Debug, Clone)]
pub struct Entry {
    pub kind: Kind,
    pub next: Option<job_plan::Model>,
    /// The latest job of this kind, whatever became of it.
    pub latest: Option<job::Model>,
    /// The latest that succeeded.
    pub success: Option<job::Model>,
}

/// The latest tick of each kind and subject that was asked for by the timetable.
///
/// # Errors
/// When the database fails.
pub async fn ticks(app: &App) -> Result<HashMap<(Kind, Option<String>), String>, DbErr> {
    let newest = Entity::find()
        .select_only()
        .expr(Column::Id.max())
        .filter(Column::Tick.not_like(format!("{BY_HAND}%")))
        .group_by(Column::Kind)
        .group_by(Column::Subject)
        .into_query();
    let rows = Entity::find()
        .filter(Column::Id.in_subquery(newest))
        .all(&app.db)
        .await?;
    let named = |row: job::Model| Some(((Kind::named(&row.kind)?, row.subject), row.tick));
    Ok(rows.into_iter().filter_map(named).collect())
}

/// Kinds of which a job is waiting or under way.
///
/// # Errors
/// When the database fails.
pub async fn open(app: &App) -> Result<HashSet<Kind>, DbErr> {
    let names: Vec<String> = Entity::find()
        .select_only()
        .column(Column::Kind)
        .distinct()
        .filter(Column::Status.is_not_in([Status::Succeeded, Status::Failed]))
        .into_tuple()
        .all(&app.db)
        .await?;
    Ok(names.iter().filter_map(|name| Kind::named(name)).collect())
}

/// Every kind, with when it is next due.
///
/// # Errors
/// When the database fails.
pub async fn list(app: &App) -> Result<Vec<Entry>, DbErr> {
    let mut plan: HashMap<String, job_plan::Model> = job_plan::Entity::find()
        .all(&app.db)
        .await?
        .into_iter()
        .map(|row| (row.kind.clone(), row))
        .collect();
    let mut latest = newest_of_kinds(app, None).await?;
    let mut successes = newest_of_kinds(app, Some(Status::Succeeded)).await?;
    let entry = |kind: Kind| Entry {
        kind,
        next: plan.remove(kind.name()),
        latest: latest.remove(kind.name()),
        success: successes.remove(kind.name()),
    };
    Ok(Kind::all().map(entry).collect())
}

async fn newest_of_kinds(
    app: &App,
    status: Option<Status>,
) -> Result<HashMap<String, job::Model>, DbErr> {
    let newest = Entity::find()
        .select_only()
        .expr(Column::Id.max())
        .apply_if(status, |query, status| {
            query.filter(Column::Status.eq(status))
        })
        .group_by(Column::Kind)
        .into_query();
    let rows = Entity::find()
        .filter(Column::Id.in_subquery(newest))
        .all(&app.db)
        .await?;
    Ok(rows
        .into_iter()
        .map(|row| (row.kind.clone(), row))
        .collect())
}

/// The latest jobs, the newest first, of a kind or of all.
///
/// # Errors
/// When the database fails.
pub async fn runs(
    app: &App,
    kind: Option<Kind>,
    status: Option<Status>,
    first: u64,
) -> Result<Vec<job::Model>, DbErr> {
    Entity::find()
        .apply_if(kind, |query, kind| {
            query.filter(Column::Kind.eq(kind.name()))
        })
        .apply_if(status, |query, status| {
            query.filter(Column::Status.eq(status))
        })
        .order_by_desc(Column::Id)
        .limit(first)
        .all(&app.db)
        .await
}

/// A job.
///
/// # Errors
/// [`Error::NotFound`] when there is none.
pub async fn find(app: &App, id: i32) -> Result<job::Model> {
    let row = Entity::find_by_id(id).one(&app.db).await?;
    row.ok_or_else(|| Error::NotFound(format!("there is no job {id}")))
}

/// Writes down when each kind is next due; kinds that are not named are not due at all.
///
/// # Errors
/// When the database fails.
pub async fn plan(app: &App, planned: &[Planned]) -> Result<(), DbErr> {
    let transaction = database::begin(&app.db).await?;
    let names = planned.iter().map(|planned| planned.kind.name());
    job_plan::Entity::delete_many()
        .filter(job_plan::Column::Kind.is_not_in(names))
        .exec(&transaction)
        .await?;
    let rows = planned.iter().map(|planned| job_plan::ActiveModel {
        kind: Set(planned.kind.name().to_owned()),
        next_at: Set(planned.at),
        subject: Set(planned.subject.clone()),
        reason: Set(planned.reason.clone()),
    });
    let rows: Vec<_> = rows.collect();
    if !rows.is_empty() {
        use job_plan::Column;
        let replaced = [Column::NextAt, Column::Subject, Column::Reason];
        job_plan::Entity::insert_many(rows)
            .on_conflict(
                OnConflict::column(Column::Kind)
                    .update_columns(replaced)
                    .to_owned(),
            )
            .exec_without_returning(&transaction)
            .await?;
    }
    transaction.commit().await
}
