//! Leagues: who plays against whom, and by which settings.
//!
//! A league is public or private. Of a private one only its members know: to everybody else,
//! administrators included, it is answered as if there were none. One of its members, the
//! commissioner, owns it; the team of each member is a [fantasy team](crate::team).
//!
//! | File | What |
//! |---|---|
//! | `rules` | names, invite codes, limits, how many teams there is room for |
//! | `settings` | what a league can choose, and which ruleset comes of it |
//! | `version` | from which race settings hold, and which of them hold for a race |
//! | `locked` | a league that nobody else changes while somebody does |
//! | `manage` | making a league and changing it |
//!
//! Whatever changes a league first takes the lock of its stream of events, then looks at how
//! things stand, decides, and writes rows and an event in one transaction. Whoever also needs the
//! lock of a user takes that one first.

mod locked;
mod manage;
mod rules;
mod settings;
mod version;

use entities::{fantasy_team, league};
use sea_orm::{ColumnTrait, DbErr, QueryFilter, QueryOrder};

use crate::{App, auth::UserId, id::uuids};

pub use league::Visibility;
pub use manage::{
    Change, Foundation, change, change_settings, create, invite_link, rotate_invite_code, transfer,
};
pub use rules::{capacity, shown_code};
pub use settings::{LeagueSettings, Limit, Ranking, Scoring, SettingsChange, Zone};
pub use version::{entry_list, in_force, places, sessions_of};

pub(crate) use locked::{Locked, not_found, not_found_team};
pub(crate) use manage::{New, close, found, replace_code};
pub(crate) use rules::{FORMER_TEAM, MOST_LEAGUES, read_code, team_name};
pub(crate) use version::{Since, first_to_draft_for, room};

uuids! {
    /// A league.
    LeagueId;
    /// A fantasy team.
    FantasyTeamId;
}

/// A league, if the viewer may know of it.
///
/// # Errors
/// When the database fails.
pub async fn find(
    app: &App,
    viewer: Option<UserId>,
    id: LeagueId,
) -> Result<Option<league::Model>, DbErr> {
    let viewer = viewer.map(|user| user.to_string());
    league::Entity::visible_to(viewer.as_deref())
        .filter(league::Column::Reference.eq(id.to_string()))
        .one(&app.db)
        .await
}

/// A fantasy team, if the viewer may know of its league.
///
/// # Errors
/// When the database fails.
pub async fn find_team(
    app: &App,
    viewer: Option<UserId>,
    id: FantasyTeamId,
) -> Result<Option<fantasy_team::Model>, DbErr> {
    let viewer = viewer.map(|user| user.to_string());
    fantasy_team::Entity::visible_to(viewer.as_deref())
        .filter(fantasy_team::Column::Reference.eq(id.to_string()))
        .one(&app.db)
        .await
}

/// The leagues that a user is in, the oldest first.
///
/// # Errors
/// When the database fails.
pub async fn joined_by(app: &App, user: UserId) -> Result<Vec<league::Model>, DbErr> {
    league::Entity::joined_by(&user.to_string())
        .order_by_asc(league::Column::Id)
        .all(&app.db)
        .await
}
