//! The schema: up, down and up again; newer than the binary.

use domain::{config::DatabaseConfig, database};
use migration::{Migrator, MigratorTrait};
use sea_orm::ConnectionTrait;

use crate::support::{
    TestDatabase,
    command::{pitwall, run},
};

fn config(database: &TestDatabase) -> DatabaseConfig {
    DatabaseConfig {
        url: database.url.clone(),
        // On SQLite another connection may still have the index in mind that this one has dropped,
        // and refuses to make it anew.
        max_connections: 1,
    }
}

#[tokio::test]
async fn the_schema_goes_up_and_down_and_up_again() {
    let database = TestDatabase::create().await;
    let db = database::open(&config(&database)).await.unwrap();
    Migrator::down(&db, None).await.unwrap();
    Migrator::up(&db, None).await.unwrap();
    Migrator::refresh(&db).await.unwrap();
    db.close().await.unwrap();
}

#[tokio::test]
async fn migrating_twice_does_nothing_the_second_time() {
    let database = TestDatabase::create().await;
    let first = run(pitwall(&database.url).arg("migrate")).well();
    assert!(!first.out().starts_with("0 "), "{}", first.out());
    let second = run(pitwall(&database.url).arg("migrate")).well();
    assert!(second.out().starts_with("0 "), "{}", second.out());
}

#[tokio::test]
async fn a_database_of_a_newer_schema_is_refused_with_a_clear_sentence() {
    let database = TestDatabase::create().await;
    let db = database::open(&config(&database)).await.unwrap();
    db.execute_unprepared(
        "INSERT INTO seaql_migrations (version, applied_at) VALUES ('m20990101_000001_flying_cars', 0)",
    )
    .await
    .unwrap();
    db.close().await.unwrap();
    let output = run(pitwall(&database.url).arg("migrate"));
    assert_eq!(output.code(), 1);
    assert!(output.err().contains("newer schema"), "{}", output.err());
    assert!(
        output.err().contains("m20990101_000001_flying_cars"),
        "{}",
        output.err()
    );
}
