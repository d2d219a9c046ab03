//! Secrets that all processes on one database share, made at first use.

use entities::secret;
use sea_orm::{DatabaseConnection, DbErr, EntityTrait};

/// Name of the secret that signs cursors.
const CURSORS: &str = "cursors";

/// Name of the key that secrets of webhooks are derived from.
const WEBHOOKS: &str = "webhooks";

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
