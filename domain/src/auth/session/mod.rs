//! Sessions: one for each login, from its first refresh token to its last. Kept in Redis when there
//! is one, else in the database; also there when Redis does not answer at the time of the login.
//!
//! A refresh token is exchanged for the next one and then spent. A client that asks twice at once, or
//! did not get the answer, comes with a spent one too: for a short time after the exchange it is given
//! the same next token again. That token is kept sealed, so that only the spent one opens it; nothing
//! that is kept lets anybody in. After that time, and with any token from before, whoever comes and
//! whoever exchanged it are not the same, and the session is over for both.

mod database;
mod redis;

use chrono::{DateTime, TimeDelta, Utc};
use entities::{user, user_session::Model};
use sea_orm::DbErr;

use super::{SessionId, token::RefreshToken};
use crate::{
    App,
    error::{Error, Result},
    secret,
};

/// How long after an exchange the token that was spent may come again.
const GRACE: TimeDelta = TimeDelta::seconds(30);

/// Sessions of a user at most; the one unused for longest makes room.
const MOST: usize = 50;

/// A client that loses so many races for one exchange is not let in.
const TRIES: usize = 4;

/// Where a session is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    Redis,
    Database,
}

/// A token that takes the place of another.
struct Next {
    hash: String,
    sealed: String,
    now: DateTime<Utc>,
    until: DateTime<Utc>,
}

/// Begins a session.
pub async fn begin(app: &App, user: &user::Model, device: &str) -> Result<(Model, RefreshToken)> {
    make_room(app, user).await?;
    let now = app.clock.now();
    let token = RefreshToken::new(SessionId(secret::new_id(now)?))?;
    let session = Model {
        id: token.session.to_string(),
        user_id: user.id.clone(),
        generation: user.generation,
        device: device.to_owned(),
        token_hash: token.hash(),
        earlier_hash: None,
        sealed: None,
        created_at: now,
        used_at: now,
        expires_at: now + lifetime(app),
    };
    if redis::insert(app, &session).await.is_none() {
        database::insert(app, &session).await?;
    }
    Ok((session, token))
}

/// Exchanges a refresh token for the next one; gives the session and its user too.
///
/// # Errors
/// [`Error::Unauthenticated`] when the session is over, which it is from then on when the token was
/// spent before; [`Error::Unavailable`] when where it may be kept does not answer.
pub async fn exchange(
    app: &App,
    token: &RefreshToken,
) -> Result<(user::Model, Model, RefreshToken)> {
    for _ in 0..TRIES {
        let now = app.clock.now();
        let (place, session) = find(app, token.session).await?.ok_or_else(over)?;
        let Some(user) = owner(app, &session).await? else {
            end(app, &session).await?;
            return Err(over());
        };
        if token.is(&session.token_hash) {
            let next = RefreshToken::new(token.session)?;
            let after = Next {
                hash: next.hash(),
                sealed: token.seal(&next),
                now,
                until: now + lifetime(app),
            };
            // Another exchange may have been faster; then this token is spent.
            if replace(app, place, &session, &after).await? {
                return Ok((user, renewed(session, after), next));
            }
            continue;
        }
        let spent = session.earlier_hash.as_deref();
        if spent.is_some_and(|hash| token.is(hash))
            && now <= session.used_at + GRACE
            && let Some(next) = session.sealed.as_deref()
            && let Some(next) = token.unseal(next)
            && next.is(&session.token_hash)
        {
            return Ok((user, session, next));
        }
        tracing::warn!(
            user = session.user_id,
            session = session.id,
            "a refresh token was used again; its session is ended"
        );
        metrics::counter!("pitwall_refresh_tokens_reused_total").increment(1);
        end(app, &session).await?;
        return Err(Error::Unauthenticated {
            reason: "REFRESH_TOKEN_REUSED",
            message: "this refresh token was used before, so the session was ended; log in again"
                .to_owned(),
        });
    }
    Err(over())
}

/// A session of a user, whoever asks.
pub async fn of_user(app: &App, user: &user::Model, id: SessionId) -> Result<Option<Model>> {
    let found = find(app, id).await?.map(|(_, session)| session);
    Ok(found.filter(|session| is_current(app, user, session)))
}

/// Where a user is logged in, the latest used first.
pub async fn list(app: &App, user: &user::Model) -> Result<Vec<Model>> {
    let mut all = redis::list(app, &user.id).await.unwrap_or_default();
    all.extend(database::list(app, &user.id).await?);
    all.retain(|session| is_current(app, user, session));
    all.sort_by(|a, b| b.used_at.cmp(&a.used_at).then_with(|| b.id.cmp(&a.id)));
    Ok(all)
}

/// Ends a session.
pub async fn end(app: &App, session: &Model) -> Result<()> {
    let gone = redis::remove(app, session).await;
    if gone.is_none() && has_redis(app) {
        return Err(away());
    }
    Ok(database::remove(app, &session.id).await?)
}

/// Forgets all sessions of a user, which another generation has ended already: where they are kept
/// need not answer.
pub async fn forget_all(app: &App, user: &str) -> Result<(), DbErr> {
    redis::remove_all(app, user).await;
    database::remove_all(app, user).await
}

/// Forgets sessions that have run out. Redis does so by itself.
pub async fn clean_up(app: &App) -> Result<u64, DbErr> {
    database::clean_up(app).await
}

/// The session is over, or never was.
pub fn over() -> Error {
    Error::Unauthenticated {
        reason: "SESSION_ENDED",
        message: "the session is over; log in again".to_owned(),
    }
}

async fn find(app: &App, id: SessionId) -> Result<Option<(Place, Model)>> {
    let id = id.to_string();
    let in_redis = redis::find(app, &id).await;
    if let Some(Some(session)) = in_redis {
        return Ok(Some((Place::Redis, session)));
    }
    if let Some(session) = database::find(app, &id).await? {
        return Ok(Some((Place::Database, session)));
    }
    if in_redis.is_none() && has_redis(app) {
        return Err(away());
    }
    Ok(None)
}

async fn replace(app: &App, place: Place, session: &Model, next: &Next) -> Result<bool> {
    match place {
        Place::Redis => redis::replace(app, session, next).await.ok_or_else(away),
        Place::Database => Ok(database::replace(app, session, next).await?),
    }
}

/// The user of a session that goes on.
async fn owner(app: &App, session: &Model) -> Result<Option<user::Model>> {
    use sea_orm::EntityTrait;
    let user = user::Entity::find_by_id(&session.user_id)
        .one(&app.db)
        .await?;
    Ok(user.filter(|user| is_current(app, user, session)))
}

fn is_current(app: &App, user: &user::Model, session: &Model) -> bool {
    session.user_id == user.id
        && session.generation == user.generation
        && user.deleted_at.is_none()
        && app.clock.now() < session.expires_at
}

async fn make_room(app: &App, user: &user::Model) -> Result<()> {
    let all = list(app, user).await?;
    for session in all.iter().skip(MOST - 1) {
        end(app, session).await?;
    }
    Ok(())
}

fn renewed(session: Model, next: Next) -> Model {
    Model {
        earlier_hash: Some(session.token_hash),
        token_hash: next.hash,
        sealed: Some(next.sealed),
        used_at: next.now,
        expires_at: next.until,
        ..session
    }
}

fn lifetime(app: &App) -> TimeDelta {
    TimeDelta::days(app.config.auth.refresh_days.into())
}

fn has_redis(app: &App) -> bool {
    !app.config.redis.url.is_empty()
}

fn away() -> Error {
    Error::Unavailable("sessions cannot be looked up at this moment; try again".to_owned())
}
