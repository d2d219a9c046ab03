//! Attacks: what a request of each costs the server, and what another client notices of them.

use std::{
    net::SocketAddr,
    time::{Duration, Instant},
};

use anyhow::{Result, bail};
use tokio::{task::JoinSet, time::sleep};

use crate::{
    attack::{self, Attack, BOMB, BRACES, DEEP, LARGE, Way, numbered},
    figures::{MB, judge, mb, ms, ratio},
    http::{Answer, Connection},
    neighbour::{self, Neighbour, Seen},
    server::Server,
    slow,
    socket::{Origin, Socket},
};

/// What a request may cost.
const MOST_MS: f64 = 10.0;

/// What memory may grow by while an attack goes on that came before as well.
const MOST_GROWTH: u64 = 16 * MB;

const REQUESTS: usize = 300;
/// Before anything is measured.
const WARM_UP: usize = 30;

/// Connections that attack while another client asks, and for how long.
const ATTACKERS: usize = 4;
const LENGTH: Duration = Duration::from_secs(5);

/// How long connections that drip are waited for.
const CUT_OFF: Duration = Duration::from_secs(12);

type Attacks = [(&'static str, Attack, &'static [Way])];

pub async fn run() -> Result<()> {
    let server = Server::start(&[]).await?;
    let attacks = attack::all()?;
    let costs = costs(&server, &attacks).await?;
    let notices = notices(&server, &attacks).await?;
    println!();
    if let Some(dearest) = costs.iter().max_by(|a, b| a.ms.total_cmp(&b.ms)) {
        judge(
            dearest.ms < MOST_MS,
            &format!(
                "attacks: the dearest request ({}) takes {:.2} ms, wanted under {MOST_MS} ms",
                dearest.name, dearest.ms
            ),
        );
    }
    if let Some(largest) = costs.iter().max_by_key(|cost| cost.growth) {
        judge(
            largest.growth <= MOST_GROWTH,
            &format!(
                "attacks: memory grows by {:.1} MB at most ({}), wanted at most {} MB",
                mb(largest.growth),
                largest.name,
                MOST_GROWTH / MB
            ),
        );
    }
    let Notices {
        failed,
        cut_off,
        longest,
    } = notices;
    judge(
        cut_off == slow::DRIPPING && longest <= CUT_OFF,
        &format!(
            "attacks: {cut_off} of {} slow connections cut off, the last after {:.1} s, wanted all within {} s",
            slow::DRIPPING,
            longest.as_secs_f64(),
            CUT_OFF.as_secs()
        ),
    );
    judge(
        failed == 0,
        &format!("attacks: {failed} requests of the other client failed, wanted none"),
    );
    Ok(())
}

async fn costs(server: &Server, attacks: &Attacks) -> Result<Vec<Cost>> {
    println!("\n**Attacks: what a request costs**, {REQUESTS} one after the other\n");
    println!("| attack | by | answer | processor ms each | longest ms | MB before | growth |");
    println!("|---|---|---|--:|--:|--:|--:|");
    let mut costs = Vec::new();
    for (name, attack, ways) in attacks {
        for way in *ways {
            costs.push(measure(server, name, attack, *way).await?);
        }
    }
    Ok(costs)
}

/// What is noticed besides what the table says.
struct Notices {
    /// Requests of the other client.
    failed: usize,
    /// Slow connections, and how long one was held at most.
    cut_off: usize,
    longest: Duration,
}

async fn notices(server: &Server, attacks: &Attacks) -> Result<Notices> {
    println!(
        "\n**Attacks: what another client notices**, {ATTACKERS} connections for {} s\n",
        LENGTH.as_secs()
    );
    println!(
        "| attack | attacks | processor ms each | p99 ms alone | p99 under attack | ratio | failed | growth MB |"
    );
    println!("|---|--:|--:|--:|--:|--:|--:|--:|");
    let mut failed = 0;
    let behaving = Attack::Hot(neighbour::QUERY.to_owned());
    let new = Attack::Document(neighbour::QUERY.to_owned());
    let some = attacks
        .iter()
        .filter(|(name, ..)| [BOMB, BRACES, LARGE, DEEP].contains(name));
    let some = some.map(|(name, attack, _)| (*name, attack));
    let others = [
        ("none: as many connections that behave", &behaving),
        ("each document and answer a new one", &new),
    ];
    for (title, attack) in others.into_iter().chain(some) {
        let hammer = hammer(server.address, attack);
        failed += with_neighbour(server, title, hammer).await?;
    }
    let resetting = resetting(server.address);
    failed += with_neighbour(server, "13 rapid reset, connections", resetting).await?;
    let mut held = JoinSet::new();
    let dripping = async {
        held = slow::drip(server.address).await;
        sleep(LENGTH).await;
        u64::try_from(held.len()).unwrap_or_default()
    };
    failed += with_neighbour(server, "13 slowloris, connections", dripping).await?;
    let held: Vec<Duration> = held.join_all().await.into_iter().flatten().collect();
    Ok(Notices {
        failed,
        cut_off: held.len(),
        longest: held.into_iter().max().unwrap_or_default(),
    })
}

struct Cost {
    name: &'static str,
    ms: f64,
    growth: u64,
}

async fn measure(server: &Server, name: &'static str, attack: &Attack, way: Way) -> Result<Cost> {
    let mut client = Client::new(server.address, way).await?;
    let mut verdict = String::new();
    for number in 0..WARM_UP {
        verdict = client.send(attack, number).await?;
    }
    let (used, before) = (server.processor_time()?, server.resident()?);
    let mut longest = Duration::ZERO;
    for number in WARM_UP..WARM_UP + REQUESTS {
        let started = Instant::now();
        client.send(attack, number).await?;
        longest = longest.max(started.elapsed());
    }
    let each = ms(server.processor_time_since(used)?) / ratio(u64::try_from(REQUESTS)?, 1);
    let growth = server.resident()?.saturating_sub(before);
    let by = format!("{way:?}").to_uppercase();
    println!(
        "| {name} | {by} | {verdict} | {each:.2} | {:.1} | {:.1} | {:.1} |",
        ms(longest),
        mb(before),
        mb(growth)
    );
    Ok(Cost {
        name,
        ms: each,
        growth,
    })
}

/// A client that attacks, by one way, again and again.
struct Client {
    address: SocketAddr,
    way: Way,
    connection: Option<Connection>,
    socket: Option<Socket>,
}

impl Client {
    async fn new(address: SocketAddr, way: Way) -> Result<Self> {
        let socket = match way {
            Way::Socket => Some(Socket::greeted(address, Origin::default()).await?),
            _ => None,
        };
        Ok(Self {
            address,
            way,
            connection: None,
            socket,
        })
    }

    /// Sends an attack; says what it was answered with.
    async fn send(&mut self, attack: &Attack, number: usize) -> Result<String> {
        if let (Some(socket), Attack::Document(text)) = (&mut self.socket, attack) {
            socket
                .subscribe(&number.to_string(), &numbered(text, number))
                .await?;
            return Ok(reason(&socket.receive().await?));
        }
        let request = attack.request(self.way, number);
        let connection = match &mut self.connection {
            Some(connection) => connection,
            none => none.insert(Connection::open(self.address).await?),
        };
        let answer = connection.exchange(&request).await;
        if !matches!(&answer, Ok(Answer { close: false, .. })) {
            self.connection = None;
        }
        Ok(match answer {
            Ok(answer) => format!(
                "{} {}",
                answer.status,
                reason(&String::from_utf8_lossy(&answer.body))
            ),
            Err(error) => error.kind().to_string(),
        })
    }
}

/// Why something was refused, by the most exact name that there is.
fn reason(answer: &str) -> String {
    let found = ["\"reason\":\"", "\"code\":\""]
        .into_iter()
        .find_map(|key| {
            let (_, rest) = answer.split_once(key)?;
            rest.split('"').next()
        });
    found.unwrap_or("answered").to_owned()
}

/// Measures a client that behaves, alone and beside an attack that says how often it came.
/// Says how many of its requests failed.
async fn with_neighbour(
    server: &Server,
    title: &str,
    attack: impl Future<Output = u64>,
) -> Result<usize> {
    let alone = Neighbour::start(server.address, LENGTH).seen().await?;
    let (used, before) = (server.processor_time()?, server.resident()?);
    let neighbour = Neighbour::start(server.address, LENGTH);
    let (attacks, Ok(beside)) = tokio::join!(attack, neighbour.seen()) else {
        bail!("the other client could not ask");
    };
    let used = server.processor_time_since(used)?;
    let growth = server.resident()?.saturating_sub(before);
    let p99 = |seen: &Seen| seen.times.percentile(99);
    println!(
        "| {title} | {attacks} | {:.2} | {:.2} | {:.2} | {:.1} | {} | {:.1} |",
        ms(used) / ratio(attacks, 1),
        ms(p99(&alone)),
        ms(p99(&beside)),
        p99(&beside).as_secs_f64() / p99(&alone).as_secs_f64(),
        alone.failed + beside.failed,
        mb(growth),
    );
    Ok(alone.failed + beside.failed)
}

async fn hammer(address: SocketAddr, attack: &Attack) -> u64 {
    let end = Instant::now() + LENGTH;
    let one = async |first: usize| {
        let mut sent = 0;
        let Ok(mut client) = Client::new(address, Way::Post).await else {
            return 0;
        };
        while Instant::now() < end && client.send(attack, first + sent).await.is_ok() {
            sent += 1;
        }
        u64::try_from(sent).unwrap_or_default()
    };
    let all = (0..ATTACKERS).map(|number| one(number * 1_000_000));
    futures::future::join_all(all).await.into_iter().sum()
}

async fn resetting(address: SocketAddr) -> u64 {
    let end = Instant::now() + LENGTH;
    let one = async || {
        let mut connections = 0;
        while Instant::now() < end {
            slow::reset(address).await;
            connections += 1;
        }
        connections
    };
    futures::future::join_all((0..ATTACKERS).map(|_| one()))
        .await
        .into_iter()
        .sum()
}
