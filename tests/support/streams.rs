//! Streams of answers: over server-sent events and over WebSocket, with real clients.

use std::time::Duration;

use futures::{SinkExt, StreamExt};
use reqwest::Response;
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio_tungstenite::{
    MaybeTlsStream, WebSocketStream,
    tungstenite::{
        Message, client::IntoClientRequest, handshake::client::Request, protocol::CloseFrame,
    },
};

use super::TestApp;

/// How long a test waits for what must come.
pub const PATIENCE: Duration = Duration::from_secs(20);

/// Server-sent events.
pub struct Events {
    response: Response,
    buffer: String,
}

impl Events {
    /// Reads the events of an answer.
    pub fn of(response: Response) -> Self {
        Self {
            response,
            buffer: String::new(),
        }
    }

    /// The next event as it is written: its name and its data; none at the end.
    pub async fn event(&mut self) -> Option<(String, String)> {
        loop {
            if let Some(end) = self.buffer.find("\n\n") {
                let block: String = self.buffer.drain(..end + 2).collect();
                let part = |name: &str| {
                    let prefix = format!("{name}:");
                    let line = block.lines().find_map(|line| line.strip_prefix(&prefix));
                    line.map(|line| line.trim().to_owned())
                };
                if let Some(event) = part("event") {
                    return Some((event, part("data").unwrap_or_default()));
                }
                continue;
            }
            let chunk = tokio::time::timeout(PATIENCE, self.response.chunk());
            let chunk = chunk.await.expect("an event in time").ok()??;
            self.buffer
                .push_str(std::str::from_utf8(&chunk).expect("UTF-8"));
        }
    }

    /// The next answer; none when the stream is complete.
    pub async fn next(&mut self) -> Option<Value> {
        let (event, data) = self.event().await?;
        match event.as_str() {
            "next" => Some(serde_json::from_str(&data).expect("JSON")),
            "complete" => None,
            other => panic!("an unknown event {other}"),
        }
    }
}

/// A WebSocket that speaks graphql-transport-ws.
pub struct Socket(pub WebSocketStream<MaybeTlsStream<TcpStream>>);

impl Socket {
    /// Opens a socket without greeting.
    pub async fn open(app: &TestApp) -> Self {
        Self::connect(request(app)).await.expect("a socket")
    }

    /// Opens a socket by a request of one's own.
    pub async fn connect(request: Request) -> Result<Self, tokio_tungstenite::tungstenite::Error> {
        let (socket, _) = tokio_tungstenite::connect_async(request).await?;
        Ok(Self(socket))
    }

    /// Opens a socket and greets.
    pub async fn greeted(app: &TestApp) -> Self {
        Self::greeted_with(app, json!({})).await
    }

    /// Opens a socket and greets with a payload.
    pub async fn greeted_with(app: &TestApp, payload: Value) -> Self {
        let mut socket = Self::open(app).await;
        socket
            .send(json!({ "type": "connection_init", "payload": payload }))
            .await;
        assert_eq!(socket.receive().await["type"], "connection_ack");
        socket
    }

    pub async fn send(&mut self, message: Value) {
        self.text(&message.to_string()).await;
    }

    pub async fn text(&mut self, text: &str) {
        // A server that has closed already is noticed when reading.
        let _ = self.0.send(Message::text(text)).await;
    }

    /// Begins an operation.
    pub async fn subscribe(&mut self, id: &str, query: &str) {
        self.subscribe_with(id, json!({ "query": query })).await;
    }

    pub async fn subscribe_with(&mut self, id: &str, payload: Value) {
        self.send(json!({ "type": "subscribe", "id": id, "payload": payload }))
            .await;
    }

    /// The next message that is no ping.
    pub async fn receive(&mut self) -> Value {
        match self.message().await {
            Ok(message) => message,
            Err(closed) => panic!("closed: {closed:?}"),
        }
    }

    /// Reads on until the socket is closed and says how.
    pub async fn closed(&mut self) -> Option<(u16, String)> {
        loop {
            if let Err(closed) = self.message().await {
                return closed.map(|frame| (frame.code.into(), frame.reason.to_string()));
            }
        }
    }

    async fn message(&mut self) -> Result<Value, Option<CloseFrame>> {
        loop {
            let next = tokio::time::timeout(PATIENCE, self.0.next());
            match next.await.expect("a message in time") {
                Some(Ok(Message::Text(text))) => {
                    let message: Value = serde_json::from_str(&text).expect("JSON");
                    if message["type"] == "ping" {
                        self.send(json!({ "type": "pong" })).await;
                        continue;
                    }
                    return Ok(message);
                }
                Some(Ok(Message::Close(frame))) => return Err(frame),
                Some(Ok(_)) => {}
                Some(Err(_)) | None => return Err(None),
            }
        }
    }
}

/// The request that opens a socket.
pub fn request(app: &TestApp) -> Request {
    let mut request = format!("ws://{}/graphql/ws", app.address)
        .into_client_request()
        .expect("an address");
    let protocol = "graphql-transport-ws".parse().expect("a header value");
    request
        .headers_mut()
        .insert("sec-websocket-protocol", protocol);
    request
}

impl TestApp {
    /// Follows an operation over server-sent events.
    pub async fn events(&self, query: &str) -> Events {
        let response = self
            .client
            .post(self.url("/graphql"))
            .header("accept", "text/event-stream")
            .json(&json!({ "query": query }))
            .send()
            .await
            .expect("the server answers");
        assert_eq!(
            response.headers()["content-type"],
            "text/event-stream; charset=utf-8"
        );
        Events::of(response)
    }
}
