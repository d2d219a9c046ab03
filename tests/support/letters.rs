//! A server that takes letters by SMTP, for tests that read them.

use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use tokio::{
    io::{AsyncBufReadExt, AsyncWriteExt, BufReader},
    net::{TcpListener, TcpStream},
};

use super::streams::PATIENCE;

/// Listens on a port of its own until the test ends.
pub struct Letters {
    /// For `mail.url`.
    pub url: String,
    received: Arc<Mutex<Vec<String>>>,
}

impl Letters {
    /// One that takes everything.
    pub async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("smtp://{}", listener.local_addr().unwrap());
        let received = Arc::default();
        let inbox = Arc::clone(&received);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(converse(stream, Arc::clone(&inbox)));
            }
        });
        Self { url, received }
    }

    /// All so far.
    pub fn all(&self) -> Vec<String> {
        self.received.lock().unwrap().clone()
    }

    /// Waits until there are so many, and gives the last.
    pub async fn wait_for(&self, count: usize) -> String {
        let waiting = async {
            while self.all().len() < count {
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
        };
        tokio::time::timeout(PATIENCE, waiting)
            .await
            .expect("a letter in time");
        self.all()[count - 1].clone()
    }
}

/// As much of RFC 5321 as a letter needs.
async fn converse(stream: TcpStream, inbox: Arc<Mutex<Vec<String>>>) {
    let (read, mut write) = stream.into_split();
    let mut lines = BufReader::new(read).lines();
    let mut answer = "220 test ready\r\n";
    loop {
        if write.write_all(answer.as_bytes()).await.is_err() {
            return;
        }
        let Ok(Some(line)) = lines.next_line().await else {
            return;
        };
        answer = match line.split([' ', ':']).next().unwrap_or_default() {
            "DATA" => {
                let _ = write.write_all(b"354 go on\r\n").await;
                let mut letter = String::new();
                while let Ok(Some(line)) = lines.next_line().await {
                    if line == "." {
                        break;
                    }
                    letter.push_str(&line);
                    letter.push('\n');
                }
                // Quoted-printable breaks long lines so.
                inbox.lock().unwrap().push(letter.replace("=\n", ""));
                "250 taken\r\n"
            }
            "QUIT" => "221 farewell\r\n",
            _ => "250 test\r\n",
        };
    }
}
