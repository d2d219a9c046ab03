//! Everything read so far: a page for each race, who and what ids stand for, and what went
//! wrong, each problem with the race it belongs to.

use std::collections::HashMap;

use crate::import::{
    record::{LapRecord, RaceRecord},
    source::{Problem, Refused, TableCount},
};

use super::{
    names::{Names, People},
    row::Row,
    table::{Column, Table},
};

/// Problems kept for one race; the rest is counted.
const PROBLEMS_KEPT: usize = 20;

/// Warnings kept; the rest is counted.
const WARNINGS_KEPT: usize = 500;

/// A lap of `lap_times.csv`, small because there may be half a million.
#[derive(Debug, Clone, Copy)]
pub(super) struct PlainLap {
    /// Place among the drivers.
    pub(super) driver: u32,
    pub(super) lap: i32,
    pub(super) position: Option<i32>,
    pub(super) time_ms: Option<i32>,
    pub(super) line: u64,
}

/// A race being put together.
#[derive(Debug)]
pub(super) struct Page {
    /// What has been read; the laps apart.
    pub(super) record: RaceRecord,
    pub(super) plain_laps: Vec<PlainLap>,
    /// Laps with tyres win over plain ones.
    pub(super) tyre_laps: Vec<LapRecord>,
    /// Where the race itself stands.
    file: String,
    line: u64,
    problems: Vec<Problem>,
    more_problems: usize,
}

impl Page {
    pub(super) fn new(file: &str, line: u64, record: RaceRecord) -> Self {
        Self {
            record,
            plain_laps: Vec::new(),
            tyre_laps: Vec::new(),
            file: file.to_owned(),
            line,
            problems: Vec::new(),
            more_problems: 0,
        }
    }

    /// Line in which the race itself stands.
    pub(super) fn line(&self) -> u64 {
        self.line
    }

    /// Refuses the race, for these reasons among others.
    pub(super) fn refuse(&mut self, problems: impl IntoIterator<Item = Problem>) {
        for problem in problems {
            if self.problems.len() < PROBLEMS_KEPT {
                self.problems.push(problem);
            } else {
                self.more_problems += 1;
            }
        }
    }

    /// The race with its laps, or why not.
    pub(super) fn finish(mut self, drivers: &Names) -> Result<RaceRecord, Refused> {
        if !self.problems.is_empty() {
            if self.more_problems > 0 {
                self.problems.push(Problem {
                    file: self.file,
                    line: self.line,
                    column: String::new(),
                    message: format!("{} more problems in rows of this race", self.more_problems),
                });
            }
            return Err(Refused {
                season: self.record.season,
                round: self.record.round,
                name: self.record.name,
                problems: self.problems,
            });
        }
        self.record.laps = if self.tyre_laps.is_empty() {
            let lap = |lap: &PlainLap| LapRecord {
                driver: drivers.name(lap.driver),
                lap: lap.lap,
                position: lap.position,
                time_ms: lap.time_ms,
                detail: None,
            };
            self.plain_laps.iter().map(lap).collect()
        } else {
            self.tyre_laps
        };
        Ok(self.record)
    }
}

/// How the rows of a table name their race.
#[derive(Debug, Clone, Copy)]
pub(super) enum RaceKey {
    /// By `raceId`.
    Id(Column),
    /// By year and round, the year being the given one if there is one.
    Round(Column, Column, Option<i32>),
}

impl RaceKey {
    /// # Errors
    /// The table has no `raceId`.
    pub(super) fn id(table: &Table) -> Result<Self, Problem> {
        Ok(Self::Id(table.column("raceId")?))
    }

    /// # Errors
    /// The table has no `year` or no `round`.
    pub(super) fn round(table: &Table, season: Option<i32>) -> Result<Self, Problem> {
        Ok(Self::Round(
            table.column("year")?,
            table.column("round")?,
            season,
        ))
    }
}

/// The race that a row belongs to.
#[derive(Debug, Clone, Copy)]
pub(super) struct RacePlace<'a> {
    /// Place among the races; part of the key of a row.
    pub(super) index: usize,
    pub(super) race: &'a RaceRecord,
}

/// Everything read so far.
#[derive(Debug)]
pub(super) struct Book {
    pub(super) people: People,
    /// `None` once handed out.
    pub(super) pages: Vec<Option<Page>>,
    pub(super) by_id: HashMap<i32, usize>,
    pub(super) by_round: HashMap<(i32, i32), usize>,
    pub(super) tables: Vec<TableCount>,
    warnings: Vec<(Problem, usize)>,
    /// Warnings about the same thing, by file and message.
    warned: HashMap<(String, String), usize>,
    more_warnings: usize,
}

impl Book {
    pub(super) fn new() -> Self {
        Self {
            people: People::nobody(),
            pages: Vec::new(),
            by_id: HashMap::new(),
            by_round: HashMap::new(),
            tables: Vec::new(),
            warnings: Vec::new(),
            warned: HashMap::new(),
            more_warnings: 0,
        }
    }

    /// Adds the page of a race; of two with one year and round the first is found by them.
    pub(super) fn add(&mut self, page: Page) -> usize {
        let index = self.pages.len();
        let key = (page.record.season, page.record.round);
        self.by_round.entry(key).or_insert(index);
        self.pages.push(Some(page));
        index
    }

    pub(super) fn page(&self, index: usize) -> Option<&Page> {
        self.pages.get(index)?.as_ref()
    }

    /// Races not yet handed out.
    pub(super) fn races(&self) -> impl Iterator<Item = &RaceRecord> {
        self.pages.iter().flatten().map(|page| &page.record)
    }

    /// Refuses a race for these reasons, or warns of them once it is handed out.
    pub(super) fn refuse(&mut self, index: usize, problems: Vec<Problem>) {
        match self.pages.get_mut(index).and_then(Option::as_mut) {
            Some(page) => page.refuse(problems),
            None => self.warn_all(problems),
        }
    }

    /// Reads the rows of a table that belong to races. `read` makes a record of a row, or
    /// nothing of one to be passed over; `put` lays it on the page of its race. A row with a
    /// problem refuses its race, or warns if the race cannot be told. Gives the number of rows.
    pub(super) fn fill<T>(
        &mut self,
        table: &Table,
        key: RaceKey,
        mut read: impl FnMut(&mut Row<'_>, &People, RacePlace<'_>) -> Option<T>,
        mut put: impl FnMut(&mut Page, T),
    ) -> usize {
        let mut rows = table.rows();
        let mut latest = None;
        while let Some(mut row) = rows.next() {
            let Some(index) = self.index_of(&mut row, key, latest) else {
                continue;
            };
            latest = Some(index);
            let Some(page) = &self.pages[index] else {
                continue;
            };
            let place = RacePlace {
                index,
                race: &page.record,
            };
            let record = read(&mut row, &self.people, place);
            let problems = row.take_problems();
            if !problems.is_empty() {
                self.refuse(index, problems);
            } else if let (Some(page), Some(record)) = (&mut self.pages[index], record) {
                put(page, record);
            }
        }
        rows.count
    }

    /// Says that something is wrong that belongs to no race; equal words are said once.
    pub(super) fn warn(&mut self, problem: Problem) {
        let key = (problem.file.clone(), problem.message.clone());
        let known = self.warned.get(&key).copied();
        if let Some((_, times)) = known.and_then(|index| self.warnings.get_mut(index)) {
            *times += 1;
        } else if self.warnings.len() < WARNINGS_KEPT {
            self.warned.insert(key, self.warnings.len());
            self.warnings.push((problem, 1));
        } else {
            self.more_warnings += 1;
        }
    }

    pub(super) fn warn_all(&mut self, problems: Vec<Problem>) {
        for problem in problems {
            self.warn(problem);
        }
    }

    /// Says what was odd about a table as a whole: line 0, nothing is lost.
    pub(super) fn remark(&mut self, file: &str, column: &str, message: String) {
        self.warn(Problem {
            file: file.to_owned(),
            line: 0,
            column: column.to_owned(),
            message,
        });
    }

    pub(super) fn take_warnings(&mut self) -> Vec<Problem> {
        self.warned.clear();
        let said = |(mut problem, times): (Problem, usize)| {
            if times > 1 {
                problem.message = format!("{} (and in {} more rows)", problem.message, times - 1);
            }
            problem
        };
        let mut warnings: Vec<Problem> = self.warnings.drain(..).map(said).collect();
        let more = std::mem::take(&mut self.more_warnings);
        if let (true, Some(last)) = (more > 0, warnings.last_mut()) {
            last.message = format!("{} (and {more} more problems)", last.message);
        }
        warnings
    }

    pub(super) fn count(&mut self, table: &Table, rows: usize, note: Option<&'static str>) {
        let file = table.file();
        let name = file.rsplit_once('/').map_or(file, |(_, name)| name);
        self.tables.push(TableCount {
            table: name.to_owned(),
            rows,
            note,
        });
    }

    /// Adds a note to a table counted before.
    pub(super) fn annotate(&mut self, table: &str, note: &'static str) {
        let counted = self.tables.iter_mut();
        for table in counted.filter(|counted| counted.table.starts_with(table)) {
            table.note = Some(note);
        }
    }

    /// Races by their places, in order of season and round.
    pub(super) fn in_order(&self) -> Vec<usize> {
        let mut order: Vec<usize> = (0..self.pages.len()).collect();
        order.sort_by_key(|index| {
            let race = self.page(*index).map(|page| &page.record);
            race.map(|race| (race.season, race.round))
        });
        order
    }

    /// The race a sound row belongs to. A torn row refuses its race, and where that cannot be
    /// told the race of the row before, whose rows may be cut short.
    fn index_of(
        &mut self,
        row: &mut Row<'_>,
        key: RaceKey,
        latest: Option<usize>,
    ) -> Option<usize> {
        let Some(torn) = row.torn() else {
            let index = self.find(row, key);
            if index.is_none() {
                let problems = row.take_problems();
                self.warn_all(problems);
            }
            return index;
        };
        let told = match key {
            RaceKey::Id(race) => row.holds(race),
            RaceKey::Round(year, round, _) => row.holds(year) && row.holds(round),
        };
        let index = if told { self.find(row, key) } else { latest };
        match index {
            Some(index) => self.refuse(index, vec![torn]),
            None => self.warn(torn),
        }
        None
    }

    fn find(&self, row: &mut Row<'_>, key: RaceKey) -> Option<usize> {
        match key {
            RaceKey::Id(race) => row.required(race, "a raceId of races.csv", |text| {
                Some(Some(*self.by_id.get(&text.parse().ok()?)?))
            }),
            RaceKey::Round(year, round, season) => {
                let found_year = row.required(year, "the year of a race", |text| {
                    let year = text.parse().ok()?;
                    let known = season.is_none_or(|season| season == year);
                    known.then_some(Some(year))
                })?;
                row.required(round, "a round of that year in races.csv", |text| {
                    let key = (found_year, text.parse().ok()?);
                    Some(Some(*self.by_round.get(&key)?))
                })
            }
        }
    }
}
