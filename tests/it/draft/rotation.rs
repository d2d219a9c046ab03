//! The order of a league from race to race.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::{CLOSES, IMOLA, Paddock, Player, join, league, leave, players, tick};
use crate::{
    account::data,
    support::{TestApp, json::texts},
};

/// The teams in the order of the draft for a race, by name, and how far it is.
async fn order(app: &TestApp, player: &Player, league: &str, race: &str) -> (Vec<String>, Value) {
    let query = format!(
        "query ($id: ID!) {{ league(id: $id) {{ draft(race: {race:?}) {{ state order {{ name }} }} }} }}"
    );
    let data = data(app, &player.token, &query, json!({ "id": league })).await;
    let draft = &data["league"]["draft"];
    (texts(&draft["order"], "/name"), draft["state"].clone())
}

#[tokio::test]
async fn the_last_becomes_first_while_members_come_and_go_and_a_race_is_cancelled() {
    let mut paddock = Paddock::on_sunday().await;
    let [max, lando, oscar, george] = players(&paddock, ["Max", "Lando", "Oscar", "George"]).await;
    let arguments = ", settings: { automaticPicks: STANDINGS }";
    let made = league(&paddock, &[&max, &lando, &oscar], arguments).await;
    let id = made.id.as_str();

    // The draft for Monaco is made when that for Imola closes. Who joins after that comes last.
    paddock.at(CLOSES).await;
    let imola = order(&paddock, &max, id, IMOLA).await;
    assert_eq!(imola, (names(["Max", "Lando", "Oscar"]), json!("CLOSED")));
    let monaco = order(&paddock, &max, id, "2024_monaco").await;
    assert_eq!(
        monaco,
        (names(["Oscar", "Max", "Lando"]), json!("UPCOMING"))
    );
    join(&paddock, &george, &made).await;
    let all = names(["Oscar", "Max", "Lando", "George"]);
    paddock.at("2024-05-20T12:00:00Z").await;
    let monaco = order(&paddock, &max, id, "2024_monaco").await;
    assert_eq!(monaco, (all.clone(), json!("OPEN")));

    // What is cancelled does not count: Canada has the order of Monaco.
    paddock.cancel("2024_monaco").await;
    tick(&paddock.app).await;
    paddock.at("2024-06-03T12:00:00Z").await;
    let canada = order(&paddock, &max, id, "2024_canadian").await;
    assert_eq!(canada, (all.clone(), json!("OPEN")));

    // Who leaves after the draft for Spain was made is gone when it opens.
    paddock.at("2024-06-08T20:00:00Z").await;
    let spain = order(&paddock, &max, id, "2024_spanish").await;
    let rotated = names(["George", "Oscar", "Max", "Lando"]);
    assert_eq!(spain, (rotated, json!("UPCOMING")));
    leave(&paddock, &lando, &made).await;
    paddock.at("2024-06-17T12:00:00Z").await;
    let spain = order(&paddock, &max, id, "2024_spanish").await;
    assert_eq!(spain, (names(["George", "Oscar", "Max"]), json!("OPEN")));
    // What is over stays as it was.
    let canada = order(&paddock, &max, id, "2024_canadian").await;
    assert_eq!(canada, (all, json!("CLOSED")));
}

fn names<const N: usize>(names: [&str; N]) -> Vec<String> {
    names.map(str::to_owned).into()
}

#[tokio::test]
async fn a_race_that_is_cancelled_before_its_draft_opens_leaves_the_order_to_the_next() {
    let mut paddock = Paddock::on_sunday().await;
    let [max, lando, oscar] = players(&paddock, ["Max", "Lando", "Oscar"]).await;
    let arguments = ", settings: { automaticPicks: STANDINGS }";
    let made = league(&paddock, &[&max, &lando, &oscar], arguments).await;
    let id = made.id.as_str();
    paddock.at(CLOSES).await;
    paddock.cancel("2024_monaco").await;
    paddock.at("2024-05-20T12:00:00Z").await;
    let monaco = order(&paddock, &max, id, "2024_monaco").await;
    assert_eq!(monaco.1, "UPCOMING");
    paddock.at("2024-06-03T12:00:00Z").await;
    let canada = order(&paddock, &max, id, "2024_canadian").await;
    assert_eq!(canada, (names(["Oscar", "Max", "Lando"]), json!("OPEN")));
}

#[tokio::test]
async fn the_first_order_is_by_lot_among_all_who_have_joined_by_then() {
    let paddock = Paddock::on_sunday().await;
    let [max, lando, oscar] = players(&paddock, ["Max", "Lando", "Oscar"]).await;
    let mut orders = BTreeSet::new();
    for number in 0..20 {
        let query = format!(
            "mutation {{ createLeague(name: \"Club {number}\", teamName: \"Max\") {{ id inviteCode }} }}"
        );
        let made = data(&paddock, &max.token, &query, json!({})).await["createLeague"].take();
        for player in [&lando, &oscar] {
            let query = format!(
                "mutation {{ joinLeague(inviteCode: {}, teamName: {:?}) {{ id }} }}",
                made["inviteCode"], player.name
            );
            data(&paddock, &player.token, &query, json!({})).await;
        }
        let id = made["id"].as_str().unwrap();
        let (order, _) = order(&paddock, &max, id, IMOLA).await;
        orders.insert(order);
    }
    // Of the six there are; fewer come up once in a hundred million times.
    assert!(orders.len() > 2, "{orders:?}");
}
