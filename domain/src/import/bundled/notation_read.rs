//! Reads a season file. See [`super::notation`] for the notation.

use std::collections::HashMap;

use chrono::{DateTime, NaiveDate, NaiveTime, Utc};
use entities::session::Kind;

use super::super::{
    record::{QualifyingRecord, RaceRecord, ResultRecord, SessionRecord, result_status},
    source::Problem,
};
use super::{
    notation::{Season, fastest_lap_ranks, parse_digits, parse_time, plain_reason},
    notation_fields::{Fields, Rank, words},
};

/// Reads a season.
///
/// # Errors
///
/// Every line that is not understood, with what was expected.
pub fn read_season(file: &str, text: &str) -> Result<Season, Vec<Problem>> {
    let mut reader = Reader::default();
    let mut problems = Vec::new();
    let mut refuse = |line: usize, message: String| {
        problems.push(Problem {
            file: file.to_owned(),
            line: line as u64,
            column: String::new(),
            message,
        });
    };
    for (index, line) in text.lines().enumerate() {
        let line = line.trim_end();
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        if let Err(message) = reader.line(line) {
            refuse(index + 1, message);
        }
    }
    let lines = text.lines().count();
    if let Err(message) = reader.close_race() {
        refuse(lines, message);
    }
    match reader.year {
        None => refuse(lines, "expected a line `season YEAR`".to_owned()),
        Some(year) if problems.is_empty() => {
            return Ok(Season {
                year,
                races: reader.races,
            });
        }
        Some(_) => {}
    }
    Err(problems)
}

/// Number, team and driver behind the key of a car.
#[derive(Clone)]
struct Car {
    number: String,
    constructor: String,
    driver: String,
    code: Option<String>,
}

#[derive(Default)]
struct Reader {
    year: Option<i32>,
    cars: HashMap<String, Car>,
    races: Vec<RaceRecord>,
    open: Option<Race>,
}

/// A Grand Prix being read, with the session whose classification comes next.
struct Race {
    record: RaceRecord,
    dated: bool,
    session: Option<Kind>,
    /// Time of the first car of the classification being read.
    first_ms: Option<i32>,
    ranks: Vec<Rank>,
}

impl Reader {
    fn line(&mut self, line: &str) -> Result<(), String> {
        let (word, rest) = line.split_once(' ').unwrap_or((line, ""));
        match word {
            "season" if self.year.is_none() => {
                self.year = Some(parse_digits(rest).ok_or("expected `season YEAR`")?);
                Ok(())
            }
            "car" => self.car(rest),
            "round" => self.round(rest),
            _ => {
                let race = self
                    .open
                    .as_mut()
                    .ok_or("expected `season`, `car` or `round` before anything else")?;
                if let Some((kind, rest)) = session_kind(line) {
                    race.open_session(kind, rest)
                } else {
                    race.classified(line, &self.cars)
                }
            }
        }
    }

    fn car(&mut self, rest: &str) -> Result<(), String> {
        self.close_race()?;
        let &[key, number, constructor, driver] = words(rest).as_slice() else {
            return Err("expected `car CODE NUMBER TEAM DRIVER`".to_owned());
        };
        let is_code = key
            .bytes()
            .all(|b| b.is_ascii_uppercase() || b.is_ascii_digit());
        if !is_code && key != driver {
            return Err(format!(
                "`{key}` is neither a three-letter code nor the driver's ref"
            ));
        }
        if self.cars.get(key).is_some_and(|car| car.driver != driver) {
            return Err(format!("`{key}` already stands for another driver"));
        }
        let car = Car {
            number: if number == "-" {
                String::new()
            } else {
                number.to_owned()
            },
            constructor: constructor.to_owned(),
            driver: driver.to_owned(),
            code: is_code.then(|| key.to_owned()),
        };
        self.cars.insert(key.to_owned(), car);
        Ok(())
    }

    fn round(&mut self, rest: &str) -> Result<(), String> {
        self.close_race()?;
        let season = self
            .year
            .ok_or("expected `season YEAR` before the first round")?;
        let mut parts = rest.splitn(3, ' ');
        let (Some(round), Some(circuit), Some(name)) = (
            parts.next().and_then(parse_digits),
            parts.next().filter(|text| !text.is_empty()),
            parts.next().filter(|text| !text.is_empty()),
        ) else {
            return Err("expected `round NUMBER CIRCUIT NAME`".to_owned());
        };
        if self.races.last().is_some_and(|last| last.round >= round) {
            return Err(format!("round {round} stands behind a later or equal one"));
        }
        self.open = Some(Race {
            record: empty_race(season, round, name, circuit),
            dated: false,
            session: None,
            first_ms: None,
            ranks: Vec::new(),
        });
        Ok(())
    }

    fn close_race(&mut self) -> Result<(), String> {
        let Some(mut race) = self.open.take() else {
            return Ok(());
        };
        if !race.dated {
            return Err(format!(
                "round {} has no line `race DATE`",
                race.record.round
            ));
        }
        race.close_session();
        self.races.push(race.record);
        Ok(())
    }
}

impl Race {
    fn open_session(&mut self, kind: Kind, rest: &str) -> Result<(), String> {
        self.close_session();
        self.session = Some(kind);
        self.first_ms = None;
        let day = words(rest);
        let Some((&date, start)) = day.split_first() else {
            return if kind == Kind::Race {
                Err("expected `race DATE`".to_owned())
            } else {
                Ok(())
            };
        };
        let date = parse_date(date)?;
        let starts_at = match *start {
            [] => None,
            [time] => Some(parse_start(date, time)?),
            [date, time] if kind == Kind::Race => Some(parse_start(parse_date(date)?, time)?),
            _ => return Err("expected a date and a start such as `2024-03-02 15:00`".to_owned()),
        };
        if kind == Kind::Race {
            self.dated = true;
            self.record.date = date;
            self.record.starts_at = starts_at;
        } else if self
            .record
            .sessions
            .iter()
            .any(|session| session.kind == kind)
        {
            return Err("the session stands here already".to_owned());
        } else {
            self.record.sessions.push(SessionRecord {
                kind,
                date,
                starts_at,
            });
        }
        Ok(())
    }

    /// Ranks the fastest laps of the classification just read.
    fn close_session(&mut self) {
        let ranks = std::mem::take(&mut self.ranks);
        let rows = match self.session {
            Some(Kind::Race) => &mut self.record.results,
            Some(Kind::Sprint) => &mut self.record.sprint,
            _ => return,
        };
        let derived = fastest_lap_ranks(rows);
        for ((row, rank), derived) in rows.iter_mut().zip(ranks).zip(derived) {
            row.fastest_lap_rank = match rank {
                Rank::Derived => derived,
                Rank::Published(rank) => rank,
            };
        }
    }

    fn classified(&mut self, line: &str, cars: &HashMap<String, Car>) -> Result<(), String> {
        let (place, rest) = line.split_once(' ').ok_or("expected a place and a code")?;
        let (key, rest) = rest.split_once(' ').unwrap_or((rest, ""));
        let position = parse_digits(place);
        if position.is_none() && !matches!(place, "R" | "D" | "E" | "W" | "F" | "N" | "-") {
            return Err(format!("expected a session or a place, not `{place}`"));
        }
        let car = cars
            .get(key)
            .ok_or_else(|| format!("no `car` line for `{key}`"))?;
        match self.session {
            Some(session @ (Kind::Qualifying | Kind::SprintQualifying)) => {
                self.record
                    .qualifying
                    .push(qualifier(session, position, car, rest)?);
                Ok(())
            }
            Some(Kind::Race | Kind::Sprint) if place != "-" => self.finisher(place, car, rest),
            Some(Kind::Race | Kind::Sprint) => {
                Err("a place is a number or a letter here".to_owned())
            }
            _ => Err("no classification is expected here".to_owned()),
        }
    }

    fn finisher(&mut self, place: &str, car: &Car, rest: &str) -> Result<(), String> {
        let (fields, reason) = match rest.split_once('(') {
            Some((fields, reason)) => {
                let reason = reason.strip_suffix(')').ok_or("expected `)` at the end")?;
                (fields, Some(reason.to_owned()))
            }
            None => (rest, None),
        };
        let fields = Fields::read(fields, self.first_ms)?;
        let rows = if self.session == Some(Kind::Race) {
            &mut self.record.results
        } else {
            &mut self.record.sprint
        };
        let laps = fields.laps.ok_or("expected the laps driven")?;
        let missing = rows.first().map_or(0, |first| first.laps - laps);
        let status_text = reason
            .or_else(|| plain_reason(place, fields.time_ms.is_some(), missing))
            .ok_or("expected a reason in brackets")?;
        self.first_ms = self.first_ms.or(fields.time_ms);
        self.ranks.push(fields.rank);
        rows.push(ResultRecord {
            driver: car.driver.clone(),
            constructor: car.constructor.clone(),
            number: car.number.clone(),
            code: car.code.clone(),
            grid: fields.grid,
            position: parse_digits(place),
            position_text: place.to_owned(),
            position_order: i32::try_from(rows.len() + 1).map_err(|_| "too many cars")?,
            points: fields.points.unwrap_or(0),
            laps,
            time_ms: fields.time_ms,
            status: result_status(place, &status_text),
            status_text,
            fastest_lap: fields.fastest_lap,
            fastest_lap_rank: None,
            fastest_lap_ms: fields.fastest_lap_ms,
            fastest_lap_speed: None,
        });
        Ok(())
    }
}

fn qualifier(
    session: Kind,
    position: Option<i32>,
    car: &Car,
    rest: &str,
) -> Result<QualifyingRecord, String> {
    let mut laps = [None; 3];
    let times = words(rest);
    if times.len() > laps.len() {
        return Err("expected at most three laps".to_owned());
    }
    for (lap, time) in laps.iter_mut().zip(times) {
        if time != "-" {
            let parsed = parse_time(time);
            *lap = Some(parsed.ok_or_else(|| format!("`{time}` is no lap time such as 1:30.031"))?);
        }
    }
    let [q1_ms, q2_ms, q3_ms] = laps;
    Ok(QualifyingRecord {
        session,
        driver: car.driver.clone(),
        constructor: car.constructor.clone(),
        number: car.number.clone(),
        position,
        q1_ms,
        q2_ms,
        q3_ms,
    })
}

/// The session that a line opens, and what follows its name.
fn session_kind(line: &str) -> Option<(Kind, &str)> {
    super::notation_write::SESSIONS
        .iter()
        .find_map(|&(kind, name)| {
            let rest = line.strip_prefix(name)?;
            (rest.is_empty() || rest.starts_with(' ')).then_some((kind, rest))
        })
}

fn empty_race(season: i32, round: i32, name: &str, circuit: &str) -> RaceRecord {
    RaceRecord {
        season,
        round,
        name: name.to_owned(),
        circuit: circuit.to_owned(),
        date: NaiveDate::default(),
        starts_at: None,
        wikipedia_url: None,
        status: None,
        sessions: Vec::new(),
        results: Vec::new(),
        sprint: Vec::new(),
        qualifying: Vec::new(),
        practice: Vec::new(),
        laps: Vec::new(),
        pit_stops: Vec::new(),
        weather: None,
        race_control: Vec::new(),
        driver_standings: Vec::new(),
        constructor_standings: Vec::new(),
    }
}

fn parse_date(text: &str) -> Result<NaiveDate, String> {
    text.parse()
        .map_err(|_| format!("`{text}` is no date such as 2024-03-02"))
}

fn parse_start(date: NaiveDate, text: &str) -> Result<DateTime<Utc>, String> {
    let format = if text.len() > 5 { "%H:%M:%S" } else { "%H:%M" };
    NaiveTime::parse_from_str(text, format)
        .map(|time| date.and_time(time).and_utc())
        .map_err(|_| format!("`{text}` is no time of day such as 15:00"))
}

#[cfg(test)]
mod tests {
    use super::*;

    const START: &str =
        "season 2024\ncar VER 1 red_bull max_verstappen\nround 1 bahrain Bahrain Grand Prix\n";

    fn message(lines: &str) -> (u64, String) {
        let problems = read_season("2024.txt", &format!("{START}{lines}")).expect_err("refused");
        (problems[0].line, problems[0].message.clone())
    }

    #[test]
    fn a_line_that_is_not_understood_is_named_with_its_number() {
        let (line, text) = message("race 2024-03-02 15:00\n1 VER g1 57 1:31:44.742 26p fast\n");
        assert_eq!(
            (line, text.as_str()),
            (5, "`fast` is not understood, or said twice")
        );
        let (line, text) = message("race 2024-03-02 15:00\n\n1 HAM g1 57 1:31:44.742\n");
        assert_eq!((line, text.as_str()), (6, "no `car` line for `HAM`"));
        assert_eq!(message("race 2024-02-30\n").0, 4);
        assert_eq!(message("race 2024-03-02 15:00\n1 VER g1 57 +1.000\n").0, 5);
        assert_eq!(
            message("race 2024-03-02 15:00\n1 VER g1 57 58 1:31:44.742\n").0,
            5
        );
        assert_eq!(message("practice 1 2024-03-01\n1 VER 1:31.000\n").0, 5);
    }

    #[test]
    fn every_problem_is_reported() {
        let text = format!("{START}race tomorrow\n1 HAM g1 57\nnonsense\n");
        let problems = read_season("2024.txt", &text).expect_err("refused");
        assert!(problems.len() >= 3, "{problems:?}");
    }
}
