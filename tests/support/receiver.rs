//! A receiver of webhooks that does as it is told.

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex},
};

use axum::{
    Router,
    extract::State,
    http::{HeaderMap, StatusCode},
    response::{IntoResponse, Response},
};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use hmac::{Hmac, KeyInit, Mac};
use serde_json::Value;
use sha2::Sha256;

/// How to answer a request.
#[derive(Clone)]
pub enum Reply {
    Status(u16),
    /// With a header.
    With(u16, &'static str, &'static str),
    /// With a text of so many bytes.
    Long(usize),
    /// Not at all.
    Never,
}

/// What came in.
#[derive(Clone)]
pub struct Received {
    pub headers: HeaderMap,
    pub body: String,
}

/// Listens on a port of its own until the test ends.
pub struct Receiver {
    pub url: String,
    inside: Arc<Inside>,
}

#[derive(Default)]
struct Inside {
    received: Mutex<Vec<Received>>,
    replies: Mutex<VecDeque<Reply>>,
}

impl Receiver {
    /// One that takes everything.
    pub async fn start() -> Self {
        let inside = Arc::new(Inside::default());
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/hook", listener.local_addr().unwrap());
        let router = Router::new()
            .fallback(receive)
            .with_state(Arc::clone(&inside));
        tokio::spawn(async { axum::serve(listener, router).await.unwrap() });
        Self { url, inside }
    }

    /// How the next requests are answered, one after the other; those after them well.
    pub fn next(&self, replies: impl IntoIterator<Item = Reply>) {
        self.inside.replies.lock().unwrap().extend(replies);
    }

    /// All that came in so far.
    pub fn received(&self) -> Vec<Received> {
        self.inside.received.lock().unwrap().clone()
    }
}

impl Received {
    pub fn header(&self, name: &str) -> &str {
        self.headers[name].to_str().unwrap()
    }

    pub fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap()
    }

    /// Whether one of the signatures is that of a secret, as the specification says.
    pub fn is_signed_by(&self, secret: &str) -> bool {
        let key = STANDARD
            .decode(secret.strip_prefix("whsec_").unwrap())
            .unwrap();
        let mut mac = Hmac::<Sha256>::new_from_slice(&key).unwrap();
        let (id, time) = (self.header("webhook-id"), self.header("webhook-timestamp"));
        mac.update(format!("{id}.{time}.{}", self.body).as_bytes());
        let expected = format!("v1,{}", STANDARD.encode(mac.finalize().into_bytes()));
        let mut signatures = self.header("webhook-signature").split(' ');
        signatures.any(|signature| signature == expected)
    }
}

async fn receive(State(inside): State<Arc<Inside>>, headers: HeaderMap, body: String) -> Response {
    let received = Received { headers, body };
    inside.received.lock().unwrap().push(received);
    let reply = inside.replies.lock().unwrap().pop_front();
    let status = |status| StatusCode::from_u16(status).unwrap();
    match reply {
        None => StatusCode::NO_CONTENT.into_response(),
        Some(Reply::Status(code)) => (status(code), "as I was told").into_response(),
        Some(Reply::With(code, name, value)) => (status(code), [(name, value)]).into_response(),
        Some(Reply::Long(bytes)) => "é".repeat(bytes / 2).into_response(),
        Some(Reply::Never) => std::future::pending().await,
    }
}
