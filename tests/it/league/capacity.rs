//! How many teams a league has room for, and who gets the last place.

use entities::fantasy_team;
use futures::future::join_all;
use sea_orm::{EntityTrait, PaginatorTrait};
use serde_json::json;

use super::{JOIN, change, found, join, look, not_joined, refusal, text, unchanged};
use crate::{
    account::{Person, answer, code_of, register},
    support::{Setup, TestApp},
};

/// In the week of Imola 2024, before it is known who drives there.
async fn in_the_season() -> TestApp {
    TestApp::start(Setup {
        now: "2024-05-15T12:00:00Z".parse().unwrap(),
        bundled: true,
        ..Setup::default()
    })
    .await
}

async fn people(app: &TestApp, number: usize) -> Vec<Person> {
    let mut people = Vec::new();
    for number in 0..number {
        people.push(register(app, &format!("Driver{number}")).await);
    }
    people
}

#[tokio::test]
async fn a_league_is_full_when_the_entry_list_is_shared_out() {
    let app = in_the_season().await;
    let people = people(&app, 11).await;
    let league = found(&app, &people[0], "Full house", "").await;
    assert_eq!(league["capacity"], 10);
    let (id, code) = (text(&league["id"]), text(&league["inviteCode"]));
    for (number, person) in people.iter().enumerate().take(10).skip(1) {
        join(&app, person, &code, &format!("Team {number}")).await;
    }
    let full = refusal("CONFLICT", "LEAGUE_FULL");
    assert_eq!(not_joined(&app, &people[10], &code, "Late").await, full);
    // More drivers for each are fewer teams than there are.
    let more = "updateLeagueSettings(league: $league, settings: { rounds: 3 }) { id }";
    let refused = unchanged(&app, &people[0].access, &id, more).await;
    assert_eq!(refused, refusal("CONFLICT", "TOO_MANY_TEAMS"));
    // With one driver for each there is room again, but not before that holds.
    let fewer = "updateLeagueSettings(league: $league, settings: { rounds: 1 }) { capacity }";
    let fewer = change(&app, &people[0], &id, fewer).await;
    assert_eq!(fewer["capacity"], 10);
    assert_eq!(not_joined(&app, &people[10], &code, "Late").await, full);
    // Who leaves makes room.
    change(&app, &people[9], &id, "leaveLeague(league: $league)").await;
    join(&app, &people[10], &code, "Late").await;
    assert_eq!(not_joined(&app, &people[9], &code, "Back").await, full);
}

#[tokio::test]
async fn a_commissioner_may_want_a_smaller_league() {
    let app = TestApp::empty().await;
    let people = people(&app, 3).await;
    let league = found(&app, &people[0], "Duel", ", maxTeams: 2").await;
    let (id, code) = (text(&league["id"]), text(&league["inviteCode"]));
    assert_eq!(league["capacity"], 2);
    join(&app, &people[1], &code, "Second").await;
    let full = refusal("CONFLICT", "LEAGUE_FULL");
    assert_eq!(not_joined(&app, &people[2], &code, "Third").await, full);
    let open = "updateLeague(league: $league, maxTeams: null) { capacity maxTeams }";
    let open = change(&app, &people[0], &id, open).await;
    assert_eq!(open, json!({ "capacity": 10, "maxTeams": null }));
    join(&app, &people[2], &code, "Third").await;
    let close = "updateLeague(league: $league, maxTeams: 2) { capacity }";
    let refused = unchanged(&app, &people[0].access, &id, close).await;
    assert_eq!(refused, refusal("CONFLICT", "TOO_MANY_TEAMS"));
}

#[tokio::test]
async fn of_those_who_want_the_last_place_at_once_one_gets_it() {
    let app = TestApp::empty().await;
    let people = people(&app, 13).await;
    let league = found(&app, &people[0], "Musical chairs", ", maxTeams: 2").await;
    let code = text(&league["inviteCode"]);
    let all = people[1..].iter().enumerate().map(|(number, person)| {
        let variables = json!({ "code": code, "name": format!("Team {number}") });
        answer(&app, &person.access, JOIN, variables)
    });
    let (got, refused): (Vec<_>, Vec<_>) = join_all(all)
        .await
        .into_iter()
        .partition(|answer| answer.get("errors").is_none());
    assert_eq!(got.len(), 1);
    for answer in refused {
        assert_eq!(code_of(&answer), refusal("CONFLICT", "LEAGUE_FULL"));
    }
    let seen = look(&app, &people[0].access, &text(&league["id"])).await;
    assert_eq!(seen["size"], 2);
}

#[tokio::test]
async fn who_joins_several_times_at_once_has_one_team() {
    let app = TestApp::empty().await;
    let people = people(&app, 2).await;
    let league = found(&app, &people[0], "Once", "").await;
    let variables = json!({ "code": league["inviteCode"], "name": "Eager" });
    let all = (0..8).map(|_| answer(&app, &people[1].access, JOIN, variables.clone()));
    let answers = join_all(all).await;
    let joined = answers
        .iter()
        .filter(|answer| answer.get("errors").is_none());
    assert_eq!(joined.count(), 1, "{answers:#?}");
    let teams = fantasy_team::Entity::find()
        .count(&app.app.db)
        .await
        .unwrap();
    assert_eq!(teams, 2);
}

#[tokio::test]
async fn members_who_delete_their_accounts_at_once_do_not_wait_for_each_other() {
    let app = TestApp::empty().await;
    let people = people(&app, 5).await;
    let mut leagues = Vec::new();
    for name in ["One", "Two", "Three"] {
        let league = found(&app, &people[0], name, "").await;
        for (number, person) in people.iter().enumerate().skip(1) {
            let code = text(&league["inviteCode"]);
            join(&app, person, &code, &format!("Team {number}")).await;
        }
        leagues.push(text(&league["id"]));
    }
    let delete = "mutation ($password: String!) { deleteAccount(password: $password) }";
    let password = json!({ "password": crate::account::PASSWORD });
    let all = people[1..]
        .iter()
        .map(|person| answer(&app, &person.access, delete, password.clone()));
    for answer in join_all(all).await {
        assert_eq!(answer["data"]["deleteAccount"], true, "{answer:#}");
    }
    for league in leagues {
        assert_eq!(look(&app, &people[0].access, &league).await["size"], 1);
    }
}

#[tokio::test]
async fn nobody_is_in_more_than_fifty_leagues() {
    let app = TestApp::empty().await;
    let people = people(&app, 1).await;
    for number in 0..50 {
        found(&app, &people[0], &format!("League {number}"), "").await;
    }
    let one_more = "mutation { createLeague(name: \"One more\", teamName: \"a\") { id } }";
    let answer = answer(&app, &people[0].access, one_more, json!({})).await;
    assert_eq!(code_of(&answer), refusal("CONFLICT", "TOO_MANY_LEAGUES"));
}
