//! Registering, changing and trying out webhooks.

use chrono::{DateTime, TimeDelta, Utc};
use entities::{event_stream, webhook, webhook_cursor, webhook_delivery};
use sea_orm::{
    ActiveModelTrait,
    ActiveValue::{NotSet, Set},
    ColumnTrait, ConnectionTrait, DbErr, EntityTrait, PaginatorTrait, QueryFilter, QueryOrder,
    QuerySelect,
    sea_query::OnConflict,
};
use serde_json::json;
use webhook_delivery::Status;

use super::{Kind, Secret, address, rules};
use crate::{
    App,
    database::begin,
    error::{Error, Result},
    secret,
};

/// How long the secret from before a rotation still signs too.
const GRACE: TimeDelta = TimeDelta::hours(24);

/// What a delivery to try a webhook out is called.
const PING: &str = "ping";

/// A webhook and its secret, which is not shown again.
#[derive(Debug, Clone)]
pub struct Registered {
    pub webhook: webhook::Model,
    pub secret: Secret,
}

/// What to change; what is none stays.
#[derive(Debug, Clone, Default)]
pub struct Change {
    pub url: Option<String>,
    pub kinds: Option<Vec<Kind>>,
    pub description: Option<String>,
    pub enabled: Option<bool>,
}

/// Registers an address that is told of events from now on.
///
/// # Errors
/// [`Error::BadInput`] for an address that is not allowed, no types, or a long description,
/// [`Error::Refused`] when there are too many.
pub async fn register(
    app: &App,
    url: &str,
    kinds: &[Kind],
    description: &str,
) -> Result<Registered> {
    address::check(url, app.config.webhook.allow_loopback)?;
    let types = rules::types(kinds)?;
    rules::description(description)?;
    let key = key(app).await?;
    let now = app.clock.now();
    let id = new_id(now)?;
    let salt = hex::encode(secret::random::<16>()?);
    let secret = Secret::derive(&key, &id, &salt);
    let transaction = begin(&app.db).await?;
    if webhook::Entity::find().count(&transaction).await? >= rules::MOST {
        return Err(Error::Refused {
            reason: "TOO_MANY_WEBHOOKS",
            message: format!("there are {} webhooks, which is the most", rules::MOST),
        });
    }
    let row = webhook::ActiveModel {
        id: Set(id),
        url: Set(url.to_owned()),
        description: Set(description.to_owned()),
        types: Set(types),
        salt: Set(salt),
        fingerprint: Set(secret.fingerprint()),
        earlier_salt: Set(None),
        earlier_until: Set(None),
        enabled: Set(true),
        disabled_because: Set(None),
        failing_since: Set(None),
        created_at: Set(now),
    };
    let webhook = row.insert(&transaction).await?;
    start_from_now(&transaction, &webhook.id).await?;
    transaction.commit().await?;
    Ok(Registered { webhook, secret })
}

/// All webhooks, the oldest first.
///
/// # Errors
/// When the database fails.
pub async fn list(app: &App) -> Result<Vec<webhook::Model>> {
    let all = webhook::Entity::find().order_by_asc(webhook::Column::Id);
    Ok(all.all(&app.db).await?)
}

/// A webhook.
///
/// # Errors
/// [`Error::NotFound`] when there is none.
pub async fn find(app: &App, id: &str) -> Result<webhook::Model> {
    found(&app.db, id).await
}

/// What was and will be sent to a webhook, the newest first.
///
/// # Errors
/// When the database fails.
pub async fn deliveries(
    app: &App,
    id: &str,
    first: u64,
) -> Result<Vec<webhook_delivery::Model>, DbErr> {
    webhook_delivery::Entity::find()
        .filter(webhook_delivery::Column::WebhookId.eq(id))
        .order_by_desc(webhook_delivery::Column::Id)
        .limit(first)
        .all(&app.db)
        .await
}

/// Changes a webhook. One that is enabled again is told of what happens from then on.
///
/// # Errors
/// As for [`register`]; [`Error::NotFound`] when there is none.
pub async fn change(app: &App, id: &str, change: Change) -> Result<webhook::Model> {
    if let Some(url) = &change.url {
        address::check(url, app.config.webhook.allow_loopback)?;
    }
    let types = change.kinds.as_deref().map(rules::types).transpose()?;
    if let Some(description) = &change.description {
        rules::description(description)?;
    }
    let transaction = begin(&app.db).await?;
    let before = found(&transaction, id).await?;
    let mut row = webhook::ActiveModel {
        id: Set(before.id.clone()),
        url: change.url.map_or(NotSet, Set),
        types: types.map_or(NotSet, Set),
        description: change.description.map_or(NotSet, Set),
        enabled: change.enabled.map_or(NotSet, Set),
        ..Default::default()
    };
    if change
        .enabled
        .is_some_and(|enabled| enabled != before.enabled)
    {
        row.disabled_because = Set(None);
        row.failing_since = Set(None);
        if !before.enabled {
            start_from_now(&transaction, &before.id).await?;
        }
    }
    let webhook = row.update(&transaction).await?;
    transaction.commit().await?;
    Ok(webhook)
}

/// Forgets a webhook and all that was sent to it.
///
/// # Errors
/// [`Error::NotFound`] when there is none.
pub async fn remove(app: &App, id: &str) -> Result<()> {
    let gone = webhook::Entity::delete_by_id(id).exec(&app.db).await?;
    if gone.rows_affected == 0 {
        return Err(not_found());
    }
    Ok(())
}

/// Gives a webhook another secret. The one before signs beside it for a day, so that receivers
/// can be changed over meanwhile.
///
/// # Errors
/// [`Error::NotFound`] when there is none.
pub async fn rotate(app: &App, id: &str) -> Result<Registered> {
    let key = key(app).await?;
    let salt = hex::encode(secret::random::<16>()?);
    let secret = Secret::derive(&key, id, &salt);
    let transaction = begin(&app.db).await?;
    let before = found(&transaction, id).await?;
    // Under another key it would be another secret than its owner has.
    let whole = Secret::derive(&key, id, &before.salt).fingerprint() == before.fingerprint;
    let row = webhook::ActiveModel {
        id: Set(before.id),
        salt: Set(salt),
        fingerprint: Set(secret.fingerprint()),
        earlier_salt: Set(whole.then_some(before.salt)),
        earlier_until: Set(whole.then(|| app.clock.now() + GRACE)),
        ..Default::default()
    };
    let webhook = row.update(&transaction).await?;
    transaction.commit().await?;
    Ok(Registered { webhook, secret })
}

/// Has something sent to a webhook, to try it out.
///
/// # Errors
/// [`Error::NotFound`] when there is none, [`Error::Refused`] when it is disabled.
pub async fn ping(app: &App, id: &str) -> Result<webhook_delivery::Model> {
    let webhook = find(app, id).await?;
    only_enabled(&webhook)?;
    let now = app.clock.now();
    let body = rules::body(PING, now, json!({ "id": format!("Webhook:{id}") }));
    Ok(webhook_delivery::ActiveModel {
        id: NotSet,
        webhook_id: Set(webhook.id),
        message: Set(new_message(now)?),
        kind: Set(PING.to_owned()),
        stream: Set(None),
        sequence: Set(None),
        body: Set(body.to_string()),
        status: Set(Status::Pending),
        attempts: Set(0),
        created_at: Set(now),
        due_at: Set(Some(now)),
        ..Default::default()
    }
    .insert(&app.db)
    .await?)
}

/// Has a delivery that is done with sent again, under the same id and with the same body.
///
/// # Errors
/// [`Error::NotFound`] when there is none, [`Error::Refused`] when it is still to be sent or its
/// webhook is disabled.
pub async fn redeliver(app: &App, message: &str) -> Result<webhook_delivery::Model> {
    use webhook_delivery::Column;
    let delivery = webhook_delivery::Entity::find().filter(Column::Message.eq(message));
    let missing = || Error::NotFound("there is no such delivery".to_owned());
    let row = delivery.clone().one(&app.db).await?.ok_or_else(missing)?;
    only_enabled(&find(app, &row.webhook_id).await?)?;
    let turned = webhook_delivery::Entity::update_many()
        .set(webhook_delivery::ActiveModel {
            status: Set(Status::Pending),
            attempts: Set(0),
            due_at: Set(Some(app.clock.now())),
            ..Default::default()
        })
        .filter(Column::Id.eq(row.id))
        .filter(Column::Status.ne(Status::Pending))
        .exec(&app.db)
        .await?;
    if turned.rows_affected == 0 {
        return Err(Error::Refused {
            reason: "DELIVERY_PENDING",
            message: "the delivery is still to be sent".to_owned(),
        });
    }
    delivery.one(&app.db).await?.ok_or_else(missing)
}

/// The key that secrets are derived from.
pub(super) async fn key(app: &App) -> Result<Vec<u8>, DbErr> {
    let configured = &app.config.webhook.key;
    if configured.is_empty() {
        secret::webhooks(&app.db).await
    } else {
        Ok(configured.clone().into_bytes())
    }
}

/// What receivers know a delivery by.
pub(super) fn new_message(now: DateTime<Utc>) -> Result<String, DbErr> {
    Ok(format!("msg_{}", new_id(now)?.replace('-', "")))
}

/// A UUID of version 7: later ones sort behind.
pub(super) fn new_id(now: DateTime<Utc>) -> Result<String, DbErr> {
    Ok(secret::new_id(now)?.to_string())
}

/// Moves a webhook's cursors to the end of all streams.
async fn start_from_now<C: ConnectionTrait>(transaction: &C, id: &str) -> Result<(), DbErr> {
    use webhook_cursor::Column;
    let heads = event_stream::Entity::find().all(transaction).await?;
    let rows = Kind::streams().into_iter().map(|stream| {
        let head = heads.iter().find(|head| head.stream == stream);
        webhook_cursor::ActiveModel {
            webhook_id: Set(id.to_owned()),
            stream: Set(stream.to_owned()),
            sequence: Set(head.map_or(0, |head| head.last_sequence)),
        }
    });
    webhook_cursor::Entity::insert_many(rows)
        .on_conflict(
            OnConflict::columns([Column::WebhookId, Column::Stream])
                .update_column(Column::Sequence)
                .to_owned(),
        )
        .exec_without_returning(transaction)
        .await?;
    Ok(())
}

async fn found<C: ConnectionTrait>(db: &C, id: &str) -> Result<webhook::Model> {
    let row = webhook::Entity::find_by_id(id).one(db).await?;
    row.ok_or_else(not_found)
}

fn not_found() -> Error {
    Error::NotFound("there is no such webhook".to_owned())
}

fn only_enabled(webhook: &webhook::Model) -> Result<()> {
    if webhook.enabled {
        return Ok(());
    }
    Err(Error::Refused {
        reason: "WEBHOOK_DISABLED",
        message: "the webhook is disabled; `updateWebhook` enables it".to_owned(),
    })
}
