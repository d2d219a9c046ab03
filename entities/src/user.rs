//! Accounts of people. The row of one who is gone stays, without a name or an address, so that
//! leagues keep their sums.

use sea_orm::entity::prelude::*;

/// What somebody may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, EnumIter, DeriveActiveEnum)]
#[sea_orm(rs_type = "String", db_type = "String(StringLen::None)")]
pub enum Role {
    /// Plays.
    #[sea_orm(string_value = "USER")]
    User,
    /// May do everything.
    #[sea_orm(string_value = "ADMIN")]
    Admin,
}

#[derive(Clone, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "user")]
pub struct Model {
    /// A UUID of version 7.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: String,
    /// In lower case; none of one who is gone.
    #[sea_orm(unique)]
    pub email: Option<String>,
    /// As others see it.
    pub name: String,
    pub role: Role,
    /// Hash of the password with all that it takes to check one; none of one who is gone.
    pub password: Option<String>,
    /// Counted up to end all sessions from before.
    pub generation: i32,
    /// Ref of a driver.
    pub favourite_driver: Option<String>,
    /// Ref of a constructor.
    pub favourite_constructor: Option<String>,
    /// Name in the IANA database: `Europe/Monaco`.
    pub time_zone: String,
    /// Names of the notifications that are not wanted, separated by spaces.
    pub muted: String,
    pub created_at: DateTimeUtc,
    pub deleted_at: Option<DateTimeUtc>,
}

impl std::fmt::Debug for Model {
    /// Without what is nobody else's business.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("user")
            .field("id", &self.id)
            .field("role", &self.role)
            .finish_non_exhaustive()
    }
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
