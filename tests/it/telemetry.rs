//! Log lines and traces of the binary as it runs.

use std::{
    io::{BufRead, BufReader, Read, Write},
    net::TcpListener,
    process::Stdio,
    sync::mpsc,
    time::Duration,
};

use serde_json::Value;

use crate::support::{TestDatabase, command::pitwall};

const TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";

/// A collector that takes one export and hands over what it was sent.
fn collector() -> (String, mpsc::Receiver<(String, Vec<u8>)>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let (sender, receiver) = mpsc::channel();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = BufReader::new(stream.unwrap());
            let mut head = String::new();
            let mut length = 0;
            loop {
                let mut line = String::new();
                if stream.read_line(&mut line).unwrap_or(0) == 0 || line == "\r\n" {
                    break;
                }
                if let Some(value) = line.to_lowercase().strip_prefix("content-length:") {
                    length = value.trim().parse().unwrap();
                }
                head.push_str(&line);
            }
            let mut body = vec![0; length];
            stream.read_exact(&mut body).unwrap();
            stream
                .get_mut()
                .write_all(b"HTTP/1.1 200 OK\r\ncontent-type: application/x-protobuf\r\ncontent-length: 0\r\n\r\n")
                .unwrap();
            if sender.send((head, body)).is_err() {
                return;
            }
        }
    });
    (format!("http://{address}"), receiver)
}

/// Starts the binary, asks a question that fails within, stops it, and gives its log.
fn log_of(settings: &[(&str, &str)]) -> String {
    let database = TestDatabase::sqlite();
    let mut process = pitwall(&database.url)
        .arg("serve")
        .env("PITWALL__SERVER__PORT", "0")
        .env("PITWALL__DATA__BUNDLED", "false")
        .env("PITWALL__LOG__FORMAT", "json")
        .env("PITWALL__LOG__FILTER", "info")
        .envs(settings.iter().copied())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(process.stdout.take().unwrap()).lines();
    let address = lines.next().unwrap().unwrap();
    let address = address
        .rsplit_once("http://")
        .unwrap()
        .1
        .trim_end_matches("/graphql")
        .to_owned();
    // A table goes away while the server runs.
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(async {
        use sea_orm::ConnectionTrait;
        let db = sea_orm::Database::connect(&database.url).await.unwrap();
        db.execute_unprepared("ALTER TABLE race RENAME TO elsewhere")
            .await
            .unwrap();
    });
    let body = r#"{"query":"{ race(ref: \"x\") { name } }"}"#;
    let mut stream = std::net::TcpStream::connect(&address).unwrap();
    write!(
        stream,
        "POST /graphql HTTP/1.1\r\nhost: x\r\nconnection: close\r\nx-request-id: lap-57\r\ntraceparent: 00-{TRACE}-00f067aa0ba902b7-01\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
        body.len()
    )
    .unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    assert!(
        answer.contains("INTERNAL_SERVER_ERROR") && answer.contains("lap-57"),
        "{answer}"
    );
    let stopped = std::process::Command::new("kill")
        .arg(process.id().to_string())
        .status()
        .unwrap();
    assert!(stopped.success());
    let output = process.wait_with_output().unwrap();
    assert!(output.status.success());
    String::from_utf8(output.stderr).unwrap()
}

#[test]
fn a_log_line_names_the_request_and_the_trace_of_its_caller() {
    let log = log_of(&[]);
    let line = log
        .lines()
        .find(|line| line.contains("a resolver failed"))
        .expect("the failure is logged");
    let line: Value = serde_json::from_str(line).expect("a line is JSON");
    assert_eq!(line["span"]["id"], "lap-57", "{line:#}");
    assert_eq!(line["span"]["trace_id"], TRACE, "{line:#}");
    assert!(
        line["fields"]["detail"].as_str().unwrap().contains("race"),
        "{line:#}"
    );
}

#[test]
fn spans_are_exported_to_a_collector_as_part_of_the_callers_trace() {
    let (endpoint, exports) = collector();
    let log = log_of(&[("PITWALL__TRACES__ENDPOINT", &endpoint)]);
    assert!(log.contains(TRACE), "{log}");
    let (head, body) = exports
        .recv_timeout(Duration::from_secs(20))
        .expect("an export");
    assert!(head.starts_with("POST /v1/traces "), "{head}");
    let trace = hex::decode(TRACE).unwrap();
    assert!(
        body.windows(trace.len()).any(|part| part == trace),
        "the trace of the caller is not in it"
    );
    assert!(body.windows(7).any(|part| part == b"pitwall"));
}
