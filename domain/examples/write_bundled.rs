//! Writes the bundled seasons 2018–2024 from an Ergast dump:
//! `cargo run -p domain --example write_bundled -- PATH_TO_ERGAST_DUMP`.
//!
//! What is left out and corrected stands in `domain/src/import/bundled/corrections.rs`. The
//! calendar of 2025 is no part of the dump and is kept by hand.

use std::{collections::BTreeMap, env, error::Error, fs, path::Path};

use domain::import::{
    bundled::{
        corrections, keep_mentioned,
        notation::{Season, write_people_and_places, write_season},
    },
    ergast::Ergast,
    record::RaceRecord,
    source::Source,
};

const FACTS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/src/import/bundled/facts");
const FIRST: i32 = 2018;
const LAST: i32 = 2024;

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let path = env::args()
        .nth(1)
        .ok_or("usage: write_bundled PATH_TO_ERGAST_DUMP")?;
    let mut dump = Ergast::open(Path::new(&path))?;
    let mut catalogue = dump.catalogue().await?;
    let mut seasons: BTreeMap<i32, Vec<RaceRecord>> = BTreeMap::new();
    while let Some(race) = dump.next_race().await {
        let race = race.map_err(|refused| format!("{refused:?}"))?;
        if (FIRST..=LAST).contains(&race.season) {
            let race = corrections::bundle(race, &catalogue)?;
            seasons.entry(race.season).or_default().push(race);
        }
    }
    if !(FIRST..=LAST).eq(seasons.keys().copied()) {
        return Err(format!("the dump has not all seasons from {FIRST} to {LAST}").into());
    }
    let races: Vec<RaceRecord> = seasons.values().flatten().cloned().collect();
    keep_mentioned(&mut catalogue, &races);
    corrections::complete(&mut catalogue);
    write(
        "people_and_places.txt",
        &write_people_and_places(&catalogue),
    )?;
    for (year, races) in seasons {
        write(
            &format!("{year}.txt"),
            &write_season(&Season { year, races })?,
        )?;
    }
    Ok(())
}

fn write(file: &str, text: &str) -> Result<(), Box<dyn Error>> {
    fs::write(Path::new(FACTS).join(file), text)?;
    println!("{file}: {} bytes", text.len());
    Ok(())
}
