//! Sends to webhooks what is due. What that is, and when it is tried again, is `domain`'s.

use std::{
    net::SocketAddr,
    sync::Arc,
    time::{Duration, Instant},
};

use anyhow::{Context, Result};
use chrono::{DateTime, TimeDelta, Utc};
use domain::{
    App,
    webhook::{self, Claimed, EXCERPT, Next, Outcome, check_address, is_allowed},
};
use futures::{StreamExt, stream};
use reqwest::{
    Response,
    dns::{Addrs, Name, Resolve, Resolving},
    header, redirect,
};

use crate::upstream::{retry_after, user_agent};

/// Webhooks that are sent to at the same time.
const PARALLEL: usize = 8;

/// Deliveries to one webhook in a round; the rest is for the next.
const ROUND: usize = 100;

/// Bytes of an answer that are read; the longest character takes four.
const MOST_READ: usize = EXCERPT * 4;

/// How often is looked for what is due again, when nothing happens.
const PAUSE: Duration = Duration::from_secs(5);

/// Events that come in a row are collected for so long.
const GATHER: Duration = Duration::from_millis(100);

/// How often the log of deliveries is tidied, by the application's clock.
const TIDY: TimeDelta = TimeDelta::days(1);

/// What a round came to.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Sent {
    pub delivered: usize,
    /// Failed, and to be tried again.
    pub failed: usize,
    /// Failed for the last time.
    pub given_up: usize,
}

/// Sends for ever: whenever an event was heard of, and every so often what is due again. Once a day
/// what the log need not keep is forgotten. A database that does not answer is asked again.
pub async fn keep_delivering(app: App) {
    let mut notices = app.bus.listen();
    let mut tidied = None;
    loop {
        if let Err(error) = round(&app, &mut tidied).await {
            tracing::warn!(%error, "webhooks could not be sent to; trying again");
        }
        tokio::select! {
            // Having missed some is a notice too.
            _ = notices.recv() => tokio::time::sleep(GATHER).await,
            () = tokio::time::sleep(PAUSE) => {}
        }
        // One round is for all that were heard of.
        notices = notices.resubscribe();
    }
}

async fn round(app: &App, tidied: &mut Option<DateTime<Utc>>) -> Result<()> {
    deliver_due(app).await?;
    let now = app.clock.now();
    if tidied.is_none_or(|at| now - at >= TIDY) {
        webhook::clean_up(app).await?;
        *tidied = Some(now);
    }
    Ok(())
}

/// Sends what is due, once: first what happened since the last time is written down for each
/// webhook, then each is sent its deliveries in order, until one fails. Any number of workers may
/// do so at the same time. A kill at any point leaves a delivery to be sent again under the same
/// id.
///
/// # Errors
/// When the database fails; receivers that fail are noted in the log of deliveries.
pub async fn deliver_due(app: &App) -> Result<Sent> {
    let started = Instant::now();
    webhook::collect(app).await?;
    let due = webhook::due(app).await?;
    if due.is_empty() {
        return Ok(Sent::default());
    }
    let http = client(app)?;
    let rounds = stream::iter(due).map(|id| {
        let http = http.clone();
        async move { deliver_to(app, &http, &id).await }
    });
    let mut rounds = rounds.buffer_unordered(PARALLEL);
    let (mut sent, mut failure) = (Sent::default(), None);
    while let Some(round) = rounds.next().await {
        match round {
            Ok(round) => sent.add(round),
            Err(error) => failure = Some(error),
        }
    }
    metrics::histogram!("pitwall_job_seconds", "job" => "webhook").record(started.elapsed());
    failure.map_or(Ok(sent), Err)
}

impl Sent {
    fn add(&mut self, other: Self) {
        self.delivered += other.delivered;
        self.failed += other.failed;
        self.given_up += other.given_up;
    }
}

/// One webhook's turn: a receiver that has just failed is not sent the next at once.
async fn deliver_to(app: &App, http: &reqwest::Client, id: &str) -> Result<Sent> {
    let mut sent = Sent::default();
    for _ in 0..ROUND {
        let Some(claimed) = webhook::claim(app, id).await? else {
            break;
        };
        let started = Instant::now();
        let outcome = send(app, http, &claimed).await;
        let next = webhook::note(app, &claimed, &outcome, started.elapsed()).await?;
        let name = match next {
            Next::Delivered => "delivered",
            Next::Again(_) => "failed",
            Next::GivenUp | Next::Gone => "given_up",
        };
        metrics::counter!("pitwall_webhook_deliveries_total", "outcome" => name).increment(1);
        match next {
            Next::Delivered => sent.delivered += 1,
            Next::Again(_) => sent.failed += 1,
            Next::GivenUp | Next::Gone => sent.given_up += 1,
        }
        if next != Next::Delivered {
            break;
        }
    }
    Ok(sent)
}

/// One try.
async fn send(app: &App, http: &reqwest::Client, claimed: &Claimed) -> Outcome {
    let failed = |reason: String| Outcome::Failed { reason };
    // What was allowed when it was registered need not be so any more.
    let url = match check_address(&claimed.url, app.config.webhook.allow_loopback) {
        Ok(url) => url,
        Err(error) => return failed(error.to_string()),
    };
    let now = app.clock.now();
    let timestamp = now.timestamp();
    let request = http
        .post(url)
        .header(header::CONTENT_TYPE, "application/json")
        .header("webhook-id", &claimed.message)
        .header("webhook-timestamp", timestamp)
        .header("webhook-signature", claimed.signatures(timestamp))
        .body(claimed.body.clone());
    match request.send().await {
        Ok(response) => {
            let status = response.status().as_u16();
            let retry_after = asked_for(&response, now);
            Outcome::Answered {
                status,
                excerpt: beginning(response).await,
                retry_after,
            }
        }
        Err(error) => failed(reason(&error.without_url())),
    }
}

/// The pause that a receiver asks for.
fn asked_for(response: &Response, now: DateTime<Utc>) -> Option<TimeDelta> {
    let asked = response.headers().get(header::RETRY_AFTER)?;
    retry_after(asked.to_str().ok()?, now)
}

/// The beginning of an answer. The status has said already whether it is a good one, so nothing
/// is lost when the rest does not come.
async fn beginning(mut response: Response) -> String {
    let mut body = Vec::new();
    while body.len() < MOST_READ
        && let Ok(Some(chunk)) = response.chunk().await
    {
        body.extend_from_slice(&chunk);
    }
    body.truncate(MOST_READ);
    String::from_utf8_lossy(&body).into_owned()
}

/// An error with its causes, without the address, which may hold a key.
fn reason(error: &reqwest::Error) -> String {
    let mut reason = error.to_string();
    let mut source = std::error::Error::source(error);
    while let Some(inner) = source {
        reason = format!("{reason}: {inner}");
        source = inner.source();
    }
    reason
}

/// A client that goes nowhere but where webhooks may lead: no redirects, no proxy, which would
/// look names up itself, and no packed answers, which may be endless.
fn client(app: &App) -> Result<reqwest::Client> {
    let allow_loopback = app.config.webhook.allow_loopback;
    reqwest::Client::builder()
        .user_agent(user_agent())
        .timeout(Duration::from_secs(app.config.webhook.request_seconds))
        .redirect(redirect::Policy::none())
        .no_proxy()
        .no_gzip()
        .dns_resolver(Arc::new(Public { allow_loopback }))
        .build()
        .context("no client for webhooks")
}

/// Looks names up and gives only addresses that may be sent to. It is asked for each connection
/// and its answer is what is connected to, so that a name that changes its mind does not help.
struct Public {
    allow_loopback: bool,
}

impl Resolve for Public {
    fn resolve(&self, name: Name) -> Resolving {
        let allow_loopback = self.allow_loopback;
        Box::pin(async move {
            let found = tokio::net::lookup_host((name.as_str(), 0)).await?;
            let allowed = found.filter(|found| is_allowed(found.ip(), allow_loopback));
            let allowed: Vec<SocketAddr> = allowed.collect();
            if allowed.is_empty() {
                let reason = format!("{} is not on the public internet", name.as_str());
                return Err(reason.into());
            }
            let allowed: Addrs = Box::new(allowed.into_iter());
            Ok(allowed)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn resolved(name: &str, allow_loopback: bool) -> Result<usize, String> {
        let name = name.parse().unwrap();
        let found = Public { allow_loopback }.resolve(name).await;
        found
            .map(Iterator::count)
            .map_err(|error| error.to_string())
    }

    #[tokio::test]
    async fn a_name_that_leads_to_this_machine_is_connected_to_only_where_that_is_allowed() {
        let refused = resolved("localhost", false).await.unwrap_err();
        assert!(refused.contains("not on the public internet"), "{refused}");
        assert!(resolved("localhost", true).await.unwrap() > 0);
    }
}
