//! Accounts come and go.

use chrono::{DateTime, Utc};
use entities::{
    password_reset,
    user::{self, Role},
};
use sea_orm::{
    ActiveModelTrait, ActiveValue::Set, ColumnTrait, ConnectionTrait, DbErr, EntityTrait,
    QueryFilter, QueryOrder, QuerySelect, SqlErr, sea_query::LockType,
};

use super::{
    UserId,
    attempts::Try,
    login::{Login, enter},
    rules, session,
};
use crate::{
    App,
    database::begin,
    error::{Error, Result},
    event, notification, secret, team,
};

/// What it takes to have an account.
pub struct Registration<'a> {
    pub email: &'a str,
    pub password: &'a str,
    pub name: &'a str,
}

/// An account to be, all of it checked.
pub(crate) struct New {
    pub email: String,
    pub name: String,
    pub role: Role,
    /// Its hash.
    pub password: String,
    /// What the user is not told of, as it is stored.
    pub muted: String,
}

/// Makes an account for whoever asks, from an address of the network, and logs them in.
///
/// That an e-mail address is taken is said here, and only here: there is nothing else to tell
/// somebody who wants an account. So one address of the network may ask so often only.
///
/// # Errors
/// [`Error::BadInput`] for what cannot be, [`Error::Refused`] for an e-mail address that has an
/// account, [`Error::Limited`] for too many registrations.
pub async fn register(
    app: &App,
    registration: Registration<'_>,
    device: &str,
    address: &str,
) -> Result<Login> {
    let device = rules::device(device)?;
    checked(&registration)?;
    app.auth.attempts.registration(address).await?;
    let user = create(app, registration, Role::User).await?;
    enter(app, user, &device).await
}

/// Makes an account.
///
/// # Errors
/// [`Error::BadInput`] for what cannot be, [`Error::Refused`] for an e-mail address that has an
/// account.
pub async fn create(app: &App, registration: Registration<'_>, role: Role) -> Result<user::Model> {
    let (email, name) = checked(&registration)?;
    if by_email(app, &email).await?.is_some() {
        return Err(taken());
    }
    let new = New {
        email,
        name,
        role,
        password: hashed(app, registration.password).await?,
        muted: String::new(),
    };
    let now = app.clock.now();
    let transaction = begin(&app.db).await?;
    let user = add(&transaction, new, now).await?;
    transaction.commit().await?;
    app.bus.told();
    Ok(user)
}

/// The hash of a password that is to be an account's.
pub(crate) async fn hashed(app: &App, password: &str) -> Result<String> {
    let turn = app.auth.passwords.turn().await?;
    turn.hash(password).await
}

/// Writes down an account.
pub(crate) async fn add<C: ConnectionTrait>(
    transaction: &C,
    new: New,
    now: DateTime<Utc>,
) -> Result<user::Model> {
    let row = user::ActiveModel {
        id: Set(secret::new_id(now)?.to_string()),
        email: Set(Some(new.email)),
        name: Set(new.name),
        role: Set(new.role),
        password: Set(Some(new.password)),
        generation: Set(0),
        favourite_driver: Set(None),
        favourite_constructor: Set(None),
        time_zone: Set("UTC".to_owned()),
        muted: Set(new.muted),
        created_at: Set(now),
        deleted_at: Set(None),
    };
    // Somebody else may have taken the address meanwhile.
    let user = row.insert(transaction).await.map_err(|error| {
        if matches!(error.sql_err(), Some(SqlErr::UniqueConstraintViolation(_))) {
            taken()
        } else {
            error.into()
        }
    })?;
    note(transaction, event::USER_REGISTERED, &user.id, now).await?;
    Ok(user)
}

/// The account of a user; none of one who is gone.
///
/// # Errors
/// When the database fails.
pub async fn find(app: &App, id: UserId) -> Result<Option<user::Model>, DbErr> {
    let row = user::Entity::find_by_id(id.to_string())
        .one(&app.db)
        .await?;
    Ok(row.filter(|user| user.deleted_at.is_none()))
}

/// All accounts, the oldest first.
///
/// # Errors
/// When the database fails.
pub async fn list(app: &App) -> Result<Vec<user::Model>, DbErr> {
    user::Entity::find()
        .filter(user::Column::DeletedAt.is_null())
        .order_by_asc(user::Column::Id)
        .all(&app.db)
        .await
}

/// Deletes the account of a user who knows its password, from an address of the network. The row
/// stays, for the leagues that its picks are part of; what tells who it was goes: the e-mail
/// address, the name, the password, the profile, the sessions, the notifications, the names of teams.
///
/// # Errors
/// [`Error::Refused`] for a wrong password, and for the commissioner of a league with other
/// members, [`Error::Limited`] after too many.
pub async fn delete(app: &App, id: UserId, password: &str, address: &str) -> Result<()> {
    let user = current(app, id).await?;
    confirm(app, &user, password, address).await?;
    let now = app.clock.now();
    let transaction = begin(&app.db).await?;
    user::ActiveModel {
        id: Set(user.id.clone()),
        email: Set(None),
        name: Set(rules::FORMER.to_owned()),
        role: Set(Role::User),
        password: Set(None),
        generation: Set(user.generation + 1),
        favourite_driver: Set(None),
        favourite_constructor: Set(None),
        time_zone: Set("UTC".to_owned()),
        muted: Set(String::new()),
        deleted_at: Set(Some(now)),
        ..Default::default()
    }
    .update(&transaction)
    .await?;
    password_reset::Entity::delete_many()
        .filter(password_reset::Column::UserId.eq(&user.id))
        .exec(&transaction)
        .await?;
    team::leave_all(&transaction, &user.id, now).await?;
    notification::forget(&transaction, &user.id).await?;
    note(&transaction, event::USER_DELETED, &user.id, now).await?;
    transaction.commit().await?;
    app.bus.told();
    session::forget_all(app, &user.id).await?;
    Ok(())
}

/// The account of a user who is logged in.
pub(super) async fn current(app: &App, id: UserId) -> Result<user::Model> {
    find(app, id).await?.ok_or_else(session::over)
}

/// The account of a user, which does not go until the transaction ends.
pub(crate) async fn held<C: ConnectionTrait>(transaction: &C, id: UserId) -> Result<user::Model> {
    let row = user::Entity::find_by_id(id.to_string())
        .lock(LockType::NoKeyUpdate)
        .one(transaction)
        .await?;
    row.filter(|user| user.deleted_at.is_none())
        .ok_or_else(session::over)
}

/// The account with an e-mail address.
pub(super) async fn by_email(app: &App, email: &str) -> Result<Option<user::Model>, DbErr> {
    user::Entity::find()
        .filter(user::Column::Email.eq(email))
        .one(&app.db)
        .await
}

/// Lets only who knows the password of an account go on.
pub(super) async fn confirm(
    app: &App,
    user: &user::Model,
    password: &str,
    address: &str,
) -> Result<()> {
    // Together with the tries to log in.
    let account = user.email.as_deref().unwrap_or(&user.id);
    let attempt = Try::new(account, address);
    let auth = &app.auth;
    auth.attempts.check(&attempt).await?;
    let turn = auth.passwords.turn().await?;
    auth.attempts.check(&attempt).await?;
    let hash = user.password.as_deref();
    let hash = hash.unwrap_or_else(|| auth.passwords.nobodys());
    if turn.verify(password, hash).await? {
        auth.attempts.right(&attempt).await;
        return Ok(());
    }
    auth.attempts.wrong(&attempt).await;
    Err(Error::Refused {
        reason: "WRONG_PASSWORD",
        message: "that is not the password of this account".to_owned(),
    })
}

/// Writes down what became of an account.
pub(super) async fn note<C: ConnectionTrait>(
    transaction: &C,
    kind: &str,
    user: &str,
    now: DateTime<Utc>,
) -> Result<(), DbErr> {
    let subject = format!("User:{user}");
    event::append(transaction, event::ACCOUNT, kind, &subject, now).await?;
    Ok(())
}

fn checked(registration: &Registration<'_>) -> Result<(String, String)> {
    rules::password(registration.password)?;
    Ok((
        rules::email(registration.email)?,
        rules::name(registration.name)?,
    ))
}

fn taken() -> Error {
    Error::Refused {
        reason: "EMAIL_TAKEN",
        message:
            "there is an account with this e-mail address; log in, or have its password set anew"
                .to_owned(),
    }
}
