//! What a league can choose. Pure: no database, no clock.

use chrono::TimeDelta;
use chrono_tz::Tz;
use serde::{Deserialize, Serialize};

use crate::{
    draft::{Lock, Method, Setup, Unfilled, order::ROUNDS, window::ZONE},
    error::{Error, Result},
    scoring::{self, Kind, OFFICIAL, Ruleset, RulesetError, Seasons, Weights},
};

/// Drivers that a team may draft for a race.
const MOST_ROUNDS: usize = 5;

/// Seconds of a pick clock: from ten seconds to a week.
const PICK_CLOCK: std::ops::RangeInclusive<u32> = 10..=604_800;

/// All that a league can choose. What is added later gets a default, so that settings stored before
/// keep their meaning.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LeagueSettings {
    pub method: Method,
    /// Drivers that each team drafts for a race.
    pub rounds: usize,
    /// The session whose start closes the draft.
    pub lock: Lock,
    /// Where it is Monday, eight o'clock, when the draft opens.
    pub zone: Zone,
    /// How long a team has for a pick; `None` for as long as the draft is open.
    pub pick_clock_seconds: Option<u32>,
    /// What becomes of picks that nobody has made when the draft closes.
    pub unfilled: Unfilled,
    /// Whom the server picks for those whose queue has nobody left.
    pub ranking: Ranking,
    pub scoring: Scoring,
}

/// By what drivers are ranked when the server picks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Ranking {
    /// The expected positions of the forecast.
    #[default]
    Forecast,
    /// The championship.
    Standings,
}

/// How picks are scored.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Scoring {
    pub ruleset: Kind,
    /// Of a league's own ruleset, and only of that.
    pub weights: Option<Weights>,
    /// Whether the official points of sprints count, under a ruleset that has none of its own.
    pub sprint_points: bool,
}

/// A time zone of the IANA database, stored by its name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Zone(pub Tz);

impl TryFrom<String> for Zone {
    type Error = String;

    fn try_from(name: String) -> Result<Self, String> {
        let zone = name.parse::<Tz>();
        zone.map(Self)
            .map_err(|_| format!("there is no time zone {name:?}"))
    }
}

impl From<Zone> for String {
    fn from(zone: Zone) -> Self {
        zone.0.name().to_owned()
    }
}

impl Default for Scoring {
    fn default() -> Self {
        Self {
            ruleset: Kind::Official,
            weights: None,
            sprint_points: false,
        }
    }
}

impl Default for LeagueSettings {
    fn default() -> Self {
        Self {
            method: Method::default(),
            rounds: ROUNDS,
            lock: Lock::default(),
            zone: Zone(ZONE),
            pick_clock_seconds: None,
            unfilled: Unfilled::default(),
            ranking: Ranking::default(),
            scoring: Scoring::default(),
        }
    }
}

/// What becomes of a limit that there need not be.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Limit {
    /// It stays what it is.
    #[default]
    Kept,
    /// There is none any more.
    Lifted,
    /// It is another.
    Of(i32),
}

/// What to change; what is none stays.
#[derive(Debug, Clone, Default)]
pub struct SettingsChange {
    pub method: Option<Method>,
    pub rounds: Option<i32>,
    pub lock: Option<Lock>,
    pub zone: Option<String>,
    pub pick_clock_seconds: Limit,
    pub unfilled: Option<Unfilled>,
    pub ranking: Option<Ranking>,
    pub scoring: Option<Scoring>,
}

impl SettingsChange {
    /// The settings after the change, to be [checked](LeagueSettings::check) for when they hold.
    ///
    /// # Errors
    /// [`Error::BadInput`] for what cannot be.
    pub(super) fn apply(self, before: LeagueSettings) -> Result<LeagueSettings> {
        let zone = self.zone.map(zone).transpose()?;
        Ok(LeagueSettings {
            method: self.method.unwrap_or(before.method),
            rounds: self.rounds.map_or(Ok(before.rounds), rounds)?,
            lock: self.lock.unwrap_or(before.lock),
            zone: zone.unwrap_or(before.zone),
            pick_clock_seconds: match self.pick_clock_seconds {
                Limit::Kept => before.pick_clock_seconds,
                Limit::Lifted => None,
                Limit::Of(seconds) => Some(pick_clock(seconds)?),
            },
            unfilled: self.unfilled.unwrap_or(before.unfilled),
            ranking: self.ranking.unwrap_or(before.ranking),
            scoring: self.scoring.unwrap_or(before.scoring),
        })
    }
}

impl LeagueSettings {
    /// What of a draft they settle; its order is empty.
    #[must_use]
    pub fn setup(&self) -> Setup {
        let pick_clock = self.pick_clock_seconds.map(i64::from);
        Setup {
            method: self.method,
            rounds: self.rounds,
            order: Vec::new(),
            pick_clock: pick_clock.map(TimeDelta::seconds),
            unfilled: self.unfilled,
        }
    }

    /// As they are stored.
    pub(super) fn written(&self) -> Result<String> {
        serde_json::to_string(self).map_err(|error| Error::Internal(error.to_string()))
    }

    /// From what is stored.
    ///
    /// # Errors
    /// [`Error::Internal`] when it cannot be read.
    pub fn read(stored: &str) -> Result<Self> {
        serde_json::from_str(stored)
            .map_err(|error| Error::Internal(format!("settings of a league: {error}")))
    }

    /// Lets only settings pass by which races from a season on can be scored.
    ///
    /// # Errors
    /// [`Error::BadInput`] for others.
    pub(super) fn check(&self, season: i32) -> Result<()> {
        self.scoring.check(season)
    }

    /// The ruleset by which races of a season are scored. `version` is that of the settings.
    ///
    /// # Errors
    /// When the league's own weights cannot be used for that season.
    pub fn ruleset(&self, version: i32, season: i32) -> Result<Ruleset, RulesetError> {
        self.scoring.ruleset(version, season)
    }
}

impl Scoring {
    fn check(&self, season: i32) -> Result<()> {
        let own = self.ruleset == Kind::Custom;
        if own != self.weights.is_some() {
            return Err(Error::BadInput(
                "`weights` go with the ruleset CUSTOM, which cannot be without them".to_owned(),
            ));
        }
        let ruleset = self.ruleset(1, season);
        ruleset
            .map(|_| ())
            .map_err(|error| Error::BadInput(error.to_string()))
    }

    fn ruleset(&self, version: i32, season: i32) -> Result<Ruleset, RulesetError> {
        let ruleset = match &self.weights {
            Some(weights) => {
                let seasons = Seasons {
                    first: season,
                    last: None,
                };
                Ruleset::custom(version, seasons, weights.clone())?
            }
            None => scoring::built_in(self.ruleset, season)
                .unwrap_or(&OFFICIAL)
                .clone(),
        };
        Ok(if self.sprint_points {
            ruleset.with_sprint_points()
        } else {
            ruleset
        })
    }
}

fn zone(name: String) -> Result<Zone> {
    Zone::try_from(name).map_err(|wrong| {
        Error::BadInput(format!("{wrong}; expected one such as \"Europe/Monaco\""))
    })
}

fn rounds(rounds: i32) -> Result<usize> {
    let rounds = usize::try_from(rounds).ok();
    let fits = rounds.filter(|rounds| (1..=MOST_ROUNDS).contains(rounds));
    fits.ok_or_else(|| Error::BadInput(format!("`rounds` is a number from 1 to {MOST_ROUNDS}")))
}

fn pick_clock(seconds: i32) -> Result<u32> {
    let seconds = u32::try_from(seconds).ok();
    let fits = seconds.filter(|seconds| PICK_CLOCK.contains(seconds));
    fits.ok_or_else(|| {
        Error::BadInput(format!(
            "`pickClockSeconds` is a number from {} to {}, or null",
            PICK_CLOCK.start(),
            PICK_CLOCK.end()
        ))
    })
}

#[cfg(test)]
mod tests;
