//! What goes wrong, and when.

use std::time::Duration;

use rand::RngExt;
use rand_pcg::Pcg32;

/// So long Redis is away, by the machine's clock.
pub const REDIS_AWAY: Duration = Duration::from_mins(1);

/// Something that goes wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Trouble {
    /// The worker is killed.
    Worker,
    /// One of the servers is.
    Server(usize),
    /// PostgreSQL crashes, and is started again.
    Database,
    RedisGoes,
    RedisComes,
}

/// When it does.
#[derive(Debug, Clone, Copy)]
pub struct Due {
    /// By the machine's clock, after the beginning.
    pub after: Duration,
    pub what: Trouble,
}

/// So many kills at random moments of a stretch of time, of the worker oftener than of a server, and
/// a crash of the database at some moment; in order.
///
/// The stretch is cut into as many parts as there are kills, and each has one: a worker that is
/// killed all the time gets nothing done, of which nothing could be learned.
pub fn kills(chance: &mut Pcg32, count: u64, within: Duration) -> Vec<Due> {
    let part = milliseconds(within) / count;
    let mut due = Vec::new();
    for number in 0..count {
        let after = part * number + chance.random_range(0..part * 4 / 5);
        let what = match chance.random_range(0..5) {
            0 => Trouble::Server(0),
            1 => Trouble::Server(1),
            _ => Trouble::Worker,
        };
        due.push(at(after, what));
    }
    let after = part * chance.random_range(0..count) + part * 9 / 10;
    due.push(at(after, Trouble::Database));
    due.sort_by_key(|due| due.after);
    due
}

/// The same, and Redis is stopped for a while.
pub fn without_redis(chance: &mut Pcg32, within: Duration, mut due: Vec<Due>) -> Vec<Due> {
    let after = chance.random_range(0..milliseconds(within.saturating_sub(REDIS_AWAY)));
    due.push(at(after, Trouble::RedisGoes));
    due.push(at(after + milliseconds(REDIS_AWAY), Trouble::RedisComes));
    due.sort_by_key(|due| due.after);
    due
}

fn at(after: u64, what: Trouble) -> Due {
    Due {
        after: Duration::from_millis(after),
        what,
    }
}

fn milliseconds(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}
