//! Passwords that are changed, forgotten and set anew.

use domain::auth;
use entities::{password_reset, user};
use sea_orm::{ActiveModelTrait, ActiveValue::Set, EntityTrait};
use serde_json::{Value, json};

use super::{
    PASSWORD, Person, code_of, data, email, exchange, log_in, login, refresh, refusal, refused,
    register, role,
};
use crate::support::{Setup, TestApp, letters::Letters};

const CHANGE: &str = "mutation ($old: String!, $new: String!) { changePassword(currentPassword: $old, newPassword: $new) { accessToken refreshToken user { id } } }";

const FORGOT: &str = "mutation ($email: String!) { requestPasswordReset(email: $email) }";

const RESET: &str =
    "mutation ($token: String!, $new: String!) { resetPassword(token: $token, newPassword: $new) }";

const NEW: &str = "box, box, box";

async fn posted(letters: &Letters, speed: f64) -> TestApp {
    let url = letters.url.clone();
    let setup = Setup {
        speed,
        ..Setup::default()
    };
    TestApp::start_with(setup, |config| config.mail.url = url).await
}

async fn forget(app: &TestApp, email: &str) -> Value {
    super::answer(app, "", FORGOT, json!({ "email": email })).await
}

/// The token in a letter.
fn token(letter: &str) -> String {
    let (_, rest) = letter.split_once("Your token:").unwrap();
    rest.trim().lines().next().unwrap().trim().to_owned()
}

#[tokio::test]
async fn a_changed_password_ends_all_sessions_but_the_one_that_begins() {
    let app = TestApp::empty().await;
    let phone = register(&app, "Max").await;
    let laptop = log_in(&app, "Max").await;
    for (old, new, code) in [
        ("not this one", NEW, refusal("CONFLICT", "WRONG_PASSWORD")),
        (
            PASSWORD,
            "short",
            ("BAD_USER_INPUT".to_owned(), Value::Null),
        ),
    ] {
        let variables = json!({ "old": old, "new": new });
        assert_eq!(refused(&app, &phone.access, CHANGE, variables).await, code);
    }
    let variables = json!({ "old": PASSWORD, "new": NEW });
    let changed = data(&app, &phone.access, CHANGE, variables).await;
    let now = Person::of(&changed["changePassword"]);
    for old in [&phone, &laptop] {
        assert_eq!(role(&app, &old.access).await, "GUEST");
        let answer = refresh(&app, &old.refresh).await;
        assert_eq!(
            code_of(&answer),
            refusal("UNAUTHENTICATED", "SESSION_ENDED")
        );
    }
    let query = "{ viewer { user { sessions { device current } } } }";
    let sessions = data(&app, &now.access, query, json!({})).await;
    assert_eq!(
        sessions["viewer"]["user"]["sessions"],
        json!([{ "device": "phone", "current": true }])
    );
    exchange(&app, &now.refresh).await;
    let old = login(&app, "Max", PASSWORD).await;
    assert_eq!(
        code_of(&old),
        refusal("UNAUTHENTICATED", "WRONG_CREDENTIALS")
    );
    assert_eq!(login(&app, "Max", NEW).await.get("errors"), None);
}

#[tokio::test]
async fn a_forgotten_password_is_set_anew_by_letter_and_once() {
    let letters = Letters::start().await;
    let app = posted(&letters, 0.0).await;
    let max = register(&app, "Max").await;
    let answer = forget(&app, "MAX@example.org").await;
    assert_eq!(answer["data"]["requestPasswordReset"], true);
    let letter = letters.wait_for(1).await;
    assert!(letter.contains("To: max@example.org"), "{letter}");
    assert!(letter.contains("13:00 UTC"), "{letter}");
    // A second letter makes the first void.
    let first = token(&letter);
    forget(&app, &email("Max")).await;
    let second = token(&letters.wait_for(2).await);
    assert_ne!(first, second);
    let rows = password_reset::Entity::find()
        .all(&app.app.db)
        .await
        .unwrap();
    assert_eq!(rows.len(), 1);
    assert!(!format!("{rows:?}").contains(&second));
    let void = refusal("CONFLICT", "RESET_TOKEN_INVALID");
    for wrong in [
        first.as_str(),
        "",
        "AAAA",
        &second[1..],
        &format!("{second}A"),
    ] {
        let variables = json!({ "token": wrong, "new": NEW });
        assert_eq!(refused(&app, "", RESET, variables).await, void, "{wrong}");
    }
    // A password that will not do does not spend the token.
    let short = json!({ "token": second, "new": "short" });
    assert_eq!(refused(&app, "", RESET, short).await.0, "BAD_USER_INPUT");
    let variables = json!({ "token": second, "new": NEW });
    data(&app, "", RESET, variables.clone()).await;
    assert_eq!(refused(&app, "", RESET, variables).await, void);
    assert_eq!(role(&app, &max.access).await, "GUEST");
    assert!(refresh(&app, &max.refresh).await.get("errors").is_some());
    assert_eq!(login(&app, "Max", NEW).await.get("errors"), None);
    assert!(login(&app, "Max", PASSWORD).await.get("errors").is_some());
}

#[tokio::test]
async fn two_who_use_one_token_at_once_are_one_who_does() {
    let letters = Letters::start().await;
    let app = posted(&letters, 0.0).await;
    register(&app, "Max").await;
    forget(&app, &email("Max")).await;
    let token = token(&letters.wait_for(1).await);
    let all = (0..6).map(|number| {
        let variables = json!({ "token": token, "new": format!("another one {number}") });
        super::answer(&app, "", RESET, variables)
    });
    let answers = futures::future::join_all(all).await;
    let done = answers
        .iter()
        .filter(|one| one.get("errors").is_none())
        .count();
    assert_eq!(done, 1);
}

#[tokio::test]
async fn a_letter_is_good_for_an_hour_and_then_forgotten() {
    let letters = Letters::start().await;
    let app = posted(&letters, 3600.0).await;
    register(&app, "Max").await;
    forget(&app, &email("Max")).await;
    let token = token(&letters.wait_for(1).await);
    tokio::time::sleep(std::time::Duration::from_millis(1200)).await;
    let variables = json!({ "token": token, "new": NEW });
    let code = refused(&app, "", RESET, variables).await;
    assert_eq!(code, refusal("CONFLICT", "RESET_TOKEN_INVALID"));
    assert_eq!(auth::clean_up(&app.app).await.unwrap(), 1);
    assert!(
        password_reset::Entity::find()
            .all(&app.app.db)
            .await
            .unwrap()
            .is_empty()
    );
}

#[tokio::test]
async fn whether_there_is_an_account_is_not_to_be_learned_by_forgetting_a_password() {
    let letters = Letters::start().await;
    let app = posted(&letters, 0.0).await;
    register(&app, "Max").await;
    let before = app.statement_count();
    let known = forget(&app, &email("Max")).await;
    letters.wait_for(1).await;
    assert!(app.statement_count() > before);
    let unknown = forget(&app, "nobody@example.org").await;
    assert_eq!(known, unknown);
    // Nor is anybody written to without end.
    for _ in 0..10 {
        forget(&app, &email("Max")).await;
    }
    letters.wait_for(5).await;
    tokio::time::sleep(std::time::Duration::from_millis(300)).await;
    assert_eq!(letters.all().len(), 5);
    for _ in 0..8 {
        forget(&app, "nobody@example.org").await;
    }
    let code = code_of(&forget(&app, &email("Max")).await);
    assert_eq!(code, refusal("RATE_LIMITED", "TOO_MANY_ATTEMPTS"));
}

#[tokio::test]
async fn a_hash_that_is_weaker_than_those_of_today_is_replaced_at_the_next_login() {
    let app = TestApp::empty().await;
    let max = register(&app, "Max").await;
    // "lights out and away" with 256 KiB and one pass.
    let weak = weak_hash();
    let id = max.id.trim_start_matches("User:").to_owned();
    let row = user::ActiveModel {
        id: Set(id.clone()),
        password: Set(Some(weak.clone())),
        ..Default::default()
    };
    row.update(&app.app.db).await.unwrap();
    assert!(
        login(&app, "Max", "not this one")
            .await
            .get("errors")
            .is_some()
    );
    let stored = async || {
        let row = user::Entity::find_by_id(&id).one(&app.app.db).await;
        row.unwrap().unwrap().password.unwrap()
    };
    assert_eq!(stored().await, weak);
    log_in(&app, "Max").await;
    assert!(
        stored()
            .await
            .starts_with("$argon2id$v=19$m=19456,t=2,p=1$")
    );
    log_in(&app, "Max").await;
    // The sessions from before go on.
    assert_eq!(role(&app, &max.access).await, "USER");
}

fn weak_hash() -> String {
    use argon2::{Algorithm, Argon2, Params, Version};
    use base64::{Engine as _, engine::general_purpose::STANDARD_NO_PAD};
    let params = Params::new(256, 1, 1, Some(32)).unwrap();
    let mut hash = [0; 32];
    Argon2::new(Algorithm::Argon2id, Version::V0x13, params)
        .hash_password_into(PASSWORD.as_bytes(), b"somesaltsomesalt", &mut hash)
        .unwrap();
    format!(
        "$argon2id$v=19$m=256,t=1,p=1${}${}",
        STANDARD_NO_PAD.encode(b"somesaltsomesalt"),
        STANDARD_NO_PAD.encode(hash)
    )
}
