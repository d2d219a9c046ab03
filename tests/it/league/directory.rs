//! The directory of public leagues.

use serde_json::{Value, json};

use super::{JOIN, change, data, found, look, text};
use crate::{
    account::register,
    support::{Setup, TestApp, json::texts},
};

#[tokio::test]
async fn a_public_league_is_found_and_joined_by_anybody() {
    let app = TestApp::empty().await;
    let [max, lando] = [register(&app, "Max").await, register(&app, "Lando").await];
    let league = found(&app, &max, "Königsklasse", ", visibility: PUBLIC").await;
    found(&app, &max, "Königsklasse, private", "").await;
    let id = text(&league["id"]);
    let directory = "query ($search: String) { leagues(filter: { search: $search }) { totalCount nodes { id } } }";
    for (search, number) in [("konigs", 1), ("klasse", 1), ("private", 0), ("100%", 0)] {
        let found = app
            .answer_with(directory, json!({ "search": search }))
            .await;
        let found = &found["data"]["leagues"];
        assert_eq!(found["totalCount"], number, "{search}: {found}");
    }
    let seen = look(&app, "", &id).await;
    assert_eq!(
        (&seen["name"], &seen["inviteCode"], &seen["myTeam"]),
        (&json!("Königsklasse"), &Value::Null, &Value::Null)
    );
    let variables = json!({ "league": id, "name": "Papaya" });
    let joined = data(&app, &lando.access, JOIN, variables).await;
    assert_eq!(joined["joinLeague"]["league"]["id"], json!(id));
    // What becomes private is gone for those outside.
    let hide = "updateLeague(league: $league, visibility: PRIVATE, name: \"Quiet\") { name }";
    change(&app, &max, &id, hide).await;
    assert_eq!(look(&app, "", &id).await, Value::Null);
    assert_eq!(look(&app, &lando.access, &id).await["name"], "Quiet");
    let found = app.answer_with(directory, json!({})).await;
    assert_eq!(found["data"]["leagues"]["totalCount"], 0);
}

#[tokio::test]
async fn the_directory_is_paged_by_name_and_by_age() {
    let app = TestApp::empty().await;
    let max = register(&app, "Max").await;
    for name in ["Bravo", "alpha", "Delta", "Charlie"] {
        found(&app, &max, name, ", visibility: PUBLIC").await;
    }
    for (order, expected) in [
        ("", ["alpha", "Bravo", "Charlie", "Delta"]),
        ("orderBy: CREATED, ", ["Charlie", "Delta", "alpha", "Bravo"]),
        ("direction: DESC, ", ["Delta", "Charlie", "Bravo", "alpha"]),
    ] {
        let mut names = Vec::new();
        let mut after = Value::Null;
        loop {
            let query = format!(
                "query ($after: String) {{ leagues({order}first: 3, after: $after) {{ nodes {{ name }} pageInfo {{ hasNextPage endCursor }} }} }}"
            );
            let page = app.answer_with(&query, json!({ "after": after })).await;
            let page = &page["data"]["leagues"];
            names.extend(texts(&page["nodes"], "/name"));
            if page["pageInfo"]["hasNextPage"] == false {
                break;
            }
            after = page["pageInfo"]["endCursor"].clone();
        }
        assert_eq!(names, expected, "{order}");
    }
}

#[tokio::test]
async fn more_leagues_cost_no_more_statements() {
    let app = TestApp::start(Setup {
        change: |config| config.cache.answers_bytes = 0,
        ..Setup::default()
    })
    .await;
    let query = "{ leagues { nodes { commissioner { manager league { name } } teams { manager isCommissioner } size capacity settings { version } settingsHistory { rounds } } } }";
    let people = [register(&app, "Max").await, register(&app, "Lando").await];
    let mut counts = Vec::new();
    for number in 0..6 {
        let person = &people[number % 2];
        let name = format!("League {number}");
        found(&app, person, &name, ", visibility: PUBLIC").await;
        if number % 3 == 2 {
            counts.push(app.statements_of(query).await.len());
        }
    }
    assert_eq!(counts[0], counts[1]);
    assert!(counts[0] < 12, "{counts:?}");
}
