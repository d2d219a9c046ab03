//! Which kinds of notifications a user wants. What is not wanted is part of the profile; a new kind is
//! wanted until somebody says otherwise.

use sea_orm::{ActiveEnum, Iterable};

pub use entities::notification::Kind;

/// Names of all kinds but those that are wanted, as they are stored.
#[must_use]
pub fn muted(wanted: &[Kind]) -> String {
    let others = Kind::iter().filter(|kind| !wanted.contains(kind));
    let names: Vec<_> = others.map(|kind| kind.to_value()).collect();
    names.join(" ")
}

/// The kinds that are wanted, from what is stored.
#[must_use]
pub fn wanted(muted: &str) -> Vec<Kind> {
    Kind::iter().filter(|kind| wants(muted, *kind)).collect()
}

/// Whether a kind is wanted, from what is stored.
pub(super) fn wants(muted: &str, kind: Kind) -> bool {
    let name = kind.to_value();
    !muted.split(' ').any(|muted| muted == name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everything_is_wanted_until_somebody_says_otherwise() {
        let all: Vec<_> = Kind::iter().collect();
        assert_eq!(wanted(""), all);
        let chosen = vec![Kind::YourTurn, Kind::Scored];
        assert_eq!(wanted(&muted(&chosen)), chosen);
        assert_eq!(wanted(&muted(&[])), vec![]);
        // A kind that is no more.
        assert_eq!(wanted("pit_stop"), all);
    }
}
