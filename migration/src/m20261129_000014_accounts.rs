//! Accounts: users, where they are logged in, and passwords that were asked to be set anew.

use sea_orm_migration::{
    prelude::*,
    schema::{
        integer, string, string_null, timestamp_with_time_zone, timestamp_with_time_zone_null,
    },
};

use crate::statement::{drop_tables, index, references, unique};

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        users(manager).await?;
        sessions(manager).await?;
        resets(manager).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let tables = ["password_reset", "user_session", "user"];
        drop_tables(manager, &tables).await
    }
}

async fn users(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    manager
        .create_table(
            Table::create()
                .table("user")
                .col(string("id").primary_key())
                .col(string_null("email"))
                .col(string("name"))
                .col(string("role"))
                .col(string_null("password"))
                .col(integer("generation"))
                .col(string_null("favourite_driver"))
                .col(string_null("favourite_constructor"))
                .col(string("time_zone"))
                .col(string("muted"))
                .col(timestamp_with_time_zone("created_at"))
                .col(timestamp_with_time_zone_null("deleted_at"))
                .to_owned(),
        )
        .await?;
    // Those who are gone have no address, and none of them is in the way of another.
    unique(manager, "user", "user_email", &["email"]).await
}

async fn sessions(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    let table = "user_session";
    manager
        .create_table(
            Table::create()
                .table(table)
                .col(string("id").primary_key())
                .col(string("user_id"))
                .col(integer("generation"))
                .col(string("device"))
                .col(string("token_hash"))
                .col(string_null("earlier_hash"))
                .col(string_null("sealed"))
                .col(timestamp_with_time_zone("created_at"))
                .col(timestamp_with_time_zone("used_at"))
                .col(timestamp_with_time_zone("expires_at"))
                .foreign_key(
                    references(table, "user_id", "user", "id").on_delete(ForeignKeyAction::Cascade),
                )
                .to_owned(),
        )
        .await?;
    index(manager, table, "user_session_user", &["user_id"]).await?;
    index(manager, table, "user_session_end", &["expires_at"]).await
}

async fn resets(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    let table = "password_reset";
    manager
        .create_table(
            Table::create()
                .table(table)
                .col(string("token_hash").primary_key())
                .col(string("user_id"))
                .col(timestamp_with_time_zone("created_at"))
                .col(timestamp_with_time_zone("expires_at"))
                .col(timestamp_with_time_zone_null("used_at"))
                .foreign_key(
                    references(table, "user_id", "user", "id").on_delete(ForeignKeyAction::Cascade),
                )
                .to_owned(),
        )
        .await?;
    index(manager, table, "password_reset_user", &["user_id"]).await?;
    index(manager, table, "password_reset_end", &["expires_at"]).await
}
