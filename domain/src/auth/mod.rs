//! Accounts: who somebody is, and how long that is believed.
//!
//! Whoever logs in gets two tokens. The access token says who asks; it is a signed JWT of half an
//! hour, and the account is looked up for each request, so that it ends with the account, with
//! its password and with `logoutEverywhere`. The refresh token is exchanged for the next pair. It
//! works once: one that was exchanged before gives away that somebody else has it too, and ends the
//! session for both (`session`).
//!
//! What may do harm by being tried again and again is counted (`attempts`), and what costs a
//! processor waits its turn (`password`).

mod account;
mod attempts;
mod login;
mod mailer;
mod password;
mod profile;
mod reset;
mod rules;
mod session;
mod token;

use entities::user::{self, Role};
use sea_orm::{DatabaseConnection, DbErr, EntityTrait};
use subtle::ConstantTimeEq;

use crate::{App, cache::Cache, config::Config, id::uuids, secret};

pub use account::{Registration, create, delete, find, list, register};
pub use login::{
    Login, change_password, end_session, login, logout, logout_everywhere, refresh, sessions,
};
pub use profile::{Change, Favourite, update_profile};
pub use reset::{request_reset, reset_password};
pub use token::{AccessTokens, Bearer};

pub(crate) use account::{New, add, hashed, held};

use attempts::Attempts;
use mailer::Mailer;
use password::Passwords;

uuids! {
    /// A user.
    UserId;
    /// A login of a user.
    SessionId;
}

/// What accounts need besides the database: keys, counts, the queue of passwords, letters.
pub struct Auth {
    tokens: AccessTokens,
    passwords: Passwords,
    attempts: Attempts,
    mailer: Mailer,
    /// Keeps apart what processes on different databases keep in one Redis.
    tag: String,
}

impl Auth {
    /// As configured.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn new(
        config: &Config,
        db: &DatabaseConnection,
        cache: &Cache,
        tag: String,
    ) -> Result<Self, DbErr> {
        let configured = &config.auth.key;
        let key = if configured.is_empty() {
            secret::access(db).await?
        } else {
            configured.clone().into_bytes()
        };
        Ok(Self {
            tokens: AccessTokens::new(&key, config.auth.access_minutes),
            passwords: Passwords::new(config.auth.hashes_at_once)?,
            attempts: Attempts::new(&config.auth, cache, &tag),
            mailer: Mailer::new(config),
            tag,
        })
    }
}

/// Who bears an access token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Recognised {
    pub bearer: Bearer,
    pub role: Role,
}

/// Whose an access token is; nobody's when it is not one of ours, has run out, or the account, its
/// password or all its sessions have ended since.
pub async fn recognise(app: &App, token: &str) -> Option<Recognised> {
    let bearer = app.auth.tokens.read(token, app.clock.now())?;
    let row = match user::Entity::find_by_id(bearer.user.to_string())
        .one(&app.db)
        .await
    {
        Ok(row) => row?,
        Err(error) => {
            // Nobody is believed whom nobody can look up.
            tracing::warn!(%error, "the bearer of a token cannot be looked up");
            return None;
        }
    };
    let current = row.deleted_at.is_none() && row.generation == bearer.generation;
    current.then_some(Recognised {
        bearer,
        role: row.role,
    })
}

/// Whether a token is the administrator's, which nobody is where none is configured. It takes the same
/// time however much of it is right.
#[must_use]
pub fn is_administrator(app: &App, token: &str) -> bool {
    let auth = &app.config.auth;
    let until = auth.admin_until;
    matches(token, &auth.admin_token) && until.is_none_or(|until| app.clock.now() < until)
}

fn matches(token: &str, admin_token: &str) -> bool {
    !admin_token.is_empty() && token.as_bytes().ct_eq(admin_token.as_bytes()).into()
}

/// Forgets sessions and tokens that have run out, and says how many.
///
/// # Errors
/// When the database fails.
pub async fn clean_up(app: &App) -> Result<u64, DbErr> {
    Ok(session::clean_up(app).await? + reset::clean_up(app).await?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_is_an_administrator_without_a_configured_token() {
        assert!(!matches("", ""));
    }

    #[test]
    fn the_token_makes_an_administrator_and_nothing_else_does() {
        for (token, admin) in [("secret", true), ("secre", false), ("", false)] {
            assert_eq!(matches(token, "secret"), admin);
        }
    }

    #[test]
    fn an_id_is_a_uuid_and_is_written_as_it_was_read() {
        let text = "0196c2f4-7c00-7000-8000-000000000001";
        assert_eq!(UserId::parse(text).unwrap().to_string(), text);
        for wrong in ["", "me", "0196c2f4-7c00-7000-8000-00000000000"] {
            assert!(UserId::parse(wrong).is_none(), "{wrong}");
        }
    }
}
