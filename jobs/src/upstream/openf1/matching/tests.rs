use chrono::{DateTime, Utc};
use domain::live::RaceStatus;

use super::*;

fn at(text: &str) -> DateTime<Utc> {
    text.parse().unwrap()
}

fn race(date: &str, start: Option<&str>) -> Race {
    Race {
        id: 1,
        reference: "2030_wales".to_owned(),
        season: 2030,
        round: 6,
        name: "Welsh Grand Prix".to_owned(),
        circuit_id: 1,
        date: date.parse().unwrap(),
        starts_at: start.map(at),
        status: RaceStatus::Scheduled,
        wikipedia_url: None,
    }
}

fn ours(kind: SessionKind, start: &str) -> Session {
    Session {
        race_id: 1,
        kind,
        date: at(start).date_naive(),
        starts_at: Some(at(start)),
    }
}

fn theirs(meeting: i64, key: i64, name: &str, start: &str) -> payload::Session {
    payload::Session {
        session_key: key,
        meeting_key: meeting,
        session_name: name.to_owned(),
        date_start: at(start),
        date_end: at(start) + TimeDelta::hours(2),
        is_cancelled: Some(false),
    }
}

#[test]
fn a_sprint_weekend_is_matched_session_by_session() {
    let race = race("2030-05-12", Some("2030-05-12T13:00:00Z"));
    let ours = [
        ours(SessionKind::Practice1, "2030-05-10T10:30:00Z"),
        ours(SessionKind::SprintQualifying, "2030-05-10T14:30:00Z"),
        ours(SessionKind::Sprint, "2030-05-11T10:00:00Z"),
        ours(SessionKind::Qualifying, "2030-05-11T14:00:00Z"),
        ours(SessionKind::Race, "2030-05-12T13:00:00Z"),
    ];
    let theirs = [
        theirs(9, 90, "Practice 1", "2030-05-10T10:30:00Z"),
        theirs(9, 91, "Sprint Shootout", "2030-05-10T14:30:00Z"),
        theirs(9, 92, "Sprint", "2030-05-11T10:05:00Z"),
        theirs(9, 93, "Qualifying", "2030-05-11T14:00:00Z"),
        theirs(9, 94, "Race", "2030-05-12T13:00:00Z"),
        theirs(10, 95, "Practice 1", "2030-05-17T10:30:00Z"),
    ];
    let weekend = weekend(&race, &ours, &theirs).unwrap();
    assert_eq!(weekend.meeting_key, 9);
    assert_eq!(weekend.unmatched, Vec::<String>::new());
    let keys = weekend.sessions.iter();
    let keys: Vec<_> = keys.map(|(kind, row)| (*kind, row.session_key)).collect();
    let expected = [
        (SessionKind::Practice1, 90),
        (SessionKind::SprintQualifying, 91),
        (SessionKind::Sprint, 92),
        (SessionKind::Qualifying, 93),
        (SessionKind::Race, 94),
    ];
    assert_eq!(keys, expected);
}

#[test]
fn a_race_at_night_is_found_on_either_day() {
    let theirs = [theirs(9, 94, "Race", "2030-11-19T06:00:00Z")];
    for start in [
        Some("2030-11-19T06:00:00Z"),
        Some("2030-11-19T04:30:00Z"),
        None,
    ] {
        let found = weekend(&race("2030-11-18", start), &[], &theirs).unwrap();
        assert_eq!(
            found.sessions[&SessionKind::Race].session_key,
            94,
            "{start:?}"
        );
    }
}

#[test]
fn what_only_one_of_us_has_is_reported_and_not_guessed() {
    let race = race("2030-05-12", Some("2030-05-12T13:00:00Z"));
    let ours = [
        ours(SessionKind::Practice3, "2030-05-11T10:30:00Z"),
        ours(SessionKind::Qualifying, "2030-05-11T14:00:00Z"),
    ];
    let theirs = [
        theirs(9, 92, "Sprint", "2030-05-11T10:30:00Z"),
        // Of another day.
        theirs(9, 93, "Qualifying", "2030-05-10T14:00:00Z"),
        theirs(9, 94, "Race", "2030-05-12T13:00:00Z"),
    ];
    let weekend = weekend(&race, &ours, &theirs).unwrap();
    assert_eq!(weekend.sessions.len(), 1);
    let unmatched = weekend.unmatched.join("; ");
    for part in [
        "Practice3",
        "Qualifying of 2030-05-11",
        "OpenF1's Sprint",
        "OpenF1's Qualifying",
    ] {
        assert!(unmatched.contains(part), "{unmatched}");
    }
}

#[test]
fn a_race_that_is_not_there_or_is_there_twice_is_not_matched() {
    let race = race("2030-05-12", Some("2030-05-12T13:00:00Z"));
    let other_week = theirs(9, 94, "Race", "2030-05-19T13:00:00Z");
    let sprint = theirs(9, 93, "Sprint", "2030-05-12T13:00:00Z");
    let mut cancelled = theirs(9, 95, "Race", "2030-05-12T13:00:00Z");
    cancelled.is_cancelled = Some(true);
    let right = theirs(9, 96, "Race", "2030-05-12T13:00:00Z");
    let double = theirs(10, 97, "Race", "2030-05-12T15:00:00Z");

    let missing = [other_week, sprint, cancelled.clone()];
    let error = weekend(&race, &[], &missing).unwrap_err().to_string();
    assert!(
        error.contains("2030_wales") && error.contains("94 at"),
        "{error}"
    );
    let twice = [right.clone(), double];
    let error = weekend(&race, &[], &twice).unwrap_err().to_string();
    assert!(
        error.contains("96 at") && error.contains("97 at"),
        "{error}"
    );
    let found = weekend(&race, &[], &[cancelled, right]).unwrap();
    assert_eq!(found.sessions[&SessionKind::Race].session_key, 96);
    assert!(weekend(&race, &[], &[]).is_err());
}
