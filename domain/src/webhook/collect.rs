//! From events to deliveries: what each webhook is to be sent.

use std::collections::HashMap;

use entities::{
    event, event_stream, webhook, webhook_cursor,
    webhook_delivery::{self, Column, Status},
};
use sea_orm::{
    ActiveValue::{NotSet, Set},
    ColumnTrait, ConnectionTrait, DbErr, EntityTrait, ExprTrait, QueryFilter, QueryOrder,
    QuerySelect,
    sea_query::{Expr, OnConflict},
};

use super::{Kind, manage::new_message};
use crate::{App, database::begin, event::last_sequence, notification};

/// Events that are looked at in one transaction.
const BATCH: u64 = 200;

/// Writes down what enabled webhooks are to be sent of the events since they were last looked at,
/// and says how many deliveries that is.
///
/// # Errors
/// When the database fails.
pub async fn collect(app: &App) -> Result<u64, DbErr> {
    let enabled = webhook::Entity::find().filter(webhook::Column::Enabled.eq(true));
    let enabled = enabled.all(&app.db).await?;
    if enabled.is_empty() {
        return Ok(0);
    }
    let cursors = webhook_cursor::Entity::find().all(&app.db).await?;
    let cursors: HashMap<_, _> = cursors
        .into_iter()
        .map(|cursor| ((cursor.webhook_id, cursor.stream), cursor.sequence))
        .collect();
    let heads = event_stream::Entity::find().all(&app.db).await?;
    let mut collected = 0;
    for webhook in enabled {
        for stream in Kind::streams() {
            let head = heads.iter().find(|head| head.stream == stream);
            let head = head.map_or(0, |head| head.last_sequence);
            let cursor = cursors.get(&(webhook.id.clone(), stream.to_owned()));
            // Reading on takes the lock that writers wait for: only where there is news.
            if cursor.is_none_or(|cursor| *cursor < head) {
                collected += read_on(app, &webhook, stream).await?;
            }
        }
    }
    Ok(collected)
}

/// Reads a stream of events from where a webhook has got to.
async fn read_on(app: &App, webhook: &webhook::Model, stream: &str) -> Result<u64, DbErr> {
    let mut collected = 0;
    loop {
        let transaction = begin(&app.db).await?;
        let key = (webhook.id.clone(), stream.to_owned());
        let cursor = webhook_cursor::Entity::find_by_id(key)
            .one(&transaction)
            .await?;
        let Some(cursor) = cursor else {
            // A stream that webhooks are told of since a newer version: from now on.
            let head = last_sequence(&transaction, stream).await?;
            move_cursor(&transaction, &webhook.id, stream, head).await?;
            transaction.commit().await?;
            return Ok(collected);
        };
        let events = event::Entity::find()
            .filter(event::Column::Stream.eq(stream))
            .filter(event::Column::Sequence.gt(cursor.sequence))
            .order_by_asc(event::Column::Sequence)
            .limit(BATCH)
            .all(&transaction)
            .await?;
        let Some(last) = events.last() else {
            return Ok(collected);
        };
        collected += write_down(app, &transaction, webhook, &events).await?;
        move_cursor(&transaction, &webhook.id, stream, last.sequence).await?;
        transaction.commit().await?;
    }
}

async fn write_down<C: ConnectionTrait>(
    app: &App,
    transaction: &C,
    webhook: &webhook::Model,
    events: &[event::Model],
) -> Result<u64, DbErr> {
    let now = app.clock.now();
    let wanted: Vec<_> = webhook.types.split(' ').filter_map(Kind::named).collect();
    let kind_of = |event: &event::Model| Kind::of(event).filter(|kind| wanted.contains(kind));
    let told = events
        .iter()
        .filter(|event| kind_of(event) == Some(Kind::Notification));
    let told: Vec<_> = told.map(|event| event.sequence).collect();
    let mut told = notification::payloads(transaction, &told).await?;
    let mut rows = Vec::new();
    for event in events {
        let Some(kind) = kind_of(event) else {
            continue;
        };
        let mut body = kind.body(event, &app.config.webhook.public_url);
        if kind == Kind::Notification {
            // The user may be gone, and with the account what it was told.
            let Some(payload) = told.remove(&event.sequence) else {
                continue;
            };
            if let Some(data) = body["data"].as_object_mut() {
                data.extend(payload);
            }
        }
        rows.push(webhook_delivery::ActiveModel {
            id: NotSet,
            webhook_id: Set(webhook.id.clone()),
            message: Set(new_message(now)?),
            kind: Set(kind.name().to_owned()),
            stream: Set(Some(event.stream.clone())),
            sequence: Set(Some(event.sequence)),
            body: Set(body.to_string()),
            status: Set(Status::Pending),
            attempts: Set(0),
            created_at: Set(now),
            due_at: Set(Some(now)),
            ..Default::default()
        });
    }
    if rows.is_empty() {
        return Ok(0);
    }
    let event = [Column::WebhookId, Column::Stream, Column::Sequence];
    webhook_delivery::Entity::insert_many(rows)
        .on_conflict(OnConflict::columns(event).do_nothing().to_owned())
        .exec_without_returning(transaction)
        .await
}

/// Moves a cursor on, never back.
async fn move_cursor<C: ConnectionTrait>(
    transaction: &C,
    webhook_id: &str,
    stream: &str,
    sequence: i64,
) -> Result<(), DbErr> {
    use webhook_cursor::Column;
    let at = Expr::col((webhook_cursor::Entity, Column::Sequence));
    webhook_cursor::Entity::insert(webhook_cursor::ActiveModel {
        webhook_id: Set(webhook_id.to_owned()),
        stream: Set(stream.to_owned()),
        sequence: Set(sequence),
    })
    .on_conflict(
        OnConflict::columns([Column::WebhookId, Column::Stream])
            .update_column(Column::Sequence)
            .action_and_where(at.lt(sequence))
            .to_owned(),
    )
    .exec_without_returning(transaction)
    .await?;
    Ok(())
}
