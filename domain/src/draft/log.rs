//! What is written down of a draft: entries are only ever added, and what they say of old drafts
//! is read for ever, so names here do not change.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::{DriverId, TeamId, UserId};

/// A line of the log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// From 1, without gaps. Of two that are written at once with the same one, one is too late.
    pub sequence: i64,
    /// Never before the entry that precedes it.
    pub at: DateTime<Utc>,
    /// Who did it; `None` for the server itself.
    pub by: Option<UserId>,
    pub action: Action,
}

/// What happened.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "action", rename_all = "snake_case")]
pub enum Action {
    /// The order was set by hand.
    OrderSet { order: Vec<TeamId> },
    /// Picks can be made, in this order.
    Opened { order: Vec<TeamId> },
    /// The next pick was made.
    Picked {
        team: TeamId,
        driver: DriverId,
        /// The server chose.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        automatic: Option<Automatic>,
        /// By which the sender knows it again.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        key: Option<String>,
    },
    /// The next pick was passed over.
    LeftEmpty { team: TeamId },
    /// The clock was stopped, and nobody but the commissioner picks.
    Paused,
    /// It goes on, with a full clock.
    Resumed,
    /// The pick of this number, from 0, and all later ones were taken back.
    Undone { to_pick: usize },
    /// All picks were taken back.
    Reset,
    /// A team left the league: its turns are passed over.
    Left { team: TeamId },
    /// The driver of a pick, whose number counts from 0, was replaced, or left without replacement.
    Substituted {
        pick: usize,
        replacement: Option<DriverId>,
        note: String,
    },
    /// No more picks.
    Closed,
    /// The race was scored.
    Scored,
}

/// Why the server chose, and from what.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Automatic {
    pub why: Why,
    pub from: Choice,
}

/// Why the server chose.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Why {
    /// The pick clock ran out.
    Clock,
    /// The draft closed.
    Deadline,
}

/// What the server chose from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Choice {
    /// What the member would have chosen.
    Queue,
    /// The league's ranking.
    Ranking,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_stored_keeps_its_names() {
        let picked = |automatic, key: Option<&str>| Action::Picked {
            team: TeamId(1),
            driver: DriverId(2),
            automatic,
            key: key.map(str::to_owned),
        };
        let automatic = Automatic {
            why: Why::Clock,
            from: Choice::Queue,
        };
        let order = vec![TeamId(2), TeamId(1)];
        for (action, stored) in [
            (
                Action::OrderSet {
                    order: order.clone(),
                },
                r#"{"action":"order_set","order":[2,1]}"#,
            ),
            (
                Action::Opened { order },
                r#"{"action":"opened","order":[2,1]}"#,
            ),
            (
                picked(None, Some("k")),
                r#"{"action":"picked","team":1,"driver":2,"key":"k"}"#,
            ),
            (
                picked(Some(automatic), None),
                r#"{"action":"picked","team":1,"driver":2,"automatic":{"why":"clock","from":"queue"}}"#,
            ),
            (
                Action::LeftEmpty { team: TeamId(1) },
                r#"{"action":"left_empty","team":1}"#,
            ),
            (Action::Paused, r#"{"action":"paused"}"#),
            (Action::Resumed, r#"{"action":"resumed"}"#),
            (
                Action::Undone { to_pick: 3 },
                r#"{"action":"undone","to_pick":3}"#,
            ),
            (Action::Reset, r#"{"action":"reset"}"#),
            (
                Action::Left { team: TeamId(1) },
                r#"{"action":"left","team":1}"#,
            ),
            (
                Action::Substituted {
                    pick: 3,
                    replacement: None,
                    note: "ill".to_owned(),
                },
                r#"{"action":"substituted","pick":3,"replacement":null,"note":"ill"}"#,
            ),
            (Action::Closed, r#"{"action":"closed"}"#),
            (Action::Scored, r#"{"action":"scored"}"#),
        ] {
            assert_eq!(serde_json::to_string(&action).unwrap(), stored);
            assert_eq!(serde_json::from_str::<Action>(stored).unwrap(), action);
        }
    }
}
