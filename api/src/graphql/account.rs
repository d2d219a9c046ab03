//! Registering, logging in and out, and changing one's account.

use async_graphql::{Context, ID, MaybeUndefined, Object};
use chrono::{DateTime, Utc};
use domain::auth::{self, Change, Favourite, Registration, SessionId};

use super::{
    app,
    directive::Cost,
    node::reference_of,
    user::{NotificationKind, User},
    viewer::{session_of, user_only},
};
use crate::{
    error::{Result, bad_input, from_domain},
    http::address::Client,
};

pub struct Login(auth::Login);

/// What somebody has who is logged in. Who is refused for want of a valid access token exchanges the
/// refresh token, which works once, for another pair.
#[Object(cache_control(private))]
impl Login {
    /// Is sent with each request, as `Authorization: Bearer …`, and in the payload of
    /// `connection_init` of a WebSocket.
    async fn access_token(&self) -> &str {
        &self.0.access_token
    }

    /// When the access token runs out. A socket that was opened with it is closed then.
    async fn expires_at(&self) -> DateTime<Utc> {
        self.0.access_until
    }

    /// Is given to `refreshSession`, once. It is to be kept where only this client reads it.
    async fn refresh_token(&self) -> &str {
        &self.0.refresh_token
    }

    /// When the refresh token runs out.
    async fn refresh_expires_at(&self) -> DateTime<Utc> {
        self.0.session.expires_at
    }

    /// Whose account it is.
    async fn user(&self) -> User {
        User(self.0.user.clone())
    }
}

#[derive(Default)]
pub struct AccountMutation;

#[Object(cache_control(max_age = 0))]
impl AccountMutation {
    /// Makes an account and logs in.
    #[graphql(directive = Cost::apply(100))]
    async fn register(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Those that differ in case alone are one.")] email: String,
        #[graphql(desc = "8 to 128 characters of any kind.")] password: String,
        #[graphql(desc = "As others see it; 50 characters at most.")] name: String,
        #[graphql(default, desc = "What to call this device in the list of sessions.")]
        device: String,
    ) -> Result<Login> {
        let registration = Registration {
            email: &email,
            password: &password,
            name: &name,
        };
        let address = address(ctx);
        let registered = auth::register(app(ctx), registration, &device, &address);
        entered(Box::pin(registered).await)
    }

    /// Logs in. An e-mail address without an account and a wrong password are refused alike, after the
    /// same time.
    #[graphql(directive = Cost::apply(100))]
    async fn login(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Of the account.")] email: String,
        #[graphql(desc = "Of the account.")] password: String,
        #[graphql(default, desc = "What to call this device in the list of sessions.")]
        device: String,
    ) -> Result<Login> {
        let address = address(ctx);
        let login = auth::login(app(ctx), &email, &password, &device, &address);
        entered(Box::pin(login).await)
    }

    /// Exchanges a refresh token for the next pair of tokens. One that was exchanged before ends its
    /// session, since two have it; only in the first half minute the same pair is given again, for a
    /// client that asked twice or did not get the answer.
    async fn refresh_session(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The latest of the session.")] refresh_token: String,
    ) -> Result<Login> {
        let refreshed = auth::refresh(app(ctx), &refresh_token);
        entered(Box::pin(refreshed).await)
    }

    /// Ends the session of this request. The access token is good until it runs out, so it is to be
    /// forgotten.
    async fn logout(&self, ctx: &Context<'_>) -> Result<bool> {
        let (user, session) = (user_only(ctx)?, session_of(ctx)?);
        let out = auth::logout(app(ctx), user, session);
        done(Box::pin(out).await)
    }

    /// Ends all sessions of the sender. All access tokens are void at once.
    async fn logout_everywhere(&self, ctx: &Context<'_>) -> Result<bool> {
        let user = user_only(ctx)?;
        done(auth::logout_everywhere(app(ctx), user).await)
    }

    /// Ends one session of the sender, and gives its id.
    async fn end_session(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "As in `viewer { user { sessions { id } } }`.")] id: ID,
    ) -> Result<ID> {
        let user = user_only(ctx)?;
        let session = SessionId::parse(reference_of("UserSession", &id)?);
        let session = session.ok_or_else(|| bad_input("`id` is no id of a session"))?;
        let ended = Box::pin(auth::end_session(app(ctx), user, session)).await;
        ended.map(|()| id).map_err(from_domain)
    }

    /// Sets another password for the sender, who knows the one before. All other sessions end.
    #[graphql(directive = Cost::apply(100))]
    async fn change_password(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The one before.")] current_password: String,
        #[graphql(desc = "8 to 128 characters of any kind.")] new_password: String,
    ) -> Result<Login> {
        let (user, session) = (user_only(ctx)?, session_of(ctx)?);
        let passwords = (current_password.as_str(), new_password.as_str());
        let address = address(ctx);
        let changed = auth::change_password(app(ctx), user, session, passwords, &address);
        entered(Box::pin(changed).await)
    }

    /// Has a letter sent with a token that sets another password. What is answered, and how soon, is
    /// the same whether or not there is an account with this e-mail address.
    async fn request_password_reset(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Of the account, if there is one.")] email: String,
    ) -> Result<bool> {
        done(auth::request_reset(app(ctx), &email, &address(ctx)).await)
    }

    /// Sets the password of whoever got the letter, and ends all sessions. A token works once.
    async fn reset_password(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "As in the letter.")] token: String,
        #[graphql(desc = "8 to 128 characters of any kind.")] new_password: String,
    ) -> Result<bool> {
        let reset = auth::reset_password(app(ctx), &token, &new_password);
        done(Box::pin(reset).await)
    }

    /// Changes what is given of the sender's profile and leaves the rest; null takes a favourite away.
    async fn update_profile(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "As others see it; 50 characters at most.")] name: Option<String>,
        #[graphql(desc = "Id or ref of a driver.")] favourite_driver: MaybeUndefined<ID>,
        #[graphql(desc = "Id or ref of a constructor.")] favourite_constructor: MaybeUndefined<ID>,
        #[graphql(desc = "Name in the IANA database: `Europe/Monaco`.")] time_zone: Option<String>,
        #[graphql(desc = "All that the sender wants to be told of.")] notifications: Option<
            Vec<NotificationKind>,
        >,
    ) -> Result<User> {
        let user = user_only(ctx)?;
        let change = Change {
            name,
            favourite_driver: favourite("Driver", favourite_driver)?,
            favourite_constructor: favourite("Constructor", favourite_constructor)?,
            time_zone,
            notifications: notifications.map(|wanted| wanted.into_iter().map(Into::into).collect()),
        };
        let changed = Box::pin(auth::update_profile(app(ctx), user, change)).await;
        changed.map(User).map_err(from_domain)
    }

    /// Deletes the account of the sender, who knows its password. Name, e-mail address, profile and
    /// sessions are gone at once; leagues keep what it did, under no name.
    async fn delete_account(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Of the account.")] password: String,
    ) -> Result<bool> {
        let user = user_only(ctx)?;
        let address = address(ctx);
        let deleted = auth::delete(app(ctx), user, &password, &address);
        done(Box::pin(deleted).await)
    }
}

/// Whom tries are counted for.
fn address(ctx: &Context<'_>) -> String {
    ctx.data_unchecked::<Client>().to_string()
}

fn favourite(kind: &str, id: MaybeUndefined<ID>) -> Result<Favourite> {
    Ok(match id {
        MaybeUndefined::Undefined => Favourite::Kept,
        MaybeUndefined::Null => Favourite::Dropped,
        MaybeUndefined::Value(id) => Favourite::Chosen(reference_of(kind, &id)?.to_owned()),
    })
}

fn entered(login: domain::error::Result<auth::Login>) -> Result<Login> {
    login.map(Login).map_err(from_domain)
}

fn done(done: domain::error::Result<()>) -> Result<bool> {
    done.map(|()| true).map_err(from_domain)
}
