//! Pitwall from outside: over HTTP with a real client, on the command line, on its database.

#[path = "../support/mod.rs"]
mod support;

mod smoke;
