//! What OpenF1 pushes to those who have an account, by a real broker.

use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use axum::{
    Json, Router,
    extract::State,
    http::{HeaderMap, StatusCode, header},
    routing::{get, post},
};
use jobs::{
    live::policy,
    upstream::openf1::{
        OpenF1,
        payload::{Lap, Position},
        push::{self, Message, News},
    },
};
use serde_json::json;
use tokio::{sync::mpsc, task::JoinHandle, time::timeout};

use super::*;
use crate::support::broker::{Broker, Publisher};

/// Gives the tokens `token 1`, `token 2` … to whoever names itself, and keeps what was sent to it.
#[derive(Clone, Default)]
struct Tokens(Arc<Mutex<Vec<String>>>);

impl Tokens {
    async fn start(&self) -> String {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/v1", listener.local_addr().unwrap());
        let router = Router::new()
            .route("/token", post(give))
            .route(
                "/v1/position",
                get(async |headers| answer(&headers, "token 2")),
            )
            .route(
                "/v1/laps",
                get(async |headers| answer(&headers, "no token at all")),
            )
            .with_state(self.clone());
        tokio::spawn(async { axum::serve(listener, router).await.unwrap() });
        url
    }

    fn asked(&self) -> Vec<String> {
        self.0.lock().unwrap().clone()
    }
}

async fn give(State(tokens): State<Tokens>, form: String) -> Json<Value> {
    let mut asked = tokens.0.lock().unwrap();
    asked.push(form);
    let token = format!("token {}", asked.len());
    Json(json!({ "access_token": token, "expires_in": "3600", "token_type": "bearer" }))
}

/// Nothing has happened; but that is told to the bearer of one token alone.
fn answer(headers: &HeaderMap, token: &str) -> (StatusCode, &'static str) {
    let expected = format!("Bearer {token}");
    let said = headers.get(header::AUTHORIZATION);
    if said.is_some_and(|said| said == expected.as_str()) {
        (StatusCode::OK, "[]")
    } else {
        (
            StatusCode::UNAUTHORIZED,
            r#"{"detail":"Not authenticated"}"#,
        )
    }
}

/// An application with an account.
async fn with_account(push_url: String, tokens: &Tokens) -> TestApp {
    let url = tokens.start().await;
    TestApp::start_with(Setup::default(), |config| {
        let openf1 = &mut config.upstream.openf1;
        openf1.url = url;
        openf1.push_url = push_url;
        "listener".clone_into(&mut openf1.username);
        "p&ss=word".clone_into(&mut openf1.password);
    })
    .await
}

/// An application with an account, and what is pushed to it.
struct Listening {
    news: mpsc::Receiver<News>,
    task: JoinHandle<()>,
    // Dropped last: takes the database away.
    _test: TestApp,
}

impl Listening {
    async fn to(push_url: String, tokens: &Tokens) -> Self {
        let test = with_account(push_url, tokens).await;
        let (listener, news) = mpsc::channel(100);
        let app = test.app.clone();
        let task = tokio::spawn(async move {
            let upstream = OpenF1::new(&app, policy()).unwrap();
            let url = push::address(&app).unwrap().unwrap();
            push::listen(&app, &upstream, &url, &["laps", "position"], listener).await;
        });
        Self {
            news,
            task,
            _test: test,
        }
    }

    async fn next(&mut self) -> News {
        let next = timeout(Duration::from_secs(20), self.news.recv());
        next.await.expect("news come").expect("they go on")
    }
}

impl Drop for Listening {
    fn drop(&mut self) {
        self.task.abort();
    }
}

fn told(collection: &str, record: &Value) -> News {
    News::Told(Message {
        collection: collection.to_owned(),
        record: record.clone(),
    })
}

#[tokio::test]
async fn who_has_an_account_is_told_and_again_after_the_broker_was_away() {
    let tokens = Tokens::default();
    let Some(mut broker) = Broker::start(Some("token 1")) else {
        return;
    };
    let mut pushed = Listening::to(broker.url(), &tokens).await;
    assert_eq!(pushed.next().await, News::Opened);
    assert_eq!(tokens.asked(), ["username=listener&password=p%26ss%3Dword"]);

    let publisher = Publisher::to(&broker);
    let lap = json!({ "session_key": 9094, "driver_number": 7, "lap_number": 3 });
    let place = json!({ "session_key": 9094, "driver_number": 7, "position": 1 });
    publisher
        .publish("car_data", &json!({ "speed": 300 }))
        .await;
    publisher.publish("laps", &lap).await;
    publisher.publish("position", &place).await;
    assert_eq!(pushed.next().await, told("laps", &lap));
    assert_eq!(pushed.next().await, told("position", &place));

    broker.stop();
    assert_eq!(pushed.next().await, News::Lost);
    // The token still holds.
    assert!(broker.again());
    assert_eq!(pushed.next().await, News::Opened);
    assert_eq!(tokens.asked().len(), 1);
    broker.stop();
    assert_eq!(pushed.next().await, News::Lost);
    // It does not any more, whatever was said of it.
    assert!(broker.takes("token 2") && broker.again());
    assert_eq!(pushed.next().await, News::Opened);
    assert_eq!(tokens.asked().len(), 2);
}

#[tokio::test]
async fn where_only_the_web_gets_through_the_same_comes_in_a_websocket() {
    let Some(broker) = Broker::start(Some("token 1")) else {
        return;
    };
    let mut pushed = Listening::to(broker.web_url(), &Tokens::default()).await;
    assert_eq!(pushed.next().await, News::Opened);
    let lap = json!({ "driver_number": 8 });
    let publisher = Publisher::to(&broker);
    publisher.publish("laps", &lap).await;
    assert_eq!(pushed.next().await, told("laps", &lap));
}

#[tokio::test]
async fn a_token_that_is_not_taken_any_more_is_renewed_once() {
    let tokens = Tokens::default();
    let test = with_account(String::new(), &tokens).await;
    let upstream = OpenF1::new(&test.app, policy()).unwrap();
    let all = ["session_key=9094".to_owned()];
    for _ in 0..3 {
        let page = upstream.ask::<Position>(&all).await.unwrap();
        assert!(page.rows.is_empty());
    }
    assert_eq!(tokens.asked().len(), 2);
    let refused = upstream.ask::<Lap>(&all).await.unwrap_err();
    assert!(refused.is_unauthorized(), "{refused}");
    assert_eq!(tokens.asked().len(), 3);
}

#[tokio::test]
async fn nothing_is_pushed_without_an_account_or_from_a_public_service_on_another_day() {
    let of = async |change: fn(&mut domain::config::Config)| {
        let setup = Setup {
            change,
            ..Setup::default()
        };
        let test = TestApp::start(setup).await;
        push::address(&test.app).map(|url| url.map(|url| url.to_string()))
    };
    assert_eq!(of(|_| {}).await.unwrap(), None);
    let public = of(|config| {
        "somebody".clone_into(&mut config.upstream.openf1.username);
        config.clock.start = None;
    });
    let expected = "mqtts://mqtt.openf1.org:8883";
    assert_eq!(public.await.unwrap().as_deref(), Some(expected));
    let another_day = of(|config| {
        "somebody".clone_into(&mut config.upstream.openf1.username);
        config.clock.start = Some(start());
    });
    assert_eq!(another_day.await.unwrap(), None);
    let clear = of(|config| {
        "somebody".clone_into(&mut config.upstream.openf1.username);
        config.clock.start = None;
        "mqtt://mqtt.example.org".clone_into(&mut config.upstream.openf1.push_url);
    });
    let error = clear.await.unwrap_err().to_string();
    assert!(error.contains("mqtts://HOST"), "{error}");
}
