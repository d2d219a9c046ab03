//! Races as they are run, and replays of past ones: how they stand, and what happens.

use std::sync::Arc;

use async_graphql::{Context, Enum, ID, Object, Subscription};
use chrono::{DateTime, TimeDelta, Utc};
use domain::live::{
    change::{TrackStatus as Track, Weather},
    follow::{self, Missed, Reason, Snapshot, Source, Told},
};
use futures::{Stream, StreamExt};

use super::{
    app,
    directive::{Cost, ListOf, SlicedList},
    feed::{self, Course},
    live_car::LiveCar,
    live_event::{Filter, LiveEvent, LiveEventType, LiveRaceControlMessage},
    live_standing::LiveStandings,
    race::Race,
};
use crate::error::{Result, bad_input, from_domain};

/// Where a race stands while it is followed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
pub enum LiveStatus {
    /// Nothing was heard of it yet.
    Waiting,
    /// It is under way, or stopped under a red flag.
    Running,
    /// The winner is home, the classification is awaited.
    Flagged,
    /// The classification is known.
    Finished,
}

/// State of the track.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(remote = "Track")]
pub enum TrackStatus {
    Clear,
    /// Somewhere or everywhere.
    Yellow,
    SafetyCar,
    /// The race is stopped.
    Red,
    VirtualSafetyCar,
    VirtualSafetyCarEnding,
    /// The winner is home.
    Chequered,
}

/// Why events are not told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(remote = "Reason")]
pub enum SequenceGapReason {
    /// They are no longer kept one by one.
    Forgotten,
    /// They are too many to be told at once.
    TooMany,
    /// The replay has been moved.
    Moved,
    /// There never was such a sequence.
    Unknown,
}

pub struct LiveRace(pub Arc<Snapshot>);

/// How a race stands while it is run or replayed.
#[Object(cache_control(max_age = 1))]
impl LiveRace {
    /// All events up to this one are in it; give it as `after` to go on from here.
    async fn sequence(&self) -> i64 {
        self.0.sequence
    }

    async fn race(&self) -> Race {
        Race(Arc::new(self.0.race.clone()))
    }

    async fn status(&self) -> LiveStatus {
        let board = &self.0.board;
        match board.track {
            _ if board.finished() => LiveStatus::Finished,
            _ if board.cars.is_empty() => LiveStatus::Waiting,
            Track::Chequered => LiveStatus::Flagged,
            _ => LiveStatus::Running,
        }
    }

    /// The time of the latest event, as its source gives it.
    async fn at(&self) -> Option<DateTime<Utc>> {
        self.0.at
    }

    /// Laps completed by whoever has completed the most.
    async fn laps_completed(&self) -> i32 {
        self.0.board.laps_done()
    }

    async fn track_status(&self) -> TrackStatus {
        self.0.board.track.into()
    }

    /// The laps are made up, since none are known of this race: its grid, its cars and its
    /// classification are real, all between is not. Only ever so in a replay.
    async fn synthetic(&self) -> bool {
        self.0.synthetic
    }

    /// The latest reading at the circuit.
    async fn weather(&self) -> Option<LiveWeather> {
        self.0.board.weather.map(LiveWeather)
    }

    /// All cars in order, those out behind.
    #[graphql(directive = ListOf::apply(22))]
    async fn cars(&self) -> Vec<LiveCar> {
        let board = &self.0.board;
        let car = |(number, _)| {
            Some(LiveCar {
                number,
                starter: *self.0.setting.cars.get(&number)?,
                snapshot: Arc::clone(&self.0),
            })
        };
        board.order().into_iter().filter_map(car).collect()
    }

    /// The latest messages of race control, the newest first; at most 100.
    #[graphql(directive = SlicedList::apply(20, "first"))]
    #[expect(clippy::unused_async, reason = "resolvers are async")]
    async fn messages(
        &self,
        #[graphql(default = 20)] first: i32,
    ) -> Result<Vec<LiveRaceControlMessage>> {
        let first = usize::try_from(first).ok().filter(|first| *first <= 100);
        let first = first.ok_or_else(|| bad_input("`first` is a number from 0 to 100"))?;
        let messages = self.0.board.messages.iter().rev().take(first).cloned();
        Ok(messages.map(LiveRaceControlMessage).collect())
    }

    /// Both championships as they would be if the race ended now, over its full distance.
    #[graphql(directive = Cost::apply(5))]
    async fn live_standings(&self) -> LiveStandings {
        LiveStandings(self.0.standings())
    }
}

pub struct LiveWeather(pub Weather);

/// The weather at the circuit.
#[Object(cache_control(max_age = 1))]
impl LiveWeather {
    /// °C.
    async fn air_temperature(&self) -> Option<f64> {
        self.0.air_celsius
    }

    /// °C.
    async fn track_temperature(&self) -> Option<f64> {
        self.0.track_celsius
    }

    /// Relative, %.
    async fn humidity(&self) -> Option<f64> {
        self.0.humidity
    }

    async fn raining(&self) -> Option<bool> {
        self.0.raining
    }

    /// m/s.
    async fn wind_speed(&self) -> Option<f64> {
        self.0.wind_speed
    }

    /// Where the wind comes from, degrees.
    async fn wind_direction(&self) -> Option<i32> {
        self.0.wind_direction
    }
}

pub struct SequenceGap(pub Missed);

/// Events that are not told one by one.
#[Object(cache_control(max_age = 1))]
impl SequenceGap {
    /// Sequence of the first of them.
    async fn from(&self) -> i64 {
        self.0.from
    }

    /// Sequence of the last of them.
    async fn to(&self) -> i64 {
        self.0.to
    }

    async fn reason(&self) -> SequenceGapReason {
        self.0.reason.into()
    }
}

pub struct LiveUpdate {
    told: Told,
    events: Vec<LiveEvent>,
}

/// What a follower of a race is told at once.
#[Object(cache_control(max_age = 1))]
impl LiveUpdate {
    /// All up to here has been told; give the last one as `after` to go on from there.
    async fn sequence(&self) -> i64 {
        self.told.sequence
    }

    /// Nothing follows: the race is over and classified, or the replay was stopped.
    async fn completed(&self) -> bool {
        self.told.ended
    }

    /// Set when events after the last sequence told are left out. The snapshot beside it is how the
    /// race stands after them.
    async fn gap(&self) -> Option<SequenceGap> {
        self.told.gap.map(SequenceGap)
    }

    /// How the race stands: in the first update of who does not resume, and after a gap.
    async fn snapshot(&self) -> Option<LiveRace> {
        self.told.snapshot.clone().map(Arc::new).map(LiveRace)
    }

    /// What happened since the last update, in order of sequence. Where events are filtered, some
    /// sequences are not there.
    #[graphql(directive = ListOf::apply(50))]
    async fn events(&self) -> &[LiveEvent] {
        &self.events
    }
}

#[derive(Default)]
pub struct LiveQuery;

#[Object(cache_control(max_age = 3600))]
impl LiveQuery {
    /// How a race stands that is run now or was followed live, by ref or id, or a replay by
    /// `Replay.liveRace`. Null when nothing is known of it.
    #[graphql(cache_control(max_age = 1))]
    async fn live_race(&self, ctx: &Context<'_>, race: ID) -> Option<Result<LiveRace>> {
        // Boxed, or the future of every query had room for it.
        let found = Box::pin(async {
            let source = Source::find(app(ctx), &race).await?;
            follow::snapshot(app(ctx), &source).await
        });
        match found.await {
            Ok(snapshot) if snapshot.board.cars.is_empty() => None,
            Ok(snapshot) => Some(Ok(LiveRace(Arc::new(snapshot)))),
            Err(domain::error::Error::NotFound(_)) => None,
            Err(error) => Some(Err(from_domain(error))),
        }
    }
}

#[derive(Default)]
pub struct LiveSubscription;

#[Subscription]
impl LiveSubscription {
    /// A race as it is run, by ref or id, or a replay by `Replay.liveRace`: how it stands, then all that
    /// happens, until it is classified. With `after`, the sequence of the last update seen, what
    /// happened since instead of how it stands. `drivers` (refs or ids) and `types` leave out
    /// other events; what is about no driver is left out by `types` alone. `delaySeconds` tells
    /// everything so much later, to go with a broadcast.
    async fn live_race(
        &self,
        ctx: &Context<'_>,
        race: ID,
        after: Option<i64>,
        drivers: Option<Vec<ID>>,
        types: Option<Vec<LiveEventType>>,
        #[graphql(default = 0)] delay_seconds: i32,
    ) -> Result<impl Stream<Item = Result<LiveUpdate>>> {
        let app = app(ctx).clone();
        let most = app.config.live.max_delay_seconds;
        if !(0..=most).contains(&delay_seconds) {
            return Err(bad_input(format!(
                "`delaySeconds` is a number from 0 to {most}"
            )));
        }
        let filter = Filter::read(ctx, drivers, types).await?;
        let source = if feed::begins(ctx) {
            Source::find(&app, &race).await
        } else {
            Source::followed(&app, &race).await
        };
        let course = Course {
            source: source.map_err(from_domain)?,
            delay: TimeDelta::seconds(delay_seconds.into()),
        };
        let stretches = feed::stretches(ctx, &course, after);
        Ok(stretches.filter_map(move |stretch| {
            let (app, source, filter) = (app.clone(), course.source.clone(), filter.clone());
            async move {
                let told = follow::told(&app, &source, stretch.after, stretch.until).await;
                told.map(|told| LiveUpdate::of(told, &filter))
                    .map_err(from_domain)
                    .transpose()
            }
        }))
    }
}

impl LiveUpdate {
    /// None when it says nothing to who asks.
    fn of(told: Told, filter: &Filter) -> Option<Self> {
        let events: Vec<LiveEvent> = told
            .events
            .iter()
            .filter(|(_, event)| filter.wants(event))
            .map(|(sequence, event)| LiveEvent::of(*sequence, event))
            .collect();
        let silent = events.is_empty() && told.snapshot.is_none() && !told.ended;
        (!silent).then_some(Self { told, events })
    }
}
