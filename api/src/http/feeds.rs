//! Subscriptions as streams of payloads. Who asks the same (document, operation, variables
//! apart from where to resume, and sees the same) shares a room: what an event means to them is
//! worked out and written once. Each who joins gets the present first, then what follows it by
//! sequence, without a gap and without a doubled one: of a race by stretches (`stretches.rs`), of
//! anything else change by change (`changes.rs`).

use std::sync::{Arc, OnceLock};

use async_graphql::{
    Name, ServerError, Variables,
    parser::types::{OperationType, Selection},
};
use async_graphql_value::Value;
use bytes::Bytes;
use futures::{
    StreamExt,
    stream::{self, BoxStream},
};

use super::{
    Server,
    documents::Hash,
    execution::{Operation, Prepared},
};
use crate::{
    graphql::feed::{Run, Topic},
    viewer::Viewer,
};

/// What a subscriber gets.
#[derive(Debug, Clone)]
pub enum Piece {
    /// An answer.
    Payload(Bytes),
    /// The subscription cannot begin.
    Failed(Vec<ServerError>),
    /// The subscriber has fallen too far behind; it can come again and resume.
    TooSlow,
}

/// What tells rooms apart.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct Sign {
    document: Hash,
    operation: Option<String>,
    /// As JSON, without the one that says where to resume.
    variables: String,
    viewer: Viewer,
}

impl Sign {
    pub(super) fn of(operation: &Operation) -> Self {
        Self {
            document: operation.document.hash,
            operation: operation.name.clone(),
            variables: without_resumption(operation),
            viewer: operation.viewer,
        }
    }
}

impl Server {
    /// What becomes of a request, where answers may be many: one of a query or mutation, all of
    /// a subscription.
    pub async fn pieces(&self, prepared: Prepared) -> BoxStream<'static, Piece> {
        let answer = match prepared {
            Prepared::Known(answer) => answer,
            Prepared::Ready(operation, _) if operation.kind == OperationType::Subscription => {
                return self.subscribe(*operation).await;
            }
            Prepared::Ready(operation, question) => self.answer(*operation, question).await,
        };
        stream::iter([Piece::Payload(answer.body.plain().clone())]).boxed()
    }

    /// Follows a subscription: the present, or what follows `after`, then every change.
    async fn subscribe(&self, operation: Operation) -> BoxStream<'static, Piece> {
        let topic = match self.topic(&operation).await {
            Ok(topic) => topic,
            Err(errors) => return failed(errors),
        };
        match topic.race.clone() {
            Some(course) => self.follow_race(operation, &topic, course).await,
            None => self.follow_changes(operation, &topic).await,
        }
    }

    /// Asks a subscription what it listens to.
    async fn topic(&self, operation: &Operation) -> Result<Topic, Vec<ServerError>> {
        let topic = Arc::new(OnceLock::new());
        let run = Run::Describe(Arc::clone(&topic));
        if let Some(response) = self.moment(operation.clone(), run).await {
            return Err(response.errors);
        }
        topic.get().cloned().ok_or_else(|| {
            let message = "the subscription does not say what it listens to";
            vec![ServerError::new(message, None)]
        })
    }
}

/// A subscription that ends before it has begun.
pub(super) fn failed(errors: Vec<ServerError>) -> BoxStream<'static, Piece> {
    stream::iter([Piece::Failed(errors)]).boxed()
}

/// Variables as JSON, without the one given as the argument `after` of the field at the root.
fn without_resumption(operation: &Operation) -> String {
    let mut variables: Variables = operation.variables.clone();
    if let Some(name) = resumption(operation) {
        variables.remove(&name);
    }
    serde_json::to_string(&variables).unwrap_or_default()
}

fn resumption(operation: &Operation) -> Option<Name> {
    let definition = operation
        .document
        .operation(operation.name.as_deref())
        .ok()?;
    let mut sets = vec![&definition.selection_set];
    while let Some(set) = sets.pop() {
        for selection in &set.node.items {
            match &selection.node {
                Selection::Field(field) => {
                    return match &field.node.get_argument("after")?.node {
                        Value::Variable(name) => Some(name.clone()),
                        _ => None,
                    };
                }
                Selection::InlineFragment(inline) => sets.push(&inline.node.selection_set),
                Selection::FragmentSpread(spread) => {
                    let fragments = &operation.document.parsed.fragments;
                    let fragment = fragments.get(&spread.node.fragment_name.node);
                    sets.extend(fragment.map(|fragment| &fragment.node.selection_set));
                }
            }
        }
    }
    None
}
