//! Refresh tokens, logging out, and where sessions are kept.

use chrono::TimeDelta;
use domain::{App, auth, clock::Clock};
use entities::user_session;
use futures::future::join_all;
use sea_orm::EntityTrait;
use serde_json::{Value, json};

use super::{
    Person, code_of, data, exchange, log_in, login, refresh, refusal, refused, register, role,
};
use crate::support::{Setup, TODAY, TestApp, redis::OwnRedis, streams::PATIENCE};

fn ended() -> (String, Value) {
    refusal("UNAUTHENTICATED", "SESSION_ENDED")
}

fn reused() -> (String, Value) {
    refusal("UNAUTHENTICATED", "REFRESH_TOKEN_REUSED")
}

/// A clock on which half a minute passes within half a second.
async fn fast() -> TestApp {
    TestApp::start(Setup {
        speed: 60.0,
        ..Setup::default()
    })
    .await
}

#[tokio::test]
async fn a_refresh_token_is_exchanged_for_the_next_pair() {
    let app = TestApp::empty().await;
    let mut max = register(&app, "Max").await;
    for _ in 0..5 {
        let next = exchange(&app, &max.refresh).await;
        assert_eq!(next.id, max.id);
        assert_ne!(next.refresh, max.refresh);
        assert_eq!(role(&app, &next.access).await, "USER");
        max = next;
    }
    for nonsense in [
        "",
        "pwr_",
        "pwr_AAAA",
        &max.access,
        &format!("{}x", max.refresh),
    ] {
        assert_eq!(
            code_of(&refresh(&app, nonsense).await),
            ended(),
            "{nonsense}"
        );
    }
    // None of that has harmed the session.
    exchange(&app, &max.refresh).await;
}

#[tokio::test]
async fn a_refresh_token_that_is_used_again_ends_its_session_for_both_and_no_other() {
    let app = fast().await;
    let stolen = register(&app, "Max").await;
    let other = log_in(&app, "Max").await;
    let owner = exchange(&app, &stolen.refresh).await;
    tokio::time::sleep(std::time::Duration::from_millis(700)).await;
    assert_eq!(code_of(&refresh(&app, &stolen.refresh).await), reused());
    assert_eq!(code_of(&refresh(&app, &owner.refresh).await), ended());
    assert_eq!(code_of(&refresh(&app, &stolen.refresh).await), ended());
    exchange(&app, &other.refresh).await;
}

#[tokio::test]
async fn a_token_from_before_the_last_ends_the_session_at_once() {
    let app = TestApp::empty().await;
    let first = register(&app, "Max").await;
    let second = exchange(&app, &first.refresh).await;
    let third = exchange(&app, &second.refresh).await;
    assert_eq!(code_of(&refresh(&app, &first.refresh).await), reused());
    assert_eq!(code_of(&refresh(&app, &third.refresh).await), ended());
}

#[tokio::test]
async fn who_asks_several_times_at_once_gets_one_and_the_same_next_token() {
    let app = TestApp::empty().await;
    let max = register(&app, "Max").await;
    let all = join_all((0..20).map(|_| exchange(&app, &max.refresh))).await;
    let next = all[0].refresh.clone();
    assert!(all.iter().all(|one| one.refresh == next));
    // Also who comes a little later, since the answer was lost.
    assert_eq!(exchange(&app, &max.refresh).await.refresh, next);
    exchange(&app, &next).await;
    let query = "{ viewer { user { sessions { id } } } }";
    let data = data(&app, &max.access, query, json!({})).await;
    let sessions = data["viewer"]["user"]["sessions"].as_array().unwrap();
    assert_eq!(sessions.len(), 1);
}

#[tokio::test]
async fn a_session_that_nobody_refreshes_ends_after_thirty_days_and_is_forgotten() {
    let app = TestApp::start(Setup {
        change: |config| config.redis.url.clear(),
        ..Setup::default()
    })
    .await;
    let max = register(&app, "Max").await;
    let later = |days| App {
        clock: Clock::standing(
            TODAY.parse::<chrono::DateTime<chrono::Utc>>().unwrap() + TimeDelta::days(days),
        ),
        ..app.app.clone()
    };
    assert_eq!(auth::clean_up(&later(29)).await.unwrap(), 0);
    let renewed = auth::refresh(&later(29), &max.refresh).await.ok().unwrap();
    assert_eq!(auth::clean_up(&later(58)).await.unwrap(), 0);
    let over = auth::refresh(&later(59), &renewed.refresh_token).await;
    assert!(over.is_err());
    log_in(&app, "Max").await;
    assert_eq!(auth::clean_up(&later(30)).await.unwrap(), 1);
    let left = user_session::Entity::find().all(&app.app.db).await.unwrap();
    assert!(left.is_empty(), "{left:?}");
}

#[tokio::test]
async fn logging_out_ends_one_session_or_all() {
    let app = TestApp::empty().await;
    let phone = register(&app, "Max").await;
    let [laptop, tablet] = [log_in(&app, "Max").await, log_in(&app, "Max").await];
    let done = data(&app, &phone.access, "mutation { logout }", json!({})).await;
    assert_eq!(done["logout"], true);
    assert_eq!(code_of(&refresh(&app, &phone.refresh).await), ended());
    // Another one's sessions are nobody's.
    let lando = register(&app, "Lando").await;
    let end = "mutation ($id: ID!) { endSession(id: $id) }";
    let id = other_session(&app, &laptop).await;
    assert_eq!(
        refused(&app, &lando.access, end, json!({ "id": id }))
            .await
            .0,
        "NOT_FOUND"
    );
    data(&app, &laptop.access, end, json!({ "id": id })).await;
    assert_eq!(code_of(&refresh(&app, &tablet.refresh).await), ended());
    let laptop = exchange(&app, &laptop.refresh).await;
    data(
        &app,
        &laptop.access,
        "mutation { logoutEverywhere }",
        json!({}),
    )
    .await;
    assert_eq!(code_of(&refresh(&app, &laptop.refresh).await), ended());
    // Access tokens are void at once then, also that of the phone.
    for person in [&phone, &laptop, &tablet] {
        assert_eq!(role(&app, &person.access).await, "GUEST");
    }
    assert_eq!(role(&app, &lando.access).await, "USER");
}

/// The id of the session in which somebody does not ask.
async fn other_session(app: &TestApp, person: &Person) -> String {
    let query = "{ viewer { user { sessions { id current } } } }";
    let data = data(app, &person.access, query, json!({})).await;
    let sessions = data["viewer"]["user"]["sessions"]
        .as_array()
        .unwrap()
        .clone();
    let other: Vec<_> = sessions
        .iter()
        .filter(|one| one["current"] == false)
        .collect();
    assert_eq!(other.len(), 1, "{sessions:?}");
    other[0]["id"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn a_user_has_fifty_sessions_and_the_oldest_make_room() {
    let app = TestApp::start(Setup {
        speed: 60.0,
        ..Setup::default()
    })
    .await;
    let first = register(&app, "Max").await;
    let mut last = first.clone();
    for _ in 0..50 {
        last = log_in(&app, "Max").await;
    }
    assert_eq!(code_of(&refresh(&app, &first.refresh).await), ended());
    let query = "{ viewer { user { sessions { id } } } }";
    let data = data(&app, &last.access, query, json!({})).await;
    assert_eq!(
        data["viewer"]["user"]["sessions"].as_array().unwrap().len(),
        50
    );
}

#[tokio::test]
async fn without_its_redis_users_can_log_in_and_are_not_told_that_their_sessions_are_over() {
    let Some(mut redis) = OwnRedis::start() else {
        return;
    };
    let url = redis.url();
    let app = TestApp::start_with(Setup::default(), |config| config.redis.url = url).await;
    let phone = register(&app, "Max").await;
    let phone = exchange(&app, &phone.refresh).await;
    let rows = user_session::Entity::find().all(&app.app.db).await.unwrap();
    assert!(rows.is_empty(), "{rows:?}");
    redis.stop();
    assert_eq!(
        code_of(&refresh(&app, &phone.refresh).await).0,
        "UNAVAILABLE"
    );
    assert_eq!(role(&app, &phone.access).await, "USER");
    let laptop = log_in(&app, "Max").await;
    let laptop = exchange(&app, &laptop.refresh).await;
    // That all have ended does not need it.
    data(
        &app,
        &laptop.access,
        "mutation { logoutEverywhere }",
        json!({}),
    )
    .await;
    assert_eq!(
        code_of(&login(&app, "Max", "wrong wrong").await).0,
        "UNAUTHENTICATED"
    );
    let tablet = log_in(&app, "Max").await;
    assert!(redis.again());
    let begin = std::time::Instant::now();
    while code_of(&refresh(&app, &phone.refresh).await).0 == "UNAVAILABLE" {
        assert!(begin.elapsed() < PATIENCE, "Redis is asked again");
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
    }
    assert_eq!(code_of(&refresh(&app, &phone.refresh).await), ended());
    assert_eq!(code_of(&refresh(&app, &laptop.refresh).await), ended());
    exchange(&app, &tablet.refresh).await;
}
