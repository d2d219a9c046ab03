//! Where users are logged in: one row a login, which its refresh tokens follow one another in.
//! Where there is Redis it is kept there instead.

use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "user_session")]
pub struct Model {
    /// A UUID of version 7.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: String,
    pub user_id: String,
    /// The user's when it began; under another it is over.
    pub generation: i32,
    /// What the user calls the device; may be empty.
    pub device: String,
    /// SHA-256 of the refresh token that is in use, hex.
    pub token_hash: String,
    /// The same of the one before.
    pub earlier_hash: Option<String>,
    /// The token in use, which only the one before opens; hex.
    pub sealed: Option<String>,
    pub created_at: DateTimeUtc,
    /// When a token was last exchanged.
    pub used_at: DateTimeUtc,
    pub expires_at: DateTimeUtc,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
