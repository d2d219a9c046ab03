//! When the draft of a race opens and closes.

use chrono::{DateTime, Datelike, Days, NaiveDate, NaiveTime, Offset, TimeDelta, TimeZone, Utc};
use chrono_tz::Tz;
use serde::{Deserialize, Serialize};

/// Where a league is at home unless it says otherwise.
pub const ZONE: Tz = Tz::America__New_York;

/// The local hour at which drafts open.
const OPENING_HOUR: TimeDelta = TimeDelta::hours(8);

/// Qualifying of an unknown time is so long before the race.
const QUALIFYING_BEFORE: TimeDelta = TimeDelta::hours(24);

/// Sprint qualifying of an unknown time is so long before the race: since 2024 it is run two days
/// before, at about the same time of day or later.
const SPRINT_QUALIFYING_BEFORE: TimeDelta = TimeDelta::hours(48);

/// The session whose start closes a draft.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Lock {
    /// Qualifying where the weekend has no such session.
    SprintQualifying,
    #[default]
    Qualifying,
    Race,
}

/// When a session starts, as far as is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Start {
    /// There is no such session.
    #[default]
    NotHeld,
    /// There is one, but nobody says when.
    Unknown,
    At(DateTime<Utc>),
}

/// The sessions of a race weekend that can close a draft.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sessions {
    pub sprint_qualifying: Start,
    pub qualifying: Start,
    pub race: DateTime<Utc>,
}

/// The time in which a draft is held.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Window {
    /// The commissioner may open it from this moment on.
    pub earliest: DateTime<Utc>,
    /// It opens by itself at this moment.
    pub opens_at: DateTime<Utc>,
    /// Before this moment.
    pub closes_at: DateTime<Utc>,
    /// The session that closes it has no time, so that it closes when that may start.
    pub estimated: bool,
}

impl Window {
    /// From the Monday before the race, 08:00 in the league's zone, to the start of a session, or
    /// of the race if that is sooner. The day of the race is the one it starts on in the zone; a
    /// race that starts on a Monday there has the Monday a week before.
    #[must_use]
    pub fn of(zone: Tz, lock: Lock, sessions: &Sessions) -> Self {
        let (closes_at, estimated) = closing(lock, sessions);
        let race_day = sessions.race.with_timezone(&zone).date_naive();
        let mut opens_at = opening(zone, race_day);
        if opens_at >= closes_at {
            // A session that starts so early is not of that week.
            opens_at = opening(zone, closes_at.with_timezone(&zone).date_naive());
        }
        Self {
            earliest: opens_at,
            opens_at,
            closes_at,
            estimated,
        }
    }

    /// The window of a draft that was made after it should have opened: for a league that is just
    /// being gathered. The commissioner opens it once all are there; by itself it opens halfway
    /// between its making and its closing.
    #[must_use]
    pub fn made_at(self, at: DateTime<Utc>) -> Self {
        if at <= self.opens_at || at >= self.closes_at {
            return self;
        }
        Self {
            opens_at: at + (self.closes_at - at) / 2,
            ..self
        }
    }
}

fn closing(lock: Lock, sessions: &Sessions) -> (DateTime<Utc>, bool) {
    let race = sessions.race;
    let (start, before) = match (lock, sessions.sprint_qualifying) {
        (Lock::Race, _) => return (race, false),
        (Lock::Qualifying, _) | (_, Start::NotHeld) => (sessions.qualifying, QUALIFYING_BEFORE),
        (Lock::SprintQualifying, start) => (start, SPRINT_QUALIFYING_BEFORE),
    };
    match start {
        Start::At(start) => (start.min(race), false),
        Start::Unknown | Start::NotHeld => (race - before, true),
    }
}

/// The opening on the last Monday that is before a day.
fn opening(zone: Tz, day: NaiveDate) -> DateTime<Utc> {
    let since_monday = match day.weekday().num_days_from_monday() {
        0 => 7,
        days => days,
    };
    let monday = day - Days::new(since_monday.into());
    instant(zone, monday, OPENING_HOUR)
}

/// When the clocks of a zone show a time of day: for the first time if they show it twice; if they
/// leave it out, when they would have shown it had they not been put forward.
fn instant(zone: Tz, day: NaiveDate, time: TimeDelta) -> DateTime<Utc> {
    let local = day.and_time(NaiveTime::MIN) + time;
    let shown = zone.from_local_datetime(&local).earliest();
    shown.map_or_else(
        || {
            // No zone is a whole day away from UTC, so this is before the clocks were changed.
            let before = zone.offset_from_utc_datetime(&(local - TimeDelta::days(1)));
            (local - before.fix()).and_utc()
        },
        |shown| shown.to_utc(),
    )
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn at(text: &str) -> DateTime<Utc> {
        text.parse().unwrap()
    }

    fn sessions(race: &str) -> Sessions {
        Sessions {
            sprint_qualifying: Start::NotHeld,
            qualifying: Start::Unknown,
            race: at(race),
        }
    }

    #[test]
    fn drafts_open_on_the_monday_of_the_table() {
        let table = include_str!("tables/openings.txt");
        let lines = table.lines().filter(|line| !line.starts_with('#'));
        let mut rows = 0;
        for line in lines.filter(|line| !line.is_empty()) {
            let words: Vec<&str> = line.split_whitespace().collect();
            let zone: Tz = words[0].parse().unwrap();
            let window = Window::of(zone, Lock::Qualifying, &sessions(words[1]));
            assert_eq!(window.opens_at, at(words[2]), "{line}");
            rows += 1;
        }
        assert!(rows > 12);
    }

    #[test]
    fn a_monday_is_not_thirteen_days_early() {
        let window = Window::of(ZONE, Lock::Qualifying, &sessions("2024-05-26T13:00:00Z"));
        let days = (at("2024-05-26T13:00:00Z") - window.opens_at).num_days();
        assert_eq!(days, 6);
    }

    #[test]
    fn new_york_has_summer_time() {
        let hour = |race| {
            let window = Window::of(ZONE, Lock::Qualifying, &sessions(race));
            window.opens_at.format("%H:%M").to_string()
        };
        assert_eq!(hour("2024-03-02T15:00:00Z"), "13:00");
        assert_eq!(hour("2024-07-07T14:00:00Z"), "12:00");
    }

    #[test]
    fn a_draft_closes_when_its_session_starts_or_may_start() {
        let (race, qualifying) = ("2024-05-05T20:00:00Z", "2024-05-04T20:00:00Z");
        let sprint_qualifying = "2024-05-03T20:30:00Z";
        let (known, sprint_known) = (Start::At(at(qualifying)), Start::At(at(sprint_qualifying)));
        let (a_day, two_days) = ("2024-05-04T20:00:00Z", "2024-05-03T20:00:00Z");
        let too_late = Start::At(at("2024-05-06T20:00:00Z"));
        for (lock, sprint, grand_prix, closes_at, estimated) in [
            (Lock::Qualifying, sprint_known, known, qualifying, false),
            (Lock::Qualifying, sprint_known, Start::Unknown, a_day, true),
            (Lock::Qualifying, sprint_known, Start::NotHeld, a_day, true),
            (Lock::Qualifying, sprint_known, too_late, race, false),
            (
                Lock::SprintQualifying,
                sprint_known,
                known,
                sprint_qualifying,
                false,
            ),
            (
                Lock::SprintQualifying,
                Start::Unknown,
                known,
                two_days,
                true,
            ),
            (
                Lock::SprintQualifying,
                Start::NotHeld,
                known,
                qualifying,
                false,
            ),
            (
                Lock::SprintQualifying,
                Start::NotHeld,
                Start::Unknown,
                a_day,
                true,
            ),
            (Lock::Race, sprint_known, known, race, false),
        ] {
            let sessions = Sessions {
                sprint_qualifying: sprint,
                qualifying: grand_prix,
                race: at(race),
            };
            let window = Window::of(ZONE, lock, &sessions);
            let found = (window.closes_at, window.estimated);
            assert_eq!(found, (at(closes_at), estimated), "{lock:?} {sessions:?}");
        }
    }

    #[test]
    fn what_was_made_late_waits_for_those_who_join() {
        let window = Window::of(ZONE, Lock::Race, &sessions("2024-05-26T13:00:00Z"));
        let late = window.made_at(at("2024-05-23T13:00:00Z"));
        assert_eq!(late.earliest, window.opens_at);
        assert_eq!(late.opens_at, at("2024-05-25T01:00:00Z"));
        assert_eq!(late.closes_at, window.closes_at);
        for in_time_or_too_late in ["2024-01-01T00:00:00Z", "2024-05-27T00:00:00Z"] {
            assert_eq!(window.made_at(at(in_time_or_too_late)), window);
        }
    }

    #[test]
    fn a_time_that_clocks_show_twice_or_never_is_some_time() {
        for (zone, day, minutes, expected) in [
            // Half past one, twice: first in summer time.
            (ZONE, "2024-11-03", 90, "2024-11-03T05:30:00Z"),
            // Half past two, never: half past three it is.
            (ZONE, "2024-03-10", 150, "2024-03-10T07:30:00Z"),
            (
                Tz::Pacific__Auckland,
                "2024-09-29",
                150,
                "2024-09-28T14:30:00Z",
            ),
            // Samoa left out the whole day.
            (Tz::Pacific__Apia, "2011-12-30", 480, "2011-12-30T18:00:00Z"),
        ] {
            let time = TimeDelta::minutes(minutes);
            assert_eq!(instant(zone, day.parse().unwrap(), time), at(expected));
        }
    }

    proptest! {
        #[test]
        fn a_draft_opens_on_a_monday_at_eight_in_the_week_before_the_race(
            // 1970 to 2040.
            second in 0..2_208_988_800_i64,
            zone in proptest::sample::select(&chrono_tz::TZ_VARIANTS[..]),
            hours_before in 0..200_i64,
        ) {
            let race = DateTime::from_timestamp(second, 0).unwrap();
            let lock_at = race - TimeDelta::hours(hours_before);
            let sessions = Sessions {
                sprint_qualifying: Start::NotHeld,
                qualifying: Start::At(lock_at),
                race,
            };
            let window = Window::of(zone, Lock::Qualifying, &sessions);
            prop_assert!(window.opens_at < window.closes_at);
            let opening = window.opens_at.with_timezone(&zone).naive_local();
            // Samoa's day that was none, and its like.
            prop_assume!(zone.from_local_datetime(&opening).single().is_some());
            prop_assert_eq!(opening.weekday(), chrono::Weekday::Mon);
            prop_assert_eq!(opening.time(), NaiveTime::MIN + OPENING_HOUR);
            let local = |at: DateTime<Utc>| at.with_timezone(&zone).date_naive();
            let days = |day: NaiveDate| (day - opening.date()).num_days();
            let race_week = (1..=7).contains(&days(local(race)));
            let week_of_the_lock = (1..=7).contains(&days(local(window.closes_at)));
            prop_assert!(race_week || week_of_the_lock);
        }
    }
}
