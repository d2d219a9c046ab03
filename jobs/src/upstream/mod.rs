//! Sources on the network: one client with one policy, and one file or folder for each service.

pub mod client;
pub mod hourly;
pub mod jolpica;
pub mod open_meteo;
pub mod openf1;
pub mod openweathermap;

pub mod address;
mod breaker;
mod policy;

pub use policy::Policy;

pub(crate) use client::user_agent;
pub(crate) use policy::retry_after;
