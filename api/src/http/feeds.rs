//! Subscriptions as streams of payloads. Who asks the same (document, operation, variables
//! apart from where to resume, and sees the same) shares a room: what an event means to them is
//! worked out and written once. Each who joins gets the present first, then what follows it by
//! sequence, without a gap and without a doubled one.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, OnceLock, PoisonError},
    time::{Duration, Instant},
};

use async_graphql::{
    Name, ServerError, Variables,
    parser::types::{OperationType, Selection},
};
use async_graphql_value::Value;
use bytes::Bytes;
use domain::{bus::Notice, event};
use futures::{
    StreamExt,
    stream::{self, BoxStream},
};
use tokio::sync::broadcast::{self, error::RecvError};

use super::{
    Server,
    answers::Answer,
    documents::Hash,
    execution::{Operation, Prepared},
};
use crate::{
    graphql::feed::{Change, Run, Topic},
    viewer::Viewer,
};

/// An empty room is kept for somebody who comes back.
const LINGER: Duration = Duration::from_secs(5);

/// What depends on the time of day may be so old for those who join.
const FRESH: Duration = Duration::from_secs(1);

/// Events that who comes back is told one by one; who has missed more begins anew.
const MISSED: i64 = 1000;

/// What a subscriber gets.
#[derive(Debug, Clone)]
pub enum Piece {
    /// An answer.
    Payload(Bytes),
    /// The subscription cannot begin.
    Failed(Vec<ServerError>),
    /// The subscriber has fallen too far behind; it can come again and resume.
    TooSlow,
}

/// A written answer and the sequence that it stands for.
#[derive(Debug, Clone)]
struct Told {
    sequence: i64,
    payload: Bytes,
}

/// What tells rooms apart.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct Sign {
    document: Hash,
    operation: Option<String>,
    /// As JSON, without the one that says where to resume.
    variables: String,
    viewer: Viewer,
}

impl Sign {
    pub(super) fn of(operation: &Operation) -> Self {
        Self {
            document: operation.document.hash,
            operation: operation.name.clone(),
            variables: without_resumption(operation),
            viewer: operation.viewer,
        }
    }
}

struct Room {
    news: broadcast::Sender<Told>,
    /// The latest answer, for those who join before anything else happens.
    present: tokio::sync::Mutex<Option<(Instant, Told)>>,
}

/// All rooms of a process.
#[derive(Default)]
pub struct Feeds(Mutex<HashMap<Sign, Arc<Room>>>);

impl Feeds {
    /// Closes a room that nobody is in; joining takes the same lock, so nobody slips in.
    fn close_if_empty(&self, sign: &Sign, room: &Room) -> bool {
        let mut rooms = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let empty = room.news.receiver_count() == 0;
        if empty {
            rooms.remove(sign);
        }
        empty
    }
}

impl Server {
    /// What becomes of a request, where answers may be many: one of a query or mutation, all of
    /// a subscription.
    pub async fn pieces(&self, prepared: Prepared) -> BoxStream<'static, Piece> {
        let answer = match prepared {
            Prepared::Known(answer) => answer,
            Prepared::Ready(operation, _) if operation.kind == OperationType::Subscription => {
                return self.subscribe(*operation).await;
            }
            Prepared::Ready(operation, question) => self.answer(*operation, question).await,
        };
        stream::iter([Piece::Payload(answer.body.plain().clone())]).boxed()
    }

    /// Follows a subscription: the present, or what follows `after`, then every change.
    async fn subscribe(&self, operation: Operation) -> BoxStream<'static, Piece> {
        let failed = |errors| stream::iter([Piece::Failed(errors)]).boxed();
        let topic = match self.topic(&operation).await {
            Ok(topic) => topic,
            Err(errors) => return failed(errors),
        };
        if let Some(course) = topic.race.clone() {
            return self.follow_race(operation, &topic, course).await;
        }
        let head = match self.head(&topic.stream).await {
            Ok(head) => head,
            Err(errors) => return failed(errors),
        };
        // Entered before the present is read, so that nothing falls between the two.
        let (room, news) = self.enter(&operation, &topic, head);
        match self.present(&room, operation, &topic).await {
            Ok((first, since)) => {
                let first = first.into_iter().map(|told| Piece::Payload(told.payload));
                stream::iter(first).chain(follow(news, since)).boxed()
            }
            Err(errors) => failed(errors),
        }
    }

    /// Asks a subscription what it listens to.
    async fn topic(&self, operation: &Operation) -> Result<Topic, Vec<ServerError>> {
        let topic = Arc::new(OnceLock::new());
        let run = Run::Describe(Arc::clone(&topic));
        if let Some(response) = self.moment(operation.clone(), run).await {
            return Err(response.errors);
        }
        topic.get().cloned().ok_or_else(|| {
            let message = "the subscription does not say what it listens to";
            vec![ServerError::new(message, None)]
        })
    }

    fn enter(
        &self,
        operation: &Operation,
        topic: &Topic,
        head: i64,
    ) -> (Arc<Room>, broadcast::Receiver<Told>) {
        let sign = Sign::of(operation);
        let mut rooms = self.feeds.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(room) = rooms.get(&sign) {
            return (Arc::clone(room), room.news.subscribe());
        }
        let (news, first) = broadcast::channel(self.app.config.websocket.queue.max(1));
        let room = Arc::new(Room {
            news,
            present: tokio::sync::Mutex::default(),
        });
        rooms.insert(sign.clone(), Arc::clone(&room));
        let telling = self.clone().tell(
            sign,
            Arc::clone(&room),
            operation.clone(),
            (topic.clone(), head),
            self.app.bus.listen(),
        );
        tokio::spawn(telling);
        (room, first)
    }

    /// What somebody who joins gets first, and the sequence from which on news follow.
    async fn present(
        &self,
        room: &Room,
        operation: Operation,
        topic: &Topic,
    ) -> Result<(Vec<Told>, i64), Vec<ServerError>> {
        let head = self.head(&topic.stream).await?;
        if let Some(after) = topic.after
            && (after == head || after > head && after <= self.stored(&topic.stream).await?)
        {
            // Nothing has happened since, or nothing that this process has heard of yet.
            return Ok((Vec::new(), after));
        }
        if topic.each
            && let Some(after) = topic.after.map(|after| after.max(0))
            && (0..=MISSED).contains(&(head - after))
        {
            let mut missed = Vec::new();
            for sequence in after + 1..=head {
                let run = Run::Change(Change {
                    sequence,
                    event: Some(sequence),
                });
                missed.extend(self.told(operation.clone(), sequence, run).await);
            }
            return Ok((missed, head));
        }
        // One of those who join together works it out.
        let mut present = room.present.lock().await;
        if let Some((when, told)) = present.as_ref()
            && told.sequence >= head
            && when.elapsed() < FRESH
        {
            return Ok((vec![told.clone()], told.sequence));
        }
        let run = if topic.each {
            Run::Change(Change {
                sequence: head,
                event: None,
            })
        } else {
            Run::Moment(head)
        };
        let told = self.told(operation, head, run).await;
        if let Some(told) = &told {
            *present = Some((Instant::now(), told.clone()));
        }
        Ok((told.into_iter().collect(), head))
    }

    /// Works out what each event means to those in the room, until it is empty.
    async fn tell(
        self,
        sign: Sign,
        room: Arc<Room>,
        operation: Operation,
        (topic, head): (Topic, i64),
        mut notices: broadcast::Receiver<Notice>,
    ) {
        let stream = topic.stream;
        let mut last = if topic.each { head } else { 0 };
        loop {
            let next = tokio::time::timeout(LINGER, notices.recv()).await;
            if matches!(next, Err(_) | Ok(Err(RecvError::Closed)))
                && self.feeds.close_if_empty(&sign, &room)
            {
                return;
            }
            let mut newest = match next {
                Ok(Ok(notice)) => of(&stream, &notice),
                // What was missed is told by the head.
                Ok(Err(RecvError::Lagged(_))) => self.app.bus.head(&stream),
                Ok(Err(RecvError::Closed)) | Err(_) => None,
            };
            // The present tells of all changes up to now.
            while let Ok(notice) = notices.try_recv() {
                newest = newest.max(of(&stream, &notice));
            }
            let Some(sequence) = newest.filter(|sequence| *sequence > last) else {
                continue;
            };
            let since = std::mem::replace(&mut last, sequence);
            if room.news.receiver_count() == 0 {
                continue;
            }
            if topic.each {
                for sequence in since + 1..=sequence {
                    let run = Run::Change(Change {
                        sequence,
                        event: Some(sequence),
                    });
                    if let Some(told) = self.told(operation.clone(), sequence, run).await {
                        let _ = room.news.send(told);
                    }
                }
                continue;
            }
            let run = Run::Moment(sequence);
            if let Some(told) = self.told(operation.clone(), sequence, run).await {
                *room.present.lock().await = Some((Instant::now(), told.clone()));
                // All may have left meanwhile.
                let _ = room.news.send(told);
            }
        }
    }

    async fn told(&self, operation: Operation, sequence: i64, run: Run) -> Option<Told> {
        let (cost, viewer) = (operation.cost, operation.viewer);
        let response = self.moment(operation, run).await?;
        let payload = Answer::new(&response, cost, viewer).body.plain().clone();
        Some(Told { sequence, payload })
    }

    async fn head(&self, stream: &str) -> Result<i64, Vec<ServerError>> {
        match self.app.bus.head(stream) {
            Some(head) => Ok(head),
            None => self.stored(stream).await,
        }
    }

    async fn stored(&self, stream: &str) -> Result<i64, Vec<ServerError>> {
        let last = event::last_sequence(&self.app.db, stream).await;
        last.map_err(|error| vec![super::execution::database_failed(&error)])
    }
}

fn of(stream: &str, notice: &Notice) -> Option<i64> {
    (*notice.stream == *stream).then_some(notice.sequence)
}

/// News after a sequence, each once.
fn follow(
    news: broadcast::Receiver<Told>,
    since: i64,
) -> impl futures::Stream<Item = Piece> + Send + 'static {
    stream::unfold(Some((news, since)), async |state| {
        let (mut news, since) = state?;
        loop {
            match news.recv().await {
                Ok(told) if told.sequence > since => {
                    let sequence = told.sequence;
                    return Some((Piece::Payload(told.payload), Some((news, sequence))));
                }
                Ok(_) => {}
                Err(RecvError::Lagged(_)) => return Some((Piece::TooSlow, None)),
                Err(RecvError::Closed) => return None,
            }
        }
    })
}

/// Variables as JSON, without the one given as the argument `after` of the field at the root.
fn without_resumption(operation: &Operation) -> String {
    let mut variables: Variables = operation.variables.clone();
    if let Some(name) = resumption(operation) {
        variables.remove(&name);
    }
    serde_json::to_string(&variables).unwrap_or_default()
}

fn resumption(operation: &Operation) -> Option<Name> {
    let definition = operation
        .document
        .operation(operation.name.as_deref())
        .ok()?;
    let mut sets = vec![&definition.selection_set];
    while let Some(set) = sets.pop() {
        for selection in &set.node.items {
            match &selection.node {
                Selection::Field(field) => {
                    return match &field.node.get_argument("after")?.node {
                        Value::Variable(name) => Some(name.clone()),
                        _ => None,
                    };
                }
                Selection::InlineFragment(inline) => sets.push(&inline.node.selection_set),
                Selection::FragmentSpread(spread) => {
                    let fragments = &operation.document.parsed.fragments;
                    let fragment = fragments.get(&spread.node.fragment_name.node);
                    sets.extend(fragment.map(|fragment| &fragment.node.selection_set));
                }
            }
        }
    }
    None
}
