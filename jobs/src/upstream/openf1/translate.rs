//! What OpenF1 says of a race, as the live feed of `domain` is told. Pure: the same records make the
//! same statements, whenever they come, so that saying them again changes nothing.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, TimeDelta, Utc};
use domain::{
    import::source::Problem,
    live::record::{Compound, Record, Said},
};

use super::{
    page::{Page, problem},
    payload::{
        Interval, Lap, MOST_LAPS, Payload, Pit, Position, RaceControl, Session, SessionResult,
        Stint, Weather, milliseconds,
    },
};

/// Records of a session are at most so much older than its start, and so much newer. One of another
/// day would count as the latest for ever.
const OLDEST: TimeDelta = TimeDelta::hours(6);
const NEWEST: TimeDelta = TimeDelta::hours(24);

/// A record that makes a statement.
pub trait Told: Payload + std::fmt::Debug {
    /// The statement; none when the record says nothing yet.
    ///
    /// # Errors
    /// With what is wrong with the record.
    fn told(&self, course: &Course) -> Result<Option<Record>, String>;
}

/// When a lap began and how many ms it took, as far as known.
type Timing = (Option<DateTime<Utc>>, Option<i32>);

/// What is known of a session when its records are read: some give no time of their own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Course {
    start: DateTime<Utc>,
    /// By car and lap.
    laps: BTreeMap<(i32, i32), Timing>,
}

impl Course {
    /// Of a session that nothing is known of but its start.
    #[must_use]
    pub fn new(session: &Session) -> Self {
        Self {
            start: session.date_start,
            laps: BTreeMap::new(),
        }
    }

    /// Takes note of laps.
    pub fn learn(&mut self, laps: &[Lap]) {
        for lap in laps {
            self.lap(
                lap.driver_number,
                lap.lap_number,
                lap.date_start,
                lap.time_ms(),
            );
        }
    }

    /// Takes note of laps that were told before.
    pub fn remember(&mut self, records: &[Record]) {
        for record in records {
            if let Said::Lap {
                number,
                lap,
                started_at,
                time_ms,
                ..
            } = record.said
            {
                self.lap(number, lap, started_at, time_ms);
            }
        }
    }

    fn lap(&mut self, number: i32, lap: i32, start: Option<DateTime<Utc>>, time: Option<i32>) {
        if !is_lap(lap) {
            return;
        }
        let known = self.laps.entry((number, lap)).or_default();
        *known = (start.or(known.0), time.or(known.1));
    }

    /// When a lap of a car began: as told, or when the one before ended.
    fn start_of(&self, number: i32, lap: i32) -> Option<DateTime<Utc>> {
        let told = self.laps.get(&(number, lap)).and_then(|(start, _)| *start);
        told.or_else(|| {
            let (start, time) = self.laps.get(&(number, lap.saturating_sub(1)))?;
            Some((*start)? + TimeDelta::milliseconds((*time)?.into()))
        })
    }

    /// The cars that have begun a lap.
    #[must_use]
    pub fn cars(&self) -> BTreeSet<i32> {
        self.laps.keys().map(|(number, _)| *number).collect()
    }

    fn includes(&self, time: DateTime<Utc>) -> bool {
        (self.start - OLDEST..self.start + NEWEST).contains(&time)
    }
}

/// The statements of a page, and what was wrong with it.
#[must_use]
pub fn translate<T: Told>(page: &Page<T>, course: &Course) -> (Vec<Record>, Vec<Problem>) {
    let mut records = Vec::new();
    let mut problems = page.problems.clone();
    for row in &page.rows {
        match row.told(course) {
            Ok(Some(record)) if course.includes(record.at) => records.push(record),
            Ok(None) => {}
            Ok(Some(record)) => {
                let message = format!("{} is not when the session is: {row:?}", record.at);
                problems.push(problem(T::COLLECTION, 0, &message));
            }
            Err(why) => {
                problems.push(problem(T::COLLECTION, 0, &format!("{why}: {row:?}")));
            }
        }
    }
    (records, problems)
}

/// The order after the flag, told at a time.
#[must_use]
pub fn classification(rows: &[SessionResult], at: DateTime<Utc>) -> Vec<Record> {
    let said = |row: &SessionResult| Said::Classification {
        number: row.driver_number,
        position: row.position,
        laps: row.number_of_laps,
        retired: row.dnf == Some(true),
        disqualified: row.dsq == Some(true),
        started: row.dns != Some(true),
    };
    rows.iter()
        .map(|row| Record {
            at,
            said: said(row),
        })
        .collect()
}

/// Whether an order after the flag has a winner, nobody twice, and every car that has driven.
#[must_use]
pub fn is_whole(rows: &[SessionResult], course: &Course) -> bool {
    let numbers: BTreeSet<i32> = rows.iter().map(|row| row.driver_number).collect();
    let mut places: Vec<i32> = rows.iter().filter_map(|row| row.position).collect();
    places.sort_unstable();
    numbers.len() == rows.len()
        && places.first() == Some(&1)
        && places.windows(2).all(|pair| pair[0] < pair[1])
        && course.cars().is_subset(&numbers)
}

impl Told for Position {
    fn told(&self, _: &Course) -> Result<Option<Record>, String> {
        if self.position < 1 {
            return Err("a place is counted from 1".to_owned());
        }
        Ok(Some(Record {
            at: self.date,
            said: Said::Position {
                number: self.driver_number,
                position: self.position,
            },
        }))
    }
}

impl Told for Interval {
    fn told(&self, _: &Course) -> Result<Option<Record>, String> {
        Ok(Some(Record {
            at: self.date,
            said: Said::Interval {
                number: self.driver_number,
                to_leader: self.gap_to_leader,
                ahead: self.interval,
            },
        }))
    }
}

impl Lap {
    fn sectors_ms(&self) -> [Option<i32>; 3] {
        let sectors = [
            self.duration_sector_1,
            self.duration_sector_2,
            self.duration_sector_3,
        ];
        sectors.map(|sector| sector.and_then(milliseconds))
    }

    /// As told, or the sum of all sectors.
    fn time_ms(&self) -> Option<i32> {
        let told = self.lap_duration.and_then(milliseconds);
        told.or_else(|| self.sectors_ms().into_iter().sum())
    }
}

impl Told for Lap {
    /// At its end, or when it was last heard of while it goes on.
    fn told(&self, course: &Course) -> Result<Option<Record>, String> {
        let (number, lap) = (self.driver_number, self.lap_number);
        if !is_lap(lap) {
            return Err("no race has such a lap".to_owned());
        }
        let sectors_ms = self.sectors_ms();
        let so_far: i32 = sectors_ms.iter().flatten().sum();
        let took = TimeDelta::milliseconds(self.time_ms().unwrap_or(so_far).into());
        let began = self.date_start.or_else(|| course.start_of(number, lap));
        let at = match (began, course.start_of(number, lap + 1)) {
            (Some(began), _) => began + took,
            (None, Some(next)) => next,
            (None, None) if lap == 1 => course.start + took,
            (None, None) => return Err("nobody knows when it was".to_owned()),
        };
        Ok(Some(Record {
            at,
            said: Said::Lap {
                number,
                lap,
                started_at: began,
                sectors_ms,
                time_ms: self.lap_duration.and_then(milliseconds),
                pit_out: self.is_pit_out_lap == Some(true),
            },
        }))
    }
}

impl Told for Stint {
    /// When its latest lap began.
    fn told(&self, course: &Course) -> Result<Option<Record>, String> {
        let Some(first_lap) = self.lap_start else {
            return Ok(None);
        };
        if self.stint_number < 1 || !is_lap(first_lap) {
            return Err("no race has such a stint".to_owned());
        }
        let number = self.driver_number;
        let began = |lap| course.start_of(number, lap);
        let at = self.lap_end.and_then(began).or_else(|| began(first_lap));
        Ok(Some(Record {
            at: at.unwrap_or(course.start),
            said: Said::Stint {
                number,
                stint: self.stint_number,
                compound: compound(self.compound.as_deref()),
                first_lap,
                last_lap: self.lap_end,
                tyre_age_at_start: self.tyre_age_at_start,
            },
        }))
    }
}

impl Told for Pit {
    fn told(&self, _: &Course) -> Result<Option<Record>, String> {
        if !is_lap(self.lap_number) {
            return Err("no race has such a lap".to_owned());
        }
        let lane = self.lane_duration.or(self.pit_duration);
        Ok(Some(Record {
            at: self.date,
            said: Said::PitStop {
                number: self.driver_number,
                lap: self.lap_number,
                lane_ms: lane.and_then(milliseconds),
                stationary_ms: self.stop_duration.and_then(milliseconds),
            },
        }))
    }
}

impl Told for RaceControl {
    fn told(&self, _: &Course) -> Result<Option<Record>, String> {
        if self.message.trim().is_empty() {
            return Err("a message without words".to_owned());
        }
        Ok(Some(Record {
            at: self.date,
            said: Said::RaceControl {
                category: self.category.clone().unwrap_or_else(|| "Other".to_owned()),
                flag: self.flag.clone(),
                scope: self.scope.clone(),
                number: self.driver_number,
                lap: self.lap_number,
                message: self.message.clone(),
            },
        }))
    }
}

impl Told for Weather {
    fn told(&self, _: &Course) -> Result<Option<Record>, String> {
        Ok(Some(Record {
            at: self.date,
            said: Said::Weather {
                air_celsius: self.air_temperature,
                track_celsius: self.track_temperature,
                humidity: self.humidity,
                raining: self.rainfall,
                wind_speed: self.wind_speed,
                wind_direction: self.wind_direction,
            },
        }))
    }
}

fn is_lap(lap: i32) -> bool {
    (1..=MOST_LAPS).contains(&lap)
}

/// Tyres by their name.
#[must_use]
pub fn compound(name: Option<&str>) -> Compound {
    match name.map(str::to_uppercase).as_deref() {
        Some("SOFT") => Compound::Soft,
        Some("MEDIUM") => Compound::Medium,
        Some("HARD") => Compound::Hard,
        Some("INTERMEDIATE") => Compound::Intermediate,
        Some("WET") => Compound::Wet,
        _ => Compound::Unknown,
    }
}

#[cfg(test)]
mod tests;
