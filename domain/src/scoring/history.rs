//! A team's way through a season, and two teams against each other.

use std::cmp::Ordering;
use std::collections::BTreeMap;

use super::leaderboard::{Row, ScoredRace, Tallies, Tally, race_leaderboard};

/// One race in the season of a team.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RaceOfTeam {
    pub race_id: i32,
    /// Points of this race in hundredths; 0 without part in it.
    pub points: i32,
    /// Rank among those who took part; none without part in it.
    pub rank: Option<i32>,
    /// Points of the season up to and with this race, in hundredths.
    pub total: i32,
    /// Rank of the season after this race, among the given teams.
    pub season_rank: i32,
}

/// The season of each of the given teams, race by race in the order given.
#[must_use]
pub fn season_history(teams: &[i32], races: &[ScoredRace]) -> BTreeMap<i32, Vec<RaceOfTeam>> {
    let mut histories: BTreeMap<i32, Vec<RaceOfTeam>> =
        teams.iter().map(|team| (*team, Vec::new())).collect();
    let mut season = Tallies::of(teams);
    for race in races {
        season.add(race);
        let of_race: BTreeMap<i32, Row> = race_leaderboard(race)
            .into_iter()
            .map(|row| (row.team_id, row))
            .collect();
        for standing in season.ranked() {
            let own = of_race.get(&standing.team_id);
            histories
                .entry(standing.team_id)
                .or_default()
                .push(RaceOfTeam {
                    race_id: race.race_id,
                    points: own.map_or(0, |row| row.points),
                    rank: own.map(|row| row.rank),
                    total: standing.points,
                    season_rank: standing.rank,
                });
        }
    }
    histories
}

/// How a race went for a team against another.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Outcome {
    Won,
    Lost,
    /// Neither points nor countback part them.
    Tied,
}

/// One race of two teams.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Meeting {
    pub race_id: i32,
    pub outcome: Outcome,
    /// In hundredths.
    pub points: i32,
    /// In hundredths.
    pub opponent_points: i32,
}

/// Two teams against each other, over the races in which both took part.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HeadToHead {
    pub team_id: i32,
    pub opponent_id: i32,
    /// In the order of the races given.
    pub meetings: Vec<Meeting>,
}

impl HeadToHead {
    /// Races that ended so for the team.
    #[must_use]
    pub fn count(&self, outcome: Outcome) -> usize {
        self.meetings
            .iter()
            .filter(|meeting| meeting.outcome == outcome)
            .count()
    }

    /// Points of the team in these races, in hundredths.
    #[must_use]
    pub fn points(&self) -> i32 {
        self.meetings.iter().map(|meeting| meeting.points).sum()
    }

    /// Points of the opponent in these races, in hundredths.
    #[must_use]
    pub fn opponent_points(&self) -> i32 {
        self.meetings
            .iter()
            .map(|meeting| meeting.opponent_points)
            .sum()
    }
}

/// A team against another: whoever stands higher on the leaderboard of a race has won it. A
/// race before one of them joined is no defeat; it does not count.
#[must_use]
pub fn head_to_head(team_id: i32, opponent_id: i32, races: &[ScoredRace]) -> HeadToHead {
    let meeting = |race: &ScoredRace| {
        let own = tally_of(race, team_id)?;
        let other = tally_of(race, opponent_id)?;
        let outcome = match own.merit().cmp(&other.merit()) {
            Ordering::Less => Outcome::Won,
            Ordering::Equal => Outcome::Tied,
            Ordering::Greater => Outcome::Lost,
        };
        Some(Meeting {
            race_id: race.race_id,
            outcome,
            points: own.points,
            opponent_points: other.points,
        })
    };
    HeadToHead {
        team_id,
        opponent_id,
        meetings: races.iter().filter_map(meeting).collect(),
    }
}

/// What a team brought home from a race; none if it took no part.
fn tally_of(race: &ScoredRace, team_id: i32) -> Option<Tally> {
    let own = race.hauls.iter().filter(|haul| haul.team_id == team_id);
    own.fold(None, |tally: Option<Tally>, haul| {
        let mut tally = tally.unwrap_or_default();
        tally.take(haul);
        Some(tally)
    })
}

#[cfg(test)]
mod tests {
    use super::super::leaderboard::Haul;
    use super::*;

    fn race(race_id: i32, hauls: &[(i32, i32, i32)]) -> ScoredRace {
        let haul = |&(team_id, points, position): &(i32, i32, i32)| Haul {
            team_id,
            points,
            race_position: Some(position),
        };
        ScoredRace {
            race_id,
            hauls: hauls.iter().map(haul).collect(),
        }
    }

    fn season() -> [ScoredRace; 3] {
        [
            race(10, &[(1, 2500, 1), (2, 1800, 2)]),
            race(11, &[(1, 100, 10), (2, 2500, 1), (3, 1000, 5)]),
            race(12, &[(2, 100, 10), (2, 0, 12), (3, 100, 10), (3, 0, 11)]),
        ]
    }

    #[test]
    fn a_history_has_every_race_with_points_ranks_and_totals() {
        let histories = season_history(&[1, 2, 3], &season());
        let of = |team: i32| -> Vec<_> {
            histories[&team]
                .iter()
                .map(|race| (race.points, race.rank, race.total, race.season_rank))
                .collect()
        };
        assert_eq!(
            of(1),
            [
                (2500, Some(1), 2500, 1),
                (100, Some(3), 2600, 2),
                (0, None, 2600, 2)
            ]
        );
        assert_eq!(
            of(3),
            [
                (0, None, 0, 3),
                (1000, Some(2), 1000, 3),
                (100, Some(1), 1100, 3)
            ]
        );
    }

    #[test]
    fn only_races_of_both_count_between_two_teams() {
        let duel = head_to_head(2, 3, &season());
        let races: Vec<_> = duel.meetings.iter().map(|race| race.race_id).collect();
        assert_eq!(races, [11, 12]);
        assert_eq!((duel.points(), duel.opponent_points()), (2600, 1100));
    }

    #[test]
    fn equal_points_are_parted_by_the_better_finishes() {
        let duel = head_to_head(2, 3, &season());
        assert_eq!(duel.meetings[1].outcome, Outcome::Lost);
        assert_eq!(duel.count(Outcome::Won), 1);
        assert_eq!(duel.count(Outcome::Tied), 0);
    }

    #[test]
    fn a_team_that_never_met_another_has_neither_won_nor_lost() {
        let duel = head_to_head(1, 9, &season());
        assert!(duel.meetings.is_empty());
        assert_eq!(duel.points(), 0);
    }
}
