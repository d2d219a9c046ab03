//! Accounts as their owners see them. Nobody else is ever given one of these objects: the only ways
//! to it are `viewer`, and mutations of one's own account.

use async_graphql::{Context, Enum, ID, Object};
use chrono::{DateTime, Utc};
use domain::{
    auth,
    notification::{self, Kind},
};
use entities::{user, user_session};

use super::{
    app,
    constructor::Constructor,
    directive::ListOf,
    driver::Driver,
    node::{find_constructor, find_driver, id},
    viewer::{Role, current_session},
};
use crate::error::{Result, from_domain};

/// What a user is told of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(remote = "Kind")]
pub enum NotificationKind {
    /// A draft has opened.
    DraftOpened,
    /// It is the user's turn to pick.
    YourTurn,
    /// Ten minutes are left to pick.
    TimeRunsOut,
    /// A draft is over.
    DraftClosed,
    /// A race was scored, for the first time or anew.
    Scored,
    /// The order of picks has changed.
    OrderChanged,
    /// Somebody else drives for a driver who was picked.
    Substitution,
}

pub struct User(pub user::Model);

/// An account, for its owner alone.
#[Object(cache_control(private))]
impl User {
    /// `User:` and a UUID.
    pub async fn id(&self) -> ID {
        id("User", &self.0.id)
    }

    /// As others see it.
    async fn name(&self) -> &str {
        &self.0.name
    }

    /// In lower case.
    async fn email(&self) -> Option<&str> {
        self.0.email.as_deref()
    }

    async fn role(&self) -> Role {
        self.0.role.into()
    }

    /// When the account was made.
    async fn created_at(&self) -> DateTime<Utc> {
        self.0.created_at
    }

    /// What the owner says of themselves, and how they want things.
    async fn profile(&self) -> Profile {
        Profile(self.0.clone())
    }

    /// Where the owner is logged in, the latest used first; at most 50.
    #[graphql(directive = ListOf::apply(50))]
    async fn sessions(&self, ctx: &Context<'_>) -> Result<Vec<UserSession>> {
        let all = auth::sessions(app(ctx), &self.0).await;
        let all = all.map_err(from_domain)?;
        Ok(all.into_iter().map(UserSession).collect())
    }
}

pub struct Profile(user::Model);

/// What users say of themselves, and how they want things.
#[Object(cache_control(private))]
impl Profile {
    /// Null when there is none.
    async fn favourite_driver(&self, ctx: &Context<'_>) -> Option<Result<Driver>> {
        let reference = self.0.favourite_driver.as_deref()?;
        find_driver(ctx, reference).await.transpose()
    }

    /// Null when there is none.
    async fn favourite_constructor(&self, ctx: &Context<'_>) -> Option<Result<Constructor>> {
        let reference = self.0.favourite_constructor.as_deref()?;
        find_constructor(ctx, reference).await.transpose()
    }

    /// Name in the IANA database: `Europe/Monaco`.
    async fn time_zone(&self) -> &str {
        &self.0.time_zone
    }

    /// What the owner wants to be told of; everything, until said otherwise.
    async fn notifications(&self) -> Vec<NotificationKind> {
        let wanted = notification::wanted(&self.0.muted);
        wanted.into_iter().map(Into::into).collect()
    }
}

pub struct UserSession(user_session::Model);

/// A login: from the first refresh token to the last of those that followed it.
#[Object(cache_control(private))]
impl UserSession {
    /// `UserSession:` and a UUID.
    async fn id(&self) -> ID {
        id("UserSession", &self.0.id)
    }

    /// What the owner calls the device; may be empty.
    async fn device(&self) -> &str {
        &self.0.device
    }

    /// Whether this request belongs to it.
    async fn current(&self, ctx: &Context<'_>) -> bool {
        current_session(ctx).is_some_and(|session| session.to_string() == self.0.id)
    }

    /// When the owner logged in.
    async fn created_at(&self) -> DateTime<Utc> {
        self.0.created_at
    }

    /// When a refresh token was last exchanged.
    async fn last_used_at(&self) -> DateTime<Utc> {
        self.0.used_at
    }

    /// When it ends, unless a refresh token is exchanged before.
    async fn expires_at(&self) -> DateTime<Utc> {
        self.0.expires_at
    }
}
