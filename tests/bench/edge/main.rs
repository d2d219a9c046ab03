//! The server from outside: many subscribers, attackers, the end of a process. Starts the
//! release binary beside it as a child, on a database of its own, and speaks to it over
//! loopback only.
//!
//!     edge crowd [SUBSCRIBERS]    what subscribers weigh, and how fast an event reaches all
//!     edge race [SUBSCRIBERS]     how fast a replayed race reaches all who follow it
//!     edge attacks                what attacks cost the server and its other clients
//!     edge stop                   whether anybody is cut off when the server is asked to stop
//!
//! Missing an aim is reported and no failure.

mod attack;
mod attacks;
mod crowd;
mod events;
mod figures;
mod http;
mod neighbour;
mod race;
mod reader;
mod server;
mod slow;
mod socket;
mod stop;

use anyhow::{Context, Result, bail};

/// How many subscribers there are when nothing is said.
const CROWD: usize = 10_000;
const FOLLOWERS: usize = 1000;

// One thread: the server is to have the rest of the machine.
#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match arguments.as_slice() {
        ["crowd"] => crowded(CROWD).await,
        ["crowd", subscribers] => {
            let subscribers = subscribers.parse().context("SUBSCRIBERS is a number")?;
            crowded(subscribers).await
        }
        ["race"] => race::run(FOLLOWERS).await,
        ["race", subscribers] => {
            let subscribers = subscribers.parse().context("SUBSCRIBERS is a number")?;
            race::run(subscribers).await
        }
        ["attacks"] => attacks::run().await,
        ["stop"] => stop::run().await,
        _ => bail!("usage: edge crowd [SUBSCRIBERS] | race [SUBSCRIBERS] | attacks | stop"),
    }
}

async fn crowded(subscribers: usize) -> Result<()> {
    crowd::run(subscribers).await?;
    reader::run().await
}
