//! Laps, stints, pit stops, weather, race control.

use sea_orm_migration::{
    prelude::*,
    schema::{
        boolean, boolean_null, double_null, integer, integer_null, pk_auto, string, string_null,
    },
};

use crate::statement::{drop_tables, index, references};

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        laps(manager).await?;
        stints_and_stops(manager).await?;
        conditions(manager).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        drop_tables(
            manager,
            &["race_control", "weather", "pit_stop", "stint", "lap"],
        )
        .await
    }
}

/// Laps carry no foreign keys: they are the bulk of all rows and are only ever written in
/// the transaction that has just resolved their race and drivers.
async fn laps(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    manager
        .create_table(
            Table::create()
                .table("lap")
                .col(integer("race_id"))
                .col(integer("driver_id"))
                .col(integer("lap"))
                .col(integer_null("position"))
                .col(integer_null("time_ms"))
                .col(integer_null("stint"))
                .col(string_null("compound"))
                .col(integer_null("tyre_age"))
                .col(string_null("track_status"))
                .col(boolean_null("is_accurate"))
                .col(boolean("pit_in"))
                .col(boolean("pit_out"))
                .col(integer_null("end_ms"))
                .col(integer_null("sector1_ms"))
                .col(integer_null("sector2_ms"))
                .col(integer_null("sector3_ms"))
                .primary_key(Index::create().col("race_id").col("driver_id").col("lap"))
                .to_owned(),
        )
        .await
}

async fn stints_and_stops(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    manager
        .create_table(
            Table::create()
                .table("stint")
                .col(integer("race_id"))
                .col(integer("driver_id"))
                .col(integer("stint"))
                .col(string("compound"))
                .col(string_null("compound_name"))
                .col(integer("first_lap"))
                .col(integer("last_lap"))
                .col(integer_null("tyre_age_at_start"))
                .col(boolean_null("is_fresh"))
                .primary_key(Index::create().col("race_id").col("driver_id").col("stint"))
                .foreign_key(&mut references("stint", "race_id", "race", "id"))
                .foreign_key(&mut references("stint", "driver_id", "driver", "id"))
                .to_owned(),
        )
        .await?;
    manager
        .create_table(
            Table::create()
                .table("pit_stop")
                .col(integer("race_id"))
                .col(integer("driver_id"))
                .col(integer("stop"))
                .col(integer("lap"))
                .col(string_null("local_time"))
                .col(integer_null("lane_ms"))
                .primary_key(Index::create().col("race_id").col("driver_id").col("stop"))
                .foreign_key(&mut references("pit_stop", "race_id", "race", "id"))
                .foreign_key(&mut references("pit_stop", "driver_id", "driver", "id"))
                .to_owned(),
        )
        .await
}

async fn conditions(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    manager
        .create_table(
            Table::create()
                .table("weather")
                .col(integer("race_id").primary_key())
                .col(double_null("wet_lap_share"))
                .col(double_null("air_temperature"))
                .col(double_null("track_temperature"))
                .col(double_null("humidity"))
                .col(double_null("wind_speed"))
                .col(double_null("pressure"))
                .col(double_null("rainfall_share"))
                .foreign_key(&mut references("weather", "race_id", "race", "id"))
                .to_owned(),
        )
        .await?;
    manager
        .create_table(
            Table::create()
                .table("race_control")
                .col(pk_auto("id"))
                .col(integer("race_id"))
                .col(string("kind"))
                .col(integer("from_lap"))
                .col(integer_null("to_lap"))
                .col(integer_null("full_laps"))
                .col(string("cause"))
                .col(string_null("resumption"))
                .foreign_key(&mut references("race_control", "race_id", "race", "id"))
                .to_owned(),
        )
        .await?;
    index(manager, "race_control", "race_control_race", &["race_id"]).await
}
