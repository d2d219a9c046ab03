//! Which of OpenF1's sessions is which of ours: by what is run and when. Names of races and places
//! play no part, since they change. Nothing is guessed.

use std::collections::BTreeMap;

use chrono::TimeDelta;
use domain::live::{Race, Session, SessionKind};

use super::payload;

/// The same session may begin so much earlier or later by the other's word: it may have been moved,
/// and no two of a kind are on one day.
const MOVED: TimeDelta = TimeDelta::hours(12);

/// A weekend as OpenF1 has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Weekend {
    pub meeting_key: i64,
    pub race: payload::Session,
    /// The sessions that are ours, the race among them.
    pub sessions: BTreeMap<SessionKind, payload::Session>,
    /// Sessions that only one of us has, in words.
    pub unmatched: Vec<String>,
}

/// It is not clear which of OpenF1's races one of ours is.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("OpenF1 has no race that is {race} for certain: {found}")]
pub struct NotMatched {
    race: String,
    found: String,
}

/// What is run in a session of this name.
#[must_use]
pub fn kind(name: &str) -> Option<SessionKind> {
    Some(match name.trim().to_lowercase().as_str() {
        "practice 1" => SessionKind::Practice1,
        "practice 2" => SessionKind::Practice2,
        "practice 3" => SessionKind::Practice3,
        "qualifying" => SessionKind::Qualifying,
        "sprint shootout" | "sprint qualifying" => SessionKind::SprintQualifying,
        "sprint" => SessionKind::Sprint,
        "race" => SessionKind::Race,
        _ => return None,
    })
}

/// Finds a race and the sessions of its weekend among theirs.
///
/// # Errors
/// When there is not exactly one such race.
pub fn weekend(
    race: &Race,
    ours: &[Session],
    theirs: &[payload::Session],
) -> Result<Weekend, NotMatched> {
    let start = race.starts_at.or_else(|| {
        let mut ours = ours.iter();
        ours.find(|session| session.kind == SessionKind::Race)?
            .starts_at
    });
    let held = || {
        theirs
            .iter()
            .filter(|session| session.is_cancelled != Some(true))
    };
    let races: Vec<_> = held()
        .filter(|session| kind(&session.session_name) == Some(SessionKind::Race))
        .collect();
    let same: Vec<_> = races
        .iter()
        .filter(|session| match start {
            Some(start) => (session.date_start - start).abs() <= MOVED,
            // The day at the circuit, which may be another in UTC.
            None => (session.date_start.date_naive() - race.date).abs() <= TimeDelta::days(1),
        })
        .collect();
    let &[&found] = same.as_slice() else {
        return Err(not_matched(race, &races));
    };
    let mut weekend = Weekend {
        meeting_key: found.meeting_key,
        race: found.clone(),
        sessions: BTreeMap::from([(SessionKind::Race, found.clone())]),
        unmatched: Vec::new(),
    };
    let meeting: Vec<_> = held()
        .filter(|session| session.meeting_key == found.meeting_key && *session != found)
        .collect();
    for session in ours
        .iter()
        .filter(|session| session.kind != SessionKind::Race)
    {
        let same: Vec<_> = meeting.iter().filter(|other| is(session, other)).collect();
        match same.as_slice() {
            [one] => drop(weekend.sessions.insert(session.kind, (**one).clone())),
            [] => weekend
                .unmatched
                .push(format!("{:?} of {}", session.kind, session.date)),
            _ => weekend
                .unmatched
                .push(format!("{:?} is there twice", session.kind)),
        }
    }
    for session in meeting {
        if !weekend.sessions.values().any(|matched| matched == session) {
            let (name, start) = (&session.session_name, session.date_start);
            weekend
                .unmatched
                .push(format!("OpenF1's {name} of {start}"));
        }
    }
    Ok(weekend)
}

/// Whether both are the same.
fn is(ours: &Session, theirs: &payload::Session) -> bool {
    let same_time = match ours.starts_at {
        Some(start) => (theirs.date_start - start).abs() <= MOVED,
        None => theirs.date_start.date_naive() == ours.date,
    };
    same_time && kind(&theirs.session_name) == Some(ours.kind)
}

fn not_matched(race: &Race, races: &[&payload::Session]) -> NotMatched {
    let starts: Vec<_> = races
        .iter()
        .map(|session| format!("{} at {}", session.session_key, session.date_start))
        .collect();
    NotMatched {
        race: race.reference.clone(),
        found: if starts.is_empty() {
            "there is none around that day".to_owned()
        } else {
            format!("there are {}", starts.join(", "))
        },
    }
}

#[cfg(test)]
mod tests;
