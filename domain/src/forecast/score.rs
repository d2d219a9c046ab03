//! How well it was said, once the session is run: counted again when its results are corrected.

use std::{
    collections::{BTreeMap, HashMap},
    sync::Arc,
};

use chrono::{DateTime, Utc};
use engines::Evaluation;
use entities::{
    forecast::{self, Column},
    forecast_evaluation, race,
};
use sea_orm::{
    ActiveValue::Set, ColumnTrait, DatabaseTransaction, DbErr, EntityTrait, PaginatorTrait,
    QueryFilter,
};

use super::{
    Known, RaceForecast, known,
    shelf::Versions,
    stored::{Word, live, subject},
    turn,
};
use crate::{
    App,
    error::{Error, Result},
    event,
};

/// What is to be written of a forecast.
struct Scored {
    evaluation: String,
    results: String,
}

/// How well a forecast did, once its session is run: by the results as they are now.
#[must_use]
pub fn evaluate(known: &Known, forecast: &RaceForecast) -> Option<Evaluation> {
    let places = known.places(forecast.race_id, forecast.target, &forecast.entrants)?;
    let forecast = engines::Forecast {
        entrants: forecast
            .entrants
            .iter()
            .map(|entrant| entrant.forecast.clone())
            .collect(),
    };
    Evaluation::of(&forecast, &places)
}

/// Evaluates all frozen forecasts whose session has results that they were not evaluated on yet, and
/// says how many those were; an event tells of each. Evaluations on earlier results are kept.
///
/// # Errors
/// [`Error::Conflict`] when races change again and again meanwhile, or when the database fails.
pub async fn score(app: &App) -> Result<usize> {
    let mut written = 0;
    for pause in turn::pauses() {
        let known = known(app).await?;
        let looked_at = known.shelf().versions;
        match write_all(app, &known, looked_at, &mut written).await? {
            Outcome::Done => return Ok(written),
            Outcome::Outdated => tokio::time::sleep(pause).await,
        }
    }
    Err(turn::restless())
}

enum Outcome {
    Done,
    /// Races have changed since they were looked at.
    Outdated,
}

async fn write_all(
    app: &App,
    known: &Arc<Known>,
    looked_at: Versions,
    written: &mut usize,
) -> Result<Outcome> {
    for (race, words) in due(known) {
        let scored = evaluate_all(known, words).await?;
        if scored.is_empty() {
            continue;
        }
        let Some(transaction) = turn::take(app, known, looked_at).await? else {
            return Ok(Outcome::Outdated);
        };
        let new = write(app, &transaction, race, scored).await?;
        if new > 0 {
            transaction.commit().await?;
            app.bus.committed();
            *written += new;
        }
    }
    Ok(Outcome::Done)
}

/// Frozen forecasts by race, each with the results that it is to be evaluated on.
fn due(known: &Known) -> BTreeMap<i32, Vec<(Word, String)>> {
    let shelf = known.shelf();
    let mut results = HashMap::new();
    let mut due: BTreeMap<i32, Vec<(Word, String)>> = BTreeMap::new();
    for (key, word) in shelf.words().filter(|(_, word)| word.is_frozen()) {
        let session = (key.race, key.target);
        let results = results
            .entry(session)
            .or_insert_with(|| known.results(key.race, key.target))
            .clone();
        if let Some(results) = results
            && word.0.results.as_ref() != Some(&results)
        {
            let of_race = due.entry(key.race).or_default();
            of_race.push((word.clone(), results));
        }
    }
    due
}

/// Evaluations by database id of the forecast, worked out off the async threads.
async fn evaluate_all(
    known: &Arc<Known>,
    words: Vec<(Word, String)>,
) -> Result<BTreeMap<i32, Scored>> {
    let known = Arc::clone(known);
    let work = move || {
        let mut all = BTreeMap::new();
        for (word, results) in words {
            let forecast = match word.read(true) {
                Ok(forecast) => forecast,
                Err(error) => {
                    tracing::error!(%error, forecast = word.0.id, "it cannot be evaluated");
                    continue;
                }
            };
            // None when none of its entrants took part.
            if let Some(evaluation) = evaluate(&known, &forecast) {
                let evaluation = serde_json::to_string(&evaluation);
                let evaluation = evaluation.map_err(|error| Error::Internal(error.to_string()))?;
                let scored = Scored {
                    evaluation,
                    results,
                };
                all.insert(word.0.id, scored);
            }
        }
        Ok(all)
    };
    tokio::task::spawn_blocking(work)
        .await
        .map_err(|stopped| Error::Internal(stopped.to_string()))?
}

/// Writes what nobody has written meanwhile.
async fn write(
    app: &App,
    transaction: &DatabaseTransaction,
    race: i32,
    mut scored: BTreeMap<i32, Scored>,
) -> Result<usize, DbErr> {
    let race = race::Entity::find_by_id(race).one(transaction).await?;
    let Some(race) = race else { return Ok(0) };
    let rows = live().filter(Column::RaceId.eq(race.id));
    let now = app.clock.now();
    let mut written = 0;
    for row in rows.all(transaction).await? {
        let Some(scored) = scored.remove(&row.id) else {
            continue;
        };
        if row.frozen_at.is_none() || row.results.as_ref() == Some(&scored.results) {
            continue;
        }
        let subject = subject(&race.reference, &row.engine, &row.stage, &row.target);
        let id = row.id;
        keep_earlier(transaction, row, now).await?;
        let update = forecast::ActiveModel {
            evaluation: Set(Some(scored.evaluation)),
            results: Set(Some(scored.results)),
            evaluated_at: Set(Some(now)),
            ..Default::default()
        };
        let update = forecast::Entity::update_many().set(update);
        update.filter(Column::Id.eq(id)).exec(transaction).await?;
        let kind = event::FORECAST_SCORED;
        event::append(transaction, event::FORECAST, kind, &subject, now).await?;
        written += 1;
    }
    Ok(written)
}

async fn keep_earlier(
    transaction: &DatabaseTransaction,
    row: forecast::Model,
    now: DateTime<Utc>,
) -> Result<(), DbErr> {
    let (Some(evaluation), Some(results), Some(evaluated_at)) =
        (row.evaluation, row.results, row.evaluated_at)
    else {
        return Ok(());
    };
    let earlier = forecast_evaluation::Entity::find()
        .filter(forecast_evaluation::Column::ForecastId.eq(row.id))
        .count(transaction)
        .await?;
    let earlier = forecast_evaluation::ActiveModel {
        forecast_id: Set(row.id),
        revision: Set(i32::try_from(earlier + 1).unwrap_or(i32::MAX)),
        evaluation: Set(evaluation),
        results: Set(results),
        evaluated_at: Set(evaluated_at),
        superseded_at: Set(now),
    };
    forecast_evaluation::Entity::insert_many([earlier])
        .exec_without_returning(transaction)
        .await?;
    Ok(())
}
