//! What users can be told of. Which of it a user does not want is part of the profile; a new kind is
//! wanted until somebody says otherwise.

/// What a user is told of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Kind {
    /// A draft has opened.
    DraftOpened,
    /// It is the user's turn to pick.
    YourTurn,
    /// Ten minutes are left to pick.
    TimeRunsOut,
    /// A draft is over.
    DraftClosed,
    /// A race was scored, for the first time or anew.
    Scored,
    /// The order of picks has changed.
    OrderChanged,
    /// Somebody else drives for a driver who was picked.
    Substitution,
}

/// All kinds and their names in the database.
const TABLE: [(Kind, &str); 7] = [
    (Kind::DraftOpened, "draft_opened"),
    (Kind::YourTurn, "your_turn"),
    (Kind::TimeRunsOut, "time_runs_out"),
    (Kind::DraftClosed, "draft_closed"),
    (Kind::Scored, "scored"),
    (Kind::OrderChanged, "order_changed"),
    (Kind::Substitution, "substitution"),
];

/// Names of all kinds but those that are wanted, as they are stored.
#[must_use]
pub fn muted(wanted: &[Kind]) -> String {
    let others = TABLE.iter().filter(|(kind, _)| !wanted.contains(kind));
    let names: Vec<_> = others.map(|(_, name)| *name).collect();
    names.join(" ")
}

/// The kinds that are wanted, from what is stored.
#[must_use]
pub fn wanted(muted: &str) -> Vec<Kind> {
    let wanted = TABLE
        .iter()
        .filter(|(_, name)| !muted.split(' ').any(|muted| muted == *name));
    wanted.map(|(kind, _)| *kind).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everything_is_wanted_until_somebody_says_otherwise() {
        assert_eq!(wanted("").len(), TABLE.len());
        let chosen = vec![Kind::YourTurn, Kind::Scored];
        assert_eq!(wanted(&muted(&chosen)), chosen);
        assert_eq!(wanted(&muted(&[])), vec![]);
        // A kind that is no more.
        assert_eq!(wanted("pit_stop").len(), TABLE.len());
    }
}
