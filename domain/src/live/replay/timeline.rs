//! What is stored of a race, as a feed would have said it: each statement at its time.

use std::collections::{BTreeMap, HashMap};

use entities::{
    race_control::{self, Kind},
    result::{self, Status},
};

use super::{
    super::{
        close::classification,
        record,
        setting::{Setting, Starter},
    },
    recording::Stored,
};

/// The first of the numbers given to cars whose own is unknown or taken.
const NUMBERLESS: i32 = 900;

/// Between the last car home and the classification, ms.
const STEWARDS: i64 = 1000;

/// A statement, ms after the start.
pub struct Said {
    pub ms: i64,
    pub said: record::Said,
}

/// A race as it was said.
pub struct Timeline {
    pub setting: Setting,
    /// In order of time.
    pub said: Vec<Said>,
    /// When the first of all cars began each lap, ms.
    pub laps: Vec<i64>,
}

/// A lap on the race's clock, ms.
#[derive(Debug, Clone, Copy)]
struct Timed {
    start: i64,
    end: i64,
}

/// Turns what is stored into statements.
pub fn of(stored: &Stored) -> Timeline {
    let numbers = numbers(&stored.results);
    let mut line = Line {
        stored,
        numbers: numbers
            .iter()
            .map(|(number, row)| (row.driver_id, *number))
            .collect(),
        timed: timed(stored),
        said: Vec::new(),
    };
    line.start(&numbers);
    line.laps();
    line.stops();
    line.stints();
    let laps = line.lap_starts();
    line.control(&laps);
    line.end(&numbers);
    let mut said = line.said;
    said.sort_by_key(|said| said.ms);
    let starter = |(number, row): (i32, &result::Model)| {
        let starter = Starter {
            driver_id: row.driver_id,
            constructor_id: row.constructor_id,
            grid: row.grid.filter(|grid| *grid > 0),
        };
        (number, starter)
    };
    Timeline {
        setting: Setting {
            cars: numbers.into_iter().map(starter).collect(),
        },
        said,
        laps,
    }
}

/// Cars by number, each once: a shared car is that of the first driver.
fn numbers(results: &[result::Model]) -> BTreeMap<i32, &result::Model> {
    let mut cars = BTreeMap::new();
    let started = results
        .iter()
        .filter(|row| row.status != Status::DidNotQualify);
    let mut drivers = Vec::new();
    for (place, row) in (NUMBERLESS..).zip(started) {
        if drivers.contains(&row.driver_id) {
            continue;
        }
        drivers.push(row.driver_id);
        let own = row
            .number
            .parse()
            .ok()
            .filter(|number| !cars.contains_key(number));
        cars.insert(own.unwrap_or(place), row);
    }
    cars
}

/// Laps by driver and number; those without any time end where they are not known.
fn timed(stored: &Stored) -> HashMap<(i32, i32), Timed> {
    let mut timed = HashMap::new();
    let mut before: Option<(i32, i32, i64)> = None;
    for lap in &stored.laps {
        let start = match before {
            Some((driver, number, end)) if driver == lap.driver_id && number + 1 == lap.lap => end,
            _ if lap.lap == 1 => 0,
            _ => continue,
        };
        let added = lap.time_ms.map(|time| start + i64::from(time));
        let end = lap.end_ms.map(i64::from).filter(|end| *end > start);
        if let Some(end) = end.or(added) {
            timed.insert((lap.driver_id, lap.lap), Timed { start, end });
            before = Some((lap.driver_id, lap.lap, end));
        }
    }
    timed
}

struct Line<'a> {
    stored: &'a Stored,
    /// By driver.
    numbers: HashMap<i32, i32>,
    timed: HashMap<(i32, i32), Timed>,
    said: Vec<Said>,
}

impl Line<'_> {
    fn say(&mut self, ms: i64, said: record::Said) {
        self.said.push(Said { ms, said });
    }

    /// A message of race control to all.
    fn announce(&mut self, ms: i64, category: &str, flag: Option<&str>, message: &str) {
        let said = record::Said::RaceControl {
            category: category.to_owned(),
            flag: flag.map(str::to_owned),
            scope: flag.map(|_| "Track".to_owned()),
            number: None,
            lap: None,
            message: message.to_owned(),
        };
        self.say(ms, said);
    }

    /// The grid, and the weather where it is known.
    fn start(&mut self, numbers: &BTreeMap<i32, &result::Model>) {
        let mut grid: Vec<(i32, i32)> = numbers
            .iter()
            .map(|(number, row)| {
                (
                    row.grid.filter(|grid| *grid > 0).unwrap_or(i32::MAX),
                    *number,
                )
            })
            .collect();
        grid.sort_unstable();
        for (position, (_, number)) in (1..).zip(grid) {
            self.say(0, record::Said::Position { number, position });
        }
        self.announce(0, "Flag", Some("GREEN"), "GREEN LIGHT");
        if let Some(weather) = &self.stored.weather {
            let said = record::Said::Weather {
                air_celsius: weather.air_temperature,
                track_celsius: weather.track_temperature,
                humidity: weather.humidity,
                raining: weather.rainfall_share.map(|share| share >= 0.5),
                wind_speed: weather.wind_speed,
                wind_direction: None,
            };
            self.say(0, said);
        }
    }

    fn laps(&mut self) {
        for row in &self.stored.laps {
            let Some(number) = self.numbers.get(&row.driver_id).copied() else {
                continue;
            };
            let Some(Timed { start, end }) = self.timed.get(&(row.driver_id, row.lap)).copied()
            else {
                continue;
            };
            let begun = record::Said::Lap {
                number,
                lap: row.lap,
                started_at: Some(self.at(start)),
                sectors_ms: [None; 3],
                time_ms: None,
                pit_out: row.pit_out,
            };
            self.say(start, begun);
            let done = record::Said::Lap {
                number,
                lap: row.lap,
                started_at: Some(self.at(start)),
                sectors_ms: [row.sector1_ms, row.sector2_ms, row.sector3_ms],
                time_ms: row.time_ms.or_else(|| i32::try_from(end - start).ok()),
                pit_out: row.pit_out,
            };
            self.say(end, done);
            if let Some(position) = row.position {
                self.say(end, record::Said::Position { number, position });
            }
        }
    }

    fn stops(&mut self) {
        for row in &self.stored.stops {
            let number = self.numbers.get(&row.driver_id).copied();
            let timed = self.timed.get(&(row.driver_id, row.lap)).copied();
            if let (Some(number), Some(Timed { end, .. })) = (number, timed) {
                let said = record::Said::PitStop {
                    number,
                    lap: row.lap,
                    lane_ms: row.lane_ms,
                    stationary_ms: None,
                };
                self.say(end + i64::from(row.lane_ms.unwrap_or(0)), said);
            }
        }
    }

    fn stints(&mut self) {
        for row in &self.stored.stints {
            let Some(number) = self.numbers.get(&row.driver_id).copied() else {
                continue;
            };
            let timed = |lap| self.timed.get(&(row.driver_id, lap)).copied();
            let (first, last) = (timed(row.first_lap), timed(row.last_lap));
            let said = |last_lap| record::Said::Stint {
                number,
                stint: row.stint,
                compound: row.compound,
                first_lap: row.first_lap,
                last_lap,
                tyre_age_at_start: row.tyre_age_at_start,
            };
            if let Some(first) = first {
                self.say(first.start, said(None));
            }
            if let Some(last) = last {
                self.say(last.end, said(Some(row.last_lap)));
            }
        }
    }

    /// When the first of all cars began each lap.
    fn lap_starts(&self) -> Vec<i64> {
        let mut starts: BTreeMap<i32, i64> = BTreeMap::new();
        for ((_, lap), timed) in &self.timed {
            let start = starts.entry(*lap).or_insert(timed.start);
            *start = timed.start.min(*start);
        }
        starts.into_values().collect()
    }

    fn control(&mut self, laps: &[i64]) {
        let begun = |lap: i32| laps.get(usize::try_from(lap - 1).unwrap_or(0)).copied();
        for row in &self.stored.control {
            let (category, flag, message) = match row.kind {
                Kind::SafetyCar => ("SafetyCar", None, "SAFETY CAR DEPLOYED"),
                Kind::VirtualSafetyCar => ("SafetyCar", None, "VIRTUAL SAFETY CAR DEPLOYED"),
                Kind::RedFlag => ("Flag", Some("RED"), "RED FLAG"),
            };
            let Some(from) = begun(row.from_lap) else {
                continue;
            };
            self.announce(from, category, flag, message);
            if let Some(to) = last_lap(row).and_then(|lap| begun(lap + 1)) {
                self.announce(to.max(from), "Flag", Some("CLEAR"), "TRACK CLEAR");
            }
        }
    }

    /// The flag, and the classification when the last car is home.
    fn end(&mut self, numbers: &BTreeMap<i32, &result::Model>) {
        let ends = self.timed.iter();
        let last = ends.clone().map(|(_, timed)| timed.end).max().unwrap_or(0);
        let winner = numbers.values().find(|row| row.position == Some(1));
        let flag = winner.and_then(|winner| {
            ends.filter(|((driver, _), _)| *driver == winner.driver_id)
                .map(|(_, timed)| timed.end)
                .max()
        });
        self.announce(
            flag.unwrap_or(last),
            "Flag",
            Some("CHEQUERED"),
            "CHEQUERED FLAG",
        );
        for (number, row) in numbers {
            self.say(last + STEWARDS, classification(*number, row));
        }
    }

    fn at(&self, ms: i64) -> chrono::DateTime<chrono::Utc> {
        super::recording::start(&self.stored.race) + chrono::TimeDelta::milliseconds(ms)
    }
}

/// The last lap under it, where known. A red flag ends with its lap.
fn last_lap(row: &race_control::Model) -> Option<i32> {
    match row.kind {
        Kind::RedFlag => Some(row.to_lap.unwrap_or(row.from_lap)),
        Kind::SafetyCar | Kind::VirtualSafetyCar => row.to_lap,
    }
}
