//! When a delivery is tried again, and when it is given up. Pure sums.

use chrono::{DateTime, SecondsFormat, TimeDelta, Utc};
use serde_json::{Value, json};

use super::Kind;
use crate::error::{Error, Result};

/// Webhooks at most.
pub(super) const MOST: u64 = 25;

/// Longest description, in characters.
const LONGEST_DESCRIPTION: usize = 200;

/// Characters of an answer that are kept.
pub const EXCERPT: usize = 500;

/// Pauses after the first, second … failed try; after the last of them it is given up.
const PAUSES: [TimeDelta; 7] = [
    TimeDelta::minutes(1),
    TimeDelta::minutes(5),
    TimeDelta::minutes(30),
    TimeDelta::hours(2),
    TimeDelta::hours(5),
    TimeDelta::hours(10),
    TimeDelta::hours(10),
];

/// Longest pause that a receiver may ask for.
const LONGEST_PAUSE: TimeDelta = TimeDelta::hours(24);

/// The receiver wants to hear no more.
const GONE: u16 = 410;

/// What came of a try.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// The receiver answered.
    Answered {
        status: u16,
        /// The beginning of what it said.
        excerpt: String,
        /// The pause that it asked for.
        retry_after: Option<TimeDelta>,
    },
    /// It did not, or could not be asked.
    Failed { reason: String },
}

/// What follows from it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Next {
    /// Done.
    Delivered,
    /// Another try after this pause.
    Again(TimeDelta),
    /// No further try.
    GivenUp,
    /// No further try, and nothing else for this webhook.
    Gone,
}

/// What follows from a try, after so many of them, this one among them. Pauses are longer by up
/// to a tenth, so that what failed together does not come again together; `chance` is from 0 to 1.
pub(super) fn next(outcome: &Outcome, attempts: i32, chance: f64) -> Next {
    let asked = match outcome {
        Outcome::Answered { status, .. } if (200..300).contains(status) => return Next::Delivered,
        Outcome::Answered { status: GONE, .. } => return Next::Gone,
        Outcome::Answered { retry_after, .. } => *retry_after,
        Outcome::Failed { .. } => None,
    };
    let failed = usize::try_from(attempts - 1).unwrap_or(0);
    let Some(pause) = PAUSES.get(failed) else {
        return Next::GivenUp;
    };
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_precision_loss,
        reason = "seconds of some hours at most"
    )]
    let more = (pause.num_seconds() as f64 * chance / 10.0) as i64;
    let pause = *pause + TimeDelta::seconds(more);
    Next::Again(pause.max(asked.unwrap_or_default().min(LONGEST_PAUSE)))
}

/// Why a try was none, in a sentence; none when it was delivered.
pub(super) fn failure(outcome: &Outcome) -> Option<String> {
    match outcome {
        Outcome::Answered { status, .. } if (200..300).contains(status) => None,
        Outcome::Answered { status, .. } => Some(format!("answered with status {status}")),
        Outcome::Failed { reason } => Some(reason.clone()),
    }
}

/// The envelope of every body.
pub(super) fn body(kind: &str, at: DateTime<Utc>, data: Value) -> Value {
    let mut body = json!({
        "type": kind,
        "timestamp": at.to_rfc3339_opts(SecondsFormat::AutoSi, true),
    });
    body["data"] = data;
    body
}

/// Types as they are stored: each once, in order.
///
/// # Errors
/// [`Error::BadInput`] when there is none.
pub(super) fn types(kinds: &[Kind]) -> Result<String> {
    let mut names: Vec<_> = kinds.iter().map(|kind| kind.name()).collect();
    names.sort_unstable();
    names.dedup();
    if names.is_empty() {
        return Err(Error::BadInput(
            "`types` is empty, expected one at least".to_owned(),
        ));
    }
    Ok(names.join(" "))
}

/// Checks a description.
///
/// # Errors
/// [`Error::BadInput`] when it is too long.
pub(super) fn description(text: &str) -> Result<()> {
    let length = text.chars().count();
    if length > LONGEST_DESCRIPTION || text.contains('\0') {
        return Err(Error::BadInput(format!(
            "`description` has {length} characters, expected {LONGEST_DESCRIPTION} at most and no U+0000"
        )));
    }
    Ok(())
}

/// The beginning of a text, as much of it as is kept; PostgreSQL stores no U+0000.
pub(super) fn excerpt(text: &str) -> String {
    let text = text.chars().map(|c| if c == '\0' { '\u{fffd}' } else { c });
    text.take(EXCERPT).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answered(status: u16, retry_after: Option<TimeDelta>) -> Outcome {
        Outcome::Answered {
            status,
            excerpt: String::new(),
            retry_after,
        }
    }

    #[test]
    fn only_a_success_is_one() {
        for (status, delivered) in [(200, true), (204, true), (302, false), (404, false)] {
            let next = next(&answered(status, None), 1, 0.0);
            assert_eq!(next == Next::Delivered, delivered, "{status}");
            let failure = failure(&answered(status, None));
            assert_eq!(failure.is_none(), delivered, "{status}");
        }
    }

    #[test]
    fn pauses_grow_until_it_is_given_up() {
        let failed = Outcome::Failed {
            reason: "no answer".to_owned(),
        };
        let minutes = [1, 5, 30, 120, 300, 600, 600].map(TimeDelta::minutes);
        for (tries, pause) in (1..).zip(minutes) {
            assert_eq!(next(&failed, tries, 0.0), Next::Again(pause));
            let Next::Again(longest) = next(&failed, tries, 1.0) else {
                panic!("given up after {tries}");
            };
            assert!(longest > pause && longest <= pause * 11 / 10);
        }
        assert_eq!(next(&failed, 8, 0.0), Next::GivenUp);
        assert_eq!(next(&failed, i32::MAX, 0.0), Next::GivenUp);
    }

    #[test]
    fn a_receiver_may_ask_for_a_longer_pause_but_not_for_a_shorter_one() {
        for (asked, pause) in [
            (TimeDelta::seconds(5), TimeDelta::minutes(1)),
            (TimeDelta::hours(1), TimeDelta::hours(1)),
            (TimeDelta::days(900), TimeDelta::hours(24)),
        ] {
            assert_eq!(
                next(&answered(429, Some(asked)), 1, 0.0),
                Next::Again(pause)
            );
        }
    }

    #[test]
    fn who_is_gone_is_not_asked_again() {
        assert_eq!(next(&answered(410, None), 1, 0.0), Next::Gone);
    }

    #[test]
    fn types_are_stored_once_each_and_there_is_one_at_least() {
        let kinds = [
            Kind::StandingsChanged,
            Kind::RaceUpdated,
            Kind::StandingsChanged,
        ];
        assert_eq!(types(&kinds).unwrap(), "race.updated standings.changed");
        assert!(matches!(types(&[]), Err(Error::BadInput(_))));
    }

    #[test]
    fn an_excerpt_is_cut_between_characters() {
        assert_eq!(excerpt("a\0é"), "a\u{fffd}é");
        assert_eq!(excerpt(&"é".repeat(600)).chars().count(), EXCERPT);
    }
}
