//! The list of engines. It knows their names and order, not how they work.

use std::fmt;

use crate::engine::{Engine, EngineId};
use crate::history::Stage;

/// The engines that can be asked for.
pub struct Registry {
    engines: Vec<Box<dyn Engine>>,
}

impl Registry {
    /// Every engine of this crate, as registered in `lib.rs`.
    #[must_use]
    pub fn builtin() -> Self {
        Self {
            engines: crate::registered(),
        }
    }

    /// The engines, in the order in which one is preferred for production; baselines last.
    pub fn iter(&self) -> impl Iterator<Item = &dyn Engine> {
        self.engines.iter().map(AsRef::as_ref)
    }

    /// The engine of that name, written as on the command line (`elo`) or in GraphQL (`ELO`).
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&dyn Engine> {
        self.iter()
            .find(|engine| engine.id().as_str() == name || engine.id().graphql_name() == name)
    }

    /// The engine of that id; every [`EngineId`] of a registered engine finds it.
    #[must_use]
    pub fn engine(&self, id: EngineId) -> Option<&dyn Engine> {
        self.iter().find(|engine| engine.id() == id)
    }

    /// The engine that answers at a stage when none is named: the first that is no baseline and
    /// supports it.
    #[must_use]
    pub fn production(&self, stage: Stage) -> Option<&dyn Engine> {
        self.iter()
            .find(|engine| !engine.is_baseline() && engine.stages().contains(&stage))
    }
}

impl fmt::Debug for Registry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.iter().map(Engine::id)).finish()
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn an_engine_is_found_by_either_spelling() {
        let registry = Registry::builtin();
        for engine in registry.iter() {
            let id = engine.id();
            assert_eq!(registry.get(id.as_str()).map(Engine::id), Some(id));
            assert_eq!(registry.get(&id.graphql_name()).map(Engine::id), Some(id));
            assert_eq!(registry.engine(id).map(Engine::id), Some(id));
        }
        assert!(registry.get("Elo").is_none());
    }

    #[test]
    fn names_are_unique_and_make_graphql_enum_values() {
        let ids: Vec<_> = Registry::builtin().iter().map(Engine::id).collect();
        assert_eq!(ids.iter().collect::<BTreeSet<_>>().len(), ids.len());
        for id in ids {
            let well_formed = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
            assert!(id.as_str().chars().all(well_formed), "{id}");
        }
    }

    #[test]
    fn every_stage_has_an_engine_for_production() {
        for stage in Stage::ALL {
            let registry = Registry::builtin();
            let engine = registry.production(stage).unwrap();
            assert_eq!(engine.id().as_str(), "ensemble");
        }
    }

    #[test]
    fn baselines_come_last() {
        let baselines: Vec<_> = Registry::builtin()
            .iter()
            .map(Engine::is_baseline)
            .collect();
        assert!(baselines.is_sorted());
    }
}
