//! Opening the database: SQLite file or PostgreSQL, migrated to what this binary knows.

use std::{path::Path, time::Duration};

use migration::{Migrator, MigratorTrait};
use sea_orm::{
    ConnectOptions, ConnectionTrait, Database, DatabaseBackend, DatabaseConnection,
    DatabaseTransaction, DbErr, SqliteTransactionMode, Statement, TransactionOptions,
    TransactionTrait, sqlx::sqlite::SqliteConnectOptions,
};

use crate::config::DatabaseConfig;

/// Prepared statements kept per connection: an import writes some fifteen tables with up to
/// ten sizes of rows at a time.
const STATEMENTS: usize = 300;

/// How long an idle connection is believed to live; after that it is tested before use.
const TRUSTED: Duration = Duration::from_secs(1);

/// Rows that SQLite's thread reads ahead: a season's results without waiting for the reader.
const ROWS: usize = 1000;

/// The database cannot be used, in a sentence that says what to do.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// Wrong address, server away, folder read-only.
    #[error("cannot open the database {url}: {reason}. {advice}")]
    Connect {
        url: String,
        reason: String,
        advice: String,
    },
    /// Written by a newer Pitwall.
    #[error(
        "the database {url} has a newer schema ({newest}) than this binary knows; \
         upgrade pitwall or use another database"
    )]
    Newer { url: String, newest: String },
    /// The first read failed.
    #[error("reading the database failed: {0}")]
    Read(DbErr),
    /// A migration failed.
    #[error("migrating the database {url} failed: {reason}")]
    Migrate { url: String, reason: String },
}

/// Connects and brings the schema up to date.
///
/// # Errors
/// When the database cannot be reached or written, or is of a newer schema.
pub async fn open(config: &DatabaseConfig) -> Result<DatabaseConnection, OpenError> {
    let db = connect(config).await?;
    migrate(&db, config).await?;
    Ok(db)
}

/// Connects without touching the schema.
///
/// # Errors
/// When the database cannot be reached.
pub async fn connect(config: &DatabaseConfig) -> Result<DatabaseConnection, OpenError> {
    let mut options = ConnectOptions::new(complete(&config.url));
    options
        .max_connections(config.max_connections)
        .min_connections(1)
        .connect_timeout(Duration::from_secs(5))
        .acquire_timeout(Duration::from_secs(10))
        .test_before_acquire_if_idle_for(TRUSTED)
        .sqlx_logging(false)
        .map_sqlx_sqlite_opts(sqlite_options)
        .map_sqlx_postgres_opts(|options| options.statement_cache_capacity(STATEMENTS));
    Database::connect(options)
        .await
        .map_err(|error| connect_error(config, &error))
}

/// Applies the migrations that are missing and says how many there were.
///
/// # Errors
/// When a migration fails or the schema is newer than this binary.
pub async fn migrate(db: &DatabaseConnection, config: &DatabaseConfig) -> Result<usize, OpenError> {
    let failed = |error: DbErr| OpenError::Migrate {
        url: shown(&config.url),
        reason: error.to_string(),
    };
    let applied = applied(db).await.map_err(failed)?;
    let known = migration::known();
    if let Some(newest) = applied.iter().rev().find(|name| !known.contains(name)) {
        return Err(OpenError::Newer {
            url: shown(&config.url),
            newest: newest.clone(),
        });
    }
    let missing = known.len() - applied.len();
    if missing > 0 {
        Migrator::up(db, None).await.map_err(failed)?;
    }
    Ok(missing)
}

/// A transaction that writes: SQLite takes its lock at once, so that it waits instead of
/// failing half-way.
///
/// # Errors
/// When the database fails.
pub async fn begin(db: &DatabaseConnection) -> Result<DatabaseTransaction, DbErr> {
    let options = TransactionOptions {
        sqlite_transaction_mode: Some(SqliteTransactionMode::Immediate),
        ..TransactionOptions::default()
    };
    db.begin_with_options(options).await
}

/// The same for what is one of many and done again when it is lost: PostgreSQL does not wait until
/// it is on disk, and may forget the last half second of it when it crashes.
///
/// # Errors
/// When the database fails.
pub async fn begin_hastily(db: &DatabaseConnection) -> Result<DatabaseTransaction, DbErr> {
    let transaction = begin(db).await?;
    if db.get_database_backend() == DatabaseBackend::Postgres {
        transaction
            .execute_unprepared("SET LOCAL synchronous_commit = off")
            .await?;
    }
    Ok(transaction)
}

/// Names of the applied migrations, none in a database that never saw one.
async fn applied(db: &DatabaseConnection) -> Result<Vec<String>, DbErr> {
    let backend = db.get_database_backend();
    let exists = match backend {
        DatabaseBackend::Postgres => {
            "SELECT tablename FROM pg_tables WHERE tablename = 'seaql_migrations' AND schemaname = ANY (current_schemas(false))"
        }
        _ => "SELECT name FROM sqlite_master WHERE name = 'seaql_migrations'",
    };
    let db_has = db
        .query_one_raw(Statement::from_string(backend, exists))
        .await?
        .is_some();
    if !db_has {
        return Ok(Vec::new());
    }
    db.query_all_raw(Statement::from_string(
        backend,
        "SELECT version FROM seaql_migrations ORDER BY version",
    ))
    .await?
    .iter()
    .map(|row| row.try_get_by_index(0))
    .collect()
}

/// Readers never wait for the writer; a crash of the machine may cost the last
/// transactions but never the file.
fn sqlite_options(options: SqliteConnectOptions) -> SqliteConnectOptions {
    options
        .row_buffer_size(ROWS)
        .journal_mode(sea_orm::sqlx::sqlite::SqliteJournalMode::Wal)
        .synchronous(sea_orm::sqlx::sqlite::SqliteSynchronous::Normal)
        .busy_timeout(Duration::from_secs(10))
        .pragma("cache_size", "-4000")
        .pragma("temp_store", "memory")
        .foreign_keys(true)
        .statement_cache_capacity(STATEMENTS)
}

/// The address with what is usual: an SQLite file is created when missing; PostgreSQL on this
/// machine is spoken to in the clear, since encryption doubles the time of an import and
/// protects from nobody there.
fn complete(url: &str) -> String {
    let separator = if url.contains('?') { '&' } else { '?' };
    if url.starts_with("sqlite:") && !url.contains("mode=") && !url.contains(":memory:") {
        return format!("{url}{separator}mode=rwc");
    }
    if url.starts_with("postgres") && is_local(url) && !url.contains("sslmode=") {
        return format!("{url}{separator}sslmode=disable");
    }
    url.to_owned()
}

fn is_local(url: &str) -> bool {
    let Some((_, rest)) = url.split_once("://") else {
        return false;
    };
    let authority = rest.split(['/', '?']).next().unwrap_or(rest);
    let host = authority.rsplit('@').next().unwrap_or(authority);
    ["127.0.0.1", "localhost", "[::1]"]
        .iter()
        .any(|local| host == *local || host.starts_with(&format!("{local}:")))
}

fn connect_error(config: &DatabaseConfig, error: &DbErr) -> OpenError {
    let advice = match config.url.strip_prefix("sqlite://") {
        Some(file) => {
            let file = file.split('?').next().unwrap_or(file);
            let folder = Path::new(file)
                .parent()
                .filter(|folder| !folder.as_os_str().is_empty())
                .map_or_else(|| ".".to_owned(), |folder| folder.display().to_string());
            format!("Check that the folder {folder} exists and can be written, or set DATABASE_URL")
        }
        None => "Check that the server runs and that DATABASE_URL is right".to_owned(),
    };
    OpenError::Connect {
        url: shown(&config.url),
        reason: error.to_string(),
        advice,
    }
}

/// An address without its password.
fn shown(url: &str) -> String {
    match (url.split_once("://"), url.rsplit_once('@')) {
        (Some((scheme, _)), Some((login, host))) => {
            let user = login
                .trim_start_matches(scheme)
                .trim_start_matches("://")
                .split(':')
                .next()
                .unwrap_or_default();
            format!("{scheme}://{user}@{host}")
        }
        _ => url.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_is_never_shown() {
        assert_eq!(
            shown("postgres://me:secret@localhost/test"),
            "postgres://me@localhost/test"
        );
        assert_eq!(shown("sqlite://pitwall.db"), "sqlite://pitwall.db");
    }

    #[test]
    fn only_a_server_on_this_machine_is_spoken_to_in_the_clear() {
        for (url, completed) in [
            (
                "postgres://me@127.0.0.1:5432/a",
                "postgres://me@127.0.0.1:5432/a?sslmode=disable",
            ),
            (
                "postgres://localhost/a?x=1",
                "postgres://localhost/a?x=1&sslmode=disable",
            ),
            (
                "postgres://localhost/a?sslmode=require",
                "postgres://localhost/a?sslmode=require",
            ),
            (
                "postgres://me@db.example.org/a",
                "postgres://me@db.example.org/a",
            ),
            (
                "postgres://me@localhost.example.org/a",
                "postgres://me@localhost.example.org/a",
            ),
        ] {
            assert_eq!(complete(url), completed);
        }
    }

    #[test]
    fn a_sqlite_file_is_created_when_missing() {
        assert_eq!(complete("sqlite://a.db"), "sqlite://a.db?mode=rwc");
        assert_eq!(complete("sqlite://a.db?mode=ro"), "sqlite://a.db?mode=ro");
    }
}
