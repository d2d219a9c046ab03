//! A small dump in Ergast's CSV format, made up for tests: two seasons, two races each, six
//! cars, with laps and pit stops.

use std::{collections::BTreeMap, fmt::Write, fs, path::PathBuf};

use tempfile::TempDir;

/// CSV tables that a test may change before they are written.
pub struct Dump {
    tables: BTreeMap<String, String>,
}

/// A dump on disk, taken away at the end of the test.
pub struct DumpFolder {
    folder: TempDir,
}

impl DumpFolder {
    /// Where it is.
    pub fn path(&self) -> PathBuf {
        self.folder.path().to_owned()
    }
}

const DRIVERS: [(&str, &str, &str); 6] = [
    ("adler", "Ada", "Adler"),
    ("borg", "Bo", "Borg"),
    ("cruz", "Carla", "Cruz"),
    ("dumas", "Dora", "Dumas"),
    ("eklund", "Eva", "Eklund"),
    ("fuchs", "Finn", "Fuchs"),
];
const POINTS: [u32; 6] = [25, 18, 15, 12, 10, 8];

impl Default for Dump {
    fn default() -> Self {
        Self::new()
    }
}

impl Dump {
    /// The tables as they should be.
    pub fn new() -> Self {
        let mut dump = Self {
            tables: BTreeMap::new(),
        };
        dump.people();
        dump.races();
        dump
    }

    fn people(&mut self) {
        let mut drivers =
            "driverId,driverRef,number,code,forename,surname,dob,nationality,url\n".to_owned();
        for (index, (reference, given, family)) in DRIVERS.iter().enumerate() {
            let id = index + 1;
            let _ = writeln!(
                drivers,
                "{id},{reference},{},{},{given},{family},1990-01-0{id},Swiss,\\N",
                10 + id,
                family[..3].to_uppercase()
            );
        }
        self.set("drivers.csv", &drivers);
        self.set(
            "constructors.csv",
            "constructorId,constructorRef,name,nationality,url\n1,north,North,British,\\N\n2,south,South,Italian,\\N\n3,west,West,French,\\N\n",
        );
        self.set(
            "circuits.csv",
            "circuitId,circuitRef,name,location,country,lat,lng,alt,url\n1,oldfield,Oldfield,Oldtown,Wales,52.1,-3.2,10,\\N\n2,seaside,Seaside Ring,Shoreham,Malta,35.9,14.4,2,\\N\n",
        );
        self.set(
            "status.csv",
            "statusId,status\n1,Finished\n2,Disqualified\n5,Engine\n11,+1 Lap\n",
        );
        self.set("seasons.csv", "year,url\n2030,\\N\n2031,\\N\n");
    }

    fn races(&mut self) {
        let mut races = "raceId,year,round,circuitId,name,date,time,url\n".to_owned();
        let mut results = "resultId,raceId,driverId,constructorId,number,grid,position,positionText,positionOrder,points,laps,time,milliseconds,fastestLap,rank,fastestLapTime,fastestLapSpeed,statusId\n".to_owned();
        let mut laps = "raceId,driverId,lap,position,time,milliseconds\n".to_owned();
        let mut stops = "raceId,driverId,stop,lap,time,duration,milliseconds\n".to_owned();
        let mut result = 0;
        for race in 1..=4_usize {
            let (year, round) = (2030 + (race - 1) / 2, (race - 1) % 2 + 1);
            let name = ["Welsh", "Maltese"][round - 1];
            let _ = writeln!(
                races,
                "{race},{year},{round},{round},{name} Grand Prix,{year}-0{}-12,13:00:00,\\N",
                round + 4
            );
            for place in 1..=6_usize {
                // Another winner every race.
                let driver = (place + race - 2) % 6 + 1;
                result += 1;
                let ms = 5_400_000 + place * 1_500;
                let (position, text, status, time) = if place == 6 {
                    ("\\N".to_owned(), "R".to_owned(), 5, "\\N".to_owned())
                } else {
                    (place.to_string(), place.to_string(), 1, ms.to_string())
                };
                let points = if place == 6 { 0 } else { POINTS[place - 1] };
                let _ = writeln!(
                    results,
                    "{result},{race},{driver},{},{},{place},{position},{text},{place},{points},{},\\N,{time},3,{place},1:30.{place}00,200.5,{status}",
                    driver.div_ceil(2),
                    10 + driver,
                    if place == 6 { 2 } else { 5 },
                );
                for lap in 1..=if place == 6 { 2 } else { 5 } {
                    let _ = writeln!(
                        laps,
                        "{race},{driver},{lap},{place},1:31.{lap}00,{}",
                        91_000 + lap * 100
                    );
                }
                let _ = writeln!(
                    stops,
                    "{race},{driver},1,2,14:0{place}:00,21.{place}00,21{place}00"
                );
            }
        }
        self.set("races.csv", &races);
        self.set("results.csv", &results);
        self.set("lap_times.csv", &laps);
        self.set("pit_stops.csv", &stops);
    }

    /// Replaces a table.
    pub fn set(&mut self, table: &str, text: &str) {
        self.tables.insert(table.to_owned(), text.to_owned());
    }

    /// Takes a table away.
    pub fn without(mut self, table: &str) -> Self {
        self.tables.remove(table);
        self
    }

    /// Replaces the only occurrence of a text in a table.
    pub fn with(mut self, table: &str, old: &str, new: &str) -> Self {
        let text = &self.tables[table];
        assert_eq!(text.matches(old).count(), 1, "{old:?} in {table}");
        let text = text.replacen(old, new, 1);
        self.set(table, &text);
        self
    }

    /// Writes the tables to a folder.
    pub fn write(&self) -> DumpFolder {
        let folder = tempfile::tempdir().expect("a temporary folder");
        for (table, text) in &self.tables {
            fs::write(folder.path().join(table), text).expect("a table is written");
        }
        DumpFolder { folder }
    }
}
