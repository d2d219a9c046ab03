//! Subscriptions to a stream of events: how things stand first, then event after event, each
//! once. Who asks the same shares a room, where what an event means to them is worked out and
//! written once; the room reads on from where it stands when the bus says that there is more.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use async_graphql::{Response, ServerError, Value};
use bytes::Bytes;
use domain::{
    bus::Notice,
    event,
    feed::{self, Resumed},
};
use entities::event::Model as Event;
use futures::{
    Stream, StreamExt, future,
    stream::{self, BoxStream},
};
use sea_orm::DbErr;
use tokio::sync::broadcast::{self, error::RecvError};

use super::{
    Server,
    answers::Answer,
    execution::{Operation, database_failed},
    feeds::{Piece, Sign, failed},
    rate_limit::Left,
};
use crate::{
    error::Code,
    graphql::feed::{Change, Run, Topic},
};

/// A room is looked after at least so often; an empty one is closed then, and not at once, for
/// somebody who comes back.
const LINGER: Duration = Duration::from_secs(5);

/// What depends on the time of day may be so old for those who join.
const FRESH: Duration = Duration::from_secs(1);

/// Events that are read at once.
const BATCH: u64 = 100;

/// How long those in a room may keep it from telling more, once they are behind, and how often it
/// looks whether they still are.
const PATIENCE: Duration = Duration::from_secs(1);
const PACE: Duration = Duration::from_millis(2);

/// A written answer.
#[derive(Debug, Clone)]
struct Written {
    payload: Bytes,
    /// What is followed is not there any more for who asks, so nothing comes after it.
    last: bool,
}

/// A written answer and the sequence of the event that it tells of.
#[derive(Debug, Clone)]
struct Told {
    sequence: i64,
    written: Written,
}

/// A subscriber has fallen too far behind.
struct TooSlow;

/// What a subscriber is told next.
type News = Result<Written, TooSlow>;

struct Room {
    news: broadcast::Sender<Told>,
    /// All up to here was told.
    cursor: Mutex<i64>,
    /// How things stand, for those who join together.
    present: tokio::sync::Mutex<Option<(Instant, i64, Option<Written>)>>,
}

impl Room {
    fn cursor(&self) -> MutexGuard<'_, i64> {
        self.cursor.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What is told from now on, and up to where was told before. Under the lock under which it
    /// is told, so that nothing falls between and nothing is told twice.
    fn enter(&self) -> (broadcast::Receiver<Told>, i64) {
        let cursor = self.cursor();
        (self.news.subscribe(), *cursor)
    }

    /// Tells an event, if it means anything to those who ask.
    fn tell(&self, sequence: i64, written: Option<Written>) {
        let mut cursor = self.cursor();
        *cursor = sequence;
        if let Some(written) = written {
            // All may have left meanwhile.
            let _ = self.news.send(Told { sequence, written });
        }
    }

    /// Passes over events that nobody is here to be told of; says whether that is so.
    fn skip(&self, until: i64) -> bool {
        let mut cursor = self.cursor();
        let empty = self.news.receiver_count() == 0;
        if empty {
            *cursor = until;
        }
        empty
    }
}

/// All rooms of a process.
#[derive(Default)]
pub struct Changes(Mutex<HashMap<Sign, Arc<Room>>>);

impl Changes {
    fn rooms(&self) -> MutexGuard<'_, HashMap<Sign, Arc<Room>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Closes a room that nobody is in; joining takes the same lock, so nobody slips in.
    fn close_if_empty(&self, sign: &Sign, room: &Room) -> bool {
        let mut rooms = self.rooms();
        let empty = room.news.receiver_count() == 0;
        if empty {
            rooms.remove(sign);
        }
        empty
    }
}

impl Server {
    /// Follows a stream of events: how things stand, or what follows `after`, then every event.
    pub(super) async fn follow_changes(
        &self,
        operation: Operation,
        topic: &Topic,
    ) -> BoxStream<'static, Piece> {
        let head = match self.head(&topic.stream).await {
            Ok(head) => head,
            Err(error) => return failed(vec![database_failed(&error)]),
        };
        let (room, news, cursor) = self.enter_changes(&operation, topic, head);
        match self.begin(&room, operation, topic, cursor).await {
            Ok((first, since)) => to_the_last(first.chain(follow(news, since)).boxed()),
            Err(errors) => failed(errors),
        }
    }

    /// Enters the room of a question: what is told from now on, and up to where was told before.
    fn enter_changes(
        &self,
        operation: &Operation,
        topic: &Topic,
        head: i64,
    ) -> (Arc<Room>, broadcast::Receiver<Told>, i64) {
        let sign = Sign::of(operation);
        let mut rooms = self.changes.rooms();
        if let Some(room) = rooms.get(&sign) {
            let (news, cursor) = room.enter();
            return (Arc::clone(room), news, cursor);
        }
        let room = Arc::new(Room {
            news: broadcast::Sender::new(self.queue()),
            cursor: Mutex::new(head),
            present: tokio::sync::Mutex::default(),
        });
        let (news, cursor) = room.enter();
        rooms.insert(sign.clone(), Arc::clone(&room));
        let telling = Teller {
            notices: self.app.bus.listen(),
            server: self.clone(),
            sign,
            room: Arc::clone(&room),
            operation: operation.clone(),
            topic: topic.clone(),
            behind_since: None,
        };
        tokio::spawn(telling.run());
        (room, news, cursor)
    }

    /// What somebody who joins gets first, and the sequence from which on news follow.
    async fn begin(
        &self,
        room: &Room,
        operation: Operation,
        topic: &Topic,
        cursor: i64,
    ) -> Result<(BoxStream<'static, News>, i64), Vec<ServerError>> {
        let broken = |error: DbErr| vec![database_failed(&error)];
        let just = |written: Option<Written>| stream::iter(written.map(Ok)).boxed();
        let Some(after) = topic.after else {
            return Ok((just(self.present(room, operation, cursor).await), cursor));
        };
        if after > cursor && after <= self.stored(&topic.stream).await.map_err(broken)? {
            // It has what this room is still to be told.
            return Ok((just(None), after));
        }
        let resumed = feed::resume(&self.app, &topic.stream, &topic.interest, after, cursor);
        match resumed.await.map_err(broken)? {
            Resumed::Events(events) => {
                let backlog = self.backlog(operation, events).await?;
                Ok((backlog, cursor))
            }
            Resumed::Gap(missed) => {
                let anew = Change {
                    sequence: cursor,
                    event: None,
                    gap: Some(missed),
                };
                Ok((just(self.change(operation, anew).await), cursor))
            }
        }
    }

    /// Events that somebody has missed. Each is worked out for it alone, and so costs it.
    async fn backlog(
        &self,
        operation: Operation,
        events: Vec<Event>,
    ) -> Result<BoxStream<'static, News>, Vec<ServerError>> {
        let more = u64::try_from(events.len().saturating_sub(1)).unwrap_or(u64::MAX);
        let cost = operation.cost.saturating_mul(more);
        if cost > 0 {
            let (client, viewer) = (operation.client, operation.viewer);
            let left = &mut Left::default();
            let granted = self.limits.cost(client, viewer, cost, left).await;
            granted.map_err(|refusal| refusal.errors)?;
        }
        let server = self.clone();
        let told = stream::iter(events).then(move |event| {
            let (server, operation) = (server.clone(), operation.clone());
            async move { server.change(operation, Change::of(event)).await }
        });
        let told = told.filter_map(|written| future::ready(written.map(Ok)));
        Ok(told.boxed())
    }

    /// How things stand. One of those who join together works it out.
    async fn present(&self, room: &Room, operation: Operation, sequence: i64) -> Option<Written> {
        let mut present = room.present.lock().await;
        if let Some((when, known, written)) = present.as_ref()
            && *known == sequence
            && when.elapsed() < FRESH
        {
            return written.clone();
        }
        let stands = Change {
            sequence,
            event: None,
            gap: None,
        };
        let written = self.change(operation, stands).await;
        *present = Some((Instant::now(), sequence, written.clone()));
        written
    }

    /// What a change means to those who ask.
    async fn change(&self, operation: Operation, change: Change) -> Option<Written> {
        let (cost, viewer) = (operation.cost, operation.viewer);
        let response = self.moment(operation, Run::Change(change)).await?;
        let answer = Answer::new(&response, cost, viewer);
        Some(Written {
            payload: answer.body.plain().clone(),
            last: is_gone(&response),
        })
    }

    /// How far a stream has got, as far as this process has heard.
    async fn head(&self, stream: &str) -> Result<i64, DbErr> {
        match self.app.bus.head(stream) {
            Some(head) => Ok(head),
            None => self.stored(stream).await,
        }
    }

    async fn stored(&self, stream: &str) -> Result<i64, DbErr> {
        event::last_sequence(&self.app.db, stream).await
    }

    fn queue(&self) -> usize {
        self.app.config.websocket.queue.max(1)
    }
}

/// Reads on for all in a room.
struct Teller {
    server: Server,
    sign: Sign,
    room: Arc<Room>,
    operation: Operation,
    topic: Topic,
    notices: broadcast::Receiver<Notice>,
    /// Since when somebody has been far behind.
    behind_since: Option<Instant>,
}

impl Teller {
    /// Tells what happens, until nobody is there.
    async fn run(mut self) {
        loop {
            if let Err(error) = self.tell().await {
                tracing::warn!(%error, "events cannot be read; trying again");
            }
            // Without news it is looked all the same: after a database that did not answer, too.
            let _ = tokio::time::timeout(LINGER, self.notice()).await;
            if self.server.changes.close_if_empty(&self.sign, &self.room) {
                return;
            }
        }
    }

    /// Tells all that has happened by now.
    async fn tell(&mut self) -> Result<(), DbErr> {
        let Topic {
            stream, interest, ..
        } = self.topic.clone();
        let until = self.server.head(&stream).await?;
        loop {
            let cursor = *self.room.cursor();
            if until <= cursor || self.room.skip(until) {
                return Ok(());
            }
            let db = &self.server.app.db;
            let events = feed::between(db, &stream, &interest, cursor, until, BATCH).await?;
            let rest = u64::try_from(events.len()).is_ok_and(|count| count < BATCH);
            for event in events {
                self.keep_pace().await;
                let change = Change::of(event);
                let sequence = change.sequence;
                let written = self.server.change(self.operation.clone(), change).await;
                self.room.tell(sequence, written);
            }
            if rest {
                self.room.tell(until, None);
            }
        }
    }

    /// Waits a little for those who are behind: of many events at once only those shall be lost who
    /// do not read. Who does not holds up the others once, not at every event.
    async fn keep_pace(&mut self) {
        let far = self.server.queue() / 2;
        while self.room.news.len() > far {
            let since = self.behind_since.get_or_insert_with(Instant::now);
            if since.elapsed() > PATIENCE {
                return;
            }
            tokio::time::sleep(PACE).await;
        }
        self.behind_since = None;
    }

    /// Waits until there may be more.
    async fn notice(&mut self) {
        loop {
            match self.notices.recv().await {
                Ok(notice) if *notice.stream == *self.topic.stream => return,
                Ok(_) => {}
                Err(RecvError::Lagged(_)) => return,
                Err(RecvError::Closed) => future::pending().await,
            }
        }
    }
}

/// Whether the field that subscribes finds nothing to follow.
fn is_gone(response: &Response) -> bool {
    response.errors.iter().any(|error| {
        let code = error.extensions.as_ref();
        let code = code.and_then(|extensions| extensions.get("code"));
        let not_found = Value::from(Code::NotFound.text());
        error.path.len() == 1 && code == Some(&not_found)
    })
}

/// The answers as a subscriber gets them; the last one ends them.
fn to_the_last(news: BoxStream<'static, News>) -> BoxStream<'static, Piece> {
    let next = |news: Option<BoxStream<'static, News>>| async move {
        let mut news = news?;
        let written = news.next().await?;
        Some(match written {
            Ok(written) => {
                let rest = (!written.last).then_some(news);
                (Piece::Payload(written.payload), rest)
            }
            Err(TooSlow) => (Piece::TooSlow, None),
        })
    };
    stream::unfold(Some(news), next).boxed()
}

/// News after a sequence, each once.
fn follow(
    news: broadcast::Receiver<Told>,
    since: i64,
) -> impl Stream<Item = News> + Send + 'static {
    stream::unfold(Some((news, since)), async |state| {
        let (mut news, since) = state?;
        loop {
            match news.recv().await {
                Ok(told) if told.sequence > since => {
                    let sequence = told.sequence;
                    return Some((Ok(told.written), Some((news, sequence))));
                }
                Ok(_) => {}
                Err(RecvError::Lagged(_)) => return Some((Err(TooSlow), None)),
                Err(RecvError::Closed) => return None,
            }
        }
    })
}

#[cfg(test)]
mod tests {
    use async_graphql::PathSegment;

    use super::*;

    #[tokio::test]
    async fn nothing_follows_the_last_answer() {
        let written = |last| {
            Ok(Written {
                payload: Bytes::new(),
                last,
            })
        };
        let news = stream::iter([written(false), written(true), written(false)]);
        let pieces: Vec<Piece> = to_the_last(news.boxed()).collect().await;
        assert_eq!(pieces.len(), 2);
    }

    #[test]
    fn only_what_cannot_be_found_at_the_root_is_gone() {
        let failed = |code: Code, path: usize| {
            let mut error = ServerError::new("no", None);
            let extensions = error.extensions.get_or_insert_default();
            extensions.set("code", code.text());
            error.path = vec![PathSegment::Index(0); path];
            is_gone(&Response::from_errors(vec![error]))
        };
        assert!(failed(Code::NotFound, 1));
        assert!(!failed(Code::NotFound, 2));
        assert!(!failed(Code::Unavailable, 1));
    }
}
