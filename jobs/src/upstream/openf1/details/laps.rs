//! Laps with their tyres.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, TimeDelta, Utc};
use domain::import::record::{Compound, LapDetail, LapRecord};

use super::{
    super::{
        payload::{Lap, MOST_LAPS, Stint, milliseconds},
        translate::compound,
    },
    Read,
    control::{Turn, codes},
};

/// Sectors and lap are rounded each by itself: they may differ by so many ms.
const ROUNDED: i32 = 3;

/// A lap with what its neighbours say of it.
struct Timed<'r> {
    row: &'r Lap,
    start: Option<DateTime<Utc>>,
    end: Option<DateTime<Utc>>,
    time_ms: Option<i32>,
    sectors_ms: [Option<i32>; 3],
}

/// The laps of all cars that are known, in order of driver and lap.
pub(super) fn laps(cars: &BTreeMap<i32, String>, read: &Read, track: &[Turn]) -> Vec<LapRecord> {
    let timed = timed(&read.laps);
    let first = timed.iter().filter(|((_, lap), _)| *lap == 1);
    let lights_out = first.filter_map(|(_, lap)| lap.start).min();
    let places = places(&timed);
    let stops: BTreeSet<(i32, i32)> = read
        .pit
        .iter()
        .map(|stop| (stop.driver_number, stop.lap_number))
        .collect();
    let mut records = Vec::new();
    for ((number, lap), timed) in &timed {
        let Some(driver) = cars.get(number) else {
            continue;
        };
        let pit_in = stops.contains(&(*number, *lap));
        // On lap 1 it would mean the way to the grid.
        let pit_out = *lap > 1 && timed.row.is_pit_out_lap == Some(true);
        let end_ms = timed.end.zip(lights_out).map(|(end, start)| end - start);
        let stint = stint_of(&read.stints, *number, *lap);
        let [sector1_ms, sector2_ms, sector3_ms] = timed.sectors_ms;
        let status = match (timed.start, timed.end) {
            (Some(start), Some(end)) => codes(track, start, end),
            _ => String::new(),
        };
        let detail = stint.map(|stint| LapDetail {
            stint: stint.stint_number,
            compound: compound(stint.compound.as_deref()),
            compound_name: None,
            tyre_age: stint
                .tyre_age_at_start
                .filter(|age| (0..=MOST_LAPS).contains(age))
                .zip(stint.lap_start)
                .map(|(age, first)| age + lap - first + 1),
            is_fresh_tyre: stint.tyre_age_at_start.map(|age| age == 0),
            is_accurate: !pit_in && !pit_out && *lap > 1 && status == "1" && timed.adds_up(),
            track_status: status,
            pit_in,
            pit_out,
            end_ms: end_ms.and_then(|end| i32::try_from(end.num_milliseconds()).ok()),
            sector1_ms,
            sector2_ms,
            sector3_ms,
        });
        records.push(LapRecord {
            driver: driver.clone(),
            lap: *lap,
            position: places.get(&(*number, *lap)).copied(),
            time_ms: timed.time_ms,
            detail,
        });
    }
    records
}

/// Laps on intermediate or wet tyres among all whose tyres are known.
pub(super) fn wet_share(laps: &[LapRecord]) -> Option<f64> {
    let details = laps.iter().filter_map(|lap| lap.detail.as_ref());
    let known = details.filter(|detail| detail.compound != Compound::Unknown);
    super::mean(known.map(|detail| {
        let wet = matches!(detail.compound, Compound::Intermediate | Compound::Wet);
        f64::from(u8::from(wet))
    }))
}

/// Laps by car and number; the last of several counts.
fn timed(rows: &[Lap]) -> BTreeMap<(i32, i32), Timed<'_>> {
    let by_lap: BTreeMap<(i32, i32), &Lap> = rows
        .iter()
        .filter(|row| (1..=MOST_LAPS).contains(&row.lap_number))
        .map(|row| ((row.driver_number, row.lap_number), row))
        .collect();
    let start = |number, lap| by_lap.get(&(number, lap)).and_then(|row| row.date_start);
    let timed = by_lap.iter().map(|(key, &row)| {
        let (number, lap) = *key;
        let sectors_ms = [
            row.duration_sector_1,
            row.duration_sector_2,
            row.duration_sector_3,
        ]
        .map(|sector| sector.and_then(milliseconds));
        let told = row.lap_duration.and_then(milliseconds);
        let time_ms = told.or_else(|| sectors_ms.iter().copied().sum());
        let start_at = row.date_start;
        let took = time_ms.map(|time| TimeDelta::milliseconds(time.into()));
        let end = start(number, lap + 1).or_else(|| Some(start_at? + took?));
        let timed = Timed {
            row,
            start: start_at,
            end,
            time_ms,
            sectors_ms,
        };
        (*key, timed)
    });
    timed.collect()
}

impl Timed<'_> {
    /// Whether the sectors make the lap.
    fn adds_up(&self) -> bool {
        let sum: Option<i32> = self.sectors_ms.iter().copied().sum();
        sum.zip(self.time_ms)
            .is_some_and(|(sum, time)| (sum - time).abs() <= ROUNDED)
    }
}

/// The order at the end of each lap, where the end of it is known for everybody.
fn places(all: &BTreeMap<(i32, i32), Timed<'_>>) -> BTreeMap<(i32, i32), i32> {
    let mut by_lap: BTreeMap<i32, Vec<(DateTime<Utc>, i32)>> = BTreeMap::new();
    let mut unknown: BTreeSet<i32> = BTreeSet::new();
    for ((number, lap), timed) in all {
        match timed.end {
            Some(end) => by_lap.entry(*lap).or_default().push((end, *number)),
            // It went on, so that it has ended.
            None if all.contains_key(&(*number, lap + 1)) => drop(unknown.insert(*lap)),
            None => {}
        }
    }
    let mut places = BTreeMap::new();
    for (lap, mut cars) in by_lap {
        if unknown.contains(&lap) {
            continue;
        }
        cars.sort_unstable();
        places.extend(
            (1..)
                .zip(cars)
                .map(|(place, (_, number))| ((number, lap), place)),
        );
    }
    places
}

/// The stint of a car that a lap belongs to: the last that had begun.
fn stint_of(stints: &[Stint], number: i32, lap: i32) -> Option<&Stint> {
    let of_car = stints.iter().filter(|stint| {
        stint.driver_number == number
            && stint.stint_number >= 1
            && stint
                .lap_start
                .is_some_and(|first| (1..=lap).contains(&first))
    });
    of_car.max_by_key(|stint| (stint.lap_start, stint.stint_number))
}
