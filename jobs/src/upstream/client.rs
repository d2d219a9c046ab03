//! The one HTTP client for services on the network, and its policy. Knows nothing of what they
//! say: the caller reads the body, and one that it cannot read is asked for again.

mod account;

use std::{
    collections::HashMap,
    sync::{
        Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
};

use account::Account;
use chrono::{DateTime, TimeDelta, Utc};
use domain::{
    App,
    upstream::{Limits, NotReserved, reserve},
};
use reqwest::{
    RequestBuilder, Response, StatusCode, Url,
    header::{self, HeaderMap, HeaderName, HeaderValue},
    redirect,
};

use super::{
    address::{self, BadAddress},
    breaker::Breaker,
    policy::{Policy, http_date, retry_after},
};

/// Redirects followed, on the same host only.
const REDIRECTS: usize = 3;

/// Answers kept for conditional requests; when there are more, all are forgotten.
const ANSWERS_KEPT: usize = 64;

/// Characters kept of what a service says when it refuses.
const SAID: usize = 200;

/// A wait at least as long, in seconds of the machine, is told of in the log.
const LONG_WAIT: f64 = 30.0;

/// Asks one service.
pub struct Client {
    app: App,
    http: reqwest::Client,
    base: String,
    host: String,
    limits: Limits,
    policy: Policy,
    breaker: Mutex<Breaker>,
    answers: Mutex<HashMap<String, Answer>>,
    secret: Option<Secret>,
    account: Option<Account>,
    chance: AtomicU64,
    requests: AtomicU64,
}

/// A parameter of every request that is told to nobody but the service.
struct Secret {
    name: &'static str,
    value: String,
}

/// An answer that the service can be asked about: has it changed?
struct Answer {
    /// `If-None-Match` or `If-Modified-Since`, and what to send with it.
    condition: (HeaderName, HeaderValue),
    body: Vec<u8>,
}

/// A request that came to nothing.
#[derive(Debug, thiserror::Error)]
pub enum UpstreamError {
    /// The configured address cannot be used.
    #[error(transparent)]
    Address(#[from] BadAddress),
    /// Too many failures in a row.
    #[error(
        "{host} is left alone until {until} after failing again and again; the last time: {reason}"
    )]
    LeftAlone {
        host: String,
        until: DateTime<Utc>,
        reason: String,
    },
    /// Every try failed.
    #[error("gave up on {url} after {tries} tries; the last: {reason}")]
    GaveUp {
        url: String,
        tries: u32,
        reason: String,
    },
    /// The service said no, and would again.
    #[error("{url} was answered with status {status}")]
    Refused {
        url: String,
        status: u16,
        /// The beginning of what it said.
        said: String,
    },
    /// The answer is longer than anything sensible.
    #[error("{url} was answered with more than {most} bytes")]
    TooLong { url: String, most: usize },
    /// The service asks for a pause that is longer than is waited.
    #[error("{host} asks to be left alone until {until}")]
    ComeAgain { host: String, until: DateTime<Utc> },
    /// The request could not be counted, so it was not sent.
    #[error(transparent)]
    NotReserved(#[from] NotReserved),
}

impl UpstreamError {
    /// Whether the service asks who asks.
    #[must_use]
    pub fn is_unauthorized(&self) -> bool {
        matches!(self, Self::Refused { status: 401, .. })
    }
}

/// A try that failed.
enum Failed {
    /// The next would too.
    ForGood(UpstreamError),
    /// Worth another, after the pause that the service asked for.
    TryAgain(String, Option<TimeDelta>),
}

impl Failed {
    /// Without the address, which may hold a key; whoever gives up names it.
    fn on_the_way(error: reqwest::Error) -> Self {
        let error = error.without_url();
        let mut reason = error.to_string();
        let mut source = std::error::Error::source(&error);
        while let Some(inner) = source {
            reason = format!("{reason}: {inner}");
            source = inner.source();
        }
        Self::TryAgain(reason, None)
    }
}

impl Client {
    /// A client for the service at `base`, to whose path the paths of requests are added.
    ///
    /// # Errors
    /// When the address is none, or would be spoken to in the clear over a network.
    pub fn new(
        app: &App,
        base: &str,
        limits: Limits,
        policy: Policy,
    ) -> Result<Self, UpstreamError> {
        let base = base.trim_end_matches('/');
        let url = address::read(base, &[("https", "http")])?;
        let host = url.host_str().unwrap_or_default();
        let mut builder = reqwest::Client::builder()
            .user_agent(user_agent())
            .connect_timeout(policy.connect_timeout)
            .timeout(policy.total_timeout)
            .redirect(redirect::Policy::custom(follow));
        if address::is_loopback(host) {
            builder = builder.no_proxy();
        }
        let http = builder.build().map_err(|_| BadAddress {
            address: base.to_owned(),
            expected: "certificates of the system to check it by".to_owned(),
        })?;
        let host = url
            .port()
            .map_or_else(|| host.to_owned(), |port| format!("{host}:{port}"));
        // Two processes that fail together must not come again together.
        let seed =
            u64::from(std::process::id()) ^ app.clock.now().timestamp_micros().cast_unsigned();
        Ok(Self {
            app: app.clone(),
            http,
            base: base.to_owned(),
            host,
            limits,
            policy,
            breaker: Mutex::default(),
            answers: Mutex::default(),
            secret: None,
            account: None,
            chance: AtomicU64::new(seed),
            requests: AtomicU64::new(0),
        })
    }

    /// The same client with a key that goes along as a parameter of each request, and into no
    /// message.
    #[must_use]
    pub fn with_key(mut self, name: &'static str, value: &str) -> Self {
        let value = value.to_owned();
        self.secret = Some(Secret { name, value });
        self
    }

    /// A text from the service without the key, which a service may repeat.
    #[must_use]
    pub fn without_key(&self, text: &str) -> String {
        match &self.secret {
            Some(secret) if !secret.value.is_empty() => text.replace(&secret.value, "…"),
            _ => text.to_owned(),
        }
    }

    /// The address that paths are added to.
    #[must_use]
    pub fn base(&self) -> &str {
        &self.base
    }

    /// Requests sent so far, repeated ones too.
    #[must_use]
    pub fn requests(&self) -> u64 {
        self.requests.load(Ordering::Relaxed)
    }

    /// Asks for a path (with its query) and gives what `read` makes of the body. A body that
    /// `read` cannot use, for the reason that it gives, is asked for again like any other
    /// failure.
    ///
    /// # Errors
    /// When no try succeeds, the service refuses, or it is being left alone.
    pub async fn get<T>(
        &self,
        path: &str,
        read: impl Fn(&[u8]) -> Result<T, String>,
    ) -> Result<T, UpstreamError> {
        let url = format!("{}{path}", self.base);
        let (url, read) = (url.as_str(), &read);
        let token = self.token().await?;
        let token = token.as_deref();
        let asking = self.trying(url, move || self.ask(url, token, read));
        match (asking.await, token) {
            (Err(error), Some(refused)) if error.is_unauthorized() => {
                self.forget_token(refused).await;
                let token = self.token().await?;
                let token = token.as_deref();
                self.trying(url, move || self.ask(url, token, read)).await
            }
            (answer, _) => answer,
        }
    }

    /// Tries a request until it succeeds, as often as the policy says, each time in its turn.
    async fn trying<T, F: Future<Output = Result<T, Failed>>>(
        &self,
        url: &str,
        request: impl Fn() -> F,
    ) -> Result<T, UpstreamError> {
        let url = url.to_owned();
        let mut tries = 0;
        loop {
            self.wait_for_turn().await?;
            tries += 1;
            let (reason, asked) = match request().await {
                Ok(value) => {
                    lock(&self.breaker).answered();
                    return Ok(value);
                }
                Err(Failed::ForGood(error)) => {
                    // A refusal is an answer.
                    lock(&self.breaker).answered();
                    return Err(error);
                }
                Err(Failed::TryAgain(reason, asked)) => (self.without_key(&reason), asked),
            };
            tracing::debug!(url, tries, reason, "a request upstream failed");
            let now = self.app.clock.waiting_time();
            let Policy { failures, rest, .. } = self.policy;
            lock(&self.breaker).failed(now, failures, rest, &reason);
            if let Some(wait) = asked.filter(|wait| *wait > self.policy.longest_wait) {
                return Err(UpstreamError::ComeAgain {
                    host: self.host.clone(),
                    until: now + wait,
                });
            }
            if tries >= self.policy.tries {
                return Err(UpstreamError::GaveUp { url, tries, reason });
            }
            let pause = match asked {
                Some(wait) => self.policy.asked_for(wait, self.chance()),
                None => self.pause(tries),
            };
            self.app.clock.sleep(pause).await;
        }
    }

    /// Waits until the service may be asked.
    async fn wait_for_turn(&self) -> Result<(), UpstreamError> {
        let clock = &self.app.clock;
        if let Some((until, reason)) = lock(&self.breaker).open(clock.waiting_time()) {
            return Err(UpstreamError::LeftAlone {
                host: self.host.clone(),
                until,
                reason: reason.to_owned(),
            });
        }
        let turn = reserve(&self.app, &self.host, &self.limits).await?;
        let wait = (turn - clock.waiting_time()).as_seconds_f64() / clock.pace();
        if wait >= LONG_WAIT {
            tracing::info!(host = self.host, until = %turn, "waiting, as the service's limit asks");
        }
        clock.sleep_until(turn).await;
        Ok(())
    }

    /// One try.
    async fn ask<T>(
        &self,
        url: &str,
        token: Option<&str>,
        read: &impl Fn(&[u8]) -> Result<T, String>,
    ) -> Result<T, Failed> {
        let mut request = self
            .http
            .get(self.address(url)?)
            .header(header::ACCEPT, "application/json");
        if let Some(token) = token {
            request = request.bearer_auth(token);
        }
        if let Some(answer) = lock(&self.answers).get(url) {
            let (name, value) = &answer.condition;
            request = request.header(name, value);
        }
        let response = self.send(request).await?;
        if response.status() == StatusCode::NOT_MODIFIED {
            let answers = lock(&self.answers);
            let Some(answer) = answers.get(url) else {
                let reason = "said to be as before, which it never was";
                return Err(Failed::TryAgain(reason.to_owned(), None));
            };
            return read(&answer.body).map_err(|reason| Failed::TryAgain(reason, None));
        }
        let condition = condition(response.headers());
        let body = self.answer(url, response).await?;
        let value = read(&body).map_err(|reason| Failed::TryAgain(reason, None))?;
        if let Some(condition) = condition {
            let mut answers = lock(&self.answers);
            if answers.len() >= ANSWERS_KEPT {
                answers.clear();
            }
            answers.insert(url.to_owned(), Answer { condition, body });
        }
        Ok(value)
    }

    /// Sends a request, and counts it.
    async fn send(&self, request: RequestBuilder) -> Result<Response, Failed> {
        self.requests.fetch_add(1, Ordering::Relaxed);
        let response = request.send().await.map_err(Failed::on_the_way);
        let status = response.as_ref().map(Response::status);
        let outcome =
            status.map_or_else(|_| "none".to_owned(), |status| status.as_str().to_owned());
        metrics::counter!(
            "pitwall_upstream_requests_total", "host" => self.host.clone(), "status" => outcome
        )
        .increment(1);
        response
    }

    /// The body of an answer that is no refusal.
    async fn answer(&self, url: &str, response: Response) -> Result<Vec<u8>, Failed> {
        if response.status().is_success() {
            return self.body(url, response).await;
        }
        let mut failed = self.refusal(url, &response);
        if let Failed::ForGood(UpstreamError::Refused { said, .. }) = &mut failed {
            let body = self.body(url, response).await?;
            *said = String::from_utf8_lossy(&body).chars().take(SAID).collect();
        }
        Err(failed)
    }

    /// What is really asked for.
    fn address(&self, url: &str) -> Result<Url, Failed> {
        let address = Url::parse(url).map_err(|_| {
            let expected = "a path and a query".to_owned();
            let address = url.to_owned();
            Failed::ForGood(BadAddress { address, expected }.into())
        })?;
        let Some(Secret { name, value }) = &self.secret else {
            return Ok(address);
        };
        let mut address = address;
        address.query_pairs_mut().append_pair(name, value);
        Ok(address)
    }

    /// The body, unpacked, up to the longest that is taken.
    async fn body(&self, url: &str, mut response: Response) -> Result<Vec<u8>, Failed> {
        let mut body = Vec::new();
        while let Some(chunk) = response.chunk().await.map_err(Failed::on_the_way)? {
            if body.len() + chunk.len() > self.policy.max_body {
                return Err(Failed::ForGood(UpstreamError::TooLong {
                    url: url.to_owned(),
                    most: self.policy.max_body,
                }));
            }
            body.extend_from_slice(&chunk);
        }
        Ok(body)
    }

    /// What a status other than success means.
    fn refusal(&self, url: &str, response: &Response) -> Failed {
        let status = response.status();
        let passing = status.is_server_error()
            || matches!(
                status,
                StatusCode::TOO_MANY_REQUESTS | StatusCode::REQUEST_TIMEOUT | StatusCode::TOO_EARLY
            );
        if !passing {
            return Failed::ForGood(UpstreamError::Refused {
                url: url.to_owned(),
                status: status.as_u16(),
                said: String::new(),
            });
        }
        let text = |name| response.headers().get(name)?.to_str().ok();
        // A date is meant by the clock of the service, which may differ from this one.
        let now = text(header::DATE).and_then(http_date);
        let now = now.unwrap_or_else(|| self.app.clock.waiting_time());
        let asked = text(header::RETRY_AFTER).and_then(|header| retry_after(header, now));
        Failed::TryAgain(format!("status {status}"), asked)
    }

    /// Pause after so many failed tries, by the policy.
    #[must_use]
    pub fn pause(&self, failed: u32) -> TimeDelta {
        self.policy.pause(failed, self.chance())
    }

    /// The next of a row of numbers from 0 to 1 (splitmix64).
    fn chance(&self) -> f64 {
        const STEP: u64 = 0x9E37_79B9_7F4A_7C15;
        let mut bits = self
            .chance
            .fetch_add(STEP, Ordering::Relaxed)
            .wrapping_add(STEP);
        bits = (bits ^ (bits >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        bits = (bits ^ (bits >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        bits ^= bits >> 31;
        f64::from((bits >> 32) as u32) / f64::from(u32::MAX)
    }
}

/// Who asks: `pitwall/0.1.0 (+https://…)`, with the address of the repository where the manifest
/// names one.
pub(crate) fn user_agent() -> String {
    let agent = concat!("pitwall/", env!("CARGO_PKG_VERSION"));
    match env!("CARGO_PKG_REPOSITORY") {
        "" => agent.to_owned(),
        repository => format!("{agent} (+{repository})"),
    }
}

/// Follows a redirect on the same host, by the same protocol.
fn follow(attempt: redirect::Attempt<'_>) -> redirect::Action {
    let place = |url: &Url| {
        let host = url.host_str().map(str::to_owned);
        (url.scheme().to_owned(), host, url.port_or_known_default())
    };
    let same = attempt
        .previous()
        .first()
        .is_some_and(|first| place(first) == place(attempt.url()));
    if !same {
        return attempt.error("a redirect to another host is not followed");
    }
    if attempt.previous().len() > REDIRECTS {
        return attempt.error("too many redirects");
    }
    attempt.follow()
}

/// How to ask whether an answer has changed, where the service says.
fn condition(headers: &HeaderMap) -> Option<(HeaderName, HeaderValue)> {
    let with = |name, condition| Some((condition, headers.get(name)?.clone()));
    with(header::ETAG, header::IF_NONE_MATCH)
        .or_else(|| with(header::LAST_MODIFIED, header::IF_MODIFIED_SINCE))
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
