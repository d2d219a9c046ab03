//! Races and the sessions of their weekends.

use chrono::NaiveDate;
use entities::session::Kind;

use crate::import::{
    record::{RaceRecord, SessionRecord},
    source::Problem,
};

use super::{
    book::{Book, Page},
    row::{Row, repeated},
    table::{Column, Table},
};

/// First season whose `fp2` of a sprint weekend is the qualifying for the sprint.
const SPRINT_QUALIFYING_SINCE: i32 = 2023;

/// Reads `races.csv`.
///
/// # Errors
/// A column is missing.
pub(super) fn races(table: &Table, book: &mut Book) -> Result<(), Problem> {
    let columns = Columns::find(table)?;
    let mut rows = table.rows();
    while let Some(mut row) = rows.next() {
        let id = row.whole(columns.id);
        if row.torn().is_some() && !row.holds(columns.id) || !row.is_sound() {
            let problems = row
                .torn()
                .map_or_else(|| row.take_problems(), |torn| vec![torn]);
            book.warn_all(problems);
            continue;
        }
        if let Some(first) = book.by_id.get(&id).copied() {
            let first_line = book.page(first).map_or(0, Page::line);
            let problem = row.problem(columns.id.name, repeated("one row per raceId", first_line));
            book.refuse(first, vec![problem]);
            continue;
        }
        let index = columns.add(&mut row, table, book);
        book.by_id.insert(id, index);
    }
    book.count(table, rows.count, None);
    Ok(())
}

/// Reads `calendar_<year>.csv`: races are added that `races.csv` has neither by round nor by
/// name. Its ids are its own.
///
/// # Errors
/// A column is missing.
pub(super) fn coming_races(table: &Table, book: &mut Book) -> Result<(), Problem> {
    let columns = Columns::find(table)?;
    let known: Vec<(i32, i32, String)> = book
        .races()
        .map(|race| (race.season, race.round, race.name.clone()))
        .collect();
    let mut rows = table.rows();
    let mut passed_over = false;
    while let Some(mut row) = rows.next() {
        if let Some(torn) = row.torn() {
            book.warn(torn);
            continue;
        }
        let (season, round) = (row.whole(columns.year), row.whole(columns.round));
        let name = row.text(columns.name);
        if known
            .iter()
            .any(|race| race.0 == season && (race.1 == round || race.2 == name))
        {
            passed_over = true;
            continue;
        }
        row.take_problems();
        columns.add(&mut row, table, book);
    }
    let note = passed_over.then_some("races that races.csv has are passed over");
    book.count(table, rows.count, note);
    Ok(())
}

/// Whether `fp2` of this race is the qualifying for its sprint.
pub(super) fn has_sprint_qualifying(race: &RaceRecord) -> bool {
    race.season >= SPRINT_QUALIFYING_SINCE
        && race
            .sessions
            .iter()
            .any(|session| session.kind == Kind::Sprint)
}

struct Columns {
    id: Column,
    year: Column,
    round: Column,
    circuit: Column,
    name: Column,
    date: Column,
    time: Column,
    url: Column,
    /// Day and time of the practices, qualifying and the sprint.
    sessions: [(Kind, Column, Column); 5],
}

impl Columns {
    fn find(table: &Table) -> Result<Self, Problem> {
        let session = |kind, date, time| {
            (
                kind,
                table.optional_column(date),
                table.optional_column(time),
            )
        };
        Ok(Self {
            id: table.column("raceId")?,
            year: table.column("year")?,
            round: table.column("round")?,
            circuit: table.column("circuitId")?,
            name: table.column("name")?,
            date: table.column("date")?,
            time: table.optional_column("time"),
            url: table.optional_column("url"),
            sessions: [
                session(Kind::Practice1, "fp1_date", "fp1_time"),
                session(Kind::Practice2, "fp2_date", "fp2_time"),
                session(Kind::Practice3, "fp3_date", "fp3_time"),
                session(Kind::Qualifying, "quali_date", "quali_time"),
                session(Kind::Sprint, "sprint_date", "sprint_time"),
            ],
        })
    }

    /// Opens a page for the race of a row; a bad row opens a refused one.
    fn add(&self, row: &mut Row<'_>, table: &Table, book: &mut Book) -> usize {
        let record = self.race(row, book);
        let mut problems = row
            .torn()
            .map_or_else(|| row.take_problems(), |torn| vec![torn]);
        let round = (record.season, record.round);
        if let (true, Some(first)) = (problems.is_empty(), book.by_round.get(&round)) {
            let first_line = book.page(*first).map_or(0, Page::line);
            let rule = repeated("one race per year and round", first_line);
            problems.push(row.problem(self.round.name, rule));
        }
        let mut page = Page::new(table.file(), row.line(), record);
        page.refuse(problems);
        book.add(page)
    }

    fn race(&self, row: &mut Row<'_>, book: &Book) -> RaceRecord {
        let mut race = RaceRecord::default();
        race.season = row.whole(self.year);
        race.round = row.whole(self.round);
        race.name = row.text(self.name);
        race.circuit = book.people.circuits.of(row, self.circuit);
        race.date = row.date(self.date);
        race.starts_at = row.start_or_none(Some(race.date), self.time);
        race.wikipedia_url = row.text_or_none(self.url);
        race.sessions = self.sessions(row, race.season);
        race
    }

    fn sessions(&self, row: &mut Row<'_>, season: i32) -> Vec<SessionRecord> {
        let mut sessions = Vec::new();
        for (kind, date, time) in self.sessions {
            let day: Option<NaiveDate> = row.date_or_none(date);
            let starts_at = row.start_or_none(day, time);
            if let Some(date) = day {
                sessions.push(SessionRecord {
                    kind,
                    date,
                    starts_at,
                });
            }
        }
        let has_sprint = sessions.iter().any(|session| session.kind == Kind::Sprint);
        if has_sprint && season >= SPRINT_QUALIFYING_SINCE {
            for session in &mut sessions {
                if session.kind == Kind::Practice2 {
                    session.kind = Kind::SprintQualifying;
                }
            }
        }
        sessions
    }
}
