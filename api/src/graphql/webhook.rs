//! Webhooks: addresses that are told of events. For administrators, until there are accounts.

use async_graphql::{Context, Enum, ID, Object};
use chrono::{DateTime, Utc};
use domain::webhook::{self, Change, Kind, Registered};
use entities::{webhook as webhook_row, webhook_delivery};

use super::{
    app,
    directive::{ListOf, SlicedList},
    node::{id, reference_of},
    scalars::Duration,
    viewer::admin_only,
};
use crate::error::{Result, bad_input, from_database, from_domain};

/// What a webhook is told of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(remote = "Kind")]
pub enum WebhookType {
    /// A race was added, or something about it changed: `race.updated`.
    RaceUpdated,
    /// A race or its sprint has got results, or other ones than before: `results.published`.
    ResultsPublished,
    /// The standings of a season were computed anew, since results changed: `standings.changed`.
    StandingsChanged,
    /// An engine has said something new before a race: `forecast.published`, for each engine and
    /// stage, of the race and of qualifying.
    ForecastPublished,
    /// A user was told something: `notification`, with who it is for and its sentence, for a service
    /// that sends to phones.
    Notification,
}

/// Where a delivery stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(remote = "webhook_delivery::Status")]
pub enum WebhookDeliveryStatus {
    /// To be sent, for the first time or again.
    Pending,
    /// The receiver said that it has it, with a status from 200 to 299.
    Delivered,
    /// Tried often enough.
    GivenUp,
}

pub struct Webhook(pub webhook_row::Model);

/// An address that is told of events. What is sent follows the Standard Webhooks specification:
/// the headers `webhook-id`, `webhook-timestamp` and `webhook-signature`, and a body of `type`,
/// `timestamp` and `data` with ids only, of a notification its kind and message too. Receivers may get something twice, and know it by its id.
#[Object(cache_control(private))]
impl Webhook {
    /// `Webhook:` and a UUID.
    pub async fn id(&self) -> ID {
        id("Webhook", &self.0.id)
    }

    async fn url(&self) -> &str {
        &self.0.url
    }

    /// What it is for, in the words of who registered it; may be empty.
    async fn description(&self) -> &str {
        &self.0.description
    }

    /// What it is told of.
    async fn types(&self) -> Vec<WebhookType> {
        let names = self.0.types.split(' ');
        names.filter_map(Kind::named).map(Into::into).collect()
    }

    /// Whether anything is sent to it.
    async fn enabled(&self) -> bool {
        self.0.enabled
    }

    /// Why it was disabled, when nobody asked for it: it failed for long, or said that it is gone.
    async fn disabled_because(&self) -> Option<&str> {
        self.0.disabled_because.as_deref()
    }

    /// The first failure since the last success.
    async fn failing_since(&self) -> Option<DateTime<Utc>> {
        self.0.failing_since
    }

    /// Until when the secret from before the last rotation signs too; null when it does not.
    async fn earlier_secret_until(&self, ctx: &Context<'_>) -> Option<DateTime<Utc>> {
        let until = self.0.earlier_until?;
        (app(ctx).clock.now() < until).then_some(until)
    }

    async fn created_at(&self) -> DateTime<Utc> {
        self.0.created_at
    }

    /// What was and will be sent to it, the newest first; at most 100.
    #[graphql(directive = SlicedList::apply(20, "first"))]
    async fn deliveries(
        &self,
        ctx: &Context<'_>,
        #[graphql(default = 20)] first: i32,
    ) -> Result<Vec<WebhookDelivery>> {
        let first = u64::try_from(first).ok().filter(|first| *first <= 100);
        let first = first.ok_or_else(|| bad_input("`first` is a number from 0 to 100"))?;
        let rows = webhook::deliveries(app(ctx), &self.0.id, first).await;
        let rows = rows.map_err(|error| from_database(&error))?;
        Ok(rows.into_iter().map(WebhookDelivery).collect())
    }
}

pub struct WebhookDelivery(webhook_delivery::Model);

/// Something that was or will be sent to a webhook, and how the latest try went.
#[Object(cache_control(private))]
impl WebhookDelivery {
    /// What receivers know it by, the header `webhook-id`: the same for every try.
    async fn id(&self) -> ID {
        ID(self.0.message.clone())
    }

    /// What it tells of; null when it was only to try the webhook out.
    #[graphql(name = "type")]
    async fn kind(&self) -> Option<WebhookType> {
        Kind::named(&self.0.kind).map(Into::into)
    }

    async fn status(&self) -> WebhookDeliveryStatus {
        self.0.status.into()
    }

    /// Tries so far.
    async fn attempts(&self) -> i32 {
        self.0.attempts
    }

    async fn created_at(&self) -> DateTime<Utc> {
        self.0.created_at
    }

    /// When it is sent next; null when it is done with.
    async fn due_at(&self) -> Option<DateTime<Utc>> {
        self.0.due_at
    }

    /// End of the latest try.
    async fn attempted_at(&self) -> Option<DateTime<Utc>> {
        self.0.attempted_at
    }

    /// How long the latest try took.
    async fn duration(&self) -> Option<Duration> {
        self.0.milliseconds.map(Duration)
    }

    /// HTTP status of the latest answer; null when there was none.
    async fn response_status(&self) -> Option<i32> {
        self.0.response_status
    }

    /// The first 500 characters of the latest answer.
    async fn response_excerpt(&self) -> Option<&str> {
        self.0.excerpt.as_deref()
    }

    /// Why the latest try failed.
    async fn error(&self) -> Option<&str> {
        self.0.error.as_deref()
    }

    /// What is sent, JSON.
    async fn body(&self) -> &str {
        &self.0.body
    }
}

pub struct WebhookSecret(Registered);

/// A webhook and its secret.
#[Object(cache_control(private))]
impl WebhookSecret {
    /// The webhook that it signs for.
    async fn webhook(&self) -> Webhook {
        Webhook(self.0.webhook.clone())
    }

    /// `whsec_` and the key in base64. It is shown now and never again.
    async fn secret(&self) -> String {
        self.0.secret.spelled()
    }
}

#[derive(Default)]
pub struct WebhookQuery;

#[Object(cache_control(max_age = 3600))]
impl WebhookQuery {
    /// All webhooks, the oldest first. For administrators.
    #[graphql(directive = ListOf::apply(25))]
    async fn webhooks(&self, ctx: &Context<'_>) -> Result<Vec<Webhook>> {
        admin_only(ctx)?;
        let all = webhook::list(app(ctx)).await.map_err(from_domain)?;
        Ok(all.into_iter().map(Webhook).collect())
    }

    /// A webhook; null when there is none. For administrators.
    async fn webhook(&self, ctx: &Context<'_>, id: ID) -> Option<Result<Webhook>> {
        match found(ctx, &id).await {
            Ok(row) => row.map(Webhook).map(Ok),
            Err(error) => Some(Err(error)),
        }
    }
}

async fn found(ctx: &Context<'_>, id: &ID) -> Result<Option<webhook_row::Model>> {
    admin_only(ctx)?;
    match webhook::find(app(ctx), reference_of("Webhook", id)?).await {
        Ok(row) => Ok(Some(row)),
        Err(domain::error::Error::NotFound(_)) => Ok(None),
        Err(error) => Err(from_domain(error)),
    }
}

#[derive(Default)]
pub struct WebhookMutation;

#[Object(cache_control(max_age = 0))]
impl WebhookMutation {
    /// Registers an address that is told of what happens from now on, and shows its secret, this
    /// once. For administrators.
    async fn create_webhook(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "`https://…`, on the public internet.")] url: String,
        types: Vec<WebhookType>,
        #[graphql(default)] description: String,
    ) -> Result<WebhookSecret> {
        admin_only(ctx)?;
        let kinds: Vec<Kind> = types.into_iter().map(Into::into).collect();
        let registered = webhook::register(app(ctx), &url, &kinds, &description).await;
        registered.map(WebhookSecret).map_err(from_domain)
    }

    /// Changes what is given and leaves the rest. A webhook that is enabled again is told of what
    /// happens from then on. For administrators.
    async fn update_webhook(
        &self,
        ctx: &Context<'_>,
        id: ID,
        url: Option<String>,
        types: Option<Vec<WebhookType>>,
        description: Option<String>,
        enabled: Option<bool>,
    ) -> Result<Webhook> {
        admin_only(ctx)?;
        let change = Change {
            url,
            kinds: types.map(|types| types.into_iter().map(Into::into).collect()),
            description,
            enabled,
        };
        let id = reference_of("Webhook", &id)?;
        let changed = webhook::change(app(ctx), id, change).await;
        changed.map(Webhook).map_err(from_domain)
    }

    /// Forgets a webhook and all that was sent to it, and gives its id. For administrators.
    async fn delete_webhook(&self, ctx: &Context<'_>, id: ID) -> Result<ID> {
        admin_only(ctx)?;
        let removed = webhook::remove(app(ctx), reference_of("Webhook", &id)?).await;
        removed.map(|()| id).map_err(from_domain)
    }

    /// Gives a webhook another secret and shows it, this once. For a day the one before signs
    /// beside it. For administrators.
    async fn rotate_webhook_secret(&self, ctx: &Context<'_>, id: ID) -> Result<WebhookSecret> {
        admin_only(ctx)?;
        let rotated = webhook::rotate(app(ctx), reference_of("Webhook", &id)?).await;
        rotated.map(WebhookSecret).map_err(from_domain)
    }

    /// Has something of the type `ping` sent, to try a webhook out; how it went is in its log of
    /// deliveries. For administrators.
    async fn ping_webhook(&self, ctx: &Context<'_>, id: ID) -> Result<WebhookDelivery> {
        admin_only(ctx)?;
        let pinged = webhook::ping(app(ctx), reference_of("Webhook", &id)?).await;
        pinged.map(WebhookDelivery).map_err(from_domain)
    }

    /// Has a delivery that is done with sent again, under the same id. For administrators.
    async fn redeliver_webhook(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The id of the delivery.")] delivery: ID,
    ) -> Result<WebhookDelivery> {
        admin_only(ctx)?;
        let again = webhook::redeliver(app(ctx), &delivery).await;
        again.map(WebhookDelivery).map_err(from_domain)
    }
}
