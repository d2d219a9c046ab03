//! A walk through past seasons: each race is forecast from the races before it, then evaluated.
//! It reads no clock; the caller takes the time.

use std::ops::RangeInclusive;

use serde::Serialize;

use crate::engine::{Engine, EngineError, EngineId};
use crate::evaluation::{Evaluation, Summary};
use crate::forecast::{Forecast, PAID_PLACES, forecast};
use crate::history::{History, RaceId, Stage};
use crate::retirement::Retirement;

/// One race of a back-test.
#[derive(Debug, Clone)]
pub struct RaceReport {
    /// Which race.
    pub race: RaceId,
    /// What was forecast.
    pub forecast: Forecast,
    /// How good it was.
    pub evaluation: Evaluation,
}

/// How an engine did over some seasons.
#[derive(Debug, Clone, Serialize)]
pub struct Report {
    /// Which engine.
    pub engine: EngineId,
    /// At which stage.
    pub stage: Stage,
    /// The means over the races.
    #[serde(flatten)]
    pub summary: Summary,
    /// Race by race, oldest first.
    #[serde(skip)]
    pub races: Vec<RaceReport>,
}

/// Forecasts every race of `seasons` from the races before it. The engine is fitted at the start
/// of each season and observes each race after it was forecast. `None` when the history has no
/// race of these seasons.
///
/// # Errors
/// What the engine returns.
pub fn backtest(
    engine: &dyn Engine,
    history: &History,
    seasons: RangeInclusive<i32>,
    stage: Stage,
) -> Result<Option<Report>, EngineError> {
    let mut races = Vec::new();
    for season in seasons {
        races.extend(one_season(engine, history, season, stage)?);
    }
    let evaluations: Vec<_> = races
        .iter()
        .map(|race: &RaceReport| race.evaluation.clone())
        .collect();
    Ok(Summary::of(&evaluations).map(|summary| Report {
        engine: engine.id(),
        stage,
        summary,
        races,
    }))
}

fn one_season(
    engine: &dyn Engine,
    history: &History,
    season: i32,
    stage: Stage,
) -> Result<Vec<RaceReport>, EngineError> {
    let of_season = history.races().iter().filter(|race| race.season == season);
    let Some(first) = of_season.clone().next() else {
        return Ok(Vec::new());
    };
    let before = history.before(first.date);
    let mut model = engine.fit(&before)?;
    let mut retirement = Retirement::fit(&before);
    let mut reports = Vec::new();
    for race in of_season {
        let question = race.to_forecast(stage);
        if !question.entrants.is_empty() {
            let forecast = forecast(engine, &*model, &retirement, &question, stage, PAID_PLACES)?;
            let places: Vec<_> = race.places().into_iter().map(Some).collect();
            if let Some(evaluation) = Evaluation::of(&forecast, &places) {
                reports.push(RaceReport {
                    race: race.id,
                    forecast,
                    evaluation,
                });
            }
        }
        model.observe(race);
        retirement.observe(race);
    }
    Ok(reports)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::registry::Registry;
    use crate::synthetic;

    #[test]
    fn a_backtest_covers_the_seasons_asked_for() {
        let history = synthetic::history(11, 60, 12);
        let registry = Registry::builtin();
        let engine = registry.get("uniform").unwrap();
        let report = backtest(engine, &history, 2001..=2002, Stage::PreWeekend).unwrap();
        let report = report.unwrap();
        assert_eq!(report.summary.races, 40);
        assert!((report.summary.winner_log_loss - 12.0_f64.ln()).abs() < 1e-9);
        let none = backtest(engine, &history, 1990..=1991, Stage::PreWeekend).unwrap();
        assert!(none.is_none());
    }

    #[test]
    fn a_backtest_is_what_fitting_before_every_race_gives() {
        let history = synthetic::history(12, 40, 12);
        let registry = Registry::builtin();
        let engine = registry.get("elo").unwrap();
        let stage = Stage::PostQualifying;
        let report = backtest(engine, &history, 2001..=2001, stage)
            .unwrap()
            .unwrap();
        for (race, line) in history.races()[20..].iter().zip(&report.races) {
            let before = history.before(race.date);
            let model = engine.fit(&before).unwrap();
            let retirement = Retirement::fit(&before);
            let question = race.to_forecast(stage);
            let again = forecast(engine, &*model, &retirement, &question, stage, 10).unwrap();
            assert_eq!(again, line.forecast);
        }
    }
}
