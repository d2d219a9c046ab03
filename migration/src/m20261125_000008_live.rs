//! Races as they are run: what was said of them, and the events that were told; replays of
//! past ones.

use sea_orm_migration::{
    prelude::*,
    schema::{big_integer, boolean, integer, integer_null, string, text, timestamp_with_time_zone},
};

use crate::statement::{drop_tables, index, references};

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        races(manager).await?;
        events(manager).await?;
        replays(manager).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let tables = ["live_replay", "live_event", "live_fact", "live_race"];
        drop_tables(manager, &tables).await
    }
}

async fn races(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    manager
        .create_table(
            Table::create()
                .table("live_race")
                .col(integer("race_id").primary_key())
                .col(text("setting"))
                .col(big_integer("base_sequence"))
                .col(text("base"))
                .col(timestamp_with_time_zone("told_at"))
                .foreign_key(&mut references("live_race", "race_id", "race", "id"))
                .to_owned(),
        )
        .await?;
    manager
        .create_table(
            Table::create()
                .table("live_fact")
                .col(integer("race_id"))
                .col(string("fact"))
                .col(text("body"))
                .primary_key(Index::create().col("race_id").col("fact"))
                .foreign_key(&mut references("live_fact", "race_id", "race", "id"))
                .to_owned(),
        )
        .await
}

/// Events carry no foreign keys, as laps do not: they are written in the transaction that has
/// just resolved their race and drivers.
async fn events(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    manager
        .create_table(
            Table::create()
                .table("live_event")
                .col(integer("race_id"))
                .col(big_integer("sequence"))
                .col(timestamp_with_time_zone("at"))
                .col(timestamp_with_time_zone("told_at"))
                .col(string("kind"))
                .col(integer_null("driver_id"))
                .col(text("body"))
                .primary_key(Index::create().col("race_id").col("sequence"))
                .to_owned(),
        )
        .await
}

async fn replays(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    manager
        .create_table(
            Table::create()
                .table("live_replay")
                .col(string("handle").primary_key())
                .col(integer("race_id"))
                .col(string("owner"))
                .col(text("steps"))
                .col(boolean("stopped"))
                .col(timestamp_with_time_zone("started_at"))
                .col(timestamp_with_time_zone("expires_at"))
                .foreign_key(&mut references("live_replay", "race_id", "race", "id"))
                .to_owned(),
        )
        .await?;
    index(manager, "live_replay", "live_replay_owner", &["owner"]).await
}
