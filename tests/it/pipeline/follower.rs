//! Somebody who follows a subscription, and comes again with `after` whenever the connection breaks.

use std::{
    net::SocketAddr,
    ops::RangeInclusive,
    sync::{Arc, Mutex},
    time::{Duration, Instant},
};

use domain::App;
use futures::StreamExt;
use serde_json::{Value, json};
use tokio::task::JoinHandle;
use tokio_tungstenite::tungstenite::{Message, client::IntoClientRequest};

use super::{feed::Feed, process::Address};
use crate::support::streams::Socket;

/// Before it comes again.
const PAUSE: Duration = Duration::from_millis(100);

/// A connection on which there was nothing for so long, not even a ping, is broken.
const SILENCE: Duration = Duration::from_secs(20);

/// How long it may take until all was told.
const PATIENCE: Duration = Duration::from_secs(30);

/// What somebody was told.
#[derive(Debug, Clone, Default)]
pub struct Heard {
    /// The sequence of how things stood when it began.
    pub begin: Option<i64>,
    /// Up to here it has been told everything.
    pub last: Option<i64>,
    /// Sequences of events, as they were told.
    pub events: Vec<i64>,
    /// What was said to be left out.
    pub gaps: Vec<RangeInclusive<i64>>,
    /// How often it has come.
    pub connections: usize,
    /// It was told that nothing follows.
    pub complete: bool,
}

impl Heard {
    /// Takes in an update; says whether it was one.
    fn take(&mut self, told: &Value, first: bool) -> bool {
        let Some(sequence) = told["sequence"].as_i64() else {
            return false;
        };
        let gap = &told["gap"];
        if let (Some(from), Some(to)) = (gap["from"].as_i64(), gap["to"].as_i64()) {
            self.gaps.push(from..=to);
        } else if let Some(events) = told["events"].as_array() {
            let sequences = events.iter().map(|event| event["sequence"].as_i64());
            self.events.extend(sequences.map(Option::unwrap));
        } else if !first {
            self.events.push(sequence);
        }
        if first {
            self.begin = Some(sequence);
        }
        self.last = Some(sequence);
        true
    }

    /// All that was told, and what was said to be left out.
    fn covered(&self) -> Vec<i64> {
        let left_out = self.gaps.iter().cloned().flatten();
        let mut all: Vec<i64> = self.events.iter().copied().chain(left_out).collect();
        all.sort_unstable();
        all
    }
}

/// Follows until it is told that nothing follows, or is dropped.
pub struct Follower {
    heard: Arc<Mutex<Heard>>,
    following: JoinHandle<()>,
}

impl Follower {
    pub fn start(server: &Address, feed: &Feed) -> Self {
        let heard = Arc::<Mutex<Heard>>::default();
        let following = follow(server.clone(), feed.query, Arc::clone(&heard));
        Self {
            heard,
            following: tokio::spawn(following),
        }
    }

    pub fn heard(&self) -> Heard {
        self.heard.lock().unwrap().clone()
    }

    /// Waits until it has been told how things stand.
    pub async fn has_begun(&self) {
        let begun = Instant::now();
        while self.heard().begin.is_none() {
            assert!(begun.elapsed() < PATIENCE, "nothing is told");
            tokio::time::sleep(PAUSE).await;
        }
    }

    /// Waits until it has been told all that happened since it began, each event once and in order,
    /// and gives what that was.
    pub async fn was_told_all(&self, app: &App, feed: &Feed) -> Heard {
        let begun = Instant::now();
        loop {
            let heard = self.heard();
            let mut expected = feed.events(app, heard.begin.unwrap_or(0)).await;
            // What follows the end of a race is a correction, and for who asks then.
            if let Some(last) = heard.last.filter(|_| heard.complete) {
                expected.retain(|sequence| *sequence <= last);
            }
            let in_order = heard.events.is_sorted_by(|a, b| a < b);
            if in_order && heard.begin.is_some() && heard.covered() == expected {
                return heard;
            }
            assert!(
                begun.elapsed() < PATIENCE,
                "{}\nexpected {expected:?}\nfound {heard:?}",
                feed.query
            );
            tokio::time::sleep(PAUSE).await;
        }
    }
}

impl Drop for Follower {
    fn drop(&mut self) {
        self.following.abort();
    }
}

async fn follow(server: Address, query: &'static str, heard: Arc<Mutex<Heard>>) {
    loop {
        if let Some(address) = server.get()
            && let Some(socket) = greeted(address).await
            && listen(socket, query, &heard).await
        {
            heard.lock().unwrap().complete = true;
            return;
        }
        tokio::time::sleep(PAUSE).await;
    }
}

/// None when nobody is there, or not for long.
async fn greeted(address: SocketAddr) -> Option<Socket> {
    let url = format!("ws://{address}/graphql/ws");
    let mut request = url.into_client_request().unwrap();
    let protocol = "graphql-transport-ws".parse().unwrap();
    request
        .headers_mut()
        .insert("sec-websocket-protocol", protocol);
    let connecting = tokio::time::timeout(SILENCE, Socket::connect(request));
    let mut socket = connecting.await.ok()?.ok()?;
    socket.send(json!({ "type": "connection_init" })).await;
    let answer = next(&mut socket).await?;
    (answer["type"] == "connection_ack").then_some(socket)
}

/// Goes on from where it was; says whether nothing follows. If not, the connection has broken.
async fn listen(mut socket: Socket, query: &str, heard: &Mutex<Heard>) -> bool {
    let after = {
        let mut heard = heard.lock().unwrap();
        heard.connections += 1;
        heard.last
    };
    let variables = after.map_or(json!({}), |after| json!({ "after": after }));
    let payload = json!({ "query": query, "variables": variables });
    socket.subscribe_with("1", payload).await;
    let mut first = after.is_none();
    while let Some(message) = next(&mut socket).await {
        match message["type"].as_str() {
            Some("next") => {
                let told = &message["payload"]["data"]["told"];
                let taken = heard.lock().unwrap().take(told, first);
                // It could not be worked out; whoever resumes is told it again.
                if !taken {
                    return false;
                }
                first = false;
            }
            Some("complete") => return true,
            // It cannot begin now.
            _ => return false,
        }
    }
    false
}

/// The next message that is no ping; none when the connection has broken.
async fn next(socket: &mut Socket) -> Option<Value> {
    loop {
        let message = tokio::time::timeout(SILENCE, socket.0.next());
        let Message::Text(text) = message.await.ok()??.ok()? else {
            continue;
        };
        let message: Value = serde_json::from_str(&text).ok()?;
        if message["type"] != "ping" {
            return Some(message);
        }
        socket.send(json!({ "type": "pong" })).await;
    }
}
