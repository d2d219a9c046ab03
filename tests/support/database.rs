//! Databases that belong to one test.

use std::sync::atomic::{AtomicU32, Ordering};

use sea_orm::{ConnectionTrait, Database};

/// A fresh database, taken away at the end of the test.
pub struct TestDatabase {
    pub url: String,
    /// Address of the server and name of the database, on PostgreSQL.
    postgres: Option<(String, String)>,
    _folder: Option<tempfile::TempDir>,
}

static NUMBER: AtomicU32 = AtomicU32::new(0);

impl TestDatabase {
    /// An empty database, on PostgreSQL if `TEST_DATABASE_URL` names a server.
    pub async fn create() -> Self {
        match variable("TEST_DATABASE_URL") {
            Some(server) => Self::on_postgres(server).await,
            None => Self::sqlite(),
        }
    }

    /// An empty SQLite file.
    pub fn sqlite() -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        Self {
            url: format!("sqlite://{}", folder.path().join("pitwall.db").display()),
            postgres: None,
            _folder: Some(folder),
        }
    }

    async fn on_postgres(server: String) -> Self {
        let number = NUMBER.fetch_add(1, Ordering::SeqCst);
        let name = format!("pitwall_test_{}_{number}", std::process::id());
        run(&server, &format!("CREATE DATABASE {name}")).await;
        let (base, _) = server.rsplit_once('/').expect("a database in the address");
        Self {
            url: format!("{base}/{name}"),
            postgres: Some((server, name)),
            _folder: None,
        }
    }
}

impl Drop for TestDatabase {
    fn drop(&mut self) {
        let Some((server, name)) = self.postgres.take() else {
            return;
        };
        // A drop cannot wait for the test's runtime; a thread with its own can.
        let gone = std::thread::spawn(move || {
            tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build()
                .expect("a runtime")
                .block_on(run(&server, &format!("DROP DATABASE {name} WITH (FORCE)")));
        });
        drop(gone.join());
    }
}

async fn run(server: &str, sql: &str) {
    let db = Database::connect(server).await.expect("PostgreSQL answers");
    db.execute_unprepared(sql)
        .await
        .expect("the statement runs");
}

/// Address of the Redis to test with; empty without one.
pub fn test_redis_url() -> String {
    variable("TEST_REDIS_URL").unwrap_or_default()
}

/// A variable of the environment that is not empty.
pub fn variable(name: &str) -> Option<String> {
    #[expect(
        clippy::disallowed_methods,
        reason = "tests are told here where to run"
    )]
    std::env::var(name).ok().filter(|value| !value.is_empty())
}
