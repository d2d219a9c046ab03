//! What the picks of a league brought in a race, line by line, and how that has changed.

use async_graphql::{Context, Enum, Object};
use chrono::{DateTime, Utc};
use domain::scoring::{self, Change, Haul, ScoredPick, ScoredRace, What, stored};
use entities::{
    league as league_row, pick_score, race, race_score,
    score_revision::{self, Reason},
    session::Kind,
};

use super::{
    directive::ListOf,
    driver::Driver,
    fantasy_team::FantasyTeam,
    leaderboard::{self, LeaderboardRow, season_or_latest, team},
    race::Race,
    ruleset::{ScoringRuleset, ScoringWeights},
    scalars::Decimal,
    session::SessionKind,
};
use crate::{
    error::{Result, from_domain},
    loaders::{Loaders, Many, One},
};

/// What points are given or taken for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(remote = "scoring::Part")]
pub enum ScorePart {
    /// The place in the classification.
    Position,
    /// Took part in qualifying and set no time.
    NoTime,
    /// Places between grid and flag, forwards.
    PlacesGained,
    /// Places between grid and flag, backwards.
    PlacesLost,
    Overtakes,
    FastestLap,
    NotClassified,
    Disqualified,
    DriverOfTheDay,
}

/// Why scores were written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(remote = "Reason")]
pub enum ScoreReason {
    /// There were none before.
    FirstScored,
    /// Results are others than before.
    ResultsCorrected,
    /// Other drivers count for picks than before.
    Substitution,
}

/// What is different about a pick.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
pub enum ScoreChangeKind {
    /// The driver who counts.
    CountedDriver,
    /// That driver's place in the race, which parts teams that are level on points.
    RacePosition,
    /// What something brought.
    Line,
}

pub struct RaceScore(One<race_score::Entity>);

/// What the picks of a league brought in a race.
#[Object(cache_control(private))]
impl RaceScore {
    async fn race(&self, ctx: &Context<'_>) -> Result<Race> {
        Race::load(ctx, self.0.race_id).await
    }

    /// Counts how often the scores were others than before, from 1.
    async fn revision(&self) -> i32 {
        self.0.revision
    }

    /// When they became what they are.
    async fn scored_at(&self) -> DateTime<Utc> {
        self.0.scored_at
    }

    /// By what they are scored, also after a correction.
    #[expect(clippy::unused_async, reason = "resolvers are async")]
    async fn ruleset(&self) -> Result<RaceRuleset> {
        let ruleset = stored::ruleset(&self.0).map_err(from_domain)?;
        Ok(RaceRuleset(ruleset))
    }

    /// The teams that took part, by their points.
    #[graphql(directive = ListOf::apply(11))]
    async fn leaderboard(&self, ctx: &Context<'_>) -> Result<Vec<LeaderboardRow>> {
        let haul = |row: &One<pick_score::Entity>| Haul {
            team_id: row.team_id,
            points: row.points,
            race_position: row.race_position,
        };
        let race = ScoredRace {
            race_id: self.0.race_id,
            hauls: self.rows(ctx).await?.iter().map(haul).collect(),
        };
        Ok(leaderboard::of_race(self.0.league_id, &race))
    }

    /// By team.
    #[graphql(directive = ListOf::apply(22))]
    async fn picks(&self, ctx: &Context<'_>) -> Result<Vec<PickScore>> {
        let rows = self.rows(ctx).await?;
        let league = self.0.league_id;
        let score = |pick| PickScore { league, pick };
        let picks = rows.iter().map(|row| stored::pick(row).map(score));
        let picks: domain::error::Result<_> = picks.collect();
        picks.map_err(from_domain)
    }

    /// How they have come to be what they are, the first scoring first.
    #[graphql(directive = ListOf::apply(3))]
    async fn score_history(&self, ctx: &Context<'_>) -> Result<Vec<ScoreRevision>> {
        let rows = Loaders::of(ctx).score_revisions.load(self.0.draft_id);
        let rows = rows.await?.unwrap_or_default();
        let revision = |row: &One<score_revision::Entity>| ScoreRevision {
            league: self.0.league_id,
            row: row.clone(),
        };
        Ok(rows.iter().map(revision).collect())
    }
}

impl RaceScore {
    async fn rows(&self, ctx: &Context<'_>) -> Result<Many<pick_score::Entity>> {
        let rows = Loaders::of(ctx).pick_scores.load(self.0.draft_id).await?;
        Ok(rows.unwrap_or_default())
    }
}

/// The scored races of a league in a season, in their order.
pub(super) async fn of_season(
    ctx: &Context<'_>,
    league: &league_row::Model,
    season: Option<i32>,
) -> Result<Vec<RaceScore>> {
    let season = season_or_latest(ctx, season).await?;
    let rows = Loaders::of(ctx).race_scores.load((league.id, season));
    let rows = rows.await?.unwrap_or_default();
    Ok(rows.iter().cloned().map(RaceScore).collect())
}

/// A race of a league; none until it is scored.
pub(super) async fn of_race(
    ctx: &Context<'_>,
    league: &league_row::Model,
    race: &race::Model,
) -> Result<Option<RaceScore>> {
    let scores = of_season(ctx, league, Some(race.season)).await?;
    Ok(scores.into_iter().find(|score| score.0.race_id == race.id))
}

pub struct RaceRuleset(scoring::Ruleset);

/// By what a race is scored.
#[Object(cache_control(private))]
impl RaceRuleset {
    async fn ruleset(&self) -> ScoringRuleset {
        self.0.kind().into()
    }

    /// Of that ruleset, from 1.
    async fn version(&self) -> i32 {
        self.0.version()
    }

    /// How much everything is worth.
    async fn weights(&self) -> ScoringWeights {
        ScoringWeights(self.0.weights().clone())
    }
}

pub struct PickScore {
    league: i32,
    pick: ScoredPick,
}

/// What a pick of a team brought.
#[Object(cache_control(private))]
impl PickScore {
    async fn team(&self, ctx: &Context<'_>) -> Result<FantasyTeam> {
        team(ctx, self.league, self.pick.team_id).await
    }

    /// Which of the team's picks, from 1.
    async fn number(&self) -> i32 {
        self.pick.number
    }

    /// Who was drafted; null if nobody was.
    async fn driver(&self, ctx: &Context<'_>) -> Option<Result<Driver>> {
        driver(ctx, self.pick.driver_id).await
    }

    /// Who counts: the drafted driver or who replaced him; null: no points.
    async fn counted_driver(&self, ctx: &Context<'_>) -> Option<Result<Driver>> {
        driver(ctx, self.pick.counted_driver_id).await
    }

    /// That driver's place in the classification of the race.
    async fn race_position(&self) -> Option<i32> {
        self.pick.race_position
    }

    /// The sum of the lines.
    async fn points(&self) -> Decimal {
        Decimal::hundredths(self.pick.points())
    }

    /// Why nobody counts; null when somebody does.
    async fn reason_for_nothing(&self) -> Option<&'static str> {
        self.pick.basis().reason_for_nothing()
    }

    /// What gave which points, session by session. What is worth nothing has no line.
    #[graphql(directive = ListOf::apply(6))]
    async fn lines(&self) -> Vec<ScoreLine> {
        let lines = self.pick.breakdown.lines();
        lines.iter().copied().map(ScoreLine).collect()
    }
}

pub struct ScoreLine(scoring::Line);

/// What gave some points, or took them.
#[Object(cache_control(private))]
impl ScoreLine {
    /// The session in which it was.
    async fn session(&self) -> SessionKind {
        session(self.0.session)
    }

    async fn part(&self) -> ScorePart {
        self.0.part.into()
    }

    /// The position, how many places or overtakes, or 1 for what happens once.
    async fn value(&self) -> i32 {
        self.0.worth.value
    }

    async fn points(&self) -> Decimal {
        Decimal::hundredths(self.0.worth.points)
    }
}

pub struct ScoreRevision {
    league: i32,
    row: One<score_revision::Entity>,
}

/// Scores of a race that were others than before.
#[Object(cache_control(private))]
impl ScoreRevision {
    /// From 1.
    async fn revision(&self) -> i32 {
        self.row.revision
    }

    async fn at(&self) -> DateTime<Utc> {
        self.row.at
    }

    async fn reason(&self) -> ScoreReason {
        self.row.reason.into()
    }

    /// What is different, by team and pick; empty in the first.
    #[graphql(directive = ListOf::apply(20))]
    #[expect(clippy::unused_async, reason = "resolvers are async")]
    async fn changes(&self) -> Result<Vec<ScoreChange>> {
        let changes = stored::changes_of(&self.row).map_err(from_domain)?;
        let league = self.league;
        let change = |change| ScoreChange { league, change };
        Ok(changes.into_iter().map(change).collect())
    }
}

pub struct ScoreChange {
    league: i32,
    change: Change,
}

/// What is different about a pick.
#[Object(cache_control(private))]
impl ScoreChange {
    async fn team(&self, ctx: &Context<'_>) -> Result<FantasyTeam> {
        team(ctx, self.league, self.change.team_id).await
    }

    /// Which of the team's picks, from 1.
    async fn pick(&self) -> i32 {
        self.change.number
    }

    /// Which of the fields below say more.
    async fn what(&self) -> ScoreChangeKind {
        match self.change.what {
            What::CountedDriver { .. } => ScoreChangeKind::CountedDriver,
            What::RacePosition { .. } => ScoreChangeKind::RacePosition,
            What::Line { .. } => ScoreChangeKind::Line,
        }
    }

    /// Of a line.
    async fn session(&self) -> Option<SessionKind> {
        match self.change.what {
            What::Line { session: of, .. } => Some(session(of)),
            _ => None,
        }
    }

    /// Of a line.
    async fn part(&self) -> Option<ScorePart> {
        match self.change.what {
            What::Line { part, .. } => Some(part.into()),
            _ => None,
        }
    }

    /// Who counted before.
    async fn driver_before(&self, ctx: &Context<'_>) -> Option<Result<Driver>> {
        match self.change.what {
            What::CountedDriver { from, .. } => driver(ctx, from).await,
            _ => None,
        }
    }

    /// Who counts since.
    async fn driver_after(&self, ctx: &Context<'_>) -> Option<Result<Driver>> {
        match self.change.what {
            What::CountedDriver { to, .. } => driver(ctx, to).await,
            _ => None,
        }
    }

    /// The position before, or the value of a line; null without one.
    async fn value_before(&self) -> Option<i32> {
        match self.change.what {
            What::RacePosition { from, .. } => from,
            What::Line { from, .. } => from.map(|worth| worth.value),
            What::CountedDriver { .. } => None,
        }
    }

    /// The same since.
    async fn value_after(&self) -> Option<i32> {
        match self.change.what {
            What::RacePosition { to, .. } => to,
            What::Line { to, .. } => to.map(|worth| worth.value),
            What::CountedDriver { .. } => None,
        }
    }

    /// How many points there are more, or less. All changes of a team add up to what its points of the
    /// race have changed by.
    async fn points(&self) -> Decimal {
        Decimal::hundredths(self.change.points())
    }
}

/// A driver, if there is one.
async fn driver(ctx: &Context<'_>, id: Option<i32>) -> Option<Result<Driver>> {
    Some(Driver::load(ctx, id?).await)
}

fn session(session: scoring::Session) -> SessionKind {
    match session {
        scoring::Session::Qualifying => Kind::Qualifying,
        scoring::Session::Sprint => Kind::Sprint,
        scoring::Session::Race => Kind::Race,
    }
    .into()
}
