//! HTTP/1.1 by hand: what is sent is exactly what is meant, and what became of it is known.

use std::{
    fmt::Write,
    io::{Error, ErrorKind, Result},
    net::SocketAddr,
};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

/// A connection that is kept.
pub struct Connection {
    stream: TcpStream,
    /// What has come and was not yet taken.
    pending: Vec<u8>,
}

/// A complete answer.
pub struct Answer {
    pub status: u16,
    /// The connection ends with it.
    pub close: bool,
    pub body: Vec<u8>,
}

impl Connection {
    pub async fn open(address: SocketAddr) -> Result<Self> {
        let stream = TcpStream::connect(address).await?;
        stream.set_nodelay(true)?;
        Ok(Self {
            stream,
            pending: Vec::new(),
        })
    }

    /// Sends a request and waits for the whole answer.
    pub async fn exchange(&mut self, request: &[u8]) -> Result<Answer> {
        // Who refuses a request need not read all of it, and has answered all the same.
        let sent = self.stream.write_all(request).await;
        let answer = self.answer().await;
        match (sent, answer) {
            (_, Ok(answer)) => Ok(answer),
            (Err(error), Err(_)) | (Ok(()), Err(error)) => Err(error),
        }
    }

    async fn answer(&mut self) -> Result<Answer> {
        let head = self.until(b"\r\n\r\n").await?;
        let head = String::from_utf8_lossy(&head).to_ascii_lowercase();
        let status = head.get(9..12).and_then(|status| status.parse().ok());
        let field = |name: &str| {
            let lines = head.lines().skip(1);
            let mut fields = lines.filter_map(|line| line.split_once(": "));
            fields
                .find(|(found, _)| *found == name)
                .map(|(_, value)| value)
        };
        let body = match (field("content-length"), field("transfer-encoding")) {
            (Some(length), _) => {
                let length = length.parse().map_err(|_| broken("no length"))?;
                self.take(length).await?
            }
            (None, Some("chunked")) => self.chunks().await?,
            _ => return Err(broken("an answer without a length")),
        };
        Ok(Answer {
            status: status.ok_or_else(|| broken("no status"))?,
            close: field("connection") == Some("close"),
            body,
        })
    }

    async fn chunks(&mut self) -> Result<Vec<u8>> {
        let mut body = Vec::new();
        loop {
            let line = self.until(b"\r\n").await?;
            let length = std::str::from_utf8(&line).ok();
            let length = length.and_then(|line| usize::from_str_radix(line.trim(), 16).ok());
            let length = length.ok_or_else(|| broken("no chunk"))?;
            body.extend(self.take(length).await?);
            self.take(2).await?;
            if length == 0 {
                return Ok(body);
            }
        }
    }

    async fn until(&mut self, mark: &[u8]) -> Result<Vec<u8>> {
        loop {
            let found = self
                .pending
                .windows(mark.len())
                .position(|some| some == mark);
            if let Some(at) = found {
                return self.take(at + mark.len()).await;
            }
            self.more().await?;
        }
    }

    async fn take(&mut self, length: usize) -> Result<Vec<u8>> {
        while self.pending.len() < length {
            self.more().await?;
        }
        Ok(self.pending.drain(..length).collect())
    }

    async fn more(&mut self) -> Result<()> {
        match self.stream.read_buf(&mut self.pending).await? {
            0 => Err(ErrorKind::UnexpectedEof.into()),
            _ => Ok(()),
        }
    }
}

/// A POST of JSON with more headers, each with its line's end.
pub fn post(headers: &str, body: &[u8]) -> Vec<u8> {
    let length = body.len();
    let head = format!(
        "POST /graphql HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\n\
        content-length: {length}\r\n{headers}\r\n"
    );
    [head.as_bytes(), body].concat()
}

/// A GET of a query.
pub fn get(query: &str) -> Vec<u8> {
    let mut head = "GET /graphql?query=".to_owned();
    for byte in query.bytes() {
        if byte.is_ascii_alphanumeric() {
            head.push(byte.into());
        } else {
            // Writing to memory cannot fail.
            let _ = write!(head, "%{byte:02X}");
        }
    }
    head.push_str(" HTTP/1.1\r\nhost: x\r\n\r\n");
    head.into_bytes()
}

fn broken(what: &str) -> Error {
    Error::new(ErrorKind::InvalidData, what.to_owned())
}
