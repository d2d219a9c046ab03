//! Guessing: what it takes, whom it stops, and who notices nothing of it.

use std::time::{Duration, Instant};

use futures::future::join_all;
use reqwest::Response;
use serde_json::{Value, json};

use super::{LOGIN, PASSWORD, REGISTER, code_of, email, login, refusal, refused, register, with};
use crate::support::{Setup, TestApp};

/// A server that believes what is in front of it whom it speaks for.
async fn behind_a_proxy(then: fn(&mut domain::config::Config)) -> TestApp {
    TestApp::start(Setup {
        change: |config| config.server.trusted_proxies = vec!["127.0.0.0/8".parse().unwrap()],
        then,
        ..Setup::default()
    })
    .await
}

async fn post_from(app: &TestApp, address: &str, query: &str, variables: Value) -> Response {
    app.client
        .post(app.url("/graphql"))
        .header("x-forwarded-for", address)
        .json(&json!({ "query": query, "variables": variables }))
        .send()
        .await
        .unwrap()
}

async fn login_from(app: &TestApp, address: &str, name: &str, password: &str) -> Value {
    let variables = json!({ "email": email(name), "password": password });
    let response = post_from(app, address, LOGIN, variables).await;
    response.json().await.unwrap()
}

fn wrong() -> (String, Value) {
    refusal("UNAUTHENTICATED", "WRONG_CREDENTIALS")
}

fn too_many() -> (String, Value) {
    refusal("RATE_LIMITED", "TOO_MANY_ATTEMPTS")
}

#[tokio::test]
async fn a_thousand_wrong_passwords_stop_the_thief_and_not_the_owner() {
    let app = behind_a_proxy(|_| {}).await;
    register(&app, "Max").await;
    let mut wrongs = 0;
    for number in 0..1000 {
        let answer = login_from(&app, "192.0.2.1", "Max", &format!("guess {number}")).await;
        let code = code_of(&answer);
        if code == wrong() {
            wrongs += 1;
            continue;
        }
        assert_eq!(code, too_many());
        let error = &answer["errors"][0];
        let seconds = error["extensions"]["retryAfter"].as_u64().unwrap();
        assert!((1..=900).contains(&seconds), "{seconds}");
        let message = error["message"].as_str().unwrap();
        assert!(message.contains("try again in"), "{message}");
    }
    assert_eq!(wrongs, 10);
    // The right password does not help the thief now.
    let answer = login_from(&app, "192.0.2.1", "Max", PASSWORD).await;
    assert_eq!(code_of(&answer), too_many());
    let answer = login_from(&app, "198.51.100.7", "Max", PASSWORD).await;
    assert_eq!(answer.get("errors"), None, "{answer:#}");
}

#[tokio::test]
async fn guesses_that_come_together_are_no_more_than_those_that_come_one_by_one() {
    let app = behind_a_proxy(|_| {}).await;
    register(&app, "Max").await;
    let all = join_all((0..60).map(|_| login_from(&app, "192.0.2.1", "Max", "guess guess"))).await;
    let wrongs = all.iter().filter(|one| code_of(one) == wrong()).count();
    assert_eq!(wrongs, 10);
}

#[tokio::test]
async fn an_account_that_is_not_there_is_guessed_at_just_as_long() {
    let app = behind_a_proxy(|_| {}).await;
    for expected in (0..10).map(|_| wrong()).chain([too_many()]) {
        let answer = login_from(&app, "192.0.2.1", "Nobody", PASSWORD).await;
        assert_eq!(code_of(&answer), expected);
    }
}

#[tokio::test]
async fn an_address_that_guesses_at_many_accounts_is_stopped_too() {
    let app = behind_a_proxy(|config| config.auth.wrong_logins_per_address = 12).await;
    register(&app, "Max").await;
    for number in 0..12 {
        let answer = login_from(&app, "192.0.2.1", &format!("Nobody{number}"), PASSWORD).await;
        assert_eq!(code_of(&answer), wrong());
    }
    let answer = login_from(&app, "192.0.2.1", "Max", PASSWORD).await;
    assert_eq!(code_of(&answer), too_many());
    let answer = login_from(&app, "198.51.100.7", "Max", PASSWORD).await;
    assert_eq!(answer.get("errors"), None, "{answer:#}");
}

#[tokio::test]
async fn the_password_is_not_guessed_by_way_of_other_mutations() {
    let app = TestApp::empty().await;
    let max = register(&app, "Max").await;
    let change = "mutation { changePassword(currentPassword: \"guess guess\", newPassword: \"another one\") { accessToken } }";
    let delete = "mutation { deleteAccount(password: \"guess guess\") }";
    for number in 0..10 {
        let query = if number % 2 == 0 { change } else { delete };
        let code = refused(&app, &max.access, query, json!({})).await;
        assert_eq!(code, refusal("CONFLICT", "WRONG_PASSWORD"));
    }
    for query in [change, delete] {
        assert_eq!(
            refused(&app, &max.access, query, json!({})).await,
            too_many()
        );
    }
    assert_eq!(code_of(&login(&app, "Max", PASSWORD).await), too_many());
}

#[tokio::test]
async fn one_address_registers_so_many_accounts_in_an_hour() {
    let app = behind_a_proxy(|config| config.auth.registrations_per_hour = 3).await;
    let ask = async |address: &str, name: &str| -> Value {
        let variables = json!({ "email": email(name), "password": PASSWORD, "name": name });
        let response = post_from(&app, address, REGISTER, variables).await;
        response.json().await.unwrap()
    };
    for name in ["A", "B", "C"] {
        assert_eq!(ask("192.0.2.1", name).await.get("errors"), None);
    }
    // Also what would only tell that an address is taken.
    for name in ["D", "A"] {
        assert_eq!(code_of(&ask("192.0.2.1", name).await), too_many());
    }
    assert_eq!(ask("198.51.100.7", "D").await.get("errors"), None);
}

#[tokio::test]
async fn a_request_logs_in_once() {
    let app = TestApp::empty().await;
    register(&app, "Max").await;
    for (times, code) in [
        (2, "DUPLICATE_MUTATION"),
        (20, "DUPLICATE_MUTATION"),
        (100, "TOO_MANY_ALIASES"),
    ] {
        let fields = (0..times).map(|number| {
            format!("a{number}: login(email: \"max@example.org\", password: \"guess {number}\") {{ accessToken }} ")
        });
        let query = format!("mutation {{ {} }}", fields.collect::<String>());
        let found = refused(&app, "", &query, json!({})).await;
        assert_eq!(found, refusal("GRAPHQL_VALIDATION_FAILED", code));
    }
    // None of them was tried.
    let answer = login(&app, "Max", PASSWORD).await;
    assert_eq!(answer.get("errors"), None, "{answer:#}");
}

#[tokio::test]
async fn a_wrong_password_and_an_unknown_account_take_the_same_time_and_say_the_same() {
    let app = with(|config| {
        config.auth.wrong_logins = 1000;
        config.auth.wrong_logins_per_address = 1000;
    })
    .await;
    register(&app, "Max").await;
    let (mut known, mut unknown) = (Vec::new(), Vec::new());
    let mut said = Vec::new();
    for number in 0..30 {
        for (name, times) in [("Max", &mut known), ("Nobody", &mut unknown)] {
            let begin = Instant::now();
            let answer = login(&app, name, &format!("guess {number}")).await;
            times.push(begin.elapsed());
            said.push(answer["errors"].to_string());
        }
    }
    said.dedup();
    assert_eq!(said.len(), 1, "{said:?}");
    let median = |times: &mut Vec<Duration>| {
        times.sort();
        times[times.len() / 2].as_secs_f64()
    };
    let (known, unknown) = (median(&mut known), median(&mut unknown));
    assert!(
        known / unknown < 1.5 && unknown / known < 1.5,
        "{known} s and {unknown} s"
    );
    // That is what hashing takes, not what looking up takes.
    assert!(unknown > 0.004, "{unknown} s");
}

#[tokio::test]
async fn two_hundred_who_log_in_at_once_hold_nobody_else_up() {
    let app = TestApp::bundled().await;
    register(&app, "Max").await;
    let everybody = join_all((0..200).map(|_| login(&app, "Max", PASSWORD)));
    let fan = async {
        let mut times = Vec::new();
        for number in 0..40 {
            tokio::time::sleep(Duration::from_millis(25)).await;
            // Another question each time, so that it is answered anew.
            let query = format!("{{ season(year: 2024) {{ year }} a{number}: __typename }}");
            let begin = Instant::now();
            app.data(&query).await;
            times.push(begin.elapsed());
        }
        times
    };
    let (logins, mut times) = futures::join!(everybody, fan);
    for answer in logins {
        assert_eq!(answer.get("errors"), None, "{answer:#}");
    }
    times.sort();
    // A bench measures it; this only tells a queue from none.
    assert!(times[20] < Duration::from_millis(200), "{times:?}");
    assert!(times[38] < Duration::from_secs(1), "{times:?}");
}
