//! Whether a new version may answer in the place of the one that does.
//!
//! A model cannot be judged by races that it has learned from. What can be judged is its engine, as
//! it is now and learning from the races as they are known now, when it is walked through the last
//! seasons: the back-test. What that says of each race is the record of a version. A version whose
//! record is clearly worse than that of the version which answers is held back, since something is
//! wrong with the engine or with what it learned from; an administrator may promote it all the same.

use std::collections::BTreeMap;

use engines::{Engine, Stage, Target, evaluation::PairedDifference};
use entities::{forecast::Origin, model};
use sea_orm::{ActiveModelTrait, ActiveValue::Set, IntoActiveModel};

use super::{
    Version, kind,
    promote::{point, pointed, tell},
};
use crate::{
    App,
    backtest::{self, Walker},
    database::begin,
    error::{Error, Result},
};

/// The last races that are judged by, and the fewest that say anything.
const RACES: usize = 40;
const FEWEST: usize = 10;

/// −ln of the probability given to the winner, by the id of the race.
type Record = BTreeMap<i32, f64>;

/// Lets a new version answer, or holds it back; and keeps the record of the one that answers, for
/// the next one to be held against.
///
/// # Errors
/// When the database fails.
pub(super) async fn settle(app: &App, engine: &dyn Engine, new: Option<Version>) -> Result<()> {
    let Some(answering) = pointed(&app.db, engine.id().as_str()).await? else {
        return Ok(());
    };
    match new.filter(|new| new.row.id != answering.id) {
        Some(new) => {
            let record = record(app, engine).await?;
            decide(app, &answering, new.row, record).await
        }
        None if answering.record.is_none() => {
            let record = record(app, engine).await?;
            if !record.is_empty() {
                let mut row = answering.into_active_model();
                row.record = Set(Some(written(&record)?));
                row.update(&app.db).await?;
            }
            Ok(())
        }
        None => Ok(()),
    }
}

async fn decide(
    app: &App,
    answering: &model::Model,
    new: model::Model,
    record: Record,
) -> Result<()> {
    let (engine, version) = (new.engine.clone(), new.version);
    let before: Record = match &answering.record {
        // Written by another version, it says nothing.
        Some(record) => serde_json::from_str(record).unwrap_or_default(),
        None => Record::new(),
    };
    let held_back = worse(&record, &before).map(|difference| {
        format!(
            "version {} answers on: over the last {} races that the engine had not seen, −ln of the \
             probability given to the winner is {:.3} higher than it was for that version (95 % \
             interval {:.3} to {:.3})",
            answering.version,
            difference.races,
            difference.value,
            difference.low,
            difference.high
        )
    });
    let known_already = held_back.is_some() && new.held_back.is_some();
    let transaction = begin(&app.db).await?;
    let mut row = new.clone().into_active_model();
    row.record = Set((!record.is_empty()).then(|| written(&record)).transpose()?);
    row.held_back = Set(held_back.clone());
    row.update(&transaction).await?;
    match &held_back {
        None => point(app, &transaction, &new).await?,
        Some(_) if known_already => {}
        Some(_) => tell(app, &transaction, kind::HELD_BACK, &new).await?,
    }
    transaction.commit().await?;
    app.bus.committed();
    if let Some(reason) = held_back {
        tracing::warn!(engine, version, reason, "a new model is held back");
    }
    Ok(())
}

/// What the newest back-test says of the engine, at the latest stage.
async fn record(app: &App, engine: &dyn Engine) -> Result<Record> {
    let mut stages = Stage::ALL.into_iter().rev();
    let Some(stage) = stages.find(|stage| engine.answers(*stage, Target::Race)) else {
        return Ok(Record::new());
    };
    let walker = Walker {
        engine: engine.id(),
        stage,
        target: Target::Race,
        origin: Origin::Backtest,
    };
    let mut evaluated = backtest::evaluated(&app.db, &[walker]).await?;
    let races = evaluated.remove(&walker).unwrap_or_default();
    let last = races.iter().rev().take(RACES);
    Ok(last
        .map(|race| (race.race_id, race.evaluation.winner_log_loss))
        .collect())
}

/// By how much a record is worse than another, over the races of both; `None` when it may well not
/// be.
fn worse(new: &Record, before: &Record) -> Option<PairedDifference> {
    let pairs = new.iter();
    let pairs = pairs.filter_map(|(race, loss)| Some((*loss, *before.get(race)?)));
    let pairs: Vec<(f64, f64)> = pairs.collect();
    if pairs.len() < FEWEST {
        return None;
    }
    PairedDifference::of(&pairs).filter(|difference| difference.low > 0.0)
}

fn written(record: &Record) -> Result<String> {
    serde_json::to_string(record).map_err(|error| Error::Internal(error.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn losses(of: impl Fn(i32) -> f64, races: i32) -> Record {
        (1..=races).map(|race| (race, of(race))).collect()
    }

    #[test]
    fn only_what_is_clearly_worse_is_held_back() {
        let wavering = |race: i32| 1.0 + f64::from(race % 5) / 5.0;
        let before = losses(wavering, 40);
        assert_eq!(worse(&before, &before), None, "the same");
        let better = losses(|race| wavering(race) - 0.3, 40);
        assert_eq!(worse(&better, &before), None);
        let unlucky_once = losses(|race| wavering(race) + f64::from(race / 40), 40);
        assert_eq!(worse(&unlucky_once, &before), None);
        let clearly = losses(|race| wavering(race) + 0.3, 40);
        let found = worse(&clearly, &before).unwrap();
        assert_eq!(found.races, 40);
        assert!((found.value - 0.3).abs() < 1e-9);
    }

    #[test]
    fn few_races_say_nothing() {
        let before = losses(|_| 0.5, 40);
        let new = losses(|_| 2.0, 9);
        assert_eq!(worse(&new, &before), None);
        assert!(worse(&losses(|_| 2.0, 10), &before).is_some());
        // Others than those of before do not count.
        let others = (31..=70).map(|race| (race, 2.0)).collect();
        assert_eq!(worse(&others, &before).unwrap().races, 10);
    }
}
