//! Teams ranked over one race or a season.
//!
//! Ties are broken by countback on the race classifications of the drivers who counted: most
//! wins, then most second places, and so on down the positions; sprints do not count. Teams
//! equal after that share a rank, and the next rank is left out (1, 2, 2, 4); within a rank
//! they are listed by id.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::pick::ScoredPick;

/// What one pick brought its team in one race: all that ranking needs to know of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Haul {
    pub team_id: i32,
    /// In hundredths.
    pub points: i32,
    /// Place of the driver who counted in the classification of the race.
    pub race_position: Option<i32>,
}

impl From<&ScoredPick> for Haul {
    fn from(pick: &ScoredPick) -> Self {
        Self {
            team_id: pick.team_id,
            points: pick.points(),
            race_position: pick.race_position,
        }
    }
}

/// A race with what every pick brought. A team took part if it has a haul, be it of nothing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ScoredRace {
    pub race_id: i32,
    pub hauls: Vec<Haul>,
}

impl ScoredRace {
    #[must_use]
    pub fn new(race_id: i32, picks: &[ScoredPick]) -> Self {
        Self {
            race_id,
            hauls: picks.iter().map(Haul::from).collect(),
        }
    }
}

/// One row of a leaderboard.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    /// From 1; equal for those whom countback cannot part.
    pub rank: i32,
    pub team_id: i32,
    /// In hundredths.
    pub points: i32,
    /// How often its drivers were first, second, … in a race; ends with their worst place.
    pub finishes: Vec<i32>,
}

impl Row {
    /// Wins of the team's drivers.
    #[must_use]
    pub fn wins(&self) -> i32 {
        self.finishes.first().copied().unwrap_or(0)
    }
}

/// The teams that took part in a race, the leader first.
#[must_use]
pub fn race_leaderboard(race: &ScoredRace) -> Vec<Row> {
    let mut tallies = Tallies::default();
    tallies.add_everybody(race);
    tallies.ranked()
}

/// The given teams over the given races, the leader first. A team without a race has no
/// points; hauls of other teams, who have left, are passed over.
#[must_use]
pub fn season_leaderboard(teams: &[i32], races: &[ScoredRace]) -> Vec<Row> {
    let mut tallies = Tallies::of(teams);
    for race in races {
        tallies.add(race);
    }
    tallies.ranked()
}

/// What a team has gathered so far.
#[derive(Debug, Clone, Default)]
pub(super) struct Tally {
    pub(super) points: i32,
    /// Ends with the worst place, so that comparing two of them is the countback.
    finishes: Vec<i32>,
}

/// Equal merit is an equal rank; the better one is less.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Merit<'a> {
    points: Reverse<i32>,
    finishes: Reverse<&'a [i32]>,
}

impl Tally {
    pub(super) fn take(&mut self, haul: &Haul) {
        self.points += haul.points;
        let place = haul.race_position.unwrap_or(0);
        if let Some(index) = usize::try_from(place)
            .ok()
            .and_then(|place| place.checked_sub(1))
        {
            if self.finishes.len() <= index {
                self.finishes.resize(index + 1, 0);
            }
            self.finishes[index] += 1;
        }
    }

    pub(super) fn merit(&self) -> Merit<'_> {
        Merit {
            points: Reverse(self.points),
            finishes: Reverse(&self.finishes),
        }
    }
}

/// Tallies of teams, by id.
#[derive(Debug, Default)]
pub(super) struct Tallies(BTreeMap<i32, Tally>);

impl Tallies {
    pub(super) fn of(teams: &[i32]) -> Self {
        Self(teams.iter().map(|team| (*team, Tally::default())).collect())
    }

    /// Adds the hauls of the teams that are listed.
    pub(super) fn add(&mut self, race: &ScoredRace) {
        for haul in &race.hauls {
            if let Some(tally) = self.0.get_mut(&haul.team_id) {
                tally.take(haul);
            }
        }
    }

    fn add_everybody(&mut self, race: &ScoredRace) {
        for haul in &race.hauls {
            self.0.entry(haul.team_id).or_default().take(haul);
        }
    }

    pub(super) fn ranked(&self) -> Vec<Row> {
        let mut order: Vec<_> = self
            .0
            .iter()
            .map(|(team_id, tally)| (tally.merit(), *team_id, tally))
            .collect();
        order.sort_unstable_by(|one, other| (&one.0, one.1).cmp(&(&other.0, other.1)));
        let mut rows: Vec<Row> = Vec::with_capacity(order.len());
        let mut shared: Option<(&Merit<'_>, i32)> = None;
        for (place, (merit, team_id, tally)) in (1..).zip(&order) {
            let rank = match shared {
                Some((above, rank)) if above == merit => rank,
                _ => place,
            };
            shared = Some((merit, rank));
            rows.push(Row {
                rank,
                team_id: *team_id,
                points: tally.points,
                finishes: tally.finishes.clone(),
            });
        }
        rows
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn race(race_id: i32, hauls: &[(i32, i32, Option<i32>)]) -> ScoredRace {
        let haul = |&(team_id, points, race_position): &(i32, i32, Option<i32>)| Haul {
            team_id,
            points,
            race_position,
        };
        ScoredRace {
            race_id,
            hauls: hauls.iter().map(haul).collect(),
        }
    }

    fn ranks(rows: &[Row]) -> Vec<(i32, i32, i32)> {
        rows.iter()
            .map(|row| (row.rank, row.team_id, row.points))
            .collect()
    }

    #[test]
    fn a_race_ranks_only_who_took_part_in_it() {
        let first = race(1, &[(1, 2500, Some(1)), (2, 1800, Some(2)), (2, 0, None)]);
        assert_eq!(
            ranks(&race_leaderboard(&first)),
            [(1, 1, 2500), (2, 2, 1800)]
        );
    }

    #[test]
    fn a_late_joiner_stands_below_with_nothing_and_a_leaver_not_at_all() {
        let races = [race(1, &[(1, 100, Some(10)), (2, 2500, Some(1))])];
        assert_eq!(
            ranks(&season_leaderboard(&[3, 1], &races)),
            [(1, 1, 100), (2, 3, 0)]
        );
    }

    #[test]
    fn penalties_can_put_a_team_below_one_that_never_raced() {
        let races = [race(1, &[(1, -2000, None)])];
        assert_eq!(
            ranks(&season_leaderboard(&[1, 2], &races)),
            [(1, 2, 0), (2, 1, -2000)]
        );
    }

    #[test]
    fn a_correction_turns_the_ranking_round() {
        let before = race(1, &[(1, 2500, Some(1)), (2, 1800, Some(2))]);
        let after = race(1, &[(1, 0, None), (2, 2500, Some(1))]);
        assert_eq!(ranks(&race_leaderboard(&before))[0].1, 1);
        assert_eq!(ranks(&race_leaderboard(&after))[0].1, 2);
    }
}
