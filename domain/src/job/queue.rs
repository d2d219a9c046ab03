//! The rows of jobs: who asks for one, who is handed it, and how it ends.

use chrono::{DateTime, Utc};
use entities::job::{self, ActiveModel, Column, Entity, Status};
use sea_orm::{
    ActiveValue::{NotSet, Set},
    ColumnTrait, DbErr, EntityTrait, ExprTrait, QueryFilter, QueryOrder, SqlErr,
    sea_query::{Expr, OnConflict},
};
use serde::{Deserialize, Serialize};

use super::Kind;
use crate::App;

/// A job that somebody wants done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wanted {
    pub kind: Kind,
    /// A season or the ref of a race, as [`Kind::about`] says.
    pub subject: Option<String>,
    /// Which time this is. The same kind, subject and tick is done once.
    pub tick: String,
    /// Not before.
    pub due_at: DateTime<Utc>,
    /// Why, for people.
    pub reason: String,
}

impl Wanted {
    /// What makes it this job and no other: `results:2024_monaco@3`.
    #[must_use]
    pub fn key(&self) -> String {
        let Self {
            kind,
            subject,
            tick,
            ..
        } = self;
        match subject {
            Some(subject) => format!("{}:{subject}@{tick}", kind.name()),
            None => format!("{}@{tick}", kind.name()),
        }
    }
}

/// A job as it is handed to a worker.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Delivery {
    /// Its row.
    pub id: i32,
    /// Whoever comes with an earlier number comes too late.
    pub number: i32,
}

/// What a worker is told when it comes with a delivery.
#[derive(Debug)]
pub enum Claimed {
    /// It is this worker's to do.
    Yours(Box<job::Model>),
    /// It was done already, or given to somebody else.
    TooLate,
    /// Another job of its lane is being done; it was given back.
    LaneTaken,
}

/// How a try ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum End {
    /// It is done; a sentence on what it came to.
    Done(String),
    /// It failed, and may be tried again.
    Again(String),
    /// It failed, and would fail again.
    Failed(String),
}

/// Asks for jobs; those that were asked for before are left as they are. Says how many are new.
///
/// # Errors
/// When the database fails.
pub async fn enqueue(app: &App, wanted: &[Wanted]) -> Result<u64, DbErr> {
    if wanted.is_empty() {
        return Ok(0);
    }
    let now = app.clock.now();
    let rows = wanted.iter().map(|wanted| ActiveModel {
        id: NotSet,
        key: Set(wanted.key()),
        kind: Set(wanted.kind.name().to_owned()),
        subject: Set(wanted.subject.clone()),
        tick: Set(wanted.tick.clone()),
        reason: Set(wanted.reason.clone()),
        status: Set(Status::Queued),
        lane: Set(Some(wanted.kind.lane().to_owned())),
        attempts: Set(0),
        deliveries: Set(0),
        created_at: Set(now),
        due_at: Set(wanted.due_at),
        ..Default::default()
    });
    Entity::insert_many(rows)
        .on_conflict(OnConflict::column(Column::Key).do_nothing().to_owned())
        .exec_without_returning(&app.db)
        .await
}

/// Jobs to be handed over now: of each lane in which nobody is at work the one that has been due
/// for longest.
///
/// # Errors
/// When the database fails.
pub async fn due(app: &App) -> Result<Vec<Delivery>, DbErr> {
    let now = app.clock.now();
    let open = [Status::Queued, Status::HandedOver, Status::Running];
    let rows = Entity::find()
        .filter(Column::Status.is_in(open))
        .order_by_asc(Column::DueAt)
        .order_by_asc(Column::Id)
        .all(&app.db)
        .await?;
    let mut taken: Vec<&str> = Vec::new();
    for row in rows.iter().filter(|row| row.status != Status::Queued) {
        taken.extend(row.lane.as_deref());
    }
    let mut due = Vec::new();
    for row in &rows {
        let lane = row.lane.as_deref().unwrap_or(&row.key);
        if row.status == Status::Queued && row.due_at <= now && !taken.contains(&lane) {
            taken.push(lane);
            due.push(Delivery {
                id: row.id,
                number: row.deliveries,
            });
        }
    }
    Ok(due)
}

/// Notes that a job was handed over. Nothing happens when a worker was faster.
///
/// # Errors
/// When the database fails.
pub async fn handed_over(app: &App, delivery: Delivery) -> Result<(), DbErr> {
    Entity::update_many()
        .set(ActiveModel {
            status: Set(Status::HandedOver),
            ..Default::default()
        })
        .filter(Column::Id.eq(delivery.id))
        .filter(Column::Deliveries.eq(delivery.number))
        .filter(Column::Status.eq(Status::Queued))
        .exec(&app.db)
        .await?;
    Ok(())
}

/// Begins a job. The same delivery may come again after the process that had it was killed.
///
/// # Errors
/// When the database fails.
pub async fn claim(app: &App, delivery: Delivery, worker: &str) -> Result<Claimed, DbErr> {
    let open = [Status::Queued, Status::HandedOver, Status::Running];
    let begun = Entity::update_many()
        .set(ActiveModel {
            status: Set(Status::Running),
            started_at: Set(Some(app.clock.now())),
            worker: Set(Some(worker.to_owned())),
            ..Default::default()
        })
        .col_expr(Column::Attempts, Expr::col(Column::Attempts).add(1))
        .filter(Column::Id.eq(delivery.id))
        .filter(Column::Deliveries.eq(delivery.number))
        .filter(Column::Status.is_in(open))
        .exec(&app.db)
        .await;
    match begun {
        Ok(begun) if begun.rows_affected == 0 => Ok(Claimed::TooLate),
        Ok(_) => {
            let row = Entity::find_by_id(delivery.id).one(&app.db).await?;
            Ok(row.map_or(Claimed::TooLate, |row| Claimed::Yours(Box::new(row))))
        }
        Err(error) if matches!(error.sql_err(), Some(SqlErr::UniqueConstraintViolation(_))) => {
            give_back(app, delivery).await?;
            Ok(Claimed::LaneTaken)
        }
        Err(error) => Err(error),
    }
}

/// Gives a job back, to be handed over again as if nobody had begun.
///
/// # Errors
/// When the database fails.
pub async fn give_back(app: &App, delivery: Delivery) -> Result<(), DbErr> {
    again(app, delivery, ActiveModel::default()).await
}

/// Ends a try; says whether the job will be tried again.
///
/// # Errors
/// When the database fails; the job is then handed over again when its worker is missed.
pub async fn finish(app: &App, row: &job::Model, kind: Kind, end: &End) -> Result<bool, DbErr> {
    let now = app.clock.now();
    let delivery = Delivery {
        id: row.id,
        number: row.deliveries,
    };
    let (status, note, error) = match end {
        End::Done(note) => (Status::Succeeded, Some(note.clone()), None),
        End::Again(error) if row.attempts < kind.tries() => {
            let retry = ActiveModel {
                due_at: Set(now + kind.pause(row.attempts)),
                finished_at: Set(Some(now)),
                error: Set(Some(error.clone())),
                ..Default::default()
            };
            again(app, delivery, retry).await?;
            return Ok(true);
        }
        End::Again(error) | End::Failed(error) => (Status::Failed, None, Some(error.clone())),
    };
    Entity::update_many()
        .set(ActiveModel {
            status: Set(status),
            finished_at: Set(Some(now)),
            note: Set(note),
            error: Set(error),
            ..Default::default()
        })
        .filter(Column::Id.eq(delivery.id))
        .filter(Column::Deliveries.eq(delivery.number))
        .filter(Column::Status.eq(Status::Running))
        .exec(&app.db)
        .await?;
    Ok(false)
}

async fn again(app: &App, delivery: Delivery, change: ActiveModel) -> Result<(), DbErr> {
    Entity::update_many()
        .set(ActiveModel {
            status: Set(Status::Queued),
            deliveries: Set(delivery.number + 1),
            ..change
        })
        .filter(Column::Id.eq(delivery.id))
        .filter(Column::Deliveries.eq(delivery.number))
        .filter(Column::Status.is_not_in([Status::Succeeded, Status::Failed]))
        .exec(&app.db)
        .await?;
    Ok(())
}
