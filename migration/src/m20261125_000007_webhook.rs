//! Webhooks, how far each has read, and what is sent to them.

use sea_orm_migration::{
    prelude::*,
    schema::{
        big_integer, big_integer_null, boolean, integer, integer_null, pk_auto, string,
        string_null, timestamp_with_time_zone, timestamp_with_time_zone_null,
    },
};

use crate::statement::{drop_tables, index, references, unique};

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        webhooks(manager).await?;
        cursors(manager).await?;
        deliveries(manager).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let tables = ["webhook_delivery", "webhook_cursor", "webhook"];
        drop_tables(manager, &tables).await
    }
}

async fn webhooks(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    manager
        .create_table(
            Table::create()
                .table("webhook")
                .col(string("id").primary_key())
                .col(string("url"))
                .col(string("description"))
                .col(string("types"))
                .col(string("salt"))
                .col(string("fingerprint"))
                .col(string_null("earlier_salt"))
                .col(timestamp_with_time_zone_null("earlier_until"))
                .col(boolean("enabled"))
                .col(string_null("disabled_because"))
                .col(timestamp_with_time_zone_null("failing_since"))
                .col(timestamp_with_time_zone("created_at"))
                .to_owned(),
        )
        .await
}

async fn cursors(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    manager
        .create_table(
            Table::create()
                .table("webhook_cursor")
                .col(string("webhook_id"))
                .col(string("stream"))
                .col(big_integer("sequence"))
                .primary_key(Index::create().col("webhook_id").col("stream"))
                .foreign_key(
                    references("webhook_cursor", "webhook_id", "webhook", "id")
                        .on_delete(ForeignKeyAction::Cascade),
                )
                .to_owned(),
        )
        .await
}

async fn deliveries(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    let table = "webhook_delivery";
    manager
        .create_table(
            Table::create()
                .table(table)
                .col(pk_auto("id"))
                .col(string("webhook_id"))
                .col(string("message").unique_key())
                .col(string("kind"))
                .col(string_null("stream"))
                .col(big_integer_null("sequence"))
                .col(string("body"))
                .col(string("status"))
                .col(integer("attempts"))
                .col(timestamp_with_time_zone("created_at"))
                .col(timestamp_with_time_zone_null("due_at"))
                .col(string_null("lease"))
                .col(timestamp_with_time_zone_null("leased_until"))
                .col(timestamp_with_time_zone_null("attempted_at"))
                .col(integer_null("response_status"))
                .col(integer_null("milliseconds"))
                .col(string_null("excerpt"))
                .col(string_null("error"))
                .foreign_key(
                    references(table, "webhook_id", "webhook", "id")
                        .on_delete(ForeignKeyAction::Cascade),
                )
                .to_owned(),
        )
        .await?;
    // An event is sent to a webhook once, however many workers read it at the same time. Those
    // sent by hand have no event.
    let event = ["webhook_id", "stream", "sequence"];
    unique(manager, table, "webhook_delivery_event", &event).await?;
    let due = ["webhook_id", "status", "due_at"];
    index(manager, table, "webhook_delivery_due", &due).await?;
    index(manager, table, "webhook_delivery_age", &["created_at"]).await
}
