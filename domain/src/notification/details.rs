//! What a notification says. Names are kept as they were, so that its sentence stays whatever becomes
//! of the league, and whether or not its receiver is still in it.

use chrono::{DateTime, Utc};
use entities::notification::Model;
use serde::{Deserialize, Serialize};

use super::Kind;
use crate::error::{Error, Result};

/// What the sentence of a notification says.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Details {
    /// Name of the league.
    pub league: String,
    /// Season and name of the race.
    pub race: String,
    /// Until when it is time to pick.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<DateTime<Utc>>,
    /// Name of the driver who was replaced.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub replaced: Option<String>,
    /// Name of the driver who replaces him.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub replacement: Option<String>,
}

/// A notification as a sentence for people.
///
/// # Errors
/// When nobody can read what is stored of it.
pub fn message(row: &Model) -> Result<String> {
    let details = serde_json::from_str(&row.details);
    let details = details.map_err(|error| Error::Internal(error.to_string()))?;
    Ok(sentence(row.kind, &details))
}

fn sentence(kind: Kind, details: &Details) -> String {
    let Details { league, race, .. } = details;
    let ends = details
        .until
        .map(|at| at.format(" It ends on %-d %B at %H:%M UTC."));
    let ends = ends.map(|ends| ends.to_string()).unwrap_or_default();
    let about = format!("the {race} in {league}");
    match kind {
        Kind::DraftOpened => format!("The draft for {about} is open."),
        Kind::YourTurn => format!("It is your turn to pick for {about}.{ends}"),
        Kind::TimeRunsOut => format!("Your turn to pick for {about} is almost over.{ends}"),
        Kind::DraftClosed => format!("The draft for {about} is over."),
        Kind::Scored => format!("The {race} is scored in {league}."),
        Kind::OrderChanged => format!("The order of picks for {about} has changed."),
        Kind::Substitution => {
            let driver = details.replacement.as_deref().unwrap_or("Nobody");
            match &details.replaced {
                Some(replaced) => format!("{driver} replaces {replaced} in your team for {about}."),
                None => format!("{driver} drives in your team for {about}."),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn details() -> Details {
        Details {
            league: "Sunday club".to_owned(),
            race: "2024 Monaco Grand Prix".to_owned(),
            ..Details::default()
        }
    }

    #[test]
    fn every_kind_is_a_sentence_that_names_race_and_league() {
        let timed = Details {
            until: Some("2024-05-24T14:05:00Z".parse().unwrap()),
            ..details()
        };
        for (kind, details, expected) in [
            (
                Kind::DraftOpened,
                details(),
                "The draft for the 2024 Monaco Grand Prix in Sunday club is open.",
            ),
            (
                Kind::YourTurn,
                timed.clone(),
                "It is your turn to pick for the 2024 Monaco Grand Prix in Sunday club. It ends on 24 May at 14:05 UTC.",
            ),
            (
                Kind::TimeRunsOut,
                timed,
                "Your turn to pick for the 2024 Monaco Grand Prix in Sunday club is almost over. It ends on 24 May at 14:05 UTC.",
            ),
            (
                Kind::DraftClosed,
                details(),
                "The draft for the 2024 Monaco Grand Prix in Sunday club is over.",
            ),
            (
                Kind::Scored,
                details(),
                "The 2024 Monaco Grand Prix is scored in Sunday club.",
            ),
            (
                Kind::OrderChanged,
                details(),
                "The order of picks for the 2024 Monaco Grand Prix in Sunday club has changed.",
            ),
        ] {
            assert_eq!(sentence(kind, &details), expected);
        }
    }

    #[test]
    fn a_substitution_says_who_goes_and_who_comes() {
        let name = |name: &str| Some(name.to_owned());
        for (replaced, replacement, begin) in [
            (
                name("Carlos Sainz"),
                name("Oliver Bearman"),
                "Oliver Bearman replaces Carlos Sainz in your team",
            ),
            (
                name("Carlos Sainz"),
                None,
                "Nobody replaces Carlos Sainz in your team",
            ),
            (
                None,
                name("Oliver Bearman"),
                "Oliver Bearman drives in your team",
            ),
        ] {
            let details = Details {
                replaced,
                replacement,
                ..details()
            };
            let found = sentence(Kind::Substitution, &details);
            assert_eq!(
                found,
                format!("{begin} for the 2024 Monaco Grand Prix in Sunday club.")
            );
        }
    }

    #[test]
    fn what_is_stored_keeps_its_names() {
        let text = r#"{"league":"Sunday club","race":"2024 Monaco Grand Prix"}"#;
        assert_eq!(serde_json::to_string(&details()).unwrap(), text);
        assert_eq!(serde_json::from_str::<Details>(text).unwrap(), details());
    }
}
