//! Trained models, which of them answers, back-tests, and what was forecast.

use sea_orm_migration::{
    prelude::*,
    schema::{
        blob, double, integer, integer_null, pk_auto, string, string_null,
        timestamp_with_time_zone, timestamp_with_time_zone_null,
    },
};

use crate::statement::{drop_tables, index, references, unique};

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        models(manager).await?;
        production(manager).await?;
        backtests(manager).await?;
        forecasts(manager).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        drop_tables(
            manager,
            &[
                "forecast",
                "backtest_run",
                "production_model",
                "model_artifact",
                "model",
            ],
        )
        .await
    }
}

/// What was learned stands beside the row that tells of it: lists of models need not read it,
/// and it may go while the row stays.
async fn models(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    manager
        .create_table(
            Table::create()
                .table("model")
                .col(pk_auto("id"))
                .col(string("engine"))
                .col(integer("version"))
                .col(integer("engine_revision"))
                .col(integer("feature_revision"))
                .col(timestamp_with_time_zone("trained_at"))
                .col(integer_null("trained_through"))
                .col(integer("trained_on"))
                .col(string("fingerprint"))
                .col(string("hyperparameters"))
                .col(double("seconds"))
                .col(string("sha256"))
                .col(integer("bytes"))
                .foreign_key(
                    references("model", "trained_through", "race", "id")
                        .on_delete(ForeignKeyAction::SetNull),
                )
                .to_owned(),
        )
        .await?;
    unique(manager, "model", "model_key", &["engine", "version"]).await?;
    manager
        .create_table(
            Table::create()
                .table("model_artifact")
                .col(integer("model_id").primary_key())
                .col(blob("content"))
                .foreign_key(
                    references("model_artifact", "model_id", "model", "id")
                        .on_delete(ForeignKeyAction::Cascade),
                )
                .to_owned(),
        )
        .await
}

async fn production(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    manager
        .create_table(
            Table::create()
                .table("production_model")
                .col(string("engine").primary_key())
                .col(integer("model_id"))
                .col(integer_null("previous_model_id"))
                .col(timestamp_with_time_zone("promoted_at"))
                .foreign_key(&mut references(
                    "production_model",
                    "model_id",
                    "model",
                    "id",
                ))
                .foreign_key(
                    references("production_model", "previous_model_id", "model", "id")
                        .on_delete(ForeignKeyAction::SetNull),
                )
                .to_owned(),
        )
        .await
}

async fn backtests(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    manager
        .create_table(
            Table::create()
                .table("backtest_run")
                .col(pk_auto("id"))
                .col(string("engine"))
                .col(integer("engine_revision"))
                .col(integer("feature_revision"))
                .col(string("stage"))
                .col(string("target"))
                .col(integer("first_season"))
                .col(integer("last_season"))
                .col(integer("races"))
                .col(string("fingerprint"))
                .col(string("metrics"))
                .col(string("calibration"))
                .col(timestamp_with_time_zone("started_at"))
                .col(double("seconds"))
                .to_owned(),
        )
        .await?;
    index(
        manager,
        "backtest_run",
        "backtest_run_of_engine",
        &[
            "engine",
            "stage",
            "target",
            "first_season",
            "last_season",
            "id",
        ],
    )
    .await
}

async fn forecasts(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    manager
        .create_table(
            Table::create()
                .table("forecast")
                .col(pk_auto("id"))
                .col(integer("race_id"))
                .col(string("engine"))
                .col(string("stage"))
                .col(string("target"))
                .col(string("origin"))
                .col(integer_null("model_id"))
                .col(integer_null("backtest_run_id"))
                .col(timestamp_with_time_zone("generated_at"))
                .col(timestamp_with_time_zone_null("frozen_at"))
                .col(string("fingerprint"))
                .col(blob("body"))
                .col(string_null("evaluation"))
                .foreign_key(
                    references("forecast", "race_id", "race", "id")
                        .on_delete(ForeignKeyAction::Cascade),
                )
                .foreign_key(
                    references("forecast", "model_id", "model", "id")
                        .on_delete(ForeignKeyAction::SetNull),
                )
                .foreign_key(
                    references("forecast", "backtest_run_id", "backtest_run", "id")
                        .on_delete(ForeignKeyAction::Cascade),
                )
                .to_owned(),
        )
        .await?;
    let key = ["race_id", "engine", "stage", "target"];
    // Two indexes, since no null equals another: one live forecast, and one of each back-test.
    let mut live = Index::create();
    live.name("forecast_live_key").table("forecast").unique();
    for column in key {
        live.col(column);
    }
    live.cond_where(Expr::col("backtest_run_id").is_null());
    manager.create_index(live).await?;
    let mut backtest = vec!["backtest_run_id"];
    backtest.extend(key);
    unique(manager, "forecast", "forecast_backtest_key", &backtest).await?;
    index(manager, "forecast", "forecast_model", &["model_id"]).await
}
