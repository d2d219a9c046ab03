//! Notifications: what each user was told, and whether it was read.

use sea_orm_migration::{
    prelude::*,
    schema::{
        big_integer, integer, integer_null, pk_auto, string, text, timestamp_with_time_zone,
        timestamp_with_time_zone_null,
    },
};

use crate::statement::{drop_tables, index, references};

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let table = "notification";
        manager
            .create_table(
                Table::create()
                    .table(table)
                    .col(pk_auto("id"))
                    .col(string("reference").unique_key())
                    .col(string("user_id"))
                    .col(string("kind"))
                    .col(integer("league_id"))
                    .col(integer("race_id"))
                    .col(integer_null("draft_id"))
                    .col(integer_null("team_id"))
                    .col(text("details"))
                    .col(timestamp_with_time_zone("created_at"))
                    .col(timestamp_with_time_zone_null("read_at"))
                    .col(big_integer("event_sequence").unique_key())
                    .foreign_key(&mut references(table, "user_id", "user", "id"))
                    .foreign_key(&mut references(table, "league_id", "league", "id"))
                    .foreign_key(&mut references(table, "race_id", "race", "id"))
                    .foreign_key(&mut references(table, "draft_id", "draft", "id"))
                    .foreign_key(&mut references(table, "team_id", "fantasy_team", "id"))
                    .to_owned(),
            )
            .await?;
        index(manager, table, "notification_user", &["user_id", "id"]).await?;
        // Those of long ago are forgotten.
        index(manager, table, "notification_created", &["created_at"]).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        drop_tables(manager, &["notification"]).await
    }
}
