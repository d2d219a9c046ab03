//! How a race stands: the sum of all changes so far.

use std::collections::{BTreeMap, BTreeSet};

use super::change::{Change, Classified, Gaps, Lap, Message, Stop, TrackStatus, Tyres, Weather};

/// A race at one moment.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Board {
    /// By number.
    pub cars: BTreeMap<i32, Car>,
    pub track: TrackStatus,
    pub weather: Option<Weather>,
    /// In order of time.
    pub messages: BTreeSet<Message>,
}

/// A car at one moment.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Car {
    pub position: Option<i32>,
    pub gaps: Gaps,
    /// By lap.
    pub laps: BTreeMap<i32, Lap>,
    /// By stint.
    pub stints: BTreeMap<i32, Tyres>,
    /// By the lap that ended in the pit lane.
    pub stops: BTreeMap<i32, Stop>,
    pub out: bool,
    pub classified: Option<Classified>,
}

impl Car {
    /// Laps completed.
    #[must_use]
    pub fn laps_done(&self) -> i32 {
        match self.laps.last_key_value() {
            Some((lap, times)) if times.time_ms.is_some() => *lap,
            Some((lap, _)) => lap - 1,
            None => 0,
        }
    }

    /// The last lap with a time, and its number.
    #[must_use]
    pub fn last_lap(&self) -> Option<(i32, Lap)> {
        let mut timed = self.laps.iter().rev();
        let found = timed.find(|(_, lap)| lap.time_ms.is_some())?;
        Some((*found.0, *found.1))
    }

    /// The best lap time so far, ms.
    #[must_use]
    pub fn best_lap_ms(&self) -> Option<i32> {
        self.laps.values().filter_map(|lap| lap.time_ms).min()
    }
}

impl Board {
    /// Takes a change in; says whether that was any news.
    pub fn apply(&mut self, change: &Change) -> bool {
        match change {
            // It may mean a car, but is not about it.
            Change::RaceControl(message) => self.messages.insert(message.clone()),
            Change::TrackStatus { status } => news(&mut self.track, *status),
            Change::Weather(weather) => news(&mut self.weather, Some(*weather)),
            change => match change.number() {
                Some(number) => self.cars.entry(number).or_default().apply(change),
                None => false,
            },
        }
    }

    /// Cars in order.
    #[must_use]
    pub fn order(&self) -> Vec<(i32, &Car)> {
        let mut cars: Vec<_> = self
            .cars
            .iter()
            .map(|(number, car)| (*number, car))
            .collect();
        cars.sort_by_key(|(number, car)| (car.position.unwrap_or(i32::MAX), *number));
        cars
    }

    /// Laps completed by whoever has completed the most.
    #[must_use]
    pub fn laps_done(&self) -> i32 {
        self.cars.values().map(Car::laps_done).max().unwrap_or(0)
    }

    /// The number of the car with the best lap so far, and that lap's time in ms.
    #[must_use]
    pub fn fastest(&self) -> Option<(i32, i32)> {
        let best = self.cars.iter();
        let best = best.filter_map(|(number, car)| Some((car.best_lap_ms()?, *number)));
        best.min().map(|(ms, number)| (number, ms))
    }

    /// Whether the order after the flag is known.
    #[must_use]
    pub fn finished(&self) -> bool {
        let mut places = self.cars.values().filter_map(|car| car.classified);
        places.any(|place| place.position == Some(1))
    }

    /// The changes that lead to it from an empty one.
    #[must_use]
    pub fn changes(&self) -> Vec<Change> {
        let mut changes: Vec<Change> = self
            .messages
            .iter()
            .cloned()
            .map(Change::RaceControl)
            .collect();
        changes.push(Change::TrackStatus { status: self.track });
        changes.extend(self.weather.map(Change::Weather));
        for (number, car) in &self.cars {
            car.changes(*number, &mut changes);
        }
        changes
    }
}

impl Car {
    fn apply(&mut self, change: &Change) -> bool {
        match change {
            Change::Position { position, .. } => news(&mut self.position, Some(*position)),
            Change::Interval { gaps, .. } => news(&mut self.gaps, *gaps),
            Change::Lap { lap, times, .. } => self.laps.insert(*lap, *times) != Some(*times),
            Change::Stint { stint, tyres, .. } => match tyres {
                Some(tyres) => self.stints.insert(*stint, *tyres) != Some(*tyres),
                None => self.stints.remove(stint).is_some(),
            },
            Change::PitStop { lap, times, .. } => self.stops.insert(*lap, *times) != Some(*times),
            Change::Retirement { out, .. } => news(&mut self.out, *out),
            Change::Classification { place, .. } => news(&mut self.classified, Some(*place)),
            Change::RaceControl(_) | Change::TrackStatus { .. } | Change::Weather(_) => false,
        }
    }

    fn changes(&self, number: i32, changes: &mut Vec<Change>) {
        let position = self.position;
        changes.extend(position.map(|position| Change::Position { number, position }));
        changes.push(Change::Interval {
            number,
            gaps: self.gaps,
        });
        changes.extend(self.laps.iter().map(|(lap, times)| Change::Lap {
            number,
            lap: *lap,
            times: *times,
        }));
        changes.extend(self.stints.iter().map(|(stint, tyres)| Change::Stint {
            number,
            stint: *stint,
            tyres: Some(*tyres),
        }));
        changes.extend(self.stops.iter().map(|(lap, times)| Change::PitStop {
            number,
            lap: *lap,
            times: *times,
        }));
        changes.push(Change::Retirement {
            number,
            out: self.out,
        });
        let place = self.classified;
        changes.extend(place.map(|place| Change::Classification { number, place }));
    }
}

fn news<T: PartialEq>(known: &mut T, now: T) -> bool {
    let news = *known != now;
    *known = now;
    news
}
