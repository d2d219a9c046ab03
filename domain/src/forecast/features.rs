//! The table that the learned engines learn from, row by row: what was known of each starter before
//! its race, beside what came of it. For other tools to learn from the same; the engines make their
//! own.

use std::ops::RangeInclusive;

use chrono::NaiveDate;
use engines::{
    ConstructorId, DriverId, History, RaceId, Retirement, Stage, Target,
    features::{COLUMNS, Features, Tracker},
};

/// One starter of one race.
#[derive(Debug, Clone, PartialEq)]
pub struct FeatureRow {
    pub race: RaceId,
    pub season: i32,
    pub date: NaiveDate,
    pub driver: DriverId,
    pub constructor: ConstructorId,
    /// Place in the session, from 1, unclassified cars included.
    pub place: Option<u8>,
    /// Whether the place is an official one.
    pub classified: bool,
    /// Natural logarithm of the chance to be classified; 0 in qualifying, from which nobody retires.
    pub log_classified: f64,
    /// One number for each name of [`columns`], `None` where nothing was known.
    pub values: Vec<Option<f64>>,
}

/// Names of the columns that are known at a stage.
pub fn columns(stage: Stage) -> impl Iterator<Item = &'static str> {
    let known = COLUMNS.iter().filter(move |column| column.from <= stage);
    known.map(|column| column.name)
}

/// Hands out the rows of the seasons' races, oldest race first; each is made from earlier races
/// and from what is known at the stage.
///
/// # Errors
/// What `each` fails with.
pub fn walk<E>(
    history: &History,
    stage: Stage,
    target: Target,
    seasons: RangeInclusive<i32>,
    mut each: impl FnMut(FeatureRow) -> Result<(), E>,
) -> Result<(), E> {
    let mut tracker = Tracker::default();
    let mut retirement = Retirement::default();
    for race in history.races() {
        if seasons.contains(&race.season) {
            let asked = race.to_forecast(stage);
            let known = tracker.rows(&asked, stage);
            let chances = retirement.chances(&asked);
            let places = race.places(target);
            for (index, car) in race.starters().enumerate() {
                let place = places[index];
                let (classified, log_classified) = match target {
                    Target::Race => (car.classified(), (-chances[index]).ln_1p()),
                    Target::Qualifying => (place.is_some(), 0.0),
                };
                each(FeatureRow {
                    race: race.id,
                    season: race.season,
                    date: race.date,
                    driver: car.driver,
                    constructor: car.constructor,
                    place,
                    classified,
                    log_classified,
                    values: known_at(stage, &known[index]),
                })?;
            }
        }
        tracker.observe(race);
        retirement.observe(race);
    }
    Ok(())
}

fn known_at(stage: Stage, features: &Features) -> Vec<Option<f64>> {
    let values = COLUMNS.iter().zip(features.values());
    values
        .filter(|(column, _)| column.from <= stage)
        .map(|(_, value)| value)
        .collect()
}
