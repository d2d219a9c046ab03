//! Races, their sessions and entries, and every classification.

use sea_orm_migration::{
    prelude::*,
    schema::{
        boolean, date, double_null, integer, integer_null, pk_auto, string, string_null,
        timestamp_with_time_zone, timestamp_with_time_zone_null,
    },
};

use crate::statement::{drop_tables, index, references, unique};

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        races(manager).await?;
        entries(manager).await?;
        results(manager).await?;
        qualifying_and_practice(manager).await?;
        standings(manager).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        drop_tables(
            manager,
            &[
                "constructor_standing",
                "driver_standing",
                "practice_result",
                "qualifying_result",
                "result_revision",
                "result",
                "entry",
                "session",
                "race_alias",
                "race",
            ],
        )
        .await
    }
}

async fn races(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    manager
        .create_table(
            Table::create()
                .table("race")
                .col(pk_auto("id"))
                .col(string("reference").unique_key())
                .col(integer("season"))
                .col(integer("round"))
                .col(string("name"))
                .col(integer("circuit_id"))
                .col(date("date"))
                .col(timestamp_with_time_zone_null("starts_at"))
                .col(string("status"))
                .col(string_null("wikipedia_url"))
                .foreign_key(&mut references("race", "season", "season", "year"))
                .foreign_key(&mut references("race", "circuit_id", "circuit", "id"))
                .to_owned(),
        )
        .await?;
    index(manager, "race", "race_season_round", &["season", "round"]).await?;
    index(manager, "race", "race_circuit", &["circuit_id", "date"]).await?;
    index(manager, "race", "race_status_date", &["status", "date"]).await?;
    index(manager, "race", "race_date", &["date"]).await?;
    manager
        .create_table(
            Table::create()
                .table("race_alias")
                .col(integer("season"))
                .col(string("slug"))
                .col(integer("race_id"))
                .primary_key(Index::create().col("season").col("slug"))
                .foreign_key(&mut references("race_alias", "race_id", "race", "id"))
                .to_owned(),
        )
        .await?;
    manager
        .create_table(
            Table::create()
                .table("session")
                .col(integer("race_id"))
                .col(string("kind"))
                .col(date("date"))
                .col(timestamp_with_time_zone_null("starts_at"))
                .primary_key(Index::create().col("race_id").col("kind"))
                .foreign_key(&mut references("session", "race_id", "race", "id"))
                .to_owned(),
        )
        .await
}

async fn entries(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    manager
        .create_table(
            Table::create()
                .table("entry")
                .col(pk_auto("id"))
                .col(integer("race_id"))
                .col(integer("driver_id"))
                .col(integer("constructor_id"))
                .col(string("number"))
                .col(string_null("code"))
                .foreign_key(&mut references("entry", "race_id", "race", "id"))
                .foreign_key(&mut references("entry", "driver_id", "driver", "id"))
                .foreign_key(&mut references(
                    "entry",
                    "constructor_id",
                    "constructor",
                    "id",
                ))
                .to_owned(),
        )
        .await?;
    unique(
        manager,
        "entry",
        "entry_key",
        &["race_id", "driver_id", "number", "constructor_id"],
    )
    .await?;
    index(manager, "entry", "entry_driver", &["driver_id", "race_id"]).await?;
    index(
        manager,
        "entry",
        "entry_constructor",
        &["constructor_id", "race_id"],
    )
    .await
}

async fn results(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    manager
        .create_table(
            Table::create()
                .table("result")
                .col(pk_auto("id"))
                .col(integer("race_id"))
                .col(string("session"))
                .col(integer("driver_id"))
                .col(integer("constructor_id"))
                .col(string("number"))
                .col(integer_null("grid"))
                .col(integer_null("position"))
                .col(string("position_text"))
                .col(integer("position_order"))
                .col(integer("points"))
                .col(integer("laps"))
                .col(integer_null("time_ms"))
                .col(string("status"))
                .col(string("status_text"))
                .col(integer_null("fastest_lap"))
                .col(integer_null("fastest_lap_rank"))
                .col(integer_null("fastest_lap_ms"))
                .col(double_null("fastest_lap_speed"))
                .col(boolean("pole"))
                .col(integer("revision"))
                .foreign_key(&mut references("result", "race_id", "race", "id"))
                .foreign_key(&mut references("result", "driver_id", "driver", "id"))
                .foreign_key(&mut references(
                    "result",
                    "constructor_id",
                    "constructor",
                    "id",
                ))
                .to_owned(),
        )
        .await?;
    unique(
        manager,
        "result",
        "result_key",
        &[
            "race_id",
            "session",
            "driver_id",
            "number",
            "constructor_id",
        ],
    )
    .await?;
    index(
        manager,
        "result",
        "result_driver",
        &["driver_id", "session", "race_id"],
    )
    .await?;
    index(
        manager,
        "result",
        "result_constructor",
        &["constructor_id", "session", "race_id"],
    )
    .await?;
    manager
        .create_table(
            Table::create()
                .table("result_revision")
                .col(integer("result_id"))
                .col(integer("revision"))
                .col(integer_null("position"))
                .col(integer("points"))
                .col(integer_null("grid"))
                .col(integer("laps"))
                .col(string("status"))
                .col(string("source"))
                .col(timestamp_with_time_zone("superseded_at"))
                .primary_key(Index::create().col("result_id").col("revision"))
                .foreign_key(
                    references("result_revision", "result_id", "result", "id")
                        .on_delete(ForeignKeyAction::Cascade),
                )
                .to_owned(),
        )
        .await
}

async fn qualifying_and_practice(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    manager
        .create_table(
            Table::create()
                .table("qualifying_result")
                .col(pk_auto("id"))
                .col(integer("race_id"))
                .col(string("session"))
                .col(integer("driver_id"))
                .col(integer("constructor_id"))
                .col(string("number"))
                .col(integer_null("position"))
                .col(integer_null("q1_ms"))
                .col(integer_null("q2_ms"))
                .col(integer_null("q3_ms"))
                .foreign_key(&mut references(
                    "qualifying_result",
                    "race_id",
                    "race",
                    "id",
                ))
                .foreign_key(&mut references(
                    "qualifying_result",
                    "driver_id",
                    "driver",
                    "id",
                ))
                .to_owned(),
        )
        .await?;
    unique(
        manager,
        "qualifying_result",
        "qualifying_result_key",
        &[
            "race_id",
            "session",
            "driver_id",
            "number",
            "constructor_id",
        ],
    )
    .await?;
    index(
        manager,
        "qualifying_result",
        "qualifying_result_driver",
        &["driver_id", "race_id"],
    )
    .await?;
    manager
        .create_table(
            Table::create()
                .table("practice_result")
                .col(integer("race_id"))
                .col(string("session"))
                .col(integer("driver_id"))
                .col(integer("constructor_id"))
                .col(integer_null("position"))
                .col(integer_null("best_lap_ms"))
                .col(integer_null("laps"))
                .primary_key(
                    Index::create()
                        .col("race_id")
                        .col("session")
                        .col("driver_id"),
                )
                .foreign_key(&mut references("practice_result", "race_id", "race", "id"))
                .foreign_key(&mut references(
                    "practice_result",
                    "driver_id",
                    "driver",
                    "id",
                ))
                .to_owned(),
        )
        .await
}

/// As laps, standings carry no foreign keys: a hundred thousand rows that follow from results.
async fn standings(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    for (table, who) in [
        ("driver_standing", "driver_id"),
        ("constructor_standing", "constructor_id"),
    ] {
        manager
            .create_table(
                Table::create()
                    .table(table)
                    .col(integer("race_id"))
                    .col(integer(who))
                    .col(string("origin"))
                    .col(integer("points"))
                    .col(integer_null("position"))
                    .col(string("position_text"))
                    .col(integer("wins"))
                    .primary_key(Index::create().col("race_id").col("origin").col(who))
                    .to_owned(),
            )
            .await?;
        index(
            manager,
            table,
            &format!("{table}_of_one"),
            &[who, "origin", "race_id"],
        )
        .await?;
    }
    Ok(())
}
