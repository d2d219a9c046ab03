//! Requests to services on the network, which all processes count together.

use sea_orm_migration::{
    prelude::*,
    schema::{pk_auto, string, timestamp_with_time_zone},
};

use crate::statement::{drop_tables, index};

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager
            .create_table(
                Table::create()
                    .table("upstream_request")
                    .col(pk_auto("id"))
                    .col(string("host"))
                    .col(timestamp_with_time_zone("at"))
                    .to_owned(),
            )
            .await?;
        index(
            manager,
            "upstream_request",
            "upstream_request_host",
            &["host", "at"],
        )
        .await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        drop_tables(manager, &["upstream_request"]).await
    }
}
