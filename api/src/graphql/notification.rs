//! What users are told. Nobody but its receiver is ever given a notification: to everybody else,
//! administrators too, it is as if there were none.

use std::sync::Arc;

use async_graphql::{Context, ID, Object, Subscription};
use chrono::{DateTime, Utc};
use domain::{
    auth::UserId,
    event,
    feed::Interest,
    notification::{self, NotificationId},
};
use entities::notification as row;
use futures::{Stream, StreamExt};
use sea_orm::sea_query::Expr;

use super::{
    app,
    connection::{self, Page, PageInput, SortValue, Sorting},
    draft::Draft,
    fantasy_team::FantasyTeam,
    feed::{self, Change},
    league::League,
    live::SequenceGap,
    node::{id, reference_of},
    race::Race,
    user::NotificationKind,
    viewer::{account_of, user_only},
};
use crate::{
    error::{Result, bad_input, from_database, from_domain},
    loaders::{Loaders, One},
};

pub struct Notification(One<row::Entity>);

/// Something that the sender was told. What it is about is null when the sender may not know of it
/// any more, having left a private league; the message stays.
#[Object(cache_control(private))]
impl Notification {
    /// `Notification:` and a UUID.
    pub async fn id(&self) -> ID {
        id("Notification", &self.0.reference)
    }

    async fn kind(&self) -> NotificationKind {
        self.0.kind.into()
    }

    /// A sentence for people.
    #[expect(clippy::unused_async, reason = "resolvers are async")]
    async fn message(&self) -> Result<String> {
        notification::message(&self.0).map_err(from_domain)
    }

    /// The league that it is about.
    async fn league(&self, ctx: &Context<'_>) -> Option<Result<League>> {
        League::known(ctx, self.0.league_id).await.transpose()
    }

    /// The draft that it is about.
    async fn draft(&self, ctx: &Context<'_>) -> Option<Result<Draft>> {
        self.known_draft(ctx).await.transpose()
    }

    /// The sender's team in the league.
    async fn team(&self, ctx: &Context<'_>) -> Option<Result<FantasyTeam>> {
        self.known_team(ctx).await.transpose()
    }

    /// The race that it is about.
    async fn race(&self, ctx: &Context<'_>) -> Result<Race> {
        Race::load(ctx, self.0.race_id).await
    }

    async fn created_at(&self) -> DateTime<Utc> {
        self.0.created_at
    }

    /// Whether the sender has read it.
    async fn read(&self) -> bool {
        self.0.read_at.is_some()
    }
}

impl Notification {
    /// From a row of the sender's own.
    #[must_use]
    pub fn new(row: row::Model) -> Self {
        Self(Arc::new(row))
    }

    /// The notification of a ref, if it is the sender's.
    ///
    /// # Errors
    /// `BAD_USER_INPUT` for what can be no id of a notification, or when the database fails.
    pub async fn find(ctx: &Context<'_>, reference: &str) -> Result<Option<Self>> {
        let id = parsed(reference)?;
        let Some(user) = account_of(ctx) else {
            return Ok(None);
        };
        let found = notification::find(app(ctx), user, id).await;
        let found = found.map_err(|error| from_database(&error))?;
        Ok(found.map(Self::new))
    }

    async fn known_draft(&self, ctx: &Context<'_>) -> Result<Option<Draft>> {
        if League::known(ctx, self.0.league_id).await?.is_none() {
            return Ok(None);
        }
        let drafts = Loaders::of(ctx).drafts.load(self.0.league_id);
        let drafts = drafts.await?.unwrap_or_default();
        let own = drafts
            .iter()
            .find(|draft| Some(draft.id) == self.0.draft_id);
        Ok(own.map(|draft| Draft::new((**draft).clone())))
    }

    async fn known_team(&self, ctx: &Context<'_>) -> Result<Option<FantasyTeam>> {
        if League::known(ctx, self.0.league_id).await?.is_none() {
            return Ok(None);
        }
        let teams = Loaders::of(ctx).fantasy_teams.load(self.0.league_id);
        let teams = teams.await?.unwrap_or_default();
        let own = teams.iter().find(|team| Some(team.id) == self.0.team_id);
        Ok(own.cloned().map(FantasyTeam))
    }
}

/// A page of what a user was told, the newest first; an empty one for nobody.
///
/// # Errors
/// `BAD_USER_INPUT` for paging arguments that cannot be used, or when the database fails.
pub async fn page(
    ctx: &Context<'_>,
    user: Option<UserId>,
    unread_only: bool,
    page: &PageInput,
) -> Result<Page<Notification>> {
    let user = user.map(|user| user.to_string()).unwrap_or_default();
    let select = if unread_only {
        row::Entity::unread_by(&user)
    } else {
        row::Entity::told_to(&user)
    };
    let sorting = Sorting {
        scope: format!("notifications/{user}/{unread_only}"),
        // Ids are given in the order in which things are told.
        by: Expr::col(row::Column::Id),
        key: Expr::col(row::Column::Id),
        descending: true,
        of: |row: &row::Model, _| (SortValue::Number(row.id.into()), row.id.into()),
        order: "told",
    };
    connection::page(ctx, select, sorting, page, Notification::new).await
}

/// How much a user has not read.
///
/// # Errors
/// When the database fails.
pub async fn unread(ctx: &Context<'_>, user: UserId) -> Result<u64> {
    let unread = notification::unread(app(ctx), user).await;
    unread.map_err(|error| from_database(&error))
}

fn parsed(reference: &str) -> Result<NotificationId> {
    let id = NotificationId::parse(reference);
    id.ok_or_else(|| bad_input(format!("{reference:?} is no id of a notification")))
}

/// The notification that an argument names.
fn notification_id(text: &str) -> Result<NotificationId> {
    parsed(reference_of("Notification", text)?)
}

pub struct NotificationReceived {
    change: Change,
    user: UserId,
}

/// What the sender is told now, or how things stand.
#[Object(cache_control(private))]
impl NotificationReceived {
    /// Give the last one as `after` to go on from there. What others are told has sequences too, so
    /// that some are not there.
    async fn sequence(&self) -> i64 {
        self.change.sequence
    }

    /// Set when notifications after `after` are left out: they are in `viewer { notifications }`.
    async fn gap(&self) -> Option<SequenceGap> {
        self.change.gap.map(SequenceGap)
    }

    /// What is told; null in the first of who does not resume, after a gap, and when it is no longer
    /// kept.
    async fn notification(&self, ctx: &Context<'_>) -> Option<Result<Notification>> {
        let sequence = self.change.event.as_ref()?.sequence;
        let told = notification::told_by(app(ctx), self.user, sequence).await;
        let told = told.map_err(|error| from_database(&error)).transpose()?;
        Some(told.map(Notification::new))
    }

    /// How many notifications the sender has not read.
    async fn unread(&self, ctx: &Context<'_>) -> Result<u64> {
        unread(ctx, self.user).await
    }
}

#[derive(Default)]
pub struct NotificationMutation;

#[Object(cache_control(max_age = 0))]
impl NotificationMutation {
    /// Notes that the sender has read a notification.
    async fn mark_notification_read(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "`Notification:` and a UUID.")] id: ID,
    ) -> Result<Notification> {
        let user = user_only(ctx)?;
        let id = notification_id(&id)?;
        let read = notification::mark_read(app(ctx), user, id).await;
        read.map(Notification::new).map_err(from_domain)
    }

    /// Notes that the sender has read all notifications, and gives how many of them were unread.
    async fn mark_all_notifications_read(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The newest that the sender has seen: later ones stay unread.")]
        until: Option<ID>,
    ) -> Result<u64> {
        let user = user_only(ctx)?;
        let until = until.map(|until| notification_id(&until)).transpose()?;
        let read = notification::mark_all_read(app(ctx), user, until).await;
        read.map_err(from_domain)
    }
}

#[derive(Default)]
pub struct NotificationSubscription;

#[Subscription]
impl NotificationSubscription {
    /// What the sender is told from now on, each once and in order; first, how many notifications are
    /// unread. With `after`, the sequence of the last one seen, instead what was told since. For
    /// users.
    #[expect(clippy::unused_async, reason = "resolvers are async")]
    async fn notification_received(
        &self,
        ctx: &Context<'_>,
        after: Option<i64>,
    ) -> Result<impl Stream<Item = NotificationReceived>> {
        let user = user_only(ctx)?;
        let interest = Interest::in_kind(event::NOTIFIED).about(format!("User:{user}"));
        let changes = feed::changes(ctx, event::NOTIFICATION, &interest, after);
        Ok(changes.map(move |change| NotificationReceived { change, user }))
    }
}
