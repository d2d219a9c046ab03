//! What of a race was public at a given moment.

use chrono::{DateTime, Days, NaiveDate, NaiveTime, TimeDelta, Utc};
use entities::session::Kind;

use super::super::record::RaceRecord;

/// Until a race is over and classified, from its start.
const RACE: TimeDelta = TimeDelta::hours(3);
/// The same for qualifying and sprint.
const SESSION: TimeDelta = TimeDelta::hours(2);

/// The race without what came after `now`; `None` while its calendar is not public.
pub(super) fn as_of(mut race: RaceRecord, now: DateTime<Utc>) -> Option<RaceRecord> {
    if NaiveDate::from_ymd_opt(race.season - 1, 12, 1).is_none_or(|day| now < midnight(day)) {
        return None;
    }
    if now < over(race.date, race.starts_at, RACE) {
        race.results.clear();
    }
    if now < session_over(&race, Kind::Sprint) {
        race.sprint.clear();
    }
    for kind in [Kind::Qualifying, Kind::SprintQualifying] {
        if now < session_over(&race, kind) {
            race.qualifying.retain(|row| row.session != kind);
        }
    }
    Some(race)
}

fn session_over(race: &RaceRecord, kind: Kind) -> DateTime<Utc> {
    match race.sessions.iter().find(|session| session.kind == kind) {
        Some(session) => over(session.date, session.starts_at, SESSION),
        None => over(race.date, race.starts_at, TimeDelta::zero()),
    }
}

fn over(date: NaiveDate, starts_at: Option<DateTime<Utc>>, length: TimeDelta) -> DateTime<Utc> {
    match starts_at {
        Some(start) => start + length,
        None => midnight(date) + Days::new(1),
    }
}

fn midnight(day: NaiveDate) -> DateTime<Utc> {
    day.and_time(NaiveTime::MIN).and_utc()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::import::bundled::notation::read_season;

    const TEXT: &str = "season 2024\n\
        car VER 1 red_bull max_verstappen\n\
        round 5 shanghai Chinese Grand Prix\n\
        sprint 2024-04-20\n\
        1 VER g4 19 32:04.660 8p\n\
        qualifying 2024-04-20 07:00\n\
        1 VER 1:34.742 1:33.794 1:33.660\n\
        race 2024-04-21 07:00\n\
        1 VER g1 56 1:40:52.554 25p\n";

    /// Classified cars in sprint, qualifying and race.
    fn public_at(now: &str) -> Option<[usize; 3]> {
        let season = read_season("2024.txt", TEXT).expect("readable");
        let now = now.parse().expect("a moment");
        let race = as_of(season.races.into_iter().next().expect("a race"), now)?;
        Some([race.sprint.len(), race.qualifying.len(), race.results.len()])
    }

    #[test]
    fn a_calendar_is_public_from_december() {
        assert_eq!(public_at("2023-11-30T23:59:59Z"), None);
        assert_eq!(public_at("2023-12-01T00:00:00Z"), Some([0, 0, 0]));
    }

    #[test]
    fn a_classification_is_public_when_its_session_is_over() {
        assert_eq!(public_at("2024-04-20T08:59:59Z"), Some([0, 0, 0]));
        assert_eq!(public_at("2024-04-20T09:00:00Z"), Some([0, 1, 0]));
        assert_eq!(public_at("2024-04-21T09:59:59Z"), Some([1, 1, 0]));
        assert_eq!(public_at("2024-04-21T10:00:00Z"), Some([1, 1, 1]));
    }

    #[test]
    fn a_session_without_a_start_is_over_the_day_after() {
        assert_eq!(public_at("2024-04-20T23:59:59Z"), Some([0, 1, 0]));
        assert_eq!(public_at("2024-04-21T00:00:00Z"), Some([1, 1, 0]));
    }

    #[test]
    fn qualifying_of_an_unknown_day_is_over_when_the_race_begins() {
        let text = TEXT.replace("qualifying 2024-04-20 07:00", "qualifying");
        let season = read_season("2024.txt", &text).expect("readable");
        let race = season.races.into_iter().next().expect("a race");
        let at = |now: &str| {
            let race = as_of(race.clone(), now.parse().expect("a moment"));
            race.map(|race| race.qualifying.len())
        };
        assert_eq!(at("2024-04-21T06:59:59Z"), Some(0));
        assert_eq!(at("2024-04-21T07:00:00Z"), Some(1));
    }
}
