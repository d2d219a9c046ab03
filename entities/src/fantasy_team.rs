//! Users' teams in leagues. The row of one who has left stays, for the scores that it has.

use sea_orm::{QueryOrder, QuerySelect, QueryTrait, entity::prelude::*};

use crate::league;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "fantasy_team")]
pub struct Model {
    #[sea_orm(primary_key)]
    pub id: i32,
    /// Public ref, a UUID of version 7.
    #[sea_orm(unique)]
    pub reference: String,
    pub league_id: i32,
    pub user_id: String,
    pub name: String,
    /// When the user came, for the last time.
    pub joined_at: DateTimeUtc,
    pub left_at: Option<DateTimeUtc>,
    /// The commissioner sent the user away.
    pub removed: bool,
}

impl Entity {
    /// The teams that are in a league, as they joined.
    #[must_use]
    pub fn present_in(league_id: i32) -> Select<Self> {
        Self::find()
            .filter(Column::LeagueId.eq(league_id))
            .filter(Column::LeftAt.is_null())
            .order_by_asc(Column::JoinedAt)
            .order_by_asc(Column::Id)
    }

    /// The teams that a user has in leagues now.
    #[must_use]
    pub fn present_of(user: &str) -> Select<Self> {
        Self::find()
            .filter(Column::UserId.eq(user))
            .filter(Column::LeftAt.is_null())
    }

    /// The teams, those who have left too, of the leagues that a viewer may know of.
    #[must_use]
    pub fn visible_to(viewer: Option<&str>) -> Select<Self> {
        let leagues = league::Entity::visible_to(viewer)
            .select_only()
            .column(league::Column::Id);
        Self::find().filter(Column::LeagueId.in_subquery(leagues.into_query()))
    }
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
