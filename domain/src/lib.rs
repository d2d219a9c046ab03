//! Rules and use-cases of Pitwall.
//!
//! May use: `entities`, `engines`, `migration`. Knows neither HTTP nor who calls it when.

pub mod app;
pub mod auth;
pub mod backtest;
pub mod bus;
pub mod cache;
pub mod clock;
pub mod config;
pub mod data_status;
pub mod database;
pub mod demo;
pub mod draft;
pub mod error;
pub mod event;
pub mod feed;
pub mod forecast;
mod id;
pub mod import;
pub mod job;
pub mod league;
pub mod lease;
pub mod live;
pub mod model;
pub mod notification;
pub mod performance;
pub mod scoring;
pub mod search;
pub mod season;
pub mod secret;
pub mod standings;
pub mod team;
pub mod upstream;
pub mod weather;
pub mod webhook;

pub use app::App;
