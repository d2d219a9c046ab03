//! Where data came from, what changed, and what all processes share.

use sea_orm_migration::{
    prelude::*,
    schema::{
        big_integer, integer, pk_auto, string, string_null, timestamp_with_time_zone,
        timestamp_with_time_zone_null,
    },
};

use crate::statement::{drop_tables, index, references};

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        sources(manager).await?;
        events(manager).await?;
        manager
            .create_table(
                Table::create()
                    .table("secret")
                    .col(string("name").primary_key())
                    .col(string("value"))
                    .to_owned(),
            )
            .await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        drop_tables(
            manager,
            &[
                "secret",
                "event",
                "event_stream",
                "import_run",
                "race_source",
            ],
        )
        .await
    }
}

async fn sources(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    manager
        .create_table(
            Table::create()
                .table("race_source")
                .col(integer("race_id"))
                .col(string("section"))
                .col(string("source"))
                .col(string("digest"))
                .col(timestamp_with_time_zone("imported_at"))
                .primary_key(Index::create().col("race_id").col("section"))
                .foreign_key(&mut references("race_source", "race_id", "race", "id"))
                .to_owned(),
        )
        .await?;
    manager
        .create_table(
            Table::create()
                .table("import_run")
                .col(pk_auto("id"))
                .col(string("source"))
                .col(string("kind"))
                .col(string("path"))
                .col(string("status"))
                .col(timestamp_with_time_zone("started_at"))
                .col(timestamp_with_time_zone_null("finished_at"))
                .col(integer("races_total"))
                .col(integer("races_done"))
                .col(integer("races_changed"))
                .col(integer("races_refused"))
                .col(integer("warnings"))
                .col(string_null("error"))
                .to_owned(),
        )
        .await?;
    index(
        manager,
        "import_run",
        "import_run_source",
        &["source", "started_at"],
    )
    .await
}

async fn events(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    manager
        .create_table(
            Table::create()
                .table("event_stream")
                .col(string("stream").primary_key())
                .col(big_integer("last_sequence"))
                .to_owned(),
        )
        .await?;
    manager
        .create_table(
            Table::create()
                .table("event")
                .col(string("stream"))
                .col(big_integer("sequence"))
                .col(string("kind"))
                .col(string("subject"))
                .col(timestamp_with_time_zone("created_at"))
                .primary_key(Index::create().col("stream").col("sequence"))
                .to_owned(),
        )
        .await
}
