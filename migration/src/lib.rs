//! Schema changes, append-only, for SQLite and PostgreSQL alike.
//!
//! May use: nothing of ours; entities change later, migrations never do.

pub use sea_orm_migration::prelude::*;

mod m20261121_000001_people_and_places;
mod m20261121_000002_races;
mod m20261121_000003_race_details;
mod m20261121_000004_bookkeeping;
mod m20261124_000005_models;
mod m20261125_000006_upstream;
mod m20261125_000007_webhook;
mod m20261125_000008_live;
mod m20261128_000009_jobs;
mod m20261128_000010_forecast_log;
mod m20261128_000011_weather_forecast;
mod m20261128_000012_lease;
mod m20261129_000013_model_record;
mod m20261129_000014_accounts;
mod m20261129_000015_leagues;
mod m20261129_000016_drafts;
mod m20261129_000017_scores;
mod m20261129_000018_notifications;
mod statement;

/// All migrations in order.
pub struct Migrator;

#[async_trait::async_trait]
impl MigratorTrait for Migrator {
    fn migrations() -> Vec<Box<dyn MigrationTrait>> {
        vec![
            Box::new(m20261121_000001_people_and_places::Migration),
            Box::new(m20261121_000002_races::Migration),
            Box::new(m20261121_000003_race_details::Migration),
            Box::new(m20261121_000004_bookkeeping::Migration),
            Box::new(m20261124_000005_models::Migration),
            Box::new(m20261125_000006_upstream::Migration),
            Box::new(m20261125_000007_webhook::Migration),
            Box::new(m20261125_000008_live::Migration),
            Box::new(m20261128_000009_jobs::Migration),
            Box::new(m20261128_000010_forecast_log::Migration),
            Box::new(m20261128_000011_weather_forecast::Migration),
            Box::new(m20261128_000012_lease::Migration),
            Box::new(m20261129_000013_model_record::Migration),
            Box::new(m20261129_000014_accounts::Migration),
            Box::new(m20261129_000015_leagues::Migration),
            Box::new(m20261129_000016_drafts::Migration),
            Box::new(m20261129_000017_scores::Migration),
            Box::new(m20261129_000018_notifications::Migration),
        ]
    }
}

/// Names of the migrations this binary knows, oldest first.
#[must_use]
pub fn known() -> Vec<String> {
    Migrator::migrations()
        .iter()
        .map(|migration| migration.name().to_owned())
        .collect()
}
