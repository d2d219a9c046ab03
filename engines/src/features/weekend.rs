//! What one weekend shows: of a race that was run, and of the sessions before a race to come.

use std::cmp::Ordering;

use crate::draws::as_f64;
use crate::history::{Car, Entrant, PastRace, RaceToForecast, Stage, starting_slots};

/// No gap to the fastest is counted as larger, in percent: a spoilt lap is no slow car.
const LARGEST_GAP: f64 = 4.0;

/// What a race showed of one car.
pub(super) struct Showing<'a> {
    pub car: &'a Car,
    /// 1 for a win, 0 for last, of the cars that were classified.
    pub finish: Option<f64>,
    /// Share of the race's points.
    pub points: f64,
    pub won: bool,
    /// Gap to the fastest in qualifying, %.
    pub qualifying: Option<f64>,
    /// Gap to the fastest lap of the race, %, of a car that was classified.
    pub pace: Option<f64>,
    /// How far behind the winner the car was at the end, % of the race, of a car that was classified.
    pub behind: Option<f64>,
    /// Starting slot, from the pit lane behind all others.
    pub slot: Option<f64>,
    /// Places gained as a share of the field.
    pub gained: Option<f64>,
}

impl<'a> Showing<'a> {
    pub(super) fn of(race: &'a PastRace) -> Vec<Self> {
        let cars: Vec<&Car> = race.starters().collect();
        let field = as_f64(cars.len());
        let classified = cars.iter().filter(|car| car.classified()).count();
        let points: f64 = cars.iter().map(|car| car.points).sum();
        let gaps = gaps_over_parts(
            &cars
                .iter()
                .map(|c| c.weekend.qualifying_ms)
                .collect::<Vec<_>>(),
        );
        let fastest_lap = best(cars.iter().map(|car| car.fastest_lap_ms));
        let winner = cars.iter().find(|car| car.position == Some(1));
        let slots = starting_slots(cars.iter().map(|car| car.slot()));
        let lines = cars.iter().zip(gaps).zip(slots);
        lines
            .map(|((car, qualifying), slot)| {
                let ahead =
                    |other: &&&Car| other.classified() && other.position_order < car.position_order;
                let place = as_f64(cars.iter().filter(ahead).count());
                let finish = car
                    .classified()
                    .then(|| 1.0 - place / as_f64(classified.saturating_sub(1)).max(1.0));
                Showing {
                    car,
                    finish,
                    points: if points > 0.0 {
                        car.points / points
                    } else {
                        0.0
                    },
                    won: car.position_order == 1,
                    qualifying,
                    pace: finish
                        .and(car.fastest_lap_ms.zip(fastest_lap))
                        .map(|(own, fastest)| gap(own, fastest)),
                    behind: winner.and_then(|winner| behind(car, winner)),
                    slot,
                    gained: finish.and(slot).map(|slot| (slot - 1.0 - place) / field),
                }
            })
            .collect()
    }
}

/// What the sessions before a race show of its entrants, in their order.
pub(super) struct Sessions {
    /// Gap to the best practice lap, %.
    pub practice: Vec<Option<f64>>,
    /// Gap to the best lap of each practice session, %, mean over the sessions.
    pub practice_mean: Vec<Option<f64>>,
    /// Cars ahead by that.
    pub practice_rank: Vec<Option<f64>>,
    /// Gap to the fastest in qualifying, %.
    pub qualifying: Vec<Option<f64>>,
    /// Cars ahead by the mean gap over the parts of qualifying, where it had parts.
    pub qualifying_rank: Vec<Option<f64>>,
    /// Starting slot from 1.
    pub grid: Vec<Option<f64>>,
    /// Place in the sprint.
    pub sprint: Vec<Option<f64>>,
    /// Number of entrants.
    pub field: f64,
}

impl Sessions {
    pub(super) fn of(race: &RaceToForecast, stage: Stage) -> Self {
        let weekends: Vec<_> = race
            .entrants
            .iter()
            .map(|e| e.weekend.known_at(stage))
            .collect();
        let field = as_f64(race.entrants.len());
        let practice: Vec<_> = weekends.iter().map(|weekend| weekend.practice_ms).collect();
        let qualifying: Vec<_> = weekends
            .iter()
            .map(|weekend| weekend.qualifying_ms)
            .collect();
        let practice_mean = mean_gaps(&practice);
        let slot = |entrant: &Entrant| entrant.slot().filter(|_| stage.knows_grid());
        Self {
            practice: gaps_over_sessions(&practice),
            practice_rank: cars_ahead(&practice_mean),
            practice_mean,
            qualifying: gaps_over_parts(&qualifying),
            qualifying_rank: cars_ahead(&mean_gaps_over_parts(&qualifying)),
            grid: starting_slots(race.entrants.iter().map(slot)),
            sprint: weekends
                .iter()
                .map(|weekend| weekend.sprint.map(f64::from))
                .collect(),
            field,
        }
    }
}

/// The least of the values of the team of an entrant, given by index.
pub(super) fn best_of_team(
    values: &[Option<f64>],
    race: &RaceToForecast,
    index: usize,
) -> Option<f64> {
    let team = race.entrants[index].team;
    let of_team = race
        .entrants
        .iter()
        .zip(values)
        .filter(|(entrant, _)| entrant.team == team);
    of_team.filter_map(|(_, value)| *value).reduce(f64::min)
}

fn best(laps: impl Iterator<Item = Option<u32>>) -> Option<f64> {
    laps.flatten().min().map(f64::from)
}

fn gap(lap: u32, fastest: f64) -> f64 {
    (100.0 * (f64::from(lap) / fastest - 1.0)).min(LARGEST_GAP)
}

/// How far behind the winner a classified car was at the end, %: of the winner's time, or of the laps
/// when it did not complete them all.
fn behind(car: &Car, winner: &Car) -> Option<f64> {
    let missing = winner.laps.saturating_sub(car.laps);
    let share = match (missing, car.time_ms, winner.time_ms) {
        _ if !car.classified() || winner.laps == 0 => return None,
        (0, Some(own), Some(first)) => f64::from(own) / f64::from(first) - 1.0,
        (0, ..) => return None,
        _ => f64::from(missing) / f64::from(winner.laps),
    };
    Some((100.0 * share).clamp(0.0, LARGEST_GAP))
}

/// Gap of each car to the fastest of the last part of qualifying it took part in, %.
fn gaps_over_parts(laps: &[[Option<u32>; 3]]) -> Vec<Option<f64>> {
    let fastest = [0, 1, 2].map(|part| best(laps.iter().map(|laps| laps[part])));
    laps.iter()
        .map(|laps| {
            let part = (0..3).rev().find(|part| laps[*part].is_some())?;
            Some(gap(laps[part]?, fastest[part]?))
        })
        .collect()
}

/// The least gap of each car to the fastest of a session, %, over the sessions.
fn gaps_over_sessions(laps: &[[Option<u32>; 3]]) -> Vec<Option<f64>> {
    let fastest = best(laps.iter().flatten().copied());
    laps.iter()
        .map(|laps| {
            let own = laps.iter().flatten().min()?;
            Some(gap(*own, fastest?))
        })
        .collect()
}

/// The gap of each car to the fastest of each session it took part in, %, mean over these.
pub(super) fn mean_gaps(laps: &[[Option<u32>; 3]]) -> Vec<Option<f64>> {
    let fastest = [0, 1, 2].map(|session| best(laps.iter().map(|laps| laps[session])));
    let of_car = |laps: &[Option<u32>; 3]| {
        let sessions = laps.iter().zip(fastest);
        let gaps = sessions.filter_map(|(own, fastest)| Some(gap((*own)?, fastest?)));
        let gaps: Vec<f64> = gaps.collect();
        (!gaps.is_empty()).then(|| gaps.iter().sum::<f64>() / as_f64(gaps.len()))
    };
    laps.iter().map(of_car).collect()
}

/// The same over the parts of qualifying; of nobody where no car has a lap of more than one part.
fn mean_gaps_over_parts(laps: &[[Option<u32>; 3]]) -> Vec<Option<f64>> {
    if laps.iter().any(|laps| laps.iter().flatten().count() > 1) {
        mean_gaps(laps)
    } else {
        vec![None; laps.len()]
    }
}

/// How many cars are ahead of each by a gap: a car that is level counts half, cars without a gap
/// are level behind all others. Of nobody where no gap is known.
pub(super) fn cars_ahead(gaps: &[Option<f64>]) -> Vec<Option<f64>> {
    let known = gaps.iter().any(Option::is_some);
    let gaps = gaps.iter().map(|gap| gap.unwrap_or(f64::INFINITY));
    let gaps: Vec<f64> = gaps.collect();
    let ahead = |own: &f64| {
        let counted = |other: &f64| match other.total_cmp(own) {
            Ordering::Less => 1.0,
            Ordering::Equal => 0.5,
            Ordering::Greater => 0.0,
        };
        // Each is level with itself.
        gaps.iter().map(counted).sum::<f64>() - 0.5
    };
    gaps.iter().map(|own| known.then(|| ahead(own))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::synthetic;

    fn close(found: Option<f64>, expected: f64) -> bool {
        found.is_some_and(|found| (found - expected).abs() < 1e-9)
    }

    #[test]
    fn a_gap_in_qualifying_is_that_of_the_last_part_taken_part_in() {
        let gaps = gaps_over_parts(&[
            [Some(91_000), Some(90_500), Some(90_000)],
            [Some(90_500), Some(90_905), Some(90_900)],
            [Some(91_405), None, None],
            [None, None, None],
        ]);
        assert!(close(gaps[0], 0.0) && close(gaps[1], 1.0) && close(gaps[2], 1.0));
        assert_eq!(gaps[3], None);
    }

    #[test]
    fn practice_is_seen_by_the_best_lap_and_by_the_mean_of_the_sessions() {
        let laps = [
            [Some(100_000), Some(100_000), None],
            [Some(102_000), Some(100_000), None],
            [None, None, Some(150_000)],
            [None, None, None],
        ];
        let (best, mean) = (gaps_over_sessions(&laps), mean_gaps(&laps));
        assert!(close(best[1], 0.0) && close(mean[1], 1.0));
        // A spoilt lap is no slow car; the only one of a session is its fastest.
        assert!(close(best[2], LARGEST_GAP) && close(mean[2], 0.0));
        assert!(best[3].is_none() && mean[3].is_none());
    }

    #[test]
    fn a_rank_counts_the_cars_ahead_half_of_those_level_and_puts_the_unknown_last() {
        for (gaps, ahead) in [
            (vec![], vec![]),
            (vec![None, None], vec![None, None]),
            (vec![Some(0.0)], vec![Some(0.0)]),
            (
                vec![Some(2.0), Some(0.0), Some(1.0)],
                vec![Some(2.0), Some(0.0), Some(1.0)],
            ),
            (
                vec![Some(0.5), None, Some(0.0), Some(0.5), Some(LARGEST_GAP)],
                vec![Some(1.5), Some(4.0), Some(0.0), Some(1.5), Some(3.0)],
            ),
            (
                vec![None, Some(0.0), Some(0.0), None],
                vec![Some(2.5), Some(0.5), Some(0.5), Some(2.5)],
            ),
        ] {
            assert_eq!(cars_ahead(&gaps), ahead, "{gaps:?}");
        }
    }

    #[test]
    fn qualifying_is_ranked_by_all_of_its_parts_and_not_at_all_where_it_had_none() {
        let laps = [
            [Some(101_000), Some(101_000), Some(100_000)],
            [Some(100_000), Some(100_000), Some(101_000)],
            [Some(100_500), None, None],
            [None, None, None],
        ];
        let ahead = cars_ahead(&mean_gaps_over_parts(&laps));
        assert_eq!(ahead, [Some(2.0), Some(0.0), Some(1.0), Some(3.0)]);
        let first = laps.map(|laps| [laps[0], None, None]);
        let ahead = cars_ahead(&mean_gaps_over_parts(&first));
        assert!(ahead.len() == 4 && ahead.iter().all(Option::is_none));
    }

    #[test]
    fn a_rank_is_known_of_all_from_the_stage_that_knows_its_sessions() {
        let race = synthetic::history(4, 1, 20).races()[0].to_forecast(Stage::PostQualifying);
        for (stage, practice, qualifying) in [
            (Stage::PreWeekend, false, false),
            (Stage::PreQualifying, true, false),
            (Stage::PostQualifying, true, true),
        ] {
            let sessions = Sessions::of(&race, stage);
            let known = |ahead: &[Option<f64>]| -> Vec<bool> {
                ahead.iter().map(Option::is_some).collect()
            };
            assert_eq!(known(&sessions.practice_rank), [practice; 20]);
            assert_eq!(known(&sessions.qualifying_rank), [qualifying; 20]);
        }
    }

    #[test]
    fn a_car_is_behind_by_its_time_or_by_the_laps_it_lacks() {
        let mut race = synthetic::history(1, 1, 6).races()[0].clone();
        race.cars.sort_by_key(|car| car.position_order);
        let told = [
            (50, Some(5_000_000), Some(1)),
            (50, Some(5_050_000), Some(2)),
            (49, Some(5_040_000), Some(3)),
            (50, None, Some(4)),
            (40, None, Some(5)),
            (49, None, None),
        ];
        for (car, (laps, time_ms, position)) in race.cars.iter_mut().zip(told) {
            (car.laps, car.time_ms, car.position) = (laps, time_ms, position);
        }
        let behind: Vec<_> = Showing::of(&race).iter().map(|car| car.behind).collect();
        assert!(close(behind[0], 0.0) && close(behind[1], 1.0) && close(behind[2], 2.0));
        assert_eq!(behind[3..], [None, Some(LARGEST_GAP), None]);
        race.cars[0].position = None;
        assert!(Showing::of(&race).iter().all(|car| car.behind.is_none()));
    }
}
