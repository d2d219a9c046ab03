//! Whom there is to draft, and whom somebody would.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::{
    CLOSES, IMOLA, League, OPENS, Paddock, go_on, league, players, refusal, refused, set_queue,
};
use crate::{
    account::{answer, data},
    support::json::{each, items, texts, with},
};

const AVAILABLE: &str = "query ($draft: ID!) { draft(id: $draft) { availableDrivers {
    driver { ref } constructor { ref } championshipPosition
    forecasts { engine { id } expectedPosition winProbability { value } } } } }";

#[tokio::test]
async fn those_who_can_be_drafted_are_listed_with_what_each_engine_expects() {
    let mut paddock = Paddock::on_sunday().await;
    let [max, lando] = players(&paddock, ["Max", "Lando"]).await;
    let League { draft, .. } = league(&paddock, &[&max, &lando], "").await;
    paddock.at(OPENS).await;
    let variables = json!({ "draft": draft });
    let before = data(&paddock, &lando.token, AVAILABLE, variables.clone()).await;
    let before = &before["draft"]["availableDrivers"];
    assert_eq!(items(before).len(), 20);
    let query = format!(
        "{{ race(ref: {IMOLA:?}) {{ forecasts {{ engine {{ id }} entries {{ driver {{ ref }} expectedPosition winProbability {{ value }} }} }} }}
           season(year: 2024) {{ driverStandings {{ position driver {{ ref }} }} }} }}"
    );
    let said = paddock.data(&query).await;
    let forecasts = items(&said["race"]["forecasts"]);
    assert!(forecasts.len() >= 3, "{forecasts:#?}");
    for available in items(before) {
        let driver = available["driver"]["ref"].as_str().unwrap();
        let beside = &available["forecasts"];
        assert_eq!(items(beside).len(), forecasts.len(), "{driver}");
        for forecast in forecasts {
            let engine = forecast["engine"]["id"].as_str().unwrap();
            let own = with(&forecast["entries"], "/driver/ref", driver);
            let shown = with(beside, "/engine/id", engine);
            for figure in ["/expectedPosition", "/winProbability/value"] {
                assert_eq!(
                    shown.pointer(figure),
                    own.pointer(figure),
                    "{driver} {engine}"
                );
            }
        }
        let standing = with(&said["season"]["driverStandings"], "/driver/ref", driver);
        assert_eq!(
            available["championshipPosition"], standing["position"],
            "{driver}"
        );
    }
    assert_eq!(
        with(before, "/driver/ref", "norris")["constructor"]["ref"],
        "mclaren"
    );
    go_on(&paddock, &draft, &[(&max, "norris")]).await;
    let after = data(&paddock, &lando.token, AVAILABLE, variables).await;
    let listed = |available: &Value| -> BTreeSet<String> {
        texts(available, "/driver/ref").into_iter().collect()
    };
    let mut expected = listed(before);
    assert!(expected.remove("norris"));
    assert_eq!(listed(&after["draft"]["availableDrivers"]), expected);
}

#[tokio::test]
async fn the_list_is_worked_out_once_and_not_driver_by_driver() {
    let paddock = Paddock::on_sunday().await;
    let [max, lando] = players(&paddock, ["Max", "Lando"]).await;
    let open = ", visibility: PUBLIC";
    let League { draft, .. } = league(&paddock, &[&max, &lando], open).await;
    let query = AVAILABLE
        .replace("query ($draft: ID!)", "query")
        .replace("$draft", &format!("{draft:?}"));
    // What is kept for others is there afterwards.
    paddock.statements_of(&query).await;
    let statements = paddock.statements_of(&query).await;
    assert!(statements.len() < 30, "{statements:#?}");
}

#[tokio::test]
async fn a_pick_queue_is_its_owners_alone() {
    let mut paddock = Paddock::on_sunday().await;
    let [max, lando, george] = players(&paddock, ["Max", "Lando", "George"]).await;
    let made = league(&paddock, &[&max, &lando], ", visibility: PUBLIC").await;
    let team = made.teams[1].as_str();
    let wanted = ["sargeant", "zhou"];
    let queue = set_queue(&paddock, &lando, team, &wanted).await;
    assert_eq!(texts(&queue, "/ref"), wanted);
    let query = format!(
        "{{ league(id: {:?}) {{ teams {{ id pickQueue {{ ref }} }} }} node(id: {team:?}) {{ ... on FantasyTeam {{ pickQueue {{ ref }} }} }} }}",
        made.id
    );
    let own = data(&paddock, &lando.token, &query, json!({})).await;
    assert_eq!(texts(&own["node"]["pickQueue"], "/ref"), wanted);
    // The commissioner, a stranger and a guest learn nothing of it.
    for token in [max.token.as_str(), &george.token, ""] {
        let seen = answer(&paddock, token, &query, json!({})).await.to_string();
        assert!(
            !seen.contains("sargeant") && !seen.contains("zhou"),
            "{seen}"
        );
    }
    let foreign =
        format!("mutation {{ setPickQueue(team: {team:?}, drivers: [\"norris\"]) {{ id }} }}");
    let by_max = refused(&paddock, &max.token, &foreign, json!({})).await;
    assert_eq!(by_max, refusal("FORBIDDEN", "NOT_YOUR_TEAM"));
    let by_guest = refused(&paddock, "", &foreign, json!({})).await;
    assert_eq!(by_guest.0, "UNAUTHENTICATED");
    for drivers in ["[\"zhou\", \"zhou\"]", "[\"Race:zhou\"]"] {
        let wrong =
            format!("mutation {{ setPickQueue(team: {team:?}, drivers: {drivers}) {{ id }} }}");
        let refused = refused(&paddock, &lando.token, &wrong, json!({})).await;
        assert_eq!(refused.0, "BAD_USER_INPUT", "{drivers}");
    }
    let own = data(&paddock, &lando.token, &query, json!({})).await;
    assert_eq!(texts(&own["node"]["pickQueue"], "/ref"), wanted);
    // It is kept from race to race, until its owner wants others.
    paddock.at(CLOSES).await;
    let picks = format!(
        "{{ draft(id: {:?}) {{ picks {{ team {{ id }} driver {{ ref }} }} }} }}",
        made.draft
    );
    let picks = data(&paddock, &lando.token, &picks, json!({})).await;
    let picks = items(&picks["draft"]["picks"]);
    let own_picks = picks.iter().filter(|pick| pick["team"]["id"] == team);
    let drivers: Vec<&str> = own_picks
        .map(|pick| pick["driver"]["ref"].as_str().unwrap())
        .collect();
    assert_eq!(drivers, wanted);
    let queue = set_queue(&paddock, &lando, team, &["bottas"]).await;
    assert_eq!(each(&queue, "/ref"), ["bottas"]);
    let queue = set_queue(&paddock, &lando, team, &[]).await;
    assert_eq!(queue, json!([]));
}
