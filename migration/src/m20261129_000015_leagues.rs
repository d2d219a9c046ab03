//! Leagues: their settings, version by version, and the teams in them.

use sea_orm_migration::{
    prelude::*,
    schema::{
        boolean, date, integer, integer_null, pk_auto, string, text, timestamp_with_time_zone,
        timestamp_with_time_zone_null,
    },
};

use crate::statement::{drop_tables, index, references, unique};

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        leagues(manager).await?;
        settings(manager).await?;
        teams(manager).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let tables = ["fantasy_team", "league_settings", "league"];
        drop_tables(manager, &tables).await
    }
}

async fn leagues(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    let table = "league";
    manager
        .create_table(
            Table::create()
                .table(table)
                .col(pk_auto("id"))
                .col(string("reference").unique_key())
                .col(string("name"))
                .col(string("search"))
                .col(string("owner_id"))
                .col(string("visibility"))
                .col(string("invite_code").unique_key())
                .col(integer_null("max_teams"))
                .col(timestamp_with_time_zone("created_at"))
                .col(timestamp_with_time_zone_null("closed_at"))
                .foreign_key(&mut references(table, "owner_id", "user", "id"))
                .to_owned(),
        )
        .await?;
    index(manager, table, "league_owner", &["owner_id"]).await?;
    let directory = ["visibility", "search", "id"];
    index(manager, table, "league_directory", &directory).await
}

async fn settings(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    let table = "league_settings";
    manager
        .create_table(
            Table::create()
                .table(table)
                .col(integer("league_id"))
                .col(integer("version"))
                .col(integer_null("from_race_id"))
                .col(date("from_date"))
                .col(text("settings"))
                .col(timestamp_with_time_zone("created_at"))
                .primary_key(Index::create().col("league_id").col("version"))
                .foreign_key(&mut references(table, "league_id", "league", "id"))
                .foreign_key(&mut references(table, "from_race_id", "race", "id"))
                .to_owned(),
        )
        .await
}

async fn teams(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    let table = "fantasy_team";
    manager
        .create_table(
            Table::create()
                .table(table)
                .col(pk_auto("id"))
                .col(string("reference").unique_key())
                .col(integer("league_id"))
                .col(string("user_id"))
                .col(string("name"))
                .col(timestamp_with_time_zone("joined_at"))
                .col(timestamp_with_time_zone_null("left_at"))
                .col(boolean("removed"))
                .foreign_key(&mut references(table, "league_id", "league", "id"))
                .foreign_key(&mut references(table, "user_id", "user", "id"))
                .to_owned(),
        )
        .await?;
    // Two requests of one user to join at once settle it here.
    let one_each = ["league_id", "user_id"];
    unique(manager, table, "fantasy_team_user_of_league", &one_each).await?;
    index(manager, table, "fantasy_team_user", &["user_id"]).await
}
