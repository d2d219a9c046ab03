//! What OpenF1 pushes to those who have an account: the records that it answers questions with, each
//! as soon as it is made or changed, over MQTT or MQTT in a WebSocket (<https://openf1.org/auth.html>).
//!
//! Nothing is repeated to who was away. So it is said when the feed is open and when it is lost, and
//! whoever listens asks for what was missed.

use std::time::Duration;

use domain::{App, config::OpenF1Config};
use reqwest::Url;
use rumqttc::{
    AsyncClient, Broker, ConnectReturnCode, ConnectionError, Event, EventLoop, Incoming,
    MqttOptions, OptionError, Publish, QoS, SubscribeFilter, SubscribeReasonCode, TlsError,
    Transport, WebsocketTlsOptionsError,
};
use serde_json::Value;
use tokio::sync::mpsc::Sender;

use super::OpenF1;
use crate::upstream::{
    address::{self, BadAddress},
    client::UpstreamError,
};

/// Before the name of a collection, in what a record is pushed under.
const TOPICS: &str = "v1/";

/// Seconds without a word after which the broker is asked whether it is there.
const KEEP_ALIVE: u16 = 20;

/// For a connection with all that goes with it.
const PATIENCE: Duration = Duration::from_secs(20);

/// Longest message in bytes; a record takes some hundred.
const LONGEST: usize = 64 * 1024;

/// Subscriptions that wait to be sent.
const REQUESTS: usize = 8;

/// After so many failures in a row the pauses grow no longer.
const LONGEST_PAUSE: u32 = 7;

/// What is heard.
#[derive(Debug, Clone, PartialEq)]
pub enum News {
    /// From now on what happens is pushed.
    Opened,
    Told(Message),
    /// What happens is not pushed until it is opened again.
    Lost,
}

/// A record that was pushed.
#[derive(Debug, Clone, PartialEq)]
pub struct Message {
    /// As in a question for it: `laps`.
    pub collection: String,
    pub record: Value,
}

/// Why nothing is pushed.
#[derive(Debug, thiserror::Error)]
enum Failure {
    #[error(transparent)]
    Upstream(#[from] UpstreamError),
    #[error(transparent)]
    Connection(#[from] Box<ConnectionError>),
    #[error(transparent)]
    Certificates(#[from] TlsError),
    #[error(transparent)]
    WebSocket(#[from] OptionError),
    #[error(transparent)]
    SecureWebSocket(#[from] WebsocketTlsOptionsError),
    #[error("it did not answer in time")]
    Late,
    #[error("it does not push all that was asked for")]
    NotSubscribed,
}

/// Where to listen; `None` when nothing is configured, or public services know too much.
///
/// # Errors
/// When the configured address cannot be used.
pub fn address(app: &App) -> Result<Option<Url>, BadAddress> {
    let config: &OpenF1Config = &app.config.upstream.openf1;
    let url = &config.push_url;
    if !config.has_account() || url.is_empty() || !app.config.clock.may_ask(url) {
        return Ok(None);
    }
    address::read(url, &[("mqtts", "mqtt"), ("wss", "ws")]).map(Some)
}

/// Listens for records of collections and passes them on, for ever: after a failure it begins again.
/// Ends when nobody takes them.
pub async fn listen(
    app: &App,
    upstream: &OpenF1,
    url: &Url,
    collections: &[&str],
    listener: Sender<News>,
) {
    let mut failures = 0;
    while !listener.is_closed() {
        let mut feed = Feed {
            opened: false,
            listener: &listener,
        };
        let failure = match feed.run(app, upstream, url, collections).await {
            Ok(()) => return,
            Err(failure) => failure,
        };
        if feed.opened {
            failures = 0;
            let _ = listener.send(News::Lost).await;
        }
        if failures == 0 {
            tracing::warn!(%failure, "OpenF1 pushes nothing; it is asked instead");
        }
        failures = (failures + 1).min(LONGEST_PAUSE);
        app.clock.sleep(upstream.client.pause(failures)).await;
    }
}

/// One connection.
struct Feed<'a> {
    opened: bool,
    listener: &'a Sender<News>,
}

impl Feed<'_> {
    /// Passes on what is pushed until nobody takes it.
    async fn run(
        &mut self,
        app: &App,
        upstream: &OpenF1,
        url: &Url,
        collections: &[&str],
    ) -> Result<(), Failure> {
        // It wants the token for a password, and takes any name.
        let token = upstream.client.token().await?.unwrap_or_default();
        let mut options = options(url)?;
        options
            .set_credentials(&app.config.upstream.openf1.username, token.clone())
            .set_keep_alive(KEEP_ALIVE)
            .set_max_packet_size(LONGEST, LONGEST);
        let (client, mut events) = AsyncClient::builder(options).capacity(REQUESTS).build();
        let opened = tokio::time::timeout(PATIENCE, open(&client, &mut events, collections));
        let opened = opened.await.map_err(|_| Failure::Late).flatten();
        if let Err(Failure::Connection(error)) = &opened
            && is_refusal(error)
        {
            upstream.client.forget_token(&token).await;
        }
        let mut early = opened?;
        self.opened = true;
        tracing::info!("OpenF1 pushes what happens");
        if self.listener.send(News::Opened).await.is_err() {
            return Ok(());
        }
        loop {
            let heard = match early.pop() {
                Some(heard) => heard,
                None => match events.poll().await.map_err(Box::new)? {
                    Event::Incoming(Incoming::Publish(heard)) => heard,
                    _ => continue,
                },
            };
            let Some(message) = read(&heard) else {
                tracing::debug!(topic = ?heard.topic, "OpenF1 pushed what is no record");
                continue;
            };
            if self.listener.send(News::Told(message)).await.is_err() {
                return Ok(());
            }
        }
    }
}

/// How the broker at an address is reached. It may name this connection as it likes.
fn options(url: &Url) -> Result<MqttOptions, Failure> {
    let address = url.as_str();
    if url.scheme() == "wss" {
        return Ok(MqttOptions::try_websocket_with_default_tls("", address)?);
    }
    if url.scheme() == "ws" {
        return Ok(MqttOptions::new("", Broker::websocket(address)?));
    }
    let host = url.host_str().unwrap_or_default();
    let host = host.trim_start_matches('[').trim_end_matches(']');
    let secure = url.scheme() == "mqtts";
    let port = url.port().unwrap_or(if secure { 8883 } else { 1883 });
    let mut options = MqttOptions::new("", (host, port));
    if secure {
        options.set_transport(Transport::try_tls_with_default_config()?);
    }
    Ok(options)
}

/// Connects and subscribes; gives what was pushed before all of it was granted, the latest first.
async fn open(
    client: &AsyncClient,
    events: &mut EventLoop,
    collections: &[&str],
) -> Result<Vec<Publish>, Failure> {
    let topics = collections
        .iter()
        .map(|collection| SubscribeFilter::new(format!("{TOPICS}{collection}"), QoS::AtLeastOnce));
    let asked = client.subscribe_many(topics).await;
    asked.map_err(|_| Failure::NotSubscribed)?;
    let mut early = Vec::new();
    loop {
        match events.poll().await.map_err(Box::new)? {
            Event::Incoming(Incoming::SubAck(granted)) => {
                if granted.return_codes.contains(&SubscribeReasonCode::Failure) {
                    return Err(Failure::NotSubscribed);
                }
                early.reverse();
                return Ok(early);
            }
            Event::Incoming(Incoming::Publish(heard)) => early.push(heard),
            _ => {}
        }
    }
}

/// Whether the broker does not take the token.
fn is_refusal(error: &ConnectionError) -> bool {
    matches!(
        error,
        ConnectionError::ConnectionRefused(
            ConnectReturnCode::BadUserNamePassword | ConnectReturnCode::NotAuthorized
        )
    )
}

fn read(heard: &Publish) -> Option<Message> {
    let topic = std::str::from_utf8(&heard.topic).ok()?;
    Some(Message {
        collection: topic.strip_prefix(TOPICS)?.to_owned(),
        record: serde_json::from_slice(&heard.payload).ok()?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_is_named_by_its_topic() {
        let record = |topic: &str, payload: &str| {
            read(&Publish::new(topic, QoS::AtMostOnce, payload.as_bytes()))
        };
        let message = record("v1/laps", r#"{"driver_number":7,"_id":1,"_key":"x"}"#).unwrap();
        assert_eq!(message.collection, "laps");
        assert_eq!(message.record["driver_number"], 7);
        assert_eq!(record("v2/laps", "{}"), None);
        assert_eq!(record("v1/laps", "{\"driver_nu"), None);
    }
}
