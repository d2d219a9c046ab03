//! The schema twice: one that only validates, once for each document, and one that executes
//! what has been validated without doing so again.

use std::sync::Arc;

use async_graphql::{
    Request, ServerError, ValidationMode, ValidationResult,
    extensions::{Extension, ExtensionContext, ExtensionFactory, NextValidation},
    parser::types::ExecutableDocument,
};
use domain::App;

use super::refusal::Refusal;
use crate::graphql::{self, Schema};

/// Says that validation went well, where nothing is to be executed.
const VALID: &str = "valid";

/// Both schemas.
pub struct Schemas {
    validating: Schema,
    pub executing: Schema,
}

impl std::fmt::Debug for Schemas {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str("Schemas")
    }
}

impl Schemas {
    /// Both, for an application.
    #[must_use]
    pub fn new(app: App) -> Self {
        Self {
            validating: graphql::builder().extension(StopWhenValid).finish(),
            executing: graphql::builder()
                .validation_mode(ValidationMode::Fast)
                .data(app)
                .finish(),
        }
    }

    /// Checks a document, whatever its variables will be, against the schema.
    ///
    /// # Errors
    /// Everything that is wrong with it.
    pub async fn validate(&self, text: &str, document: &ExecutableDocument) -> Result<(), Refusal> {
        // With a name, the library looks no further into a document of several operations.
        let name = document.operations.iter().find_map(|(name, _)| name);
        let mut request = Request::new(text);
        request.operation_name = name.map(ToString::to_string);
        request.set_parsed_query(document.clone());
        let errors = self.validating.execute(request).await.errors;
        if errors.iter().all(|error| error.message == VALID) {
            return Ok(());
        }
        Err(Refusal::validation(errors))
    }
}

/// Ends a request after validation, before anything is executed.
struct StopWhenValid;

impl ExtensionFactory for StopWhenValid {
    fn create(&self) -> Arc<dyn Extension> {
        Arc::new(Self)
    }
}

#[async_trait::async_trait]
impl Extension for StopWhenValid {
    async fn validation(
        &self,
        ctx: &ExtensionContext<'_>,
        next: NextValidation<'_>,
    ) -> Result<ValidationResult, Vec<ServerError>> {
        next.run(ctx).await?;
        Err(vec![ServerError::new(VALID, None)])
    }
}
