//! Leagues.

use sea_orm::{Condition, QuerySelect, QueryTrait, entity::prelude::*};

use crate::fantasy_team;

/// Who may know of a league.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, EnumIter, DeriveActiveEnum)]
#[sea_orm(rs_type = "String", db_type = "String(StringLen::None)")]
pub enum Visibility {
    /// Those who are in it.
    #[sea_orm(string_value = "PRIVATE")]
    Private,
    /// Everybody.
    #[sea_orm(string_value = "PUBLIC")]
    Public,
}

#[derive(Clone, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "league")]
pub struct Model {
    #[sea_orm(primary_key)]
    pub id: i32,
    /// Public ref, a UUID of version 7.
    #[sea_orm(unique)]
    pub reference: String,
    pub name: String,
    /// The name folded, for search.
    pub search: String,
    /// The user who is its commissioner.
    pub owner_id: String,
    pub visibility: Visibility,
    /// Lets whoever knows it in; for members.
    #[sea_orm(unique)]
    pub invite_code: String,
    /// The commissioner's own limit, below the one that the entry list sets.
    pub max_teams: Option<i32>,
    pub created_at: DateTimeUtc,
    /// Since the last of its members left.
    pub closed_at: Option<DateTimeUtc>,
}

impl std::fmt::Debug for Model {
    /// Without the code that lets people in.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("league")
            .field("id", &self.id)
            .field("reference", &self.reference)
            .field("closed_at", &self.closed_at)
            .finish_non_exhaustive()
    }
}

impl Entity {
    /// The leagues that a viewer may know of: public ones, and those that the viewer's user is in.
    #[must_use]
    pub fn visible_to(viewer: Option<&str>) -> Select<Self> {
        let mut known = Condition::any().add(Column::Visibility.eq(Visibility::Public));
        if let Some(user) = viewer {
            let own = fantasy_team::Entity::present_of(user)
                .select_only()
                .column(fantasy_team::Column::LeagueId);
            known = known.add(Column::Id.in_subquery(own.into_query()));
        }
        Self::find()
            .filter(Column::ClosedAt.is_null())
            .filter(known)
    }

    /// The leagues that a user is in.
    #[must_use]
    pub fn joined_by(user: &str) -> Select<Self> {
        let own = fantasy_team::Entity::present_of(user)
            .select_only()
            .column(fantasy_team::Column::LeagueId);
        Self::find()
            .filter(Column::ClosedAt.is_null())
            .filter(Column::Id.in_subquery(own.into_query()))
    }

    /// The leagues of the public directory.
    #[must_use]
    pub fn public() -> Select<Self> {
        Self::visible_to(None)
    }
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
