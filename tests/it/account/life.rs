//! Registering, a profile, leaving.

use entities::{password_reset, user, user_session};
use sea_orm::EntityTrait;
use serde_json::{Value, json};

use super::{
    PASSWORD, Person, REGISTER, answer, data, email, log_in, login, refresh, refusal, refused,
    register, role, with,
};
use crate::support::TestApp;

const ME: &str = "{ viewer { role user { id name email role createdAt profile { favouriteDriver { ref } favouriteConstructor { ref } timeZone notifications } sessions { device current } } } }";

async fn me(app: &TestApp, person: &Person) -> Value {
    data(app, &person.access, ME, json!({})).await["viewer"].take()
}

#[tokio::test]
async fn who_registers_is_logged_in_and_sees_the_account() {
    let app = TestApp::empty().await;
    let variables = json!({ "email": " Max@Example.ORG", "password": PASSWORD, "name": "Max" });
    let registered = data(&app, "", REGISTER, variables).await;
    let registered = &registered["register"];
    assert_eq!(registered["expiresAt"], "2025-01-15T12:30:00+00:00");
    assert_eq!(registered["refreshExpiresAt"], "2025-02-14T12:00:00+00:00");
    let max = Person::of(registered);
    assert!(max.id.starts_with("User:"));
    assert_eq!(
        me(&app, &max).await,
        json!({
            "role": "USER",
            "user": {
                "id": max.id,
                "name": "Max",
                "email": "max@example.org",
                "role": "USER",
                "createdAt": "2025-01-15T12:00:00+00:00",
                "profile": {
                    "favouriteDriver": null,
                    "favouriteConstructor": null,
                    "timeZone": "UTC",
                    "notifications": ["DRAFT_OPENED", "YOUR_TURN", "TIME_RUNS_OUT", "DRAFT_CLOSED", "SCORED", "ORDER_CHANGED", "SUBSTITUTION"],
                },
                "sessions": [{ "device": "phone", "current": true }],
            },
        })
    );
    let guest = app.data("{ viewer { role user { id } } }").await;
    assert_eq!(guest["viewer"], json!({ "role": "GUEST", "user": null }));
    // What is kept of the tokens and of the password lets nobody in.
    let row = user::Entity::find()
        .one(&app.app.db)
        .await
        .unwrap()
        .unwrap();
    assert!(
        row.password
            .unwrap()
            .starts_with("$argon2id$v=19$m=19456,t=2,p=1$")
    );
    for session in user_session::Entity::find().all(&app.app.db).await.unwrap() {
        assert_eq!(session.token_hash.len(), 64);
        assert!(!max.refresh.contains(&session.token_hash));
    }
}

#[tokio::test]
async fn what_no_account_can_hold_is_refused_with_what_was_expected() {
    let app = TestApp::empty().await;
    register(&app, "Max").await;
    let good = json!({ "email": "lando@example.org", "password": PASSWORD, "name": "Lando" });
    for (field, value) in [
        ("email", "lando"),
        ("email", "lando@example.org\r\nBcc: all@example.org"),
        ("email", "a\0b@example.org"),
        ("password", "short"),
        ("password", &"x".repeat(129)),
        ("name", ""),
        ("name", "a\nb"),
        ("name", "Former member"),
    ] {
        let mut variables = good.clone();
        variables[field] = json!(value);
        let answer = answer(&app, "", REGISTER, variables).await;
        let error = &answer["errors"][0];
        assert_eq!(error["extensions"]["code"], "BAD_USER_INPUT", "{answer:#}");
        assert!(!error["message"].as_str().unwrap().contains(PASSWORD));
    }
    let mut taken = good;
    taken["email"] = json!("MAX@example.org");
    let code = refused(&app, "", REGISTER, taken).await;
    assert_eq!(code, refusal("CONFLICT", "EMAIL_TAKEN"));
}

#[tokio::test]
async fn two_who_register_one_address_at_once_are_one_account() {
    let app = TestApp::empty().await;
    let variables = json!({ "email": "max@example.org", "password": PASSWORD, "name": "Max" });
    let all = (0..8).map(|_| answer(&app, "", REGISTER, variables.clone()));
    let answers = futures::future::join_all(all).await;
    let (got, refused): (Vec<_>, Vec<_>) = answers
        .into_iter()
        .partition(|answer| answer.get("errors").is_none());
    assert_eq!(got.len(), 1);
    for answer in refused {
        assert_eq!(super::code_of(&answer), refusal("CONFLICT", "EMAIL_TAKEN"));
    }
}

#[tokio::test]
async fn a_profile_is_changed_field_by_field() {
    let app = TestApp::bundled().await;
    let max = register(&app, "Max").await;
    let change = "mutation ($driver: ID, $team: ID) { updateProfile(name: \"Mad Max\", favouriteDriver: $driver, favouriteConstructor: $team, timeZone: \"Europe/Monaco\", notifications: [YOUR_TURN]) { name } }";
    let favourites = json!({ "driver": "Driver:norris", "team": "mclaren" });
    data(&app, &max.access, change, favourites).await;
    let expected = json!({
        "favouriteDriver": { "ref": "norris" },
        "favouriteConstructor": { "ref": "mclaren" },
        "timeZone": "Europe/Monaco",
        "notifications": ["YOUR_TURN"],
    });
    let user = me(&app, &max).await["user"].take();
    assert_eq!(
        (&user["name"], &user["profile"]),
        (&json!("Mad Max"), &expected)
    );
    // What is left out stays, what is null goes.
    let change = "mutation { updateProfile(favouriteDriver: null) { id } }";
    data(&app, &max.access, change, json!({})).await;
    let profile = me(&app, &max).await["user"]["profile"].take();
    assert_eq!(profile["favouriteDriver"], Value::Null);
    assert_eq!(profile["favouriteConstructor"]["ref"], "mclaren");
    data(
        &app,
        &max.access,
        "mutation { updateProfile { id } }",
        json!({}),
    )
    .await;
    for (arguments, code) in [
        ("favouriteDriver: \"nobody\"", "NOT_FOUND"),
        ("favouriteDriver: \"Constructor:mclaren\"", "BAD_USER_INPUT"),
        ("favouriteConstructor: \"nobody\"", "NOT_FOUND"),
        ("timeZone: \"Monaco\"", "BAD_USER_INPUT"),
        ("name: \" \"", "BAD_USER_INPUT"),
    ] {
        let query = format!("mutation {{ updateProfile({arguments}) {{ id }} }}");
        assert_eq!(
            refused(&app, &max.access, &query, json!({})).await.0,
            code,
            "{arguments}"
        );
    }
}

#[tokio::test]
async fn what_is_for_users_is_refused_to_guests() {
    let app = with(|config| config.auth.admin_token = "pole-position".into()).await;
    for mutation in [
        "logout",
        "logoutEverywhere",
        "endSession(id: \"x\")",
        "changePassword(currentPassword: \"a\", newPassword: \"b\") { accessToken }",
        "updateProfile(name: \"Max\") { id }",
        "deleteAccount(password: \"a\")",
    ] {
        let query = format!("mutation {{ {mutation} }}");
        // The bearer of the administrator's token has no account either.
        for token in ["", "pole-position"] {
            let (code, _) = refused(&app, token, &query, json!({})).await;
            assert_eq!(code, "UNAUTHENTICATED", "{mutation}");
        }
    }
    let max = register(&app, "Max").await;
    let (code, _) = refused(&app, &max.access, "{ webhooks { url } }", json!({})).await;
    assert_eq!(code, "FORBIDDEN");
}

#[tokio::test]
async fn a_deleted_account_leaves_a_row_that_tells_of_nobody() {
    let app = TestApp::empty().await;
    let max = register(&app, "Max").await;
    let tablet = log_in(&app, "Max").await;
    let delete = "mutation ($password: String!) { deleteAccount(password: $password) }";
    let wrong = refused(
        &app,
        &max.access,
        delete,
        json!({ "password": "not this one" }),
    )
    .await;
    assert_eq!(wrong, refusal("CONFLICT", "WRONG_PASSWORD"));
    assert_eq!(role(&app, &max.access).await, "USER");
    let gone = data(&app, &max.access, delete, json!({ "password": PASSWORD })).await;
    assert_eq!(gone["deleteAccount"], true);
    for person in [&max, &tablet] {
        assert_eq!(role(&app, &person.access).await, "GUEST");
        let answer = refresh(&app, &person.refresh).await;
        assert_eq!(
            super::code_of(&answer),
            refusal("UNAUTHENTICATED", "SESSION_ENDED")
        );
    }
    let answer = login(&app, "Max", PASSWORD).await;
    assert_eq!(
        super::code_of(&answer),
        refusal("UNAUTHENTICATED", "WRONG_CREDENTIALS")
    );
    let db = &app.app.db;
    let row = user::Entity::find().one(db).await.unwrap().unwrap();
    assert_eq!(format!("User:{}", row.id), max.id);
    assert_eq!(row.name, "Former member");
    assert_eq!((row.email, row.password), (None, None));
    assert!(row.deleted_at.is_some());
    assert!(
        user_session::Entity::find()
            .all(db)
            .await
            .unwrap()
            .is_empty()
    );
    assert!(
        password_reset::Entity::find()
            .all(db)
            .await
            .unwrap()
            .is_empty()
    );
    // The address is free, for somebody else.
    let again = register(&app, "Max").await;
    assert_ne!(again.id, max.id);
    assert_eq!(me(&app, &again).await["user"]["email"], email("Max"));
}
