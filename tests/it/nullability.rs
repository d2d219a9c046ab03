//! A nullable field that fails is null and leaves its siblings as they are.

use sea_orm::ConnectionTrait;
use serde_json::Value;

use crate::support::TestApp;

/// A table that goes away, a query, the field that fails and a sibling that must not.
const FAILURES: &[(&str, &str, &str, &str)] = &[
    (
        "weather",
        r#"{ race(ref: "2024_monaco") { name weather { humidity } } }"#,
        "/race/weather",
        "/race/name",
    ),
    (
        "weather_forecast",
        r#"{ race(ref: "2024_monaco") { name weatherForecast { chanceOfRain } } }"#,
        "/race/weatherForecast",
        "/race/name",
    ),
    (
        "weather_forecast",
        r#"{ race(ref: "2024_monaco") { sessions { kind weatherForecast { source } } } }"#,
        "/race/sessions/0/weatherForecast",
        "/race/sessions/0/kind",
    ),
    (
        "result",
        r#"{ race(ref: "2024_monaco") { name winner { position } } }"#,
        "/race/winner",
        "/race/name",
    ),
    (
        "event_stream",
        r#"{ race(ref: "2024_monaco") { name forecast { stage } } }"#,
        "/race/forecast",
        "/race/name",
    ),
    (
        "model",
        "{ engine(id: ELO) { name production { version } } }",
        "/engine/production",
        "/engine/name",
    ),
    (
        "model",
        "{ engine(id: ELO) { name versions { version } } }",
        "/engine/versions",
        "/engine/name",
    ),
    (
        "production_model",
        "{ engine(id: ELO) { name unavailable } }",
        "/engine/unavailable",
        "/engine/name",
    ),
    (
        "race",
        "{ season(year: 2024) { year race(round: 1) { name } } }",
        "/season/race",
        "/season/year",
    ),
    (
        "race",
        r#"{ race(ref: "2024_monaco") { name } driver(ref: "norris") { name } }"#,
        "/race",
        "/driver/name",
    ),
    (
        "race",
        r#"{ nextRace { name } driver(ref: "norris") { name } }"#,
        "/nextRace",
        "/driver/name",
    ),
    (
        "race",
        r#"{ lastRace { name } driver(ref: "norris") { name } }"#,
        "/lastRace",
        "/driver/name",
    ),
    (
        "season",
        "{ season(year: 2024) { year } lastRace { name } }",
        "/season",
        "/lastRace/name",
    ),
    (
        "driver",
        r#"{ driver(ref: "norris") { name } lastRace { name } }"#,
        "/driver",
        "/lastRace/name",
    ),
    (
        "circuit",
        r#"{ circuit(ref: "monza") { name } lastRace { name } }"#,
        "/circuit",
        "/lastRace/name",
    ),
    (
        "constructor",
        r#"{ constructor(ref: "rb") { name } lastRace { name } }"#,
        "/constructor",
        "/lastRace/name",
    ),
    (
        "driver",
        r#"{ node(id: "Driver:norris") { id } lastRace { name } }"#,
        "/node",
        "/lastRace/name",
    ),
    (
        "qualifying_result",
        r#"{ driver(ref: "norris") { name performance(season: 2024) { wins } } }"#,
        "/driver/performance",
        "/driver/name",
    ),
    (
        "event_stream",
        r#"{ driver(ref: "norris") { performance(season: 2024) { wins ratingChange } } }"#,
        "/driver/performance/ratingChange",
        "/driver/performance/wins",
    ),
    (
        "qualifying_result",
        r#"{ constructor(ref: "rb") { name performance(season: 2024) { wins } } }"#,
        "/constructor/performance",
        "/constructor/name",
    ),
    (
        "race_control",
        r#"{ circuit(ref: "monza") { name insights { races } } }"#,
        "/circuit/insights",
        "/circuit/name",
    ),
    (
        "event_stream",
        r#"{ circuit(ref: "monza") { name trackCoefficients { drivers { value } } } }"#,
        "/circuit/trackCoefficients",
        "/circuit/name",
    ),
    // A field that is never null takes its nearest nullable parent along, no more.
    (
        "circuit",
        r#"{ race(ref: "2024_monaco") { circuit { name } } lastRace { name } }"#,
        "/race",
        "/lastRace/name",
    ),
    (
        "driver",
        r#"{ race(ref: "2024_monaco") { winner { driver { name } } name } }"#,
        "/race/winner",
        "/race/name",
    ),
    (
        "session",
        r#"{ race(ref: "2024_monaco") { sessions { kind } } lastRace { name } }"#,
        "/race",
        "/lastRace/name",
    ),
    (
        "entry",
        r#"{ race(ref: "2024_monaco") { entries { code } } lastRace { name } }"#,
        "/race",
        "/lastRace/name",
    ),
    (
        "qualifying_result",
        "{ nextRace { qualifying { q1 } } lastRace { name } }",
        "/nextRace",
        "/lastRace/name",
    ),
    (
        "practice_result",
        "{ nextRace { practice { laps } } lastRace { name } }",
        "/nextRace",
        "/lastRace/name",
    ),
    (
        "pit_stop",
        "{ nextRace { pitStops { lap } } lastRace { name } }",
        "/nextRace",
        "/lastRace/name",
    ),
    (
        "race_control",
        "{ nextRace { raceControl { kind } } lastRace { name } }",
        "/nextRace",
        "/lastRace/name",
    ),
    (
        "lap",
        "{ lastRace { entries { laps { time } } } nextRace { name } }",
        "/lastRace",
        "/nextRace/name",
    ),
    (
        "stint",
        "{ lastRace { entries { stints { compound } } } nextRace { name } }",
        "/lastRace",
        "/nextRace/name",
    ),
    (
        "event_stream",
        "{ nextRace { forecastAvailable } lastRace { name } }",
        "/nextRace",
        "/lastRace/name",
    ),
    (
        "event_stream",
        r#"{ driver(ref: "norris") { eloHistory { after } } lastRace { name } }"#,
        "/driver",
        "/lastRace/name",
    ),
    (
        "backtest_run",
        "{ modelComparison { firstSeason } lastRace { name } }",
        "/modelComparison",
        "/lastRace/name",
    ),
    (
        "forecast",
        "{ engine(id: ELO) { name accuracy { hit } } }",
        "/engine/accuracy",
        "/engine/name",
    ),
    (
        "forecast",
        "{ engine(id: ELO) { name calibration { error } } }",
        "/engine/calibration",
        "/engine/name",
    ),
    (
        "constructor_lineage",
        r#"{ constructor(ref: "rb") { lineage { team } } lastRace { name } }"#,
        "/constructor",
        "/lastRace/name",
    ),
];

#[tokio::test]
async fn a_field_that_fails_is_null_and_leaves_its_siblings_intact() {
    let app = TestApp::bundled().await;
    for (number, (table, query, failed, sibling)) in FAILURES.iter().enumerate() {
        // A connection of SQLite may still know the name of the time before.
        let elsewhere = format!("taken_away_{number}");
        rename(&app, table, &elsewhere).await;
        let answer = app.answer(query).await;
        rename(&app, &elsewhere, table).await;
        let data = &answer["data"];
        assert_eq!(
            data.pointer(failed),
            Some(&Value::Null),
            "{query}: {answer:#}"
        );
        let name = data.pointer(sibling).unwrap_or(&Value::Null);
        assert!(!name.is_null(), "{query}: {answer:#}");
        assert_internal(&answer, query);
        // Back again, everything answers.
        app.data(query).await;
    }
}

#[tokio::test]
async fn without_a_database_errors_are_coded_and_what_needs_none_goes_on() {
    let app = TestApp::bundled().await;
    app.app.db.clone().close().await.unwrap();
    let query = r#"{ viewer { role } engines { id } race(ref: "2024_monaco") { name } }"#;
    let answer = app.answer(query).await;
    assert_eq!(answer["data"]["viewer"]["role"], "GUEST");
    assert!(answer["data"]["engines"].is_array(), "{answer:#}");
    assert_eq!(answer["data"]["race"], Value::Null);
    assert_internal(&answer, query);
    let ready = app
        .client
        .get(app.url("/health/ready"))
        .send()
        .await
        .unwrap();
    assert_eq!(ready.status(), 503);
    let live = app
        .client
        .get(app.url("/health/live"))
        .send()
        .await
        .unwrap();
    assert_eq!(live.status(), 200);
}

async fn rename(app: &TestApp, from: &str, to: &str) {
    let sql = format!(r#"ALTER TABLE "{from}" RENAME TO "{to}""#);
    app.app
        .db
        .execute_unprepared(&sql)
        .await
        .expect("the table is renamed");
}

fn assert_internal(answer: &Value, query: &str) {
    let errors = answer["errors"].as_array().expect("errors");
    for error in errors {
        assert_eq!(
            error["extensions"]["code"], "INTERNAL_SERVER_ERROR",
            "{query}: {answer:#}"
        );
        let message = error["message"].as_str().expect("a message");
        assert!(message.contains("request id"), "{query}: {answer:#}");
    }
    let text = answer["errors"].to_string().to_lowercase();
    for leak in [
        "select",
        "no such table",
        "relation",
        "sqlx",
        "taken_away",
        "pool",
    ] {
        assert!(!text.contains(leak), "{query}: {answer:#}");
    }
}
