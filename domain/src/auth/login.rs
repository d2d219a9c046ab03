//! Logging in and out.

use chrono::{DateTime, Utc};
use entities::{user, user_session};
use sea_orm::{
    ActiveValue::Set, ColumnTrait, EntityTrait, ExprTrait, QueryFilter, sea_query::Expr,
};

use super::{
    SessionId, UserId,
    account::{by_email, confirm, current},
    attempts::Try,
    password::{self, Turn},
    rules, session,
    token::RefreshToken,
};
use crate::{
    App,
    error::{Error, Result},
};

/// What somebody has who is logged in.
pub struct Login {
    pub user: user::Model,
    pub session: user_session::Model,
    /// Says who asks.
    pub access_token: String,
    pub access_until: DateTime<Utc>,
    /// Is exchanged for the next pair.
    pub refresh_token: String,
}

/// Logs somebody in who knows the password of an account, from an address of the network.
///
/// Whether there is no such account or the password is another is not said, nor does it show in the
/// time that it takes: the password of nobody is hashed too.
///
/// # Errors
/// [`Error::Unauthenticated`] for a wrong password, [`Error::Limited`] after too many.
pub async fn login(
    app: &App,
    email: &str,
    password: &str,
    device: &str,
    address: &str,
) -> Result<Login> {
    let device = rules::device(device)?;
    let email = rules::email(email)?;
    let attempt = Try::new(&email, address);
    let auth = &app.auth;
    auth.attempts.check(&attempt).await?;
    let user = by_email(app, &email).await?;
    let turn = auth.passwords.turn().await?;
    // Those who were before have been counted by now.
    auth.attempts.check(&attempt).await?;
    let known = user.as_ref().and_then(|user| user.password.as_deref());
    let hash = known.unwrap_or_else(|| auth.passwords.nobodys());
    let right = turn.verify(password, hash).await?;
    let Some(mut user) = user.filter(|_| right) else {
        auth.attempts.wrong(&attempt).await;
        return Err(wrong());
    };
    strengthen(app, &turn, &mut user, password).await?;
    drop(turn);
    auth.attempts.right(&attempt).await;
    enter(app, user, &device).await
}

/// Exchanges a refresh token for the next pair of tokens.
///
/// # Errors
/// [`Error::Unauthenticated`] when the session is over, or ends since the token was used before.
pub async fn refresh(app: &App, token: &str) -> Result<Login> {
    let token = RefreshToken::read(token).ok_or_else(session::over)?;
    let (user, session, next) = session::exchange(app, &token).await?;
    signed(app, user, session, next)
}

/// Ends the session in which somebody asks.
///
/// # Errors
/// When where it is kept does not answer.
pub async fn logout(app: &App, id: UserId, session: SessionId) -> Result<()> {
    let user = current(app, id).await?;
    if let Some(session) = session::of_user(app, &user, session).await? {
        session::end(app, &session).await?;
    }
    Ok(())
}

/// Ends one session of a user.
///
/// # Errors
/// [`Error::NotFound`] when the user has no such session.
pub async fn end_session(app: &App, id: UserId, session: SessionId) -> Result<()> {
    let user = current(app, id).await?;
    let found = session::of_user(app, &user, session).await?;
    let found = found.ok_or_else(|| Error::NotFound("there is no such session".to_owned()))?;
    session::end(app, &found).await
}

/// Ends all sessions of a user, and makes all access tokens void.
///
/// # Errors
/// When the database fails.
pub async fn logout_everywhere(app: &App, id: UserId) -> Result<()> {
    let user = current(app, id).await?;
    user::Entity::update_many()
        .col_expr(
            user::Column::Generation,
            Expr::col(user::Column::Generation).add(1),
        )
        .filter(user::Column::Id.eq(&user.id))
        .exec(&app.db)
        .await?;
    session::forget_all(app, &user.id).await?;
    Ok(())
}

/// Where a user is logged in, the latest used first.
///
/// # Errors
/// When the database fails.
pub async fn sessions(app: &App, user: &user::Model) -> Result<Vec<user_session::Model>> {
    session::list(app, user).await
}

/// Sets another password for a user who knows the one before. All sessions end, and another begins
/// in place of the one in which it was asked for.
///
/// # Errors
/// [`Error::BadInput`] for a password that will not do, [`Error::Refused`] when the one before is
/// another, [`Error::Limited`] after too many.
pub async fn change_password(
    app: &App,
    id: UserId,
    session: SessionId,
    (before, after): (&str, &str),
    address: &str,
) -> Result<Login> {
    rules::password(after)?;
    let user = current(app, id).await?;
    let here = session::of_user(app, &user, session).await?;
    let device = here.map(|session| session.device).unwrap_or_default();
    confirm(app, &user, before, address).await?;
    let turn = app.auth.passwords.turn().await?;
    let hash = turn.hash(after).await?;
    drop(turn);
    let user = replace_password(app, &user, hash).await?;
    enter(app, user, &device).await
}

/// Puts a hash in the place of another and ends all sessions.
pub(super) async fn replace_password(
    app: &App,
    user: &user::Model,
    hash: String,
) -> Result<user::Model> {
    use user::Column;
    let changed = user::Entity::update_many()
        .col_expr(Column::Generation, Expr::col(Column::Generation).add(1))
        .col_expr(Column::Password, hash.into())
        .filter(Column::Id.eq(&user.id))
        // Who is gone meanwhile stays gone.
        .filter(Column::DeletedAt.is_null())
        .exec_with_returning(&app.db)
        .await?;
    session::forget_all(app, &user.id).await?;
    changed.into_iter().next().ok_or_else(session::over)
}

/// Begins a session for a user.
pub(super) async fn enter(app: &App, user: user::Model, device: &str) -> Result<Login> {
    let (session, token) = session::begin(app, &user, device).await?;
    signed(app, user, session, token)
}

/// The tokens of a session.
fn signed(
    app: &App,
    user: user::Model,
    session: user_session::Model,
    token: RefreshToken,
) -> Result<Login> {
    let id = UserId::parse(&user.id)
        .ok_or_else(|| Error::Internal(format!("the user {:?} has no UUID", user.id)))?;
    let (now, generation) = (app.clock.now(), user.generation);
    let tokens = &app.auth.tokens;
    let (access_token, access_until) = tokens.sign(id, token.session, generation, now)?;
    Ok(Login {
        user,
        session,
        access_token,
        access_until,
        refresh_token: token.spelled(),
    })
}

/// Hashes a password that is right anew when its hash is weaker than those of today.
async fn strengthen(app: &App, turn: &Turn, user: &mut user::Model, password: &str) -> Result<()> {
    let Some(before) = user.password.clone() else {
        return Ok(());
    };
    if !password::is_weak(&before) {
        return Ok(());
    }
    let hash = turn.hash(password).await?;
    user::Entity::update_many()
        .set(user::ActiveModel {
            password: Set(Some(hash.clone())),
            ..Default::default()
        })
        .filter(user::Column::Id.eq(&user.id))
        // Unless it was changed meanwhile.
        .filter(user::Column::Password.eq(before))
        .exec(&app.db)
        .await?;
    user.password = Some(hash);
    Ok(())
}

fn wrong() -> Error {
    Error::Unauthenticated {
        reason: "WRONG_CREDENTIALS",
        message: "there is no account with this e-mail address and this password".to_owned(),
    }
}
