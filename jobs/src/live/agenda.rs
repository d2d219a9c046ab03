//! What is asked for when: the little that a round needs, so that all of it stays far within what
//! OpenF1 allows. Pure.

use std::collections::BTreeMap;

use chrono::{DateTime, TimeDelta, Utc};
use domain::live::record::{Record, Said};

use crate::upstream::openf1::{
    payload::{Interval, Lap, Payload, Pit, Position, RaceControl, SessionResult, Stint, Weather},
    since,
};

/// What may be asked for, in the order in which it is: laps say when stints were.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Collection {
    RaceControl,
    Laps,
    Position,
    Intervals,
    Stints,
    Pit,
    Weather,
    /// The order after the flag.
    SessionResult,
}

/// How far a race is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Phase {
    /// The cars stand, or drive to the grid.
    Before,
    Running,
    /// It should be over by the timetable, and is not.
    Overdue,
    /// Everybody is home.
    After,
}

/// All that a race is made of.
pub(super) const NEWS: [Collection; 7] = [
    Collection::RaceControl,
    Collection::Laps,
    Collection::Position,
    Collection::Intervals,
    Collection::Stints,
    Collection::Pit,
    Collection::Weather,
];

/// So often at most anything is asked for while it is pushed: a message may be lost on the way.
const WHILE_PUSHED: TimeDelta = TimeDelta::minutes(1);

/// So often everything is asked for, not only the news: records are mended later, and some come late.
const SWEEP: TimeDelta = TimeDelta::minutes(10);

/// Where there are many records and the latest counts, none is needed that is older.
const LATEST_ONLY: TimeDelta = TimeDelta::minutes(10);

/// A silence that was longer is not made up for there.
const LONGEST_SILENCE: TimeDelta = TimeDelta::minutes(90);

impl Collection {
    /// All that may be asked for.
    pub(super) fn all() -> impl Iterator<Item = Self> {
        NEWS.into_iter().chain([Self::SessionResult])
    }

    /// As OpenF1 calls it.
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::RaceControl => RaceControl::COLLECTION,
            Self::Laps => Lap::COLLECTION,
            Self::Position => Position::COLLECTION,
            Self::Intervals => Interval::COLLECTION,
            Self::Stints => Stint::COLLECTION,
            Self::Pit => Pit::COLLECTION,
            Self::Weather => Weather::COLLECTION,
            Self::SessionResult => SessionResult::COLLECTION,
        }
    }

    /// Seconds from one time to the next; none when it is not asked for.
    fn every(self, phase: Phase) -> Option<TimeDelta> {
        let [before, running, overdue, after] = match self {
            Self::RaceControl | Self::Position => [60, 10, 10, 60],
            Self::Laps | Self::Intervals => [300, 10, 10, 60],
            Self::Stints | Self::Pit => [300, 60, 60, 120],
            Self::Weather => [300, 120, 120, 300],
            Self::SessionResult => [0, 0, 120, 60],
        };
        let seconds = match phase {
            Phase::Before => before,
            Phase::Running => running,
            Phase::Overdue => overdue,
            Phase::After => after,
        };
        (seconds > 0).then(|| TimeDelta::seconds(seconds))
    }

    /// The field by which news can be told from what is known, and how much is asked for twice:
    /// what happened at a time is told later, and a lap is told of until it is done.
    fn news(self) -> Option<(&'static str, TimeDelta)> {
        match self {
            Self::RaceControl | Self::Position => Some(("date", TimeDelta::minutes(2))),
            Self::Laps => Some(("date_start", TimeDelta::minutes(5))),
            Self::Intervals => Some(("date", TimeDelta::seconds(20))),
            Self::Pit | Self::Weather => Some(("date", TimeDelta::minutes(5))),
            // Few, and they grow.
            Self::Stints | Self::SessionResult => None,
        }
    }

    /// Whether only the latest record of each car counts, of many.
    fn only_the_latest_counts(self) -> bool {
        matches!(self, Self::Intervals | Self::Weather)
    }

    /// The collection that a statement came from, and the time by which its news are told.
    fn of(record: &Record) -> (Self, DateTime<Utc>) {
        let collection = match &record.said {
            Said::Position { .. } => Self::Position,
            Said::Interval { .. } => Self::Intervals,
            Said::Lap { started_at, .. } => {
                return (Self::Laps, started_at.unwrap_or(record.at));
            }
            Said::Stint { .. } => Self::Stints,
            Said::PitStop { .. } => Self::Pit,
            Said::RaceControl { .. } => Self::RaceControl,
            Said::Weather { .. } => Self::Weather,
            Said::Classification { .. } => Self::SessionResult,
        };
        (collection, record.at)
    }
}

/// What was asked for when, and what was heard.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Agenda {
    asked: BTreeMap<Collection, DateTime<Utc>>,
    /// All of it.
    swept: BTreeMap<Collection, DateTime<Utc>>,
    /// The time of the latest record.
    latest: BTreeMap<Collection, DateTime<Utc>>,
    /// Whether what happens is pushed, so that it is asked for to be sure only.
    pushed: bool,
    not_before: Option<DateTime<Utc>>,
}

impl Agenda {
    /// What is due, in order.
    pub(super) fn due(&self, phase: Phase, now: DateTime<Utc>) -> Vec<Collection> {
        let is_due = |collection: &Collection| {
            let next = self.next_of(*collection, phase);
            next.is_some_and(|next| next <= now)
        };
        Collection::all().filter(is_due).collect()
    }

    /// When something is due next.
    pub(super) fn next(&self, phase: Phase) -> DateTime<Utc> {
        let next = Collection::all().filter_map(|collection| self.next_of(collection, phase));
        next.min().unwrap_or(DateTime::<Utc>::MIN_UTC)
    }

    fn next_of(&self, collection: Collection, phase: Phase) -> Option<DateTime<Utc>> {
        let mut every = collection.every(phase)?;
        if self.pushed {
            every = every.max(WHILE_PUSHED);
        }
        let asked = self.asked.get(&collection);
        let next = asked.map_or(DateTime::<Utc>::MIN_UTC, |asked| *asked + every);
        Some(next.max(self.not_before.unwrap_or(next)))
    }

    /// Takes note that something is asked for, whatever comes of it. Gives the filter that keeps
    /// the answer short; none when all is to come.
    pub(super) fn ask(
        &mut self,
        collection: Collection,
        all: bool,
        now: DateTime<Utc>,
    ) -> Option<String> {
        self.asked.insert(collection, now);
        let (field, overlap) = collection.news()?;
        let latest = self.latest.get(&collection).copied();
        if collection.only_the_latest_counts() {
            let from = latest.map_or(now - LATEST_ONLY, |latest| latest - overlap);
            return Some(since(field, from.max(now - LONGEST_SILENCE)));
        }
        let swept = self.swept.get(&collection);
        if all || swept.is_none_or(|swept| now - *swept >= SWEEP) {
            return None;
        }
        latest.map(|latest| since(field, latest - overlap))
    }

    /// Takes note that all that was asked for without a filter at a time is stored.
    pub(super) fn swept(&mut self, collections: &[Collection], now: DateTime<Utc>) {
        let swept = collections.iter().map(|collection| (*collection, now));
        self.swept.extend(swept);
    }

    /// Takes note of statements that are stored.
    pub(super) fn heard<'r>(&mut self, records: impl IntoIterator<Item = &'r Record>) {
        for record in records {
            let (collection, time) = Collection::of(record);
            let latest = self.latest.entry(collection).or_insert(time);
            *latest = time.max(*latest);
        }
    }

    /// Takes note whether what happens is pushed from now on. What was missed until then is asked
    /// for at once.
    pub(super) fn is_pushed(&mut self, pushed: bool) {
        self.pushed = pushed;
        self.ask_anew();
    }

    /// All is due, as if nothing had been asked for.
    pub(super) fn ask_anew(&mut self) {
        self.asked.clear();
        self.swept.clear();
    }

    /// A collection is due as soon as it is asked for at all.
    pub(super) fn hurry(&mut self, collection: Collection) {
        self.asked.remove(&collection);
    }

    /// Whether nothing may be asked for now.
    pub(super) fn rests(&self, now: DateTime<Utc>) -> bool {
        self.not_before.is_some_and(|until| now < until)
    }

    /// Nothing is asked for until then.
    pub(super) fn pause_until(&mut self, time: DateTime<Utc>) {
        self.not_before = Some(time);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn start() -> DateTime<Utc> {
        "2030-05-12T13:00:00Z".parse().unwrap()
    }

    fn seconds(count: i64) -> TimeDelta {
        TimeDelta::seconds(count)
    }

    fn lap(number: i32, started_at: DateTime<Utc>) -> Record {
        let said = Said::Lap {
            number,
            lap: 3,
            started_at: Some(started_at),
            sectors_ms: [None; 3],
            time_ms: Some(80_000),
            pit_out: false,
        };
        Record {
            at: started_at + seconds(80),
            said,
        }
    }

    /// Requests in the first hour of a phase.
    fn requests(phase: Phase) -> Vec<DateTime<Utc>> {
        let mut agenda = Agenda::default();
        let mut times = Vec::new();
        for second in 0..3600 {
            let now = start() + seconds(second);
            for collection in agenda.due(phase, now) {
                agenda.ask(collection, false, now);
                times.push(now);
            }
        }
        times
    }

    #[test]
    fn no_minute_of_any_phase_takes_thirty_requests() {
        for phase in [Phase::Before, Phase::Running, Phase::Overdue, Phase::After] {
            let times = requests(phase);
            assert!(times.len() > 60, "{phase:?}: {}", times.len());
            let fits = |pair: &[DateTime<Utc>]| pair[29] - pair[0] >= seconds(60);
            assert!(times.windows(30).all(fits), "{phase:?}");
        }
    }

    #[test]
    fn while_cars_run_the_quick_things_come_every_ten_seconds() {
        let mut agenda = Agenda::default();
        for collection in agenda.due(Phase::Running, start()) {
            agenda.ask(collection, false, start());
        }
        assert_eq!(agenda.next(Phase::Running), start() + seconds(10));
        assert!(agenda.due(Phase::Running, start() + seconds(9)).is_empty());
        let due = agenda.due(Phase::Running, start() + seconds(10));
        assert_eq!(due, NEWS[..4]);
        // Before the start there is more time.
        assert!(agenda.due(Phase::Before, start() + seconds(59)).is_empty());
    }

    #[test]
    fn the_order_after_the_flag_is_asked_for_when_there_can_be_one() {
        let agenda = Agenda::default();
        let asks = |phase| {
            agenda
                .due(phase, start())
                .contains(&Collection::SessionResult)
        };
        assert!(!asks(Phase::Before) && !asks(Phase::Running));
        assert!(asks(Phase::Overdue) && asks(Phase::After));
    }

    #[test]
    fn first_all_is_asked_for_then_the_news_and_from_time_to_time_all_again() {
        let mut agenda = Agenda::default();
        assert_eq!(agenda.ask(Collection::Laps, false, start()), None);
        // What did not come in is asked for again.
        assert_eq!(agenda.ask(Collection::Laps, false, start()), None);
        agenda.swept(&[Collection::Laps], start());
        let laps = [
            lap(7, start() + seconds(100)),
            lap(8, start() + seconds(90)),
        ];
        agenda.heard(&laps);
        let news = agenda.ask(Collection::Laps, false, start() + seconds(200));
        let expected = "date_start>=2030-05-12T12:56:40.000";
        assert_eq!(news.as_deref(), Some(expected));
        assert_eq!(agenda.ask(Collection::Laps, true, start()), None);
        assert_eq!(agenda.ask(Collection::Laps, false, start() + SWEEP), None);
    }

    #[test]
    fn of_what_only_the_latest_counts_not_all_is_asked_for() {
        let mut agenda = Agenda::default();
        let first = agenda.ask(Collection::Intervals, true, start());
        assert_eq!(first.as_deref(), Some("date>=2030-05-12T12:50:00.000"));
        let said = Said::Interval {
            number: 7,
            to_leader: None,
            ahead: None,
        };
        agenda.heard(&[Record { at: start(), said }]);
        let news = agenda.ask(Collection::Intervals, true, start() + TimeDelta::hours(1));
        assert_eq!(news.as_deref(), Some("date>=2030-05-12T12:59:40.000"));
        let late = agenda.ask(Collection::Intervals, false, start() + TimeDelta::hours(3));
        assert_eq!(late.as_deref(), Some("date>=2030-05-12T14:30:00.000"));
    }

    #[test]
    fn what_is_pushed_is_asked_for_once_and_then_seldom_until_it_is_pushed_no_longer() {
        let mut agenda = Agenda::default();
        let ask = |agenda: &mut Agenda, second| {
            let now = start() + seconds(second);
            let due = agenda.due(Phase::Running, now);
            for collection in &due {
                agenda.ask(*collection, false, now);
            }
            agenda.swept(&due, now);
            due
        };
        ask(&mut agenda, 0);
        agenda.is_pushed(true);
        assert_eq!(ask(&mut agenda, 3), NEWS);
        assert!(ask(&mut agenda, 62).is_empty());
        assert_eq!(ask(&mut agenda, 63), NEWS[..6]);
        agenda.is_pushed(false);
        assert_eq!(ask(&mut agenda, 70), NEWS);
        assert_eq!(ask(&mut agenda, 80), NEWS[..4]);
    }

    #[test]
    fn what_is_to_be_hurried_is_due_at_once() {
        let mut agenda = Agenda::default();
        let now = start();
        agenda.ask(Collection::SessionResult, false, now);
        let due = |agenda: &Agenda, phase| {
            let due = agenda.due(phase, now + seconds(1));
            due.contains(&Collection::SessionResult)
        };
        assert!(!due(&agenda, Phase::After));
        agenda.hurry(Collection::SessionResult);
        assert!(due(&agenda, Phase::After) && !due(&agenda, Phase::Running));
    }

    #[test]
    fn a_pause_holds_for_all() {
        let mut agenda = Agenda::default();
        agenda.pause_until(start() + seconds(30));
        assert!(agenda.due(Phase::Running, start() + seconds(29)).is_empty());
        assert!(agenda.rests(start() + seconds(29)) && !agenda.rests(start() + seconds(30)));
        assert_eq!(agenda.next(Phase::Running), start() + seconds(30));
        assert_eq!(agenda.due(Phase::Running, start() + seconds(30)).len(), 7);
    }
}
