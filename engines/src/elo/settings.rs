//! What the Elo engine is set to.
//!
//! The defaults were chosen by coordinate search, walking forward over the 330 races of 2000 to
//! 2017 (ratings from 1980 on), on the log-loss of the winner before and after qualifying plus 0.3
//! times that of the second among the rest and the third among the rest; then rounded. That the
//! order of qualifying counts and not that of the grid, and how much practice does (0.5 to 2 are
//! alike), was chosen by the winner's log-loss over 1990 to 2005 and over 2006 to 2017. Later seasons
//! were not looked at, so that they can be reported; all sprints lie in them, so their order counts
//! as that of qualifying does.

use serde::{Deserialize, Serialize};

use super::comparisons::RatingSettings;
use crate::draws::as_f64;
use crate::engine::Hyperparameter;
use crate::rating::PoolSettings;

/// What the engine is set to. All ratings are on the natural log scale, where a lead of 1 wins
/// 73 % of comparisons; see [`super::history`] for the scale people know.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct EloSettings {
    /// How ratings move.
    pub ratings: RatingSettings,
    /// Places of each race from which the logit learns.
    pub places: usize,
    /// Weight of a race for the logit after one more race.
    pub memory: f64,
}

impl Default for EloSettings {
    fn default() -> Self {
        Self {
            ratings: RatingSettings {
                driver: PoolSettings {
                    start: -0.25,
                    start_variance: 0.25,
                    race_variance: 0.0001,
                    season_variance: 0.01,
                    season_kept: 0.85,
                },
                constructor: PoolSettings {
                    start: -0.1,
                    start_variance: 0.35,
                    race_variance: 0.006,
                    season_variance: 0.3,
                    season_kept: 0.6,
                },
                race_weight: 6.0,
                qualifying_weight: 1.6,
                practice_weight: 1.0,
                retired_weight: 0.0,
            },
            places: 1,
            memory: 0.996,
        }
    }
}

impl EloSettings {
    /// Every setting by name.
    pub(super) fn list(&self) -> Vec<Hyperparameter> {
        let EloSettings {
            ratings:
                RatingSettings {
                    driver,
                    constructor,
                    race_weight,
                    qualifying_weight,
                    practice_weight,
                    retired_weight,
                },
            places,
            memory,
        } = self;
        let line = |name, value, description| Hyperparameter {
            name,
            value,
            description,
        };
        let start = "rating of a newcomer relative to the field, natural log scale";
        let start_variance = "variance of a newcomer's rating";
        let race_variance = "variance added per race";
        let season_variance = "variance added per season";
        let season_kept = "part of the distance from the mean kept from season to season";
        vec![
            line("driver_start", driver.start, start),
            line(
                "driver_start_variance",
                driver.start_variance,
                start_variance,
            ),
            line("driver_race_variance", driver.race_variance, race_variance),
            line(
                "driver_season_variance",
                driver.season_variance,
                season_variance,
            ),
            line("driver_season_kept", driver.season_kept, season_kept),
            line("constructor_start", constructor.start, start),
            line(
                "constructor_start_variance",
                constructor.start_variance,
                start_variance,
            ),
            line(
                "constructor_race_variance",
                constructor.race_variance,
                race_variance,
            ),
            line(
                "constructor_season_variance",
                constructor.season_variance,
                season_variance,
            ),
            line(
                "constructor_season_kept",
                constructor.season_kept,
                season_kept,
            ),
            line(
                "race_weight",
                *race_weight,
                "independent comparisons a race is worth to a car",
            ),
            line(
                "qualifying_weight",
                *qualifying_weight,
                "independent comparisons the order of qualifying, or of a sprint, is worth",
            ),
            line(
                "practice_weight",
                *practice_weight,
                "independent comparisons the order of practice is worth",
            ),
            line(
                "retired_weight",
                *retired_weight,
                "weight of a comparison lost by retiring",
            ),
            line(
                "places",
                as_f64(*places),
                "places of each race from which the logit learns",
            ),
            line(
                "memory",
                *memory,
                "weight of a race for the logit after one more race",
            ),
        ]
    }
}
