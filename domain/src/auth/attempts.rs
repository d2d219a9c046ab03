//! How often something may be tried: passwords, by account and by address, registrations and
//! letters by address. Counted in Redis when there is one, for all processes together, else in
//! memory; a count begins anew so long after its first.
//!
//! Whoever guesses the password of an account has so many tries from an address. Guessing from many
//! addresses leaves fewer for each, but never none: the rightful user, from an address of their own,
//! gets in however many others guess.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
    time::{Duration, Instant},
};

use moka::sync::Cache as Memory;
use redis::Script;
use sha2::{Digest, Sha256};

use crate::{
    cache::Cache,
    config::AuthConfig,
    error::{Error, Result},
};

/// Counts held in memory at most; the least used go first.
const MOST: u64 = 200_000;

/// Wrong passwords of an account, wherever from, after which an address has so few tries.
const SIEGE: u32 = 100;
const TRIES_IN_SIEGE: u32 = 3;

/// Letters to one account in an hour.
const LETTERS: u32 = 5;

/// Adds to a count that ends by itself. Arguments: how much, milliseconds that a new count lives.
/// Answers the count and the milliseconds that are left of it.
const ADD: &str = r"
local count = tonumber(redis.call('GET', KEYS[1]) or '0')
local left = redis.call('PTTL', KEYS[1])
local more = tonumber(ARGV[1])
if more > 0 then
    count = redis.call('INCRBY', KEYS[1], more)
    if left < 0 then
        left = tonumber(ARGV[2])
        redis.call('PEXPIRE', KEYS[1], left)
    end
end
return {count, math.max(left, 0)}
";

/// All counts.
pub struct Attempts {
    cache: Cache,
    tag: String,
    add: Script,
    logins: Window,
    hours: Window,
    per_login: u32,
    per_address: u32,
    registrations: u32,
    resets: u32,
}

/// Counts that end after the same time.
struct Window {
    length: Duration,
    counts: Memory<String, Arc<Count>>,
}

struct Count {
    since: Instant,
    count: AtomicU32,
}

/// A count, and how long until it begins anew.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct So {
    many: u32,
    left: Duration,
}

/// Who tries a password, and whose.
pub struct Try {
    pair: String,
    account: String,
    address: String,
}

impl Try {
    /// The password of an account, by its e-mail address or another name of its own, tried from an
    /// address of the network. Whether there is such an account makes no difference.
    pub fn new(account: &str, address: &str) -> Self {
        // An e-mail address is nothing to leave in another store.
        let account = hex::encode(&Sha256::digest(account)[..16]);
        Self {
            pair: format!("pair:{account}:{address}"),
            account: format!("account:{account}"),
            address: format!("address:{address}"),
        }
    }
}

impl Attempts {
    /// Nothing counted yet.
    pub fn new(config: &AuthConfig, cache: &Cache, tag: &str) -> Self {
        let minutes = u64::from(config.wrong_login_minutes.max(1));
        Self {
            cache: cache.clone(),
            tag: tag.to_owned(),
            add: Script::new(ADD),
            logins: Window::new(Duration::from_mins(minutes)),
            hours: Window::new(Duration::from_hours(1)),
            per_login: config.wrong_logins,
            per_address: config.wrong_logins_per_address,
            registrations: config.registrations_per_hour,
            resets: config.resets_per_hour,
        }
    }

    /// Whether a password may be tried.
    ///
    /// # Errors
    /// [`Error::Limited`] when too many were wrong.
    pub async fn check(&self, attempt: &Try) -> Result<()> {
        let account = self.add(&self.logins, &attempt.account, 0).await;
        let tries = if account.many < SIEGE {
            self.per_login
        } else {
            self.per_login.min(TRIES_IN_SIEGE)
        };
        for (key, most) in [(&attempt.pair, tries), (&attempt.address, self.per_address)] {
            let so = self.add(&self.logins, key, 0).await;
            if so.many >= most {
                metrics::counter!("pitwall_logins_limited_total").increment(1);
                return Err(limited("wrong passwords", so.left));
            }
        }
        Ok(())
    }

    /// A password was wrong.
    pub async fn wrong(&self, attempt: &Try) {
        for key in [&attempt.pair, &attempt.account, &attempt.address] {
            self.add(&self.logins, key, 1).await;
        }
    }

    /// A password was right: earlier ones of this account from this address were slips.
    pub async fn right(&self, attempt: &Try) {
        self.logins.counts.invalidate(&attempt.pair);
        if let Some(mut redis) = self.cache.redis() {
            let key = self.key(&attempt.pair);
            let gone = redis::AsyncCommands::del::<_, ()>(&mut redis, key);
            self.cache.in_time(gone).await;
        }
    }

    /// Counts a registration from an address.
    ///
    /// # Errors
    /// [`Error::Limited`] when there were too many.
    pub async fn registration(&self, address: &str) -> Result<()> {
        let key = format!("registrations:{address}");
        self.one_more(&key, self.registrations, "registrations")
            .await
    }

    /// Counts a wish for a letter from an address.
    ///
    /// # Errors
    /// [`Error::Limited`] when there were too many.
    pub async fn letter(&self, address: &str) -> Result<()> {
        let key = format!("letters:{address}");
        self.one_more(&key, self.resets, "letters").await
    }

    /// Counts a letter to a user, and says whether it may be sent.
    pub async fn letter_to(&self, user: &str) -> bool {
        let key = format!("letters-to:{user}");
        self.one_more(&key, LETTERS, "letters").await.is_ok()
    }

    async fn one_more(&self, key: &str, most: u32, what: &str) -> Result<()> {
        let so = self.add(&self.hours, key, 1).await;
        if so.many > most {
            return Err(limited(what, so.left));
        }
        Ok(())
    }

    /// Adds to a count and says where it stands.
    async fn add(&self, window: &Window, key: &str, more: u32) -> So {
        match self.add_in_redis(window, key, more).await {
            Some(so) => so,
            None => window.add(key, more),
        }
    }

    async fn add_in_redis(&self, window: &Window, key: &str, more: u32) -> Option<So> {
        let mut redis = self.cache.redis()?;
        let mut call = self.add.key(self.key(key));
        let length = u64::try_from(window.length.as_millis()).unwrap_or(u64::MAX);
        call.arg(more).arg(length);
        let answer = call.invoke_async::<(u32, u64)>(&mut redis);
        let (many, left) = self.cache.in_time(answer).await?;
        Some(So {
            many,
            left: Duration::from_millis(left),
        })
    }

    fn key(&self, key: &str) -> String {
        format!("pitwall:{}:attempts:{key}", self.tag)
    }
}

impl Window {
    fn new(length: Duration) -> Self {
        let counts = Memory::builder()
            .max_capacity(MOST)
            .time_to_live(length)
            .build();
        Self { length, counts }
    }

    fn add(&self, key: &str, more: u32) -> So {
        let count = if more == 0 {
            self.counts.get(key)
        } else {
            Some(self.counts.get_with_by_ref(key, || {
                Arc::new(Count {
                    since: Instant::now(),
                    count: AtomicU32::new(0),
                })
            }))
        };
        let Some(count) = count else {
            return So {
                many: 0,
                left: Duration::ZERO,
            };
        };
        So {
            many: count.count.fetch_add(more, Ordering::AcqRel) + more,
            left: self.length.saturating_sub(count.since.elapsed()),
        }
    }
}

fn limited(what: &str, left: Duration) -> Error {
    let seconds = left.as_secs().max(1);
    Error::Limited {
        message: format!("too many {what}; try again in {}", spoken(seconds)),
        seconds,
    }
}

/// A time to wait, as one says it.
fn spoken(seconds: u64) -> String {
    match seconds.div_ceil(60) {
        _ if seconds < 60 => format!("{seconds} s"),
        1 => "a minute".to_owned(),
        minutes => format!("{minutes} minutes"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Config;

    fn attempts() -> Attempts {
        let mut config = Config::defaults();
        config.auth.wrong_logins = 5;
        config.auth.wrong_logins_per_address = 12;
        Attempts::new(&config.auth, &Cache::connect(&config), "test")
    }

    async fn guess(attempts: &Attempts, attempt: &Try) -> bool {
        let may = attempts.check(attempt).await.is_ok();
        if may {
            attempts.wrong(attempt).await;
        }
        may
    }

    #[tokio::test]
    async fn guessing_one_account_ends_at_its_own_address_alone() {
        let attempts = attempts();
        let thief = Try::new("max@example.org", "192.0.2.1");
        let mut tries = 0;
        for _ in 0..1000 {
            tries += u32::from(guess(&attempts, &thief).await);
        }
        assert_eq!(tries, 5);
        let owner = Try::new("max@example.org", "198.51.100.7");
        assert!(attempts.check(&owner).await.is_ok());
        let refused = attempts.check(&thief).await.unwrap_err();
        let Error::Limited { message, seconds } = refused else {
            panic!("{refused}");
        };
        assert!(message.contains("15 minutes"), "{message}");
        assert!((890..=900).contains(&seconds), "{seconds}");
    }

    #[tokio::test]
    async fn guessing_many_accounts_ends_at_the_address() {
        let attempts = attempts();
        let mut tries = 0;
        for account in 0..100 {
            let attempt = Try::new(&format!("{account}@example.org"), "192.0.2.1");
            tries += u32::from(guess(&attempts, &attempt).await);
        }
        assert_eq!(tries, 12);
    }

    #[tokio::test]
    async fn guessing_from_many_addresses_leaves_each_fewer_tries_but_never_none() {
        let attempts = attempts();
        let mut tries = 0;
        for address in 0..100 {
            let attempt = Try::new("max@example.org", &format!("192.0.2.{address}"));
            for _ in 0..10 {
                tries += u32::from(guess(&attempts, &attempt).await);
            }
        }
        // 20 addresses of 5 tries, then 80 of 3.
        assert_eq!(tries, 20 * 5 + 80 * 3);
        let owner = Try::new("max@example.org", "198.51.100.7");
        assert!(attempts.check(&owner).await.is_ok());
    }

    #[tokio::test]
    async fn who_gets_in_has_all_tries_again() {
        let attempts = attempts();
        let owner = Try::new("max@example.org", "192.0.2.1");
        for _ in 0..4 {
            assert!(guess(&attempts, &owner).await);
        }
        attempts.right(&owner).await;
        for _ in 0..5 {
            assert!(guess(&attempts, &owner).await);
        }
        assert!(!guess(&attempts, &owner).await);
    }

    #[tokio::test]
    async fn registrations_and_letters_are_counted_by_address() {
        let attempts = attempts();
        for _ in 0..20 {
            assert!(attempts.registration("192.0.2.1").await.is_ok());
        }
        assert!(attempts.registration("192.0.2.1").await.is_err());
        assert!(attempts.registration("192.0.2.2").await.is_ok());
        for _ in 0..5 {
            assert!(attempts.letter_to("1").await);
        }
        assert!(!attempts.letter_to("1").await);
    }
}
