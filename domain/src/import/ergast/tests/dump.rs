//! A small invented dump: two races of 2024 that two cars run, one season before them.

use std::{
    collections::BTreeMap,
    fs,
    io::Write,
    path::{Path, PathBuf},
};

use flate2::{Compression, write::GzEncoder};
use tempfile::TempDir;
use zip::{ZipWriter, write::SimpleFileOptions};

use crate::import::{
    ergast::Ergast,
    record::RaceRecord,
    source::{Problem, Refused, Source, SourceError},
};

const RACES: &str = "\
raceId,year,round,circuitId,name,date,time,url,fp1_date,fp1_time,fp2_date,fp2_time,fp3_date,\
fp3_time,quali_date,quali_time,sprint_date,sprint_time
12,2024,2,7,Second Grand Prix,2024-03-17,14:00:00,\\N,2024-03-15,10:30:00,2024-03-15,14:30:00,\
\\N,\\N,2024-03-16,14:00:00,2024-03-16,10:00:00
11,2024,1,7,First Grand Prix,2024-03-10,\\N,http://example.org/1,2024-03-08,\\N,\\N,\\N,\\N,\\N,\\N,\\N,\\N,\\N
";
const RESULTS: &str = "\
resultId,raceId,driverId,constructorId,number,grid,position,positionText,positionOrder,points,\
laps,time,milliseconds,fastestLap,rank,fastestLapTime,fastestLapSpeed,statusId
1,11,1,1,7,2,1,1,1,26,50,1:20:00.500,4800500,44,1,1:31.250,210.5,1
2,11,2,2,8,1,\\N,R,2,0,20,\\N,\\N,\\N,0,\\N,\\N,2
3,12,2,2,8,0,1,1,1,12.5,50,1:21:00.000,4860000,40,\\N,1:32.000,209.1,1
4,12,1,1,\\N,1,2,2,2,9.33,48,\\N,\\N,41,\\N,1:31.900,\\N,3
";
const DRIVERS: &str = "\
driverId,driverRef,number,code,forename,surname,dob,nationality,url
1,ada,7,ADA,Ada,Lane,1990-05-01,British ,\\N
2,bo,\\N,\\N,Bo,\"Moss, Jr.\",\\N,Danish,\\N
";
const OTHERS: [(&str, &str); 4] = [
    (
        "constructors.csv",
        "constructorId,constructorRef,name,nationality,url\n1,north,North,British,\\N\n2,south,South,Italian,\\N\n",
    ),
    (
        "circuits.csv",
        "circuitId,circuitRef,name,location,country,lat,lng,alt,url\n7,ring,The Ring,Town,Land,50.5,-6.25,-3,\\N\n",
    ),
    (
        "status.csv",
        "statusId,status\n1,Finished\n2,Gearbox\n3,+2 Laps\n",
    ),
    ("seasons.csv", "year,url\n2023,http://example.org/2023\n"),
];

/// Files of a dump, by name; changed line by line, then written out.
pub(super) struct Dump {
    files: BTreeMap<String, Vec<u8>>,
}

/// What came out of a dump.
pub(super) struct Outcome {
    pub(super) races: Vec<RaceRecord>,
    pub(super) refused: Vec<Refused>,
    pub(super) warnings: Vec<Problem>,
    pub(super) source: Ergast,
}

impl Dump {
    pub(super) fn new() -> Self {
        let mut dump = Self {
            files: BTreeMap::new(),
        };
        dump.file("races.csv", RACES);
        dump.file("results.csv", RESULTS);
        dump.file("drivers.csv", DRIVERS);
        for (name, text) in OTHERS {
            dump.file(name, text);
        }
        dump
    }

    /// Adds or replaces a file; compressed if its name says so.
    pub(super) fn file(&mut self, name: &str, text: &str) {
        let compressed = Path::new(name).extension().is_some_and(|end| end == "gz");
        let bytes = if compressed {
            let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
            encoder.write_all(text.as_bytes()).unwrap();
            encoder.finish().unwrap()
        } else {
            text.as_bytes().to_vec()
        };
        self.files.insert(name.to_owned(), bytes);
    }

    pub(super) fn remove(&mut self, name: &str) {
        self.files.remove(name).unwrap();
    }

    /// Moves a table into the folder `ergast`.
    pub(super) fn move_into_ergast(&mut self, stem: &str) {
        let bytes = self.files.remove(&format!("{stem}.csv")).unwrap();
        self.files.insert(format!("ergast/{stem}.csv"), bytes);
    }

    /// Replaces what stands once in a file.
    pub(super) fn replace(&mut self, name: &str, from: &str, to: &[u8]) {
        let bytes = self.files.get_mut(name).unwrap();
        let places: Vec<usize> = bytes
            .windows(from.len())
            .enumerate()
            .filter(|(_, window)| *window == from.as_bytes())
            .map(|(at, _)| at)
            .collect();
        assert_eq!(places.len(), 1, "{from} should stand once in {name}");
        bytes.splice(places[0]..places[0] + from.len(), to.iter().copied());
    }

    /// Adds a line at the end of a file.
    pub(super) fn line(&mut self, name: &str, line: &str) {
        let bytes = self.files.get_mut(name).unwrap();
        bytes.extend_from_slice(line.as_bytes());
        bytes.push(b'\n');
    }

    /// Cuts bytes off the end of a file.
    pub(super) fn cut(&mut self, name: &str, bytes: usize) {
        let file = self.files.get_mut(name).unwrap();
        file.truncate(file.len() - bytes);
    }

    /// Reads the dump from a folder.
    pub(super) fn read(&self) -> Outcome {
        let folder = self.folder();
        Outcome::of(folder.path()).unwrap()
    }

    /// Why the dump cannot be opened.
    pub(super) fn error(&self) -> SourceError {
        let folder = self.folder();
        Ergast::open(folder.path()).unwrap_err()
    }

    /// Writes the files into a fresh folder.
    pub(super) fn folder(&self) -> TempDir {
        let folder = tempfile::tempdir().unwrap();
        for (name, bytes) in &self.files {
            let path = folder.path().join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, bytes).unwrap();
        }
        folder
    }

    /// Writes the files into an archive, under a folder.
    pub(super) fn archive(&self, under: &str) -> (TempDir, PathBuf) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("dump.zip");
        let mut archive = ZipWriter::new(fs::File::create(&path).unwrap());
        for (name, bytes) in &self.files {
            let options = SimpleFileOptions::default();
            archive
                .start_file(format!("{under}{name}"), options)
                .unwrap();
            archive.write_all(bytes).unwrap();
        }
        archive.finish().unwrap();
        (folder, path)
    }
}

impl Outcome {
    pub(super) fn of(path: &Path) -> Result<Self, SourceError> {
        let mut source = Ergast::open(path)?;
        let (mut races, mut refused) = (Vec::new(), Vec::new());
        while let Some(race) = source.read_race() {
            match race {
                Ok(race) => races.push(race),
                Err(reason) => refused.push(reason),
            }
        }
        assert_eq!(races.len() + refused.len(), source.race_count());
        Ok(Self {
            races,
            refused,
            warnings: source.warnings(),
            source,
        })
    }

    /// Asserts that the other race came through and this one was refused, for one reason.
    pub(super) fn assert_only_refused(&self, round: i32, reason: &str) {
        let reasons = |refused: &Refused| -> Vec<String> {
            refused.problems.iter().map(ToString::to_string).collect()
        };
        let refused: Vec<_> = self
            .refused
            .iter()
            .map(|race| (race.round, reasons(race)))
            .collect();
        assert_eq!(refused, [(round, vec![reason.to_owned()])]);
        let read: Vec<i32> = self.races.iter().map(|race| race.round).collect();
        assert_eq!(read, [3 - round]);
        assert_eq!(self.warnings, []);
    }

    pub(super) fn race(&self, season: i32, round: i32) -> &RaceRecord {
        let wanted = |race: &&RaceRecord| (race.season, race.round) == (season, round);
        self.races.iter().find(wanted).unwrap()
    }

    pub(super) fn note(&self, table: &str) -> Option<&'static str> {
        let tables = self.source.tables();
        tables
            .iter()
            .find(|count| count.table == table)
            .unwrap()
            .note
    }
}
