//! Saying it before the race: every engine's latest word is written down, until the session begins.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use engines::{Engine, Stage, Target};
use entities::{
    forecast::{self, Column},
    race,
};
use futures::future::join_all;
use sea_orm::{
    ActiveValue::{NotSet, Set},
    ColumnTrait, ConnectionTrait, DbErr, EntityTrait, QueryFilter,
};

use super::{
    Known, Origin,
    answer::{Asked, answer},
    available,
    basis::{basis, models},
    known,
    shelf::{Key, Versions},
    stage_name,
    stored::{live, pack, subject},
    turn,
};
use crate::{
    App,
    backtest::target_name,
    error::{Error, Result},
    event,
    model::FEATURE_REVISION,
};

/// What an engine says, ready to be written.
struct Said {
    key: Key,
    engine_revision: u32,
    model_id: Option<i32>,
    basis: String,
    generated_at: DateTime<Utc>,
    body: Vec<u8>,
}

/// Lets every engine that can answer now say what it thinks of a race and of its qualifying, at each
/// stage that the race has reached, and writes down what rests on something else than what was
/// written before; an event tells of each. How many those were: none when nothing has changed, when
/// both sessions have begun, or when the race is cancelled.
///
/// The engines that take long speak by their models in production; nothing is trained.
///
/// # Errors
/// [`Error::Conflict`] when races or models change again and again meanwhile, or when the database
/// fails. An engine that fails is left out.
pub async fn publish(app: &App, race: &race::Model) -> Result<usize> {
    for pause in turn::pauses() {
        let known = known(app).await?;
        let looked_at = known.shelf().versions;
        let row = race::Entity::find_by_id(race.id).one(&app.db).await?;
        let Some(race) = row else { return Ok(0) };
        let said = say(app, &known, &race).await;
        if said.is_empty() {
            return Ok(0);
        }
        if let Some(written) = write(app, &known, looked_at, &race, said).await? {
            return Ok(written);
        }
        tokio::time::sleep(pause).await;
    }
    Err(turn::restless())
}

/// What is to be written, as far as it is known without a turn.
async fn say(app: &App, known: &Arc<Known>, race: &race::Model) -> Vec<Said> {
    if !available(known, race) {
        return Vec::new();
    }
    let now = app.clock.now();
    let reached = known.latest_stage(race);
    let mut questions = Vec::new();
    for target in Target::ALL {
        let stages = Stage::ALL.into_iter().filter(|stage| *stage <= reached);
        for stage in stages.filter(|_| !known.has_begun(race, target, now)) {
            let answering = app.engines.iter();
            let asked = Asked {
                race,
                stage,
                target,
            };
            let answering = answering.filter(|engine| engine.answers(stage, target));
            questions.extend(answering.map(|engine| (engine, asked)));
        }
    }
    let answers = questions.into_iter().map(|(engine, asked)| async move {
        let said = say_one(app, known, engine, asked).await;
        said.unwrap_or_else(|error| {
            let (engine, race) = (engine.id().as_str(), race.reference.as_str());
            tracing::error!(%error, engine, race, "an engine could not say what it thinks");
            None
        })
    });
    join_all(answers).await.into_iter().flatten().collect()
}

/// None when it has said so already, or cannot say anything now.
async fn say_one(
    app: &App,
    known: &Arc<Known>,
    engine: &dyn Engine,
    asked: Asked<'_>,
) -> Result<Option<Said>> {
    let shelf = known.shelf();
    let key = asked.of(engine);
    let models = models(&shelf, &app.engines, engine);
    let entrants = known.race_to_forecast(asked.race, asked.stage);
    let Some((models, entrants)) = models.zip(entrants) else {
        return Ok(None);
    };
    let basis = basis(known, engine, asked, &entrants, &models);
    let said = shelf.word(key);
    if said.is_some_and(|word| word.is_frozen() || word.0.fingerprint == basis) {
        return Ok(None);
    }
    let forecast = match answer(app, known, engine, asked, false).await {
        Err(Error::Unavailable(_)) => None,
        forecast => forecast?,
    };
    let Some(forecast) = forecast else {
        return Ok(None);
    };
    let model = forecast.model.and_then(|_| shelf.production(engine.id()));
    Ok(Some(Said {
        key,
        engine_revision: engine.revision(),
        model_id: model.map(|model| model.id),
        basis,
        generated_at: forecast.generated_at,
        body: pack(&*forecast).map_err(|error| Error::Internal(error.to_string()))?,
    }))
}

/// Writes what is still to be written when it is this process's turn; `None` when it was said of
/// races or by models that have changed since.
async fn write(
    app: &App,
    known: &Known,
    looked_at: Versions,
    race: &race::Model,
    said: Vec<Said>,
) -> Result<Option<usize>> {
    let Some(transaction) = turn::take(app, known, looked_at).await? else {
        return Ok(None);
    };
    let stored = live().filter(Column::RaceId.eq(race.id));
    let stored = stored.all(&transaction).await?;
    // Waiting for the turn may have taken until the session began.
    let now = app.clock.now();
    let mut written = 0;
    for said in said {
        if known.has_begun(race, said.key.target, now) {
            continue;
        }
        let row = stored.iter().find(|row| {
            let key = Key::named(&app.engines, row);
            key == Some(said.key)
        });
        if row.is_some_and(|row| row.frozen_at.is_some() || row.fingerprint == said.basis) {
            continue;
        }
        let Key {
            engine,
            stage,
            target,
            ..
        } = said.key;
        let (stage, target) = (stage_name(stage), target_name(target));
        let subject = subject(&race.reference, engine.as_str(), stage, target);
        let kind = event::FORECAST_PUBLISHED;
        let sequence = event::append(&transaction, event::FORECAST, kind, &subject, now).await?;
        replace(&transaction, row.map(|row| row.id), said, sequence).await?;
        written += 1;
    }
    if written > 0 {
        transaction.commit().await?;
        app.bus.committed();
    }
    Ok(Some(written))
}

async fn replace<C: ConnectionTrait>(
    transaction: &C,
    id: Option<i32>,
    said: Said,
    sequence: i64,
) -> Result<(), DbErr> {
    let revision = |number: u32| i32::try_from(number).ok();
    let row = forecast::ActiveModel {
        id: NotSet,
        race_id: Set(said.key.race),
        engine: Set(said.key.engine.to_string()),
        stage: Set(stage_name(said.key.stage).to_owned()),
        target: Set(target_name(said.key.target).to_owned()),
        origin: Set(Origin::Live),
        model_id: Set(said.model_id),
        backtest_run_id: Set(None),
        generated_at: Set(said.generated_at),
        frozen_at: Set(None),
        fingerprint: Set(said.basis),
        body: Set(said.body),
        evaluation: Set(None),
        sequence: Set(Some(sequence)),
        engine_revision: Set(revision(said.engine_revision)),
        feature_revision: Set(revision(FEATURE_REVISION)),
        results: Set(None),
        evaluated_at: Set(None),
    };
    match id {
        Some(id) => {
            let update = forecast::Entity::update_many().set(row);
            update.filter(Column::Id.eq(id)).exec(transaction).await?;
        }
        None => {
            forecast::Entity::insert_many([row])
                .exec_without_returning(transaction)
                .await?;
        }
    }
    Ok(())
}
