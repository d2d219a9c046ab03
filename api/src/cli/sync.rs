//! `pitwall sync`: which seasons, and what is said of it. The work is done by whoever knows the
//! network.

use std::{ops::RangeInclusive, time::Duration};

use anyhow::Result;
use chrono::Datelike;
use clap::Args;
use domain::{clock::Clock, import::Summary};

use super::{
    Format, Outcome,
    import::{as_json, outcome, report},
    output::print,
};

/// The first season of the championship.
const FIRST_SEASON: i64 = 1950;

/// Arguments of `sync`.
#[derive(Debug, Args)]
pub struct SyncArguments {
    /// Only this season; by default the current one.
    #[arg(long, value_name = "YEAR", conflicts_with = "from",
        value_parser = clap::value_parser!(i32).range(FIRST_SEASON..=2100))]
    pub season: Option<i32>,
    /// This season and all after it.
    #[arg(long, value_name = "YEAR",
        value_parser = clap::value_parser!(i32).range(FIRST_SEASON..=2100))]
    pub from: Option<i32>,
    /// Laps and pit stops too: some 13 requests a race, so that a season takes two hours.
    #[arg(long)]
    pub laps: bool,
    /// How the summary is printed.
    #[arg(long, value_enum, default_value_t)]
    pub format: Format,
}

impl SyncArguments {
    /// The seasons that are meant; none if they are to begin after the current one.
    #[must_use]
    pub fn seasons(&self, clock: &Clock) -> RangeInclusive<i32> {
        let current = clock.now().year();
        match (self.season, self.from) {
            (Some(season), _) => season..=season,
            (None, Some(from)) => from..=current,
            (None, None) => current..=current,
        }
    }
}

/// Prints what a sync came to.
///
/// # Errors
/// When standard output is closed.
pub fn report_sync(
    summary: &Summary,
    requests: u64,
    took: Duration,
    format: Format,
) -> Result<Outcome> {
    match format {
        Format::Table => {
            report(summary, took)?;
            print(&format!("{requests} requests"))?;
        }
        Format::Json => {
            let mut json = as_json(summary, took);
            json["requests"] = requests.into();
            print(&json.to_string())?;
        }
    }
    Ok(outcome(summary))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn without_options_the_season_of_the_clock_is_meant() {
        let clock = Clock::standing("2024-05-26T12:00:00Z".parse().unwrap());
        let mut arguments = SyncArguments {
            season: None,
            from: None,
            laps: false,
            format: Format::Table,
        };
        assert_eq!(arguments.seasons(&clock), 2024..=2024);
        arguments.from = Some(2022);
        assert_eq!(arguments.seasons(&clock), 2022..=2024);
        arguments.from = Some(2025);
        assert!(arguments.seasons(&clock).is_empty());
        arguments.season = Some(1958);
        assert_eq!(arguments.seasons(&clock), 1958..=1958);
    }
}
