//! Many who follow the same race, a replay at speed 60: how long an event takes to each of them,
//! what that costs the server, and whether anybody misses one or is told one twice. One
//! subscriber beforehand, in the same run, says what of that is the crowd's.
//!
//! An event is due when its time in the race has come: the replay began at a time that is read from
//! the database, and goes on sixty times as fast as the race was. The server tells together what
//! falls into `live.replay_tick_milliseconds`, so most events wait for others: the newest of an
//! update has waited least, and tells how long telling takes. The clock of both processes is the
//! machine's.

use std::{
    collections::HashMap,
    net::SocketAddr,
    sync::Arc,
    time::{Duration, Instant},
};

use anyhow::{Context, Result, bail};
use chrono::{DateTime, TimeDelta, Utc};
use domain::{
    clock::Clock,
    config::{ClockConfig, Config},
    database,
};
use entities::live_replay;
use sea_orm::EntityTrait;
use serde_json::{Value, json};
use tokio::{
    sync::{Semaphore, oneshot},
    task::JoinSet,
    time::{sleep, timeout},
};

use crate::{
    crowd,
    figures::{Times, judge, mb, ms},
    http::{self, Connection},
    server::{Server, allow_files},
    socket::{Origin, Socket},
};

const RACE: &str = "2024_monaco";
const SPEED: f64 = 60.0;

/// How long each crowd is watched.
const LENGTH: Duration = Duration::from_secs(45);

/// Sockets that are opened at the same time.
const OPENING: usize = 50;

/// How long anything else may take.
const PATIENCE: Duration = Duration::from_mins(1);

/// How long 99 of 100 may wait for the newest event of an update.
const MOST_P99: Duration = Duration::from_millis(250);

/// What a subscriber got.
#[derive(Default)]
struct Followed {
    /// Sequence of the state that it began with, and the last that it was told.
    first: i64,
    last: i64,
    delivered: u64,
    lost: i64,
    doubled: u64,
    /// First and last event of each update, and when it came.
    updates: Vec<(i64, i64, Instant)>,
    /// The time in the race of each event, of one subscriber alone.
    times: HashMap<i64, DateTime<Utc>>,
}

/// A replay, and when each moment of it is due.
struct Replay {
    handle: String,
    race: String,
    /// The start of the race, and the time of the clock and place in the race where the replay
    /// began.
    starts_at: DateTime<Utc>,
    began: DateTime<Utc>,
    from: TimeDelta,
}

/// A clock that tells the machine's time of what was measured otherwise.
struct Hand(Instant, DateTime<Utc>);

pub async fn run(subscribers: usize) -> Result<()> {
    allow_files(u64::try_from(subscribers)? + 2000)?;
    let server = Server::start(&crowd::settings(subscribers)).await?;
    // The first who replays a race has its recording made.
    let warm = Replay::start(&server).await?;
    warm.stop(server.address).await?;
    println!(
        "\n**{RACE} replayed at speed {SPEED}, followed for {} s**\n",
        LENGTH.as_secs()
    );
    println!(
        "| subscribers | updates | events | delivered | lost | doubled | an event from when it was due: p50 ms | p99 | the newest of an update: p50 ms | p99 | last | first to last receipt: p50 ms | p99 | processor % | MB |"
    );
    println!("|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|");
    let alone = watch(&server, 1).await?;
    let crowd = watch(&server, subscribers).await?;
    println!();
    judge(
        alone.missed + crowd.missed == 0,
        &format!(
            "race {subscribers} subscribers: {} events lost or doubled, wanted none",
            crowd.missed
        ),
    );
    judge(
        crowd.newest <= MOST_P99,
        &format!(
            "race p99 from when the newest event was due to its receipt {:.1} ms with {subscribers} subscribers, {:.1} ms with one; wanted at most {} ms",
            ms(crowd.newest),
            ms(alone.newest),
            MOST_P99.as_millis()
        ),
    );
    Ok(())
}

/// What a crowd came to.
struct Watched {
    missed: u64,
    /// p99 of the newest events of all updates.
    newest: Duration,
}

/// Has so many follow a replay for a while, and prints a row.
async fn watch(server: &Server, subscribers: usize) -> Result<Watched> {
    let replay = Replay::start(server).await?;
    let hand = Hand::new();
    let doors = Arc::new(Semaphore::new(OPENING));
    let (mut joining, mut following) = (Vec::new(), JoinSet::new());
    for number in 0..subscribers {
        let (joined, wait) = oneshot::channel();
        joining.push(wait);
        let follow = follow(
            server.address,
            replay.race.clone(),
            number == 0,
            joined,
            Arc::clone(&doors),
        );
        following.spawn(follow);
    }
    for joined in joining {
        let joined = timeout(PATIENCE, joined).await;
        joined
            .context("not everybody came in time")?
            .context("a subscriber is lost")?;
    }
    let (begin, used) = (Instant::now(), server.processor_time()?);
    sleep(LENGTH).await;
    let (end, used) = (Instant::now(), server.processor_time_since(used)?);
    let resident = server.resident()?;
    replay.stop(server.address).await?;
    let mut all = Vec::new();
    while let Some(followed) = timeout(PATIENCE, following.join_next()).await? {
        all.push(followed??);
    }
    let times = all.iter().find(|followed| !followed.times.is_empty());
    let times = times.context("nobody was told anything")?.times.clone();
    let due = |sequence: &i64| times.get(sequence).map(|at| hand.instant(replay.due(*at)));
    let last = all
        .iter()
        .map(|followed| followed.last)
        .max()
        .unwrap_or_default();
    let (mut delivered, mut doubled, mut missing) = (0, 0, 0);
    let (mut events, mut newest) = (Vec::new(), Vec::new());
    let mut receipts: HashMap<i64, (Instant, Instant)> = HashMap::new();
    for followed in &all {
        delivered += followed.delivered;
        doubled += followed.doubled;
        // What did not come before the replay was stopped never comes.
        missing += followed.lost + (last - followed.last);
        let watched = followed
            .updates
            .iter()
            .filter(|(.., at)| (begin..end).contains(at));
        for (from, to, at) in watched {
            let since = |sequence: i64| due(&sequence).map(|due| at.saturating_duration_since(due));
            events.extend((*from..=*to).filter_map(since));
            newest.extend(since(*to));
            let seen = receipts.entry(*to).or_insert((*at, *at));
            *seen = (seen.0.min(*at), seen.1.max(*at));
        }
    }
    let spread = receipts
        .values()
        .map(|(first, last)| *last - *first)
        .collect();
    let told = all
        .iter()
        .map(|followed| followed.last - followed.first)
        .max();
    let (events, newest, spread) = (Times::new(events), Times::new(newest), Times::new(spread));
    println!(
        "| {subscribers} | {} | {} | {delivered} | {missing} | {doubled} | {:.1} | {:.1} | {:.1} | {:.1} | {:.1} | {:.1} | {:.1} | {:.1} | {:.1} |",
        receipts.len(),
        told.unwrap_or_default(),
        ms(events.percentile(50)),
        ms(events.percentile(99)),
        ms(newest.percentile(50)),
        ms(newest.percentile(99)),
        ms(newest.last()),
        ms(spread.percentile(50)),
        ms(spread.percentile(99)),
        100.0 * used.as_secs_f64() / (end - begin).as_secs_f64(),
        mb(resident),
    );
    if delivered == 0 {
        bail!("nothing was delivered");
    }
    Ok(Watched {
        missed: doubled + u64::try_from(missing)?,
        newest: newest.percentile(99),
    })
}

/// Follows a replay until it is over, and checks that each event comes once.
async fn follow(
    address: SocketAddr,
    race: String,
    notes_times: bool,
    joined: oneshot::Sender<()>,
    doors: Arc<Semaphore>,
) -> Result<Followed> {
    let door = doors.acquire().await?;
    let mut socket = Socket::greeted(address, Origin::default()).await?;
    let query = format!(
        "subscription {{ liveRace(race: {race:?}) {{ sequence completed snapshot {{ sequence }} \
        events {{ sequence at eventType ... on LiveLapEvent {{ driver {{ ref }} lap {{ number time }} }} \
        ... on LivePositionEvent {{ driver {{ ref }} position }} }} }} }}"
    );
    socket.subscribe("1", &query).await?;
    let first = sequences(&socket.receive().await?)?;
    drop(door);
    let first = *first.first().context("no state to begin with")?;
    // Who is waited for no longer has come in time.
    let _ = joined.send(());
    let mut followed = Followed {
        first,
        last: first,
        ..Followed::default()
    };
    loop {
        let message = socket.receive().await?;
        let at = Instant::now();
        if message.contains(r#""type":"complete""#) {
            return Ok(followed);
        }
        let told = sequences(&message)?;
        // The first is that of the update.
        let events = told.get(1..).unwrap_or_default();
        for event in events {
            match event - followed.last {
                1 => followed.delivered += 1,
                ..1 => followed.doubled += 1,
                more => {
                    followed.delivered += 1;
                    followed.lost += more - 1;
                }
            }
            followed.last = followed.last.max(*event);
        }
        if let (Some(from), Some(to)) = (events.first(), events.last()) {
            followed.updates.push((*from, *to, at));
        }
        if notes_times {
            followed.times.extend(times(&message)?);
        }
    }
}

/// All sequences of a message, in the order in which they are written.
fn sequences(message: &str) -> Result<Vec<i64>> {
    let parts = message.split("\"sequence\":").skip(1);
    let numbers = parts.map(|rest| -> Result<i64> {
        let end = rest.find(|sign: char| !sign.is_ascii_digit());
        let digits = rest.get(..end.unwrap_or(rest.len()));
        Ok(digits.unwrap_or_default().parse()?)
    });
    let numbers: Result<Vec<i64>> = numbers.collect();
    numbers
        .ok()
        .filter(|numbers| !numbers.is_empty())
        .with_context(|| format!("no update: {message}"))
}

/// The time in the race of each event of a message.
fn times(message: &str) -> Result<Vec<(i64, DateTime<Utc>)>> {
    let message: Value = serde_json::from_str(message)?;
    let events = message.pointer("/payload/data/liveRace/events");
    let events = events.and_then(Value::as_array).context("no events")?;
    let time = |event: &Value| -> Result<(i64, DateTime<Utc>)> {
        let sequence = event["sequence"].as_i64().context("no sequence")?;
        let at = event["at"].as_str().context("no time")?;
        Ok((sequence, at.parse()?))
    };
    events.iter().map(time).collect()
}

impl Replay {
    async fn start(server: &Server) -> Result<Self> {
        let query = format!(
            r#"mutation {{ startReplay(race: "{RACE}", speed: {SPEED}, lap: 2) {{ handle liveRace race {{ startsAt }} }} }}"#
        );
        let started = ask(server.address, &query).await?;
        let started = &started["startReplay"];
        let text = |pointer: &str| {
            let found = started.pointer(pointer).and_then(Value::as_str);
            found
                .map(str::to_owned)
                .with_context(|| format!("no {pointer}: {started}"))
        };
        let handle = text("/handle")?;
        let mut config = Config::defaults();
        config.database.url.clone_from(&server.database);
        let db = database::connect(&config.database).await?;
        let row = live_replay::Entity::find_by_id(handle.clone())
            .one(&db)
            .await?;
        let steps: Value = serde_json::from_str(&row.context("no such replay")?.steps)?;
        let first = &steps[0];
        Ok(Self {
            race: text("/liveRace")?,
            starts_at: text("/race/startsAt")?.parse()?,
            began: first["at"].as_str().context("no beginning")?.parse()?,
            from: TimeDelta::milliseconds(first["ms"].as_i64().context("no place")?),
            handle,
        })
    }

    /// When what happened at a time of the race is due.
    fn due(&self, at: DateTime<Utc>) -> DateTime<Utc> {
        let passed = (at - self.starts_at - self.from).as_seconds_f64() / SPEED;
        #[expect(
            clippy::cast_possible_truncation,
            reason = "microseconds of some minutes"
        )]
        let passed = TimeDelta::microseconds((passed * 1e6) as i64);
        self.began + passed
    }

    async fn stop(&self, address: SocketAddr) -> Result<()> {
        let handle = &self.handle;
        ask(
            address,
            &format!("mutation {{ stopReplay(handle: {handle:?}) {{ stopped }} }}"),
        )
        .await
        .map(drop)
    }
}

impl Hand {
    fn new() -> Self {
        let machine = ClockConfig {
            start: None,
            speed: 1.0,
        };
        Self(Instant::now(), Clock::new(&machine).now())
    }

    fn instant(&self, time: DateTime<Utc>) -> Instant {
        if let Ok(later) = (time - self.1).to_std() {
            return self.0 + later;
        }
        let earlier = (self.1 - time).to_std().unwrap_or_default();
        self.0.checked_sub(earlier).unwrap_or(self.0)
    }
}

async fn ask(address: SocketAddr, query: &str) -> Result<Value> {
    let body = json!({ "query": query }).to_string();
    let answer = Connection::open(address)
        .await?
        .exchange(&http::post("", body.as_bytes()))
        .await?;
    let mut answer: Value = serde_json::from_slice(&answer.body)?;
    if answer.get("errors").is_some() {
        bail!("{answer}");
    }
    Ok(answer["data"].take())
}
