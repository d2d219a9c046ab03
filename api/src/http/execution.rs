//! The one way from a request to its answer, for every transport: find the document, look for
//! a known answer, check variables and cost, execute.

use std::{
    panic::AssertUnwindSafe,
    sync::Arc,
    time::{Duration, Instant},
};

use async_graphql::{
    Request, Response, ServerError, Variables,
    parser::types::{OperationDefinition, OperationType},
};
use domain::auth::SessionId;
use futures::FutureExt;

use super::{
    Server,
    address::Client,
    answers::{Answer, Question},
    documents::Document,
    edge::RequestId,
    guard::Guard,
    parameters::Parameters,
    rate_limit::Left,
    refusal::Refusal,
};
use crate::{
    error::{Code, from_database},
    graphql::feed::Run,
    loaders::Loaders,
    viewer::{Identity, Viewer},
};

/// Who asks, and how.
#[derive(Debug, Clone)]
pub struct Caller {
    pub client: Client,
    pub identity: Identity,
    /// Finds the request in the log.
    pub request_id: RequestId,
}

impl Caller {
    pub(super) fn is_admin(&self) -> bool {
        self.identity.viewer.is_admin()
    }
}

/// An operation that has been found fit to run.
#[derive(Debug, Clone)]
pub struct Operation {
    pub document: Arc<Document>,
    pub name: Option<String>,
    pub kind: OperationType,
    pub variables: Variables,
    pub viewer: Viewer,
    /// The login of a user who asks.
    pub session: Option<SessionId>,
    /// Whom limits are counted for.
    pub client: Client,
    /// What it may cost, in objects.
    pub cost: u64,
    pub request_id: RequestId,
}

/// What a request came to, before it is run.
pub enum Prepared {
    /// Somebody has asked this before.
    Known(Arc<Answer>),
    /// To be run, as a question that others may share, if so.
    Ready(Box<Operation>, Option<Question>),
}

impl Prepared {
    /// Whether something is to be changed.
    #[must_use]
    pub fn is_mutation(&self) -> bool {
        matches!(self, Self::Ready(operation, _) if operation.kind == OperationType::Mutation)
    }
}

impl Server {
    /// Finds out what a request asks for and whether it may be run; counts its cost.
    ///
    /// # Errors
    /// When it is not to be run.
    pub async fn prepare(
        &self,
        asked: &Parameters,
        caller: &Caller,
        left: &mut Left,
    ) -> Result<Prepared, Refusal> {
        let found = self.documents.find(asked, &self.guard, &self.schemas).await;
        let document = found.map_err(|refusal| self.without_suggestions(refusal, caller))?;
        let viewer = caller.identity.viewer;
        let variables = asked.variables();
        let question = (viewer == Viewer::Guest).then(|| Question {
            version: self.app.bus.version(),
            document: document.hash,
            operation: asked.operation_name.clone(),
            variables: serde_json::to_string(&variables).unwrap_or_default(),
            viewer,
        });
        if let Some(question) = &question
            && let Some(answer) = self.answers.known(question).await
        {
            self.limits
                .cost(caller.client, viewer, answer.cost, left)
                .await?;
            return Ok(Prepared::Known(answer));
        }
        let operation = document.operation(asked.operation_name.as_deref())?;
        let kind = operation.ty;
        let cost = self.check(&document, operation, &variables, caller)?;
        self.limits.cost(caller.client, viewer, cost, left).await?;
        let operation = Operation {
            kind,
            name: asked.operation_name.clone(),
            variables,
            viewer,
            session: caller.identity.session,
            client: caller.client,
            cost,
            request_id: caller.request_id.clone(),
            document,
        };
        let question = question.filter(|_| kind == OperationType::Query);
        Ok(Prepared::Ready(Box::new(operation), question))
    }

    /// Whether a request that was refused asks for a mutation.
    pub(super) fn is_mutation(&self, asked: &Parameters) -> bool {
        let text = asked.query.as_deref().unwrap_or_default();
        let name = asked.operation_name.as_deref();
        self.guard.read(text).is_ok_and(|document| {
            document.operations.iter().any(|(known, operation)| {
                let known = known.map(async_graphql::Name::as_str);
                let meant = name.is_none() || known.is_none() || known == name;
                meant && operation.node.ty == OperationType::Mutation
            })
        })
    }

    fn check(
        &self,
        document: &Document,
        operation: &OperationDefinition,
        variables: &Variables,
        caller: &Caller,
    ) -> Result<u64, Refusal> {
        let open = self.app.config.introspection() || caller.is_admin();
        if !open && Guard::introspects(&document.parsed, operation) {
            return Err(super::guard::Refused::Introspection.into());
        }
        if let Err(problems) = self.guard.variables(operation, variables) {
            let mut refusal = Refusal::request("", Code::BadUserInput.text());
            let proto = refusal.errors.remove(0);
            refusal.errors = problems
                .into_iter()
                .map(|message| ServerError {
                    message,
                    ..proto.clone()
                })
                .collect();
            return Err(refusal);
        }
        Ok(self.guard.cost(&document.parsed, operation, variables)?)
    }

    /// Runs a query or mutation.
    pub async fn answer(&self, operation: Operation, question: Option<Question>) -> Arc<Answer> {
        // Boxed, or every request, answered already or not, had room for an execution.
        let running = Box::pin(self.run(operation));
        match question {
            // Guests all see the same, so who asks at the same time gets the same answer.
            Some(question) => self.answers.get(question, running).await,
            None => running.await,
        }
    }

    async fn run(&self, operation: Operation) -> Arc<Answer> {
        let started = Instant::now();
        let (cost, viewer) = (operation.cost, operation.viewer);
        let request_id = operation.request_id.clone();
        let request = self.request(operation);
        // With tokio's budget a level of thousands of keys would be cut into several statements.
        let execution = tokio::task::unconstrained(self.schemas.executing.execute(request));
        let mut response = outlasting(self.patience(), execution).await;
        finish(&mut response, &request_id);
        metrics::histogram!("pitwall_execution_seconds").record(started.elapsed());
        Arc::new(Answer::new(&response, cost, viewer))
    }

    /// Runs a subscription for one of its runs; none when it yields nothing.
    pub async fn moment(&self, operation: Operation, run: Run) -> Option<Response> {
        use futures::StreamExt;
        let request_id = operation.request_id.clone();
        let request = self.request(operation).data(run);
        let mut stream = self.schemas.executing.execute_stream(request);
        let first = tokio::task::unconstrained(async { stream.next().await });
        let first = first.map(Option::unwrap_or_default);
        let mut response = outlasting(self.patience(), first).await;
        finish(&mut response, &request_id);
        let nothing = response.errors.is_empty() && response.data == async_graphql::Value::Null;
        (!nothing).then_some(response)
    }

    fn request(&self, operation: Operation) -> Request {
        let mut request = Request::new(String::new())
            .variables(operation.variables)
            .data(operation.viewer)
            .data(operation.session)
            .data(operation.client)
            .data(Loaders::new(&self.app.db));
        request.operation_name = operation.name;
        request.set_parsed_query(operation.document.parsed.clone());
        request
    }

    /// The time that a query may run.
    fn patience(&self) -> Duration {
        Duration::from_secs(self.app.config.server.request_seconds)
    }

    /// Similar names tell what a schema holds, so they are left out where it is not shown.
    fn without_suggestions(&self, mut refusal: Refusal, caller: &Caller) -> Refusal {
        if !self.app.config.suggestions() && !caller.is_admin() {
            for error in &mut refusal.errors {
                if let Some(at) = error.message.find(" Did you mean") {
                    error.message.truncate(at);
                }
            }
        }
        refusal
    }
}

/// An execution that takes too long or panics ends in an error all the same.
async fn outlasting(patience: Duration, execution: impl Future<Output = Response>) -> Response {
    // What a panic leaves behind belongs to this request alone.
    let execution = AssertUnwindSafe(execution).catch_unwind();
    match tokio::time::timeout(patience, execution).await {
        Ok(Ok(response)) => response,
        Ok(Err(panic)) => {
            let what = panic
                .downcast_ref::<&str>()
                .map(ToString::to_string)
                .or_else(|| panic.downcast_ref::<String>().cloned());
            tracing::error!(what, "a request panicked");
            let message = "internal error; `extensions.requestId` finds it in the logs";
            failed(message, Code::Internal)
        }
        Err(_) => failed("the query took too long; ask for less", Code::Unavailable),
    }
}

fn failed(message: &str, code: Code) -> Response {
    let mut error = ServerError::new(message, None);
    let extensions = error.extensions.get_or_insert_default();
    extensions.set("code", code.text());
    Response::from_errors(vec![error])
}

/// Gives every error a code, and internal ones the id that finds them in the log.
fn finish(response: &mut Response, request_id: &RequestId) {
    for error in &mut response.errors {
        let extensions = error.extensions.get_or_insert_default();
        if extensions.get("code").is_none() {
            extensions.set("code", Code::BadUserInput.text());
        }
        let internal = async_graphql::Value::from(Code::Internal.text());
        if extensions.get("code") == Some(&internal) {
            extensions.set("requestId", request_id.text());
        }
        if let Some(async_graphql::Value::String(code)) = extensions.get("code") {
            metrics::counter!("pitwall_errors_total", "code" => code.clone()).increment(1);
        }
    }
}

/// A database error outside of a resolver, as a client may see it.
pub(super) fn database_failed(error: &sea_orm::DbErr) -> ServerError {
    from_database(error).into_server_error(async_graphql::Pos::default())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn code(response: &Response) -> String {
        let extensions = response.errors[0].extensions.as_ref().unwrap();
        extensions.get("code").unwrap().to_string()
    }

    #[tokio::test]
    async fn a_panic_and_a_query_without_end_are_errors_that_show_nothing_of_the_inside() {
        let panicking = async { panic!("a secret of the house") };
        let mut response = outlasting(Duration::from_secs(5), panicking).await;
        finish(&mut response, &RequestId::from_text("lap-57"));
        assert_eq!(code(&response), "\"INTERNAL_SERVER_ERROR\"");
        let text = serde_json::to_string(&response).unwrap();
        assert!(
            text.contains("\"requestId\":\"lap-57\"") && !text.contains("secret"),
            "{text}"
        );
        let endless = std::future::pending();
        let response = outlasting(Duration::from_millis(10), endless).await;
        assert_eq!(code(&response), "\"UNAVAILABLE\"");
    }
}
