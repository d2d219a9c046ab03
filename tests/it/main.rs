//! Pitwall from outside: over HTTP with a real client, on the command line, on its database.

#![expect(
    clippy::unwrap_used,
    reason = "what helpers of tests unwrap fails the test, as it should"
)]

#[path = "../support/mod.rs"]
mod support;

mod account;
mod attacks;
mod backtest;
mod board;
mod bus;
mod cache;
mod caching;
mod catalogue;
mod championship;
mod cli;
mod clock;
mod connections;
mod demo;
mod draft;
mod examples;
mod features;
mod feeds;
mod filters;
mod forecast;
mod forecast_log;
mod full_history;
mod health;
mod hindsight;
mod house;
mod http;
mod import;
mod job;
mod league;
mod limits;
mod live;
mod migration;
mod model;
mod nodes;
mod notification;
mod nullability;
mod openf1;
mod paging;
mod performance;
mod pipeline;
mod progress;
mod race_update;
mod rate_limit;
mod scores;
mod smoke;
mod sockets;
mod statements;
mod sync;
mod telemetry;
mod trial;
mod weather;
mod webhook;
mod weekend;
