//! What engines say of races, and that they never know the future.

use serde_json::{Value, json};

use crate::support::{
    TestApp,
    json::{each, items, texts, with},
};

const SUMS: &str = "engine { id } stage provisional trainedOn trainedThrough { ref } evaluation { winnerLogLoss hit podiumOverlap rps }
    entries { driver { ref } expectedPosition podiumProbability pointsProbability retirementProbability
      positionDistribution positionInterval { best worst } winProbability { value low high level } }";

fn number(value: &Value) -> f64 {
    value.as_f64().expect("a number")
}

fn sum(list: &Value, pointer: &str) -> f64 {
    each(list, pointer).iter().map(number).sum()
}

/// Probabilities of a forecast are those of exactly one car on each place.
fn assert_sound(forecast: &Value) {
    let entries = &forecast["entries"];
    let cars = items(entries).len();
    assert!(cars >= 18, "{forecast:#}");
    let close = |found: f64, expected: f64, what: &str| {
        assert!(
            (found - expected).abs() < 1e-6,
            "{what}: {found}, not {expected}: {forecast:#}"
        );
    };
    close(sum(entries, "/winProbability/value"), 1.0, "wins");
    close(sum(entries, "/podiumProbability"), 3.0, "podiums");
    close(sum(entries, "/pointsProbability"), 10.0, "points");
    for place in 0..cars {
        close(
            sum(entries, &format!("/positionDistribution/{place}")),
            1.0,
            "a place",
        );
    }
    let mut before = f64::INFINITY;
    for entry in items(entries) {
        let places: Vec<f64> = items(&entry["positionDistribution"])
            .iter()
            .map(number)
            .collect();
        assert_eq!(places.len(), cars);
        close(places.iter().sum(), 1.0, "an entrant");
        assert!(
            places.iter().all(|chance| (0.0..=1.0).contains(chance)),
            "{entry:#}"
        );
        let win = &entry["winProbability"];
        close(number(&win["value"]), places[0], "win");
        close(
            number(&entry["podiumProbability"]),
            places[..3].iter().sum(),
            "podium",
        );
        close(
            number(&entry["pointsProbability"]),
            places[..10].iter().sum(),
            "points",
        );
        let mean = (1_u8..)
            .zip(&places)
            .map(|(place, chance)| f64::from(place) * chance)
            .sum();
        close(
            number(&entry["expectedPosition"]),
            mean,
            "expected position",
        );
        assert!(
            number(&win["low"]) <= number(&win["value"]) + 1e-9,
            "{entry:#}"
        );
        assert!(
            number(&win["value"]) <= number(&win["high"]) + 1e-9,
            "{entry:#}"
        );
        let (best, worst) = (
            &entry["positionInterval"]["best"],
            &entry["positionInterval"]["worst"],
        );
        assert!(
            1.0 <= number(best) && number(best) <= number(worst),
            "{entry:#}"
        );
        assert!(
            places[0] <= before,
            "the likeliest winner comes first: {forecast:#}"
        );
        before = places[0];
    }
}

#[tokio::test]
async fn probabilities_of_every_engine_and_stage_are_sound() {
    let app = TestApp::bundled().await;
    for (race, stages) in [
        (
            "2024_monaco",
            &["PRE_WEEKEND", "PRE_QUALIFYING", "POST_QUALIFYING"][..],
        ),
        ("2020_sakhir", &["PRE_WEEKEND", "POST_QUALIFYING"]),
        ("2023_singapore", &["POST_QUALIFYING"]),
        ("2025_australian", &["PRE_WEEKEND"]),
    ] {
        for stage in stages {
            let query = format!(
                r#"{{ race(ref: "{race}") {{ forecasts(stage: {stage}) {{ {SUMS} }} }} }}"#
            );
            let data = app.data(&query).await;
            let forecasts = items(&data["race"]["forecasts"]);
            assert!(forecasts.len() >= 3, "{race} {stage}");
            for forecast in forecasts {
                assert_sound(forecast);
                assert_eq!(forecast["stage"], *stage);
                let run = race != "2025_australian";
                assert_eq!(
                    forecast["evaluation"].is_object(),
                    run,
                    "{race} {stage}: {forecast:#}"
                );
                assert_eq!(forecast["provisional"], !run, "{race} {stage}");
            }
        }
    }
}

#[tokio::test]
async fn a_forecast_without_arguments_is_the_production_engine_at_the_latest_stage() {
    let app = TestApp::bundled().await;
    let data = app
        .data(
            r#"{ engines { id baseline default stages }
                 nextRace { forecastAvailable forecast { engine { id } stage race { ref } trainedOn trainedThrough { ref } } }
                 race(ref: "2024_monaco") { forecast { engine { id } stage trainedOn trainedThrough { ref } } }
                 first: race(ref: "2018_australian") { forecastAvailable forecast { stage } forecasts { stage } } }"#,
        )
        .await;
    let next = &data["nextRace"]["forecast"];
    assert_eq!(data["nextRace"]["forecastAvailable"], true);
    assert_eq!(next["stage"], "PRE_WEEKEND");
    // The first that can answer while the others are not trained.
    assert_eq!(next["engine"]["id"], "ELO");
    assert_eq!(next["race"]["ref"], "2025_australian");
    assert_eq!(next["trainedThrough"]["ref"], "2024_abu_dhabi");
    assert_eq!(next["trainedOn"], 149);
    let past = &data["race"]["forecast"];
    assert_eq!(past["stage"], "POST_QUALIFYING");
    assert_eq!(past["trainedThrough"]["ref"], "2024_emilia_romagna");
    // 125 races of 2018 to 2023 and seven of 2024.
    assert_eq!(past["trainedOn"], 132);
    // Nothing is known before the first race.
    let nothing = json!({ "forecastAvailable": false, "forecast": null, "forecasts": [] });
    assert_eq!(data["first"], nothing);
    let elo = with(&data["engines"], "/id", "ELO");
    assert_eq!(elo["baseline"], false);
    let baselines: Vec<_> = each(&data["engines"], "/baseline");
    assert!(
        baselines.is_sorted_by_key(|baseline| *baseline == true),
        "{baselines:?}"
    );
    for id in ["ELO", "GRID", "FORM", "UNIFORM"] {
        let data = app
            .data(&format!("{{ engine(id: {id}) {{ id name description }} }}"))
            .await;
        assert_eq!(data["engine"]["id"], id);
        assert!(!data["engine"]["description"].as_str().unwrap().is_empty());
    }
}

#[tokio::test]
async fn a_stage_not_reached_or_not_supported_is_refused() {
    let app = TestApp::bundled().await;
    for field in [
        "nextRace { it: forecast(stage: POST_QUALIFYING) { stage } }",
        "nextRace { it: forecast(stage: PRE_QUALIFYING) { stage } }",
        "nextRace { it: forecast(engine: GRID) { stage } }",
        "lastRace { it: forecast(engine: GRID, stage: PRE_WEEKEND) { stage } }",
        "lastRace { it: forecast(engine: FORM) { stage } }",
        "nextRace { forecasts(stage: POST_QUALIFYING) { stage } }",
    ] {
        assert_eq!(
            app.error_code(&format!("{{ {field} }}")).await,
            "BAD_USER_INPUT",
            "{field}"
        );
    }
    // What is refused leaves the rest as it is.
    let answer = app
        .answer("{ nextRace { name forecast(engine: GRID) { stage } } }")
        .await;
    assert_eq!(answer["data"]["nextRace"]["name"], "Australian Grand Prix");
    assert_eq!(answer["data"]["nextRace"]["forecast"], Value::Null);
    for engine in ["ORACLE", "elo"] {
        let query = format!("{{ nextRace {{ forecast(engine: {engine}) {{ stage }} }} }}");
        let code = app.error_code(&query).await;
        assert!(
            ["GRAPHQL_VALIDATION_FAILED", "BAD_USER_INPUT"].contains(&code.as_str()),
            "{code}"
        );
    }
}

#[tokio::test]
async fn contributions_explain_and_entries_can_be_cut_short() {
    let app = TestApp::bundled().await;
    let data = app
        .data(
            r#"{ race(ref: "2024_monaco") { forecast(engine: ELO) {
                 all: entries { driver { ref } } top: entries(first: 3) { driver { ref } contributions { feature value } } } } }"#,
        )
        .await;
    let forecast = &data["race"]["forecast"];
    assert_eq!(
        texts(&forecast["all"], "/driver/ref")[..3],
        texts(&forecast["top"], "/driver/ref")
    );
    for entry in items(&forecast["top"]) {
        assert!(!items(&entry["contributions"]).is_empty(), "{entry:#}");
    }
}

#[tokio::test]
async fn elo_ratings_follow_a_career() {
    let app = TestApp::bundled().await;
    let history = "eloHistory { before after deviation race { ref date season { year } } }";
    let data = app
        .data(&format!(
            r#"{{ driver(ref: "max_verstappen") {{ career {{ starts }} {history} season: eloHistory(season: 2023) {{ after }}
                   none: eloHistory(season: 1999) {{ after }} }}
                 constructor(ref: "red_bull") {{ {history} }} slow: driver(ref: "latifi") {{ {history} }} }}"#
        ))
        .await;
    let driver = &data["driver"];
    assert_eq!(items(&driver["eloHistory"]).len(), 149);
    assert_eq!(items(&driver["season"]).len(), 22);
    assert_eq!(driver["none"], json!([]));
    assert_eq!(items(&data["constructor"]["eloHistory"]).len(), 149);
    for who in [driver, &data["constructor"], &data["slow"]] {
        let ratings = items(&who["eloHistory"]);
        assert!(
            texts(&who["eloHistory"], "/race/date").is_sorted(),
            "{who:#}"
        );
        for pair in ratings.windows(2) {
            assert!(number(&pair[1]["deviation"]) > 0.0);
        }
    }
    let last = |who: &Value| number(&items(&who["eloHistory"]).last().unwrap()["after"]);
    assert!(last(driver) > 1500.0 && last(&data["slow"]) < 1500.0);
}

#[tokio::test]
async fn forecasts_of_a_calendar_come_in_one_query() {
    let app = TestApp::bundled().await;
    let data = app
        .data(
            "{ races(filter: { season: 2024 }, first: 24) { nodes { ref forecastAvailable
                 forecast(stage: POST_QUALIFYING) { entries(first: 1) { winProbability { value } } evaluation { winnerLogLoss hit } } } } }",
        )
        .await;
    let losses = each(
        &data["races"]["nodes"],
        "/forecast/evaluation/winnerLogLoss",
    );
    assert_eq!(losses.len(), 24);
    let mean = losses.iter().map(number).sum::<f64>() / 24.0;
    // Better than drawing lots among twenty (3.0).
    assert!((0.5..2.5).contains(&mean), "{mean}");
    assert!(
        each(&data["races"]["nodes"], "/forecastAvailable")
            .iter()
            .all(|available| *available == true)
    );
}
