//! Jobs: what is to be done by the clock, is being done, or was done.

use sea_orm::entity::prelude::*;

/// Where a job stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, EnumIter, DeriveActiveEnum)]
#[sea_orm(rs_type = "String", db_type = "String(StringLen::None)")]
pub enum Status {
    /// To be handed to a worker when it is due, for the first time or again.
    #[sea_orm(string_value = "QUEUED")]
    Queued,
    /// Handed over; no worker has begun yet.
    #[sea_orm(string_value = "HANDED_OVER")]
    HandedOver,
    /// A worker is at it, or was killed at it.
    #[sea_orm(string_value = "RUNNING")]
    Running,
    /// Done.
    #[sea_orm(string_value = "SUCCEEDED")]
    Succeeded,
    /// Failed, and not tried again.
    #[sea_orm(string_value = "FAILED")]
    Failed,
}

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "job")]
pub struct Model {
    #[sea_orm(primary_key)]
    pub id: i32,
    /// Kind, subject and tick: there is one job for each.
    #[sea_orm(unique)]
    pub key: String,
    /// What is done (`results`).
    pub kind: String,
    /// What it is done to: a season, or the ref of a race.
    pub subject: Option<String>,
    /// Which time this is: an hour, a day, a version of the data.
    pub tick: String,
    /// Why, for people.
    pub reason: String,
    pub status: Status,
    /// Of the jobs of one lane one runs at a time.
    pub lane: Option<String>,
    /// Tries begun.
    pub attempts: i32,
    /// Times that it was given back to be handed over again: a worker that comes with an earlier
    /// number comes too late.
    pub deliveries: i32,
    pub created_at: DateTimeUtc,
    /// Not before.
    pub due_at: DateTimeUtc,
    /// Begin of the latest try.
    pub started_at: Option<DateTimeUtc>,
    pub finished_at: Option<DateTimeUtc>,
    /// Who is at it, or was.
    pub worker: Option<String>,
    /// What it came to, for people.
    pub note: Option<String>,
    /// Why the latest try failed.
    pub error: Option<String>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
