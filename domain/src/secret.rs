//! Secrets that all processes on one database share, made at first use.

use chrono::{DateTime, Utc};
use entities::secret;
use sea_orm::{DatabaseConnection, DbErr, EntityTrait};
use sha2::{Digest, Sha256};
use uuid::Uuid;

/// Name of the secret that signs cursors.
const CURSORS: &str = "cursors";

/// Name of the key that secrets of webhooks are derived from.
const WEBHOOKS: &str = "webhooks";

/// Name of the key that signs access tokens.
const ACCESS: &str = "access";

/// The secret that signs cursors; made by whoever starts first.
///
/// # Errors
/// When the database fails.
pub async fn cursors(db: &DatabaseConnection) -> Result<Vec<u8>, DbErr> {
    shared(db, CURSORS).await
}

/// The key that secrets of webhooks are derived from when none is configured.
///
/// # Errors
/// When the database fails.
pub async fn webhooks(db: &DatabaseConnection) -> Result<Vec<u8>, DbErr> {
    shared(db, WEBHOOKS).await
}

/// The key that signs access tokens when none is configured.
///
/// # Errors
/// When the database fails.
pub async fn access(db: &DatabaseConnection) -> Result<Vec<u8>, DbErr> {
    shared(db, ACCESS).await
}

/// Tells those who share a secret from others, and nothing else of it: what processes keep in one
/// Redis is apart when their databases are.
#[must_use]
pub fn tag(secret: &[u8]) -> String {
    hex::encode(&Sha256::digest(secret)[..8])
}

/// A UUID of version 7: later ones sort behind.
///
/// # Errors
/// When the machine has no random bytes.
pub fn new_id(now: DateTime<Utc>) -> Result<Uuid, DbErr> {
    let milliseconds = u64::try_from(now.timestamp_millis()).unwrap_or(0);
    let chance = random()?;
    Ok(uuid::Builder::from_unix_timestamp_millis(milliseconds, &chance).into_uuid())
}

/// Random bytes from the machine.
///
/// # Errors
/// When it has none.
pub fn random<const N: usize>() -> Result<[u8; N], DbErr> {
    let mut bytes = [0_u8; N];
    getrandom::fill(&mut bytes).map_err(|error| DbErr::Custom(error.to_string()))?;
    Ok(bytes)
}

async fn shared(db: &DatabaseConnection, name: &str) -> Result<Vec<u8>, DbErr> {
    if let Some(row) = secret::Entity::find_by_id(name.to_owned()).one(db).await? {
        return Ok(row.value.into_bytes());
    }
    let new = secret::ActiveModel {
        name: sea_orm::Set(name.to_owned()),
        value: sea_orm::Set(hex::encode(random::<32>()?)),
    };
    secret::Entity::insert(new)
        .on_conflict_do_nothing()
        .exec_without_returning(db)
        .await?;
    // Another process may have been first: its secret counts.
    secret::Entity::find_by_id(name.to_owned())
        .one(db)
        .await?
        .map(|row| row.value.into_bytes())
        .ok_or_else(|| DbErr::Custom(format!("the secret {name:?} vanished")))
}
