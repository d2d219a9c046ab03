//! What those are told who follow a stream of events one by one: which of them they want, and
//! what becomes of who comes back after a while. Races that are being run have their own events
//! (`live/follow.rs`); what is missed of those is said in the same words.

use std::collections::HashMap;

use chrono::TimeDelta;
use entities::{
    event::{Column, Entity, Model},
    event_stream, webhook, webhook_cursor,
};
use sea_orm::{
    ColumnTrait, Condition, ConnectionTrait, DbErr, EntityTrait, QueryFilter, QueryOrder,
    QuerySelect, sea_query::LikeExpr,
};

use crate::{App, webhook::Kind};

/// Which events of a stream somebody wants: all, unless it says otherwise.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Interest {
    kind: Option<&'static str>,
    subject: Option<Subject>,
}

/// What an event is about.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Subject {
    Is(String),
    BeginsWith(String),
}

/// Events that a follower asked for and is not told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Missed {
    /// First and last of them.
    pub from: i64,
    pub to: i64,
    pub reason: Reason,
}

/// Why events are not told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reason {
    /// They are no longer kept one by one.
    Forgotten,
    /// They are too many to be told at once.
    TooMany,
    /// The replay has been moved.
    Moved,
    /// There never was such a sequence.
    Unknown,
}

/// What who comes back is told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Resumed {
    /// All that happened meanwhile, in order.
    Events(Vec<Model>),
    /// Not everything can be told, so it begins anew.
    Gap(Missed),
}

impl Interest {
    /// In events of one kind.
    #[must_use]
    pub fn in_kind(kind: &'static str) -> Self {
        Self {
            kind: Some(kind),
            subject: None,
        }
    }

    /// Only in what is about this: `Race:2024_monaco`.
    #[must_use]
    pub fn about(self, subject: impl Into<String>) -> Self {
        let subject = Some(Subject::Is(subject.into()));
        Self { subject, ..self }
    }

    /// Only in what is about a race of this season, which is what the ref of a race begins with.
    #[must_use]
    pub fn about_races_of(self, season: i32) -> Self {
        let subject = Some(Subject::BeginsWith(format!("Race:{season}_")));
        Self { subject, ..self }
    }

    fn condition(&self) -> Condition {
        let subject = self.subject.as_ref().map(|subject| match subject {
            Subject::Is(subject) => Column::Subject.eq(subject),
            Subject::BeginsWith(begin) => {
                let pattern = format!("{}%", begin.replace('_', "\\_"));
                Column::Subject.like(LikeExpr::new(pattern).escape('\\'))
            }
        });
        Condition::all()
            .add_option(self.kind.map(|kind| Column::Kind.eq(kind)))
            .add_option(subject)
    }
}

/// The events of interest after one sequence and up to another, in order; at most so many.
///
/// # Errors
/// When the database fails.
pub async fn between<C: ConnectionTrait>(
    db: &C,
    stream: &str,
    interest: &Interest,
    after: i64,
    until: i64,
    most: u64,
) -> Result<Vec<Model>, DbErr> {
    Entity::find()
        .filter(Column::Stream.eq(stream))
        .filter(Column::Sequence.gt(after))
        .filter(Column::Sequence.lte(until))
        .filter(interest.condition())
        .order_by_asc(Column::Sequence)
        .limit(most)
        .all(db)
        .await
}

/// What somebody is told who has been told all up to `after`, so that it has been told all up to
/// `until`.
///
/// # Errors
/// When the database fails.
pub async fn resume(
    app: &App,
    stream: &str,
    interest: &Interest,
    after: i64,
    until: i64,
) -> Result<Resumed, DbErr> {
    let after = after.max(0);
    let gap = |from, to, reason| Resumed::Gap(Missed { from, to, reason });
    if after > until {
        return Ok(gap(until + 1, after, Reason::Unknown));
    }
    if after < until && after + 1 < first_kept(&app.db, stream, until).await? {
        return Ok(gap(after + 1, until, Reason::Forgotten));
    }
    let most = app.config.events.resume_events;
    let events = between(&app.db, stream, interest, after, until, most + 1).await?;
    if u64::try_from(events.len()).unwrap_or(u64::MAX) > most {
        return Ok(gap(after + 1, until, Reason::TooMany));
    }
    Ok(Resumed::Events(events))
}

/// Sequence of the first event that is still kept; of the next to come when none is.
async fn first_kept<C: ConnectionTrait>(db: &C, stream: &str, last: i64) -> Result<i64, DbErr> {
    let first = Entity::find()
        .filter(Column::Stream.eq(stream))
        .order_by_asc(Column::Sequence)
        .one(db)
        .await?;
    Ok(first.map_or(last + 1, |first| first.sequence))
}

/// Forgets events older than `events.keep_days`, except those that a webhook is still to be told
/// of; who resumes from before is told of the gap. Says how many went. Running twice does what running once
/// does.
///
/// # Errors
/// When the database fails; what was forgotten before stays so.
pub async fn clean_up(app: &App) -> Result<u64, DbErr> {
    let before = app.clock.now() - TimeDelta::days(app.config.events.keep_days);
    let awaited = awaited(app).await?;
    let mut gone = 0;
    for stream in event_stream::Entity::find().all(&app.db).await? {
        let of_stream = || Entity::find().filter(Column::Stream.eq(&stream.stream));
        // Clocks of processes differ a little, and no event between two may be missing.
        let young = of_stream()
            .filter(Column::CreatedAt.gte(before))
            .order_by_asc(Column::Sequence)
            .one(&app.db)
            .await?;
        let last = young.map_or(stream.last_sequence, |young| young.sequence - 1);
        let told = awaited.get(&stream.stream).copied().unwrap_or(last);
        let deleted = Entity::delete_many()
            .filter(Column::Stream.eq(&stream.stream))
            .filter(Column::Sequence.lte(last.min(told)))
            .exec(&app.db)
            .await?;
        gone += deleted.rows_affected;
    }
    Ok(gone)
}

/// How far the slowest webhook has read each stream.
async fn awaited(app: &App) -> Result<HashMap<String, i64>, DbErr> {
    let enabled = webhook::Entity::find().filter(webhook::Column::Enabled.eq(true));
    let enabled: Vec<_> = enabled.all(&app.db).await?;
    let cursors = webhook_cursor::Entity::find()
        .filter(webhook_cursor::Column::WebhookId.is_in(enabled.iter().map(|row| row.id.as_str())))
        .filter(webhook_cursor::Column::Stream.is_in(Kind::streams()))
        .all(&app.db)
        .await?;
    let mut slowest = HashMap::new();
    for cursor in cursors {
        let known = slowest.entry(cursor.stream).or_insert(cursor.sequence);
        *known = cursor.sequence.min(*known);
    }
    Ok(slowest)
}
