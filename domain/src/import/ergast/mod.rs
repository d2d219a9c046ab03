//! A dump in Ergast's CSV format, a folder or a zip archive, with practice, laps with tyres,
//! weather and coming calendars where they lie beside it.
//!
//! Opening reads every table but the laps with tyres, which are read a season at a time when
//! their races come up. A race with anything wrong in any of its rows is refused whole; what
//! is wrong and belongs to no race is a warning with its line. Warnings with line 0 are
//! remarks: something odd was read all the same.
//!
//! - `place` folder or archive, and what lies where
//! - `table`, `row` from bytes to typed fields, with line and column
//! - `book`, `names` races being put together, and whom ids stand for
//! - the other files read one kind of table each

mod book;
mod calendar;
mod catalogue;
mod control;
mod laps;
mod names;
mod place;
mod results;
mod row;
mod standings;
mod table;
#[cfg(test)]
mod tests;
mod weekend;

use std::{collections::BTreeMap, path::Path};

use entities::race_source;

use super::{
    record::{Catalogue, RaceRecord, SeasonRecord},
    source::{Problem, Refused, Source, SourceError, TableCount},
};
use book::Book;
use place::Place;
use table::Table;

/// An Ergast dump being read.
#[derive(Debug)]
pub struct Ergast {
    place: Place,
    catalogue: Catalogue,
    book: Book,
    /// Races in order of season and round, by their place in the book.
    order: Vec<usize>,
    given: usize,
    /// Files of laps with tyres not read yet, by season.
    lap_files: BTreeMap<i32, String>,
}

/// Reads the rows of one table into the book.
type Reader = fn(&Table, &mut Book) -> Result<(), Problem>;

/// Tables that must be there, and what they are for.
const REQUIRED: [(&str, &str); 6] = [
    ("races", "the list of races"),
    ("results", "the classification of every race"),
    ("drivers", "the drivers that results refer to"),
    ("constructors", "the constructors that results refer to"),
    ("circuits", "the circuits that races refer to"),
    ("status", "the reasons that results refer to"),
];

/// Tables whose rows belong to races by `raceId`, where they are there.
const BY_RACE: [(&str, Reader); 9] = [
    ("sprint_results", results::sprints),
    ("qualifying", weekend::qualifying),
    ("pit_stops", weekend::pit_stops),
    ("driver_standings", standings::drivers),
    ("constructor_standings", standings::constructors),
    ("constructor_results", standings::constructor_results),
    ("safety_cars", control::safety_cars),
    ("red_flags", control::red_flags),
    ("lap_times", laps::plain),
];

/// Tables beside the dump, whose rows belong to races by year and round.
const BESIDE: [(&str, Reader); 2] = [
    ("practice", weekend::practice),
    ("race_weather", weekend::weather),
];

impl Ergast {
    /// Opens a folder or a zip archive: `races.csv` is in it, in a folder `ergast` in it, or, in
    /// an archive, likewise under any one folder. Every table may be compressed (`.csv.gz`).
    ///
    /// # Errors
    /// The path cannot be read; a table that races cannot do without is missing; a table that
    /// is there lacks a column.
    pub fn open(path: &Path) -> Result<Self, SourceError> {
        let mut place = Place::open(path)?;
        check_required(&place)?;
        let mut book = Book::new();
        let mut catalogue = read_catalogue(&mut place, &mut book)?;
        let races = required(&mut place, "races")?;
        calendar::races(&races, &mut book).map_err(SourceError::Broken)?;
        let results = required(&mut place, "results")?;
        for (_, name) in place.by_year("calendar_") {
            let table = read(&mut place, name)?;
            calendar::coming_races(&table, &mut book).map_err(SourceError::Broken)?;
        }
        results::races(&results, &mut book).map_err(SourceError::Broken)?;
        let by_race = BY_RACE.map(|(stem, reader)| (place.table(stem), reader));
        let beside = BESIDE.map(|(stem, reader)| (place.beside(stem), reader));
        for (name, reader) in by_race.into_iter().chain(beside) {
            if let Some(name) = name {
                let table = read(&mut place, name)?;
                reader(&table, &mut book).map_err(SourceError::Broken)?;
            }
        }
        add_seasons(&mut catalogue, &book);
        Ok(Self {
            lap_files: place.by_year("laps/laps_").into_iter().collect(),
            order: book.in_order(),
            place,
            catalogue,
            book,
            given: 0,
        })
    }

    /// The next race, or why it is refused; `None` after the last.
    pub fn read_race(&mut self) -> Option<Result<RaceRecord, Refused>> {
        let index = *self.order.get(self.given)?;
        self.given += 1;
        let season = self.book.page(index)?.record.season;
        if let Some(name) = self.lap_files.remove(&season) {
            self.read_laps(season, name);
        }
        let page = self.book.pages[index].take()?;
        if !page.tyre_laps.is_empty() && !page.plain_laps.is_empty() {
            self.book.annotate(
                laps::PLAIN_LAPS,
                "laps with tyres are stored instead where there are any",
            );
        }
        Some(page.finish(&self.book.people.drivers))
    }

    /// Reads the laps with tyres of a season. If the file is no good, none of the season's
    /// races is.
    fn read_laps(&mut self, season: i32, name: String) {
        let outcome = match read(&mut self.place, name.clone()) {
            Ok(table) => laps::with_tyres(&table, season, &mut self.book),
            Err(SourceError::Broken(problem)) => Err(problem),
            Err(SourceError::Unreadable { reason, .. }) => Err(Problem {
                file: name,
                line: 0,
                column: String::new(),
                message: format!("expected the laps of {season}, cannot read them: {reason}"),
            }),
        };
        if let Err(problem) = outcome {
            for page in self.book.pages.iter_mut().flatten() {
                if page.record.season == season {
                    page.refuse([problem.clone()]);
                }
            }
        }
    }
}

impl Source for Ergast {
    fn id(&self) -> race_source::Source {
        race_source::Source::Ergast
    }

    fn origin(&self) -> String {
        self.place.origin()
    }

    fn race_count(&self) -> usize {
        self.order.len()
    }

    async fn catalogue(&mut self) -> Result<Catalogue, SourceError> {
        Ok(self.catalogue.clone())
    }

    async fn next_race(&mut self) -> Option<Result<RaceRecord, Refused>> {
        self.read_race()
    }

    fn warnings(&mut self) -> Vec<Problem> {
        self.book.take_warnings()
    }

    /// Tables read so far: laps with tyres appear as their seasons come up.
    fn tables(&self) -> Vec<TableCount> {
        self.book.tables.clone()
    }
}

/// Reads the tables that others refer to.
fn read_catalogue(place: &mut Place, book: &mut Book) -> Result<Catalogue, SourceError> {
    let mut catalogue = Catalogue::default();
    let table = required(place, "circuits")?;
    catalogue.circuits = catalogue::circuits(&table, book).map_err(SourceError::Broken)?;
    let table = required(place, "drivers")?;
    catalogue.drivers = catalogue::drivers(&table, book).map_err(SourceError::Broken)?;
    let table = required(place, "constructors")?;
    catalogue.constructors = catalogue::constructors(&table, book).map_err(SourceError::Broken)?;
    let table = required(place, "status")?;
    catalogue::statuses(&table, book).map_err(SourceError::Broken)?;
    if let Some(name) = place.table("seasons") {
        let table = read(place, name)?;
        catalogue.seasons = catalogue::seasons(&table, book).map_err(SourceError::Broken)?;
    }
    Ok(catalogue)
}

/// Adds the seasons of races that `seasons.csv` does not list.
fn add_seasons(catalogue: &mut Catalogue, book: &Book) {
    let seasons = &mut catalogue.seasons;
    for race in book.races() {
        if race.season > 0 && !seasons.iter().any(|season| season.year == race.season) {
            seasons.push(SeasonRecord {
                year: race.season,
                wikipedia_url: None,
            });
        }
    }
    seasons.sort_by_key(|season| season.year);
}

/// Refuses a dump that lacks a table without which no race can be imported.
fn check_required(place: &Place) -> Result<(), SourceError> {
    let missing = REQUIRED
        .iter()
        .find(|(stem, _)| place.table(stem).is_none());
    let Some((stem, what)) = missing else {
        return Ok(());
    };
    Err(SourceError::Broken(Problem {
        file: format!("{stem}.csv"),
        line: 0,
        column: String::new(),
        message: format!("expected {what}, found no such file in {}", place.origin()),
    }))
}

/// Reads a table that must be there.
fn required(place: &mut Place, stem: &str) -> Result<Table, SourceError> {
    let name = place.table(stem).unwrap_or_else(|| format!("{stem}.csv"));
    read(place, name)
}

fn read(place: &mut Place, name: String) -> Result<Table, SourceError> {
    let bytes = place.read(&name)?;
    Table::new(name, bytes).map_err(SourceError::Broken)
}
