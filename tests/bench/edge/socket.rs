//! A WebSocket client with as little to it as possible, so that ten thousand of them leave the
//! machine to the server: frames of text, and the few messages of graphql-transport-ws.

use std::{
    io::ErrorKind,
    net::{Ipv4Addr, SocketAddr},
};

use anyhow::{Context, Result, bail};
use serde_json::json;
use tokio::{
    io::AsyncWriteExt,
    net::{TcpSocket, TcpStream},
};

/// Bytes taken from the system at once.
const READ: usize = 4096;

pub struct Socket {
    stream: TcpStream,
    /// What has come and was not yet taken.
    pending: Vec<u8>,
}

/// Where a socket comes from and how much it lets the system hold for it.
#[derive(Default)]
pub struct Origin {
    /// Another source address has ports of its own.
    pub source: Option<Ipv4Addr>,
    pub receive_buffer: Option<u32>,
}

impl Socket {
    /// Connects, and greets until the greeting is acknowledged.
    pub async fn greeted(address: SocketAddr, origin: Origin) -> Result<Self> {
        let socket = TcpSocket::new_v4()?;
        if let Some(size) = origin.receive_buffer {
            socket.set_recv_buffer_size(size)?;
        }
        if let Some(source) = origin.source {
            socket.bind((source, 0).into())?;
        }
        let stream = socket.connect(address).await?;
        stream.set_nodelay(true)?;
        let mut socket = Self {
            stream,
            pending: Vec::new(),
        };
        let request = format!(
            "GET /graphql/ws HTTP/1.1\r\nhost: {address}\r\nconnection: upgrade\r\nupgrade: websocket\r\n\
            sec-websocket-version: 13\r\nsec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\n\
            sec-websocket-protocol: graphql-transport-ws\r\n\r\n"
        );
        socket.stream.write_all(request.as_bytes()).await?;
        let head = socket.head().await?;
        if !head.starts_with("HTTP/1.1 101") {
            bail!("no socket is opened: {head}");
        }
        socket.send(r#"{"type":"connection_init"}"#).await?;
        let answer = socket.receive().await?;
        if !answer.contains("connection_ack") {
            bail!("the greeting is answered by {answer}");
        }
        Ok(socket)
    }

    pub async fn subscribe(&mut self, id: &str, query: &str) -> Result<()> {
        let payload = json!({ "query": query });
        let message = json!({ "type": "subscribe", "id": id, "payload": payload });
        self.send(&message.to_string()).await
    }

    /// The next message that is no ping; pings are answered.
    pub async fn receive(&mut self) -> Result<String> {
        loop {
            let (kind, payload) = self.frame().await?;
            match kind {
                1 if payload == br#"{"type":"ping"}"# => self.send(r#"{"type":"pong"}"#).await?,
                1 => return Ok(String::from_utf8(payload)?),
                8 => bail!("closed: {}", String::from_utf8_lossy(&payload)),
                9 => self.write(10, &payload).await?,
                10 => {}
                other => bail!("a frame of kind {other}"),
            }
        }
    }

    async fn send(&mut self, text: &str) -> Result<()> {
        self.write(1, text.as_bytes()).await
    }

    async fn write(&mut self, kind: u8, payload: &[u8]) -> Result<()> {
        let mut frame = vec![0x80 | kind];
        match u16::try_from(payload.len()).context("the message is too large")? {
            length @ 0..126 => frame.push(0x80 | length.to_be_bytes()[1]),
            length => {
                frame.push(0x80 | 0x7e);
                frame.extend_from_slice(&length.to_be_bytes());
            }
        }
        // A mask of zeros leaves the payload as it is.
        frame.extend_from_slice(&[0; 4]);
        frame.extend_from_slice(payload);
        self.stream.write_all(&frame).await?;
        Ok(())
    }

    async fn head(&mut self) -> Result<String> {
        loop {
            let end = self.pending.windows(4).position(|four| four == b"\r\n\r\n");
            if let Some(end) = end {
                let head = self.pending.drain(..end + 4).collect();
                return Ok(String::from_utf8(head)?);
            }
            self.more().await?;
        }
    }

    /// Kind and payload of the next frame.
    async fn frame(&mut self) -> Result<(u8, Vec<u8>)> {
        loop {
            if let Some((kind, from, to)) = frame(&self.pending)? {
                let payload = self.pending[from..to].to_vec();
                self.pending.drain(..to);
                if self.pending.is_empty() {
                    self.pending = Vec::new();
                }
                return Ok((kind, payload));
            }
            self.more().await?;
        }
    }

    /// Waits without a buffer: it is needed only while there is something to read.
    async fn more(&mut self) -> Result<()> {
        loop {
            self.stream.readable().await?;
            let mut buffer = [0; READ];
            match self.stream.try_read(&mut buffer) {
                Ok(0) => bail!("the server has closed"),
                Ok(length) => {
                    self.pending.extend_from_slice(&buffer[..length]);
                    return Ok(());
                }
                Err(error) if error.kind() == ErrorKind::WouldBlock => {}
                Err(error) => return Err(error.into()),
            }
        }
    }
}

/// Kind of the first frame, and where its payload begins and ends, once all of it is there.
fn frame(bytes: &[u8]) -> Result<Option<(u8, usize, usize)>> {
    let [first, second, rest @ ..] = bytes else {
        return Ok(None);
    };
    if first & 0xf0 != 0x80 || second & 0x80 != 0 {
        bail!("a frame that is masked, compressed or in parts");
    }
    let (from, length) = match (second & 0x7f, rest) {
        (126, [a, b, ..]) => (4, usize::from(u16::from_be_bytes([*a, *b]))),
        (127, rest) => match rest.first_chunk() {
            Some(length) => (10, usize::try_from(u64::from_be_bytes(*length))?),
            None => return Ok(None),
        },
        (126, _) => return Ok(None),
        (length, _) => (2, usize::from(length)),
    };
    let to = from + length;
    Ok((bytes.len() >= to).then_some((first & 0x0f, from, to)))
}
