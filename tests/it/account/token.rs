//! Access tokens that are forged, changed, too old or too long make nobody a user.

use std::time::Duration;

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use domain::config::Config;
use hmac::{Hmac, KeyInit, Mac};
use serde_json::{Value, json};
use sha2::{Sha256, Sha512};

use super::{PASSWORD, answer, register, role, with};
use crate::support::{Setup, TestApp, streams::Socket};

const KEY: &str = "a key of thirty-two characters!!";

fn keyed(config: &mut Config) {
    KEY.clone_into(&mut config.auth.key);
}

/// The parts of a token.
fn parts(token: &str) -> (Value, Value) {
    let mut parts = token.split('.').map(|part| {
        let bytes = URL_SAFE_NO_PAD.decode(part).unwrap();
        serde_json::from_slice::<Value>(&bytes).ok()
    });
    let mut next = || parts.next().unwrap().unwrap();
    (next(), next())
}

fn encoded(header: &Value, claims: &Value) -> String {
    let encode = |part: &Value| URL_SAFE_NO_PAD.encode(part.to_string());
    format!("{}.{}", encode(header), encode(claims))
}

/// A token signed as ours are.
fn signed(header: &Value, claims: &Value, key: &str) -> String {
    let text = encoded(header, claims);
    let mut mac = Hmac::<Sha256>::new_from_slice(key.as_bytes()).unwrap();
    mac.update(text.as_bytes());
    let signature = URL_SAFE_NO_PAD.encode(mac.finalize().into_bytes());
    format!("{text}.{signature}")
}

#[tokio::test]
async fn whose_token_is_not_valid_is_answered_as_a_guest_and_told_so() {
    let app = with(keyed).await;
    let max = register(&app, "Max").await;
    let (header, mut claims) = parts(&max.access);
    claims["exp"] = json!(app.app.clock.now().timestamp());
    let expired = signed(&header, &claims, KEY);
    let query = "{ viewer { role } }";
    let told = answer(&app, &expired, query, json!({})).await;
    assert_eq!(told["data"]["viewer"]["role"], "GUEST");
    let told = &told["extensions"]["authentication"];
    assert_eq!(told["reason"], "TOKEN_NOT_VALID");
    assert!(told["message"].as_str().unwrap().contains("refreshSession"));
    for (token, who) in [("", "a guest"), (max.access.as_str(), "a user")] {
        let told = answer(&app, token, query, json!({})).await;
        assert_eq!(told["extensions"].get("authentication"), None, "{who}");
    }
    // An answer with the hint in it is nobody else's.
    let address = app.url("/graphql?query={seasons{year}}");
    let request = app.client.get(address).bearer_auth(&expired);
    let response = request.send().await.unwrap();
    assert_eq!(response.headers()["cache-control"], "private, no-store");
    // And another token can be had though the old one is sent along.
    let query = "mutation ($email: String!, $password: String!) { login(email: $email, password: $password) { accessToken } }";
    let variables = json!({ "email": "max@example.org", "password": PASSWORD });
    let told = answer(&app, &expired, query, variables).await;
    assert_eq!(told.get("errors"), None, "{told}");
}

#[tokio::test]
async fn only_a_token_of_ours_for_us_in_its_time_is_believed() {
    let app = with(keyed).await;
    let max = register(&app, "Max").await;
    let (header, claims) = parts(&max.access);
    assert_eq!(header["alg"], "HS256");
    assert_eq!(claims["iss"], "pitwall");
    assert_eq!(claims["aud"], "pitwall-api");
    let lifetime = claims["exp"].as_i64().unwrap() - claims["iat"].as_i64().unwrap();
    assert_eq!(lifetime, 30 * 60);
    let text = claims.to_string();
    assert!(!text.contains("max") && !text.contains("role"), "{text}");
    // The test signs as the server does.
    assert_eq!(role(&app, &signed(&header, &claims, KEY)).await, "USER");
    let now = app.app.clock.now().timestamp();
    for (field, value) in [
        ("iss", json!("somebody")),
        ("iss", Value::Null),
        ("aud", json!("another-api")),
        ("aud", json!([])),
        ("aud", Value::Null),
        ("exp", json!(now)),
        ("exp", json!(now - 3600)),
        ("exp", json!(now + 30 * 60 + 1)),
        ("exp", json!(now + 100 * 365 * 86400)),
        ("exp", json!(i64::MAX)),
        ("exp", json!("tomorrow")),
        ("exp", Value::Null),
        ("sub", json!("0196c2f4-7c00-7000-8000-000000000001")),
        ("sub", json!("' OR 1=1 --")),
        ("sub", json!("\0")),
        ("sid", json!("me")),
        ("gen", json!(1)),
        ("gen", json!(-1)),
    ] {
        let mut changed = claims.clone();
        changed[field] = value.clone();
        let token = signed(&header, &changed, KEY);
        assert_eq!(role(&app, &token).await, "GUEST", "{field}: {value}");
        let mut without = claims.clone();
        without.as_object_mut().unwrap().remove(field);
        let token = signed(&header, &without, KEY);
        assert_eq!(role(&app, &token).await, "GUEST", "without {field}");
    }
}

#[tokio::test]
async fn no_other_algorithm_and_no_other_key_will_do() {
    let app = with(keyed).await;
    let max = register(&app, "Max").await;
    let (header, claims) = parts(&max.access);
    let mut forged = vec![
        signed(&header, &claims, "another key of thirty-two chars!"),
        signed(&header, &claims, ""),
        format!("{}.", encoded(&header, &claims)),
        encoded(&header, &claims),
    ];
    for alg in [
        "none", "None", "NONE", "nOnE", "HS512", "RS256", "ES256", "EdDSA", "",
    ] {
        let header = json!({ "alg": alg, "typ": "JWT" });
        // Without a signature, and with one that would be right.
        forged.push(format!("{}.", encoded(&header, &claims)));
        forged.push(signed(&header, &claims, KEY));
    }
    // What the header names is not asked for a key.
    for extra in ["jwk", "jku", "x5u", "kid"] {
        let mut header = header.clone();
        header[extra] = json!("https://evil.example/key");
        forged.push(signed(&header, &claims, "another key of thirty-two chars!"));
    }
    let text = encoded(&json!({ "alg": "HS512", "typ": "JWT" }), &claims);
    let mut mac = Hmac::<Sha512>::new_from_slice(KEY.as_bytes()).unwrap();
    mac.update(text.as_bytes());
    let signature = URL_SAFE_NO_PAD.encode(mac.finalize().into_bytes());
    forged.push(format!("{text}.{signature}"));
    for token in forged {
        assert_eq!(role(&app, &token).await, "GUEST", "{token}");
    }
    // A refresh token says nothing of who asks.
    assert_eq!(role(&app, &max.refresh).await, "GUEST");
}

#[tokio::test]
async fn a_token_of_a_megabyte_is_not_looked_at() {
    let app = with(keyed).await;
    let max = register(&app, "Max").await;
    let (header, mut claims) = parts(&max.access);
    for length in [1_000, 5_000] {
        claims["more"] = json!("x".repeat(length));
        let token = signed(&header, &claims, KEY);
        assert_eq!(role(&app, &token).await, "GUEST", "{length}");
    }
    claims["more"] = json!("x".repeat(1 << 20));
    let token = signed(&header, &claims, KEY);
    let request = app.client.post(app.url("/graphql")).bearer_auth(&token);
    let request = request.json(&json!({ "query": "{ viewer { role } }" }));
    // Some servers only hang up.
    if let Ok(response) = request.send().await {
        assert_eq!(response.status(), 431);
    }
    let mut socket = Socket::open(&app).await;
    let payload = json!({ "authorization": format!("Bearer {token}") });
    socket
        .send(json!({ "type": "connection_init", "payload": payload }))
        .await;
    socket.closed().await;
    assert_eq!(role(&app, &max.access).await, "USER");
}

#[tokio::test]
async fn a_token_that_runs_out_takes_its_socket_along() {
    let app = TestApp::start(Setup {
        speed: 600.0,
        ..Setup::default()
    })
    .await;
    let max = register(&app, "Max").await;
    let payload = json!({ "Authorization": format!("Bearer {}", max.access) });
    let mut socket = Socket::greeted_with(&app, payload).await;
    socket.subscribe("1", "{ viewer { role } }").await;
    let answer = socket.receive().await;
    assert_eq!(answer["payload"]["data"]["viewer"]["role"], "USER");
    let closed = tokio::time::timeout(Duration::from_secs(15), socket.closed()).await;
    assert_eq!(
        closed.unwrap(),
        Some((4403, "Credential expired".to_owned()))
    );
    assert_eq!(role(&app, &max.access).await, "GUEST");
}

#[tokio::test]
async fn without_a_configured_key_all_processes_on_a_database_share_one() {
    let app = TestApp::empty().await;
    let max = register(&app, "Max").await;
    let config = (*app.app.config).clone();
    let other = domain::App::assemble(config, app.app.db.clone(), app.app.clock.clone())
        .await
        .unwrap();
    let known = domain::auth::recognise(&other, &max.access).await.unwrap();
    assert_eq!(format!("User:{}", known.bearer.user), max.id);
    let elsewhere = TestApp::empty().await;
    assert_eq!(role(&elsewhere, &max.access).await, "GUEST");
}
