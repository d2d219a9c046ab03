//! Made-up laps of a race of which only the grid and the classification are stored: so that a new
//! server has something to replay without a network. The cars are real, the laps add up to their
//! real times and lead from the real grid to the real order; everything between is invented, the
//! same each time.

use entities::{
    lap::{self, Compound},
    pit_stop, result, stint,
};
use sha2::{Digest, Sha256};

use super::recording::Stored;

/// A lap where nothing says how long one was, ms.
const LAP: i64 = 90_000;

/// What a place on the grid costs, ms.
const GRID_SLOT: i64 = 250;

/// The first lap takes so much longer, and so does a stop; ms.
const STANDING_START: i64 = 4_000;
const STOP: i64 = 21_000;

/// How much a lap differs from the next, ms either way.
const NOISE: i64 = 400;

/// Races shorter than this have no stop.
const SHORT: i32 = 20;

/// Makes up laps, stops and stints.
pub fn make_up(stored: &mut Stored) {
    let winner = stored.results.iter().find(|row| row.position == Some(1));
    let laps = winner.map_or(1, |row| row.laps.max(1));
    let winner = winner.and_then(|row| row.time_ms);
    let time = winner.map_or(i64::from(laps) * LAP, i64::from);
    let field = Field {
        race: stored.race.reference.clone(),
        laps,
        time,
        pace: time / i64::from(laps),
    };
    stored.laps.clear();
    stored.stops.clear();
    stored.stints.clear();
    let results = stored.results.clone();
    let mut behind = 0;
    for row in results.iter().filter(|row| row.laps > 0) {
        // The classification is an order of laps first.
        behind += 1;
        field.drive(row, behind, stored);
    }
    number_places(&mut stored.laps);
}

/// What all cars have in common.
struct Field {
    race: String,
    laps: i32,
    /// The winner's, ms.
    time: i64,
    /// Mean lap of the winner, ms.
    pace: i64,
}

impl Field {
    fn drive(&self, row: &result::Model, order: i64, stored: &mut Stored) {
        let driver_id = row.driver_id;
        let total = self.total(row, order);
        let stops = self.stops(row);
        let weights: Vec<i64> = (1..=row.laps)
            .map(|lap| {
                let slow = stops.contains(&(lap - 1));
                let first = lap == 1;
                self.noise(row, lap)
                    + if slow { STOP } else { 0 }
                    + if first { STANDING_START } else { 0 }
            })
            .collect();
        let grid = i64::from(row.grid.filter(|grid| *grid > 0).unwrap_or(20)) * GRID_SLOT;
        // What is left after the extras is spread evenly, to the millisecond.
        let even = total - grid - weights.iter().sum::<i64>();
        let mut end = 0;
        for (lap, extra) in (1..=row.laps).zip(&weights) {
            let share = |done: i32| even * i64::from(done) / i64::from(row.laps);
            let slot = if lap == 1 { grid } else { 0 };
            let time = share(lap) - share(lap - 1) + extra + slot;
            end += time;
            stored.laps.push(lap::Model {
                race_id: row.race_id,
                driver_id,
                lap,
                position: None,
                time_ms: i32::try_from(time).ok(),
                stint: None,
                compound: None,
                tyre_age: None,
                track_status: None,
                is_accurate: None,
                pit_in: stops.contains(&lap),
                pit_out: stops.contains(&(lap - 1)),
                end_ms: i32::try_from(end).ok(),
                sector1_ms: None,
                sector2_ms: None,
                sector3_ms: None,
            });
        }
        self.change_tyres(row, &stops, stored);
    }

    /// From the start to the end of the last lap, ms.
    fn total(&self, row: &result::Model, order: i64) -> i64 {
        if let Some(time) = row.time_ms {
            return time.into();
        }
        if row.laps >= self.laps {
            return self.time + order * 4_000;
        }
        if row.position.is_none() {
            // Who is out was a little slower than the winner.
            return i64::from(row.laps) * (self.pace + 10 * order) + STANDING_START;
        }
        // Who is lapped comes home within a lap after the winner, in order.
        self.time + self.pace * order / 40
    }

    fn stops(&self, row: &result::Model) -> Vec<i32> {
        if self.laps < SHORT {
            return Vec::new();
        }
        let lap = self.laps * 2 / 5 + i32::try_from(self.dice(row, 0) % 10).unwrap_or(0);
        (lap + 1 < row.laps).then_some(lap).into_iter().collect()
    }

    fn change_tyres(&self, row: &result::Model, stops: &[i32], stored: &mut Stored) {
        let ends = stops.iter().copied().chain([row.laps]);
        let mut first_lap = 1;
        let compounds = [Compound::Medium, Compound::Hard];
        for ((number, last_lap), compound) in (1..).zip(ends).zip(compounds) {
            stored.stints.push(stint::Model {
                race_id: row.race_id,
                driver_id: row.driver_id,
                stint: number,
                compound,
                compound_name: None,
                first_lap,
                last_lap,
                tyre_age_at_start: Some(0),
                is_fresh: Some(true),
            });
            first_lap = last_lap + 1;
        }
        for (stop, lap) in (1..).zip(stops) {
            stored.stops.push(pit_stop::Model {
                race_id: row.race_id,
                driver_id: row.driver_id,
                stop,
                lap: *lap,
                local_time: None,
                lane_ms: i32::try_from(STOP + self.noise(row, -lap)).ok(),
            });
        }
    }

    fn noise(&self, row: &result::Model, lap: i32) -> i64 {
        let range = 2 * NOISE + 1;
        i64::try_from(self.dice(row, lap) % range.unsigned_abs()).unwrap_or(0) - NOISE
    }

    /// A number that depends on the race, the car and the lap alone.
    fn dice(&self, row: &result::Model, lap: i32) -> u64 {
        let digest = Sha256::digest(format!("{} {} {lap}", self.race, row.number));
        digest
            .iter()
            .take(8)
            .fold(0, |sum, byte| sum << 8 | u64::from(*byte))
    }
}

/// Gives each lap the place in which it was completed.
fn number_places(laps: &mut [lap::Model]) {
    laps.sort_by_key(|lap| (lap.lap, lap.end_ms));
    let mut before = (0, 0);
    for lap in laps.iter_mut() {
        let place = if before.0 == lap.lap { before.1 + 1 } else { 1 };
        lap.position = Some(place);
        before = (lap.lap, place);
    }
    laps.sort_by_key(|lap| (lap.driver_id, lap.lap));
}
