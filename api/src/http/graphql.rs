//! GraphQL over HTTP: POST with JSON, GET for queries, and streams of events for both.

use std::{sync::Arc, time::Duration};

use async_graphql::parser::types::OperationType;
use axum::{
    Extension,
    body::{Body, Bytes},
    extract::{Request, State},
    http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header, request::Parts},
    response::{IntoResponse, Response},
};
use http_body_util::{BodyExt, LengthLimitError, Limited};
use tracing::{Instrument, Span};

use super::{
    Server,
    accept::Form,
    address::Client,
    answers::{Answer, Keep},
    edge::RequestId,
    execution::{Caller, Prepared},
    parameters::{self, Parameters},
    rate_limit::Left,
    refusal::Refusal,
    sse,
};
use crate::{
    telemetry,
    viewer::{Identity, Viewer},
};

/// Answers that depend on more than the URL.
const VARY: &str = "accept, accept-encoding, authorization, origin";

/// What a page or a cache may still show while it asks anew, seconds.
const STALE: u64 = 30;

/// The handler of a route.
pub(super) async fn route(
    State(server): State<Server>,
    Extension(client): Extension<Client>,
    Extension(request_id): Extension<RequestId>,
    request: Request,
) -> Response {
    handle(&server, client, request_id, request).await
}

/// Runs what is sent, whatever the method.
pub(super) async fn handle(
    server: &Server,
    client: Client,
    request_id: RequestId,
    request: Request,
) -> Response {
    let (parts, body) = request.into_parts();
    let form = Form::wanted(&parts.headers);
    let mut left = Left::default();
    let outcome = match server.limits.request(client, &mut left).await {
        Ok(()) => {
            let caller = Caller {
                client,
                identity: Identity::of(&server.app, authorization(&parts.headers)).await,
                request_id,
            };
            run(server, &caller, &parts, body, form, &mut left).await
        }
        Err(refusal) => Err(refusal),
    };
    let form = form.unwrap_or(Form::Json);
    let mut response = outcome.unwrap_or_else(|refusal| refused(&refusal, form));
    server.limits.describe(left, response.headers_mut());
    response
}

async fn run(
    server: &Server,
    caller: &Caller,
    parts: &Parts,
    body: Body,
    form: Option<Form>,
    left: &mut Left,
) -> Result<Response, Refusal> {
    let form = form.ok_or_else(|| {
        Refusal::transport(
            StatusCode::NOT_ACCEPTABLE,
            "answers are application/graphql-response+json, application/json or text/event-stream",
        )
    })?;
    let by_get = match parts.method {
        Method::GET | Method::HEAD => true,
        Method::POST => false,
        _ => return Ok(no_such_method()),
    };
    let asked = if by_get {
        Parameters::from_url(&parts.uri)?
    } else {
        // Read even when it is refused: an answer before the end of what is sent gets lost.
        let body = read(server, body).await?;
        json_only(&parts.headers)?;
        match parameters::Body::read(&body, server.app.config.graphql.max_batch)? {
            parameters::Body::One(asked) => asked,
            parameters::Body::Several(several) => {
                let answers = Box::pin(several_answers(server, caller, several, form, left));
                return answers.instrument(span(caller, parts)).await;
            }
        }
    };
    if form == Form::Events {
        let events = Box::pin(sse::respond(server, caller, asked, by_get, left));
        return events.instrument(span(caller, parts)).await;
    }
    let prepared = server.prepare(&asked, caller, left).await;
    let prepared = prepared.map_err(|refusal| {
        // What is wrong with a mutation is not looked at when it comes this way.
        if by_get && server.is_mutation(&asked) {
            Refusal::method()
        } else {
            refusal
        }
    })?;
    let answer = match prepared {
        Prepared::Known(answer) => answer,
        prepared if by_get && prepared.is_mutation() => return Err(Refusal::method()),
        Prepared::Ready(operation, question) => {
            if operation.kind == OperationType::Subscription {
                return Err(no_stream());
            }
            let answer = server.answer(*operation, question);
            answer.instrument(span(caller, parts)).await
        }
    };
    Ok(answered(&answer, caller, &parts.headers, by_get, form))
}

/// The span of what is worked out for a request. What is known already leaves no trace unless
/// all requests do.
fn span(caller: &Caller, parts: &Parts) -> Span {
    if telemetry::exports_traces() {
        Span::current()
    } else {
        telemetry::request_span(caller.request_id.text(), parts)
    }
}

/// An array of requests: each is counted, one after the other, and answered in its place.
async fn several_answers(
    server: &Server,
    caller: &Caller,
    several: Vec<Parameters>,
    form: Form,
    left: &mut Left,
) -> Result<Response, Refusal> {
    if form == Form::Events {
        return Err(Refusal::malformed("an event stream answers one request"));
    }
    let mut body = vec![b'['];
    for (index, asked) in several.into_iter().enumerate() {
        if index > 0 {
            body.push(b',');
            // The first was counted with the HTTP request.
            server.limits.request(caller.client, left).await?;
        }
        let answer = match server.prepare(&asked, caller, left).await {
            Ok(Prepared::Known(answer)) => answer.body.plain().clone(),
            Ok(Prepared::Ready(operation, _)) if operation.kind == OperationType::Subscription => {
                Answer::refused(&no_stream().errors)
            }
            Ok(Prepared::Ready(operation, question)) => server
                .answer(*operation, question)
                .await
                .body
                .plain()
                .clone(),
            Err(refusal) => Answer::refused(&refusal.errors),
        };
        body.extend_from_slice(&answer);
    }
    body.push(b']');
    let headers = [
        (header::CONTENT_TYPE, form.content_type()),
        (header::CACHE_CONTROL, "private, no-store"),
    ];
    Ok((headers, body).into_response())
}

fn answered(
    answer: &Arc<Answer>,
    caller: &Caller,
    asked: &HeaderMap,
    by_get: bool,
    form: Form,
) -> Response {
    let mut headers = HeaderMap::with_capacity(16);
    headers.insert(
        header::CONTENT_TYPE,
        HeaderValue::from_static(form.content_type()),
    );
    headers.insert(header::VARY, HeaderValue::from_static(VARY));
    let public = caller.identity.viewer == Viewer::Guest && by_get;
    headers.insert(
        header::CACHE_CONTROL,
        match answer.keep {
            Keep::Public(age) if public => cache_control(age),
            _ if public => HeaderValue::from_static("no-cache"),
            _ => HeaderValue::from_static("private, no-store"),
        },
    );
    if let Some(etag) = answer.etag.as_ref().filter(|_| public) {
        headers.insert(header::ETAG, etag.clone());
        if has_already(asked, etag) {
            return (StatusCode::NOT_MODIFIED, headers).into_response();
        }
    }
    let (body, encoding) = answer.body.wanted(asked);
    if let Some(encoding) = encoding {
        let name = HeaderValue::from_static(encoding.name());
        headers.insert(header::CONTENT_ENCODING, name);
    }
    let mut response = Response::new(Body::from(body));
    *response.headers_mut() = headers;
    response
}

fn cache_control(age: Duration) -> HeaderValue {
    let seconds = age.as_secs();
    let text = format!("public, max-age={seconds}, stale-while-revalidate={STALE}");
    HeaderValue::from_str(&text).unwrap_or(HeaderValue::from_static("no-cache"))
}

/// Whether a conditional request names this answer: weakly, RFC 9110, 13.1.2.
fn has_already(headers: &HeaderMap, etag: &HeaderValue) -> bool {
    fn opaque(tag: &str) -> &str {
        tag.trim().strip_prefix("W/").unwrap_or(tag.trim())
    }
    let Ok(etag) = etag.to_str() else {
        return false;
    };
    headers
        .get_all(header::IF_NONE_MATCH)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .any(|tag| tag.trim() == "*" || opaque(tag) == opaque(etag))
}

/// What was not run, in the form that the client wants.
pub(super) fn refused(refusal: &Refusal, form: Form) -> Response {
    let form = if form == Form::Modern {
        form
    } else {
        Form::Json
    };
    for error in &refusal.errors {
        let code = error.extensions.as_ref().and_then(|all| all.get("code"));
        if let Some(async_graphql::Value::String(code)) = code {
            metrics::counter!("pitwall_errors_total", "code" => code.clone()).increment(1);
        }
    }
    let mut response = (
        refusal.status(form == Form::Modern),
        [
            (header::CONTENT_TYPE, form.content_type()),
            (header::CACHE_CONTROL, "no-store"),
        ],
        Answer::refused(&refusal.errors),
    )
        .into_response();
    if let Some((name, value)) = refusal.header()
        && let Ok(value) = HeaderValue::from_str(&value)
    {
        response.headers_mut().insert(name, value);
    }
    response
}

fn no_stream() -> Refusal {
    Refusal::request(
        "Subscriptions go over WebSocket at /graphql/ws, or with `Accept: text/event-stream`.",
        "BAD_USER_INPUT",
    )
}

fn no_such_method() -> Response {
    let refusal = Refusal::transport(
        StatusCode::METHOD_NOT_ALLOWED,
        "GraphQL goes by GET and POST",
    );
    let mut response = refused(&refusal, Form::Json);
    let allowed = HeaderValue::from_static("GET, POST");
    response.headers_mut().insert(header::ALLOW, allowed);
    response
}

/// Pages of other origins may send forms and plain text without asking first, never JSON; and
/// what is compressed or in another character set is not read at all.
fn json_only(headers: &HeaderMap) -> Result<(), Refusal> {
    let refuse = |message| {
        Err(Refusal::transport(
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
            message,
        ))
    };
    if headers
        .get(header::CONTENT_ENCODING)
        .is_some_and(|encoding| encoding != "identity")
    {
        return refuse("send the request uncompressed");
    }
    let kind = headers
        .get(header::CONTENT_TYPE)
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default();
    let mut parts = kind.split(';').map(str::trim);
    if !parts
        .next()
        .unwrap_or_default()
        .eq_ignore_ascii_case("application/json")
    {
        return refuse("send the request as application/json");
    }
    let foreign = parts
        .filter_map(|part| part.split_once('='))
        .any(|(name, value)| {
            name.trim().eq_ignore_ascii_case("charset")
                && !value.trim().trim_matches('"').eq_ignore_ascii_case("utf-8")
        });
    if foreign {
        return refuse("send the request in UTF-8");
    }
    Ok(())
}

/// The whole body, if it is small enough and comes in time.
async fn read(server: &Server, body: Body) -> Result<Bytes, Refusal> {
    let config = &server.app.config;
    let most = config.graphql.max_body;
    let patience = Duration::from_secs(config.server.body_seconds);
    let body = Limited::new(body, most).collect();
    match tokio::time::timeout(patience, body).await {
        Ok(Ok(body)) => Ok(body.to_bytes()),
        Ok(Err(error)) if error.is::<LengthLimitError>() => Err(Refusal::transport(
            StatusCode::PAYLOAD_TOO_LARGE,
            &format!("the request is larger than {most} bytes"),
        )),
        Ok(Err(_)) => Err(Refusal::malformed("the request broke off")),
        Err(_) => Err(Refusal::transport(
            StatusCode::REQUEST_TIMEOUT,
            "the request took too long to arrive",
        )),
    }
}

pub(super) fn authorization(headers: &HeaderMap) -> Option<&str> {
    header_text(headers, &header::AUTHORIZATION)
}

pub(super) fn header_text<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Option<&'a str> {
    headers.get(name).and_then(|value| value.to_str().ok())
}
