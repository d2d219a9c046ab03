//! Scores of drafts: as they are, and how they have come to be so.

use sea_orm_migration::{
    prelude::*,
    schema::{big_integer, integer, integer_null, string, text, timestamp_with_time_zone},
};

use crate::statement::{drop_tables, index, references};

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        races(manager).await?;
        picks(manager).await?;
        revisions(manager).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        drop_tables(manager, &["score_revision", "pick_score", "race_score"]).await
    }
}

async fn races(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    let table = "race_score";
    manager
        .create_table(
            Table::create()
                .table(table)
                .col(integer("draft_id").primary_key())
                .col(integer("league_id"))
                .col(integer("race_id"))
                .col(integer("revision"))
                .col(text("ruleset"))
                .col(string("fingerprint"))
                .col(big_integer("entry_sequence"))
                .col(timestamp_with_time_zone("scored_at"))
                .foreign_key(&mut references(table, "draft_id", "draft", "id"))
                .foreign_key(&mut references(table, "league_id", "league", "id"))
                .foreign_key(&mut references(table, "race_id", "race", "id"))
                .to_owned(),
        )
        .await?;
    index(manager, table, "race_score_league", &["league_id"]).await
}

async fn picks(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    let table = "pick_score";
    manager
        .create_table(
            Table::create()
                .table(table)
                .col(integer("draft_id"))
                .col(integer("team_id"))
                .col(integer("number"))
                .col(integer_null("drafted_id"))
                .col(integer_null("counted_id"))
                .col(integer_null("race_position"))
                .col(integer("points"))
                .col(text("breakdown"))
                .primary_key(Index::create().col("draft_id").col("team_id").col("number"))
                .foreign_key(&mut references(table, "draft_id", "race_score", "draft_id"))
                .foreign_key(&mut references(table, "team_id", "fantasy_team", "id"))
                .foreign_key(&mut references(table, "drafted_id", "driver", "id"))
                .foreign_key(&mut references(table, "counted_id", "driver", "id"))
                .to_owned(),
        )
        .await
}

async fn revisions(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    let table = "score_revision";
    manager
        .create_table(
            Table::create()
                .table(table)
                .col(integer("draft_id"))
                .col(integer("revision"))
                .col(timestamp_with_time_zone("at"))
                .col(string("reason"))
                .col(text("changes"))
                .col(big_integer("event_sequence"))
                .primary_key(Index::create().col("draft_id").col("revision"))
                .foreign_key(&mut references(table, "draft_id", "race_score", "draft_id"))
                .to_owned(),
        )
        .await
}
