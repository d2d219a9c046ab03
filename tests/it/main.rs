//! Pitwall from outside: over HTTP with a real client, on the command line, on its database.

#[path = "../support/mod.rs"]
mod support;

mod cli;
mod full_history;
mod house;
mod import;
mod migration;
mod smoke;
