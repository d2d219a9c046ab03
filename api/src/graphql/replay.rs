//! Replays of past races, for whoever knows their handle.

use std::sync::Arc;

use async_graphql::{Context, ID, Object};
use chrono::{DateTime, Utc};
use domain::live::replay::{self, Place, Replay as Row, Start};

use super::{app, directive::Cost, node, race::Race, scalars::Duration};
use crate::{
    error::{Code, Result, bad_input, from_domain},
    http::address::Client,
    loaders::Loaders,
    viewer::Viewer,
};

pub struct Replay(Row);

/// A past race that is run again.
#[Object(cache_control(max_age = 1))]
impl Replay {
    /// Names the replay in the mutations. Whoever knows it can move and stop the replay.
    async fn handle(&self) -> ID {
        ID(self.0.handle.clone())
    }

    /// To be given as `race` to `liveRace`, the subscription or the query.
    async fn live_race(&self) -> ID {
        ID(format!("{}{}", replay::PREFIX, self.0.handle))
    }

    async fn race(&self) -> Race {
        Race(Arc::new(self.0.race.clone()))
    }

    /// Seconds of the race to one of the server's clock.
    async fn speed(&self) -> f64 {
        self.0.speed
    }

    /// False while it is paused.
    async fn playing(&self) -> bool {
        self.0.playing
    }

    /// It has been stopped for good.
    async fn stopped(&self) -> bool {
        self.0.stopped
    }

    /// Since the start of the race.
    async fn time(&self) -> Duration {
        milliseconds(self.0.ms)
    }

    /// The lap that the first of all cars is in, from 1.
    async fn lap(&self) -> usize {
        self.0.lap
    }

    /// From the start of the race to its classification.
    async fn length(&self) -> Duration {
        milliseconds(self.0.length_ms)
    }

    /// The laps are made up, since none are known of this race.
    async fn synthetic(&self) -> bool {
        self.0.synthetic
    }

    /// When it ends by itself.
    async fn expires_at(&self) -> DateTime<Utc> {
        self.0.expires_at
    }
}

fn milliseconds(ms: i64) -> Duration {
    Duration(i32::try_from(ms).unwrap_or(i32::MAX))
}

/// A place in a race, as arguments name it; the start when they name none.
fn place(lap: Option<i32>, time: Option<Duration>) -> Result<Option<Place>> {
    match (lap, time) {
        (Some(_), Some(_)) => Err(bad_input("a lap or a time, not both")),
        (Some(lap), None) => Ok(Some(Place::Lap(lap))),
        (None, time) => Ok(time.map(|time| Place::Time(time.0.into()))),
    }
}

#[derive(Default)]
pub struct ReplayQuery;

#[Object(cache_control(max_age = 3600))]
impl ReplayQuery {
    /// Where a replay is; null when there is none with this handle, or no longer.
    #[graphql(cache_control(max_age = 1))]
    async fn replay(&self, ctx: &Context<'_>, handle: ID) -> Option<Result<Replay>> {
        match Box::pin(replay::look(app(ctx), &handle)).await {
            Ok(row) => Some(Ok(Replay(row))),
            Err(domain::error::Error::NotFound(_)) => None,
            Err(error) => Some(Err(from_domain(error))),
        }
    }
}

#[derive(Default)]
pub struct ReplayMutation;

#[Object(cache_control(max_age = 0))]
impl ReplayMutation {
    /// Runs a past race again, for whoever is given its handle: with its real laps where they are
    /// known, else with made-up ones that add up to its classification. Begins at the start, or
    /// with a lap, or so long after the start. Everybody may, with some replays at a time, each
    /// for some hours.
    #[graphql(directive = Cost::apply(100))]
    async fn start_replay(
        &self,
        ctx: &Context<'_>,
        race: ID,
        #[graphql(default = 1.0)] speed: f64,
        lap: Option<i32>,
        time: Option<Duration>,
    ) -> Result<Replay> {
        let reference = node::reference_of("Race", &race)?.to_owned();
        let row = Loaders::of(ctx).race_by_ref.load(reference).await?;
        let row = row.ok_or_else(|| Code::NotFound.error("there is no such race"))?;
        let owner = match ctx.data_unchecked::<Viewer>() {
            Viewer::Guest | Viewer::Unrecognised => ctx.data_unchecked::<Client>().to_string(),
            Viewer::User(user) | Viewer::Admin(Some(user)) => format!("user:{user}"),
            Viewer::Admin(None) => "admin".to_owned(),
        };
        let start = Start {
            race: (*row).clone(),
            speed,
            from: place(lap, time)?.unwrap_or(Place::Time(0)),
            owner,
        };
        let started = Box::pin(replay::start(app(ctx), start)).await;
        started.map(Replay).map_err(from_domain)
    }

    /// Makes a replay stand where it is.
    async fn pause_replay(&self, ctx: &Context<'_>, handle: ID) -> Result<Replay> {
        let paused = Box::pin(replay::pause(app(ctx), &handle)).await;
        paused.map(Replay).map_err(from_domain)
    }

    /// Makes a replay go on, at another speed if one is given.
    async fn resume_replay(
        &self,
        ctx: &Context<'_>,
        handle: ID,
        speed: Option<f64>,
    ) -> Result<Replay> {
        let resumed = Box::pin(replay::resume(app(ctx), &handle, speed)).await;
        resumed.map(Replay).map_err(from_domain)
    }

    /// Moves a replay to the beginning of a lap, or to a time since the start. Followers are told
    /// of a gap and how the race stands there; their sequences go on.
    async fn seek_replay(
        &self,
        ctx: &Context<'_>,
        handle: ID,
        lap: Option<i32>,
        time: Option<Duration>,
    ) -> Result<Replay> {
        let to = place(lap, time)?.ok_or_else(|| bad_input("to which lap, or to which time?"))?;
        let moved = Box::pin(replay::seek(app(ctx), &handle, to)).await;
        moved.map(Replay).map_err(from_domain)
    }

    /// Ends a replay for good, and with it all subscriptions to it.
    async fn stop_replay(&self, ctx: &Context<'_>, handle: ID) -> Result<Replay> {
        let stopped = Box::pin(replay::stop(app(ctx), &handle)).await;
        stopped.map(Replay).map_err(from_domain)
    }
}
