//! The attacks themselves.

use std::io::Write;

use anyhow::Result;
use flate2::{Compression, write::GzEncoder};
use serde_json::json;

use crate::http;

pub enum Attack {
    /// A document, a little different each time.
    Document(String),
    /// The same each time.
    Hot(String),
    /// Headers and a body.
    Body(&'static str, Vec<u8>),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Way {
    Post,
    Get,
    Socket,
    Events,
}

impl Attack {
    pub fn request(&self, way: Way, number: usize) -> Vec<u8> {
        match (self, way) {
            (Self::Body(headers, body), _) => http::post(headers, body),
            (Self::Hot(text), _) => http::get(text),
            (Self::Document(text), Way::Get) => http::get(&numbered(text, number)),
            (Self::Document(text), _) => {
                let accept = if way == Way::Events {
                    "accept: text/event-stream\r\n"
                } else {
                    ""
                };
                let body = json!({ "query": numbered(text, number) });
                http::post(accept, body.to_string().as_bytes())
            }
        }
    }
}

pub fn numbered(text: &str, number: usize) -> String {
    format!("{text} #{number}")
}

pub const BOMB: &str = "1 fragments 8 × 20";
pub const BRACES: &str = "2 10,000 nested braces";
pub const LARGE: &str = "12 a body of 300 KB";
pub const DEEP: &str = "12 JSON 128 deep";

/// Numbered as in the list of attacks that the tests go through.
pub fn all() -> Result<Vec<(&'static str, Attack, &'static [Way])>> {
    const EVERY: &[Way] = &[Way::Post, Way::Get, Way::Socket, Way::Events];
    const POST: &[Way] = &[Way::Post];
    let aliases = joined(1000, |number| format!("a{number}: viewer {{ role }} "));
    let depths = "{ seasons { ...A races { season { ...A races { season { ...A } } } } } } \
        fragment A on Season { races { season { races { season { races { season { races { name } } } } } } } }";
    let pages = "{ drivers(first: 2147483647) { nodes { results(first: 2147483647) { nodes { race { \
        results { driver { results(first: 2147483647) { nodes { points } } } } } } } } } }";
    let deep = format!(
        r#"{{"query":"{{ __typename }}","variables":{{"a":{}}}}}"#,
        nest("[", "]", 128)
    );
    let large =
        json!({ "query": "{ __typename }", "variables": { "a": "x".repeat(300_000) } }).to_string();
    let mut zipped = GzEncoder::new(Vec::new(), Compression::best());
    zipped.write_all(&vec![b' '; 100 << 20])?;
    let document = |name, text: String, ways| (name, Attack::Document(text), ways);
    Ok(vec![
        document("1 fragments 10 × 10", bomb(10, 10), EVERY),
        document(BOMB, bomb(8, 20), POST),
        document("1 fragments 2 × 100", bomb(2, 100), POST),
        document("1 fragments at different depths", depths.to_owned(), POST),
        document("2 a circle of 3 fragments", circle(3), POST),
        document("2 a circle of 50 fragments", circle(50), POST),
        document(BRACES, format!("{{ viewer {}", "{ a ".repeat(10_000)), POST),
        document(
            "2 500 nested braces",
            format!("{{ viewer {}", "{ a ".repeat(500)),
            POST,
        ),
        document(
            "2 100,000 nested lists",
            format!("{{ nodes(ids: {}) {{ id }} }}", nest("[", "]", 100_000)),
            POST,
        ),
        document(
            "2 50,000 nested types",
            format!(
                "query ($a: {}) {{ viewer {{ role }} }}",
                "[".repeat(50_000) + "Int"
            ),
            POST,
        ),
        document("3 1,000 aliases", format!("{{ {aliases} }}"), EVERY),
        document(
            "4 10,000 directives",
            format!(
                "{{ viewer {} {{ role }} }}",
                "@include(if: true) ".repeat(10_000)
            ),
            POST,
        ),
        document("6 nested pages of 2147483647", pages.to_owned(), EVERY),
        (LARGE, Attack::Body("", large.into_bytes()), POST),
        (DEEP, Attack::Body("", deep.into_bytes()), POST),
        (
            "12 100 MB of blanks as gzip",
            Attack::Body("content-encoding: gzip\r\n", zipped.finish()?),
            POST,
        ),
    ])
}

fn bomb(spreads: usize, levels: usize) -> String {
    let fragments = joined(levels, |level| {
        let spread = format!("...F{} ", level + 1).repeat(spreads);
        format!("fragment F{level} on Season {{ {spread}}} ")
    });
    format!("{{ seasons {{ ...F0 }} }} {fragments}fragment F{levels} on Season {{ year }}")
}

fn circle(length: usize) -> String {
    let fragments = joined(length, |at| {
        let next = (at + 1) % length;
        format!("fragment F{at} on Season {{ races {{ season {{ ...F{next} }} }} }} ")
    });
    format!("{{ seasons {{ ...F0 }} }} {fragments}")
}

fn nest(open: &str, close: &str, times: usize) -> String {
    format!("{}{}", open.repeat(times), close.repeat(times))
}

/// Parts, one after the other.
pub fn joined(count: usize, part: impl Fn(usize) -> String) -> String {
    (0..count).map(part).collect::<Vec<_>>().concat()
}
