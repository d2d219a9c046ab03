//! Connections: taken, held to their time limits, and brought to an end without cutting
//! anybody off.

use std::{
    collections::HashMap,
    net::{IpAddr, SocketAddr},
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use axum::body::Body;
use domain::{App, config::ServerConfig};
use hyper::{
    body::Incoming,
    server::conn::{http1, http2},
    service::service_fn,
};
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use tokio::{
    net::{TcpListener, TcpStream},
    sync::{OwnedSemaphorePermit, Semaphore},
    task::JoinSet,
    time::{Instant, timeout, timeout_at},
};
use tokio_io_timeout::TimeoutStream;

use super::{Server, edge::Edge, metrics};
use crate::telemetry;

/// How a connection of HTTP/2 begins.
const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

/// Bytes of a request's head at most.
const LARGEST_HEAD: usize = 64 * 1024;

/// Streams of one HTTP/2 connection at the same time, and resets that it may leave unanswered:
/// with more it is closed (rapid reset).
const STREAMS: u32 = 100;
const RESETS: usize = 20;

/// Pause after an error of the operating system, such as no more file descriptors.
const RECOVER: Duration = Duration::from_millis(100);

/// Why the server cannot listen, in a sentence that says what to do.
#[derive(Debug, thiserror::Error)]
pub enum ListenError {
    /// Somebody else listens there.
    #[error(
        "port {port} on {host} is in use; stop what listens there or set PITWALL__SERVER__PORT"
    )]
    InUse { host: String, port: u16 },
    /// The address cannot be listened on.
    #[error(
        "cannot listen on {host}:{port}: {reason}; set PITWALL__SERVER__HOST and PITWALL__SERVER__PORT"
    )]
    Address {
        host: String,
        port: u16,
        reason: String,
    },
}

/// Listens, says where, and serves until asked to stop; requests under way are finished.
///
/// # Errors
/// When an address cannot be listened on or trusted documents cannot be used.
pub async fn serve(
    app: App,
    listening: impl FnOnce(SocketAddr),
    stop: impl Future<Output = ()> + Send + 'static,
) -> anyhow::Result<()> {
    // Each connection is a file; without more of them than usual the cap is never reached.
    let _ = rlimit::increase_nofile_limit(u64::MAX);
    let figures = match app.config.metrics.listen.parse() {
        Ok(address) => Some((metrics::listen(address).await?, telemetry::record_figures())),
        Err(_) => None,
    };
    let listener = listen(&app).await?;
    let server = Server::new(app.clone()).await?;
    let mut background = JoinSet::new();
    background.spawn(domain::bus::dispatch(app));
    background.spawn(Arc::clone(&server.limits).tidy());
    if let Some((figures, handle)) = figures {
        background.spawn(async {
            if let Err(error) = metrics::serve(figures, handle).await {
                tracing::error!(%error, "metrics are no longer served");
            }
        });
    }
    listening(listener.local_addr()?);
    let doors = Doors::new(server);
    doors.take_until(&listener, stop).await;
    doors.close(listener).await;
    Ok(())
}

async fn listen(app: &App) -> Result<TcpListener, ListenError> {
    let (host, port) = (app.config.server.host.clone(), app.config.server.port);
    TcpListener::bind((host.as_str(), port))
        .await
        .map_err(|error| match error.kind() {
            std::io::ErrorKind::AddrInUse => ListenError::InUse { host, port },
            _ => ListenError::Address {
                host,
                port,
                reason: error.to_string(),
            },
        })
}

/// Where connections come in.
struct Doors {
    server: Server,
    edge: Edge,
    open: Arc<Semaphore>,
    by_address: Arc<Mutex<HashMap<IpAddr, usize>>>,
}

/// A connection's place among all.
struct Place {
    _permit: OwnedSemaphorePermit,
    by_address: Arc<Mutex<HashMap<IpAddr, usize>>>,
    address: IpAddr,
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut open = self
            .by_address
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        if let Some(count) = open.get_mut(&self.address) {
            *count -= 1;
            if *count == 0 {
                open.remove(&self.address);
            }
        }
    }
}

impl Doors {
    fn new(server: Server) -> Self {
        let most = server.app.config.server.max_connections;
        Self {
            edge: Edge::new(server.clone()),
            open: Arc::new(Semaphore::new(most.min(Semaphore::MAX_PERMITS))),
            by_address: Arc::default(),
            server,
        }
    }

    fn config(&self) -> &ServerConfig {
        &self.server.app.config.server
    }

    /// Takes connections until `stop` ends; when there is no place, they wait in the system.
    async fn take_until(&self, listener: &TcpListener, stop: impl Future<Output = ()>) {
        tokio::pin!(stop);
        loop {
            let accepted = async {
                let permit = Arc::clone(&self.open).acquire_owned().await;
                (permit, listener.accept().await)
            };
            let (permit, accepted) = tokio::select! {
                () = &mut stop => return,
                accepted = accepted => accepted,
            };
            match (permit, accepted) {
                (Ok(permit), Ok((stream, peer))) => self.take(permit, stream, peer),
                // Nobody closes the semaphore.
                (Err(_), _) => return,
                (_, Err(error)) => {
                    // The client may be gone already; running out of files passes.
                    tracing::debug!(%error, "a connection could not be taken");
                    if !gone(&error) {
                        tokio::time::sleep(RECOVER).await;
                    }
                }
            }
        }
    }

    /// Stops: goes on taking connections for a while, each for one more answer, so that whoever
    /// spreads requests over servers notices; then ends what is left.
    async fn close(self, listener: TcpListener) {
        let config = self.config().clone();
        self.server.drain();
        if self.is_busy() {
            let drained = tokio::time::sleep(Duration::from_secs(config.drain_seconds));
            self.take_until(&listener, drained).await;
        }
        self.take_rest(listener);
        self.server.stopping.send_replace(true);
        let all = u32::try_from(config.max_connections).unwrap_or(u32::MAX);
        let ended = async {
            // Every connection has one of the permits until it ends.
            drop(self.open.acquire_many(all).await);
            self.server.sockets.all_left().await;
        };
        let patience = Duration::from_secs(config.shutdown_seconds);
        if timeout(patience, ended).await.is_err() {
            tracing::warn!("connections were cut off: they did not end in time");
        }
    }

    /// Takes whoever the system has greeted already, then listens no more. Asked directly, since
    /// the runtime only knows of those that it was told of.
    fn take_rest(&self, listener: TcpListener) {
        let Ok(listener) = listener.into_std() else {
            return;
        };
        loop {
            match listener.accept() {
                Ok((stream, peer)) => {
                    let permit = Arc::clone(&self.open).try_acquire_owned();
                    let stream = stream.set_nonblocking(true).map(|()| stream);
                    if let (Ok(permit), Ok(Ok(stream))) = (permit, stream.map(TcpStream::from_std))
                    {
                        self.take(permit, stream, peer);
                    }
                }
                Err(error) if gone(&error) => {}
                Err(_) => return,
            }
        }
    }

    fn is_busy(&self) -> bool {
        let open = self
            .by_address
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        !open.is_empty() || self.server.sockets.any()
    }

    fn take(&self, permit: OwnedSemaphorePermit, stream: TcpStream, peer: SocketAddr) {
        let Some(place) = self.place(permit, peer.ip().to_canonical()) else {
            return;
        };
        // A small answer must not wait for a larger packet.
        let _ = stream.set_nodelay(true);
        let config = self.config();
        let head = Duration::from_secs(config.header_seconds);
        let write = Duration::from_secs(config.write_seconds);
        let edge = self.edge.clone();
        let mut stopping = self.server.stopping.subscribe();
        let serving = async move {
            let deadline = Instant::now() + head;
            let Ok(Ok(http2)) = timeout_at(deadline, speaks_http2(&stream)).await else {
                return;
            };
            let mut stream = TimeoutStream::new(stream);
            stream.set_write_timeout(Some(write));
            let io = TokioIo::new(Box::pin(stream));
            let service = service_fn(move |request: hyper::Request<Incoming>| {
                let edge = edge.clone();
                async move {
                    let response = edge.handle(peer, request.map(Body::new)).await;
                    Ok::<_, std::convert::Infallible>(response)
                }
            });
            let stop = async move {
                // Without a sender the server is gone.
                drop(stopping.wait_for(|stopping| *stopping).await);
            };
            // Whatever goes wrong with a connection is its client's to notice. It is polled
            // before it is told to end: what a client has sent by then is read, and answered.
            if http2 {
                let connection = http2_limits(head).serve_connection(io, service);
                tokio::pin!(connection);
                tokio::select! {
                    biased;
                    _ = &mut connection => {}
                    () = stop => {
                        connection.as_mut().graceful_shutdown();
                        drop(connection.await);
                    }
                }
            } else {
                let connection = http1_limits(head)
                    .serve_connection(io, service)
                    .with_upgrades();
                tokio::pin!(connection);
                tokio::select! {
                    biased;
                    _ = &mut connection => {}
                    () = stop => {
                        connection.as_mut().graceful_shutdown();
                        drop(connection.await);
                    }
                }
            }
            drop(place);
        };
        tokio::spawn(serving);
    }

    /// A place for a connection; proxies speak for many and are not counted by address.
    fn place(&self, permit: OwnedSemaphorePermit, address: IpAddr) -> Option<Place> {
        let config = self.config();
        let proxy = config
            .trusted_proxies
            .iter()
            .any(|net| net.contains(&address));
        let mut open = self
            .by_address
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        let count = open.entry(address).or_default();
        if !proxy && *count >= config.max_connections_per_address {
            return None;
        }
        *count += 1;
        Some(Place {
            _permit: permit,
            by_address: Arc::clone(&self.by_address),
            address,
        })
    }
}

fn http1_limits(head: Duration) -> http1::Builder {
    let mut limits = http1::Builder::new();
    limits
        .timer(TokioTimer::new())
        .header_read_timeout(head)
        .max_buf_size(LARGEST_HEAD);
    limits
}

fn http2_limits(head: Duration) -> http2::Builder<TokioExecutor> {
    let mut limits = http2::Builder::new(TokioExecutor::new());
    limits
        .timer(TokioTimer::new())
        .max_concurrent_streams(STREAMS)
        .max_pending_accept_reset_streams(RESETS)
        .max_header_list_size(u32::try_from(LARGEST_HEAD).unwrap_or(u32::MAX))
        // A client that is silent for as long as a head may take is asked whether it is there.
        .keep_alive_interval(head)
        .keep_alive_timeout(head);
    limits
}

/// Whether the client was gone before it was taken.
fn gone(error: &std::io::Error) -> bool {
    use std::io::ErrorKind;
    matches!(
        error.kind(),
        ErrorKind::ConnectionAborted | ErrorKind::ConnectionReset | ErrorKind::ConnectionRefused
    )
}

/// Looks at the first bytes, without taking them, until they tell the version.
async fn speaks_http2(stream: &TcpStream) -> std::io::Result<bool> {
    let mut start = [0; PREFACE.len()];
    let mut seen = 0;
    loop {
        let length = stream.peek(&mut start).await?;
        if length == 0 {
            return Err(std::io::ErrorKind::UnexpectedEof.into());
        }
        if start[..length] != PREFACE[..length] {
            return Ok(false);
        }
        if length == PREFACE.len() {
            return Ok(true);
        }
        if length == seen {
            // The same again: there is no way to wait for more than is there.
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        seen = length;
    }
}

/// Whether the server is about to stop.
#[derive(Debug, Default)]
pub struct Draining(AtomicBool);

impl Server {
    fn drain(&self) {
        self.draining.0.store(true, Ordering::Release);
    }

    /// Whether the server is about to stop.
    pub(super) fn is_draining(&self) -> bool {
        self.draining.0.load(Ordering::Acquire)
    }
}
