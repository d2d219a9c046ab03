//! How a trained model is stored, and whether a stored one may be used.

use engines::{Engine, Model};
use entities::model;
use sha2::{Digest, Sha256};

use super::{FEATURE_REVISION, revision};

/// Saved models are long lists of similar numbers: more effort gains little.
const EFFORT: i32 = 3;

/// A saved model as it is stored.
pub(super) struct Packed {
    /// Compressed.
    pub content: Vec<u8>,
    /// Of what was compressed.
    pub sha256: String,
    /// Size of what was compressed.
    pub bytes: i32,
}

/// Prepares a saved model for the database.
pub(super) fn pack(saved: &str) -> Result<Packed, String> {
    let content = zstd::bulk::compress(saved.as_bytes(), EFFORT);
    Ok(Packed {
        content: content.map_err(|error| error.to_string())?,
        sha256: digest(saved.as_bytes()),
        bytes: i32::try_from(saved.len()).map_err(|_| "the model is too large".to_owned())?,
    })
}

/// Why a model of other revisions is not used; none when it is of these.
pub(super) fn stale(row: &model::Model, engine: &dyn Engine) -> Option<String> {
    let (name, version) = (&row.engine, row.version);
    let now = revision(engine.revision());
    if row.engine_revision != now {
        return Some(format!(
            "{name} version {version} was trained by revision {} of the engine, which is at {now}",
            row.engine_revision
        ));
    }
    let now = revision(FEATURE_REVISION);
    (row.feature_revision != now).then(|| {
        format!(
            "{name} version {version} was trained on revision {} of the features, which are at {now}",
            row.feature_revision
        )
    })
}

/// What was compressed, if it still is what was stored.
pub(super) fn unpack(row: &model::Model, content: &[u8]) -> Result<Vec<u8>, String> {
    let size = usize::try_from(row.bytes).unwrap_or(0);
    zstd::bulk::decompress(content, size)
        .ok()
        .filter(|saved| digest(saved) == row.sha256)
        .ok_or_else(|| {
            format!(
                "the artifact of {} version {} is damaged: its SHA-256 is not the recorded one",
                row.engine, row.version
            )
        })
}

/// The model, or why it is refused.
pub(super) fn load(
    row: &model::Model,
    content: &[u8],
    engine: &dyn Engine,
) -> Result<Box<dyn Model>, String> {
    if let Some(reason) = stale(row, engine) {
        return Err(reason);
    }
    let unreadable = |error: String| {
        format!(
            "{} version {} cannot be read: {error}",
            row.engine, row.version
        )
    };
    let saved = String::from_utf8(unpack(row, content)?);
    let saved = saved.map_err(|error| unreadable(error.to_string()))?;
    engine
        .load(&saved)
        .map_err(|error| unreadable(error.to_string()))
}

/// SHA-256 in hex.
fn digest(bytes: &[u8]) -> String {
    hex::encode(&Sha256::digest(bytes)[..])
}

#[cfg(test)]
mod tests {
    use chrono::DateTime;
    use engines::{History, Registry};

    use super::*;

    fn stored(engine: &dyn Engine) -> (model::Model, Vec<u8>) {
        let saved = engine.fit(&History::new(Vec::new())).unwrap().save();
        let packed = pack(&saved.unwrap()).unwrap();
        let row = model::Model {
            id: 1,
            engine: engine.id().to_string(),
            version: 7,
            engine_revision: revision(engine.revision()),
            feature_revision: revision(FEATURE_REVISION),
            trained_at: DateTime::UNIX_EPOCH,
            trained_through: None,
            trained_on: 0,
            fingerprint: String::new(),
            hyperparameters: "[]".to_owned(),
            seconds: 0.0,
            sha256: packed.sha256,
            bytes: packed.bytes,
            record: None,
            held_back: None,
        };
        (row, packed.content)
    }

    #[test]
    fn every_engine_reads_back_what_it_saved() {
        let registry = Registry::builtin();
        // An engine that learns from others has nothing to learn from here.
        for engine in registry.iter().filter(|engine| engine.members().is_empty()) {
            let (row, content) = stored(engine);
            let model = load(&row, &content, engine).unwrap();
            let again = pack(&model.save().unwrap()).unwrap();
            assert_eq!(again.sha256, row.sha256, "{}", engine.id());
        }
    }

    #[test]
    fn a_flipped_bit_anywhere_is_found() {
        let registry = Registry::builtin();
        let engine = registry.get("elo").unwrap();
        let (row, content) = stored(engine);
        for place in 0..content.len() {
            let mut damaged = content.clone();
            damaged[place] ^= 1;
            // Some bits of the frame's head mean nothing; what comes out is then what went in.
            match load(&row, &damaged, engine) {
                Ok(model) => assert_eq!(
                    pack(&model.save().unwrap()).unwrap().sha256,
                    row.sha256,
                    "byte {place}"
                ),
                Err(reason) => assert!(reason.contains("damaged"), "{reason}"),
            }
        }
        assert!(load(&row, &[], engine).is_err());
    }

    #[test]
    fn a_model_of_another_revision_is_refused_with_the_reason() {
        let registry = Registry::builtin();
        let engine = registry.get("elo").unwrap();
        let (row, content) = stored(engine);
        let mut other = row.clone();
        other.engine_revision += 1;
        let reason = load(&other, &content, engine).unwrap_err();
        assert!(reason.contains("of the engine"), "{reason}");
        let mut other = row;
        other.feature_revision += 1;
        let reason = load(&other, &content, engine).unwrap_err();
        assert!(reason.contains("of the features"), "{reason}");
    }
}
