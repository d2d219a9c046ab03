//! In which order teams pick: for a race, and within its draft.

use std::collections::BTreeSet;

use rand::{Rng, seq::SliceRandom};
use serde::{Deserialize, Serialize};

use super::{Refusal, TeamId};

/// Drivers that each team drafts for a race, unless the league says otherwise.
pub const ROUNDS: usize = 2;

/// How the order of a race is gone through, round by round.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Method {
    /// 1 to n, and again 1 to n.
    #[default]
    Sequential,
    /// 1 to n, then back from n to 1.
    Snake,
}

/// The latest race that a league had an order for.
#[derive(Debug, Clone, Copy)]
pub struct Previous<'a> {
    pub order: &'a [TeamId],
    pub cancelled: bool,
}

impl Method {
    /// The place in the order, from 0, that pick `number`, from 0, falls to; `None` after the last.
    #[must_use]
    pub fn turn(self, teams: usize, rounds: usize, number: usize) -> Option<usize> {
        let round = number.checked_div(teams).filter(|round| *round < rounds)?;
        let place = number % teams;
        let back = self == Self::Snake && round % 2 == 1;
        Some(if back { teams - 1 - place } else { place })
    }
}

/// How many teams an entry list is enough for.
#[must_use]
pub fn capacity(drivers: usize, rounds: usize) -> usize {
    drivers.checked_div(rounds).unwrap_or(0)
}

/// The order for the next race of the teams that are in the league now, which are given as they
/// joined: as [`rotated`]. A cancelled race does not rotate: the next one has its order.
#[must_use]
pub fn after(previous: Previous, teams: &[TeamId]) -> Vec<TeamId> {
    if previous.cancelled {
        kept(previous.order, teams)
    } else {
        rotated(previous.order, teams)
    }
}

/// An order by lot, for the first race, which depends on the generator alone and not on how the teams are listed.
#[must_use]
pub fn drawn(teams: &[TeamId], rng: &mut impl Rng) -> Vec<TeamId> {
    let mut order = teams.to_vec();
    order.sort_unstable();
    order.shuffle(rng);
    order
}

/// The last becomes first and the rest keep their order. Who has left is gone before, so that
/// nobody leads twice in a row in place of a leaver; who has joined comes last.
#[must_use]
pub fn rotated(order: &[TeamId], teams: &[TeamId]) -> Vec<TeamId> {
    let mut stayed = order.to_vec();
    stayed.retain(|team| teams.contains(team));
    if !stayed.is_empty() {
        stayed.rotate_right(1);
    }
    kept(&stayed, teams)
}

/// The same order without those who have left, and with those who have joined at its end.
#[must_use]
pub fn kept(order: &[TeamId], teams: &[TeamId]) -> Vec<TeamId> {
    let stayed = order.iter().filter(|team| teams.contains(team));
    let joined = teams.iter().filter(|team| !order.contains(team));
    stayed.chain(joined).copied().collect()
}

/// Checks an order that somebody has set by hand.
///
/// # Errors
/// [`Refusal::OrderIncomplete`] unless it lists each of the teams exactly once.
pub fn check(order: &[TeamId], teams: &[TeamId]) -> Result<(), Refusal> {
    let listed: BTreeSet<_> = order.iter().collect();
    let complete = listed.len() == order.len() && listed == teams.iter().collect();
    complete.then_some(()).ok_or(Refusal::OrderIncomplete)
}

#[cfg(test)]
mod tests {
    use rand::SeedableRng;
    use rand_pcg::Pcg32;

    use super::*;

    fn teams(ids: &[i32]) -> Vec<TeamId> {
        ids.iter().copied().map(TeamId).collect()
    }

    #[test]
    fn a_turn_knows_of_the_snake_and_of_rounds() {
        let turns = |method: Method, rounds| -> Vec<usize> {
            let turn = |number| method.turn(3, rounds, number);
            (0..20).map_while(turn).collect()
        };
        assert_eq!(turns(Method::Sequential, 2), [0, 1, 2, 0, 1, 2]);
        assert_eq!(turns(Method::Snake, 2), [0, 1, 2, 2, 1, 0]);
        assert_eq!(turns(Method::Snake, 3), [0, 1, 2, 2, 1, 0, 0, 1, 2]);
        assert!(turns(Method::Snake, 0).is_empty());
        assert_eq!(Method::Snake.turn(0, 2, 0), None);
    }

    #[test]
    fn twenty_drivers_are_enough_for_ten_teams_and_twenty_two_for_eleven() {
        let capacities = [20, 21, 22].map(|drivers| capacity(drivers, ROUNDS));
        assert_eq!(capacities, [10, 10, 11]);
        assert_eq!(capacity(22, 0), 0);
    }

    #[test]
    fn the_first_order_is_drawn_and_the_same_seed_draws_the_same() {
        let draw = |teams: &[TeamId], seed| drawn(teams, &mut Pcg32::seed_from_u64(seed));
        let (some, listed_otherwise) = (teams(&[1, 2, 3, 4]), teams(&[3, 1, 4, 2]));
        assert_eq!(draw(&some, 7), draw(&listed_otherwise, 7));
        let leaders: BTreeSet<TeamId> = (0..100).map(|seed| draw(&some, seed)[0]).collect();
        assert_eq!(leaders.len(), 4);
    }

    #[test]
    fn rotation_keeps_no_leavers() {
        let order = teams(&[1, 2, 3, 4]);
        assert_eq!(rotated(&order, &teams(&[1, 2, 3])), teams(&[3, 1, 2]));
        assert_eq!(rotated(&order, &teams(&[1, 3, 4])), teams(&[4, 1, 3]));
        assert_eq!(rotated(&order, &[]), []);
    }

    #[test]
    fn who_joins_late_comes_last() {
        let order = rotated(&teams(&[1, 2, 3]), &teams(&[1, 2, 3, 9, 5]));
        assert_eq!(order, teams(&[3, 1, 2, 9, 5]));
    }

    #[test]
    fn a_cancelled_race_does_not_rotate() {
        let (order, all) = (teams(&[2, 3, 1]), teams(&[1, 2, 3, 4]));
        let after = |cancelled| {
            let order = &order;
            after(Previous { order, cancelled }, &all)
        };
        assert_eq!(after(true), teams(&[2, 3, 1, 4]));
        assert_eq!(after(false), teams(&[1, 2, 3, 4]));
    }

    #[test]
    fn an_order_by_hand_lists_every_team_exactly_once() {
        let all = teams(&[1, 2, 3]);
        assert_eq!(check(&teams(&[3, 1, 2]), &all), Ok(()));
        for wrong in [&[1, 2][..], &[1, 2, 2], &[1, 2, 4], &[1, 2, 3, 3], &[]] {
            let refused = check(&teams(wrong), &all);
            assert_eq!(refused, Err(Refusal::OrderIncomplete), "{wrong:?}");
        }
    }
}
