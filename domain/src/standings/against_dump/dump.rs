//! The published tables as test input: races with their cars, and standings by race.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::fs::File;
use std::path::Path;

use crate::standings::comparison::PublishedStanding;
use crate::standings::rules::{Car, Competitor, RaceOfSeason};
use crate::standings::season_rules::Championship;

type Row = HashMap<String, String>;

/// A race of the dump, and what the dump says of it.
pub struct DumpRace {
    pub round: i32,
    circuit: String,
    cars: Vec<DumpCar>,
    pub drivers: Vec<PublishedStanding>,
    pub constructors: Vec<PublishedStanding>,
}

impl DumpRace {
    pub fn published(&self, championship: Championship) -> &[PublishedStanding] {
        match championship {
            Championship::Drivers => &self.drivers,
            Championship::Constructors => &self.constructors,
        }
    }
}

struct DumpCar {
    driver: i32,
    constructor: i32,
    position: Option<i32>,
    position_order: i32,
    qualified: bool,
    points: i32,
    sprint_points: i32,
}

/// The whole dump.
pub struct Dump {
    pub seasons: BTreeMap<i32, Vec<DumpRace>>,
    drivers: HashMap<i32, String>,
    constructors: HashMap<i32, String>,
}

impl Dump {
    /// The dump beside the repository, if it is there.
    pub fn open() -> Option<Self> {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/data/ergast");
        folder
            .join("races.csv")
            .exists()
            .then(|| Self::read(&folder))
    }

    pub fn name(&self, championship: Championship, id: i32) -> &str {
        match championship {
            Championship::Drivers => &self.drivers[&id],
            Championship::Constructors => &self.constructors[&id],
        }
    }

    /// The races of a season as the rules want them.
    pub fn races(&self, season: i32) -> Vec<RaceOfSeason<'_>> {
        let car = |car: &DumpCar| Car {
            driver: Competitor {
                id: car.driver,
                reference: self.name(Championship::Drivers, car.driver),
            },
            constructor: Competitor {
                id: car.constructor,
                reference: self.name(Championship::Constructors, car.constructor),
            },
            position: car.position,
            position_order: car.position_order,
            qualified: car.qualified,
            points: car.points,
            sprint_points: car.sprint_points,
        };
        let race = |race: &'_ DumpRace| race.cars.iter().map(car).collect();
        let of_season = self.seasons[&season].iter();
        of_season
            .map(|it| RaceOfSeason {
                round: it.round,
                circuit: &it.circuit,
                cars: race(it),
            })
            .collect()
    }

    fn read(folder: &Path) -> Self {
        let circuits = refs(folder, "circuits.csv", "circuitId", "circuitRef");
        let mut drivers = standings(folder, "driver_standings.csv", "driverId");
        let mut constructors = standings(folder, "constructor_standings.csv", "constructorId");
        let mut cars = cars(folder);
        let mut seasons: BTreeMap<i32, Vec<DumpRace>> = BTreeMap::new();
        for row in rows(folder, "races.csv") {
            let id = number(&row, "raceId");
            seasons
                .entry(number(&row, "year"))
                .or_default()
                .push(DumpRace {
                    round: number(&row, "round"),
                    circuit: circuits[&number(&row, "circuitId")].clone(),
                    cars: cars.remove(&id).unwrap_or_default(),
                    drivers: drivers.remove(&id).unwrap_or_default(),
                    constructors: constructors.remove(&id).unwrap_or_default(),
                });
        }
        for races in seasons.values_mut() {
            races.sort_by_key(|race| race.round);
        }
        Self {
            seasons,
            drivers: refs(folder, "drivers.csv", "driverId", "driverRef"),
            constructors: refs(
                folder,
                "constructors.csv",
                "constructorId",
                "constructorRef",
            ),
        }
    }
}

fn cars(folder: &Path) -> HashMap<i32, Vec<DumpCar>> {
    let key = |row: &Row| {
        (
            number(row, "raceId"),
            number(row, "driverId"),
            number(row, "constructorId"),
        )
    };
    let qualified: HashSet<_> = rows(folder, "qualifying.csv").iter().map(key).collect();
    let mut sprint: HashMap<_, i32> = rows(folder, "sprint_results.csv")
        .iter()
        .map(|row| (key(row), hundredths(&row["points"])))
        .collect();
    let mut cars: HashMap<i32, Vec<DumpCar>> = HashMap::new();
    for row in rows(folder, "results.csv") {
        let key = key(&row);
        let (race, driver, constructor) = key;
        cars.entry(race).or_default().push(DumpCar {
            driver,
            constructor,
            // Two rows of 2005 have the place in words only.
            position: row["position"]
                .parse()
                .or_else(|_| row["positionText"].parse())
                .ok(),
            position_order: number(&row, "positionOrder"),
            qualified: qualified.contains(&key),
            points: hundredths(&row["points"]),
            sprint_points: sprint.remove(&key).unwrap_or(0),
        });
    }
    assert!(sprint.is_empty(), "who ran a sprint has a row in the race");
    cars
}

fn standings(folder: &Path, file: &str, who: &str) -> HashMap<i32, Vec<PublishedStanding>> {
    let mut standings: HashMap<i32, Vec<PublishedStanding>> = HashMap::new();
    for row in rows(folder, file) {
        standings
            .entry(number(&row, "raceId"))
            .or_default()
            .push(PublishedStanding {
                who: number(&row, who),
                points: hundredths(&row["points"]),
                wins: number(&row, "wins"),
                position: row["position"].parse().ok(),
                position_text: row["positionText"].clone(),
            });
    }
    standings
}

fn refs(folder: &Path, file: &str, id: &str, reference: &str) -> HashMap<i32, String> {
    rows(folder, file)
        .into_iter()
        .map(|row| (number(&row, id), row[reference].clone()))
        .collect()
}

fn rows(folder: &Path, file: &str) -> Vec<Row> {
    let file = File::open(folder.join(file)).expect("the dump is complete");
    csv::Reader::from_reader(file)
        .deserialize()
        .map(|row| row.expect("the dump is well formed"))
        .collect()
}

fn number(row: &Row, column: &str) -> i32 {
    row[column].parse().expect("a number")
}

/// `1.33` is 133.
#[expect(clippy::cast_possible_truncation, reason = "points are small")]
fn hundredths(points: &str) -> i32 {
    (points.parse::<f64>().expect("points") * 100.0).round() as i32
}
