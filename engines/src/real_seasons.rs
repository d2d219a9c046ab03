//! The engines on real seasons. The tests need the Ergast tables in `shared/data/ergast` beside
//! the repository and pass silently without.

use std::collections::HashMap;
use std::path::PathBuf;
use std::str::FromStr;

use csv::StringRecord;

use crate::backtest::{Report, backtest};
use crate::history::{
    Car, CircuitId, ConstructorId, DriverId, History, Outcome, PastRace, RaceId, Stage,
};
use crate::registry::Registry;

/// The races of the tables, or `None` where there are none.
pub(crate) fn history() -> Option<History> {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../shared/data/ergast");
    if !folder.join("results.csv").exists() {
        return None;
    }
    let table = |name: &str| Table::read(&folder.join(name));
    let mut sprints: HashMap<(i32, i32), f64> = HashMap::new();
    let sprint_results = table("sprint_results.csv");
    for row in &sprint_results.rows {
        let number = |column| sprint_results.get::<i32>(row, column).unwrap();
        let points = sprint_results.get(row, "points").unwrap();
        sprints.insert((number("raceId"), number("driverId")), points);
    }
    let results = table("results.csv");
    let mut cars: HashMap<i32, Vec<Car>> = HashMap::new();
    for row in &results.rows {
        let number = |column| results.get::<i32>(row, column).unwrap();
        let (race, driver) = (number("raceId"), number("driverId"));
        let position = results.get(row, "position");
        cars.entry(race).or_default().push(Car {
            driver: DriverId(driver),
            constructor: ConstructorId(number("constructorId")),
            grid: results.get(row, "grid"),
            position_order: results.get(row, "positionOrder").unwrap(),
            position,
            outcome: outcome(results.text(row, "positionText"), number("statusId")),
            points: results.get(row, "points").unwrap(),
            sprint_points: sprints.get(&(race, driver)).copied().unwrap_or(0.0),
        });
    }
    let races = table("races.csv");
    let races = races.rows.iter().map(|row| {
        let number = |column| races.get::<i32>(row, column).unwrap();
        PastRace {
            id: RaceId(number("raceId")),
            season: number("year"),
            date: races.get(row, "date").unwrap(),
            circuit: CircuitId(number("circuitId")),
            cars: cars.remove(&number("raceId")).unwrap_or_default(),
        }
    });
    Some(History::new(races.collect()))
}

fn outcome(text: &str, status: i32) -> Outcome {
    let lapped = matches!(status, 11..=19 | 45 | 50 | 53 | 55 | 58 | 88 | 111..=120 | 122 | 123 | 125 | 127..=128 | 133 | 134);
    match text {
        "F" | "W" => Outcome::DidNotStart,
        "D" | "E" => Outcome::Disqualified,
        "N" => Outcome::NotClassified,
        _ if status == 1 => Outcome::Finished,
        _ if lapped => Outcome::Lapped,
        _ => Outcome::Retired,
    }
}

struct Table {
    columns: HashMap<String, usize>,
    rows: Vec<StringRecord>,
}

impl Table {
    fn read(path: &std::path::Path) -> Self {
        let mut reader = csv::Reader::from_path(path).unwrap();
        let columns = reader.headers().unwrap().iter().map(str::to_owned);
        Self {
            columns: columns.zip(0..).collect(),
            rows: reader.records().map(Result::unwrap).collect(),
        }
    }

    fn text<'a>(&self, row: &'a StringRecord, column: &str) -> &'a str {
        &row[self.columns[column]]
    }

    /// The value of a cell, `None` for `\N`.
    fn get<T: FromStr>(&self, row: &StringRecord, column: &str) -> Option<T> {
        self.text(row, column).parse().ok()
    }
}

fn print(report: &Report) {
    let s = &report.summary;
    println!(
        "{:10} {:15} {:5} {:8.4} {:8.4} {:6.3} {:6.3} {:7.4} {:8.3} {:8.3} {:7.4}",
        report.engine.to_string(),
        format!("{:?}", report.stage),
        s.races,
        s.winner_log_loss,
        s.winner_brier,
        s.hit,
        s.podium_overlap,
        s.rps,
        s.spearman,
        s.coverage_90,
        s.calibration_error,
    );
}

#[test]
fn the_engines_do_as_well_as_they_should_from_2018_to_2024() {
    let Some(history) = history() else {
        return;
    };
    println!(
        "engine     stage           races log-loss    brier    hit podium     rps spearman cover_90   calib"
    );
    let mut losses = HashMap::new();
    for engine in Registry::builtin().iter() {
        for stage in engine.stages() {
            let report = backtest(engine, &history, 2018..=2024, *stage)
                .unwrap()
                .unwrap();
            assert_eq!(report.summary.races, 149);
            print(&report);
            let loss = report.summary.winner_log_loss;
            losses.insert((engine.id().as_str(), *stage), loss);
        }
    }
    let loss = |engine, stage| losses[&(engine, stage)];
    let grid = loss("grid", Stage::PostQualifying);
    assert!((grid - 1.57).abs() < 0.01, "{grid}");
    assert!(loss("elo", Stage::PreWeekend) < loss("form", Stage::PreWeekend));
    assert!(loss("elo", Stage::PreWeekend) < 1.5);
    assert!(loss("elo", Stage::PostQualifying) < 1.35);
}

/// What the seasons compiled into the server can do by themselves.
#[test]
fn the_last_seasons_alone_are_enough_for_elo_to_beat_the_baselines() {
    let Some(history) = history() else {
        return;
    };
    let recent = history.races().iter().filter(|race| race.season >= 2018);
    let recent = History::new(recent.cloned().collect());
    let mut losses = HashMap::new();
    for engine in Registry::builtin().iter() {
        for stage in engine.stages() {
            let report = backtest(engine, &recent, 2018..=2024, *stage)
                .unwrap()
                .unwrap();
            print(&report);
            let loss = report.summary.winner_log_loss;
            losses.insert((engine.id().as_str(), *stage), loss);
        }
    }
    let loss = |engine, stage| losses[&(engine, stage)];
    assert!(loss("elo", Stage::PreWeekend) < loss("form", Stage::PreWeekend));
    assert!(loss("elo", Stage::PostQualifying) < loss("grid", Stage::PostQualifying));
}
