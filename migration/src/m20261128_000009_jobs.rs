//! Jobs: what the timetable has asked for and what became of it, and when each kind is next due.

use sea_orm_migration::{
    prelude::*,
    schema::{
        integer, pk_auto, string, string_null, text_null, timestamp_with_time_zone,
        timestamp_with_time_zone_null,
    },
};

use crate::statement::{drop_tables, index};

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        jobs(manager).await?;
        plan(manager).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        drop_tables(manager, &["job_plan", "job"]).await
    }
}

async fn jobs(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    let table = "job";
    manager
        .create_table(
            Table::create()
                .table(table)
                .col(pk_auto("id"))
                // Kind, subject and tick: what makes a tick fire once, whoever computes it.
                .col(string("key").unique_key())
                .col(string("kind"))
                .col(string_null("subject"))
                .col(string("tick"))
                .col(string("reason"))
                .col(string("status"))
                .col(string_null("lane"))
                .col(integer("attempts"))
                .col(integer("deliveries"))
                .col(timestamp_with_time_zone("created_at"))
                .col(timestamp_with_time_zone("due_at"))
                .col(timestamp_with_time_zone_null("started_at"))
                .col(timestamp_with_time_zone_null("finished_at"))
                .col(string_null("worker"))
                .col(text_null("note"))
                .col(text_null("error"))
                .to_owned(),
        )
        .await?;
    index(manager, table, "job_due", &["status", "due_at"]).await?;
    index(manager, table, "job_latest", &["kind", "subject", "id"]).await?;
    // One job of a lane runs at a time, whatever the workers think.
    manager
        .create_index(
            Index::create()
                .name("job_lane")
                .table(table)
                .col("lane")
                .unique()
                .and_where(Expr::col("status").eq("RUNNING"))
                .to_owned(),
        )
        .await
}

async fn plan(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    manager
        .create_table(
            Table::create()
                .table("job_plan")
                .col(string("kind").primary_key())
                .col(timestamp_with_time_zone("next_at"))
                .col(string_null("subject"))
                .col(string("reason"))
                .to_owned(),
        )
        .await
}
