//! The full history, where the data folder stands beside the repository.

use std::{
    fs,
    path::{Path, PathBuf},
    thread::sleep,
    time::Duration,
};

use domain::standings::store;
use sea_orm::EntityTrait;
use serde_json::json;

use crate::support::{
    TestApp, TestDatabase,
    command::{pitwall, run},
    rows::{all_rows, assert_same, counts},
};

/// The data folder, if it is there.
fn data() -> Option<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/data/ergast");
    folder.join("races.csv").is_file().then_some(folder)
}

fn lines(folder: &Path, table: &str) -> usize {
    let text = fs::read_to_string(folder.join(table)).expect("the table is there");
    text.trim_end().lines().count() - 1
}

#[tokio::test]
async fn the_full_history_goes_in_whole_and_its_standings_are_right() {
    let Some(folder) = data() else { return };
    let app = TestApp::empty().await;
    let url = app.app.config.database.url.clone();
    run(pitwall(&url).arg("import").arg(&folder));
    let rows = all_rows(&app.app.db).await;
    let counts = counts(&rows);
    assert_eq!(counts["race"], lines(&folder, "races.csv"));
    assert_eq!(
        counts["result"],
        lines(&folder, "results.csv") + lines(&folder, "sprint_results.csv")
    );
    assert_eq!(
        counts["qualifying_result"],
        lines(&folder, "qualifying.csv")
    );
    assert_eq!(counts["lap"], lines(&folder, "lap_times.csv"));
    assert_eq!(counts["pit_stop"], lines(&folder, "pit_stops.csv"));
    assert_eq!(counts["driver"], lines(&folder, "drivers.csv"));
    assert_eq!(counts["constructor"], lines(&folder, "constructors.csv"));
    assert_eq!(counts["circuit"], lines(&folder, "circuits.csv"));
    assert_eq!(
        counts["race_control"],
        lines(&folder, "safety_cars.csv") + lines(&folder, "red_flags.csv")
    );
    let published = |table: &str| {
        rows[table]
            .iter()
            .filter(|row| row.contains("PUBLISHED"))
            .count()
    };
    assert_eq!(
        published("driver_standing"),
        lines(&folder, "driver_standings.csv")
    );
    assert_eq!(
        published("constructor_standing"),
        lines(&folder, "constructor_standings.csv")
    );

    let check = store::check(&app.app.db, None, true).await.unwrap();
    assert_eq!(check.races, 1125);
    let unexplained: Vec<_> = check
        .differences
        .iter()
        .filter(|found| found.reason.is_none())
        .collect();
    assert!(unexplained.is_empty(), "{unexplained:#?}");

    careers_are_those_of_the_record_books(&app).await;
    seasons_and_circuits_of_the_past_are_measured(&app).await;
    hot_queries_read_by_index(&app).await;
}

async fn careers_are_those_of_the_record_books(app: &TestApp) {
    for (driver, starts, wins, poles, championships) in [
        ("hamilton", 356, 105, 104, 7),
        ("michael_schumacher", 307, 91, 68, 7),
        ("max_verstappen", 209, 63, 40, 4),
        ("fangio", 51, 24, 29, 5),
        ("senna", 161, 41, 65, 3),
    ] {
        let data = app
            .data(&format!(
                "{{ driver(ref: \"{driver}\") {{ career {{ starts wins poles championships }} }} }}"
            ))
            .await;
        let career = &data["driver"]["career"];
        assert_eq!(
            [
                &career["starts"],
                &career["wins"],
                &career["poles"],
                &career["championships"]
            ],
            [starts, wins, poles, championships],
            "{driver}"
        );
    }
}

async fn seasons_and_circuits_of_the_past_are_measured(app: &TestApp) {
    let data = app
        .data(
            r#"{ mclaren: constructor(ref: "mclaren") { performance(season: 1988) {
                   races wins poles oneTwos points drivers { driver { ref } points } } }
                 fangio: driver(ref: "fangio") { performance(season: 1956) { starts wins podiums } }
                 monza: circuit(ref: "monza") { insights(seasons: null) { races firstSeason
                   poleWinRate { value races } safetyCarRate { races } topConstructors { constructor { ref } wins }
                   fastestLap { time race { ref } } } }
                 kyalami: circuit(ref: "kyalami") { insights { races lastSeason } } }"#,
        )
        .await;
    let mclaren = &data["mclaren"]["performance"];
    let expected = json!({
        "races": 16, "wins": 15, "poles": 15, "oneTwos": 10, "points": "199",
        // All points, not the best eleven results that made Senna champion.
        "drivers": [
            { "driver": { "ref": "prost" }, "points": "105" },
            { "driver": { "ref": "senna" }, "points": "94" },
        ],
    });
    assert_eq!(*mclaren, expected);
    // Partly in cars that team-mates handed over.
    let fangio = json!({ "starts": 7, "wins": 3, "podiums": 5 });
    assert_eq!(data["fangio"]["performance"], fangio);
    let monza = &data["monza"]["insights"];
    let expected = json!({
        "races": 74, "firstSeason": 1950,
        "poleWinRate": { "value": 25.0 / 74.0, "races": 74 },
        // The safety car is told of 1973 and from 1993 on.
        "safetyCarRate": { "races": 33 },
        "fastestLap": { "time": 81_046, "race": { "ref": "2004_italian" } },
    });
    for (field, value) in expected.as_object().unwrap() {
        assert_eq!(monza[field], *value, "{field}");
    }
    let ferrari = json!({ "constructor": { "ref": "ferrari" }, "wins": 20 });
    assert_eq!(monza["topConstructors"][0], ferrari);
    // The latest ten seasons with a race there, however long ago.
    let kyalami = json!({ "races": 10, "lastSeason": 1993 });
    assert_eq!(data["kyalami"]["insights"], kyalami);
}

/// On PostgreSQL the planner's word is asked for; SQLite has no such tables to scan by mistake.
async fn hot_queries_read_by_index(app: &TestApp) {
    use sea_orm::{ConnectionTrait, DatabaseBackend, Statement};
    let db = &app.app.db;
    if db.get_database_backend() != DatabaseBackend::Postgres {
        return;
    }
    db.execute_unprepared("ANALYZE")
        .await
        .expect("the planner answers");
    for sql in [
        "SELECT * FROM lap WHERE race_id = ANY('{1100}') AND driver_id = ANY('{1,2,3}')",
        "SELECT * FROM result WHERE race_id = ANY('{1,2,3,4,5,6,7,8,9,10}') AND session = 'RACE'",
        "SELECT * FROM result WHERE driver_id = ANY('{1}') AND session = 'RACE'",
        "SELECT * FROM result WHERE constructor_id = ANY('{7}') AND session = 'RACE'",
    ] {
        let rows = db
            .query_all_raw(Statement::from_string(
                DatabaseBackend::Postgres,
                format!("EXPLAIN {sql}"),
            ))
            .await
            .expect("the planner answers");
        let plan: Vec<String> = rows
            .iter()
            .map(|row| row.try_get_by_index(0).expect("the planner answers"))
            .collect();
        assert!(!plan.join("\n").contains("Seq Scan"), "{sql}: {plan:#?}");
    }
}

#[tokio::test]
async fn an_import_killed_at_ten_moments_ends_like_one_undisturbed() {
    let Some(folder) = data() else { return };
    let undisturbed = TestApp::empty().await;
    let started = std::time::Instant::now();
    run(pitwall(&undisturbed.app.config.database.url)
        .arg("import")
        .arg(&folder));
    let whole = started.elapsed();

    let database = TestDatabase::create().await;
    for kill in 1..=10_u32 {
        let mut child = pitwall(&database.url)
            .arg("import")
            .arg(&folder)
            .stdout(std::process::Stdio::null())
            .stderr(std::process::Stdio::null())
            .spawn()
            .unwrap();
        // Spread over the whole import, wherever the one before was cut off.
        sleep(whole / 8 * (kill % 4 + 1) / 2 + Duration::from_millis(u64::from(kill) * 37));
        child.kill().unwrap();
        child.wait().unwrap();
    }
    run(pitwall(&database.url).arg("import").arg(&folder));
    let config = domain::config::DatabaseConfig {
        url: database.url.clone(),
        max_connections: 2,
    };
    let db = domain::database::connect(&config).await.unwrap();
    let expected = all_rows(&undisturbed.app.db).await;
    assert_same(&expected, &all_rows(&db).await);
    let seasons = entities::season::Entity::find().all(&db).await.unwrap();
    assert!(seasons.iter().all(|season| season.derived_current));
    db.close().await.unwrap();
}
