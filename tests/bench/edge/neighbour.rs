//! A client that behaves: a small query that the server knows the answer to, every few
//! milliseconds. On a thread of its own, so that it waits for the server alone.

use std::{
    io::{ErrorKind, Read, Write},
    net::{SocketAddr, TcpStream},
    thread::JoinHandle,
    time::{Duration, Instant},
};

use anyhow::{Result, anyhow};

use crate::{figures::Times, http};

const PAUSE: Duration = Duration::from_millis(5);

/// A request that gets no answer within it fails.
const PATIENCE: Duration = Duration::from_secs(10);

pub const QUERY: &str = r#"{ circuit(ref: "monza") { name } }"#;

/// What came of its requests.
pub struct Seen {
    pub times: Times,
    /// Requests that were not answered with 200.
    pub failed: usize,
}

pub struct Neighbour(JoinHandle<std::io::Result<Seen>>);

impl Neighbour {
    /// Asks for so long.
    pub fn start(address: SocketAddr, length: Duration) -> Self {
        Self(std::thread::spawn(move || ask(address, length)))
    }

    pub async fn seen(self) -> Result<Seen> {
        let seen = tokio::task::spawn_blocking(|| self.0.join()).await?;
        Ok(seen.map_err(|_| anyhow!("the neighbour panicked"))??)
    }
}

fn ask(address: SocketAddr, length: Duration) -> std::io::Result<Seen> {
    let request = http::get(QUERY);
    let mut stream = connect(address)?;
    let (mut times, mut failed) = (Vec::new(), 0);
    let started = Instant::now();
    while started.elapsed() < length {
        let asked = Instant::now();
        match exchange(&mut stream, &request) {
            Ok(200) => times.push(asked.elapsed()),
            Ok(_) => failed += 1,
            Err(_) => {
                failed += 1;
                stream = connect(address)?;
            }
        }
        std::thread::sleep(PAUSE);
    }
    let times = Times::new(times);
    Ok(Seen { times, failed })
}

fn connect(address: SocketAddr) -> std::io::Result<TcpStream> {
    let stream = TcpStream::connect_timeout(&address, PATIENCE)?;
    stream.set_nodelay(true)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    Ok(stream)
}

/// The status of the answer, once all of it is there; it fits into one read or a few.
fn exchange(stream: &mut TcpStream, request: &[u8]) -> std::io::Result<u16> {
    stream.write_all(request)?;
    let mut answer = Vec::new();
    let mut buffer = [0; 4096];
    loop {
        let length = stream.read(&mut buffer)?;
        if length == 0 {
            return Err(ErrorKind::UnexpectedEof.into());
        }
        answer.extend_from_slice(&buffer[..length]);
        if let Some(status) = complete(&answer)? {
            return Ok(status);
        }
    }
}

fn complete(answer: &[u8]) -> std::io::Result<Option<u16>> {
    let text = String::from_utf8_lossy(answer);
    let Some((head, body)) = text.split_once("\r\n\r\n") else {
        return Ok(None);
    };
    let status = head.get(9..12).and_then(|status| status.parse().ok());
    let length = head
        .lines()
        .find_map(|line| line.strip_prefix("content-length: "))
        .and_then(|length| length.parse().ok());
    match (status, length) {
        (Some(status), Some(length)) => Ok((body.len() >= length).then_some(status)),
        _ => Err(ErrorKind::InvalidData.into()),
    }
}
