//! What users were told, each row for one of them alone.

use sea_orm::entity::prelude::*;

/// What a user is told of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, EnumIter, DeriveActiveEnum)]
#[sea_orm(rs_type = "String", db_type = "String(StringLen::None)")]
pub enum Kind {
    /// A draft has opened.
    #[sea_orm(string_value = "draft_opened")]
    DraftOpened,
    /// It is the user's turn to pick.
    #[sea_orm(string_value = "your_turn")]
    YourTurn,
    /// Ten minutes are left to pick.
    #[sea_orm(string_value = "time_runs_out")]
    TimeRunsOut,
    /// A draft is over.
    #[sea_orm(string_value = "draft_closed")]
    DraftClosed,
    /// A race was scored, for the first time or anew.
    #[sea_orm(string_value = "scored")]
    Scored,
    /// The order of picks has changed.
    #[sea_orm(string_value = "order_changed")]
    OrderChanged,
    /// Somebody else drives for a driver who was picked.
    #[sea_orm(string_value = "substitution")]
    Substitution,
}

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "notification")]
pub struct Model {
    /// Later ones have greater ids.
    #[sea_orm(primary_key)]
    pub id: i32,
    /// Public ref, a UUID of version 7.
    #[sea_orm(unique)]
    pub reference: String,
    /// Whom it was told to.
    pub user_id: String,
    pub kind: Kind,
    pub league_id: i32,
    pub race_id: i32,
    pub draft_id: Option<i32>,
    /// The user's team in the league.
    pub team_id: Option<i32>,
    /// JSON: what its sentence says, as it was then.
    pub details: String,
    pub created_at: DateTimeUtc,
    pub read_at: Option<DateTimeUtc>,
    /// Of the event that tells of it.
    #[sea_orm(unique)]
    pub event_sequence: i64,
}

impl Entity {
    /// What a user was told.
    #[must_use]
    pub fn told_to(user: &str) -> Select<Self> {
        Self::find().filter(Column::UserId.eq(user))
    }

    /// The part of it that the user has not read.
    #[must_use]
    pub fn unread_by(user: &str) -> Select<Self> {
        Self::told_to(user).filter(Column::ReadAt.is_null())
    }
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
