//! Storing what was walked.

use std::{io, sync::Arc};

use engines::{Contribution, EntrantForecast, backtest::RaceReport, evaluation::Calibration};
use entities::{
    backtest_run::{self, Column},
    forecast::{self, Origin},
};
use sea_orm::{
    ActiveValue::{NotSet, Set},
    ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter,
};

use super::{Walk, target_name};
use crate::{
    App,
    database::begin,
    error::{Error, Result},
    event,
    forecast::{
        EntrantOfRace, FeaturePart, Known, RaceForecast, likeliest_first, pack as pack_forecast,
        stage_name,
    },
    model::FEATURE_REVISION,
};

/// Rows of one statement; both databases limit how many values it may have.
const ROWS: usize = 200;

/// A race of a walk as it is stored.
struct Said {
    race_id: i32,
    body: Vec<u8>,
    evaluation: String,
}

/// Stores walks, each in a transaction of its own; runs of the same engine over the same seasons
/// give way.
///
/// # Errors
/// When the database fails.
pub async fn store(app: &App, known: &Arc<Known>, walks: &[Arc<Walk>]) -> Result<()> {
    for walk in walks {
        let (packed, known) = (Arc::clone(walk), Arc::clone(known));
        let said = tokio::task::spawn_blocking(move || pack(&packed, &known))
            .await
            .map_err(|stopped| Error::Internal(stopped.to_string()))?
            .map_err(|error| Error::Internal(error.to_string()))?;
        write(app, walk, said).await?;
        app.bus.committed();
    }
    Ok(())
}

async fn write(app: &App, walk: &Walk, said: Vec<Said>) -> Result<()> {
    let report = &walk.report;
    let (stage, target) = (stage_name(report.stage), target_name(report.target));
    let now = app.clock.now();
    let transaction = begin(&app.db).await?;
    let subject = format!("{}/{stage}/{target}", report.engine);
    event::append(&transaction, event::BACKTEST, "stored", &subject, now).await?;
    backtest_run::Entity::delete_many()
        .filter(Column::Engine.eq(report.engine.as_str()))
        .filter(Column::Stage.eq(stage))
        .filter(Column::Target.eq(target))
        .filter(Column::FirstSeason.eq(walk.seasons.0))
        .filter(Column::LastSeason.eq(walk.seasons.1))
        .exec(&transaction)
        .await?;
    let run = insert(&transaction, walk).await?;
    for chunk in said.chunks(ROWS) {
        let rows = chunk.iter().map(|said| forecast::ActiveModel {
            id: NotSet,
            race_id: Set(said.race_id),
            engine: Set(report.engine.to_string()),
            stage: Set(stage.to_owned()),
            target: Set(target.to_owned()),
            origin: Set(Origin::Backtest),
            model_id: Set(None),
            backtest_run_id: Set(Some(run)),
            generated_at: Set(now),
            frozen_at: Set(None),
            fingerprint: Set(walk.fingerprint.clone()),
            body: Set(said.body.clone()),
            evaluation: Set(Some(said.evaluation.clone())),
            ..Default::default()
        });
        forecast::Entity::insert_many(rows)
            .exec_without_returning(&transaction)
            .await?;
    }
    transaction.commit().await?;
    Ok(())
}

async fn insert<C: ConnectionTrait>(transaction: &C, walk: &Walk) -> Result<i32> {
    let report = &walk.report;
    let text = |value: serde_json::Result<String>| {
        value.map_err(|error| Error::Internal(error.to_string()))
    };
    let number = |value: u32| i32::try_from(value).unwrap_or(i32::MAX);
    let calibration = Calibration::of(report.races.iter().map(|race| &race.evaluation));
    let row = backtest_run::ActiveModel {
        id: NotSet,
        engine: Set(report.engine.to_string()),
        engine_revision: Set(number(walk.engine_revision)),
        feature_revision: Set(number(FEATURE_REVISION)),
        stage: Set(stage_name(report.stage).to_owned()),
        target: Set(target_name(report.target).to_owned()),
        first_season: Set(walk.seasons.0),
        last_season: Set(walk.seasons.1),
        races: Set(i32::try_from(report.races.len()).unwrap_or(i32::MAX)),
        fingerprint: Set(walk.fingerprint.clone()),
        metrics: Set(text(serde_json::to_string(&report.summary))?),
        calibration: Set(text(serde_json::to_string(&calibration))?),
        started_at: Set(walk.started_at),
        seconds: Set(walk.seconds),
    };
    let row = backtest_run::Entity::insert(row);
    Ok(row.exec_with_returning(transaction).await?.id)
}

fn pack(walk: &Walk, known: &Known) -> io::Result<Vec<Said>> {
    let races = walk.report.races.iter();
    let said = |race: &RaceReport| {
        Ok(Said {
            race_id: race.race.0,
            body: pack_forecast(&answer(walk, race, known))?,
            evaluation: serde_json::to_string(&race.evaluation)?,
        })
    };
    races.map(said).collect()
}

/// What an engine said of a race, as any other forecast is kept.
fn answer(walk: &Walk, race: &RaceReport, known: &Known) -> RaceForecast {
    let races = known.history().races();
    let this = races.iter().find(|other| other.id == race.race);
    let before = races.partition_point(|other| this.is_some_and(|this| other.date < this.date));
    let entrants = race.forecast.entrants.iter().cloned();
    let entrants = entrants.zip(&race.contributions);
    let entrant = |(forecast, parts): (EntrantForecast, &Vec<Contribution>)| EntrantOfRace {
        contributions: rounded(parts, forecast.strength),
        forecast,
    };
    let mut entrants: Vec<EntrantOfRace> = entrants.map(entrant).collect();
    entrants.sort_by(likeliest_first);
    RaceForecast {
        engine: walk.report.engine.to_string(),
        stage: walk.report.stage,
        target: walk.report.target,
        origin: Origin::Backtest,
        model: None,
        race_id: race.race.0,
        trained_through: before.checked_sub(1).map(|last| races[last].id.0),
        trained_on: before,
        provisional: false,
        generated_at: walk.started_at,
        frozen: false,
        word: None,
        entrants,
    }
}

/// Contributions to six digits, which is half the room; the last makes up for it, so that they
/// still add up.
fn rounded(parts: &[Contribution], strength: f64) -> Vec<FeaturePart> {
    let part = |contribution: &Contribution| FeaturePart {
        feature: contribution.feature.to_owned(),
        value: (contribution.value * 1e6).round() / 1e6,
    };
    let mut parts: Vec<FeaturePart> = parts.iter().map(part).collect();
    let sum: f64 = parts.iter().map(|part| part.value).sum();
    if let Some(last) = parts.last_mut() {
        last.value += strength - sum;
    }
    parts
}
