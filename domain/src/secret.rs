//! A secret that all processes on one database share, made at first start.

use entities::secret;
use sea_orm::{DatabaseConnection, DbErr, EntityTrait};

/// Name of the secret that signs cursors.
const CURSORS: &str = "cursors";

/// The secret that signs cursors; made by whoever starts first.
///
/// # Errors
/// When the database fails.
pub async fn cursors(db: &DatabaseConnection) -> Result<Vec<u8>, DbErr> {
    if let Some(row) = secret::Entity::find_by_id(CURSORS.to_owned())
        .one(db)
        .await?
    {
        return Ok(row.value.into_bytes());
    }
    let mut bytes = [0_u8; 32];
    getrandom::fill(&mut bytes).map_err(|error| DbErr::Custom(error.to_string()))?;
    let new = secret::ActiveModel {
        name: sea_orm::Set(CURSORS.to_owned()),
        value: sea_orm::Set(hex::encode(bytes)),
    };
    secret::Entity::insert(new)
        .on_conflict_do_nothing()
        .exec_without_returning(db)
        .await?;
    // Another process may have been first: its secret counts.
    secret::Entity::find_by_id(CURSORS.to_owned())
        .one(db)
        .await?
        .map(|row| row.value.into_bytes())
        .ok_or_else(|| DbErr::Custom("the cursor secret vanished".to_owned()))
}
