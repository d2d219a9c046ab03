//! Fingerprints of what a source says, so that the same again is skipped unread.

use std::io::{self, Write};

use entities::race_source::Section;
use serde::Serialize;
use sha2::{Digest, Sha256};

use super::record::RaceRecord;

/// The parts that a record brings, each with the SHA-256 of its typed records in hex.
#[must_use]
pub fn sections(record: &RaceRecord) -> Vec<(Section, String)> {
    let calendar = (
        (&record.name, &record.circuit, record.round),
        (record.date, record.starts_at, &record.wikipedia_url),
        &record.sessions,
        record
            .status
            .map(|status| sea_orm::ActiveEnum::to_value(&status)),
    );
    let mut sections = vec![(Section::Calendar, fingerprint(&calendar))];
    let mut add = |section, empty: bool, digest: &dyn Fn() -> String| {
        if !empty {
            sections.push((section, digest()));
        }
    };
    add(Section::Qualifying, record.qualifying.is_empty(), &|| {
        fingerprint(&record.qualifying)
    });
    add(Section::Results, record.results.is_empty(), &|| {
        fingerprint(&record.results)
    });
    add(Section::Sprint, record.sprint.is_empty(), &|| {
        fingerprint(&record.sprint)
    });
    add(Section::Practice, record.practice.is_empty(), &|| {
        fingerprint(&record.practice)
    });
    add(Section::Laps, record.laps.is_empty(), &|| {
        fingerprint(&record.laps)
    });
    add(Section::PitStops, record.pit_stops.is_empty(), &|| {
        fingerprint(&record.pit_stops)
    });
    add(Section::Weather, record.weather.is_none(), &|| {
        fingerprint(&record.weather)
    });
    add(
        Section::RaceControl,
        record.race_control.is_empty(),
        &|| fingerprint(&record.race_control),
    );
    let standings = (&record.driver_standings, &record.constructor_standings);
    add(
        Section::Standings,
        standings.0.is_empty() && standings.1.is_empty(),
        &|| fingerprint(&standings),
    );
    sections
}

fn fingerprint<T: Serialize>(value: &T) -> String {
    let mut hasher = Hasher(Sha256::new());
    serde_json::to_writer(&mut hasher, value)
        .expect("records serialise and the hasher never fails");
    hex::encode(hasher.0.finalize())
}

struct Hasher(Sha256);

impl Write for Hasher {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.update(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
