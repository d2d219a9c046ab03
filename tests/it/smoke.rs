//! The first minute of a new user.

use crate::support::TestApp;

#[tokio::test]
async fn the_season_2024_is_there_with_races_winners_and_teams() {
    let app = TestApp::bundled().await;
    let data = app
        .data("{ season(year: 2024) { races { name winner { driver { name } constructor { name } } } } }")
        .await;
    let races = data["season"]["races"].as_array().unwrap();
    assert_eq!(races.len(), 24);
    assert_eq!(races[7]["name"], "Monaco Grand Prix");
    assert_eq!(races[7]["winner"]["driver"]["name"], "Charles Leclerc");
    assert_eq!(races[7]["winner"]["constructor"]["name"], "Ferrari");
}

#[tokio::test]
async fn the_next_race_has_a_forecast_right_after_the_first_start() {
    let app = TestApp::bundled().await;
    let data = app
        .data(
            "{ nextRace { ref forecast { engine { id } entries { winProbability { value } } } } }",
        )
        .await;
    let race = &data["nextRace"];
    assert_eq!(race["ref"], "2025_australian");
    assert_eq!(race["forecast"]["engine"]["id"], "ELO");
    let wins = race["forecast"]["entries"].as_array().unwrap();
    let sum: f64 = wins
        .iter()
        .map(|entry| entry["winProbability"]["value"].as_f64().unwrap())
        .sum();
    assert!((sum - 1.0).abs() < 1e-6, "{sum}");
}
