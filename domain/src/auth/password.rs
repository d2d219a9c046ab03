//! Hashes of passwords: Argon2id, one after the other and off the threads that answer.
//!
//! A hash is kept in the form of the Password Hashing Competition,
//! `$argon2id$v=19$m=19456,t=2,p=1$SALT$HASH`, so that each says how it is checked.

use std::{sync::Arc, time::Duration};

use argon2::{Algorithm, Argon2, Params, Version};
use base64::{Engine as _, engine::general_purpose::STANDARD_NO_PAD};
use sea_orm::DbErr;
use subtle::ConstantTimeEq;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::{
    error::{Error, Result},
    secret,
};

/// Cost of a hash: 19 MiB, twice over, one lane. The least that OWASP's "Password Storage Cheat
/// Sheet" recommends.
const MEMORY: u32 = 19_456;
const PASSES: u32 = 2;
const LANES: u32 = 1;

/// Bytes of a hash and of its salt.
const HASH: usize = 32;
const SALT: usize = 16;

/// Costs beyond which a stored hash is not believed.
const MOST_MEMORY: u32 = 1 << 20;
const MOST_PASSES: u32 = 64;

/// How long a password may wait for its turn.
const PATIENCE: Duration = Duration::from_secs(25);

/// Hashes passwords.
pub struct Passwords {
    turns: Arc<Semaphore>,
    /// What the password of nobody is held against, so that it takes as long as somebody's.
    nobodys: String,
}

/// The right to hash.
pub struct Turn {
    _permit: OwnedSemaphorePermit,
}

/// A hash, taken apart.
#[derive(Debug, PartialEq, Eq)]
struct Parts {
    memory: u32,
    passes: u32,
    lanes: u32,
    salt: Vec<u8>,
    hash: Vec<u8>,
}

impl Passwords {
    /// So many at once.
    ///
    /// # Errors
    /// When the machine has no random bytes.
    pub fn new(at_once: usize) -> Result<Self, DbErr> {
        let nobodys = Parts {
            memory: MEMORY,
            passes: PASSES,
            lanes: LANES,
            salt: secret::random::<SALT>()?.to_vec(),
            hash: secret::random::<HASH>()?.to_vec(),
        };
        Ok(Self {
            turns: Arc::new(Semaphore::new(at_once)),
            nobodys: nobodys.spelled(),
        })
    }

    /// Waits for a turn.
    ///
    /// # Errors
    /// [`Error::Unavailable`] when too many are before.
    pub async fn turn(&self) -> Result<Turn> {
        let turns = Arc::clone(&self.turns);
        match tokio::time::timeout(PATIENCE, turns.acquire_owned()).await {
            Ok(Ok(permit)) => Ok(Turn { _permit: permit }),
            Ok(Err(_)) | Err(_) => Err(Error::Unavailable(
                "too many people log in at this moment; try again in a minute".to_owned(),
            )),
        }
    }

    /// The hash of nobody's password, which no password matches.
    pub fn nobodys(&self) -> &str {
        &self.nobodys
    }
}

impl Turn {
    /// Hashes a password.
    ///
    /// # Errors
    /// When the machine fails.
    pub async fn hash(&self, password: &str) -> Result<String> {
        let mut parts = Parts {
            memory: MEMORY,
            passes: PASSES,
            lanes: LANES,
            salt: secret::random::<SALT>()?.to_vec(),
            hash: vec![0; HASH],
        };
        let password = password.to_owned();
        off_the_threads(move || {
            parts.hash = parts.compute(&password)?;
            Ok(parts.spelled())
        })
        .await
    }

    /// Whether a password is the one of a hash.
    ///
    /// # Errors
    /// When the machine fails, or the hash is none.
    pub async fn verify(&self, password: &str, hash: &str) -> Result<bool> {
        let parts = Parts::read(hash)
            .ok_or_else(|| Error::Internal("a stored password is no hash".to_owned()))?;
        let password = password.to_owned();
        off_the_threads(move || {
            let found = parts.compute(&password)?;
            Ok(bool::from(found.as_slice().ct_eq(parts.hash.as_slice())))
        })
        .await
    }
}

/// Whether a hash is weaker than those that are made today.
pub fn is_weak(hash: &str) -> bool {
    Parts::read(hash)
        .is_none_or(|parts| (parts.memory, parts.passes, parts.lanes) != (MEMORY, PASSES, LANES))
}

async fn off_the_threads<T: Send + 'static>(
    work: impl FnOnce() -> Result<T> + Send + 'static,
) -> Result<T> {
    metrics::counter!("pitwall_password_hashes_total").increment(1);
    tokio::task::spawn_blocking(work)
        .await
        .map_err(|stopped| Error::Internal(stopped.to_string()))?
}

impl Parts {
    fn compute(&self, password: &str) -> Result<Vec<u8>> {
        let failed = |error: argon2::Error| Error::Internal(error.to_string());
        let params = Params::new(self.memory, self.passes, self.lanes, Some(self.hash.len()));
        let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, params.map_err(failed)?);
        let mut hash = vec![0; self.hash.len()];
        argon2
            .hash_password_into(password.as_bytes(), &self.salt, &mut hash)
            .map_err(failed)?;
        Ok(hash)
    }

    fn spelled(&self) -> String {
        format!(
            "$argon2id$v=19$m={},t={},p={}${}${}",
            self.memory,
            self.passes,
            self.lanes,
            STANDARD_NO_PAD.encode(&self.salt),
            STANDARD_NO_PAD.encode(&self.hash)
        )
    }

    fn read(text: &str) -> Option<Self> {
        let mut fields = text.strip_prefix("$argon2id$v=19$")?.split('$');
        let (costs, salt, hash) = (fields.next()?, fields.next()?, fields.next()?);
        let mut costs = costs.split(',');
        let mut cost = |name: &str| -> Option<u32> {
            let value = costs.next()?.strip_prefix(name)?.strip_prefix('=')?;
            value.parse().ok()
        };
        let parts = Self {
            memory: cost("m")?,
            passes: cost("t")?,
            lanes: cost("p")?,
            salt: STANDARD_NO_PAD.decode(salt).ok()?,
            hash: STANDARD_NO_PAD.decode(hash).ok()?,
        };
        let payable = parts.memory <= MOST_MEMORY && parts.passes <= MOST_PASSES;
        (payable && fields.next().is_none()).then_some(parts)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_hash_is_that_of_its_password_and_of_no_other() {
        let turn = Passwords::new(1).unwrap().turn().await.unwrap();
        let hash = turn.hash("box, box, box").await.unwrap();
        assert!(
            hash.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"),
            "{hash}"
        );
        assert!(turn.verify("box, box, box", &hash).await.unwrap());
        assert!(!turn.verify("box, box", &hash).await.unwrap());
        assert_ne!(turn.hash("box, box, box").await.unwrap(), hash);
        assert!(!is_weak(&hash));
    }

    #[tokio::test]
    async fn cheaper_hashes_are_understood_and_known_to_be_weak() {
        let other = Parts {
            memory: 256,
            passes: 2,
            lanes: 1,
            salt: b"somesalt".to_vec(),
            hash: vec![0; 16],
        };
        let hash = Parts {
            hash: other.compute("password").unwrap(),
            ..other
        };
        let hash = hash.spelled();
        let turn = Passwords::new(1).unwrap().turn().await.unwrap();
        assert!(turn.verify("password", &hash).await.unwrap());
        assert!(is_weak(&hash));
    }

    #[tokio::test]
    async fn nobodys_password_matches_nothing_and_costs_what_others_cost() {
        let passwords = Passwords::new(1).unwrap();
        let turn = passwords.turn().await.unwrap();
        assert!(!turn.verify("", passwords.nobodys()).await.unwrap());
        assert!(!is_weak(passwords.nobodys()));
    }

    #[test]
    fn what_is_no_hash_is_not_taken_for_one() {
        for text in [
            "",
            "secret",
            "$argon2i$v=19$m=19456,t=2,p=1$c2FsdHNhbHQ$aGFzaGhhc2g",
            "$argon2id$v=19$m=19456,t=2$c2FsdHNhbHQ$aGFzaGhhc2g",
            "$argon2id$v=19$m=4294967295,t=2,p=1$c2FsdHNhbHQ$aGFzaGhhc2g",
            "$argon2id$v=19$m=19456,t=2,p=1$c2FsdHNhbHQ$aGFzaGhhc2g$more",
        ] {
            assert_eq!(Parts::read(text), None, "{text}");
            assert!(is_weak(text));
        }
    }
}
