//! Addresses that are told of events.

use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "webhook")]
pub struct Model {
    /// A UUID.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: String,
    pub url: String,
    /// What it is for, in the words of who registered it; may be empty.
    pub description: String,
    /// Names of the types that it wants, separated by spaces.
    pub types: String,
    /// What its secret is derived from, together with a key that is not in this table; hex.
    pub salt: String,
    /// Tells whether the secret derived is the one that was shown.
    pub fingerprint: String,
    /// The salt before the secret was rotated, while that secret still signs too.
    pub earlier_salt: Option<String>,
    pub earlier_until: Option<DateTimeUtc>,
    pub enabled: bool,
    /// Why it was disabled, when nobody asked for it.
    pub disabled_because: Option<String>,
    /// First failure since the last success.
    pub failing_since: Option<DateTimeUtc>,
    pub created_at: DateTimeUtc,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
