//! Laps with tyres, pit stops, race control and weather of a past race, as a source for the importer.
//! It only adds: what anybody else has brought of these stays, but laps without tyres.
//!
//! A race costs seven requests.

mod control;
mod laps;

use std::collections::BTreeMap;

use domain::{
    App,
    import::{
        record::{Catalogue, PitStopRecord, RaceRecord, WeatherRecord},
        source::{Origin, Problem, Refused, Source, SourceError, TableCount},
        stored::{Car, Stored, stored},
    },
    live::Race,
};

use super::{
    OpenF1,
    page::Page,
    payload::{
        Driver, Lap, MOST_LAPS, Payload, Pit, RaceControl, Session, Stint, Weather, milliseconds,
    },
};

/// The details of one race. The network is first used when the catalogue is asked for.
pub struct Details<'a> {
    app: &'a App,
    upstream: &'a OpenF1,
    race: Race,
    record: Option<RaceRecord>,
    warnings: Vec<Problem>,
    tables: Vec<TableCount>,
}

/// All that is read of a race.
struct Read {
    drivers: Vec<Driver>,
    laps: Vec<Lap>,
    stints: Vec<Stint>,
    pit: Vec<Pit>,
    race_control: Vec<RaceControl>,
    weather: Vec<Weather>,
}

impl<'a> Details<'a> {
    #[must_use]
    pub fn new(app: &'a App, upstream: &'a OpenF1, race: Race) -> Self {
        Self {
            app,
            upstream,
            race,
            record: None,
            warnings: Vec::new(),
            tables: Vec::new(),
        }
    }

    async fn read(&mut self) -> Result<RaceRecord, String> {
        let text = |error: &dyn std::error::Error| error.to_string();
        let weekend = self.upstream.weekend(self.app, &self.race).await;
        let session = weekend.map_err(|error| text(&error))?.race;
        let stored = stored(self.app, &self.race).await;
        let stored = stored.map_err(|error| text(&error))?;
        let read = Read {
            drivers: self.all(&session).await?,
            laps: self.all(&session).await?,
            stints: self.all(&session).await?,
            pit: self.all(&session).await?,
            race_control: self.all(&session).await?,
            weather: self.all(&session).await?,
        };
        let (record, problems) = record(stored, &session, &read);
        self.warnings.extend(problems);
        Ok(record)
    }

    /// All records of a kind.
    async fn all<T: Payload>(&mut self, session: &Session) -> Result<Vec<T>, String> {
        let filters = [format!("session_key={}", session.session_key)];
        let page: Result<Page<T>, _> = self.upstream.ask(&filters).await;
        let page = page.map_err(|error| error.to_string())?;
        self.warnings.extend(page.problems);
        self.tables.push(TableCount {
            table: T::COLLECTION.to_owned(),
            rows: page.rows.len(),
            note: None,
        });
        Ok(page.rows)
    }
}

impl Source for Details<'_> {
    fn id(&self) -> Origin {
        Origin::Openf1
    }

    fn origin(&self) -> String {
        format!("{}/{}", self.upstream.base(), self.race.reference)
    }

    fn race_count(&self) -> usize {
        1
    }

    async fn catalogue(&mut self) -> Result<Catalogue, SourceError> {
        let record = self.read().await;
        let record = record.map_err(|reason| SourceError::Unreadable {
            path: self.origin(),
            reason,
        })?;
        self.record = Some(record);
        // It introduces nobody.
        Ok(Catalogue::default())
    }

    async fn next_race(&mut self) -> Option<Result<RaceRecord, Refused>> {
        self.record.take().map(Ok)
    }

    fn warnings(&mut self) -> Vec<Problem> {
        std::mem::take(&mut self.warnings)
    }

    fn tables(&self) -> Vec<TableCount> {
        self.tables.clone()
    }
}

/// What was read, laid on a stored race; and what of it cannot be used.
fn record(stored: Stored, session: &Session, read: &Read) -> (RaceRecord, Vec<Problem>) {
    let (cars, problems) = cars(&stored.cars, read);
    let track = control::timeline(session, &read.race_control);
    let laps = laps::laps(&cars, read, &track);
    let wet = laps::wet_share(&laps);
    let mut record = stored.record;
    record.laps = laps;
    record.pit_stops = pit_stops(&cars, &read.pit);
    record.race_control = control::records(&track);
    record.weather = weather(&read.weather, session, wet);
    (record, problems)
}

/// The driver of each car by number, where both sides mean the same one.
fn cars(stored: &BTreeMap<i32, Car>, read: &Read) -> (BTreeMap<i32, String>, Vec<Problem>) {
    let mut cars = BTreeMap::new();
    let mut problems = Vec::new();
    for driver in &read.drivers {
        let number = driver.driver_number;
        let named = driver.name_acronym.as_deref();
        let problem = match stored.get(&number) {
            Some(car) if named.is_none() || car.code.is_none() || car.code.as_deref() == named => {
                cars.insert(number, car.driver.clone());
                continue;
            }
            Some(car) => format!("car {number} is {}'s, not {named:?}'s", car.driver),
            None => format!("car {number} of {named:?} is not entered"),
        };
        problems.push(super::page::problem(Driver::COLLECTION, 0, &problem));
    }
    (cars, problems)
}

/// Stops in order, numbered for each driver.
fn pit_stops(cars: &BTreeMap<i32, String>, pit: &[Pit]) -> Vec<PitStopRecord> {
    let mut stops: BTreeMap<(i32, i32), Option<i32>> = BTreeMap::new();
    for stop in pit
        .iter()
        .filter(|stop| (1..=MOST_LAPS).contains(&stop.lap_number))
    {
        let lane = stop.lane_duration.or(stop.pit_duration);
        let lane = lane.and_then(milliseconds);
        let known = stops.entry((stop.driver_number, stop.lap_number));
        let known = known.or_default();
        *known = (*known).max(lane);
    }
    let mut counts: BTreeMap<i32, i32> = BTreeMap::new();
    let record = |((number, lap), lane_ms)| {
        let driver = cars.get(&number)?.clone();
        let stop = counts.entry(number).or_default();
        *stop += 1;
        Some(PitStopRecord {
            driver,
            stop: *stop,
            lap,
            local_time: None,
            lane_ms,
        })
    };
    stops.into_iter().filter_map(record).collect()
}

/// Means over the race.
fn weather(rows: &[Weather], session: &Session, wet: Option<f64>) -> Option<WeatherRecord> {
    let during = session.date_start..=session.date_end;
    let rows: Vec<&Weather> = rows
        .iter()
        .filter(|row| during.contains(&row.date))
        .collect();
    if rows.is_empty() {
        return None;
    }
    let mean_of =
        |value: &dyn Fn(&Weather) -> Option<f64>| mean(rows.iter().filter_map(|row| value(row)));
    Some(WeatherRecord {
        wet_lap_share: wet,
        air_temperature: mean_of(&|row| row.air_temperature),
        track_temperature: mean_of(&|row| row.track_temperature),
        humidity: mean_of(&|row| row.humidity),
        wind_speed: mean_of(&|row| row.wind_speed),
        pressure: mean_of(&|row| row.pressure),
        rainfall_share: mean_of(&|row| row.rainfall.map(|rain| f64::from(u8::from(rain)))),
    })
}

/// To three decimals, so that the same again is the same.
fn mean(values: impl Iterator<Item = f64>) -> Option<f64> {
    let (sum, count) = values.fold((0.0, 0.0), |(sum, count), value| (sum + value, count + 1.0));
    (count > 0.0).then(|| (sum / count * 1000.0).round() / 1000.0)
}

#[cfg(test)]
mod tests;
