//! Passwords that were forgotten: a letter with a token sets another one.

use chrono::TimeDelta;
use entities::{
    password_reset::{ActiveModel, Column, Entity},
    user,
};
use sea_orm::{ActiveValue::Set, ColumnTrait, DbErr, EntityTrait, QueryFilter};

use super::{account::by_email, login::replace_password, mailer::Letter, rules, token};
use crate::{
    App,
    database::begin,
    error::{Error, Result},
};

/// How long a letter is good for.
const LIFETIME: TimeDelta = TimeDelta::hours(1);

/// Where the address of a page takes the token.
const PLACE: &str = "{token}";

/// Has a letter sent to the user with an e-mail address, if there is one, for somebody at an
/// address of the network. Whether there is one is found out afterwards, so that neither what is
/// answered nor how soon tells.
///
/// # Errors
/// [`Error::BadInput`] for what is no e-mail address, [`Error::Limited`] after too many letters.
pub async fn request_reset(app: &App, email: &str, address: &str) -> Result<()> {
    let email = rules::email(email)?;
    app.auth.attempts.letter(address).await?;
    let app = app.clone();
    tokio::spawn(async move {
        if let Err(error) = write_to(&app, &email).await {
            tracing::error!(%error, "a letter about a password could not be written");
        }
    });
    Ok(())
}

/// Sets the password of the user whom a letter was sent to, and ends all sessions. A token works
/// once.
///
/// # Errors
/// [`Error::BadInput`] for a password that will not do, [`Error::Refused`] for a token that is none,
/// was used or has run out.
pub async fn reset_password(app: &App, token: &str, password: &str) -> Result<()> {
    rules::password(password)?;
    let hash = token::reset_hash(token).ok_or_else(void)?;
    let user = addressee(app, &hash).await?;
    let turn = app.auth.passwords.turn().await?;
    let password = turn.hash(password).await?;
    drop(turn);
    // Somebody may have been faster with the same token.
    use_up(app, &hash).await?;
    replace_password(app, &user, password).await?;
    Ok(())
}

/// Forgets letters that have run out, and says how many.
pub async fn clean_up(app: &App) -> Result<u64, DbErr> {
    let gone = Entity::delete_many()
        .filter(Column::ExpiresAt.lte(app.clock.now()))
        .exec(&app.db)
        .await?;
    Ok(gone.rows_affected)
}

async fn write_to(app: &App, email: &str) -> Result<()> {
    let Some(user) = by_email(app, email).await? else {
        return Ok(());
    };
    if !app.auth.attempts.letter_to(&user.id).await {
        tracing::warn!(
            user = user.id,
            "too many letters to a user; one is left out"
        );
        return Ok(());
    }
    let (token, hash) = token::reset_token()?;
    let now = app.clock.now();
    let until = now + LIFETIME;
    let transaction = begin(&app.db).await?;
    // The latest letter alone is good.
    Entity::delete_many()
        .filter(Column::UserId.eq(&user.id))
        .exec(&transaction)
        .await?;
    Entity::insert(ActiveModel {
        token_hash: Set(hash),
        user_id: Set(user.id.clone()),
        created_at: Set(now),
        expires_at: Set(until),
        used_at: Set(None),
    })
    .exec_without_returning(&transaction)
    .await?;
    transaction.commit().await?;
    let page = &app.config.mail.reset_url;
    let how = if page.is_empty() {
        format!("Your token:\n\n{token}")
    } else {
        format!("Open this page:\n\n{}", page.replace(PLACE, &token))
    };
    let letter = Letter {
        to: email.to_owned(),
        subject: "Your password for Pitwall",
        text: format!(
            "Hello {},\n\nsomebody, you we hope, wants to set the password of your Pitwall account \
             anew.\n{how}\n\nThis works once, until {} UTC. If it was not you, nothing needs to be \
             done.\n",
            user.name,
            until.format("%H:%M")
        ),
    };
    app.auth.mailer.send(letter).await;
    Ok(())
}

/// The user whom a token was sent to, while it is good.
async fn addressee(app: &App, hash: &str) -> Result<user::Model> {
    let good = Entity::find_by_id(hash)
        .filter(Column::UsedAt.is_null())
        .filter(Column::ExpiresAt.gt(app.clock.now()));
    let row = good.one(&app.db).await?.ok_or_else(void)?;
    let user = user::Entity::find_by_id(row.user_id).one(&app.db).await?;
    user.filter(|user| user.deleted_at.is_none())
        .ok_or_else(void)
}

/// Makes a token good no longer.
async fn use_up(app: &App, hash: &str) -> Result<()> {
    let used = Entity::update_many()
        .set(ActiveModel {
            used_at: Set(Some(app.clock.now())),
            ..Default::default()
        })
        .filter(Column::TokenHash.eq(hash))
        .filter(Column::UsedAt.is_null())
        .exec(&app.db)
        .await?;
    if used.rows_affected == 0 {
        return Err(void());
    }
    Ok(())
}

fn void() -> Error {
    Error::Refused {
        reason: "RESET_TOKEN_INVALID",
        message: "this token was used, has run out or never was; ask for another".to_owned(),
    }
}
