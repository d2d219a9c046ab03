//! The life of a league.

use entities::{event, fantasy_team, league as row};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder};
use serde_json::{Value, json};

use super::{JOIN, LEAGUE, change, data, found, join, look, not_joined, refused, text, unchanged};
use crate::{
    account::{PASSWORD, Person, register, with},
    support::{TestApp, json::texts},
};

const LEAVE: &str = "leaveLeague(league: $league)";

const REMOVE: &str = "mutation ($team: ID!) { removeFantasyTeam(id: $team) { id leftAt } }";

const RENAME: &str =
    "mutation ($team: ID!, $name: String!) { renameFantasyTeam(id: $team, name: $name) { name } }";

const DELETE: &str = "mutation ($password: String!) { deleteAccount(password: $password) }";

fn reason((code, reason): (String, Value), expected: &str) {
    assert_eq!((code.as_str(), &reason), ("CONFLICT", &json!(expected)));
}

fn forbidden((code, reason): (String, Value), expected: &str) {
    assert_eq!((code.as_str(), &reason), ("FORBIDDEN", &json!(expected)));
}

/// The leagues that somebody is in, by name.
async fn own(app: &TestApp, person: &Person) -> Vec<String> {
    let query = "{ viewer { leagues { name } } }";
    let viewer = data(app, &person.access, query, json!({})).await;
    texts(&viewer["viewer"]["leagues"], "/name")
}

/// What became of a league, in order.
async fn told(app: &TestApp, league: &str) -> Vec<String> {
    let stream = league.replacen("League:", "league/", 1);
    let events = event::Entity::find()
        .filter(event::Column::Stream.eq(stream))
        .order_by_asc(event::Column::Sequence)
        .all(&app.app.db)
        .await
        .unwrap();
    for (place, event) in events.iter().enumerate() {
        assert_eq!(event.sequence, i64::try_from(place).unwrap() + 1);
    }
    events.into_iter().map(|event| event.kind).collect()
}

#[tokio::test]
async fn who_makes_a_league_is_its_commissioner_and_first_member() {
    let app = with(|config| {
        config.league.invite_url = "https://f1.example.org/join?code={code}".into();
    })
    .await;
    let max = register(&app, "Max").await;
    let league = found(&app, &max, "  Sunday club ", "").await;
    let code = text(&league["inviteCode"]);
    assert_eq!(code.len(), 19, "{code}");
    let team = &league["teams"][0];
    let expected = json!({
        "id": league["id"],
        "name": "Sunday club",
        "visibility": "PRIVATE",
        "createdAt": "2025-01-15T12:00:00+00:00",
        "maxTeams": null,
        "size": 1,
        // Nobody knows an entry list, so it is a usual one.
        "capacity": 10,
        "inviteCode": code,
        "inviteLink": format!("https://f1.example.org/join?code={code}"),
        "commissioner": { "id": team["id"] },
        "myTeam": { "id": team["id"] },
        "teams": [{ "id": team["id"], "name": "Founders", "manager": "Max", "mine": true, "isCommissioner": true, "leftAt": null }],
    });
    assert_eq!(league, expected);
    let id = text(&league["id"]);
    assert_eq!(look(&app, &max.access, &id).await, expected);
    assert_eq!(own(&app, &max).await, ["Sunday club"]);
    let told = told(&app, &id).await;
    assert_eq!(told, ["league_created", "fantasy_team_joined"]);
}

#[tokio::test]
async fn what_no_league_can_be_called_is_refused() {
    let app = TestApp::empty().await;
    let max = register(&app, "Max").await;
    for arguments in [
        r#"name: " ", teamName: "a""#,
        r#"name: "a\nb", teamName: "a""#,
        r#"name: "a", teamName: "Former team""#,
        r#"name: "a", teamName: "a", maxTeams: 1"#,
        r#"name: "a", teamName: "a", settings: { timeZone: "Monaco" }"#,
    ] {
        let query = format!("mutation {{ createLeague({arguments}) {{ id }} }}");
        let (code, _) = refused(&app, &max.access, &query, json!({})).await;
        assert_eq!(code, "BAD_USER_INPUT", "{arguments}");
    }
    assert!(own(&app, &max).await.is_empty());
}

#[tokio::test]
async fn a_code_lets_in_however_it_is_typed_and_only_once() {
    let app = TestApp::empty().await;
    let [max, lando] = [register(&app, "Max").await, register(&app, "Lando").await];
    let league = found(&app, &max, "Sunday club", "").await;
    let (id, code) = (text(&league["id"]), text(&league["inviteCode"]));
    for wrong in ["", "0000-0000-0000-0000", &id] {
        let (code, _) = not_joined(&app, &lando, wrong, "Papaya").await;
        assert_eq!(code, "NOT_FOUND", "{wrong}");
    }
    reason(
        not_joined(&app, &lando, &code, "FOUNDERS").await,
        "NAME_TAKEN",
    );
    let team = join(
        &app,
        &lando,
        &code.to_lowercase().replace('-', ""),
        "Papaya",
    )
    .await;
    reason(
        not_joined(&app, &lando, &code, "Other").await,
        "ALREADY_A_MEMBER",
    );
    let seen = look(&app, &lando.access, &id).await;
    assert_eq!(seen["myTeam"]["id"], json!(team));
    assert_eq!(seen["inviteCode"], league["inviteCode"]);
    assert_eq!(texts(&seen["teams"], "/manager"), ["Max", "Lando"]);
    // Neither, and both, name no league.
    for variables in [
        json!({ "name": "x" }),
        json!({ "name": "x", "code": code, "league": id }),
    ] {
        let (code, _) = refused(&app, &lando.access, JOIN, variables).await;
        assert_eq!(code, "BAD_USER_INPUT");
    }
    // The old code lets nobody in any more.
    let oscar = register(&app, "Oscar").await;
    let rotate = "rotateInviteCode(league: $league) { inviteCode }";
    forbidden(
        unchanged(&app, &lando.access, &id, rotate).await,
        "NOT_COMMISSIONER",
    );
    let rotated = change(&app, &max, &id, rotate).await;
    assert_eq!(
        not_joined(&app, &oscar, &code, "Honey").await.0,
        "NOT_FOUND"
    );
    join(&app, &oscar, &text(&rotated["inviteCode"]), "Honey").await;
}

#[tokio::test]
async fn who_leaves_keeps_the_team_and_has_it_back_on_joining_again() {
    let app = TestApp::empty().await;
    let [max, lando] = [register(&app, "Max").await, register(&app, "Lando").await];
    let league = found(&app, &max, "Sunday club", "").await;
    let (id, code) = (text(&league["id"]), text(&league["inviteCode"]));
    let team = join(&app, &lando, &code, "Papaya").await;
    assert_eq!(change(&app, &lando, &id, LEAVE).await, json!(id));
    assert_eq!(look(&app, &lando.access, &id).await, Value::Null);
    assert!(own(&app, &lando).await.is_empty());
    assert_eq!(
        unchanged(&app, &lando.access, &id, LEAVE).await.0,
        "NOT_FOUND"
    );
    let all = "query ($id: ID!) { league(id: $id) { teams(former: true) { id leftAt } size } }";
    let all = data(&app, &max.access, all, json!({ "id": id })).await;
    assert_eq!(all["league"]["size"], 1);
    assert_eq!(all["league"]["teams"][1]["id"], json!(team));
    assert!(all["league"]["teams"][1]["leftAt"].is_string());
    assert_eq!(join(&app, &lando, &code, "Papaya II").await, team);
    let seen = look(&app, &lando.access, &id).await;
    assert_eq!(texts(&seen["teams"], "/name"), ["Founders", "Papaya II"]);
}

#[tokio::test]
async fn who_is_removed_comes_back_by_a_new_code_only() {
    let app = TestApp::empty().await;
    let [max, lando] = [register(&app, "Max").await, register(&app, "Lando").await];
    let league = found(&app, &max, "Open house", ", visibility: PUBLIC").await;
    let (id, code) = (text(&league["id"]), text(&league["inviteCode"]));
    let team = join(&app, &lando, &code, "Papaya").await;
    let own_team = json!({ "team": league["myTeam"]["id"] });
    let papaya = json!({ "team": team });
    forbidden(
        refused(&app, &lando.access, REMOVE, own_team.clone()).await,
        "NOT_COMMISSIONER",
    );
    reason(
        refused(&app, &max.access, REMOVE, own_team).await,
        "OWNER_MUST_TRANSFER",
    );
    let removed = data(&app, &max.access, REMOVE, papaya.clone()).await;
    assert!(removed["removeFantasyTeam"]["leftAt"].is_string());
    reason(
        refused(&app, &max.access, REMOVE, papaya).await,
        "TEAM_HAS_LEFT",
    );
    assert_eq!(
        not_joined(&app, &lando, &code, "Papaya").await.0,
        "NOT_FOUND"
    );
    let by_id = json!({ "league": id, "name": "Papaya" });
    forbidden(
        refused(&app, &lando.access, JOIN, by_id).await,
        "REMOVED_FROM_LEAGUE",
    );
    let code = text(&look(&app, &max.access, &id).await["inviteCode"]);
    assert_eq!(join(&app, &lando, &code, "Papaya").await, team);
}

#[tokio::test]
async fn a_commissioner_hands_over_before_leaving_and_the_last_one_closes_the_league() {
    let app = TestApp::empty().await;
    let [max, lando] = [register(&app, "Max").await, register(&app, "Lando").await];
    let league = found(&app, &max, "Sunday club", ", visibility: PUBLIC").await;
    let (id, code) = (text(&league["id"]), text(&league["inviteCode"]));
    let team = join(&app, &lando, &code, "Papaya").await;
    reason(
        unchanged(&app, &max.access, &id, LEAVE).await,
        "OWNER_MUST_TRANSFER",
    );
    let hand_over = format!("transferLeague(league: $league, to: \"{team}\") {{ {LEAGUE} }}");
    forbidden(
        unchanged(&app, &lando.access, &id, &hand_over).await,
        "NOT_COMMISSIONER",
    );
    let league = change(&app, &max, &id, &hand_over).await;
    assert_eq!(league["commissioner"]["id"], json!(team));
    forbidden(
        unchanged(&app, &max.access, &id, &hand_over).await,
        "NOT_COMMISSIONER",
    );
    change(&app, &max, &id, LEAVE).await;
    // Who has left is no heir.
    let back = text(&league["myTeam"]["id"]);
    let back = format!("transferLeague(league: $league, to: \"{back}\") {{ id }}");
    let (code, _) = unchanged(&app, &lando.access, &id, &back).await;
    assert_eq!(code, "NOT_FOUND");
    change(&app, &lando, &id, LEAVE).await;
    for person in [&max, &lando] {
        assert_eq!(look(&app, &person.access, &id).await, Value::Null);
    }
    let told = told(&app, &id).await;
    assert_eq!(
        told,
        [
            "league_created",
            "fantasy_team_joined",
            "fantasy_team_joined",
            "league_transferred",
            "fantasy_team_left",
            "fantasy_team_left",
            "league_closed",
        ]
    );
}

#[tokio::test]
async fn a_team_is_renamed_by_its_owner_alone() {
    let app = TestApp::empty().await;
    let [max, lando] = [register(&app, "Max").await, register(&app, "Lando").await];
    let league = found(&app, &max, "Sunday club", "").await;
    let team = join(&app, &lando, &text(&league["inviteCode"]), "Papaya").await;
    let rename = |name: &str| json!({ "team": team, "name": name });
    forbidden(
        refused(&app, &max.access, RENAME, rename("Lemon")).await,
        "NOT_YOUR_TEAM",
    );
    reason(
        refused(&app, &lando.access, RENAME, rename("founders")).await,
        "NAME_TAKEN",
    );
    let renamed = data(&app, &lando.access, RENAME, rename("PAPAYA")).await;
    assert_eq!(renamed["renameFantasyTeam"]["name"], "PAPAYA");
}

#[tokio::test]
async fn an_account_that_goes_leaves_its_leagues_and_no_name() {
    let app = TestApp::empty().await;
    let [max, lando] = [register(&app, "Max").await, register(&app, "Lando").await];
    let club = found(&app, &max, "Sunday club", "").await;
    found(&app, &lando, "Alone", "").await;
    join(&app, &lando, &text(&club["inviteCode"]), "Papaya").await;
    let password = json!({ "password": PASSWORD });
    reason(
        refused(&app, &max.access, DELETE, password.clone()).await,
        "OWNER_MUST_TRANSFER",
    );
    assert_eq!(own(&app, &max).await, ["Sunday club"]);
    data(&app, &lando.access, DELETE, password.clone()).await;
    let all = "{ viewer { leagues { size teams(former: true) { name manager } } } }";
    let all = data(&app, &max.access, all, json!({})).await;
    let expected = json!([{
        "size": 1,
        "teams": [
            { "name": "Founders", "manager": "Max" },
            { "name": "Former team", "manager": "Former member" },
        ],
    }]);
    assert_eq!(all["viewer"]["leagues"], expected);
    data(&app, &max.access, DELETE, password).await;
    let db = &app.app.db;
    for league in row::Entity::find().all(db).await.unwrap() {
        assert!(league.closed_at.is_some(), "{league:?}");
    }
    for team in fantasy_team::Entity::find().all(db).await.unwrap() {
        assert_eq!(team.name, "Former team");
        assert!(team.left_at.is_some());
    }
}

#[tokio::test]
async fn guests_and_the_bearer_of_the_administrators_token_have_no_leagues() {
    let app = with(|config| config.auth.admin_token = "pole-position".into()).await;
    for token in ["", "pole-position"] {
        for mutation in [
            "createLeague(name: \"a\", teamName: \"a\") { id }",
            "joinLeague(inviteCode: \"a\", teamName: \"a\") { id }",
            "leaveLeague(league: \"League:x\")",
        ] {
            let query = format!("mutation {{ {mutation} }}");
            let refused = refused(&app, token, &query, json!({})).await;
            assert_eq!(refused.0, "UNAUTHENTICATED", "{mutation}");
        }
        let viewer = data(&app, token, "{ viewer { leagues { id } } }", json!({})).await;
        assert_eq!(viewer["viewer"]["leagues"], json!([]));
    }
    let max = register(&app, "Max").await;
    for (league, expected) in [
        ("Driver:norris", "BAD_USER_INPUT"),
        ("League:x", "BAD_USER_INPUT"),
        ("League:01890a5d-ac96-774b-bcce-b302099a8057", "NOT_FOUND"),
    ] {
        let query = format!("mutation {{ leaveLeague(league: {league:?}) }}");
        let (code, _) = refused(&app, &max.access, &query, json!({})).await;
        assert_eq!(code, expected, "{league}");
    }
}
