//! Documents that have been read and validated, by the hash of their text: a document is
//! parsed and validated once however often it is sent, and clients may send the hash alone.
//! Bounded by bytes; only what is valid is kept.

use std::{collections::HashMap, sync::Arc};

use async_graphql::parser::types::{ExecutableDocument, OperationDefinition};
use moka::sync::Cache;
use sha2::{Digest, Sha256};

use super::{guard::Guard, parameters::Parameters, refusal::Refusal, schemas::Schemas};

/// Bytes that a parsed document takes for each byte of its text, and besides, about.
const SIZE: usize = 12;
const AROUND: usize = 1500;

/// A document that may be run.
#[derive(Debug)]
pub struct Document {
    /// SHA-256 of the text.
    pub hash: Hash,
    pub parsed: ExecutableDocument,
    /// Length of the text.
    length: usize,
}

/// SHA-256.
pub type Hash = [u8; 32];

impl Document {
    /// The operation of this name, or the only one.
    ///
    /// # Errors
    /// When there is none, or several and no name.
    pub fn operation(&self, name: Option<&str>) -> Result<&OperationDefinition, Refusal> {
        let mut operations = self.parsed.operations.iter();
        let found = match name {
            Some(name) => operations
                .find(|(known, _)| known.is_some_and(|known| known.as_str() == name))
                .ok_or_else(|| format!("Unknown operation named \"{name}\".")),
            None => match (operations.next(), operations.next()) {
                (Some(only), None) => Ok(only),
                _ => Err("The document has several operations; name one.".to_owned()),
            },
        };
        found
            .map(|(_, operation)| &operation.node)
            .map_err(|message| Refusal::request(&message, "GRAPHQL_VALIDATION_FAILED"))
    }
}

/// All documents of a process.
#[derive(Debug)]
pub struct Documents {
    known: Cache<Hash, Arc<Document>>,
    trusted: Option<Trusted>,
}

/// The only documents that are run, when there is such a list.
#[derive(Debug)]
struct Trusted {
    by_hash: HashMap<Hash, Arc<Document>>,
    by_name: HashMap<String, Hash>,
}

/// Trusted documents that cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum TrustedError {
    #[error("graphql.trusted_documents: {path} cannot be read: {error}")]
    Unreadable { path: String, error: std::io::Error },
    #[error("graphql.trusted_documents: {path} is no JSON object of names and documents: {error}")]
    Json {
        path: String,
        error: serde_json::Error,
    },
    #[error("graphql.trusted_documents: {name:?} in {path} cannot be run: {reason}")]
    Document {
        path: String,
        name: String,
        reason: String,
    },
}

impl Documents {
    /// Room for so many bytes.
    #[must_use]
    pub fn new(bytes: u64) -> Self {
        let weight = |_: &Hash, document: &Arc<Document>| {
            u32::try_from(document.length.saturating_mul(SIZE) + AROUND).unwrap_or(u32::MAX)
        };
        Self {
            known: Cache::builder().max_capacity(bytes).weigher(weight).build(),
            trusted: None,
        }
    }

    /// Reads the file of trusted documents; from then on nothing else is run.
    ///
    /// # Errors
    /// When the file cannot be read or one of its documents is not valid.
    pub async fn trust(
        &mut self,
        path: &str,
        guard: &Guard,
        schemas: &Schemas,
    ) -> Result<(), TrustedError> {
        let text = std::fs::read_to_string(path).map_err(|error| TrustedError::Unreadable {
            path: path.to_owned(),
            error,
        })?;
        let named: HashMap<String, String> =
            serde_json::from_str(&text).map_err(|error| TrustedError::Json {
                path: path.to_owned(),
                error,
            })?;
        let mut trusted = Trusted {
            by_hash: HashMap::new(),
            by_name: HashMap::new(),
        };
        for (name, text) in named {
            let document = read(guard, schemas, &text).await.map_err(|refusal| {
                let reasons = refusal.errors.iter().map(|error| error.message.clone());
                TrustedError::Document {
                    path: path.to_owned(),
                    name: name.clone(),
                    reason: reasons.collect::<Vec<_>>().join(" "),
                }
            })?;
            trusted.by_name.insert(name, document.hash);
            trusted.by_hash.insert(document.hash, Arc::new(document));
        }
        self.trusted = Some(trusted);
        Ok(())
    }

    /// The document that a request sends or names.
    ///
    /// # Errors
    /// When there is none, it is unknown, not trusted, or not valid.
    pub async fn find(
        &self,
        asked: &Parameters,
        guard: &Guard,
        schemas: &Schemas,
    ) -> Result<Arc<Document>, Refusal> {
        let named = asked.persisted_hash()?;
        let claimed = match (named, asked.document_id.as_deref()) {
            (Some(hash), _) => Some(self.hash_named(hash, false)?),
            (None, Some(id)) => Some(self.hash_named(id, true)?),
            (None, None) => None,
        };
        let hash = match (&asked.query, claimed) {
            (None, None) => return Err(Refusal::malformed("the request has no `query`")),
            (None, Some(hash)) => return self.known(&hash),
            (Some(text), claimed) => {
                let hash = Sha256::digest(text).into();
                if claimed.is_some_and(|claimed| claimed != hash) {
                    return Err(Refusal::malformed("the hash is not that of `query`"));
                }
                hash
            }
        };
        if let Some(document) = self.look(&hash) {
            metrics::counter!("pitwall_documents_total", "found" => "known").increment(1);
            return Ok(document);
        }
        if self.trusted.is_some() {
            return Err(Refusal::request(
                "Only documents of this server's list are executed.",
                "PERSISTED_QUERY_NOT_FOUND",
            ));
        }
        metrics::counter!("pitwall_documents_total", "found" => "new").increment(1);
        let text = asked.query.as_deref().unwrap_or_default();
        // Boxed: few requests come this far.
        let document = Arc::new(Box::pin(read(guard, schemas, text)).await?);
        self.known.insert(hash, Arc::clone(&document));
        Ok(document)
    }

    fn look(&self, hash: &Hash) -> Option<Arc<Document>> {
        match &self.trusted {
            Some(trusted) => trusted.by_hash.get(hash).cloned(),
            None => self.known.get(hash),
        }
    }

    fn known(&self, hash: &Hash) -> Result<Arc<Document>, Refusal> {
        // These words and this code are what clients of persisted queries look for.
        self.look(hash)
            .ok_or_else(|| Refusal::request("PersistedQueryNotFound", "PERSISTED_QUERY_NOT_FOUND"))
    }

    /// The hash that a client names: in hexadecimal, or by a name of the trusted list.
    fn hash_named(&self, name: &str, names: bool) -> Result<Hash, Refusal> {
        if names
            && let Some(trusted) = &self.trusted
            && let Some(hash) = trusted.by_name.get(name)
        {
            return Ok(*hash);
        }
        let mut hash = Hash::default();
        let digits = name.strip_prefix("sha256:").unwrap_or(name);
        match hex::decode_to_slice(digits, &mut hash) {
            Ok(()) => Ok(hash),
            Err(_) if names => Err(Refusal::request(
                "PersistedQueryNotFound",
                "PERSISTED_QUERY_NOT_FOUND",
            )),
            Err(_) => Err(Refusal::malformed(
                "`sha256Hash` is not 64 hexadecimal digits",
            )),
        }
    }
}

async fn read(guard: &Guard, schemas: &Schemas, text: &str) -> Result<Document, Refusal> {
    let parsed = guard.read(text)?;
    schemas.validate(text, &parsed).await?;
    Ok(Document {
        hash: Sha256::digest(text).into(),
        length: text.len(),
        parsed,
    })
}
