//! Database rows: one file per table, with named selects where a query recurs.
//!
//! May use: nothing of ours. No rules, no GraphQL: a new column is never published by accident.

pub mod backtest_run;
pub mod circuit;
pub mod constructor;
pub mod constructor_lineage;
pub mod constructor_standing;
pub mod driver;
pub mod driver_standing;
pub mod entry;
pub mod event;
pub mod event_stream;
pub mod forecast;
pub mod forecast_evaluation;
pub mod import_run;
pub mod job;
pub mod job_plan;
pub mod lap;
pub mod lease;
pub mod live_event;
pub mod live_fact;
pub mod live_race;
pub mod live_replay;
pub mod model;
pub mod model_artifact;
pub mod pit_stop;
pub mod practice_result;
pub mod production_model;
pub mod qualifying_result;
pub mod race;
pub mod race_alias;
pub mod race_control;
pub mod race_source;
pub mod result;
pub mod result_revision;
pub mod season;
pub mod secret;
pub mod select;
pub mod session;
pub mod stint;
pub mod upstream_request;
pub mod weather;
pub mod weather_forecast;
pub mod webhook;
pub mod webhook_cursor;
pub mod webhook_delivery;
