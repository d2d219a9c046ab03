//! A GraphQL request as clients send it, whatever carries it.

use async_graphql::Variables;
use axum::{extract::Query, http::Uri};
use serde::Deserialize;
use serde_json::{Map, Value};

use super::refusal::Refusal;

/// The parts of a request, as the GraphQL over HTTP specification names them.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Parameters {
    pub query: Option<String>,
    /// Names a document that the server knows instead of sending it.
    pub document_id: Option<String>,
    pub operation_name: Option<String>,
    pub variables: Option<Map<String, Value>>,
    pub extensions: Option<Map<String, Value>>,
}

/// The same in a URL, where nested values are JSON texts.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
struct InUrl {
    query: Option<String>,
    document_id: Option<String>,
    operation_name: Option<String>,
    variables: Option<String>,
    extensions: Option<String>,
}

/// One request, or several in a JSON array.
pub enum Body {
    One(Parameters),
    Several(Vec<Parameters>),
}

impl Body {
    /// Reads a JSON body; `max_batch` is the longest array allowed, 0 for none.
    ///
    /// # Errors
    /// When it is not JSON, no request, or too long an array.
    pub fn read(body: &[u8], max_batch: usize) -> Result<Self, Refusal> {
        let starts_array = body
            .iter()
            .find(|byte| !byte.is_ascii_whitespace())
            .is_some_and(|byte| *byte == b'[');
        if !starts_array {
            return parse(body).map(Self::One);
        }
        if max_batch == 0 {
            return Err(Refusal::malformed("arrays of requests are not taken"));
        }
        let several: Vec<Parameters> = parse(body)?;
        match several.len() {
            0 => Err(Refusal::malformed("the array of requests is empty")),
            length if length > max_batch => Err(Refusal::malformed(&format!(
                "the array has {length} requests, at most {max_batch} are taken"
            ))),
            _ => Ok(Self::Several(several)),
        }
    }
}

impl Parameters {
    /// Reads the query part of a URL.
    ///
    /// # Errors
    /// When a part is missing its JSON, or stands twice.
    pub fn from_url(url: &Uri) -> Result<Self, Refusal> {
        let Query(parts) = Query::<InUrl>::try_from_uri(url)
            .map_err(|_| Refusal::malformed("the URL is no GraphQL request"))?;
        Ok(Self {
            query: parts.query,
            document_id: parts.document_id,
            operation_name: parts.operation_name.filter(|name| !name.is_empty()),
            variables: object(parts.variables, "variables")?,
            extensions: object(parts.extensions, "extensions")?,
        })
    }

    /// Reads the payload of a WebSocket message.
    ///
    /// # Errors
    /// When it is no request.
    pub fn from_json(payload: Value) -> Result<Self, Refusal> {
        serde_json::from_value(payload).map_err(|error| no_request(&error))
    }

    /// Values of variables by name.
    #[must_use]
    pub fn variables(&self) -> Variables {
        let variables = self.variables.clone().map(Value::Object);
        variables.map(Variables::from_json).unwrap_or_default()
    }

    /// The hash in the extension of automatic persisted queries.
    ///
    /// # Errors
    /// When the extension has another form or version.
    pub fn persisted_hash(&self) -> Result<Option<&str>, Refusal> {
        let extensions = self.extensions.as_ref();
        let Some(persisted) = extensions.and_then(|all| all.get("persistedQuery")) else {
            return Ok(None);
        };
        let hash = persisted.get("sha256Hash").and_then(Value::as_str);
        match (persisted.get("version").and_then(Value::as_u64), hash) {
            (Some(1), Some(hash)) => Ok(Some(hash)),
            _ => Err(Refusal::malformed(
                "`persistedQuery` is not of the form {\"version\": 1, \"sha256Hash\": \"…\"}",
            )),
        }
    }
}

fn parse<'de, T: Deserialize<'de>>(body: &'de [u8]) -> Result<T, Refusal> {
    serde_json::from_slice(body).map_err(|error| no_request(&error))
}

fn no_request(error: &serde_json::Error) -> Refusal {
    Refusal::malformed(&format!("the body is no GraphQL request: {error}"))
}

fn object(text: Option<String>, name: &str) -> Result<Option<Map<String, Value>>, Refusal> {
    text.filter(|text| !text.is_empty())
        .map(|text| serde_json::from_str::<Option<_>>(&text))
        .transpose()
        .map(Option::flatten)
        .map_err(|_| Refusal::malformed(&format!("`{name}` is no JSON object")))
}
