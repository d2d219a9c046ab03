//! Back-tests: what the command prints is sound, stored, and read again.

use domain::forecast;
use engines::{Stage, Target};
use entities::{backtest_run, forecast as said, model, race};
use sea_orm::{ColumnTrait, EntityTrait, PaginatorTrait, QueryFilter};
use serde_json::{Value, json};

use crate::support::{
    Setup, TestApp,
    command::{Finished, pitwall, run},
    json::{each, items, texts, with},
};

/// Runs a back-test on the database of a server.
fn backtest(app: &TestApp, arguments: &str) -> Finished {
    let mut command = pitwall(&app.app.config.database.url);
    run(command.arg("backtest").args(arguments.split(' ')))
}

fn printed(app: &TestApp, arguments: &str) -> Value {
    let arguments = format!("{arguments} --format json");
    serde_json::from_str(&backtest(app, &arguments).well().out()).unwrap()
}

/// Every query runs, whatever was answered before.
async fn uncached() -> TestApp {
    TestApp::start(Setup {
        bundled: true,
        change: |config| config.cache.answers_bytes = 0,
        ..Setup::default()
    })
    .await
}

#[track_caller]
fn number(value: &Value) -> f64 {
    value
        .as_f64()
        .unwrap_or_else(|| panic!("no number: {value}"))
}

/// Keys that others rely on, with the range of their values.
const NUMBERS: [(&str, f64, f64); 10] = [
    ("winner_log_loss", 0.5, 3.1),
    ("winner_brier", 0.02, 0.05),
    ("hit", 0.0, 1.0),
    ("podium_overlap", 0.0, 1.0),
    ("rps", 0.1, 0.2),
    ("spearman", 0.0, 0.9),
    ("coverage_90", 0.7, 1.0),
    ("calibration_error", 0.0, 0.1),
    ("position_mae", 2.0, 6.0),
    ("seconds", 0.0, 600.0),
];

#[tokio::test]
async fn what_is_printed_is_sound_stored_and_read_again() {
    let app = uncached().await;
    let lines = printed(
        &app,
        "--seasons 2023-2024 --stage post-qualifying --engines elo,grid,uniform",
    );
    // In the registry's order, whatever was typed.
    assert_eq!(texts(&lines, "/engine"), ["elo", "grid", "uniform"]);
    for line in items(&lines) {
        assert_eq!(line["stage"], "POST_QUALIFYING");
        assert_eq!(line["races"], 46);
        for (key, least, most) in NUMBERS {
            let value = number(&line[key]);
            assert!((least..=most).contains(&value), "{key}: {line:#}");
        }
        let (low, high) = (&line["calibration_low"], &line["calibration_high"]);
        assert!(number(low) <= number(high), "{line:#}");
    }
    let uniform = with(&lines, "/engine", "uniform");
    assert!((number(&uniform["winner_log_loss"]) - 20.0_f64.ln()).abs() < 0.01);
    assert!((number(&uniform["hit"]) - 0.05).abs() < 0.001);
    let grid = with(&lines, "/engine", "grid");
    assert_eq!(grid["difference"], Value::Null);
    let elo = with(&lines, "/engine", "elo");
    let gain = number(&elo["winner_log_loss"]) - number(&grid["winner_log_loss"]);
    assert!((number(&elo["difference"]) - gain).abs() < 1e-12);
    assert!(number(&elo["difference_low"]) <= gain && gain <= number(&elo["difference_high"]));

    let rows = "rows { engine { id } races winnerLogLoss winnerBrier hit podiumOverlap rps spearman
        coverage90 calibrationError positionMae seconds calibration { low high }
        differenceToBaseline { baseline { id } races value low high ratio }
        bySeason { season races winnerLogLoss } }";
    let query = format!(
        "{{ modelComparison(seasons: {{first: 2023, last: 2024}}, stage: POST_QUALIFYING) {{
            firstSeason lastSeason stage target baseline {{ id }} {rows} missing {{ engine {{ id }} reason }} }} }}"
    );
    let comparison = &app.data(&query).await["modelComparison"];
    assert_eq!(comparison["baseline"]["id"], "GRID");
    assert_eq!(comparison["target"], "RACE");
    for line in items(&lines) {
        let id = line["engine"].as_str().unwrap().to_uppercase();
        let row = with(&comparison["rows"], "/engine/id", &id);
        for (key, field) in [
            ("races", "/races"),
            ("winner_log_loss", "/winnerLogLoss"),
            ("winner_brier", "/winnerBrier"),
            ("hit", "/hit"),
            ("podium_overlap", "/podiumOverlap"),
            ("rps", "/rps"),
            ("spearman", "/spearman"),
            ("coverage_90", "/coverage90"),
            ("calibration_error", "/calibrationError"),
            ("calibration_low", "/calibration/low"),
            ("position_mae", "/positionMae"),
            ("seconds", "/seconds"),
        ] {
            assert_eq!(Some(&line[key]), row.pointer(field), "{id} {key}");
        }
        let difference = row.pointer("/differenceToBaseline/value");
        assert_eq!(
            difference.unwrap_or(&Value::Null),
            &line["difference"],
            "{id}"
        );
        assert_eq!(each(&row["bySeason"], "/races"), [22, 24], "{id}");
    }
    // Who was not asked is missing, and says why.
    let missing = items(&comparison["missing"]);
    let walked = items(&comparison["rows"]).len();
    let answering = app.app.engines.iter();
    let answering = answering.filter(|e| e.answers(Stage::PostQualifying, Target::Race));
    assert_eq!(walked + missing.len(), answering.count());
    for missing in missing {
        assert!(
            missing["reason"]
                .as_str()
                .unwrap()
                .contains("pitwall backtest"),
            "{missing}"
        );
    }

    // One season of the same run, and seasons that it does not cover.
    let part = app
        .data(
            "{ modelComparison(seasons: {first: 2024, last: 2024}) { rows { races bySeason { season winnerLogLoss } winnerLogLoss } }
               longest: modelComparison { firstSeason lastSeason }
               wider: modelComparison(seasons: {first: 2020, last: 2024}) { rows { races } missing { engine { id } reason } } }",
        )
        .await;
    for row in items(&part["modelComparison"]["rows"]) {
        assert_eq!(row["races"], 24);
        assert_eq!(row["bySeason"][0]["winnerLogLoss"], row["winnerLogLoss"]);
    }
    assert_eq!(part["longest"]["firstSeason"], 2023);
    assert_eq!(items(&part["wider"]["rows"]).len(), 0);
    let elo = with(&part["wider"]["missing"], "/engine/id", "ELO");
    assert!(
        elo["reason"].as_str().unwrap().contains("2023–2024"),
        "{elo}"
    );
    let wrong = "{ modelComparison(seasons: {first: 2024, last: 2023}) { firstSeason } }";
    assert_eq!(app.error_code(wrong).await, "BAD_USER_INPUT");
}

#[tokio::test]
async fn a_new_run_takes_the_place_of_the_old_one() {
    let app = uncached().await;
    let rows = async || {
        let runs = backtest_run::Entity::find().all(&app.app.db).await.unwrap();
        let said = said::Entity::find().count(&app.app.db).await.unwrap();
        (runs, said)
    };
    backtest(&app, "--seasons 2024 --engines uniform --no-store").well();
    assert_eq!(rows().await.0, []);
    backtest(&app, "--seasons 2024 --engines uniform").well();
    let (first, forecasts) = rows().await;
    // The baseline is walked and stored too.
    assert_eq!((first.len(), forecasts), (2, 48));
    backtest(&app, "--seasons 2024 --engines uniform").well();
    let (second, forecasts) = rows().await;
    assert_eq!((second.len(), forecasts), (2, 48));
    assert!(
        second
            .iter()
            .all(|run| first.iter().all(|old| old.id != run.id))
    );
    assert_eq!(first[0].metrics, second[0].metrics);
    assert_eq!(first[0].fingerprint, second[0].fingerprint);
    // Other seasons stand beside it.
    backtest(&app, "--seasons 2023-2024 --engines uniform").well();
    assert_eq!(rows().await.0.len(), 4);
}

#[tokio::test]
async fn an_engine_says_how_well_it_did_where_and_on_whom() {
    let app = uncached().await;
    backtest(&app, "--seasons 2023-2024 --engines elo,grid,uniform").well();
    let query = r#"{ engine(id: ELO) {
        all: accuracy { races firstSeason lastSeason winnerLogLoss ofDriver { wins } }
        season: accuracy(season: 2024) { races firstSeason winnerLogLoss }
        circuit: accuracy(circuit: "Circuit:monza") { races }
        driver: accuracy(driver: "Driver:max_verstappen", season: 2023) { races ofDriver { wins expectedWins winBrier positionError } }
        ref: accuracy(driver: "max_verstappen", season: 2023) { ofDriver { wins } }
        none: accuracy(season: 1950) { races }
        before: accuracy(stage: PRE_QUALIFYING) { races }
        calibration { error low high bins { low high entrants forecast frequency } } } }"#;
    let data = app.data(query).await;
    let engine = &data["engine"];
    assert_eq!(engine["all"]["races"], 46);
    assert_eq!(engine["all"]["firstSeason"], 2023);
    assert_eq!(engine["all"]["ofDriver"], Value::Null);
    assert_eq!(engine["season"]["races"], 24);
    assert_eq!(engine["circuit"]["races"], 2);
    assert_eq!(engine["driver"]["races"], 22);
    let driver = &engine["driver"]["ofDriver"];
    assert_eq!(driver["wins"], 19.0);
    let expected = number(&driver["expectedWins"]);
    assert!((5.0..22.0).contains(&expected), "{driver}");
    assert!(
        (0.0..0.5).contains(&number(&driver["winBrier"])),
        "{driver}"
    );
    assert!(
        (0.0..6.0).contains(&number(&driver["positionError"])),
        "{driver}"
    );
    assert_eq!(engine["ref"]["ofDriver"]["wins"], driver["wins"]);
    assert_eq!(engine["none"], Value::Null);
    assert_eq!(engine["before"], Value::Null);
    let bins = &engine["calibration"]["bins"];
    let entrants: f64 = each(bins, "/entrants").iter().map(number).sum();
    assert_eq!(items(bins).len(), 10);
    assert!(
        (900.0..=920.0).contains(&entrants),
        "{entrants} starts in 46 races"
    );

    let other = r#"{ engine(id: ELO) { accuracy(circuit: "Driver:norris") { races } } }"#;
    assert_eq!(app.error_code(other).await, "BAD_USER_INPUT");
    let nobody = r#"{ engine(id: ELO) { accuracy(driver: "Driver:nobody") { races } } }"#;
    let nothing = json!({ "engine": { "accuracy": null } });
    assert_eq!(app.data(nobody).await, nothing);

    // All engines with all their figures: a statement.
    let query = "{ engines { accuracy { races } season: accuracy(season: 2024) { hit } calibration { error } } }";
    let statements = app.statements_of(query).await;
    assert_eq!(statements.len(), 1, "{statements:#?}");
    let query = "{ modelComparison { rows { hit bySeason { hit } } missing { reason } } }";
    let statements = app.statements_of(query).await;
    assert_eq!(statements.len(), 2, "{statements:#?}");
}

#[tokio::test]
async fn what_was_said_of_a_race_is_what_would_be_said_today() {
    let app = TestApp::bundled().await;
    let monaco = race::Entity::find()
        .filter(race::Column::Reference.eq("2024_monaco"))
        .one(&app.app.db)
        .await
        .unwrap()
        .unwrap();
    let (stage, target) = (Some(Stage::PostQualifying), Target::Race);
    let known = forecast::known(&app.app).await.unwrap();
    let before = forecast::forecasts(&app.app, &known, &monaco, stage, target);
    let before = before.await.unwrap();
    let engines: Vec<_> = before.iter().map(|said| said.engine.as_str()).collect();
    assert_eq!(engines, ["elo", "grid", "uniform"]);
    backtest(&app, "--seasons 2024 --engines elo,uniform").well();
    let known = forecast::known(&app.app).await.unwrap();
    let after = forecast::forecasts(&app.app, &known, &monaco, stage, target);
    let after = after.await.unwrap();
    assert_eq!(after.len(), 3);
    for (before, after) in before.iter().zip(&after) {
        assert_ne!(
            before.generated_at, after.generated_at,
            "it was read, not worked out"
        );
        assert_eq!(before.trained_through, after.trained_through);
        assert_eq!(before.trained_on, after.trained_on);
        for (one, other) in before.entrants.iter().zip(&after.entrants) {
            assert_eq!(one.forecast.driver, other.forecast.driver);
            assert!((one.forecast.win - other.forecast.win).abs() < 1e-9);
            let sum: f64 = other.contributions.iter().map(|part| part.value).sum();
            let none = other.contributions.is_empty();
            assert!(none || (sum - other.forecast.strength).abs() < 1e-9);
        }
    }
}

#[tokio::test]
async fn sheets_and_charts_are_written() {
    let app = TestApp::bundled().await;
    let folder = tempfile::tempdir().unwrap();
    let charts = folder.path().join("new").display().to_string();
    let arguments = format!(
        "--seasons 2024 --stage PRE_QUALIFYING --engines elo,form --format csv --no-store --threads 1 --refit-every 8 --charts {charts}"
    );
    let out = backtest(&app, &arguments).well().out();
    let lines: Vec<Vec<&str>> = out.lines().map(|line| line.split(',').collect()).collect();
    assert_eq!(lines.len(), 3, "{out}");
    assert_eq!(lines[0][..3], ["engine", "stage", "target"]);
    assert_eq!(lines[1][..3], ["elo", "PRE_QUALIFYING", "RACE"]);
    for line in &lines {
        assert_eq!(line.len(), lines[0].len(), "{out}");
    }
    let column = lines[0]
        .iter()
        .position(|name| *name == "baseline")
        .unwrap();
    assert_eq!((lines[1][column], lines[2][column]), ("form", ""));
    for name in ["calibration", "log_loss"] {
        let path = format!("{charts}/race_pre_qualifying_{name}.svg");
        let chart = std::fs::read_to_string(&path).unwrap();
        assert!(
            chart.starts_with("<svg") && chart.trim_end().ends_with("</svg>"),
            "{path}"
        );
        for word in ["elo", "form", "2024"] {
            assert!(chart.contains(word), "{word} in {path}");
        }
    }
    let table = backtest(&app, "--seasons 2024 --engines uniform,grid --no-store").well();
    for word in ["÷grid", "uniform", "POST_QUALIFYING", "Spearman"] {
        assert!(table.out().contains(word), "{word} in {}", table.out());
    }
    assert_eq!(table.err(), "", "no bars without a terminal");
}

#[tokio::test]
async fn engines_say_the_same_in_every_process_on_any_number_of_threads() {
    let (one, other) = tokio::join!(TestApp::bundled(), TestApp::bundled());
    let walk = |app: &TestApp, threads: u8| {
        let arguments =
            format!("--seasons 2024 --format csv --no-store --refit-every 24 --threads {threads}");
        let out = backtest(app, &arguments).well().out();
        let without_time = out.lines().map(|line| line.rsplit_once(',').unwrap().0);
        without_time.map(str::to_owned).collect::<Vec<_>>()
    };
    let lines = walk(&one, 1);
    assert_eq!(lines.len(), 8, "{lines:#?}");
    assert_eq!(lines, walk(&other, 3));
    // What is learned is the same to the byte.
    let learn = |app: &TestApp| {
        run(pitwall(&app.app.config.database.url).arg("train")).well();
    };
    learn(&one);
    learn(&other);
    let (learned, again) = (artifacts(&one).await, artifacts(&other).await);
    assert!(learned.len() >= 5, "{learned:?}");
    assert_eq!(learned, again);
}

/// Engines and digests of what they have learned.
async fn artifacts(app: &TestApp) -> Vec<(String, String)> {
    let models = model::Entity::find().all(&app.app.db).await.unwrap();
    let mut digests: Vec<_> = models
        .into_iter()
        .map(|model| (model.engine, model.sha256))
        .collect();
    digests.sort();
    digests
}

#[tokio::test]
async fn what_cannot_be_walked_is_refused_with_what_can() {
    let app = TestApp::bundled().await;
    for (arguments, words) in [
        ("--seasons 1950-1955", &["1950", "2018"][..]),
        (
            "--seasons 2024 --engines gut_feeling",
            &["gut_feeling", "elo", "grid"],
        ),
        (
            "--seasons 2024 --engines form",
            &["form", "POST_QUALIFYING", "elo"],
        ),
        (
            "--seasons 2024 --engines grid --stage pre-weekend",
            &["grid", "PRE_WEEKEND"],
        ),
    ] {
        let refused = backtest(&app, arguments);
        assert_eq!(refused.code(), 1, "{arguments}");
        for word in words {
            assert!(
                refused.err().contains(word),
                "{arguments}: {}",
                refused.err()
            );
        }
    }
    for arguments in [
        "--seasons 2024-2018",
        "--seasons twenty",
        "--engines elo",
        "--seasons 2024 --stage lap-12",
        "--seasons 2024 --refit-every 0",
    ] {
        assert_eq!(backtest(&app, arguments).code(), 2, "{arguments}");
    }
    let empty = TestApp::empty().await;
    let refused = backtest(&empty, "--seasons 2024");
    assert!(
        refused.err().contains("pitwall import"),
        "{}",
        refused.err()
    );
}
