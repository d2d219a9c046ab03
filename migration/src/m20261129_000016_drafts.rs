//! Drafts: what is settled of each, what was written of it, and whom members would draft.

use sea_orm_migration::{
    prelude::*,
    schema::{
        big_integer, integer, integer_null, pk_auto, string, string_null, text,
        timestamp_with_time_zone, timestamp_with_time_zone_null,
    },
};

use crate::statement::{drop_tables, index, references, unique};

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        drafts(manager).await?;
        entries(manager).await?;
        picks(manager).await?;
        wishes(manager).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let tables = ["pick_queue", "draft_pick", "draft_entry", "draft"];
        drop_tables(manager, &tables).await
    }
}

async fn drafts(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    let table = "draft";
    manager
        .create_table(
            Table::create()
                .table(table)
                .col(pk_auto("id"))
                .col(string("reference").unique_key())
                .col(integer("league_id"))
                .col(integer("race_id"))
                .col(string("state"))
                .col(text("first_order"))
                .col(integer_null("settings_version"))
                .col(timestamp_with_time_zone("created_at"))
                .col(timestamp_with_time_zone_null("next_due"))
                .foreign_key(&mut references(table, "league_id", "league", "id"))
                .foreign_key(&mut references(table, "race_id", "race", "id"))
                .to_owned(),
        )
        .await?;
    // Two processes that make it at once settle it here.
    let one_each = ["league_id", "race_id"];
    unique(manager, table, "draft_race_of_league", &one_each).await?;
    index(manager, table, "draft_race", &["race_id"]).await?;
    index(manager, table, "draft_next_due", &["next_due"]).await
}

async fn entries(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    let table = "draft_entry";
    manager
        .create_table(
            Table::create()
                .table(table)
                .col(integer("draft_id"))
                .col(big_integer("sequence"))
                .col(timestamp_with_time_zone("at"))
                .col(string_null("user_id"))
                .col(text("action"))
                .col(big_integer("event_sequence"))
                // Of two that are written at once one is too late.
                .primary_key(Index::create().col("draft_id").col("sequence"))
                .foreign_key(&mut references(table, "draft_id", "draft", "id"))
                .foreign_key(&mut references(table, "user_id", "user", "id"))
                .to_owned(),
        )
        .await
}

async fn picks(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    let table = "draft_pick";
    manager
        .create_table(
            Table::create()
                .table(table)
                .col(integer("draft_id"))
                .col(integer("number"))
                .col(integer("team_id"))
                .col(integer_null("drafted_id"))
                .col(integer_null("driver_id"))
                .primary_key(Index::create().col("draft_id").col("number"))
                .foreign_key(&mut references(table, "draft_id", "draft", "id"))
                .foreign_key(&mut references(table, "team_id", "fantasy_team", "id"))
                .foreign_key(&mut references(table, "drafted_id", "driver", "id"))
                .foreign_key(&mut references(table, "driver_id", "driver", "id"))
                .to_owned(),
        )
        .await?;
    // No driver twice in a league and race, whatever the rules let pass.
    let once = ["draft_id", "driver_id"];
    unique(manager, table, "draft_pick_driver", &once).await?;
    index(manager, table, "draft_pick_team", &["team_id"]).await
}

async fn wishes(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    let table = "pick_queue";
    manager
        .create_table(
            Table::create()
                .table(table)
                .col(integer("team_id"))
                .col(integer("place"))
                .col(integer("driver_id"))
                .primary_key(Index::create().col("team_id").col("place"))
                .foreign_key(&mut references(table, "team_id", "fantasy_team", "id"))
                .foreign_key(&mut references(table, "driver_id", "driver", "id"))
                .to_owned(),
        )
        .await
}
