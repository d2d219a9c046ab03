//! GraphQL over server-sent events, in the mode of distinct connections: one request, one
//! stream of `next` events and a `complete` at its end.

use std::{convert::Infallible, time::Duration};

use axum::{
    body::Body,
    http::{HeaderValue, StatusCode, header},
    response::Response,
};
use bytes::Bytes;
use futures::{
    FutureExt, Stream, StreamExt,
    stream::{self, BoxStream},
};

use super::{
    Server,
    accept::Form,
    answers::Answer,
    execution::Caller,
    feeds::Piece,
    parameters::Parameters,
    rate_limit::Left,
    refusal::{Kind, Refusal},
};

/// Proxies close connections on which nothing moves.
const ALIVE_EVERY: Duration = Duration::from_secs(12);

/// How often it is checked that a credential still holds.
const CHECK_EVERY: Duration = Duration::from_secs(5);

/// Answers a request as a stream of events.
///
/// # Errors
/// When the HTTP request is refused; what is wrong with the GraphQL in it is an event.
pub(super) async fn respond(
    server: &Server,
    caller: &Caller,
    asked: Parameters,
    by_get: bool,
    left: &mut Left,
) -> Result<Response, Refusal> {
    let mut place = server
        .sockets
        .enter(caller.client)
        .map_err(|full| Refusal::transport(StatusCode::TOO_MANY_REQUESTS, &full.to_string()))?;
    place
        .belongs_to(caller.identity.viewer)
        .map_err(|full| Refusal::transport(StatusCode::TOO_MANY_REQUESTS, &full.to_string()))?;
    let pieces = match server.prepare(&asked, caller, left).await {
        Err(refusal) if refusal.kind == Kind::Request => {
            stream::iter([Piece::Failed(refusal.errors)]).boxed()
        }
        Err(refusal) => return Err(refusal),
        Ok(prepared) if by_get && prepared.is_mutation() => return Err(Refusal::method()),
        Ok(prepared) => server.pieces(prepared).await,
    };
    let events = pieces
        .map(Some)
        .chain(stream::iter([None]))
        // Who is too slow gets no `complete`: it comes again and resumes.
        .take_while(|piece| {
            let goes_on = !matches!(piece, Some(Piece::TooSlow));
            async move { goes_on }
        })
        .flat_map(|piece| stream::iter(event(piece)));
    let ended = server.ended(caller).map(|_| ());
    let events = alive(events.boxed())
        .take_until(ended)
        // Held until the stream ends, however it does.
        .map(move |event| {
            let _ = &place;
            Ok::<_, Infallible>(event)
        });
    let mut response = Response::new(Body::from_stream(events));
    let headers = response.headers_mut();
    headers.insert(
        header::CONTENT_TYPE,
        HeaderValue::from_static(Form::Events.content_type()),
    );
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    // Proxies of this kind would collect the events first.
    headers.insert("x-accel-buffering", HeaderValue::from_static("no"));
    Ok(response)
}

impl Server {
    /// Ends when a stream to this caller must: the server stops, or the credential dies.
    pub(super) fn ended(&self, caller: &Caller) -> impl Future<Output = End> + Send + use<> {
        let mut stopping = self.stopping.subscribe();
        let (clock, until) = (self.app.clock.clone(), caller.identity.until);
        async move {
            loop {
                if until.is_some_and(|until| clock.now() >= until) {
                    return End::Expired;
                }
                tokio::select! {
                    stopped = stopping.wait_for(|stopping| *stopping) => {
                        // Without a sender the server is gone.
                        drop(stopped);
                        return End::Stopping;
                    }
                    () = tokio::time::sleep(CHECK_EVERY), if until.is_some() => {}
                }
            }
        }
    }
}

/// Why a stream ends before its time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum End {
    Stopping,
    Expired,
}

fn event(piece: Option<Piece>) -> Vec<Bytes> {
    let payload = match piece {
        Some(Piece::Payload(payload)) => payload,
        Some(Piece::Failed(errors)) => Answer::refused(&errors),
        Some(Piece::TooSlow) => return Vec::new(),
        None => return vec![Bytes::from_static(b"event: complete\ndata:\n\n")],
    };
    // JSON as it is written here has no line breaks.
    vec![
        Bytes::from_static(b"event: next\ndata: "),
        payload,
        Bytes::from_static(b"\n\n"),
    ]
}

/// Says now and then that the connection lives.
fn alive(events: BoxStream<'static, Bytes>) -> impl Stream<Item = Bytes> + Send {
    stream::unfold(events, async |mut events| {
        let next = tokio::time::timeout(ALIVE_EVERY, events.next()).await;
        match next {
            Ok(event) => event.map(|event| (event, events)),
            Err(_) => Some((Bytes::from_static(b":\n\n"), events)),
        }
    })
}
