//! Earlier and new scores of a race, difference by difference: what the audit trail of a
//! correction says.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::breakdown::{Part, Session, Worth};
use super::pick::ScoredPick;

/// What is different about a pick.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "what", rename_all = "SCREAMING_SNAKE_CASE", deny_unknown_fields)]
pub enum What {
    /// Whose weekend counts: a substitution was entered or taken back.
    CountedDriver { from: Option<i32>, to: Option<i32> },
    /// The place in the classification of the race, which decides ties, points or not.
    RacePosition { from: Option<i32>, to: Option<i32> },
    /// A line of the breakdown; none where it is worth nothing.
    Line {
        session: Session,
        part: Part,
        from: Option<Worth>,
        to: Option<Worth>,
    },
}

/// One difference between earlier and new scores.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Change {
    pub team_id: i32,
    /// Which of the team's picks, from 1.
    pub number: i32,
    #[serde(flatten)]
    pub what: What,
}

impl Change {
    /// Hundredths by which the change moved the score: the sum over all changes of a team is
    /// the new score less the earlier one.
    #[must_use]
    pub fn points(&self) -> i32 {
        let points = |worth: Option<Worth>| worth.map_or(0, |worth| worth.points);
        match self.what {
            What::CountedDriver { .. } | What::RacePosition { .. } => 0,
            What::Line { from, to, .. } => points(to) - points(from),
        }
    }
}

/// All differences between two scorings of one race, by team, pick and part; empty when the
/// scores are the same. A pick that is missing on one side counts as one without anything.
#[must_use]
pub fn changes(before: &[ScoredPick], after: &[ScoredPick]) -> Vec<Change> {
    let (before, after) = (by_key(before), by_key(after));
    let keys: BTreeSet<_> = before.keys().chain(after.keys()).copied().collect();
    let mut changes = Vec::new();
    for (team_id, number) in keys {
        let key = (team_id, number);
        let found = differences(before.get(&key).copied(), after.get(&key).copied());
        changes.extend(found.into_iter().map(|what| Change {
            team_id,
            number,
            what,
        }));
    }
    changes
}

fn by_key(picks: &[ScoredPick]) -> BTreeMap<(i32, i32), &ScoredPick> {
    picks
        .iter()
        .map(|pick| ((pick.team_id, pick.number), pick))
        .collect()
}

fn differences(before: Option<&ScoredPick>, after: Option<&ScoredPick>) -> Vec<What> {
    let mut found = Vec::new();
    let driver = |pick: Option<&ScoredPick>| pick.and_then(|pick| pick.counted_driver_id);
    let (from, to) = (driver(before), driver(after));
    if from != to {
        found.push(What::CountedDriver { from, to });
    }
    let position = |pick: Option<&ScoredPick>| pick.and_then(|pick| pick.race_position);
    let (from, to) = (position(before), position(after));
    if from != to {
        found.push(What::RacePosition { from, to });
    }
    let (earlier, new) = (worths(before), worths(after));
    let lines: BTreeSet<_> = earlier.keys().chain(new.keys()).copied().collect();
    for (session, part) in lines {
        let key = (session, part);
        let (from, to) = (earlier.get(&key).copied(), new.get(&key).copied());
        if from != to {
            found.push(What::Line {
                session,
                part,
                from,
                to,
            });
        }
    }
    found
}

fn worths(pick: Option<&ScoredPick>) -> BTreeMap<(Session, Part), Worth> {
    pick.into_iter()
        .flat_map(|pick| pick.breakdown.lines())
        .map(|line| ((line.session, line.part), line.worth))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::super::pick::{Pick, score_race};
    use super::super::rules::{DriverWeekend, Ending, Outing};
    use super::super::ruleset::{EXTENDED, OFFICIAL, Ruleset};
    use super::*;

    /// Belgium 2024 as it stood at the flag: Russell first, Hamilton second.
    const AT_THE_FLAG: [DriverWeekend; 2] = [
        finisher(63, Ending::Classified, Some(1), 6, 2500),
        finisher(44, Ending::Classified, Some(2), 3, 1800),
    ];
    /// And after Russell's car was found underweight.
    const AFTER_SCRUTINEERING: [DriverWeekend; 2] = [
        finisher(63, Ending::Disqualified, None, 6, 0),
        finisher(44, Ending::Classified, Some(1), 3, 2500),
    ];

    const fn finisher(
        driver_id: i32,
        ending: Ending,
        position: Option<i32>,
        grid: i32,
        points: i32,
    ) -> DriverWeekend {
        DriverWeekend {
            driver_id,
            qualifying: None,
            sprint: None,
            race: Some(Outing {
                ending,
                position,
                grid: Some(grid),
                points,
                fastest_lap: false,
                overtakes: None,
            }),
            driver_of_the_day: false,
        }
    }

    fn pick(team_id: i32, driver_id: i32) -> Pick {
        Pick {
            team_id,
            number: 1,
            driver_id: Some(driver_id),
            replacement_id: None,
        }
    }

    fn scored(ruleset: &Ruleset, weekends: &[DriverWeekend]) -> Vec<ScoredPick> {
        score_race(ruleset, &[pick(1, 63), pick(2, 44)], weekends)
    }

    const fn position(value: i32, points: i32) -> Worth {
        Worth { value, points }
    }

    #[test]
    fn a_disqualification_changes_both_teams() {
        let found = changes(
            &scored(&OFFICIAL, &AT_THE_FLAG),
            &scored(&OFFICIAL, &AFTER_SCRUTINEERING),
        );
        let race_position = |from, to| What::RacePosition { from, to };
        let line = |from, to| What::Line {
            session: Session::Race,
            part: Part::Position,
            from,
            to,
        };
        let change = |team_id, what| Change {
            team_id,
            number: 1,
            what,
        };
        assert_eq!(
            found,
            [
                change(1, race_position(Some(1), None)),
                change(1, line(Some(position(1, 2500)), None)),
                change(2, race_position(Some(2), Some(1))),
                change(2, line(Some(position(2, 1800)), Some(position(1, 2500)))),
            ]
        );
    }

    #[test]
    fn changes_add_up_to_what_the_score_moved_by() {
        let before = scored(&EXTENDED, &AT_THE_FLAG);
        let after = scored(&EXTENDED, &AFTER_SCRUTINEERING);
        // 25 and 5 places gained are lost, and 20 on top.
        assert_eq!((before[0].points(), after[0].points()), (3000, -2000));
        let moved: i32 = changes(&before, &after)
            .iter()
            .filter(|change| change.team_id == 1)
            .map(Change::points)
            .sum();
        assert_eq!(moved, -5000);
    }

    #[test]
    fn a_race_scored_twice_changes_nothing() {
        let again = || scored(&EXTENDED, &AT_THE_FLAG);
        assert_eq!(changes(&again(), &again()), []);
    }

    #[test]
    fn a_substitution_is_told_even_if_it_moves_no_points() {
        let weekends = [
            finisher(1, Ending::Classified, Some(14), 14, 0),
            finisher(2, Ending::Classified, Some(14), 14, 0),
        ];
        let before = score_race(&OFFICIAL, &[pick(1, 1)], &weekends);
        let substituted = Pick {
            replacement_id: Some(2),
            ..pick(1, 1)
        };
        let after = score_race(&OFFICIAL, &[substituted], &weekends);
        let what: Vec<_> = changes(&before, &after)
            .into_iter()
            .map(|change| change.what)
            .collect();
        assert_eq!(
            what,
            [What::CountedDriver {
                from: Some(1),
                to: Some(2)
            }]
        );
    }

    #[test]
    fn a_change_is_read_as_it_was_written() {
        let found = changes(
            &scored(&EXTENDED, &AT_THE_FLAG),
            &scored(&EXTENDED, &AFTER_SCRUTINEERING),
        );
        let written = serde_json::to_string(&found).unwrap();
        assert_eq!(
            serde_json::from_str::<Vec<Change>>(&written).unwrap(),
            found
        );
    }
}
