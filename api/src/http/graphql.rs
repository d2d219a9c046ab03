//! GraphQL over HTTP: POST with JSON, GET for queries.

use async_graphql::{
    Request, Variables,
    parser::types::{ExecutableDocument, OperationType},
};
use axum::{
    body::Bytes,
    extract::{
        Query, State,
        rejection::{BytesRejection, QueryRejection},
    },
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse, Response},
};
use serde::Deserialize;
use serde_json::json;

use super::{Server, document};
use crate::{loaders::Loaders, viewer::Viewer};

/// A request as the GraphQL over HTTP specification names its parts.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Parameters {
    query: Option<String>,
    operation_name: Option<String>,
    variables: Option<serde_json::Value>,
    #[serde(default)]
    #[expect(dead_code, reason = "allowed by the specification, not used")]
    extensions: Option<serde_json::Value>,
}

/// Parameters of a GET, where nested values are JSON texts.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct InUrl {
    query: Option<String>,
    operation_name: Option<String>,
    variables: Option<String>,
}

/// Runs a query or mutation sent as JSON.
pub(super) async fn post(
    State(server): State<Server>,
    headers: HeaderMap,
    body: Result<Bytes, BytesRejection>,
) -> Response {
    let body = match body {
        Ok(body) => body,
        Err(rejection) => return refused(rejection.status(), &rejection.body_text()),
    };
    if !is_json(&headers) {
        return refused(
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
            "send the request as application/json",
        );
    }
    match serde_json::from_slice::<Parameters>(&body) {
        Ok(parameters) => run(&server, &headers, parameters).await,
        Err(error) => refused(
            StatusCode::BAD_REQUEST,
            &format!("the body is no GraphQL request: {error}"),
        ),
    }
}

/// Runs a query named in the URL; a mutation is refused.
pub(super) async fn get(
    State(server): State<Server>,
    headers: HeaderMap,
    parameters: Result<Query<InUrl>, QueryRejection>,
) -> Response {
    let Ok(Query(in_url)) = parameters else {
        return refused(StatusCode::BAD_REQUEST, "the URL is no GraphQL request");
    };
    let variables = in_url
        .variables
        .as_deref()
        .map(serde_json::from_str)
        .transpose();
    let Ok(variables) = variables else {
        return refused(StatusCode::BAD_REQUEST, "`variables` is no JSON object");
    };
    let parameters = Parameters {
        query: in_url.query,
        operation_name: in_url.operation_name,
        variables,
        extensions: None,
    };
    if let Some(query) = &parameters.query
        && let Ok(Some(document)) = document::check(query, usize::MAX)
        && has_mutation(&document, parameters.operation_name.as_deref())
    {
        let mut response = refused(StatusCode::METHOD_NOT_ALLOWED, "send mutations by POST");
        response
            .headers_mut()
            .insert(header::ALLOW, header::HeaderValue::from_static("POST"));
        return response;
    }
    run(&server, &headers, parameters).await
}

async fn run(server: &Server, headers: &HeaderMap, parameters: Parameters) -> Response {
    let Some(query) = parameters.query else {
        return refused(StatusCode::BAD_REQUEST, "the request has no `query`");
    };
    let variables = match parameters.variables {
        None | Some(serde_json::Value::Null) => Variables::default(),
        Some(value @ serde_json::Value::Object(_)) => Variables::from_json(value),
        Some(_) => return refused(StatusCode::BAD_REQUEST, "`variables` is no JSON object"),
    };
    let authorization = headers
        .get(header::AUTHORIZATION)
        .and_then(|value| value.to_str().ok());
    let viewer = Viewer::from_header(authorization, &server.app.config.auth.admin_token);
    // Ten selections, spreads among them, for each field allowed: the library counts exactly.
    let most = server.app.config.graphql.max_fields.saturating_mul(10);
    let document = document::check(&query, most);
    let mut request = Request::new(query)
        .variables(variables)
        .data(viewer)
        .data(Loaders::new(&server.app.db));
    request.operation_name = parameters.operation_name;
    // With tokio's budget a level of thousands of keys would be cut into several statements.
    let mut answer = match document {
        Ok(document) => {
            if let Some(document) = document {
                request.set_parsed_query(document);
            }
            tokio::task::unconstrained(server.schema.execute(request)).await
        }
        Err(error) => async_graphql::Response::from_errors(vec![error]),
    };
    for error in &mut answer.errors {
        name_code(error);
    }
    let modern = wants_graphql_response(headers);
    // A request that never ran is a client error; JSON clients of old expect 200 all the same.
    let failed = answer.is_err() && answer.data == async_graphql::Value::Null;
    let never_ran = failed && answer.errors.iter().all(|error| error.path.is_empty());
    let status = if modern && never_ran {
        StatusCode::BAD_REQUEST
    } else {
        StatusCode::OK
    };
    match serde_json::to_vec(&answer) {
        Ok(body) => (status, [(header::CONTENT_TYPE, content_type(modern))], body).into_response(),
        Err(error) => {
            tracing::error!(%error, "an answer could not be written");
            refused(StatusCode::INTERNAL_SERVER_ERROR, "internal error")
        }
    }
}

/// Gives errors of the library the code that clients know.
fn name_code(error: &mut async_graphql::ServerError) {
    let extensions = error.extensions.get_or_insert_default();
    if extensions.get("code").is_none() {
        let code = match (
            error.path.is_empty(),
            error.message.trim_start().starts_with("-->"),
        ) {
            (true, true) => "GRAPHQL_PARSE_FAILED",
            (true, false) => "GRAPHQL_VALIDATION_FAILED",
            (false, _) => "BAD_USER_INPUT",
        };
        extensions.set("code", code);
    }
}

fn is_json(headers: &HeaderMap) -> bool {
    headers
        .get(header::CONTENT_TYPE)
        .and_then(|value| value.to_str().ok())
        .and_then(|value| value.split(';').next())
        .is_some_and(|kind| kind.trim().eq_ignore_ascii_case("application/json"))
}

fn wants_graphql_response(headers: &HeaderMap) -> bool {
    headers
        .get(header::ACCEPT)
        .and_then(|value| value.to_str().ok())
        .is_some_and(|accept| accept.contains("application/graphql-response+json"))
}

fn content_type(modern: bool) -> &'static str {
    if modern {
        "application/graphql-response+json; charset=utf-8"
    } else {
        "application/json; charset=utf-8"
    }
}

fn has_mutation(document: &ExecutableDocument, operation: Option<&str>) -> bool {
    document.operations.iter().any(|(name, definition)| {
        definition.node.ty == OperationType::Mutation
            && operation.is_none_or(|wanted| name.is_none_or(|name| name.as_str() == wanted))
    })
}

fn refused(status: StatusCode, message: &str) -> Response {
    let body = json!({
        "errors": [{ "message": message, "extensions": { "code": "BAD_REQUEST" } }]
    });
    (
        status,
        [(header::CONTENT_TYPE, content_type(false))],
        body.to_string(),
    )
        .into_response()
}
