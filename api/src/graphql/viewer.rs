//! Who is asking.

use async_graphql::{Context, Enum, Object};
use domain::{
    auth::{self, SessionId, UserId},
    league,
};
use entities::user;

use super::{
    app,
    connection::{Page, PageInput},
    directive::{ListOf, Paged},
    league::League,
    notification::{self, Notification},
    user::User,
};
use crate::{
    error::{Code, Error, Result, from_database},
    viewer::Viewer,
};

/// What a viewer may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
pub enum Role {
    /// Reads what is public.
    Guest,
    /// Has an account, and plays.
    User,
    /// May do everything.
    Admin,
}

impl From<user::Role> for Role {
    fn from(role: user::Role) -> Self {
        match role {
            user::Role::User => Self::User,
            user::Role::Admin => Self::Admin,
        }
    }
}

pub struct ViewerObject(Viewer);

/// The sender of this request.
#[Object(name = "Viewer", cache_control(private))]
impl ViewerObject {
    async fn role(&self) -> Role {
        match self.0 {
            Viewer::Guest | Viewer::Unrecognised => Role::Guest,
            Viewer::User(_) => Role::User,
            Viewer::Admin(_) => Role::Admin,
        }
    }

    /// The account of the sender; null for a guest, and for who bears the administrator's token.
    async fn user(&self, ctx: &Context<'_>) -> Option<Result<User>> {
        let found = auth::find(app(ctx), self.0.user()?).await;
        let found = found.map_err(|error| from_database(&error)).transpose()?;
        Some(found.map(User))
    }

    /// The leagues that the sender is in, the oldest first; at most 50.
    #[graphql(directive = ListOf::apply(50))]
    async fn leagues(&self, ctx: &Context<'_>) -> Result<Vec<League>> {
        let Some(user) = self.0.user() else {
            return Ok(Vec::new());
        };
        let joined = league::joined_by(app(ctx), user).await;
        let joined = joined.map_err(|error| from_database(&error))?;
        Ok(joined.into_iter().map(League::new).collect())
    }

    /// What the sender was told, the newest first; nothing for who has no account. It is kept for 90
    /// days.
    #[graphql(directive = Paged::apply())]
    async fn notifications(
        &self,
        ctx: &Context<'_>,
        #[graphql(default, desc = "Those alone that are not read.")] unread_only: bool,
        first: Option<i32>,
        after: Option<String>,
        last: Option<i32>,
        before: Option<String>,
    ) -> Result<Page<Notification>> {
        let page = PageInput {
            first,
            after,
            last,
            before,
        };
        notification::page(ctx, self.0.user(), unread_only, &page).await
    }

    /// How many of them are not read.
    async fn unread_notifications(&self, ctx: &Context<'_>) -> Result<u64> {
        match self.0.user() {
            Some(user) => notification::unread(ctx, user).await,
            None => Ok(0),
        }
    }
}

/// Who sends the request.
fn sender(ctx: &Context<'_>) -> Viewer {
    ctx.data_opt::<Viewer>().copied().unwrap_or(Viewer::Guest)
}

/// Lets only administrators go on.
///
/// # Errors
/// `UNAUTHENTICATED` for a guest, `FORBIDDEN` for a user.
pub fn admin_only(ctx: &Context<'_>) -> Result<()> {
    match sender(ctx) {
        Viewer::Admin(_) => Ok(()),
        Viewer::User(_) => Err(Code::Forbidden.error("this is for administrators")),
        Viewer::Guest | Viewer::Unrecognised => Err(Code::Unauthenticated.error(
            "this is for administrators: send their token as \"Authorization: Bearer TOKEN\"",
        )),
    }
}

/// Lets only who has an account go on, and says whose it is.
///
/// # Errors
/// `UNAUTHENTICATED` for everybody else.
pub fn user_only(ctx: &Context<'_>) -> Result<UserId> {
    sender(ctx).user().ok_or_else(logged_out)
}

/// The same, none for everybody else.
#[must_use]
pub fn account_of(ctx: &Context<'_>) -> Option<UserId> {
    sender(ctx).user()
}

/// The session in which somebody with an account asks.
///
/// # Errors
/// `UNAUTHENTICATED` for everybody else.
pub fn session_of(ctx: &Context<'_>) -> Result<SessionId> {
    current_session(ctx).ok_or_else(logged_out)
}

/// The same, none for everybody else.
#[must_use]
pub fn current_session(ctx: &Context<'_>) -> Option<SessionId> {
    ctx.data_opt::<Option<SessionId>>().copied().flatten()
}

fn logged_out() -> Error {
    Code::Unauthenticated
        .error("this is for users: `login`, then send \"Authorization: Bearer ACCESS_TOKEN\"")
}

#[derive(Default)]
pub struct ViewerQuery;

#[Object(cache_control(max_age = 3600))]
impl ViewerQuery {
    /// The sender of this request.
    async fn viewer(&self, ctx: &Context<'_>) -> ViewerObject {
        ViewerObject(sender(ctx))
    }
}
