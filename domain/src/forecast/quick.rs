//! Engines that are fitted in no time, so that nothing of them is stored, and what these learned of the
//! races before one: questions about the same race share one fit.

use std::sync::Arc;

use engines::{Engine, EngineError, EngineId, History, Model, Retirement};
use moka::sync::Cache;

/// How many fits are kept: of the next race, and of the past ones that are being looked through.
const KEPT: u64 = 128;

/// Whether an engine is fitted in no time.
pub(super) fn is_quick(engine: &dyn Engine) -> bool {
    engine.refit_every().is_none() && engine.members().is_empty()
}

/// What was learned from the first races of one history, by how many these are. Who asks while another
/// is fitting waits for him.
pub(super) struct Fits {
    models: Cache<(EngineId, usize), Arc<dyn Model>>,
    retirements: Cache<usize, Arc<Retirement>>,
}

impl Default for Fits {
    fn default() -> Self {
        Self {
            models: Cache::new(KEPT),
            retirements: Cache::new(KEPT),
        }
    }
}

impl Fits {
    /// What a quick engine has learned from `history`, the beginning of the one whose fits these are.
    ///
    /// # Errors
    /// As [`Engine::fit`].
    pub(super) fn model(
        &self,
        engine: &dyn Engine,
        history: &History,
    ) -> Result<Arc<dyn Model>, EngineError> {
        let key = (engine.id(), history.races().len());
        let fit = || engine.fit(history).map(Arc::from);
        let alone = |error: Arc<EngineError>| {
            let shared = |error: Arc<EngineError>| EngineError::Library(error.to_string());
            Arc::try_unwrap(error).unwrap_or_else(shared)
        };
        self.models.try_get_with(key, fit).map_err(alone)
    }

    /// The same of the chances to retire.
    pub(super) fn retirement(&self, history: &History) -> Arc<Retirement> {
        let fit = || Arc::new(Retirement::fit(history));
        self.retirements.get_with(history.races().len(), fit)
    }
}

#[cfg(test)]
mod tests {
    use chrono::{Days, NaiveDate};
    use engines::{CircuitId, PastRace, RaceId, Registry};

    use super::*;

    fn race(number: u8) -> PastRace {
        let first = NaiveDate::from_ymd_opt(2024, 3, 1).unwrap();
        PastRace {
            id: RaceId(number.into()),
            season: 2024,
            date: first + Days::new(7 * u64::from(number)),
            circuit: CircuitId(1),
            wetness: None,
            cars: Vec::new(),
        }
    }

    #[test]
    fn questions_about_one_race_share_a_fit_and_those_about_the_next_do_not() {
        let history = History::new((0..3).map(race).collect());
        let before = |number| history.before(race(number).date);
        let (registry, fits) = (Registry::builtin(), Fits::default());
        let fitted = |engine, number| {
            let engine = registry.get(engine).unwrap();
            fits.model(engine, &before(number)).unwrap()
        };
        let elo = fitted("elo", 1);
        assert!(Arc::ptr_eq(&elo, &fitted("elo", 1)));
        assert!(!Arc::ptr_eq(&elo, &fitted("elo", 2)));
        assert!(!Arc::ptr_eq(&elo, &fitted("form", 1)));

        let retirement = fits.retirement(&before(1));
        assert!(Arc::ptr_eq(&retirement, &fits.retirement(&before(1))));
        assert!(!Arc::ptr_eq(&retirement, &fits.retirement(&before(2))));
    }
}
