//! The timetable: every job, when it is due, and why.
//!
//! | Job | When |
//! |---|---|
//! | `bundled` | every hour, as far as the bundled seasons go |
//! | `calendar` | daily at 00:00; from October the next season's too |
//! | `people` | every 6 h |
//! | `season` | daily, while a season is missing or lacks results of a week ago or older |
//! | `results` | when qualifying, sprint or race end, then hourly until results are in; after two days daily, for a week |
//! | `verify` | 24 h and 7 days after a race: stewards may have corrected it, and its weather is in the archive |
//! | `details` | 1, 6, 24 and 72 h after a race, until its laps are in |
//! | `live` | from 15 minutes before a race until it is over |
//! | `progress` | when a race begins, and 6 h later if there are no results |
//! | `weather` | every 6 h while the next race is at most 16 days away |
//! | `train` | when races or results have changed and nothing is being read |
//! | `forecasts` | when races, results or models have changed, after training; not while a race is run |
//! | `freeze` | when qualifying and race begin |
//! | `score` | when races or results have changed |
//! | `score_leagues` | when races or results have changed |
//! | `plan_drafts` | when races have changed and nothing is being read |
//! | `drafts` | when a draft opens or closes, and when a pick clock runs out |
//! | `health` | every 30 minutes |
//! | `clean_up` | daily at 03:00 |
//!
//! All of it is worked out from what is stored and the time, so that nothing is forgotten when a
//! process is killed, and every process comes to the same. A tick names which time it is; a job is
//! done once for each tick. Of what was missed while nobody worked only the latest tick is due.

use std::collections::BTreeMap;

use chrono::{DateTime, Datelike, SecondsFormat, TimeDelta, Utc};
use domain::{
    job::{
        Kind, Planned, Wanted,
        situation::{Session, SessionKind, Situation, Weekend},
    },
    live::schedule::{BEFORE, LONGEST},
};

const HOUR: TimeDelta = TimeDelta::hours(1);
const DAY: TimeDelta = TimeDelta::days(1);

/// What may be done at all.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "switches that have nothing to do with each other"
)]
pub struct Allowed {
    /// The bundled seasons are loaded, the last of which is this one.
    pub bundled: Option<i32>,
    /// Results are read from the network.
    pub seasons: bool,
    /// Live races, and what is known of a race beyond its results, are.
    pub live: bool,
    /// Weather is.
    pub weather: bool,
    /// Engines are trained.
    pub train: bool,
}

/// What is due now. Jobs that were asked for before are among it: their keys are the same.
#[must_use]
pub fn due(situation: &Situation, allowed: Allowed) -> Vec<Wanted> {
    let mut due = occurrences(situation, allowed);
    due.retain(|wanted| wanted.due_at <= situation.now);
    due
}

/// When each kind is next due, as things stand: what is due as soon as something changes has no
/// time.
#[must_use]
pub fn next(situation: &Situation, allowed: Allowed) -> Vec<Planned> {
    let mut next: BTreeMap<Kind, Planned> = BTreeMap::new();
    for wanted in occurrences(situation, allowed) {
        let earlier = next
            .get(&wanted.kind)
            .is_none_or(|known| wanted.due_at < known.at);
        if wanted.due_at > situation.now && earlier {
            next.insert(
                wanted.kind,
                Planned {
                    kind: wanted.kind,
                    subject: wanted.subject,
                    at: wanted.due_at,
                    reason: wanted.reason,
                },
            );
        }
    }
    next.into_values().collect()
}

/// For everything that comes again and again the latest time and the next; for all else the time
/// at which it is due, past or to come.
fn occurrences(situation: &Situation, allowed: Allowed) -> Vec<Wanted> {
    let mut table = Table {
        now: situation.now,
        wanted: Vec::new(),
    };
    let year = situation.now.year();
    if allowed.bundled.is_some_and(|last| year <= last) {
        table.every(Kind::Bundled, None, HOUR, "more may have become public");
    }
    if allowed.seasons {
        seasons(&mut table, situation);
        for weekend in situation
            .weekends
            .iter()
            .filter(|weekend| !weekend.cancelled)
        {
            results(&mut table, weekend);
        }
    }
    if allowed.seasons || allowed.live {
        for weekend in &situation.weekends {
            details(&mut table, weekend);
        }
    }
    if allowed.live {
        for weekend in situation
            .weekends
            .iter()
            .filter(|weekend| !weekend.cancelled)
        {
            live(&mut table, weekend);
        }
    }
    if allowed.weather && race_within(situation, TimeDelta::days(16)) {
        table.every(Kind::Weather, None, HOUR * 6, "forecasts change");
    }
    pipeline(&mut table, situation, allowed);
    drafts(&mut table, situation);
    if allowed.seasons || allowed.live || allowed.weather {
        let half_hour = TimeDelta::minutes(30);
        table.every(Kind::Health, None, half_hour, "services may be away");
    }
    table.daily_at(Kind::CleanUp, 3, "old rows pile up");
    table.wanted
}

/// Calendars, people, and whole seasons where much is missing.
fn seasons(table: &mut Table, situation: &Situation) {
    let year = situation.now.year();
    table.every(Kind::Calendar, Some(year), DAY, "races are moved");
    if situation.now.month() >= 10 {
        let why = "the next season's calendar is out";
        table.every(Kind::Calendar, Some(year + 1), DAY, why);
    }
    table.every(Kind::People, Some(year), HOUR * 6, "drivers change teams");
    // An empty database begins with the season before, which forecasts rest on.
    let latest = situation.seasons.range(..=year).next_back();
    let first_missing = latest.map_or(year - 1, |latest| latest + 1);
    for missing in first_missing.max(year - 5)..=year {
        table.every(Kind::Season, Some(missing), DAY, "nothing is known of it");
    }
    let mut incomplete: Vec<i32> = situation
        .weekends
        .iter()
        .filter(|weekend| !weekend.cancelled)
        .filter(|weekend| {
            weekend
                .race()
                .is_some_and(|race| long_missed(race, situation))
        })
        .map(|weekend| weekend.season)
        .collect();
    incomplete.dedup();
    for incomplete in incomplete {
        table.every(Kind::Season, Some(incomplete), DAY, "results are missing");
    }
}

fn long_missed(race: &Session, situation: &Situation) -> bool {
    !race.known && race.ends_at() + POLLED < situation.now
}

/// So long results of a session are asked for by themselves.
const POLLED: TimeDelta = TimeDelta::days(7);

/// Results until they are in, and again when stewards may have decided.
fn results(table: &mut Table, weekend: &Weekend) {
    let counted = [
        SessionKind::Qualifying,
        SessionKind::Sprint,
        SessionKind::Race,
    ];
    for session in &weekend.sessions {
        if !counted.contains(&session.kind) {
            continue;
        }
        let end = session.ends_at();
        if !session.known {
            let since = table.now - end;
            let step = if since < DAY * 2 { HOUR } else { DAY };
            let what = name(session.kind);
            if since < TimeDelta::zero() {
                table.at(
                    Kind::Results,
                    weekend,
                    format!("{what}+0h"),
                    end,
                    "a session ended",
                );
            } else if since < POLLED {
                let latest = end + floor(since, step);
                for at in [latest, latest + step] {
                    let tick = format!("{what}+{}h", (at - end).num_hours());
                    table.at(Kind::Results, weekend, tick, at, "results are not in yet");
                }
            }
        } else if session.kind == SessionKind::Race {
            for (tick, after, until) in [("24h", DAY, DAY * 7), ("7d", DAY * 7, DAY * 14)] {
                if table.now < end + until {
                    let why = "stewards may have corrected results";
                    table.at(Kind::Verify, weekend, tick, end + after, why);
                }
            }
        }
    }
}

/// Laps, stints, pit stops and weather of a race that was run.
fn details(table: &mut Table, weekend: &Weekend) {
    let Some(race) = weekend.race().filter(|race| race.known && !weekend.laps) else {
        return;
    };
    let times = [1, 6, 24, 72].map(|hours| (hours, race.ends_at() + HOUR * hours));
    let passed = times.iter().rfind(|(_, at)| *at <= table.now);
    let coming = times.iter().find(|(_, at)| *at > table.now);
    for (hours, at) in passed.into_iter().chain(coming) {
        if table.now < *at + POLLED {
            let tick = format!("{hours}h");
            table.at(Kind::Details, weekend, tick, *at, "laps are not in yet");
        }
    }
}

/// A race while it is run.
fn live(table: &mut Table, weekend: &Weekend) {
    if let Some(race) = weekend.race().filter(|race| !race.known)
        && table.now < race.starts_at + LONGEST
    {
        let at = race.starts_at - BEFORE;
        table.at(
            Kind::Live,
            weekend,
            "live",
            at,
            "the race is about to begin",
        );
    }
}

/// A race is in progress from its start until its results are in, or until none are to be expected.
/// Whoever moves it changes the data, and has it looked at again.
fn progress(table: &mut Table, situation: &Situation, weekend: &Weekend) {
    let Some(race) = weekend.race().filter(|race| !race.known) else {
        return;
    };
    let end = race.starts_at + LONGEST;
    let (at, why) = if weekend.in_progress && table.now < race.starts_at {
        (table.now, "the race was put off")
    } else if weekend.in_progress {
        (end, "no results came")
    } else if table.now < end {
        (race.starts_at, "the race begins")
    } else {
        return;
    };
    let tick = situation.data.to_string();
    table.at(Kind::Progress, weekend, tick, at, why);
}

/// What follows when sessions begin, and from new results: training, forecasts for the next race,
/// scores of the last.
fn pipeline(table: &mut Table, situation: &Situation, allowed: Allowed) {
    for weekend in situation
        .weekends
        .iter()
        .filter(|weekend| !weekend.cancelled)
    {
        progress(table, situation, weekend);
        for session in &weekend.sessions {
            let is_forecast = matches!(session.kind, SessionKind::Qualifying | SessionKind::Race);
            if is_forecast && table.now < session.starts_at + DAY {
                let tick = name(session.kind);
                let why = "forecasts of a session that has begun are final";
                table.at(Kind::Freeze, weekend, tick, session.starts_at, why);
            }
        }
    }
    if situation.importing || situation.weekends.is_empty() {
        return;
    }
    let data = situation.data.to_string();
    let trains = allowed.train && table.version(Kind::Train, situation, &data);
    let version = format!("{}.{}", situation.data, situation.models);
    // What is said of the next race rests on the result of the one that is run.
    let runs = situation.weekends.iter().any(|weekend| weekend.in_progress);
    if !trains && !runs && !situation.open.contains(&Kind::Train) {
        table.version(Kind::Forecasts, situation, &version);
    }
    table.version(Kind::Score, situation, &data);
    table.version(Kind::ScoreLeagues, situation, &data);
    table.version(Kind::PlanDrafts, situation, &data);
}

/// Drafts of leagues. What could not be done in one of them is tried again minute by minute.
fn drafts(table: &mut Table, situation: &Situation) {
    let Some(at) = situation.drafts else {
        return;
    };
    let minutes = floor(table.now - at, TimeDelta::minutes(1));
    if !situation.open.contains(&Kind::Drafts) {
        let at = at + minutes.max(TimeDelta::zero());
        table.wanted.push(Wanted {
            kind: Kind::Drafts,
            subject: None,
            tick: at.to_rfc3339_opts(SecondsFormat::Millis, true),
            due_at: at,
            reason: "the clock of a draft runs".to_owned(),
        });
    }
}

fn race_within(situation: &Situation, time: TimeDelta) -> bool {
    situation
        .weekends
        .iter()
        .filter_map(Weekend::race)
        .any(|race| race.ends_at() > situation.now && race.starts_at - situation.now <= time)
}

fn name(session: SessionKind) -> &'static str {
    match session {
        SessionKind::Practice1 => "practice_1",
        SessionKind::Practice2 => "practice_2",
        SessionKind::Practice3 => "practice_3",
        SessionKind::SprintQualifying => "sprint_qualifying",
        SessionKind::Sprint => "sprint",
        SessionKind::Qualifying => "qualifying",
        SessionKind::Race => "race",
    }
}

/// The jobs collected so far.
struct Table {
    now: DateTime<Utc>,
    wanted: Vec<Wanted>,
}

impl Table {
    /// The latest and the next of what comes every so often, counted from midnight.
    fn every(&mut self, kind: Kind, season: Option<i32>, period: TimeDelta, why: &str) {
        self.shifted(kind, season, period, TimeDelta::zero(), why);
    }

    /// The same, once a day at this hour.
    fn daily_at(&mut self, kind: Kind, hour: i64, why: &str) {
        self.shifted(
            kind,
            None,
            DAY,
            HOUR * i32::try_from(hour).unwrap_or(0),
            why,
        );
    }

    fn shifted(
        &mut self,
        kind: Kind,
        season: Option<i32>,
        period: TimeDelta,
        shift: TimeDelta,
        why: &str,
    ) {
        let begin = DateTime::UNIX_EPOCH + shift;
        let latest = begin + floor(self.now - begin, period);
        for at in [latest, latest + period] {
            self.wanted.push(Wanted {
                kind,
                subject: season.map(|season| season.to_string()),
                tick: at.format("%Y-%m-%dT%H:%M").to_string(),
                due_at: at,
                reason: why.to_owned(),
            });
        }
    }

    fn at(
        &mut self,
        kind: Kind,
        weekend: &Weekend,
        tick: impl Into<String>,
        at: DateTime<Utc>,
        why: &str,
    ) {
        self.wanted.push(Wanted {
            kind,
            subject: Some(weekend.race.clone()),
            tick: tick.into(),
            due_at: at,
            reason: why.to_owned(),
        });
    }

    /// What is done once for each version of what it rests on, one after the other; says whether it
    /// is to be done.
    fn version(&mut self, kind: Kind, situation: &Situation, version: &str) -> bool {
        let known = situation.ticks.get(&(kind, None)) == Some(&version.to_owned());
        let wanted = !known && !situation.open.contains(&kind);
        if wanted {
            self.wanted.push(Wanted {
                kind,
                subject: None,
                tick: version.to_owned(),
                due_at: self.now,
                reason: "what it rests on has changed".to_owned(),
            });
        }
        wanted
    }
}

/// The whole periods in a stretch of time.
fn floor(time: TimeDelta, period: TimeDelta) -> TimeDelta {
    let (time, period) = (time.num_seconds(), period.num_seconds());
    TimeDelta::seconds(time - time.rem_euclid(period))
}

#[cfg(test)]
mod tests;
