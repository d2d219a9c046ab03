//! What the weather of sessions is expected to be, hour by hour.

use sea_orm_migration::{
    prelude::*,
    schema::{double_null, integer, string, timestamp_with_time_zone},
};

use crate::statement::{drop_tables, references};

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager
            .create_table(
                Table::create()
                    .table("weather_forecast")
                    .col(integer("race_id"))
                    .col(string("session"))
                    .col(timestamp_with_time_zone("hour"))
                    .col(string("source"))
                    .col(timestamp_with_time_zone("fetched_at"))
                    .col(double_null("air_temperature"))
                    .col(double_null("precipitation_probability"))
                    .col(double_null("precipitation"))
                    .col(double_null("wind_speed"))
                    .col(double_null("wind_direction"))
                    .col(double_null("humidity"))
                    .col(double_null("cloud_cover"))
                    .primary_key(Index::create().col("race_id").col("session").col("hour"))
                    .foreign_key(&mut references("weather_forecast", "race_id", "race", "id"))
                    .to_owned(),
            )
            .await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        drop_tables(manager, &["weather_forecast"]).await
    }
}
