//! Deliveries that are due: who sends them, and what becomes of them.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use entities::{
    webhook,
    webhook_delivery::{self, Column, Status},
};
use sea_orm::{
    ActiveValue::Set, ColumnTrait, Condition, ConnectionTrait, DbErr, EntityTrait, QueryFilter,
    QueryOrder, QuerySelect,
};

use super::{
    Next, Outcome, Secret,
    manage::{key, new_id},
    rules,
};
use crate::{App, database::begin};

/// What a lease is longer than a request may take, in seconds of the machine.
const MARGIN: u64 = 20;

/// A delivery that is this worker's to send.
#[derive(Debug, Clone)]
pub struct Claimed {
    pub url: String,
    pub message: String,
    pub body: String,
    id: i32,
    webhook_id: String,
    lease: String,
    attempts: i32,
    secrets: Vec<Secret>,
}

impl Claimed {
    /// The header `webhook-signature` at a time, seconds since 1970: one signature for each
    /// secret that is valid.
    #[must_use]
    pub fn signatures(&self, timestamp: i64) -> String {
        let sign = |secret: &Secret| secret.sign(&self.message, timestamp, &self.body);
        self.secrets.iter().map(sign).collect::<Vec<_>>().join(" ")
    }

    /// A number from 0 to 1 that differs from one delivery to the next.
    fn chance(&self) -> f64 {
        let last = self.message.bytes().rev().take(2);
        let sum: u32 = last.fold(0, |sum, byte| {
            sum * 16 + char::from(byte).to_digit(16).unwrap_or(0)
        });
        f64::from(sum) / 255.0
    }
}

/// Webhooks that something is due for.
///
/// # Errors
/// When the database fails.
pub async fn due(app: &App) -> Result<Vec<String>, DbErr> {
    webhook_delivery::Entity::find()
        .inner_join(webhook::Entity)
        .select_only()
        .column(Column::WebhookId)
        .distinct()
        .filter(webhook::Column::Enabled.eq(true))
        .filter(free(app.clock.now()))
        .into_tuple()
        .all(&app.db)
        .await
}

/// Leases the delivery to a webhook that has been due for longest; none when there is none, or
/// the webhook is disabled.
///
/// # Errors
/// When the database fails.
pub async fn claim(app: &App, webhook_id: &str) -> Result<Option<Claimed>, DbErr> {
    let webhook = webhook::Entity::find_by_id(webhook_id).one(&app.db).await?;
    let Some(webhook) = webhook.filter(|webhook| webhook.enabled) else {
        return Ok(None);
    };
    let now = app.clock.now();
    let Some(secrets) = secrets(app, &webhook, now).await? else {
        let why = "the key that secrets are derived from has changed: rotate its secret";
        disable(&app.db, webhook_id, why).await?;
        return Ok(None);
    };
    loop {
        let next = webhook_delivery::Entity::find()
            .filter(Column::WebhookId.eq(webhook_id))
            .filter(free(now))
            .order_by_asc(Column::DueAt)
            .order_by_asc(Column::Id)
            .one(&app.db)
            .await?;
        let Some(next) = next else {
            return Ok(None);
        };
        let lease = new_id(now)?;
        let leased = webhook_delivery::Entity::update_many()
            .set(webhook_delivery::ActiveModel {
                lease: Set(Some(lease.clone())),
                leased_until: Set(Some(now + lease_time(app))),
                attempts: Set(next.attempts + 1),
                ..Default::default()
            })
            .filter(Column::Id.eq(next.id))
            .filter(free(now))
            .exec(&app.db)
            .await?;
        if leased.rows_affected == 1 {
            return Ok(Some(Claimed {
                url: webhook.url,
                message: next.message,
                body: next.body,
                id: next.id,
                webhook_id: next.webhook_id,
                lease,
                attempts: next.attempts + 1,
                secrets,
            }));
        }
        // Another worker was faster.
    }
}

/// Writes down what came of a try, and what follows from it. Nothing is written when the lease
/// had run out and another worker has taken it over.
///
/// # Errors
/// When the database fails.
pub async fn note(
    app: &App,
    claimed: &Claimed,
    outcome: &Outcome,
    took: Duration,
) -> Result<Next, DbErr> {
    let now = app.clock.now();
    let next = rules::next(outcome, claimed.attempts, claimed.chance());
    let (response_status, excerpt) = match outcome {
        Outcome::Answered {
            status, excerpt, ..
        } => (Some(i32::from(*status)), Some(rules::excerpt(excerpt))),
        Outcome::Failed { .. } => (None, None),
    };
    let (status, due_at) = match next {
        Next::Delivered => (Status::Delivered, None),
        Next::Again(pause) => (Status::Pending, Some(now + pause)),
        Next::GivenUp | Next::Gone => (Status::GivenUp, None),
    };
    let transaction = begin(&app.db).await?;
    let noted = webhook_delivery::Entity::update_many()
        .set(webhook_delivery::ActiveModel {
            status: Set(status),
            due_at: Set(due_at),
            lease: Set(None),
            leased_until: Set(None),
            attempted_at: Set(Some(now)),
            response_status: Set(response_status),
            milliseconds: Set(Some(i32::try_from(took.as_millis()).unwrap_or(i32::MAX))),
            excerpt: Set(excerpt),
            error: Set(rules::failure(outcome).map(|reason| rules::excerpt(&reason))),
            ..Default::default()
        })
        .filter(Column::Id.eq(claimed.id))
        .filter(Column::Lease.eq(claimed.lease.as_str()))
        .exec(&transaction)
        .await?;
    if noted.rows_affected == 1 {
        health(app, &transaction, &claimed.webhook_id, next, now).await?;
    }
    transaction.commit().await?;
    Ok(next)
}

/// Forgets deliveries that are older than the log goes back, and says how many.
///
/// # Errors
/// When the database fails.
pub async fn clean_up(app: &App) -> Result<u64, DbErr> {
    let kept = TimeDelta::days(app.config.webhook.keep_days.into());
    let gone = webhook_delivery::Entity::delete_many()
        .filter(Column::CreatedAt.lt(app.clock.now() - kept))
        .exec(&app.db)
        .await?;
    Ok(gone.rows_affected)
}

/// Deliveries that are due and that nobody is sending.
fn free(now: DateTime<Utc>) -> Condition {
    Condition::all()
        .add(Column::Status.eq(Status::Pending))
        .add(Column::DueAt.lte(now))
        .add(
            Condition::any()
                .add(Column::LeasedUntil.is_null())
                .add(Column::LeasedUntil.lte(now)),
        )
}

/// Longer than a request takes, by a clock that may run faster than the machine's.
fn lease_time(app: &App) -> TimeDelta {
    let seconds = Duration::from_secs(app.config.webhook.request_seconds + MARGIN);
    #[expect(clippy::cast_possible_truncation, reason = "saturates")]
    let milliseconds = (seconds.as_secs_f64() * app.clock.pace() * 1000.0) as i64;
    TimeDelta::milliseconds(milliseconds)
}

/// The secrets that sign for a webhook, the newest first; none when the newest is no longer the
/// one that its owner was shown.
async fn secrets(
    app: &App,
    webhook: &webhook::Model,
    now: DateTime<Utc>,
) -> Result<Option<Vec<Secret>>, DbErr> {
    let key = key(app).await?;
    let secret = Secret::derive(&key, &webhook.id, &webhook.salt);
    if secret.fingerprint() != webhook.fingerprint {
        return Ok(None);
    }
    let earlier = webhook.earlier_salt.as_ref();
    let earlier = earlier.filter(|_| webhook.earlier_until.is_some_and(|until| now < until));
    let earlier = earlier.map(|salt| Secret::derive(&key, &webhook.id, salt));
    Ok(Some(
        [Some(secret), earlier].into_iter().flatten().collect(),
    ))
}

/// Notes whether a webhook works, and disables one that has not for long.
async fn health<C: ConnectionTrait>(
    app: &App,
    transaction: &C,
    id: &str,
    next: Next,
    now: DateTime<Utc>,
) -> Result<(), DbErr> {
    use webhook::Column;
    let since = |at: Option<DateTime<Utc>>| webhook::ActiveModel {
        failing_since: Set(at),
        ..Default::default()
    };
    let this = webhook::Entity::update_many().filter(Column::Id.eq(id));
    match next {
        Next::Delivered => {
            this.set(since(None))
                .filter(Column::FailingSince.is_not_null())
                .exec(transaction)
                .await?;
        }
        Next::Gone => disable(transaction, id, "the receiver answered 410: gone").await?,
        Next::Again(_) | Next::GivenUp => {
            this.set(since(Some(now)))
                .filter(Column::FailingSince.is_null())
                .exec(transaction)
                .await?;
            let hours = app.config.webhook.disable_after_hours;
            let row = webhook::Entity::find_by_id(id).one(transaction).await?;
            let since = row.and_then(|row| row.failing_since);
            if since.is_some_and(|since| now - since >= TimeDelta::hours(hours.into())) {
                let why = format!("nothing was delivered for {hours} hours");
                disable(transaction, id, &why).await?;
            }
        }
    }
    Ok(())
}

async fn disable<C: ConnectionTrait>(db: &C, id: &str, why: &str) -> Result<(), DbErr> {
    tracing::warn!(webhook = id, why, "a webhook was disabled");
    webhook::Entity::update_many()
        .set(webhook::ActiveModel {
            enabled: Set(false),
            disabled_because: Set(Some(why.to_owned())),
            ..Default::default()
        })
        .filter(webhook::Column::Id.eq(id))
        .filter(webhook::Column::Enabled.eq(true))
        .exec(db)
        .await?;
    Ok(())
}
