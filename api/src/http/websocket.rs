//! GraphQL over WebSocket, by the protocol graphql-transport-ws. One task a socket; it reads
//! nothing while it writes, so that a client that does not read holds up only itself; its
//! connection is dropped when a write takes too long (`server.rs`).

use std::{collections::HashMap, panic::AssertUnwindSafe, sync::Arc, time::Duration};

use axum::{
    Extension,
    extract::{
        State,
        ws::{
            CloseFrame, Message, WebSocket, WebSocketUpgrade, rejection::WebSocketUpgradeRejection,
        },
    },
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse, Response},
};
use bytes::Bytes;
use futures::{
    FutureExt, StreamExt,
    stream::{self, AbortHandle, Abortable, BoxStream, SelectAll},
};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use tracing::Instrument;

use super::{
    Server,
    accept::Form,
    address::Client,
    edge::RequestId,
    execution::Caller,
    feeds::Piece,
    graphql::{authorization, header_text, refused},
    parameters::Parameters,
    rate_limit::Left,
    refusal::Refusal,
    sockets::Place,
    sse::End,
};
use crate::viewer::Identity;

/// The sub-protocol.
const PROTOCOL: &str = "graphql-transport-ws";

/// Bytes read at once. Most sockets are idle, and each has such a buffer.
const READ_BUFFER: usize = 2048;

/// Bytes of an operation's id at most: it is sent with every answer.
const LONGEST_ID: usize = 128;

/// Close codes of the protocol, and of ours where it has none.
mod close {
    pub const GOING_AWAY: u16 = 1001;
    pub const TRY_AGAIN: u16 = 1013;
    pub const BAD_MESSAGE: u16 = 4400;
    pub const UNAUTHORIZED: u16 = 4401;
    pub const FORBIDDEN: u16 = 4403;
    pub const SUBPROTOCOL: u16 = 4406;
    pub const NO_INIT: u16 = 4408;
    pub const DUPLICATE_ID: u16 = 4409;
    pub const TOO_MANY: u16 = 4429;
    pub const INTERNAL: u16 = 4500;
}

/// What clients send.
#[derive(Debug, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
enum FromClient {
    ConnectionInit {
        payload: Option<Map<String, Value>>,
    },
    Ping {
        payload: Option<Map<String, Value>>,
    },
    Pong {
        #[serde(rename = "payload")]
        _payload: Option<Map<String, Value>>,
    },
    Subscribe {
        id: String,
        payload: Value,
    },
    Complete {
        id: String,
    },
}

/// What clients are sent.
#[derive(Debug, Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
enum ToClient<'a> {
    ConnectionAck,
    Ping,
    Pong {
        #[serde(skip_serializing_if = "Option::is_none")]
        payload: Option<Map<String, Value>>,
    },
    Error {
        id: &'a str,
        payload: &'a [async_graphql::ServerError],
    },
    Complete {
        id: &'a str,
    },
}

/// A piece of an operation, or its end.
type Progress = (Arc<str>, Option<Piece>);

/// Why a socket is closed.
type Close = (u16, &'static str);

/// Turns a request into a socket.
pub(super) async fn upgrade(
    State(server): State<Server>,
    Extension(client): Extension<Client>,
    Extension(request_id): Extension<RequestId>,
    headers: HeaderMap,
    upgrade: Result<WebSocketUpgrade, WebSocketUpgradeRejection>,
) -> Response {
    let upgrade = match upgrade {
        Ok(upgrade) => upgrade,
        Err(rejection) => {
            let refusal = Refusal::transport(rejection.status(), &rejection.body_text());
            return refused(&refusal, Form::Json);
        }
    };
    if !server.origins.allow(&headers) {
        let refusal = Refusal::transport(
            StatusCode::FORBIDDEN,
            "sockets are not opened for pages of this origin; see cors.origins",
        );
        return refused(&refusal, Form::Json);
    }
    if let Err(refusal) = server.limits.request(client, &mut Left::default()).await {
        return refused(&refusal, Form::Json);
    }
    let place = match server.sockets.enter(client) {
        Ok(place) => place,
        Err(full) => {
            let refusal = Refusal::transport(StatusCode::TOO_MANY_REQUESTS, &full.to_string());
            return refused(&refusal, Form::Json);
        }
    };
    let caller = Caller {
        client,
        identity: Identity::of(&server.app, authorization(&headers)).await,
        request_id,
    };
    let config = &server.app.config.websocket;
    let speaks = speaks_protocol(&headers);
    let span = tracing::info_span!(parent: None, "socket", id = caller.request_id.text());
    upgrade
        .protocols([PROTOCOL])
        .read_buffer_size(READ_BUFFER)
        .write_buffer_size(0)
        .max_message_size(config.max_message)
        .max_frame_size(config.max_message)
        .on_upgrade(move |socket| {
            let socket = Connection { socket };
            serve(server, socket, caller, place, speaks).instrument(span)
        })
        .into_response()
}

async fn serve(
    server: Server,
    mut connection: Connection,
    caller: Caller,
    place: Place,
    speaks: bool,
) {
    if !speaks {
        connection
            .close((close::SUBPROTOCOL, "Subprotocol not acceptable"))
            .await;
        return;
    }
    // Boxed, and apart from what follows: an idle socket has no room for greetings.
    let greeted = Box::pin(greet(&server, &mut connection, caller, place)).await;
    if let Some((caller, place)) = greeted {
        let session = Session::new(server, caller, place);
        Box::pin(session.run(connection)).await;
    }
}

fn speaks_protocol(headers: &HeaderMap) -> bool {
    header_text(headers, &header::SEC_WEBSOCKET_PROTOCOL)
        .is_some_and(|all| all.split(',').any(|one| one.trim() == PROTOCOL))
}

/// A socket that speaks the protocol's messages.
struct Connection {
    socket: WebSocket,
}

impl Connection {
    async fn send(&mut self, message: &ToClient<'_>) -> Result<(), Gone> {
        let text = serde_json::to_string(message).map_err(|_| Gone)?;
        self.write(Message::Text(text.into())).await
    }

    async fn write(&mut self, message: Message) -> Result<(), Gone> {
        self.socket.send(message).await.map_err(|_| Gone)
    }

    async fn close(&mut self, (code, reason): Close) {
        let frame = CloseFrame {
            code,
            reason: reason.into(),
        };
        // Who is gone need not be told.
        let _ = self.write(Message::Close(Some(frame))).await;
    }

    /// The next message of the protocol.
    async fn receive(&mut self) -> Result<FromClient, Option<Close>> {
        loop {
            match self.socket.recv().await {
                Some(Ok(Message::Text(text))) => {
                    return serde_json::from_str(&text)
                        .map_err(|_| Some((close::BAD_MESSAGE, "Invalid message received")));
                }
                Some(Ok(Message::Binary(_))) => {
                    return Err(Some((close::BAD_MESSAGE, "Invalid message received")));
                }
                // Reading on also answers a farewell, after which there is nothing more.
                Some(Ok(Message::Ping(_) | Message::Pong(_) | Message::Close(_))) => {}
                Some(Err(_)) | None => return Err(None),
            }
        }
    }
}

/// The client is no longer there.
struct Gone;

/// Waits for `connection_init` and acknowledges it.
async fn greet(
    server: &Server,
    connection: &mut Connection,
    mut caller: Caller,
    mut place: Place,
) -> Option<(Caller, Place)> {
    let patience = Duration::from_secs(server.app.config.websocket.init_seconds);
    let deadline = tokio::time::Instant::now() + patience;
    loop {
        let message = tokio::select! {
            message = tokio::time::timeout_at(deadline, connection.receive()) => message,
            _ = server.ended(&caller) => {
                connection.close((close::GOING_AWAY, "Server is stopping")).await;
                return None;
            }
        };
        let reason = match message {
            Err(_) => (close::NO_INIT, "Connection initialisation timeout"),
            Ok(Err(Some(reason))) => reason,
            Ok(Err(None)) => return None,
            Ok(Ok(FromClient::ConnectionInit { payload })) => {
                if let Some(header) = credential(payload.as_ref()) {
                    caller.identity = Identity::of(&server.app, Some(header)).await;
                }
                match place.belongs_to(caller.identity.viewer) {
                    Ok(()) => {
                        connection.send(&ToClient::ConnectionAck).await.ok()?;
                        return Some((caller, place));
                    }
                    Err(_) => (close::FORBIDDEN, "Too many sockets of this user"),
                }
            }
            Ok(Ok(FromClient::Ping { payload })) => {
                connection.send(&ToClient::Pong { payload }).await.ok()?;
                continue;
            }
            Ok(Ok(FromClient::Pong { .. })) => continue,
            Ok(Ok(FromClient::Subscribe { .. } | FromClient::Complete { .. })) => {
                (close::UNAUTHORIZED, "Unauthorized")
            }
        };
        connection.close(reason).await;
        return None;
    }
}

/// The `Authorization` that a client sends with `connection_init`, since a browser cannot set
/// headers of a socket.
fn credential(payload: Option<&Map<String, Value>>) -> Option<&str> {
    payload?
        .iter()
        .find(|(name, _)| name.eq_ignore_ascii_case("authorization"))
        .and_then(|(_, value)| value.as_str())
}

/// A socket after its greeting.
struct Session {
    server: Server,
    caller: Caller,
    operations: SelectAll<Abortable<BoxStream<'static, Progress>>>,
    running: HashMap<Arc<str>, AbortHandle>,
    _place: Place,
}

impl Session {
    fn new(server: Server, caller: Caller, place: Place) -> Self {
        Self {
            server,
            caller,
            operations: SelectAll::new(),
            running: HashMap::new(),
            _place: place,
        }
    }

    async fn run(mut self, mut connection: Connection) {
        // What a panic leaves behind goes with this session.
        let talk = AssertUnwindSafe(self.talk(&mut connection)).catch_unwind();
        let reason = talk
            .await
            .unwrap_or(Some((close::INTERNAL, "Internal server error")));
        if let Some(reason) = reason {
            connection.close(reason).await;
        }
    }

    /// Goes on until there is a reason to close, or nobody to tell.
    async fn talk(&mut self, connection: &mut Connection) -> Option<Close> {
        let pause = Duration::from_secs(self.server.app.config.websocket.ping_seconds.max(1));
        let mut ping = tokio::time::interval_at(tokio::time::Instant::now() + pause, pause);
        let mut ended = self.server.ended(&self.caller).boxed();
        let mut heard = true;
        loop {
            let outcome = tokio::select! {
                biased;
                end = &mut ended => return Some(match end {
                    End::Stopping => (close::GOING_AWAY, "Server is stopping"),
                    End::Expired => (close::FORBIDDEN, "Credential expired"),
                }),
                message = connection.receive() => {
                    heard = true;
                    match message {
                        Ok(message) => self.hear(message, connection).await,
                        Err(reason) => return reason,
                    }
                }
                Some(progress) = self.operations.next() => self.tell(progress, connection).await,
                _ = ping.tick() => {
                    if !heard {
                        return None;
                    }
                    heard = false;
                    connection.send(&ToClient::Ping).await.map_err(|Gone| None)
                }
            };
            if let Err(reason) = outcome {
                return reason;
            }
        }
    }

    async fn hear(
        &mut self,
        message: FromClient,
        connection: &mut Connection,
    ) -> Result<(), Option<Close>> {
        match message {
            FromClient::ConnectionInit { .. } => {
                Err(Some((close::TOO_MANY, "Too many initialisation requests")))
            }
            FromClient::Ping { payload } => {
                let pong = ToClient::Pong { payload };
                connection.send(&pong).await.map_err(|Gone| None)
            }
            FromClient::Pong { .. } => Ok(()),
            FromClient::Complete { id } => {
                if let Some(operation) = self.running.remove(id.as_str()) {
                    operation.abort();
                }
                Ok(())
            }
            FromClient::Subscribe { id, payload } => self.begin(id, payload),
        }
    }

    fn begin(&mut self, id: String, payload: Value) -> Result<(), Option<Close>> {
        if id.is_empty() || id.len() > LONGEST_ID {
            return Err(Some((close::BAD_MESSAGE, "Invalid message received")));
        }
        let id: Arc<str> = id.into();
        if self.running.contains_key(&id) {
            return Err(Some((close::DUPLICATE_ID, "Subscriber already exists")));
        }
        if self.running.len() >= self.server.app.config.websocket.max_operations {
            return Err(Some((
                close::TOO_MANY,
                "Too many operations on this socket",
            )));
        }
        let pieces = pieces(self.server.clone(), self.caller.clone(), payload);
        // Boxed, so that nothing of the beginning is left once the operation runs.
        let pieces = stream::once(Box::pin(pieces)).flatten().map(Some);
        let name = Arc::clone(&id);
        let progress = pieces.chain(stream::iter([None]));
        let progress = progress
            .map(move |piece| (Arc::clone(&name), piece))
            .boxed();
        let (progress, handle) = stream::abortable(progress);
        self.operations.push(progress);
        self.running.insert(id, handle);
        Ok(())
    }

    async fn tell(
        &mut self,
        (id, piece): Progress,
        connection: &mut Connection,
    ) -> Result<(), Option<Close>> {
        let sent = match piece {
            Some(Piece::Payload(payload)) => next(connection, &id, &payload).await,
            Some(Piece::Failed(errors)) => {
                // An error ends the operation; no `complete` follows.
                if let Some(operation) = self.running.remove(&id) {
                    operation.abort();
                }
                let payload = errors.as_slice();
                connection.send(&ToClient::Error { id: &id, payload }).await
            }
            Some(Piece::TooSlow) => {
                return Err(Some((
                    close::TRY_AGAIN,
                    "Reads too slowly; resume with `after`",
                )));
            }
            None => match self.running.remove(&id) {
                Some(_) => connection.send(&ToClient::Complete { id: &id }).await,
                None => Ok(()),
            },
        };
        sent.map_err(|Gone| None)
    }
}

/// A payload is written once for all who get it, so it is put in its place as it is.
async fn next(connection: &mut Connection, id: &str, payload: &Bytes) -> Result<(), Gone> {
    let text = std::str::from_utf8(payload).map_err(|_| Gone)?;
    let id = serde_json::to_string(id).map_err(|_| Gone)?;
    let message = format!(r#"{{"type":"next","id":{id},"payload":{text}}}"#);
    connection.write(Message::Text(message.into())).await
}

/// An operation, from its payload to its last piece.
async fn pieces(server: Server, caller: Caller, payload: Value) -> BoxStream<'static, Piece> {
    let left = &mut Left::default();
    let prepared = async {
        server.limits.request(caller.client, left).await?;
        let asked = Parameters::from_json(payload)?;
        server.prepare(&asked, &caller, left).await
    };
    match prepared.await {
        Ok(prepared) => server.pieces(prepared).await,
        Err(refusal) => stream::iter([Piece::Failed(refusal.errors)]).boxed(),
    }
}
