//! The command line: what it teaches, what it prints, how it fails.

use std::{net::TcpListener, process::Command};

use serde_json::Value;

use crate::support::{
    Setup, TestApp, TestDatabase,
    command::{Finished, pitwall, run},
};

fn plain(arguments: &[&str]) -> Finished {
    run(Command::new(env!("CARGO_BIN_EXE_pitwall")).args(arguments))
}

#[test]
fn help_names_every_command_and_how_to_begin() {
    let help = plain(&["--help"]).well().out();
    for word in [
        "serve",
        "import",
        "migrate",
        "schema",
        "forecast",
        "train",
        "models",
        "promote",
        "rollback",
        "backtest",
        "features",
        "user",
        "demo",
        "check",
        "DATABASE_URL",
        "Exit codes",
    ] {
        assert!(help.contains(word), "{word} in {help}");
    }
    assert!(
        plain(&["import", "--help"])
            .well()
            .out()
            .contains("Example")
    );
}

#[test]
fn wrong_usage_ends_with_2() {
    assert_eq!(plain(&["frobnicate"]).code(), 2);
    assert_eq!(plain(&["import"]).code(), 2);
}

#[test]
fn the_printed_schema_is_the_stored_one() {
    let stored = include_str!("../../schema.graphql");
    let printed = plain(&["schema"]).well().out();
    assert_eq!(
        printed, stored,
        "run `make schema` and commit schema.graphql"
    );
}

#[test]
fn the_default_settings_can_be_printed_and_read_back() {
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), plain(&["config"]).well().out()).unwrap();
    let database = TestDatabase::sqlite();
    run(pitwall(&database.url)
        .arg("--config")
        .arg(file.path())
        .arg("migrate"))
    .well();
}

#[test]
fn a_setting_that_does_not_exist_is_named() {
    let database = TestDatabase::sqlite();
    let output = run(pitwall(&database.url)
        .arg("migrate")
        .env("PITWALL__SERVER__PROT", "1"));
    assert_eq!(output.code(), 1);
    assert!(output.err().contains("prot"), "{}", output.err());
}

#[test]
fn a_wrong_database_url_says_what_is_expected() {
    for (url, words) in [
        ("mysql://localhost/x", "sqlite://FILE or postgres://"),
        (
            "postgres://nobody@127.0.0.1:1/none",
            "Check that the server runs",
        ),
        ("sqlite:///no/such/folder/pitwall.db", "/no/such/folder"),
    ] {
        let output = run(pitwall(url).arg("migrate"));
        assert_eq!(output.code(), 1, "{url}");
        assert!(output.err().contains(words), "{url}: {}", output.err());
        assert_eq!(output.err().trim().lines().count(), 1, "{}", output.err());
    }
}

#[test]
fn a_port_in_use_is_one_line_that_says_what_to_do() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port().to_string();
    let database = TestDatabase::sqlite();
    let output = run(pitwall(&database.url)
        .arg("serve")
        .env("PITWALL__DATA__BUNDLED", "false")
        .env("PITWALL__SERVER__PORT", &port));
    assert_eq!(output.code(), 1);
    assert!(output.err().contains(&port), "{}", output.err());
    assert!(
        output.err().contains("PITWALL__SERVER__PORT"),
        "{}",
        output.err()
    );
    assert_eq!(output.err().trim().lines().count(), 1, "{}", output.err());
}

#[tokio::test]
async fn a_forecast_is_printed_for_people_and_for_programs() {
    let app = TestApp::start(Setup {
        bundled: true,
        ..Setup::default()
    })
    .await;
    let url = &app.app.config.database.url;
    let table = run(pitwall(url).args(["forecast", "next"])).well().out();
    assert!(
        table.contains("Max Verstappen") && table.contains("elo"),
        "{table}"
    );
    let json = run(pitwall(url).args([
        "forecast",
        "2024_monaco",
        "--engine",
        "all",
        "--stage",
        "post-qualifying",
        "--format",
        "json",
    ]))
    .well()
    .out();
    let forecasts: Value = serde_json::from_str(&json).unwrap();
    let engines: Vec<_> = forecasts
        .as_array()
        .unwrap()
        .iter()
        .map(|forecast| forecast["engine"].as_str().unwrap())
        .collect();
    assert_eq!(engines, ["elo", "grid", "uniform"]);
    for forecast in forecasts.as_array().unwrap() {
        let wins = forecast["entries"].as_array().unwrap();
        let sum: f64 = wins
            .iter()
            .map(|entry| entry["win"].as_f64().unwrap())
            .sum();
        assert!((sum - 1.0).abs() < 1e-6);
    }
}

#[tokio::test]
async fn a_forecast_that_cannot_be_made_says_why() {
    let app = TestApp::bundled().await;
    let url = &app.app.config.database.url;
    for (arguments, words) in [
        (vec!["forecast", "2024_atlantis"], "no race"),
        (vec!["forecast", "2018_australian"], "no earlier race"),
        (
            vec!["forecast", "next", "--engine", "tarot"],
            "expected one of",
        ),
        (
            vec!["forecast", "next", "--stage", "post-qualifying"],
            "has not reached",
        ),
    ] {
        let output = run(pitwall(url).args(&arguments));
        assert_eq!(output.code(), 1, "{arguments:?}");
        assert!(
            output.err().contains(words),
            "{arguments:?}: {}",
            output.err()
        );
    }
}

#[tokio::test]
async fn a_check_without_published_standings_says_how_to_get_them() {
    let app = TestApp::bundled().await;
    let output = run(pitwall(&app.app.config.database.url).args(["check", "standings"])).well();
    assert!(output.out().contains("pitwall import"), "{}", output.out());
}
