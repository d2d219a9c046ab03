//! Leagues: from the first member to the last, who may know of them, and by what they play.

mod capacity;
mod directory;
mod life;
mod openings;
mod privacy;
mod schema;
mod settings;
mod ways;

use serde_json::{Value, json};

use crate::{
    account::{Person, data, refusal, refused},
    support::TestApp,
};

/// Everything that a member is told of a league.
const LEAGUE: &str = "id name visibility createdAt maxTeams size capacity inviteCode inviteLink \
     commissioner { id } myTeam { id } teams { id name manager mine isCommissioner leftAt }";

/// Makes a league; gives what its maker is told of it.
async fn found(app: &TestApp, maker: &Person, name: &str, more: &str) -> Value {
    let query = format!(
        "mutation ($name: String!) {{ createLeague(name: $name, teamName: \"Founders\"{more}) {{ {LEAGUE} }} }}"
    );
    let variables = json!({ "name": name });
    data(app, &maker.access, &query, variables).await["createLeague"].take()
}

/// What somebody is told of a league; null for who may not know of it.
async fn look(app: &TestApp, token: &str, league: &str) -> Value {
    let query = format!("query ($id: ID!) {{ league(id: $id) {{ {LEAGUE} }} }}");
    data(app, token, &query, json!({ "id": league })).await["league"].take()
}

const JOIN: &str = "mutation ($code: String, $league: ID, $name: String!) { joinLeague(inviteCode: $code, league: $league, teamName: $name) { id name league { id } } }";

/// Joins by code; gives the id of the team.
async fn join(app: &TestApp, person: &Person, code: &str, name: &str) -> String {
    let variables = json!({ "code": code, "name": name });
    let data = data(app, &person.access, JOIN, variables).await;
    text(&data["joinLeague"]["id"])
}

/// How somebody is refused who wants to join by code.
async fn not_joined(app: &TestApp, person: &Person, code: &str, name: &str) -> (String, Value) {
    let variables = json!({ "code": code, "name": name });
    refused(app, &person.access, JOIN, variables).await
}

/// Does something to a league that answers with it.
async fn change(app: &TestApp, person: &Person, league: &str, field: &str) -> Value {
    let query = with_league(field);
    data(app, &person.access, &query, json!({ "league": league })).await["done"].take()
}

/// How somebody is refused who wants to do something to a league.
async fn unchanged(app: &TestApp, token: &str, league: &str, field: &str) -> (String, Value) {
    let query = with_league(field);
    refused(app, token, &query, json!({ "league": league })).await
}

fn with_league(field: &str) -> String {
    format!("mutation ($league: ID!) {{ done: {field} }}")
}

fn text(value: &Value) -> String {
    value.as_str().unwrap().to_owned()
}
