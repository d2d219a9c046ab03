//! How much anybody may ask for in a minute: requests of an address, cost of a viewer. Counted
//! in Redis when there is one, for all processes together, else in memory; either way by the
//! generic cell rate algorithm, so that what is used up comes back evenly.

use std::{num::NonZeroU32, sync::Arc, time::Duration};

use axum::http::{HeaderMap, HeaderName, HeaderValue};
use domain::{App, auth::UserId, cache::Cache, config::RateLimitConfig};
use governor::{
    DefaultKeyedRateLimiter, Quota, RateLimiter,
    clock::{Clock as _, DefaultClock},
    middleware::StateInformationMiddleware,
};
use redis::Script;

use super::{address::Client, refusal::Refusal};
use crate::viewer::Viewer;

/// How long Redis may keep a request waiting before this process counts by itself.
const PATIENCE: Duration = Duration::from_millis(100);

/// Counts of idle clients are dropped so often.
const TIDY: Duration = Duration::from_mins(1);

/// The same algorithm where Redis counts: what is owed at most a minute ahead of time.
/// Arguments: microseconds that one unit takes, units at once, units wanted. Answers whether
/// they are granted, units left, and microseconds until the wanted ones would be granted.
const GRANT: &str = r"
local clock = redis.call('TIME')
local now = clock[1] * 1000000 + clock[2]
local unit, burst, wanted = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
local due = math.max(tonumber(redis.call('GET', KEYS[1]) or now), now)
local later = due + wanted * unit
local wait = later - burst * unit - now
if wait > 0 then
    return {0, math.floor((burst * unit - (due - now)) / unit), math.ceil(wait)}
end
redis.call('SET', KEYS[1], string.format('%.0f', later), 'PX', math.ceil((later - now) / 1000) + 1)
return {1, math.floor((burst * unit - (later - now)) / unit), 0}
";

type Memory = RateLimiter<
    Who,
    governor::state::keyed::DefaultKeyedStateStore<Who>,
    DefaultClock,
    StateInformationMiddleware,
>;

/// Whose units are counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Who {
    Client(Client),
    User(UserId),
    Admin,
}

/// What is counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum What {
    Requests,
    Cost,
}

/// Both counts.
pub struct Limits {
    enabled: bool,
    requests: Count,
    cost: Count,
    cache: Cache,
    grant: Script,
}

struct Count {
    what: What,
    per_minute: NonZeroU32,
    memory: Memory,
}

/// What became of a wish for units.
#[derive(Debug, Clone, Copy)]
struct Verdict {
    granted: bool,
    left: u32,
    wait: Duration,
}

/// What is left to a client, for the headers of its answer.
#[derive(Debug, Clone, Copy, Default)]
pub struct Left {
    requests: Option<u32>,
    cost: Option<u32>,
}

impl Limits {
    /// Limits as configured.
    #[must_use]
    pub fn new(app: &App) -> Self {
        let RateLimitConfig {
            enabled,
            requests_per_minute,
            cost_per_minute,
        } = app.config.rate_limit;
        Self {
            enabled,
            requests: Count::new(What::Requests, requests_per_minute),
            cost: Count::new(What::Cost, cost_per_minute),
            cache: app.cache.clone(),
            grant: Script::new(GRANT),
        }
    }

    /// Counts a request.
    ///
    /// # Errors
    /// When the client has none left; says when it will.
    pub async fn request(&self, client: Client, left: &mut Left) -> Result<(), Refusal> {
        let who = Who::Client(client);
        let granted = self.take(&self.requests, who, 1).await;
        // Who is refused one has none left.
        left.requests = *granted.as_ref().unwrap_or(&Some(0));
        granted.map(drop)
    }

    /// Counts the cost of an operation. A viewer without a name is known by the address.
    ///
    /// # Errors
    /// When the viewer has too little left; says when there will be enough.
    pub async fn cost(
        &self,
        client: Client,
        viewer: Viewer,
        cost: u64,
        left: &mut Left,
    ) -> Result<(), Refusal> {
        let who = match viewer {
            Viewer::Guest | Viewer::Unrecognised => Who::Client(client),
            Viewer::User(user) | Viewer::Admin(Some(user)) => Who::User(user),
            Viewer::Admin(None) => Who::Admin,
        };
        let cost = u32::try_from(cost).unwrap_or(u32::MAX);
        left.cost = self.take(&self.cost, who, cost).await?;
        Ok(())
    }

    /// Writes what is left, and what there is in all, into the headers of an answer.
    pub fn describe(&self, left: Left, headers: &mut HeaderMap) {
        let mut policies = Vec::new();
        let mut states = Vec::new();
        for (name, count, left) in [
            ("requests", &self.requests, left.requests),
            ("cost", &self.cost, left.cost),
        ] {
            let Some(left) = left else { continue };
            let limit = count.per_minute.get();
            let reset = count.until_full(left);
            policies.push(format!("\"{name}\";q={limit};w=60"));
            states.push(format!("\"{name}\";r={left};t={reset}"));
            if count.what == What::Requests {
                for (name, value) in [
                    ("ratelimit-limit", u64::from(limit)),
                    ("ratelimit-remaining", u64::from(left)),
                    ("ratelimit-reset", reset),
                ] {
                    headers.insert(HeaderName::from_static(name), HeaderValue::from(value));
                }
            }
        }
        for (name, values) in [("ratelimit-policy", policies), ("ratelimit", states)] {
            if let Ok(value) = HeaderValue::from_str(&values.join(", "))
                && !values.is_empty()
            {
                headers.insert(HeaderName::from_static(name), value);
            }
        }
    }

    /// Forgets idle clients, for ever.
    pub async fn tidy(self: Arc<Self>) {
        loop {
            tokio::time::sleep(TIDY).await;
            for count in [&self.requests, &self.cost] {
                count.memory.retain_recent();
                count.memory.shrink_to_fit();
            }
        }
    }

    /// Units left after taking some; none when nothing is limited.
    async fn take(&self, count: &Count, who: Who, units: u32) -> Result<Option<u32>, Refusal> {
        if !self.enabled {
            return Ok(None);
        }
        let units = units.min(count.per_minute.get());
        let verdict = match Box::pin(self.shared_verdict(count, who, units)).await {
            Some(verdict) => verdict,
            None => count.own_verdict(who, units),
        };
        if verdict.granted {
            return Ok(Some(verdict.left));
        }
        let what = match count.what {
            What::Requests => "requests",
            What::Cost => "costly requests",
        };
        metrics::counter!("pitwall_limited_total", "what" => what).increment(1);
        Err(Refusal::limit(what, verdict.wait))
    }

    async fn shared_verdict(&self, count: &Count, who: Who, units: u32) -> Option<Verdict> {
        let mut redis = self.cache.redis()?;
        let what = match count.what {
            What::Requests => "requests",
            What::Cost => "cost",
        };
        let who = match who {
            Who::Client(client) => client.to_string(),
            Who::User(user) => format!("user:{user}"),
            Who::Admin => "admin".to_owned(),
        };
        let mut call = self.grant.key(format!("pitwall:limit:{what}:{who}"));
        call.arg(format!("{:.3}", count.unit().as_secs_f64() * 1e6))
            .arg(count.per_minute.get())
            .arg(units);
        let answer = call.invoke_async::<(u8, i64, u64)>(&mut redis);
        // When Redis is away it is counted here instead, and health says so.
        let (granted, left, wait) = match tokio::time::timeout(PATIENCE, answer).await {
            Ok(Ok(answer)) => answer,
            Ok(Err(error)) => {
                self.cache.failed(&error.to_string());
                return None;
            }
            Err(_) => {
                self.cache.failed("no answer in time");
                return None;
            }
        };
        self.cache.answered();
        Some(Verdict {
            granted: granted == 1,
            left: u32::try_from(left.max(0)).unwrap_or(u32::MAX),
            wait: Duration::from_micros(wait),
        })
    }
}

impl Count {
    fn new(what: What, per_minute: NonZeroU32) -> Self {
        let quota = Quota::per_minute(per_minute);
        let memory = DefaultKeyedRateLimiter::keyed(quota).with_middleware();
        Self {
            what,
            per_minute,
            memory,
        }
    }

    fn unit(&self) -> Duration {
        Duration::from_mins(1) / self.per_minute.get()
    }

    /// Seconds until everything used is back.
    fn until_full(&self, left: u32) -> u64 {
        let used = self.per_minute.get().saturating_sub(left);
        let seconds = 60 * u64::from(used);
        seconds.div_ceil(u64::from(self.per_minute.get()))
    }

    fn own_verdict(&self, who: Who, units: u32) -> Verdict {
        let Some(units) = NonZeroU32::new(units) else {
            return Verdict {
                granted: true,
                left: self.per_minute.get(),
                wait: Duration::ZERO,
            };
        };
        match self.memory.check_key_n(&who, units) {
            Ok(Ok(state)) => Verdict {
                granted: true,
                left: state.remaining_burst_capacity(),
                wait: Duration::ZERO,
            },
            Ok(Err(not_until)) => Verdict {
                granted: false,
                left: 0,
                wait: not_until.wait_time_from(DefaultClock::default().now()),
            },
            // More than there ever is: `take` has cut that off.
            Err(_) => Verdict {
                granted: false,
                left: 0,
                wait: Duration::from_mins(1),
            },
        }
    }
}
