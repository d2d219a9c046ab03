//! The end of a server under load: every request on a connection that was taken gets its whole
//! answer, and the process ends by itself and in time.

use std::{
    io::ErrorKind,
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use anyhow::{Context, Result};
use tokio::{
    task::JoinSet,
    time::{sleep, timeout},
};

use crate::{
    figures::judge,
    http::{self, Connection},
    server::Server,
};

const ROUNDS: u32 = 5;
const CONNECTIONS: u64 = 16;
const BEFORE: Duration = Duration::from_secs(2);

/// `server.drain_seconds` and `server.shutdown_seconds` by default.
const LIMIT: Duration = Duration::from_secs(21);

/// A server that is not asked to stop within it has failed.
const PATIENCE: Duration = Duration::from_mins(1);

/// What the load came to.
#[derive(Default)]
struct Tally {
    stopping: AtomicBool,
    answered: AtomicU64,
    /// Of them, after the server was asked to stop.
    late: AtomicU64,
    /// Requests sent without a complete answer, on a connection that had answered before and on
    /// a fresh one.
    cut_off: AtomicU64,
    cut_off_fresh: AtomicU64,
    /// Answers other than 200.
    refused: AtomicU64,
}

pub async fn run() -> Result<()> {
    println!(
        "\n**Asked to stop under load**: {CONNECTIONS} connections, half of them with queries that take a while\n"
    );
    println!(
        "| round | answered | of them while stopping | other than 200 | no answer | no answer on a fresh connection | exit code | s until the end |"
    );
    println!("|--:|--:|--:|--:|--:|--:|--:|--:|");
    let (mut cut_off, mut refused, mut slowest, mut clean) = (0, 0, Duration::ZERO, true);
    for round in 1..=ROUNDS {
        let mut server = Server::start(&[]).await?;
        let tally = Arc::new(Tally::default());
        let mut load = JoinSet::new();
        for number in 0..CONNECTIONS {
            load.spawn(ask(server.address, number, Arc::clone(&tally)));
        }
        sleep(BEFORE).await;
        tally.stopping.store(true, Ordering::Release);
        server.ask_to_stop()?;
        let asked = Instant::now();
        let status = timeout(PATIENCE, server.ended())
            .await
            .context("the server does not end")??;
        let took = asked.elapsed();
        while let Some(ended) = load.join_next().await {
            ended??;
        }
        let count = |counter: &AtomicU64| counter.load(Ordering::Acquire);
        println!(
            "| {round} | {} | {} | {} | {} | {} | {} | {:.2} |",
            count(&tally.answered),
            count(&tally.late),
            count(&tally.refused),
            count(&tally.cut_off),
            count(&tally.cut_off_fresh),
            status
                .code()
                .map_or_else(|| "none".to_owned(), |code| code.to_string()),
            took.as_secs_f64(),
        );
        cut_off += count(&tally.cut_off) + count(&tally.cut_off_fresh);
        refused += count(&tally.refused);
        slowest = slowest.max(took);
        clean &= status.success();
    }
    println!();
    judge(
        cut_off == 0,
        &format!("stop: {cut_off} requests without a whole answer, wanted none"),
    );
    judge(
        refused == 0,
        &format!("stop: {refused} answers other than 200, wanted none"),
    );
    judge(clean, "stop: exit code 0 every time");
    judge(
        slowest < LIMIT,
        &format!(
            "stop: at most {:.2} s until the end, wanted under {} s",
            slowest.as_secs_f64(),
            LIMIT.as_secs()
        ),
    );
    Ok(())
}

/// Asks without a pause until nobody listens any more.
async fn ask(address: SocketAddr, number: u64, tally: Arc<Tally>) -> Result<()> {
    let mut asked = number << 32;
    loop {
        let mut connection = match Connection::open(address).await {
            Ok(connection) => connection,
            // Only who is about to stop may turn anybody away.
            Err(error)
                if error.kind() == ErrorKind::ConnectionRefused
                    && tally.stopping.load(Ordering::Acquire) =>
            {
                return Ok(());
            }
            // Closed on the way in: nothing was sent yet.
            Err(error)
                if error.kind() == ErrorKind::ConnectionReset
                    && tally.stopping.load(Ordering::Acquire) =>
            {
                continue;
            }
            Err(error) => return Err(error).context("a connection cannot be opened"),
        };
        let mut fresh = true;
        loop {
            asked += 1;
            let Ok(answer) = connection.exchange(&request(number, asked)).await else {
                let counter = if fresh {
                    &tally.cut_off_fresh
                } else {
                    &tally.cut_off
                };
                counter.fetch_add(1, Ordering::AcqRel);
                break;
            };
            let counter = if answer.status == 200 {
                &tally.answered
            } else {
                &tally.refused
            };
            counter.fetch_add(1, Ordering::AcqRel);
            if tally.stopping.load(Ordering::Acquire) {
                tally.late.fetch_add(1, Ordering::AcqRel);
            }
            if answer.close {
                break;
            }
            fresh = false;
        }
    }
}

/// A small query, or one whose answer nobody has asked for before.
fn request(number: u64, asked: u64) -> Vec<u8> {
    let body = if number.is_multiple_of(2) {
        r#"{"query":"{ __typename }"}"#.to_owned()
    } else {
        let query =
            "{ season(year: 2024) { races { name results { position driver { familyName } } } } }";
        format!(r#"{{"query":"{query}","variables":{{"asked":{asked}}}}}"#)
    };
    http::post("", body.as_bytes())
}
