//! Writes a season file: the canonical text of given records. See [`super::notation`].

use std::{
    collections::{BTreeMap, HashMap},
    fmt::Write as _,
};

use chrono::{DateTime, NaiveDate, Utc};
use entities::session::Kind;

use super::super::record::{QualifyingRecord, RaceRecord, ResultRecord, result_status};
use super::notation::{NotWritable, Season, fastest_lap_ranks, format_time, plain_reason};

/// Sessions and what opens them, longer names before those they begin with.
pub(super) const SESSIONS: [(Kind, &str); 7] = [
    (Kind::Practice1, "practice 1"),
    (Kind::Practice2, "practice 2"),
    (Kind::Practice3, "practice 3"),
    (Kind::SprintQualifying, "sprint qualifying"),
    (Kind::Sprint, "sprint"),
    (Kind::Qualifying, "qualifying"),
    (Kind::Race, "race"),
];

const HEADER: &str = "# Notation: domain/src/import/bundled/notation.rs\n";

/// Writes a season.
///
/// # Errors
///
/// A record that the notation has no words for: two drivers with one code, a driver in two cars
/// at one race, places out of order, a status that does not follow from place and reason.
pub fn write_season(season: &Season) -> Result<String, NotWritable> {
    let mut writer = Writer {
        keys: keys(season),
        cars: HashMap::new(),
        text: format!("{HEADER}season {}\n", season.year),
    };
    for race in &season.races {
        writer.race(race).map_err(|reason| NotWritable {
            season: race.season,
            round: race.round,
            reason,
        })?;
    }
    Ok(writer.text)
}

/// Number and team.
type Car = (String, String);

struct Writer {
    /// Driver to key: the code, or the ref where there is none.
    keys: HashMap<String, String>,
    /// Driver to car as last written.
    cars: HashMap<String, Car>,
    text: String,
}

fn keys(season: &Season) -> HashMap<String, String> {
    let mut keys = HashMap::new();
    for race in &season.races {
        for row in race.results.iter().chain(&race.sprint) {
            if let Some(code) = &row.code {
                keys.insert(row.driver.clone(), code.clone());
            }
        }
    }
    keys
}

impl Writer {
    fn race(&mut self, race: &RaceRecord) -> Result<(), String> {
        self.new_cars(race)?;
        self.text.push('\n');
        self.line(&format!(
            "round {} {} {}",
            race.round, race.circuit, race.name
        ));
        for (kind, day) in sessions(race) {
            let name = SESSIONS
                .iter()
                .find(|(other, _)| *other == kind)
                .map_or("", |(_, name)| name);
            let mut line = name.to_owned();
            if let Some((date, starts_at)) = day {
                push_day(&mut line, date, starts_at);
            }
            self.line(&line);
            match kind {
                Kind::Race => self.classification(&race.results)?,
                Kind::Sprint => self.classification(&race.sprint)?,
                Kind::Qualifying | Kind::SprintQualifying => {
                    for row in race.qualifying.iter().filter(|row| row.session == kind) {
                        let line = self.qualifier(row);
                        self.line(&line);
                    }
                }
                Kind::Practice1 | Kind::Practice2 | Kind::Practice3 => {}
            }
        }
        Ok(())
    }

    /// The `car` lines that this race needs, by team and number.
    fn new_cars(&mut self, race: &RaceRecord) -> Result<(), String> {
        let rows = race.results.iter().chain(&race.sprint);
        let cars = rows
            .map(|row| (&row.driver, &row.number, &row.constructor))
            .chain(
                race.qualifying
                    .iter()
                    .map(|row| (&row.driver, &row.number, &row.constructor)),
            );
        let mut here: BTreeMap<&String, Car> = BTreeMap::new();
        for (driver, number, constructor) in cars {
            let car = (number.clone(), constructor.clone());
            if *here.entry(driver).or_insert_with(|| car.clone()) != car {
                return Err(format!("{driver} drove two cars"));
            }
        }
        let mut new: Vec<(&String, Car)> = here
            .into_iter()
            .filter(|(driver, car)| self.cars.get(*driver) != Some(car))
            .collect();
        new.sort_by_key(|(driver, (number, constructor))| {
            (
                constructor.clone(),
                number.parse::<u32>().ok(),
                (*driver).clone(),
            )
        });
        if !new.is_empty() {
            self.text.push('\n');
        }
        for (driver, (number, constructor)) in new {
            let key = self.key(driver).to_owned();
            let taken = self
                .cars
                .keys()
                .any(|other| other != driver && self.key(other) == key);
            if taken {
                return Err(format!("{key} is the code of two drivers"));
            }
            let shown = if number.is_empty() { "-" } else { &number };
            self.line(&format!("car {key} {shown} {constructor} {driver}"));
            self.cars.insert(driver.clone(), (number, constructor));
        }
        Ok(())
    }

    fn classification(&mut self, rows: &[ResultRecord]) -> Result<(), String> {
        let derived = fastest_lap_ranks(rows);
        let first_laps = rows.first().map_or(0, |row| row.laps);
        let mut first_ms = None;
        for ((place, row), derived) in (1..).zip(rows).zip(derived) {
            let is_plain = match row.position {
                Some(position) => row.position_text == position.to_string(),
                None => matches!(
                    row.position_text.as_str(),
                    "R" | "D" | "E" | "W" | "F" | "N"
                ),
            };
            if row.position_order != place || !is_plain {
                return Err(format!("the place of {} is out of order", row.driver));
            }
            if row.status != result_status(&row.position_text, &row.status_text) {
                return Err(format!(
                    "the status of {} does not follow from its reason",
                    row.driver
                ));
            }
            let line = self.finisher(row, first_ms, first_laps - row.laps, derived);
            first_ms = first_ms.or(row.time_ms);
            self.line(&line);
        }
        Ok(())
    }

    fn finisher(
        &self,
        row: &ResultRecord,
        first_ms: Option<i32>,
        laps_missing: i32,
        derived_rank: Option<i32>,
    ) -> String {
        let mut line = format!("{} {}", row.position_text, self.key(&row.driver));
        match row.grid {
            Some(0) => line.push_str(" pit"),
            Some(grid) => push(&mut line, format_args!(" g{grid}")),
            None => {}
        }
        push(&mut line, format_args!(" {}", row.laps));
        match (row.time_ms, first_ms) {
            (Some(time), None) => push(&mut line, format_args!(" {}", format_time(time))),
            (Some(time), Some(first)) => {
                let sign = if time < first { '-' } else { '+' };
                let gap = format_time((time - first).abs());
                push(&mut line, format_args!(" {sign}{gap}"));
            }
            (None, _) => {}
        }
        if row.points != 0 {
            push(
                &mut line,
                format_args!(" {}p", format_hundredths(row.points)),
            );
        }
        push_fastest(&mut line, row, derived_rank);
        let plain = plain_reason(&row.position_text, row.time_ms.is_some(), laps_missing);
        if plain.as_ref() != Some(&row.status_text) {
            push(&mut line, format_args!(" ({})", row.status_text));
        }
        line
    }

    fn qualifier(&self, row: &QualifyingRecord) -> String {
        let place = row
            .position
            .map_or("-".to_owned(), |position| position.to_string());
        let mut line = format!("{place} {}", self.key(&row.driver));
        let laps = [row.q1_ms, row.q2_ms, row.q3_ms];
        let last = laps
            .iter()
            .rposition(Option::is_some)
            .map_or(0, |last| last + 1);
        for lap in &laps[..last] {
            push(
                &mut line,
                format_args!(" {}", lap.map_or("-".to_owned(), format_time)),
            );
        }
        line
    }

    fn key<'a>(&'a self, driver: &'a String) -> &'a str {
        self.keys.get(driver).unwrap_or(driver)
    }

    fn line(&mut self, line: &str) {
        self.text.push_str(line);
        self.text.push('\n');
    }
}

/// Day and start of a session, where known.
type Day = Option<(NaiveDate, Option<DateTime<Utc>>)>;

/// The sessions of a race in the order of their starts, undated ones behind, the race last.
fn sessions(race: &RaceRecord) -> Vec<(Kind, Day)> {
    let mut dated: Vec<(Kind, Day)> = race
        .sessions
        .iter()
        .map(|session| (session.kind, Some((session.date, session.starts_at))))
        .collect();
    dated.sort_by_key(|&(kind, day)| (day, kind));
    let has = |kind| race.qualifying.iter().any(|row| row.session == kind);
    let classified = [
        (Kind::SprintQualifying, has(Kind::SprintQualifying)),
        (Kind::Sprint, !race.sprint.is_empty()),
        (Kind::Qualifying, has(Kind::Qualifying)),
    ];
    for (kind, _) in classified.into_iter().filter(|(_, classified)| *classified) {
        if dated.iter().all(|(other, _)| *other != kind) {
            dated.push((kind, None));
        }
    }
    dated.push((Kind::Race, Some((race.date, race.starts_at))));
    dated
}

fn push_day(line: &mut String, date: NaiveDate, starts_at: Option<DateTime<Utc>>) {
    push(line, format_args!(" {date}"));
    let Some(start) = starts_at else {
        return;
    };
    if start.date_naive() != date {
        push(line, format_args!(" {}", start.date_naive()));
    }
    let time = start.format("%H:%M:%S").to_string();
    push(
        line,
        format_args!(" {}", time.strip_suffix(":00").unwrap_or(&time)),
    );
}

fn push_fastest(line: &mut String, row: &ResultRecord, derived_rank: Option<i32>) {
    let differs = row.fastest_lap_rank != derived_rank;
    if row.fastest_lap.is_none() && row.fastest_lap_ms.is_none() && !differs {
        return;
    }
    let time = row.fastest_lap_ms.map_or("?".to_owned(), format_time);
    let lap = row
        .fastest_lap
        .map_or("?".to_owned(), |lap| lap.to_string());
    push(line, format_args!(" {time}@{lap}"));
    if differs {
        let rank = row
            .fastest_lap_rank
            .map_or("-".to_owned(), |rank| rank.to_string());
        push(line, format_args!("#{rank}"));
    }
}

/// `25`, `12.5`, `0.14`.
fn format_hundredths(points: i32) -> String {
    let (whole, part) = (points / 100, points % 100);
    match part {
        0 => whole.to_string(),
        _ if part % 10 == 0 => format!("{whole}.{}", part / 10),
        _ => format!("{whole}.{part:02}"),
    }
}

fn push(line: &mut String, text: std::fmt::Arguments<'_>) {
    line.write_fmt(text).expect("a String takes every text");
}
