//! Rulesets: weights with a name, a version and the seasons they are for.
//!
//! A league keeps the ruleset itself beside its scores, not only its name, so that an old
//! race is scored again by the rules it was played under. New figures are a new version
//! beside the old one, never a change of it.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

use super::weights::{Finish, QualifyingWeights, RulesetError, SEASONS, SessionWeights, Weights};
use crate::standings::points::FastestLapRule;
use crate::standings::season_rules::rules_of;

/// Which ruleset it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Kind {
    /// The official points of the championship.
    Official,
    /// Qualifying, places gained and more, in the style of the official fantasy game.
    Extended,
    /// A league's own weights.
    Custom,
}

/// The seasons a ruleset is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Seasons {
    pub first: i32,
    /// `None` while it goes on.
    pub last: Option<i32>,
}

impl Seasons {
    #[must_use]
    pub fn contain(&self, season: i32) -> bool {
        self.first <= season && self.last.is_none_or(|last| season <= last)
    }
}

/// A checked ruleset: one that exists keeps the bounds, read from storage or not.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Stated")]
pub struct Ruleset {
    kind: Kind,
    version: i32,
    seasons: Seasons,
    weights: Weights,
}

/// A ruleset as it is written down, not checked yet.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Stated {
    kind: Kind,
    version: i32,
    seasons: Seasons,
    weights: Weights,
}

impl TryFrom<Stated> for Ruleset {
    type Error = RulesetError;

    fn try_from(stated: Stated) -> Result<Self, RulesetError> {
        let Stated {
            kind,
            version,
            seasons,
            weights,
        } = stated;
        Self {
            kind,
            version,
            seasons,
            weights,
        }
        .checked()
    }
}

/// Nothing is worth anything: where the others start from.
const NOTHING: SessionWeights = SessionWeights {
    finish: Finish::Nothing,
    place_gained: 0,
    place_lost: 0,
    overtake: 0,
    fastest_lap: 0,
    not_classified: 0,
    disqualified: 0,
};

/// The drafted drivers' official race points as published. Sprint points are for the league
/// to say, see [`Ruleset::with_sprint_points`].
pub static OFFICIAL: Ruleset = Ruleset {
    kind: Kind::Official,
    version: 1,
    seasons: Seasons {
        first: 1950,
        last: None,
    },
    weights: Weights {
        qualifying: QualifyingWeights {
            positions: Cow::Borrowed(&[]),
            no_time: 0,
        },
        sprint: NOTHING,
        race: SessionWeights {
            finish: Finish::Published,
            ..NOTHING
        },
        driver_of_the_day: 0,
    },
};

/// The figures of the official fantasy game of 2026. Earlier seasons, played again, are
/// scored by them too until figures of their own stand beside these.
pub static EXTENDED: Ruleset = Ruleset {
    kind: Kind::Extended,
    version: 1,
    seasons: Seasons {
        first: 1950,
        last: None,
    },
    weights: Weights {
        qualifying: QualifyingWeights {
            positions: Cow::Borrowed(&[1000, 900, 800, 700, 600, 500, 400, 300, 200, 100]),
            no_time: -500,
        },
        sprint: SessionWeights {
            finish: Finish::Table(Cow::Borrowed(&[800, 700, 600, 500, 400, 300, 200, 100])),
            place_gained: 100,
            place_lost: -100,
            overtake: 100,
            fastest_lap: 500,
            not_classified: -1000,
            // No figure is published: a disqualified car is not classified either.
            disqualified: -1000,
        },
        race: SessionWeights {
            finish: Finish::Table(Cow::Borrowed(&[
                2500, 1800, 1500, 1200, 1000, 800, 600, 400, 200, 100,
            ])),
            place_gained: 100,
            place_lost: -100,
            overtake: 100,
            fastest_lap: 1000,
            not_classified: -2000,
            disqualified: -2000,
        },
        driver_of_the_day: 1000,
    },
};

/// The rulesets that Pitwall brings, all versions.
pub static BUILT_IN: [&Ruleset; 2] = [&OFFICIAL, &EXTENDED];

/// The latest version of a built-in ruleset for a season; none of custom ones.
#[must_use]
pub fn built_in(kind: Kind, season: i32) -> Option<&'static Ruleset> {
    BUILT_IN
        .into_iter()
        .filter(|ruleset| ruleset.kind == kind && ruleset.seasons.contain(season))
        .max_by_key(|ruleset| ruleset.version)
}

impl Ruleset {
    /// A league's own ruleset. `version` counts the league's changes, from 1.
    ///
    /// # Errors
    /// When a weight, a table, the version or the seasons are out of bounds, or the fastest
    /// lap would count twice.
    pub fn custom(version: i32, seasons: Seasons, weights: Weights) -> Result<Self, RulesetError> {
        Self {
            kind: Kind::Custom,
            version,
            seasons,
            weights,
        }
        .checked()
    }

    /// The same ruleset with the official sprint points as published, unless it has sprint
    /// points of its own.
    #[must_use]
    pub fn with_sprint_points(mut self) -> Self {
        if self.weights.sprint.finish == Finish::Nothing {
            self.weights.sprint.finish = Finish::Published;
        }
        self
    }

    #[must_use]
    pub const fn kind(&self) -> Kind {
        self.kind
    }

    #[must_use]
    pub const fn version(&self) -> i32 {
        self.version
    }

    #[must_use]
    pub const fn seasons(&self) -> Seasons {
        self.seasons
    }

    #[must_use]
    pub const fn weights(&self) -> &Weights {
        &self.weights
    }

    fn checked(self) -> Result<Self, RulesetError> {
        if self.version < 1 {
            return Err(RulesetError::Version(self.version));
        }
        let first = self.seasons.first;
        let last = self.seasons.last.unwrap_or(*SEASONS.end());
        if first > last || !SEASONS.contains(&first) || !SEASONS.contains(&last) {
            return Err(RulesetError::Seasons { first, last });
        }
        self.weights.check()?;
        let race = &self.weights.race;
        if race.finish == Finish::Published && race.fastest_lap != 0 {
            let contains_it = |season: &i32| rules_of(*season).fastest_lap != FastestLapRule::None;
            if let Some(season) = (first..=last).find(contains_it) {
                return Err(RulesetError::FastestLapTwice { season });
            }
        }
        Ok(self)
    }
}

#[cfg(test)]
mod tests;
