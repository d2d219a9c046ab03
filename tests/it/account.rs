//! Accounts: from registration to deletion, and what those come to who want somebody else's.

mod attempts;
mod command;
mod life;
mod password;
mod privacy;
mod session;
mod token;

use serde_json::{Value, json};

use crate::support::{Setup, TestApp};

pub(super) const PASSWORD: &str = "lights out and away";

const REGISTER: &str = "mutation ($email: String!, $password: String!, $name: String!) { register(email: $email, password: $password, name: $name, device: \"phone\") { accessToken refreshToken expiresAt refreshExpiresAt user { id name email role } } }";

const LOGIN: &str = "mutation ($email: String!, $password: String!) { login(email: $email, password: $password) { accessToken refreshToken user { id } } }";

const REFRESH: &str = "mutation ($token: String!) { refreshSession(refreshToken: $token) { accessToken refreshToken user { id } } }";

/// Somebody who is logged in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Person {
    pub(super) id: String,
    pub(super) access: String,
    refresh: String,
}

impl Person {
    /// From what a mutation gave.
    fn of(login: &Value) -> Self {
        let text = |pointer| login.pointer(pointer).unwrap().as_str().unwrap().to_owned();
        Self {
            id: text("/user/id"),
            access: text("/accessToken"),
            refresh: text("/refreshToken"),
        }
    }
}

pub(super) async fn with(change: fn(&mut domain::config::Config)) -> TestApp {
    TestApp::start(Setup {
        change,
        ..Setup::default()
    })
    .await
}

/// What who bears a token is answered.
pub(super) async fn answer(app: &TestApp, token: &str, query: &str, variables: Value) -> Value {
    let mut request = app.client.post(app.url("/graphql"));
    if !token.is_empty() {
        request = request.bearer_auth(token);
    }
    let request = request.json(&json!({ "query": query, "variables": variables }));
    request.send().await.unwrap().json().await.unwrap()
}

pub(super) async fn data(app: &TestApp, token: &str, query: &str, variables: Value) -> Value {
    let mut answer = answer(app, token, query, variables).await;
    assert_eq!(answer.get("errors"), None, "{answer:#}");
    answer["data"].take()
}

/// Code and reason of the only error.
pub(super) async fn refused(
    app: &TestApp,
    token: &str,
    query: &str,
    variables: Value,
) -> (String, Value) {
    let answer = answer(app, token, query, variables).await;
    code_of(&answer)
}

pub(super) fn code_of(answer: &Value) -> (String, Value) {
    let errors = answer["errors"]
        .as_array()
        .unwrap_or_else(|| panic!("no error in {answer:#}"));
    assert_eq!(errors.len(), 1, "{answer:#}");
    let extensions = &errors[0]["extensions"];
    let code = extensions["code"].as_str().unwrap().to_owned();
    (code, extensions["reason"].clone())
}

/// What a refusal looks like.
pub(super) fn refusal(code: &str, reason: &str) -> (String, Value) {
    (code.to_owned(), json!(reason))
}

pub(super) async fn register(app: &TestApp, name: &str) -> Person {
    let variables = json!({ "email": email(name), "password": PASSWORD, "name": name });
    let data = data(app, "", REGISTER, variables).await;
    Person::of(&data["register"])
}

async fn login(app: &TestApp, name: &str, password: &str) -> Value {
    let variables = json!({ "email": email(name), "password": password });
    answer(app, "", LOGIN, variables).await
}

pub(super) async fn log_in(app: &TestApp, name: &str) -> Person {
    let answer = login(app, name, PASSWORD).await;
    assert_eq!(answer.get("errors"), None, "{answer:#}");
    Person::of(&answer["data"]["login"])
}

async fn refresh(app: &TestApp, token: &str) -> Value {
    answer(app, "", REFRESH, json!({ "token": token })).await
}

async fn exchange(app: &TestApp, token: &str) -> Person {
    let answer = refresh(app, token).await;
    assert_eq!(answer.get("errors"), None, "{answer:#}");
    Person::of(&answer["data"]["refreshSession"])
}

/// Who the server takes the bearer of a token for.
async fn role(app: &TestApp, token: &str) -> String {
    let data = data(app, token, "{ viewer { role } }", json!({})).await;
    data["viewer"]["role"].as_str().unwrap().to_owned()
}

fn email(name: &str) -> String {
    format!("{}@example.org", name.to_lowercase())
}
