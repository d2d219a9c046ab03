//! Forecasts said before the race: what they rest on, when they were told, and how they did on
//! results that were corrected later.

use sea_orm_migration::{
    prelude::*,
    schema::{
        big_integer_null, integer, integer_null, string, string_null, text,
        timestamp_with_time_zone, timestamp_with_time_zone_null,
    },
};

use crate::statement::{drop_tables, references};

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        // One at a time: SQLite takes no more.
        for column in [
            big_integer_null("sequence"),
            integer_null("engine_revision"),
            integer_null("feature_revision"),
            string_null("results"),
            timestamp_with_time_zone_null("evaluated_at"),
        ] {
            let mut table = Table::alter();
            table.table("forecast").add_column(column);
            manager.alter_table(table).await?;
        }
        // They are looked for every minute.
        let mut open = Index::create();
        open.name("forecast_open").table("forecast").col("race_id");
        open.cond_where(Expr::col("backtest_run_id").is_null());
        open.cond_where(Expr::col("frozen_at").is_null());
        manager.create_index(open).await?;
        earlier(manager).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        drop_tables(manager, &["forecast_evaluation"]).await?;
        let open = Index::drop()
            .name("forecast_open")
            .table("forecast")
            .to_owned();
        manager.drop_index(open).await?;
        for column in [
            "evaluated_at",
            "results",
            "feature_revision",
            "engine_revision",
            "sequence",
        ] {
            let mut table = Table::alter();
            table.table("forecast").drop_column(column);
            manager.alter_table(table).await?;
        }
        Ok(())
    }
}

async fn earlier(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    manager
        .create_table(
            Table::create()
                .table("forecast_evaluation")
                .col(integer("forecast_id"))
                .col(integer("revision"))
                .col(text("evaluation"))
                .col(string("results"))
                .col(timestamp_with_time_zone("evaluated_at"))
                .col(timestamp_with_time_zone("superseded_at"))
                .primary_key(Index::create().col("forecast_id").col("revision"))
                .foreign_key(
                    references("forecast_evaluation", "forecast_id", "forecast", "id")
                        .on_delete(ForeignKeyAction::Cascade),
                )
                .to_owned(),
        )
        .await
}
