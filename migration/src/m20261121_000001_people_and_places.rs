//! Seasons, circuits, drivers, constructors and their lineage.

use sea_orm_migration::{
    prelude::*,
    schema::{
        boolean, date_null, double_null, integer, integer_null, pk_auto, string, string_null,
    },
};

use crate::statement::{drop_tables, index, references};

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager
            .create_table(
                Table::create()
                    .table("season")
                    .col(integer("year").primary_key())
                    .col(boolean("derived_current"))
                    .col(string_null("wikipedia_url"))
                    .to_owned(),
            )
            .await?;
        manager
            .create_table(
                Table::create()
                    .table("circuit")
                    .col(pk_auto("id"))
                    .col(string("reference").unique_key())
                    .col(string("name"))
                    .col(string("locality"))
                    .col(string("country"))
                    .col(double_null("latitude"))
                    .col(double_null("longitude"))
                    .col(integer_null("altitude_m"))
                    .col(integer_null("length_m"))
                    .col(integer_null("turns"))
                    .col(string_null("wikipedia_url"))
                    .col(string("search"))
                    .col(integer("races_held").default(0))
                    .col(integer("starts").default(0))
                    .col(integer("retirements").default(0))
                    .col(integer("pole_wins").default(0))
                    .col(integer_null("first_season"))
                    .col(integer_null("last_season"))
                    .to_owned(),
            )
            .await?;
        manager
            .create_table(
                career_totals(
                    Table::create()
                        .table("driver")
                        .col(pk_auto("id"))
                        .col(string("reference").unique_key())
                        .col(string("given_name"))
                        .col(string("family_name"))
                        .col(string_null("code"))
                        .col(integer_null("permanent_number"))
                        .col(date_null("date_of_birth"))
                        .col(string("nationality"))
                        .col(string_null("wikipedia_url"))
                        .col(string("search")),
                )
                .to_owned(),
            )
            .await?;
        manager
            .create_table(
                career_totals(
                    Table::create()
                        .table("constructor")
                        .col(pk_auto("id"))
                        .col(string("reference").unique_key())
                        .col(string("name"))
                        .col(string("nationality"))
                        .col(string_null("wikipedia_url"))
                        .col(string("search")),
                )
                .to_owned(),
            )
            .await?;
        manager
            .create_table(
                Table::create()
                    .table("constructor_lineage")
                    .col(string("team"))
                    .col(integer("first_season"))
                    .col(integer_null("last_season"))
                    .col(integer("constructor_id"))
                    .primary_key(
                        Index::create()
                            .col("team")
                            .col("first_season")
                            .col("constructor_id"),
                    )
                    .foreign_key(&mut references(
                        "constructor_lineage",
                        "constructor_id",
                        "constructor",
                        "id",
                    ))
                    .to_owned(),
            )
            .await?;
        index(
            manager,
            "constructor_lineage",
            "constructor_lineage_constructor",
            &["constructor_id"],
        )
        .await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        drop_tables(
            manager,
            &[
                "constructor_lineage",
                "constructor",
                "driver",
                "circuit",
                "season",
            ],
        )
        .await
    }
}

fn career_totals(table: &mut TableCreateStatement) -> &mut TableCreateStatement {
    for column in [
        "starts",
        "wins",
        "podiums",
        "poles",
        "fastest_laps",
        "points",
        "retirements",
        "championships",
    ] {
        table.col(integer(column).default(0));
    }
    for column in ["best_finish", "first_season", "last_season"] {
        table.col(integer_null(column));
    }
    table
}
