//! Drafts of leagues, one for each league and race. How one stands comes of its entries.

use sea_orm::{QuerySelect, QueryTrait, entity::prelude::*};

use crate::league;

/// How far a draft is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, EnumIter, DeriveActiveEnum)]
#[sea_orm(rs_type = "String", db_type = "String(StringLen::None)")]
pub enum State {
    /// It has not opened.
    #[sea_orm(string_value = "UPCOMING")]
    Upcoming,
    /// Picks are made.
    #[sea_orm(string_value = "OPEN")]
    Open,
    /// The commissioner has stopped it for a while.
    #[sea_orm(string_value = "PAUSED")]
    Paused,
    /// All picks are made or passed over.
    #[sea_orm(string_value = "CLOSED")]
    Closed,
    /// The race is scored.
    #[sea_orm(string_value = "COMPLETE")]
    Complete,
}

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "draft")]
pub struct Model {
    #[sea_orm(primary_key)]
    pub id: i32,
    /// Public ref, a UUID of version 7.
    #[sea_orm(unique)]
    pub reference: String,
    pub league_id: i32,
    pub race_id: i32,
    /// As the entries have made it.
    pub state: State,
    /// Ids of teams as JSON: the order until an entry sets another.
    pub first_order: String,
    /// The settings that it is held by, since it has opened; until then those that hold for its race.
    pub settings_version: Option<i32>,
    pub created_at: DateTimeUtc,
    /// When time brings something about next; none when nothing more comes by itself.
    pub next_due: Option<DateTimeUtc>,
}

impl Entity {
    /// The drafts of the leagues that a viewer may know of.
    #[must_use]
    pub fn visible_to(viewer: Option<&str>) -> Select<Self> {
        let leagues = league::Entity::visible_to(viewer)
            .select_only()
            .column(league::Column::Id);
        Self::find().filter(Column::LeagueId.in_subquery(leagues.into_query()))
    }
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {
    #[sea_orm(
        belongs_to = "crate::race::Entity",
        from = "Column::RaceId",
        to = "crate::race::Column::Id"
    )]
    Race,
}

impl ActiveModelBehavior for ActiveModel {}
