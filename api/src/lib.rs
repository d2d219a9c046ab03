//! The ways in for people and programs: GraphQL over HTTP, and the command line.
//!
//! May use: `domain`, `engines`, `entities`. Never `jobs`: the binary brings the two together.

pub mod cli;
pub mod error;
pub mod graphql;
pub mod http;
pub mod loaders;
pub mod telemetry;
pub mod viewer;
