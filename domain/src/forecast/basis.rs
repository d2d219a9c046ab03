//! What a forecast rests on: two of the same basis are the same.

use engines::{Engine, RaceToForecast, Registry};
use sha2::{Digest, Sha256};

use super::{answer::Asked, known::Known, quick::is_quick, shelf::Shelf, stage_name};
use crate::{backtest::target_name, model::FEATURE_REVISION};

/// Digest of the past races, the race as it is known at the stage, the engine, and the models that
/// speak.
pub(super) fn basis(
    known: &Known,
    engine: &dyn Engine,
    asked: Asked<'_>,
    entrants: &(RaceToForecast, bool),
    models: &str,
) -> String {
    let text = serde_json::to_vec(&(
        &known.past,
        &asked.race.reference,
        entrants,
        stage_name(asked.stage),
        target_name(asked.target),
        engine.id().as_str(),
        engine.revision(),
        FEATURE_REVISION,
        models,
    ));
    hex::encode(&Sha256::digest(text.unwrap_or_default())[..12])
}

/// The models in production of an engine and of those it learns from, by what they have learned;
/// `None` when one is missing. What is fitted in no time has none.
pub(super) fn models(shelf: &Shelf, engines: &Registry, engine: &dyn Engine) -> Option<String> {
    let mut all = Vec::new();
    for id in engine.members().iter().copied().chain([engine.id()]) {
        if !engines.engine(id).is_some_and(is_quick) {
            let model = shelf.production(id)?;
            all.push(model.sha256.get(..12).unwrap_or_default().to_owned());
        }
    }
    Some(all.join("+"))
}
