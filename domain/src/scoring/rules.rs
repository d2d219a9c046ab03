//! A driver's weekend, and what a ruleset makes of it.
//!
//! Where the figures of a ruleset leave a question open:
//! - Places gained and lost run from the grid to the classification: a start from the pit
//!   lane or an unclassified car has neither.
//! - A disqualification takes all of its session but the official points, which are what was
//!   published after it. The other sessions and the spectators' vote stand.
//! - Who did not start has nothing from that session, and no penalty.

use super::breakdown::{Breakdown, Part, Session};
use super::ruleset::Ruleset;
use super::weights::{Finish, QualifyingWeights, SessionWeights};

/// The most places or overtakes that count in one session: more are a fault of the data, and
/// must not carry a sum out of its range.
const MOST_COUNTED: i32 = 200;

/// How a sprint or race ended for a car. A retired car may be classified (90 % of the winner's
/// distance): the position decides, not whether it saw the flag.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Ending {
    /// Has a position.
    Classified,
    /// Started and has none.
    NotClassified,
    /// Disqualified or excluded.
    Disqualified,
    /// Withdrew, failed to qualify or to start.
    DidNotStart,
}

/// A driver's qualifying.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Qualifying {
    /// Position as published; of one without a time it counts for nothing.
    pub position: Option<i32>,
    /// Whether there is a lap time in any part of the session.
    pub time_set: bool,
}

/// A driver's sprint or race.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Outing {
    pub ending: Ending,
    /// Place in the classification.
    pub position: Option<i32>,
    /// Starting place; none, or 0 as results have it, from the pit lane or where not known.
    pub grid: Option<i32>,
    /// Official points as published, in hundredths, with any point for the fastest lap.
    pub points: i32,
    /// Whether the fastest lap of the session was this driver's.
    pub fastest_lap: bool,
    /// None where not known.
    pub overtakes: Option<i32>,
}

/// What is known of one driver's weekend.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DriverWeekend {
    pub driver_id: i32,
    /// None without the session or the driver in it; so for the others.
    pub qualifying: Option<Qualifying>,
    pub sprint: Option<Outing>,
    pub race: Option<Outing>,
    pub driver_of_the_day: bool,
}

impl DriverWeekend {
    /// Place in the classification of the race.
    #[must_use]
    pub fn race_position(&self) -> Option<i32> {
        self.race.as_ref().and_then(Outing::classified)
    }
}

impl Outing {
    fn classified(&self) -> Option<i32> {
        self.position.filter(|_| self.ending == Ending::Classified)
    }

    /// Places gained, less than 0 if lost.
    fn places_gained(&self) -> i32 {
        match (self.grid, self.classified()) {
            (Some(grid), Some(position)) if grid > 0 => grid - position,
            _ => 0,
        }
    }

    /// Whether what the car did on the track counts.
    const fn counts(&self) -> bool {
        matches!(self.ending, Ending::Classified | Ending::NotClassified)
    }
}

/// What a driver's weekend is worth under a ruleset.
#[must_use]
pub fn score(ruleset: &Ruleset, weekend: &DriverWeekend) -> Breakdown {
    let weights = ruleset.weights();
    let mut breakdown = Breakdown::default();
    if let Some(qualifying) = &weekend.qualifying {
        score_qualifying(&mut breakdown, &weights.qualifying, qualifying);
    }
    if let Some(sprint) = &weekend.sprint {
        score_outing(&mut breakdown, Session::Sprint, &weights.sprint, sprint);
    }
    if let Some(race) = &weekend.race {
        score_outing(&mut breakdown, Session::Race, &weights.race, race);
    }
    if weekend.driver_of_the_day {
        let points = weights.driver_of_the_day;
        breakdown.enter(Session::Race, Part::DriverOfTheDay, 1, points);
    }
    breakdown
}

fn score_qualifying(
    breakdown: &mut Breakdown,
    weights: &QualifyingWeights,
    qualifying: &Qualifying,
) {
    let (part, value, points) = if qualifying.time_set {
        let points = in_table(&weights.positions, qualifying.position);
        (Part::Position, qualifying.position.unwrap_or(0), points)
    } else {
        (Part::NoTime, 1, weights.no_time)
    };
    breakdown.enter(Session::Qualifying, part, value, points);
}

fn score_outing(
    breakdown: &mut Breakdown,
    session: Session,
    weights: &SessionWeights,
    outing: &Outing,
) {
    let finish = match &weights.finish {
        Finish::Nothing => 0,
        Finish::Published => outing.points,
        Finish::Table(table) => in_table(table, outing.classified()),
    };
    let position = outing.classified().unwrap_or(0);
    breakdown.enter(session, Part::Position, position, finish);

    let gained = outing.places_gained();
    let overtakes = outing.overtakes.filter(|_| outing.counts());
    let fastest_lap = outing.fastest_lap && outing.counts();
    let not_classified = outing.ending == Ending::NotClassified;
    let disqualified = outing.ending == Ending::Disqualified;
    for (part, count, each) in [
        (Part::PlacesGained, gained, weights.place_gained),
        (Part::PlacesLost, -gained, weights.place_lost),
        (Part::Overtakes, overtakes.unwrap_or(0), weights.overtake),
        (Part::FastestLap, fastest_lap.into(), weights.fastest_lap),
        (
            Part::NotClassified,
            not_classified.into(),
            weights.not_classified,
        ),
        (
            Part::Disqualified,
            disqualified.into(),
            weights.disqualified,
        ),
    ] {
        let count = count.clamp(0, MOST_COUNTED);
        breakdown.enter(session, part, count, count * each);
    }
}

/// The entry of a table for a position, 0 without one or beyond its end.
fn in_table(table: &[i32], position: Option<i32>) -> i32 {
    position
        .and_then(|position| usize::try_from(position).ok()?.checked_sub(1))
        .and_then(|index| table.get(index).copied())
        .unwrap_or(0)
}
