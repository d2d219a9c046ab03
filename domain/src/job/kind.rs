//! The kinds of jobs, as a table. When each is due is in the timetable of `jobs`.

use std::time::Duration;

use chrono::TimeDelta;

/// What is done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Kind {
    /// Loads what of the bundled seasons has become public.
    Bundled,
    /// Reads a season's calendar.
    Calendar,
    /// Reads who drives in a season, and for whom.
    People,
    /// Reads a whole season.
    Season,
    /// Asks for the results of a race weekend.
    Results,
    /// Asks for them again, since stewards may have corrected them, and for its weather.
    Verify,
    /// Reads laps, stints, pit stops and weather of a race that was run.
    Details,
    /// Follows a race while it is run.
    Live,
    /// Says of a race that it is in progress, or no longer.
    Progress,
    /// Fetches weather forecasts for the next race.
    Weather,
    /// Trains the engines, and puts into production what is not worse.
    Train,
    /// Says what the engines think of the next race, again when they know more.
    Forecasts,
    /// Freezes forecasts whose session has begun.
    Freeze,
    /// Holds frozen forecasts against results.
    Score,
    /// Scores the drafts of leagues.
    ScoreLeagues,
    /// Makes the drafts of all leagues, and looks anew at when they are held.
    PlanDrafts,
    /// Opens and closes drafts, and picks for those whose time has run out.
    Drafts,
    /// Looks whether the services that are read are there.
    Health,
    /// Forgets what is no longer of use.
    CleanUp,
}

/// What a kind of job is done to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum About {
    /// The whole.
    Everything,
    /// A season, given by its year.
    Season,
    /// A race, given by its ref.
    Race,
}

struct Properties {
    kind: Kind,
    name: &'static str,
    about: About,
    /// Jobs of one lane run one after the other.
    lane: &'static str,
    /// Minutes of the machine's clock, after which it is stopped and has failed.
    minutes: u64,
    /// Tries, the first included.
    tries: i32,
}

const fn properties(
    kind: Kind,
    name: &'static str,
    about: About,
    lane: &'static str,
    minutes: u64,
    tries: i32,
) -> Properties {
    Properties {
        kind,
        name,
        about,
        lane,
        minutes,
        tries,
    }
}

// A season may have to wait for the next hour of requests, a live race has a limit of its own. What
// comes again within the hour by itself is tried seldom; what comes once a day is tried for six
// hours, since a network may be away in the morning.
#[rustfmt::skip]
const TABLE: [Properties; 19] = [
    properties(Kind::Bundled,      "bundled",       About::Everything, "bundled",   10,  3),
    properties(Kind::Calendar,     "calendar",      About::Season,     "seasons",   120, 12),
    properties(Kind::People,       "people",        About::Season,     "seasons",   120, 3),
    properties(Kind::Season,       "season",        About::Season,     "seasons",   120, 12),
    properties(Kind::Results,      "results",       About::Race,       "seasons",   120, 3),
    properties(Kind::Verify,       "verify",        About::Race,       "seasons",   120, 8),
    properties(Kind::Details,      "details",       About::Race,       "seasons",   120, 3),
    properties(Kind::Live,         "live",          About::Race,       "live",      600, 20),
    properties(Kind::Progress,     "progress",      About::Race,       "progress",  5,   8),
    properties(Kind::Weather,      "weather",       About::Everything, "weather",   10,  3),
    properties(Kind::Train,        "train",         About::Everything, "train",     120, 3),
    properties(Kind::Forecasts,    "forecasts",     About::Everything, "forecasts", 20,  3),
    properties(Kind::Freeze,       "freeze",        About::Race,       "forecasts", 5,   8),
    properties(Kind::Score,        "score",         About::Everything, "forecasts", 20,  5),
    properties(Kind::ScoreLeagues, "score_leagues", About::Everything, "leagues",   20,  5),
    properties(Kind::PlanDrafts,   "plan_drafts",   About::Everything, "plan_drafts", 20, 5),
    properties(Kind::Drafts,       "drafts",        About::Everything, "drafts",    20,  5),
    properties(Kind::Health,       "health",        About::Everything, "health",    5,   1),
    properties(Kind::CleanUp,      "clean_up",      About::Everything, "clean_up",  20,  3),
];

impl Kind {
    /// All of them.
    pub fn all() -> impl Iterator<Item = Self> {
        TABLE.iter().map(|row| row.kind)
    }

    /// As it stands in the database, in logs and in metrics.
    #[must_use]
    pub fn name(self) -> &'static str {
        self.row().name
    }

    /// The kind of a name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        let row = TABLE.iter().find(|row| row.name == name)?;
        Some(row.kind)
    }

    /// What it is done to.
    #[must_use]
    pub fn about(self) -> About {
        self.row().about
    }

    /// Jobs of one lane run one after the other, over all processes.
    #[must_use]
    pub fn lane(self) -> &'static str {
        self.row().lane
    }

    /// How long one may take, by the machine's clock.
    #[must_use]
    pub fn time_out(self) -> Duration {
        Duration::from_mins(self.row().minutes)
    }

    /// Tries, the first included.
    #[must_use]
    pub fn tries(self) -> i32 {
        self.row().tries
    }

    /// The pause before the next try, by `App.clock`: 1, 2, 4 … minutes, an hour at most.
    #[must_use]
    pub fn pause(self, attempts: i32) -> TimeDelta {
        let doublings = u32::try_from(attempts - 1).unwrap_or(0).min(6);
        TimeDelta::minutes((1_i64 << doublings).min(60))
    }

    fn row(self) -> &'static Properties {
        let row = TABLE.iter().find(|row| row.kind == self);
        row.expect("a test finds every kind in the table")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_is_in_the_table_once_and_is_found_by_its_name() {
        // Whoever adds a kind is told here to add a row as well.
        let known = |kind| match kind {
            Kind::Bundled
            | Kind::Calendar
            | Kind::People
            | Kind::Season
            | Kind::Results
            | Kind::Verify
            | Kind::Details
            | Kind::Live
            | Kind::Progress
            | Kind::Weather
            | Kind::Train
            | Kind::Forecasts
            | Kind::Freeze
            | Kind::Score
            | Kind::ScoreLeagues
            | Kind::PlanDrafts
            | Kind::Drafts
            | Kind::Health
            | Kind::CleanUp => Kind::named(Kind::name(kind)),
        };
        for kind in Kind::all() {
            assert_eq!(known(kind), Some(kind));
        }
        let mut kinds: Vec<_> = Kind::all().collect();
        kinds.dedup();
        assert_eq!(kinds.len(), Kind::CleanUp as usize + 1);
    }

    #[test]
    fn pauses_double_up_to_an_hour() {
        let pauses = [1, 2, 3, 7, 50].map(|attempts| Kind::Live.pause(attempts).num_minutes());
        assert_eq!(pauses, [1, 2, 4, 60, 60]);
    }
}
