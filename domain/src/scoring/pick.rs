//! The weekend that counts for a pick: the drafted driver's, a replacement's, or none.

use super::breakdown::Breakdown;
use super::rules::{DriverWeekend, score};
use super::ruleset::Ruleset;

/// One pick of a team for a race, as the draft left it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pick {
    pub team_id: i32,
    /// Which of the team's picks, from 1.
    pub number: i32,
    /// The drafted driver; none where the pick was left empty.
    pub driver_id: Option<i32>,
    /// The driver who took over the car, where there was a substitution.
    pub replacement_id: Option<i32>,
}

/// Whose weekend a pick was given, or why none.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Basis {
    /// The drafted driver's.
    Drafted,
    /// The replacement's.
    Replacement,
    /// None: the driver took no part, and nobody took over.
    NoReplacement,
    /// None: nobody was picked.
    LeftEmpty,
}

impl Basis {
    /// Why a pick has no weekend and so 0 points, in a sentence.
    #[must_use]
    pub const fn reason_for_nothing(self) -> Option<&'static str> {
        match self {
            Self::Drafted | Self::Replacement => None,
            Self::NoReplacement => Some("The driver took no part and was not replaced."),
            Self::LeftEmpty => Some("Nobody was picked."),
        }
    }
}

/// A pick with what it brought.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ScoredPick {
    pub team_id: i32,
    /// Which of the team's picks, from 1.
    pub number: i32,
    /// The drafted driver.
    pub driver_id: Option<i32>,
    /// The driver whose weekend counts; none: 0 points.
    pub counted_driver_id: Option<i32>,
    /// That driver's place in the classification of the race, for ties.
    pub race_position: Option<i32>,
    pub breakdown: Breakdown,
}

impl ScoredPick {
    /// Whose weekend was counted, or why none.
    #[must_use]
    pub fn basis(&self) -> Basis {
        match (self.driver_id, self.counted_driver_id) {
            (None, None) => Basis::LeftEmpty,
            (Some(_), None) => Basis::NoReplacement,
            (drafted, counted) if drafted == counted => Basis::Drafted,
            _ => Basis::Replacement,
        }
    }

    /// In hundredths.
    #[must_use]
    pub fn points(&self) -> i32 {
        self.breakdown.total()
    }
}

/// Scores every pick of a race, by team and pick number. `weekends` has whoever took part in
/// the weekend, each once.
#[must_use]
pub fn score_race(
    ruleset: &Ruleset,
    picks: &[Pick],
    weekends: &[DriverWeekend],
) -> Vec<ScoredPick> {
    let mut scored: Vec<_> = picks
        .iter()
        .map(|pick| score_pick(ruleset, pick, weekends))
        .collect();
    scored.sort_by_key(|pick| (pick.team_id, pick.number));
    scored
}

fn score_pick(ruleset: &Ruleset, pick: &Pick, weekends: &[DriverWeekend]) -> ScoredPick {
    let Pick {
        team_id,
        number,
        driver_id,
        replacement_id,
    } = *pick;
    // An empty pick has nobody who could be replaced.
    let counting = driver_id.map(|drafted| replacement_id.unwrap_or(drafted));
    let weekend = weekends
        .iter()
        .find(|weekend| Some(weekend.driver_id) == counting);
    ScoredPick {
        team_id,
        number,
        driver_id,
        counted_driver_id: weekend.map(|weekend| weekend.driver_id),
        race_position: weekend.and_then(DriverWeekend::race_position),
        breakdown: weekend.map_or_else(Breakdown::default, |weekend| score(ruleset, weekend)),
    }
}

#[cfg(test)]
mod tests {
    use super::super::rules::{Ending, Outing};
    use super::super::ruleset::OFFICIAL;
    use super::*;

    const DRAFTED: i32 = 1;
    const REPLACEMENT: i32 = 2;

    fn weekend(driver_id: i32, position: i32, points: i32) -> DriverWeekend {
        DriverWeekend {
            driver_id,
            qualifying: None,
            sprint: None,
            race: Some(Outing {
                ending: Ending::Classified,
                position: Some(position),
                grid: None,
                points,
                fastest_lap: false,
                overtakes: None,
            }),
            driver_of_the_day: false,
        }
    }

    fn scored(driver_id: Option<i32>, replacement_id: Option<i32>, of: &[i32]) -> ScoredPick {
        let pick = Pick {
            team_id: 7,
            number: 1,
            driver_id,
            replacement_id,
        };
        let all = [weekend(DRAFTED, 1, 2500), weekend(REPLACEMENT, 7, 600)];
        let present: Vec<_> = all
            .into_iter()
            .filter(|weekend| of.contains(&weekend.driver_id))
            .collect();
        score_race(&OFFICIAL, &[pick], &present).remove(0)
    }

    #[test]
    fn a_replaced_driver_is_scored_by_the_replacement() {
        // He drove in practice and qualifying, and is known to the weekend too.
        let pick = scored(Some(DRAFTED), Some(REPLACEMENT), &[DRAFTED, REPLACEMENT]);
        assert_eq!((pick.points(), pick.race_position), (600, Some(7)));
        assert_eq!(pick.basis(), Basis::Replacement);
        assert_eq!(pick.basis().reason_for_nothing(), None);
    }

    #[test]
    fn a_driver_without_replacement_brings_nothing_and_says_why() {
        let pick = scored(Some(DRAFTED), None, &[REPLACEMENT]);
        assert_eq!((pick.points(), pick.race_position), (0, None));
        assert_eq!(pick.basis(), Basis::NoReplacement);
        assert!(pick.basis().reason_for_nothing().is_some());
    }

    #[test]
    fn an_empty_pick_brings_nothing_and_says_why() {
        let pick = scored(None, None, &[DRAFTED]);
        assert_eq!(pick.points(), 0);
        assert_eq!(pick.basis(), Basis::LeftEmpty);
        assert!(pick.basis().reason_for_nothing().is_some());
    }

    #[test]
    fn a_driver_who_took_part_is_scored_as_drafted() {
        let pick = scored(Some(DRAFTED), None, &[DRAFTED, REPLACEMENT]);
        assert_eq!((pick.points(), pick.basis()), (2500, Basis::Drafted));
    }
}
