//! What leagues choose: how they draft, and how they score.

use async_graphql::{Context, Enum, InputObject, MaybeUndefined, Object};
use chrono::{DateTime, Datelike, Utc};
use domain::{
    draft,
    league::{self, SettingsChange},
};
use entities::league_settings;

use super::{
    league::limit,
    race::Race,
    ruleset::{ScoringRuleset, ScoringWeights, ScoringWeightsInput},
    scalars::Date,
};
use crate::{
    error::{Code, Result, from_domain},
    loaders::One,
};

/// How the order of a race is gone through, round by round.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(remote = "draft::Method")]
pub enum DraftMethod {
    /// 1 to n, and again 1 to n.
    Sequential,
    /// 1 to n, then back from n to 1.
    Snake,
}

/// The session whose start closes a draft.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(remote = "draft::Lock")]
pub enum LockSession {
    /// Qualifying for the sprint; qualifying where the weekend has none.
    SprintQualifying,
    /// Qualifying for the Grand Prix.
    Qualifying,
    /// The Grand Prix.
    Race,
}

/// What becomes of picks that nobody has made when a draft closes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(remote = "draft::Unfilled")]
pub enum UnfilledPicks {
    /// The server makes them.
    Filled,
    /// Nobody does.
    LeftEmpty,
}

/// By what drivers are ranked when the server picks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(remote = "league::Ranking")]
pub enum PickRanking {
    /// The expected positions of the forecast.
    Forecast,
    /// The championship.
    Standings,
}

pub struct LeagueSettings {
    row: One<league_settings::Entity>,
    settings: league::LeagueSettings,
}

/// What a league has chosen, for the races from one on.
#[Object(cache_control(private))]
impl LeagueSettings {
    /// Counts the changes, from 1.
    async fn version(&self) -> i32 {
        self.row.version
    }

    /// The first race that they hold for; null when none was planned at the time.
    async fn from_race(&self, ctx: &Context<'_>) -> Option<Result<Race>> {
        let race = self.row.from_race_id?;
        Some(Race::load(ctx, race).await)
    }

    /// They hold for races from this day on.
    async fn from_date(&self) -> Date {
        Date(self.row.from_date)
    }

    /// When they were chosen.
    async fn changed_at(&self) -> DateTime<Utc> {
        self.row.created_at
    }

    /// How the order of a race is gone through.
    async fn draft_method(&self) -> DraftMethod {
        self.settings.method.into()
    }

    /// Drivers that each team drafts for a race.
    async fn rounds(&self) -> usize {
        self.settings.rounds
    }

    /// The session whose start closes the draft.
    async fn lock_session(&self) -> LockSession {
        self.settings.lock.into()
    }

    /// Where it is 08:00 on the Monday before the race when the draft opens; a name in the IANA
    /// database: `America/New_York`.
    async fn time_zone(&self) -> &str {
        self.settings.zone.0.name()
    }

    /// Seconds that a team has for a pick; null for as long as the draft is open.
    async fn pick_clock_seconds(&self) -> Option<u32> {
        self.settings.pick_clock_seconds
    }

    /// What becomes of picks that nobody has made when the draft closes.
    async fn unfilled_picks(&self) -> UnfilledPicks {
        self.settings.unfilled.into()
    }

    /// By what drivers are ranked when the server picks for a team whose queue has nobody left.
    async fn automatic_picks(&self) -> PickRanking {
        self.settings.ranking.into()
    }

    /// How picks are scored.
    async fn scoring(&self) -> LeagueScoring {
        LeagueScoring {
            version: self.row.version,
            season: self.row.from_date.year(),
            settings: self.settings.clone(),
        }
    }
}

impl LeagueSettings {
    /// From a row.
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn read(row: One<league_settings::Entity>) -> Result<Self> {
        let settings = league::LeagueSettings::read(&row.settings).map_err(from_domain)?;
        Ok(Self { row, settings })
    }
}

pub struct LeagueScoring {
    version: i32,
    season: i32,
    settings: league::LeagueSettings,
}

/// How a league scores picks.
#[Object(cache_control(private))]
impl LeagueScoring {
    async fn ruleset(&self) -> ScoringRuleset {
        self.settings.scoring.ruleset.into()
    }

    /// Whether the official points of sprints count, under a ruleset that has none of its own.
    async fn sprint_points(&self) -> bool {
        self.settings.scoring.sprint_points
    }

    /// How much everything is worth in the season from which the settings hold.
    #[expect(clippy::unused_async, reason = "resolvers are async")]
    async fn weights(&self) -> Result<ScoringWeights> {
        let ruleset = self.settings.ruleset(self.version, self.season);
        let ruleset = ruleset.map_err(|error| {
            tracing::error!(%error, "settings of a league have a ruleset that cannot be used");
            Code::Internal.error("the ruleset cannot be used")
        })?;
        Ok(ScoringWeights(ruleset.weights().clone()))
    }
}

/// How a league scores picks.
#[derive(Debug, Clone, InputObject)]
pub struct LeagueScoringInput {
    /// Which ruleset it is.
    ruleset: ScoringRuleset,
    /// Whether the official points of sprints count, under a ruleset that has none of its own.
    #[graphql(default)]
    sprint_points: bool,
    /// The league's own weights; with the ruleset `CUSTOM`, and only with it.
    weights: Option<ScoringWeightsInput>,
}

/// What to change of the settings of a league.
#[derive(Debug, Clone, Default, InputObject)]
pub struct LeagueSettingsInput {
    /// How the order of a race is gone through; `SEQUENTIAL` as usual.
    draft_method: Option<DraftMethod>,
    /// Drivers that each team drafts for a race, 1 to 5; 2 as usual.
    rounds: Option<i32>,
    /// The session whose start closes the draft; `QUALIFYING` as usual.
    lock_session: Option<LockSession>,
    /// Where it is 08:00 on the Monday before the race when the draft opens; `America/New_York` as
    /// usual.
    time_zone: Option<String>,
    /// Seconds that a team has for a pick, 10 to 604800; null for as long as the draft is open, which
    /// is usual.
    pick_clock_seconds: MaybeUndefined<i32>,
    /// What becomes of picks that nobody has made; `FILLED` as usual.
    unfilled_picks: Option<UnfilledPicks>,
    /// By what drivers are ranked when the server picks; `FORECAST` as usual.
    automatic_picks: Option<PickRanking>,
    /// How picks are scored; by official race points as usual. It is changed as a whole.
    scoring: Option<LeagueScoringInput>,
}

impl From<LeagueScoringInput> for league::Scoring {
    fn from(input: LeagueScoringInput) -> Self {
        Self {
            ruleset: input.ruleset.into(),
            weights: input.weights.map(Into::into),
            sprint_points: input.sprint_points,
        }
    }
}

impl From<LeagueSettingsInput> for SettingsChange {
    fn from(input: LeagueSettingsInput) -> Self {
        Self {
            method: input.draft_method.map(Into::into),
            rounds: input.rounds,
            lock: input.lock_session.map(Into::into),
            zone: input.time_zone,
            pick_clock_seconds: limit(input.pick_clock_seconds),
            unfilled: input.unfilled_picks.map(Into::into),
            ranking: input.automatic_picks.map(Into::into),
            scoring: input.scoring.map(Into::into),
        }
    }
}
