//! Many subscribers of the same document: what each of them weighs while nothing happens, and
//! how long an event takes to reach all.

use std::{
    net::{Ipv4Addr, SocketAddr},
    sync::Arc,
    time::{Duration, Instant},
};

use anyhow::{Context, Result, bail};
use tokio::{
    sync::{Semaphore, mpsc},
    time::{sleep, timeout},
};

use crate::{
    events::Events,
    figures::{Times, judge, mb, ms, ratio},
    server::{Server, allow_files},
    socket::{Origin, Socket},
};

/// What a subscriber may weigh, and how long 99 of 100 may wait for an event.
const MOST_KB: f64 = 20.0;
const MOST_P99: Duration = Duration::from_millis(250);

pub const QUERY: &str = "subscription { dataStatusChanged { sequence dataStatus { stale } } }";

/// How often the server looks for what another process has written: the default of 250 ms
/// would be most of what is measured.
pub const POLL_MS: u32 = 10;

const EVENTS: usize = 20;
const PAUSE: Duration = Duration::from_millis(500);

/// Sockets that are opened at the same time.
const OPENING: usize = 200;

/// Sockets from one source address: each has some 28,000 ports.
const PER_SOURCE: usize = 20_000;

/// How long anything may take.
const PATIENCE: Duration = Duration::from_mins(2);

/// What becomes of a subscriber.
pub enum News {
    /// It got the change of this sequence.
    Got {
        sequence: i64,
        at: Instant,
    },
    Lost(anyhow::Error),
}

pub type Inbox = mpsc::UnboundedReceiver<News>;
pub type Outbox = mpsc::UnboundedSender<News>;

/// Settings for so many subscribers from one address.
pub fn settings(subscribers: usize) -> Vec<(&'static str, String)> {
    let room = (subscribers + 1000).to_string();
    vec![
        ("PITWALL__SERVER__MAX_CONNECTIONS", room.clone()),
        ("PITWALL__SERVER__MAX_CONNECTIONS_PER_ADDRESS", room.clone()),
        ("PITWALL__WEBSOCKET__MAX_SOCKETS", room.clone()),
        ("PITWALL__WEBSOCKET__MAX_PER_ADDRESS", room),
        ("PITWALL__EVENTS__POLL_MILLISECONDS", POLL_MS.to_string()),
    ]
}

pub async fn run(subscribers: usize) -> Result<()> {
    allow_files(u64::try_from(subscribers)? + 2000)?;
    let server = Server::start(&settings(subscribers)).await?;
    let events = Events::of(&server).await?;
    println!("\n**{subscribers} subscribers of one document**\n");

    // What the first of all brings up is not a subscriber's weight.
    let mut first = Socket::greeted(server.address, Origin::default()).await?;
    first.subscribe("1", QUERY).await?;
    first.receive().await?;
    drop(first);
    sleep(Duration::from_secs(1)).await;

    let before = server.resident()?;
    let started = Instant::now();
    let (outbox, mut inbox) = mpsc::unbounded_channel();
    gather(server.address, subscribers, &outbox);
    receive(&mut inbox, subscribers, None).await?;
    let took = started.elapsed();
    let full = server.resident()?;
    let used = server.processor_time()?;
    sleep(Duration::from_secs(5)).await;
    let idle = server.processor_time_since(used)?;
    let rested = server.resident()?;
    let count = u64::try_from(subscribers)?;
    let each = |now: u64| ratio(now.saturating_sub(before), count * 1024);
    println!(
        "| subscribed in s | MB before | MB after | MB 5 s later | KB each | KB each 5 s later | processor ms in 5 s of idling |"
    );
    println!("|--:|--:|--:|--:|--:|--:|--:|");
    println!(
        "| {:.1} | {:.1} | {:.1} | {:.1} | {:.1} | {:.1} | {:.0} |",
        took.as_secs_f64(),
        mb(before),
        mb(full),
        mb(rested),
        each(full),
        each(rested),
        ms(idle),
    );
    let used = server.processor_time()?;
    let told = tell(&events, &mut inbox, subscribers, EVENTS, PAUSE).await?;
    let used = server.processor_time_since(used)? / u32::try_from(EVENTS)?;
    let after = server.resident()?;
    println!("\nOne event to all, {EVENTS} times, looked for every {POLL_MS} ms:\n");
    println!(
        "| {} receipts, ms | p50 | p99 | last | worst p99 of one event |",
        told.commit.count()
    );
    println!("|---|--:|--:|--:|--:|");
    let row = |title: &str, times: &Times, worst: Duration| {
        println!(
            "| {title} | {:.1} | {:.1} | {:.1} | {:.1} |",
            ms(times.percentile(50)),
            ms(times.percentile(99)),
            ms(times.last()),
            ms(worst),
        );
    };
    row("from the commit", &told.commit, told.worst_commit);
    row("from the first receipt", &told.first, told.worst_first);
    println!(
        "\nThe server needed {:.0} ms of processor time for each, and has {:.1} MB afterwards: {:.1} KB for each subscriber.\n",
        ms(used),
        mb(after),
        each(after),
    );
    let weight = each(full).max(each(rested));
    judge(
        weight <= MOST_KB,
        &format!("crowd {weight:.1} KB for a subscriber, wanted at most {MOST_KB} KB"),
    );
    let p99 = told.commit.percentile(99);
    judge(
        p99 <= MOST_P99,
        &format!(
            "crowd p99 from commit to receipt {:.1} ms, wanted at most {} ms",
            ms(p99),
            MOST_P99.as_millis()
        ),
    );
    Ok(())
}

/// Lets so many subscribers come, each on a task of its own.
pub fn gather(address: SocketAddr, subscribers: usize, outbox: &Outbox) {
    let doors = Arc::new(Semaphore::new(OPENING));
    for number in 0..subscribers {
        let (doors, outbox) = (Arc::clone(&doors), outbox.clone());
        tokio::spawn(async move {
            let source = u8::try_from(number / PER_SOURCE).unwrap_or(u8::MAX);
            let source = (source > 0).then(|| Ipv4Addr::new(127, 0, 1, source));
            let joined = async {
                let _door = doors.acquire().await?;
                let origin = Origin {
                    source,
                    ..Origin::default()
                };
                let mut socket = Socket::greeted(address, origin).await?;
                socket.subscribe("1", QUERY).await?;
                let news = News::Got {
                    sequence: sequence(&socket.receive().await?)?,
                    at: Instant::now(),
                };
                Ok((socket, news))
            };
            match joined.await {
                Ok((socket, snapshot)) => {
                    // Without an inbox the measurement is over.
                    drop(outbox.send(snapshot));
                    follow(socket, outbox).await;
                }
                Err(error) => drop(outbox.send(News::Lost(error))),
            }
        });
    }
}

/// Tells of every change until the socket breaks or nobody wants to know.
pub async fn follow(mut socket: Socket, outbox: Outbox) {
    loop {
        let message = socket.receive().await;
        let at = Instant::now();
        let news = match message.and_then(|message| sequence(&message)) {
            Ok(sequence) => News::Got { sequence, at },
            Err(error) => News::Lost(error),
        };
        let lost = matches!(news, News::Lost(_));
        if outbox.send(news).is_err() || lost {
            return;
        }
    }
}

/// When each of so many got the change of a sequence, or the first thing at all.
pub async fn receive(
    inbox: &mut Inbox,
    subscribers: usize,
    wanted: Option<i64>,
) -> Result<Vec<Instant>> {
    let all = async {
        let mut times = Vec::with_capacity(subscribers);
        while times.len() < subscribers {
            match inbox.recv().await.context("no subscriber is left")? {
                News::Got { sequence, at } if wanted.is_none_or(|wanted| wanted == sequence) => {
                    times.push(at);
                }
                News::Got { sequence, .. } => bail!("{sequence} came instead of {wanted:?}"),
                News::Lost(error) => return Err(error.context("a subscriber is lost")),
            }
        }
        Ok(times)
    };
    timeout(PATIENCE, all)
        .await
        .context("not everybody got it in time")?
}

/// Times of all receipts of all events.
pub struct Told {
    pub commit: Times,
    /// Without the pause until the event was noticed.
    pub first: Times,
    /// The largest p99 of an event.
    pub worst_commit: Duration,
    pub worst_first: Duration,
}

/// Appends events, one after the other has reached everybody.
pub async fn tell(
    events: &Events,
    inbox: &mut Inbox,
    subscribers: usize,
    count: usize,
    pause: Duration,
) -> Result<Told> {
    let (mut from_commit, mut from_first) = (Vec::new(), Vec::new());
    let (mut worst_commit, mut worst_first) = (Duration::ZERO, Duration::ZERO);
    for _ in 0..count {
        sleep(pause).await;
        let (sequence, commit) = events.append().await?;
        let times = receive(inbox, subscribers, Some(sequence)).await?;
        let first = times.iter().min().copied().unwrap_or(commit);
        let since = |start: Instant| -> Vec<_> {
            times.iter().map(|at| at.duration_since(start)).collect()
        };
        let (commits, firsts) = (since(commit), since(first));
        worst_commit = worst_commit.max(Times::new(commits.clone()).percentile(99));
        worst_first = worst_first.max(Times::new(firsts.clone()).percentile(99));
        from_commit.extend(commits);
        from_first.extend(firsts);
    }
    Ok(Told {
        commit: Times::new(from_commit),
        first: Times::new(from_first),
        worst_commit,
        worst_first,
    })
}

fn sequence(message: &str) -> Result<i64> {
    let found = message.split_once("\"sequence\":").map(|(_, rest)| rest);
    let digits = found.and_then(|rest| rest.split(|sign: char| !sign.is_ascii_digit()).next());
    let digits = digits.with_context(|| format!("no change: {message}"))?;
    Ok(digits.parse()?)
}
