//! What a user was told, and has read. All of it is for that user alone.

use std::collections::HashMap;

use chrono::TimeDelta;
use entities::{
    draft, league,
    notification::{self, Column, Entity, Model},
};
use sea_orm::{
    ActiveEnum, ActiveModelTrait, ActiveValue::Set, ColumnTrait, ConnectionTrait, DbErr,
    EntityTrait, PaginatorTrait, QueryFilter, QuerySelect, sea_query::Expr,
};
use serde_json::{Map, Value};

use super::{NotificationId, message};
use crate::{
    App,
    auth::UserId,
    error::{Error, Result},
};

/// How long notifications are kept, read or not.
const KEEP: TimeDelta = TimeDelta::days(90);

/// A notification of a user.
///
/// # Errors
/// When the database fails.
pub async fn find(app: &App, user: UserId, id: NotificationId) -> Result<Option<Model>, DbErr> {
    Entity::told_to(&user.to_string())
        .filter(Column::Reference.eq(id.to_string()))
        .one(&app.db)
        .await
}

/// The notification that an event tells a user of; none when it is no longer kept.
///
/// # Errors
/// When the database fails.
pub async fn told_by(app: &App, user: UserId, event: i64) -> Result<Option<Model>, DbErr> {
    Entity::told_to(&user.to_string())
        .filter(Column::EventSequence.eq(event))
        .one(&app.db)
        .await
}

/// How much a user has not read.
///
/// # Errors
/// When the database fails.
pub async fn unread(app: &App, user: UserId) -> Result<u64, DbErr> {
    let unread = Entity::unread_by(&user.to_string());
    unread.count(&app.db).await
}

/// Notes that a user has read a notification. Of one that was read before nothing changes.
///
/// # Errors
/// [`Error::NotFound`] for what the user was not told.
pub async fn mark_read(app: &App, user: UserId, id: NotificationId) -> Result<Model> {
    let found = find(app, user, id).await?.ok_or_else(not_found)?;
    if found.read_at.is_some() {
        return Ok(found);
    }
    let row = notification::ActiveModel {
        id: Set(found.id),
        read_at: Set(Some(app.clock.now())),
        ..Default::default()
    };
    Ok(row.update(&app.db).await?)
}

/// Notes that a user has read everything, up to a notification if one is named, and says how much was
/// unread of that.
///
/// # Errors
/// [`Error::NotFound`] for what the user was not told.
pub async fn mark_all_read(app: &App, user: UserId, until: Option<NotificationId>) -> Result<u64> {
    let last = match until {
        Some(id) => Some(find(app, user, id).await?.ok_or_else(not_found)?.id),
        None => None,
    };
    let mut update = Entity::update_many()
        .col_expr(Column::ReadAt, Expr::value(app.clock.now()))
        .filter(Column::UserId.eq(user.to_string()))
        .filter(Column::ReadAt.is_null());
    if let Some(last) = last {
        update = update.filter(Column::Id.lte(last));
    }
    Ok(update.exec(&app.db).await?.rows_affected)
}

/// Forgets notifications of long ago, and says how many.
///
/// # Errors
/// When the database fails.
pub async fn clean_up(app: &App) -> Result<u64, DbErr> {
    let gone = Entity::delete_many()
        .filter(Column::CreatedAt.lt(app.clock.now() - KEEP))
        .exec(&app.db)
        .await?;
    Ok(gone.rows_affected)
}

/// Forgets everything that a user was told.
pub(crate) async fn forget<C: ConnectionTrait>(transaction: &C, user: &str) -> Result<(), DbErr> {
    Entity::delete_many()
        .filter(Column::UserId.eq(user))
        .exec(transaction)
        .await?;
    Ok(())
}

/// What services that send to phones are told of notifications, by the events that tell of them.
/// Those that are no longer kept, or cannot be read, are left out.
pub(crate) async fn payloads<C: ConnectionTrait>(
    db: &C,
    events: &[i64],
) -> Result<HashMap<i64, Map<String, Value>>, DbErr> {
    if events.is_empty() {
        return Ok(HashMap::new());
    }
    let told = Entity::find().filter(Column::EventSequence.is_in(events.iter().copied()));
    let told = told.all(db).await?;
    let leagues: Vec<(i32, String)> = league::Entity::find()
        .select_only()
        .column(league::Column::Id)
        .column(league::Column::Reference)
        .filter(league::Column::Id.is_in(told.iter().map(|row| row.league_id)))
        .into_tuple()
        .all(db)
        .await?;
    let drafts: Vec<(i32, String)> = draft::Entity::find()
        .select_only()
        .column(draft::Column::Id)
        .column(draft::Column::Reference)
        .filter(draft::Column::Id.is_in(told.iter().filter_map(|row| row.draft_id)))
        .into_tuple()
        .all(db)
        .await?;
    let leagues: HashMap<_, _> = leagues.into_iter().collect();
    let drafts: HashMap<_, _> = drafts.into_iter().collect();
    let payload = |row: &Model| {
        let id = |kind: &str, reference: &String| Value::from(format!("{kind}:{reference}"));
        let league = leagues.get(&row.league_id);
        let draft = row.draft_id.and_then(|draft| drafts.get(&draft));
        let fields = [
            ("id", id("Notification", &row.reference)),
            ("user", id("User", &row.user_id)),
            ("kind", row.kind.to_value().to_uppercase().into()),
            ("message", message(row).ok()?.into()),
            ("league", league.map(|league| id("League", league)).into()),
            ("draft", draft.map(|draft| id("Draft", draft)).into()),
        ];
        let fields = fields.map(|(name, value)| (name.to_owned(), value));
        let fields: Map<String, Value> = fields.into_iter().collect();
        Some((row.event_sequence, fields))
    };
    Ok(told.iter().filter_map(payload).collect())
}

fn not_found() -> Error {
    Error::NotFound("there is no such notification".to_owned())
}
