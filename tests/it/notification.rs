//! Notifications: told to those who want them, kept for who they are told to, and for nobody else.

mod clock;
mod push;

use domain::{
    App,
    auth::{self, Registration},
    clock::Clock,
    database, event,
    notification::{self, Details, Kind, Note},
    secret,
};
use entities::{draft, fantasy_team, league, notification as row, race, user::Role};
use sea_orm::{ActiveModelTrait, ActiveValue::Set, ColumnTrait, EntityTrait, QueryFilter};
use serde_json::{Value, json};

use crate::{
    account::{PASSWORD, Person, answer, data, log_in, refused, register},
    support::{Setup, TODAY, TestApp, json::each},
};

const TOKEN: &str = "pole-position";

const NOTHING: &str = "Notification:00000000-0000-7000-8000-000000000001";

async fn bundled() -> TestApp {
    TestApp::start(Setup {
        bundled: true,
        change: |config| {
            TOKEN.clone_into(&mut config.auth.admin_token);
            config.webhook.allow_loopback = true;
        },
        ..Setup::default()
    })
    .await
}

/// Makes a private league that has drafted for Monaco; gives its id and its invite code.
async fn found(app: &TestApp, person: &Person, name: &str) -> (String, String) {
    let query = "mutation ($name: String!) { createLeague(name: $name, teamName: \"Founders\") { id inviteCode } }";
    let made = data(app, &person.access, query, json!({ "name": name })).await;
    let text = |field: &str| made["createLeague"][field].as_str().unwrap().to_owned();
    let (id, code) = (text("id"), text("inviteCode"));
    let (league, race) = rows(app, &id).await;
    let now = app.app.clock.now();
    let draft = draft::ActiveModel {
        reference: Set(secret::new_id(now).unwrap().to_string()),
        league_id: Set(league.id),
        race_id: Set(race.id),
        state: Set(draft::State::Complete),
        first_order: Set("[]".to_owned()),
        settings_version: Set(Some(1)),
        created_at: Set(now),
        ..Default::default()
    };
    draft.insert(&app.app.db).await.unwrap();
    (id, code)
}

async fn join(app: &TestApp, person: &Person, code: &str) {
    let query =
        "mutation ($code: String!) { joinLeague(inviteCode: $code, teamName: \"Papaya\") { id } }";
    data(app, &person.access, query, json!({ "code": code })).await;
}

/// A league, and Monaco.
async fn rows(app: &TestApp, league: &str) -> (league::Model, race::Model) {
    let db = &app.app.db;
    let reference = league.trim_start_matches("League:");
    let league = league::Entity::find().filter(league::Column::Reference.eq(reference));
    let race = race::Entity::find().filter(race::Column::Reference.eq("2024_monaco"));
    let league = league.one(db).await.unwrap();
    (league.unwrap(), race.one(db).await.unwrap().unwrap())
}

async fn draft_of(app: &TestApp, league: &league::Model, race: &race::Model) -> draft::Model {
    let found = draft::Entity::find()
        .filter(draft::Column::LeagueId.eq(league.id))
        .filter(draft::Column::RaceId.eq(race.id))
        .one(&app.app.db);
    found.await.unwrap().unwrap()
}

/// Tells somebody something about the draft of a league.
async fn tell(app: &TestApp, person: &Person, league: &str, kind: Kind) {
    let db = &app.app.db;
    let (league, race) = rows(app, league).await;
    let user = person.id.trim_start_matches("User:");
    let team = fantasy_team::Entity::present_of(user)
        .filter(fantasy_team::Column::LeagueId.eq(league.id))
        .one(db);
    let note = Note {
        user: user.to_owned(),
        kind,
        league: league.id,
        race: race.id,
        draft: Some(draft_of(app, &league, &race).await.id),
        team: team.await.unwrap().map(|team| team.id),
        details: Details {
            league: league.name,
            race: "2024 Monaco Grand Prix".to_owned(),
            ..Details::default()
        },
    };
    let transaction = database::begin(db).await.unwrap();
    let now = app.app.clock.now();
    let told = notification::write(&transaction, vec![note], now).await;
    told.unwrap();
    transaction.commit().await.unwrap();
    app.app.bus.told();
}

const INBOX: &str = "query ($unread: Boolean! = false, $after: String) { viewer { unreadNotifications notifications(unreadOnly: $unread, first: 2, after: $after) { totalCount pageInfo { hasNextPage endCursor } nodes { id kind message read createdAt league { id } draft { id } team { name } race { ref } } } } }";

async fn inbox(app: &TestApp, token: &str, variables: Value) -> Value {
    data(app, token, INBOX, variables).await["viewer"].take()
}

/// The ids of all that somebody was told, the newest first.
async fn ids(app: &TestApp, token: &str) -> Vec<Value> {
    let query = "{ viewer { notifications { nodes { id } } } }";
    let told = data(app, token, query, json!({})).await;
    each(&told["viewer"]["notifications"]["nodes"], "/id")
}

const READ: &str = "mutation ($id: ID!) { markNotificationRead(id: $id) { id read } }";

const ALL_READ: &str = "mutation ($until: ID) { markAllNotificationsRead(until: $until) }";

#[tokio::test]
async fn an_inbox_has_what_its_owner_was_told_the_newest_first() {
    let app = bundled().await;
    let max = register(&app, "Max").await;
    let (league, _) = found(&app, &max, "Sunday club").await;
    for kind in [Kind::DraftOpened, Kind::YourTurn, Kind::DraftClosed] {
        tell(&app, &max, &league, kind).await;
    }
    let first = inbox(&app, &max.access, json!({})).await;
    assert_eq!(first["unreadNotifications"], 3);
    let page = &first["notifications"];
    assert_eq!(page["totalCount"], 3);
    assert_eq!(page["pageInfo"]["hasNextPage"], true);
    assert_eq!(each(&page["nodes"], "/kind"), ["DRAFT_CLOSED", "YOUR_TURN"]);
    let mut newest = page["nodes"][0].clone();
    let id = newest["id"].take();
    assert!(id.as_str().unwrap().starts_with("Notification:"));
    let (row, race) = rows(&app, &league).await;
    let draft = draft_of(&app, &row, &race).await.reference;
    assert_eq!(
        newest,
        json!({
            "id": null,
            "kind": "DRAFT_CLOSED",
            "message": "The draft for the 2024 Monaco Grand Prix in Sunday club is over.",
            "read": false,
            "createdAt": "2025-01-15T12:00:00+00:00",
            "league": { "id": league },
            "draft": { "id": format!("Draft:{draft}") },
            "team": { "name": "Founders" },
            "race": { "ref": "2024_monaco" },
        })
    );
    let after = json!({ "after": page["pageInfo"]["endCursor"] });
    let rest = inbox(&app, &max.access, after).await;
    let rest = &rest["notifications"];
    assert_eq!(each(&rest["nodes"], "/kind"), ["DRAFT_OPENED"]);
    assert_eq!(rest["pageInfo"]["hasNextPage"], false);
    let query = "query ($id: ID!) { node(id: $id) { id ... on Notification { kind } } }";
    let found = data(&app, &max.access, query, json!({ "id": id })).await;
    assert_eq!(found["node"], json!({ "id": id, "kind": "DRAFT_CLOSED" }));
}

#[tokio::test]
async fn what_was_read_is_noted_one_by_one_or_all_at_once() {
    let app = bundled().await;
    let max = register(&app, "Max").await;
    let (league, _) = found(&app, &max, "Sunday club").await;
    for _ in 0..4 {
        tell(&app, &max, &league, Kind::YourTurn).await;
    }
    let all = ids(&app, &max.access).await;
    for _ in 0..2 {
        let read = data(&app, &max.access, READ, json!({ "id": all[3] })).await;
        let expected = json!({ "id": all[3], "read": true });
        assert_eq!(read["markNotificationRead"], expected);
    }
    let read = data(&app, &max.access, ALL_READ, json!({ "until": all[1] })).await;
    assert_eq!(read["markAllNotificationsRead"], 2);
    let unread = inbox(&app, &max.access, json!({ "unread": true })).await;
    assert_eq!(unread["unreadNotifications"], 1);
    assert_eq!(unread["notifications"]["totalCount"], 1);
    assert_eq!(each(&unread["notifications"]["nodes"], "/id"), all[..1]);
    let read = data(&app, &max.access, ALL_READ, json!({})).await;
    assert_eq!(read["markAllNotificationsRead"], 1);
    let told = inbox(&app, &max.access, json!({})).await;
    assert_eq!(told["unreadNotifications"], 0);
    assert_eq!(told["notifications"]["totalCount"], 4);
    for query in [
        READ,
        "mutation ($id: ID!) { markAllNotificationsRead(until: $id) }",
    ] {
        let refused = |id: &str| refused(&app, &max.access, query, json!({ "id": id }));
        assert_eq!(refused(NOTHING).await.0, "NOT_FOUND");
        assert_eq!(refused("Notification:7").await.0, "BAD_USER_INPUT");
        assert_eq!(refused(&league).await.0, "BAD_USER_INPUT");
    }
}

#[tokio::test]
async fn who_does_not_want_a_kind_is_not_told_of_it() {
    let app = bundled().await;
    let [max, lando] = [register(&app, "Max").await, register(&app, "Lando").await];
    let (league, code) = found(&app, &max, "Sunday club").await;
    join(&app, &lando, &code).await;
    let mute = "mutation { updateProfile(notifications: [YOUR_TURN]) { id } }";
    data(&app, &max.access, mute, json!({})).await;
    tell(&app, &max, &league, Kind::DraftOpened).await;
    assert_eq!(ids(&app, &max.access).await, Vec::<Value>::new());
    // All teams of the league at once.
    let (row, race) = rows(&app, &league).await;
    let db = &app.app.db;
    let teams = fantasy_team::Entity::present_in(row.id).all(db).await;
    let transaction = database::begin(db).await.unwrap();
    let now = app.app.clock.now();
    notification::scored(&transaction, &row, &race, None, &teams.unwrap(), now)
        .await
        .unwrap();
    transaction.commit().await.unwrap();
    assert_eq!(ids(&app, &max.access).await, Vec::<Value>::new());
    let told = inbox(&app, &lando.access, json!({})).await;
    assert_eq!(
        each(&told["notifications"]["nodes"], "/message"),
        ["The 2024 Monaco Grand Prix is scored in Sunday club."]
    );
    tell(&app, &max, &league, Kind::YourTurn).await;
    assert_eq!(ids(&app, &max.access).await.len(), 1);
    // There is no event of what nobody was told.
    let last = event::last_sequence(db, event::NOTIFICATION).await;
    assert_eq!(last.unwrap(), 2);
}

#[tokio::test]
async fn nobody_but_its_owner_finds_a_notification() {
    let app = bundled().await;
    let [max, lando] = [register(&app, "Max").await, register(&app, "Lando").await];
    let (league, code) = found(&app, &max, "Sunday club").await;
    // Not even somebody who is in the league.
    join(&app, &lando, &code).await;
    tell(&app, &max, &league, Kind::YourTurn).await;
    let admin = Registration {
        email: "ross@example.org",
        password: PASSWORD,
        name: "Ross",
    };
    auth::create(&app.app, admin, Role::Admin).await.unwrap();
    let admin = log_in(&app, "Ross").await;
    let all = ids(&app, &max.access).await;
    let id = json!({ "id": all[0] });
    let nothing = json!({ "id": NOTHING });
    let node = "query ($id: ID!) { node(id: $id) { id ... on Notification { message } } }";
    let until = "mutation ($id: ID!) { markAllNotificationsRead(until: $id) }";
    for token in [lando.access.as_str(), &admin.access, TOKEN, ""] {
        for query in [node, READ, until] {
            let answered = answer(&app, token, query, id.clone()).await;
            let of_nothing = answer(&app, token, query, nothing.clone()).await;
            assert_eq!(answered, of_nothing, "{query}");
            assert!(!answered.to_string().contains("Sunday"), "{answered:#}");
        }
        data(&app, token, node, id.clone()).await;
        assert_eq!(
            inbox(&app, token, json!({})).await["unreadNotifications"],
            0
        );
        assert_eq!(ids(&app, token).await, Vec::<Value>::new());
    }
    for token in ["", TOKEN] {
        assert_eq!(
            refused(&app, token, READ, id.clone()).await.0,
            "UNAUTHENTICATED"
        );
        assert_eq!(
            refused(&app, token, ALL_READ, json!({})).await.0,
            "UNAUTHENTICATED"
        );
    }
    let told = inbox(&app, &max.access, json!({})).await;
    assert_eq!(told["unreadNotifications"], 1);
}

#[tokio::test]
async fn who_has_left_a_private_league_keeps_the_message_and_is_not_led_to_the_league() {
    let app = bundled().await;
    let [max, lando] = [register(&app, "Max").await, register(&app, "Lando").await];
    let (league, code) = found(&app, &max, "Sunday club").await;
    join(&app, &lando, &code).await;
    tell(&app, &lando, &league, Kind::YourTurn).await;
    let leave = "mutation ($league: ID!) { leaveLeague(league: $league) }";
    let of_league = json!({ "league": league });
    data(&app, &lando.access, leave, of_league.clone()).await;
    let mut told = inbox(&app, &lando.access, json!({})).await;
    let told = told["notifications"]["nodes"][0].take();
    for field in ["league", "draft", "team"] {
        assert_eq!(told[field], Value::Null, "{field}");
    }
    let message = "It is your turn to pick for the 2024 Monaco Grand Prix in Sunday club.";
    assert_eq!(told["message"], message);
    assert_eq!(told["race"]["ref"], "2024_monaco");
    let open =
        "mutation ($league: ID!) { updateLeague(league: $league, visibility: PUBLIC) { id } }";
    data(&app, &max.access, open, of_league).await;
    let told = inbox(&app, &lando.access, json!({})).await;
    let told = &told["notifications"]["nodes"][0];
    assert_eq!(told["league"]["id"], league);
    assert_eq!(told["team"]["name"], "Papaya");
}

#[tokio::test]
async fn a_page_costs_the_same_however_many_leagues_it_tells_of() {
    let app = bundled().await;
    let max = register(&app, "Max").await;
    let mut counts = Vec::new();
    for name in ["Sunday club", "Monday club", "Friday club"] {
        let (league, _) = found(&app, &max, name).await;
        tell(&app, &max, &league, Kind::YourTurn).await;
        inbox(&app, &max.access, json!({})).await;
        let before = app.statement_count();
        let query = "{ viewer { notifications { nodes { message league { id } draft { id } team { id } race { ref } } } } }";
        data(&app, &max.access, query, json!({})).await;
        counts.push(app.statement_count() - before);
    }
    assert_eq!(counts[0], counts[2], "{counts:?}");
}

#[tokio::test]
async fn what_is_old_and_what_a_deleted_account_was_told_is_forgotten() {
    let app = bundled().await;
    let [max, lando] = [register(&app, "Max").await, register(&app, "Lando").await];
    for person in [&max, &lando] {
        let (league, _) = found(&app, person, "Sunday club").await;
        tell(&app, person, &league, Kind::YourTurn).await;
    }
    let left = async || {
        let rows = row::Entity::find().all(&app.app.db).await.unwrap();
        let users = rows.into_iter().map(|row| format!("User:{}", row.user_id));
        users.collect::<Vec<_>>()
    };
    let delete = "mutation ($password: String!) { deleteAccount(password: $password) }";
    data(&app, &max.access, delete, json!({ "password": PASSWORD })).await;
    assert_eq!(left().await, std::slice::from_ref(&lando.id));
    let today: chrono::DateTime<chrono::Utc> = TODAY.parse().unwrap();
    for (days, gone) in [(90, 0), (91, 1)] {
        let later = App {
            clock: Clock::standing(today + chrono::TimeDelta::days(days)),
            ..app.app.clone()
        };
        assert_eq!(notification::clean_up(&later).await.unwrap(), gone);
    }
    assert_eq!(left().await, Vec::<String>::new());
}
