//! Subscriptions to races: how it stands first, then all that happens, each sequence once. Who asks
//! the same shares a room, where each stretch of events is worked out and written once; the room
//! reads on when the bus says that there is more, when more is due, and until the race is over.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use async_graphql::ServerError;
use bytes::Bytes;
use chrono::TimeDelta;
use domain::{
    bus::Notice,
    live::follow::{self, Head},
};
use futures::{
    StreamExt,
    stream::{self, BoxStream},
};
use tokio::sync::broadcast::{self, error::RecvError};

use super::{
    Server,
    answers::Answer,
    execution::Operation,
    feeds::{Piece, Sign},
};
use crate::{
    error::from_domain,
    graphql::feed::{Course, Run, Stretch, Topic},
};

/// A room is looked after at least so often, so that an empty one is noticed.
const LOOK: Duration = Duration::from_secs(5);

/// What was between two sequences, written.
#[derive(Debug, Clone)]
struct Told {
    from: i64,
    to: i64,
    /// It says only that nothing follows.
    end: bool,
    payload: Bytes,
}

struct Room {
    state: Mutex<State>,
    /// How the race stands, for those who join together.
    present: tokio::sync::Mutex<Option<(i64, Option<Bytes>)>>,
}

struct State {
    /// Closed when the race is over.
    news: Option<broadcast::Sender<Told>>,
    /// All up to here was told; none before the first look.
    cursor: i64,
}

impl Room {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// All rooms of a process.
#[derive(Default)]
pub struct Stretches(Mutex<HashMap<Sign, Arc<Room>>>);

impl Stretches {
    fn rooms(&self) -> MutexGuard<'_, HashMap<Sign, Arc<Room>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Closes a room that nobody is in; joining takes the same lock, so nobody slips in.
    fn close_if_empty(&self, sign: &Sign, room: &Room) -> bool {
        let mut rooms = self.rooms();
        let news = room
            .state()
            .news
            .as_ref()
            .map(broadcast::Sender::receiver_count);
        let empty = news.unwrap_or(0) == 0;
        if empty {
            rooms.remove(sign);
        }
        empty
    }

    /// Closes a room whose race is over: those in it are told what they have not read yet.
    fn close(&self, sign: &Sign, room: &Room) {
        self.rooms().remove(sign);
        room.state().news = None;
    }
}

impl Server {
    /// Follows a race.
    pub(super) async fn follow_race(
        &self,
        operation: Operation,
        topic: &Topic,
        course: Course,
    ) -> BoxStream<'static, Piece> {
        let failed = |errors| stream::iter([Piece::Failed(errors)]).boxed();
        let head = match self.race_head(&course).await {
            Ok(head) => head,
            Err(errors) => return failed(errors),
        };
        let (room, news, cursor) = self.enter_race(&operation, topic, &course, head);
        let (first, since) = match self.first(&room, &operation, topic, &course, cursor).await {
            Ok(first) => first,
            Err(errors) => return failed(errors),
        };
        let follower = Follower {
            server: self.clone(),
            operation,
            news,
            since,
        };
        stream::iter(first.map(Piece::Payload))
            .chain(stream::unfold(Some(follower), Follower::next))
            .boxed()
    }

    async fn race_head(&self, course: &Course) -> Result<Head, Vec<ServerError>> {
        let head = follow::head(&self.app, &course.source, course.delay).await;
        head.map_err(|error| vec![refused(error)])
    }

    /// Enters the room of a question: what is told from now on, and what was told before.
    fn enter_race(
        &self,
        operation: &Operation,
        topic: &Topic,
        course: &Course,
        head: Head,
    ) -> (Arc<Room>, broadcast::Receiver<Told>, i64) {
        let sign = Sign::of(operation);
        let mut rooms = self.stretches.rooms();
        if let Some(room) = rooms.get(&sign) {
            let state = room.state();
            if let Some(news) = &state.news {
                return (Arc::clone(room), news.subscribe(), state.cursor);
            }
        }
        let (news, first) = broadcast::channel(self.app.config.websocket.queue.max(1));
        let room = Arc::new(Room {
            state: Mutex::new(State {
                news: Some(news),
                cursor: head.sequence,
            }),
            present: tokio::sync::Mutex::default(),
        });
        rooms.insert(sign.clone(), Arc::clone(&room));
        let notices = self.app.bus.listen();
        let telling = Teller {
            server: self.clone(),
            sign,
            room: Arc::clone(&room),
            operation: operation.clone(),
            stream: topic.stream.clone(),
            course: course.clone(),
            notices,
            over: head.ended,
        };
        tokio::spawn(telling.run());
        (room, first, head.sequence)
    }

    /// What somebody who joins gets first, and the sequence from which on news follow.
    async fn first(
        &self,
        room: &Room,
        operation: &Operation,
        topic: &Topic,
        course: &Course,
        cursor: i64,
    ) -> Result<(Option<Bytes>, i64), Vec<ServerError>> {
        let Some(after) = topic.after else {
            // One of those who join together works it out.
            let mut present = room.present.lock().await;
            if let Some((sequence, payload)) = present.as_ref()
                && *sequence == cursor
            {
                return Ok((payload.clone(), cursor));
            }
            let payload = self.stretch(operation.clone(), None, cursor).await;
            *present = Some((cursor, payload.clone()));
            return Ok((payload, cursor));
        };
        if after > cursor {
            let undelayed = Course {
                delay: TimeDelta::zero(),
                ..course.clone()
            };
            if after <= self.race_head(&undelayed).await?.sequence {
                // It has what this room is still to be told.
                return Ok((None, after));
            }
        }
        let payload = self.stretch(operation.clone(), Some(after), cursor).await;
        Ok((payload, cursor))
    }

    /// What a stretch means to those who ask; none when it holds nothing for them.
    async fn stretch(&self, operation: Operation, after: Option<i64>, until: i64) -> Option<Bytes> {
        let (cost, viewer) = (operation.cost, operation.viewer);
        let run = Run::Stretch(Stretch { after, until });
        let response = self.moment(operation, run).await?;
        Some(Answer::new(&response, cost, viewer).body.plain().clone())
    }
}

/// Reads on for all in a room.
struct Teller {
    server: Server,
    sign: Sign,
    room: Arc<Room>,
    operation: Operation,
    stream: String,
    course: Course,
    notices: broadcast::Receiver<Notice>,
    /// It was over already when the first joined, who is told so with what it gets first.
    over: bool,
}

impl Teller {
    async fn run(mut self) {
        loop {
            let (app, course) = (&self.server.app, &self.course);
            let head = match follow::head(app, &course.source, course.delay).await {
                Ok(head) => head,
                Err(domain::error::Error::NotFound(_)) => break,
                Err(error) => {
                    tracing::warn!(%error, "a race cannot be followed; trying again");
                    if self.server.stretches.close_if_empty(&self.sign, &self.room) {
                        break;
                    }
                    tokio::time::sleep(LOOK).await;
                    continue;
                }
            };
            self.tell(head.sequence, head.ended && !self.over).await;
            if head.ended || self.server.stretches.close_if_empty(&self.sign, &self.room) {
                break;
            }
            self.wait(head.next).await;
        }
        self.server.stretches.close(&self.sign, &self.room);
    }

    /// Tells all up to a sequence, and that it is over, even if nothing else has happened.
    async fn tell(&self, to: i64, over: bool) {
        let from = self.room.state().cursor;
        let end = over && to == from;
        if to <= from && !end {
            return;
        }
        let operation = self.operation.clone();
        let payload = self.server.stretch(operation, Some(from), to).await;
        // Who joins sees the cursor before or after, and the news the other way round.
        let mut state = self.room.state();
        state.cursor = to;
        if let (Some(payload), Some(news)) = (payload, &state.news) {
            // All may have left meanwhile.
            let _ = news.send(Told {
                from,
                to,
                end,
                payload,
            });
        }
    }

    /// Waits until there may be more.
    async fn wait(&mut self, next: Option<TimeDelta>) {
        let clock = self.server.app.clock.clone();
        let due = async {
            match next {
                Some(next) => clock.sleep(next).await,
                None => std::future::pending().await,
            }
        };
        let noticed = async {
            loop {
                match self.notices.recv().await {
                    Ok(notice) if *notice.stream == *self.stream => return,
                    Ok(_) => {}
                    Err(RecvError::Lagged(_)) => return,
                    Err(RecvError::Closed) => std::future::pending().await,
                }
            }
        };
        tokio::select! {
            () = due => {}
            () = noticed => {}
            () = tokio::time::sleep(LOOK) => {}
        }
    }
}

/// One who follows a race.
struct Follower {
    server: Server,
    operation: Operation,
    news: broadcast::Receiver<Told>,
    /// All up to here was told.
    since: i64,
}

impl Follower {
    async fn next(state: Option<Self>) -> Option<(Piece, Option<Self>)> {
        let mut follower = state?;
        loop {
            let told = match follower.news.recv().await {
                Ok(told) if told.to > follower.since => told,
                Ok(told) if told.end && told.to == follower.since => told,
                Ok(_) => continue,
                Err(RecvError::Lagged(_)) => return Some((Piece::TooSlow, None)),
                Err(RecvError::Closed) => return None,
            };
            let since = std::mem::replace(&mut follower.since, told.to);
            if told.from >= since {
                return Some((Piece::Payload(told.payload), Some(follower)));
            }
            // It has some of these already.
            let operation = follower.operation.clone();
            let rest = follower
                .server
                .stretch(operation, Some(since), told.to)
                .await;
            if let Some(payload) = rest {
                return Some((Piece::Payload(payload), Some(follower)));
            }
        }
    }
}

fn refused(error: domain::error::Error) -> ServerError {
    from_domain(error).into_server_error(async_graphql::Pos::default())
}
