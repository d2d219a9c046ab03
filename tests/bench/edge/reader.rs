//! A subscriber that never reads, of something large, among others: what is kept for it, and
//! what the others notice.

use std::time::{Duration, Instant};

use anyhow::Result;
use tokio::{
    sync::mpsc,
    time::{sleep, timeout},
};

use crate::{
    attack::joined,
    crowd::{self, Inbox, tell},
    events::Events,
    figures::{MB, Times, judge, mb, ms},
    server::{Server, allow_files},
    socket::{Origin, Socket},
};

const OTHERS: usize = 100;
const EVENTS: usize = 500;
/// For comparison.
const EVENTS_BEFORE: usize = 200;
const PAUSE: Duration = Duration::from_millis(20);

/// Changes are kept for who is behind as far as `websocket.queue` goes, written as they are
/// sent: this many of them, and as much again for what the allocator has not given back.
const QUEUE: u64 = 128;

/// What the others may notice: p99 so many times what it is with a subscriber that reads.
const MOST_SLOWER: f64 = 2.0;

/// After which a server must have cut the reader off: `websocket.write_seconds`, and some.
const CUT_OFF: Duration = Duration::from_secs(20);

pub async fn run() -> Result<()> {
    allow_files(2000)?;
    let server = Server::start(&crowd::settings(OTHERS)).await?;
    let events = Events::of(&server).await?;
    let (outbox, mut inbox) = mpsc::unbounded_channel();
    crowd::gather(server.address, OTHERS, &outbox);
    crowd::receive(&mut inbox, OTHERS, None).await?;

    println!("\n**A subscriber that never reads, among {OTHERS} others**\n");
    println!(
        "| what the one does | events | p50 ms of the others | p99 | last | MB before | most | after |"
    );
    println!("|---|--:|--:|--:|--:|--:|--:|--:|");
    phase("is not there", &server, &events, &mut inbox, EVENTS_BEFORE).await?;

    let mut large = Socket::greeted(server.address, Origin::default()).await?;
    large.subscribe("1", &query()).await?;
    let size = large.receive().await?.len();
    let reading = tokio::spawn(async move { while large.receive().await.is_ok() {} });
    let read = phase("reads", &server, &events, &mut inbox, EVENTS_BEFORE).await?;
    reading.abort();

    // The system takes little for it, so that the server has to.
    let origin = Origin {
        receive_buffer: Some(4096),
        ..Origin::default()
    };
    let mut deaf = Socket::greeted(server.address, origin).await?;
    deaf.subscribe("1", &query()).await?;
    let unread = phase("never reads", &server, &events, &mut inbox, EVENTS).await?;
    let end = Instant::now();
    // What is there already is read now; it ends where the server has given up.
    let cut_off = timeout(CUT_OFF, async { while deaf.receive().await.is_ok() {} })
        .await
        .is_ok();
    println!(
        "\nthe large answer has {size} bytes; the reader was {}\n",
        if cut_off {
            format!(
                "cut off within {:.1} s of the last event",
                end.elapsed().as_secs_f64()
            )
        } else {
            "still served".to_owned()
        }
    );

    let most = 2 * QUEUE * u64::try_from(size)? + 8 * MB;
    let growth = unread.most.saturating_sub(unread.before);
    judge(
        growth <= most,
        &format!(
            "reader: memory grew by {:.1} MB, wanted at most {:.1} MB",
            mb(growth),
            mb(most)
        ),
    );
    let (with, without) = (unread.p99, read.p99);
    let slower = with.as_secs_f64() / without.as_secs_f64();
    judge(
        slower <= MOST_SLOWER,
        &format!(
            "reader: p99 of the others {:.1} ms instead of {:.1} ms, wanted at most {MOST_SLOWER} times as much",
            ms(with),
            ms(without)
        ),
    );
    Ok(())
}

struct Phase {
    p99: Duration,
    before: u64,
    most: u64,
}

async fn phase(
    title: &str,
    server: &Server,
    events: &Events,
    inbox: &mut Inbox,
    count: usize,
) -> Result<Phase> {
    sleep(Duration::from_millis(500)).await;
    let before = server.resident()?;
    let mut most = before;
    let mut all: Vec<Times> = Vec::new();
    // In parts, so that the memory is looked at in between.
    let mut left = count;
    while left > 0 {
        let part = left.min(10);
        all.push(tell(events, inbox, OTHERS, part, PAUSE).await?.commit);
        most = most.max(server.resident()?);
        left -= part;
    }
    let times = Times::joined(all);
    println!(
        "| {title} | {count} | {:.1} | {:.1} | {:.1} | {:.1} | {:.1} | {:.1} |",
        ms(times.percentile(50)),
        ms(times.percentile(99)),
        ms(times.last()),
        mb(before),
        mb(most),
        mb(server.resident()?),
    );
    Ok(Phase {
        p99: times.percentile(99),
        before,
        most,
    })
}

/// Thousands of fields, within the limits of a document.
fn query() -> String {
    let results = "results { position grid points status driver { ref name givenName familyName nationality } constructor { ref name nationality } }";
    let races = joined(25, |number| {
        format!("a{number}: lastRace {{ name date {results} }} ")
    });
    format!("subscription {{ dataStatusChanged {{ sequence dataStatus {{ {races} }} }} }}")
}
