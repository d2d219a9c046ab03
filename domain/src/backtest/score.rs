//! How well engines did over the same races, beside a yardstick.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use engines::{
    EngineId,
    evaluation::{Calibration, PairedDifference, Summary},
};

use super::{Evaluated, Walk};

/// What an engine's walk came to, race by race.
#[derive(Debug, Clone)]
pub struct Results {
    pub engine: EngineId,
    pub started_at: DateTime<Utc>,
    pub seconds: f64,
    /// An earlier revision of the engine or of the features was walked.
    pub outdated: bool,
    pub races: Vec<Evaluated>,
}

/// How well an engine did.
#[derive(Debug, Clone, PartialEq)]
pub struct Score {
    pub engine: EngineId,
    pub started_at: DateTime<Utc>,
    pub seconds: f64,
    /// An earlier revision of the engine or of the features was walked.
    pub outdated: bool,
    pub summary: Summary,
    pub calibration: Calibration,
    /// None for the baseline itself, and where that has no race in common.
    pub difference: Option<Difference>,
    /// The earliest season first.
    pub by_season: Vec<(i32, Summary)>,
}

/// An engine's winner log-loss beside a baseline's, over the races that both forecast.
#[derive(Debug, Clone, PartialEq)]
pub struct Difference {
    pub baseline: EngineId,
    pub paired: PairedDifference,
    /// The mean log-loss as a share of the baseline's; below 1 when the engine is better.
    pub ratio: f64,
}

impl From<&Walk> for Results {
    fn from(walk: &Walk) -> Self {
        let races = walk.report.races.iter().map(|race| Evaluated {
            race_id: race.race.0,
            season: race.season,
            circuit_id: race.circuit.0,
            evaluation: race.evaluation.clone(),
        });
        Self {
            engine: walk.report.engine,
            started_at: walk.started_at,
            seconds: walk.seconds,
            outdated: false,
            races: races.collect(),
        }
    }
}

/// Scores of engines, each beside the baseline if that is among them; engines without a race are
/// left out.
#[must_use]
pub fn scores(results: &[Results], baseline: Option<EngineId>) -> Vec<Score> {
    let yardstick = results.iter().find(|one| Some(one.engine) == baseline);
    results
        .iter()
        .filter_map(|one| score(one, yardstick))
        .collect()
}

fn score(results: &Results, yardstick: Option<&Results>) -> Option<Score> {
    let races = &results.races;
    let evaluations = || races.iter().map(|race| &race.evaluation);
    Some(Score {
        engine: results.engine,
        started_at: results.started_at,
        seconds: results.seconds,
        outdated: results.outdated,
        summary: Summary::of(evaluations())?,
        calibration: Calibration::of(evaluations())?,
        difference: yardstick
            .filter(|other| other.engine != results.engine)
            .and_then(|other| difference(results, other)),
        by_season: Summary::by_season(races.iter().map(|race| (race.season, &race.evaluation))),
    })
}

fn difference(results: &Results, baseline: &Results) -> Option<Difference> {
    let log_loss = |race: &Evaluated| (race.race_id, race.evaluation.winner_log_loss);
    let others: HashMap<i32, f64> = baseline.races.iter().map(log_loss).collect();
    let pairs = results.races.iter().map(log_loss);
    let pairs = pairs.filter_map(|(race, loss)| Some((loss, *others.get(&race)?)));
    let pairs: Vec<(f64, f64)> = pairs.collect();
    let sum = |(one, other): (f64, f64), pair: &(f64, f64)| (one + pair.0, other + pair.1);
    let (one, other) = pairs.iter().fold((0.0, 0.0), sum);
    Some(Difference {
        baseline: baseline.engine,
        paired: PairedDifference::of(&pairs)?,
        ratio: one / other,
    })
}
