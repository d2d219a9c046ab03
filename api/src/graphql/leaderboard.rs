//! Who leads in a league: over a race or a season, a team's way through a season, two teams against
//! each other, and news of it. Worked out from what the picks brought, which is kept for each league
//! and season until something happens in the league.

use async_graphql::{Context, Enum, ID, Object, Subscription};
use chrono::{DateTime, Utc};
use domain::{
    event,
    feed::Interest,
    scoring::{self, Outcome, RaceOfTeam, ScoredRace, stored},
};
use entities::{draft, fantasy_team, league as league_row, race};
use futures::{Stream, StreamExt};
use sea_orm::{ColumnTrait, DatabaseConnection, EntityTrait, QueryFilter};

use super::{
    app, db,
    directive::ListOf,
    fantasy_team::{FantasyTeam, fantasy_team_id},
    feed::{self, Change},
    league::League,
    live::SequenceGap,
    node::reference_of,
    race::Race,
    scalars::Decimal,
};
use crate::{
    error::{Code, Result, from_database},
    loaders::{Loaders, Many},
};

pub struct LeaderboardRow {
    league: i32,
    row: scoring::Row,
}

/// A team's place, over a race or a season. Level on points, the team leads whose drivers have won more
/// races, then that with more second places, and so on.
#[Object(cache_control(private))]
impl LeaderboardRow {
    /// From 1; teams that nothing parts share one, and the next is left out.
    async fn rank(&self) -> i32 {
        self.row.rank
    }

    async fn team(&self, ctx: &Context<'_>) -> Result<FantasyTeam> {
        team(ctx, self.league, self.row.team_id).await
    }

    async fn points(&self) -> Decimal {
        Decimal::hundredths(self.row.points)
    }

    /// Races that its drivers have won.
    async fn wins(&self) -> i32 {
        self.row.wins()
    }
}

pub struct TeamRace(RaceOfTeam);

/// A race in the season of a team.
#[Object(cache_control(private))]
impl TeamRace {
    async fn race(&self, ctx: &Context<'_>) -> Result<Race> {
        Race::load(ctx, self.0.race_id).await
    }

    /// What it brought; 0 without part in it.
    async fn points(&self) -> Decimal {
        Decimal::hundredths(self.0.points)
    }

    /// Among those who took part; null without part in it.
    async fn rank(&self) -> Option<i32> {
        self.0.rank
    }

    /// Points of the season so far.
    async fn total(&self) -> Decimal {
        Decimal::hundredths(self.0.total)
    }

    /// In the season after this race, among the teams that are in the league now.
    async fn season_rank(&self) -> i32 {
        self.0.season_rank
    }
}

/// How a race went for a team against another.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(remote = "Outcome")]
pub enum HeadToHeadOutcome {
    Won,
    Lost,
    /// Neither points nor places of the drivers part them.
    Tied,
}

pub struct HeadToHead {
    league: i32,
    found: scoring::HeadToHead,
}

/// Two teams against each other, over the races in which both took part.
#[Object(cache_control(private))]
impl HeadToHead {
    async fn opponent(&self, ctx: &Context<'_>) -> Result<FantasyTeam> {
        team(ctx, self.league, self.found.opponent_id).await
    }

    async fn won(&self) -> usize {
        self.found.count(Outcome::Won)
    }

    async fn lost(&self) -> usize {
        self.found.count(Outcome::Lost)
    }

    async fn tied(&self) -> usize {
        self.found.count(Outcome::Tied)
    }

    async fn points(&self) -> Decimal {
        Decimal::hundredths(self.found.points())
    }

    async fn opponent_points(&self) -> Decimal {
        Decimal::hundredths(self.found.opponent_points())
    }

    /// In their order.
    #[graphql(directive = ListOf::apply(24))]
    async fn races(&self) -> Vec<HeadToHeadRace> {
        let meetings = self.found.meetings.iter();
        meetings.copied().map(HeadToHeadRace).collect()
    }
}

pub struct HeadToHeadRace(scoring::Meeting);

/// A race of two teams.
#[Object(cache_control(private))]
impl HeadToHeadRace {
    async fn race(&self, ctx: &Context<'_>) -> Result<Race> {
        Race::load(ctx, self.0.race_id).await
    }

    async fn outcome(&self) -> HeadToHeadOutcome {
        self.0.outcome.into()
    }

    async fn points(&self) -> Decimal {
        Decimal::hundredths(self.0.points)
    }

    async fn opponent_points(&self) -> Decimal {
        Decimal::hundredths(self.0.opponent_points)
    }
}

/// The teams of a league by their points of a season.
pub(super) async fn of_season(
    ctx: &Context<'_>,
    league: &league_row::Model,
    season: Option<i32>,
) -> Result<Vec<LeaderboardRow>> {
    let teams = present(ctx, league.id).await?;
    let races = scored(ctx, league, season).await?;
    let rows = scoring::season_leaderboard(&teams, &races);
    Ok(listed(league.id, rows))
}

/// The teams that took part in a race.
pub(super) fn of_race(league: i32, race: &ScoredRace) -> Vec<LeaderboardRow> {
    listed(league, scoring::race_leaderboard(race))
}

/// A team's way through a season.
pub(super) async fn history(
    ctx: &Context<'_>,
    team: &fantasy_team::Model,
    season: Option<i32>,
) -> Result<Vec<TeamRace>> {
    let league = League::load(ctx, team.league_id).await?;
    let mut teams = present(ctx, team.league_id).await?;
    if !teams.contains(&team.id) {
        teams.push(team.id);
    }
    let races = scored(ctx, league.row(), season).await?;
    let mut histories = scoring::season_history(&teams, &races);
    let own = histories.remove(&team.id).unwrap_or_default();
    Ok(own.into_iter().map(TeamRace).collect())
}

/// A team against another of its league.
pub(super) async fn head_to_head(
    ctx: &Context<'_>,
    team: &fantasy_team::Model,
    opponent: &ID,
    season: Option<i32>,
) -> Result<HeadToHead> {
    let opponent = fantasy_team_id(opponent)?.to_string();
    let teams = teams(ctx, team.league_id).await?;
    let opponent = teams.iter().find(|team| team.reference == opponent);
    let none = || Code::NotFound.error("there is no such fantasy team in the league");
    let opponent = opponent.ok_or_else(none)?.id;
    let league = League::load(ctx, team.league_id).await?;
    let races = scored(ctx, league.row(), season).await?;
    Ok(HeadToHead {
        league: team.league_id,
        found: scoring::head_to_head(team.id, opponent, &races),
    })
}

/// The season that an argument names; else that of the latest race.
pub(super) async fn season_or_latest(ctx: &Context<'_>, season: Option<i32>) -> Result<i32> {
    if let Some(season) = season {
        return Ok(season);
    }
    let latest = Loaders::of(ctx).last_race.load(()).await?;
    Ok(latest.map_or(0, |race| race.season))
}

/// A team of a league.
pub(super) async fn team(ctx: &Context<'_>, league: i32, id: i32) -> Result<FantasyTeam> {
    let teams = teams(ctx, league).await?;
    let team = teams.iter().find(|team| team.id == id).cloned();
    team.map(FantasyTeam)
        .ok_or_else(|| Code::Internal.error("a fantasy team is missing"))
}

fn listed(league: i32, rows: Vec<scoring::Row>) -> Vec<LeaderboardRow> {
    let row = |row| LeaderboardRow { league, row };
    rows.into_iter().map(row).collect()
}

async fn teams(ctx: &Context<'_>, league: i32) -> Result<Many<fantasy_team::Entity>> {
    let teams = Loaders::of(ctx).fantasy_teams.load(league).await?;
    Ok(teams.unwrap_or_default())
}

/// Ids of the teams that are in a league.
async fn present(ctx: &Context<'_>, league: i32) -> Result<Vec<i32>> {
    let teams = teams(ctx, league).await?;
    let present = teams.iter().filter(|team| team.left_at.is_none());
    Ok(present.map(|team| team.id).collect())
}

/// What the picks of a league brought in a season. It is kept as long as nothing happens in the
/// league.
async fn scored(
    ctx: &Context<'_>,
    league: &league_row::Model,
    season: Option<i32>,
) -> Result<Vec<ScoredRace>> {
    let loaders = Loaders::of(ctx);
    let season = season_or_latest(ctx, season).await?;
    let stream = event::league(&league.reference);
    let sequence = loaders.stream_sequence.load(stream).await?.unwrap_or(0);
    let key = stored::cache_key(&league.reference, season, sequence);
    let read = async {
        let races = loaders.scored_races.load((league.id, season)).await?;
        written(&races.unwrap_or_default())
    };
    let text = Box::pin(app(ctx).cache.get_or_compute(&key, read)).await?;
    serde_json::from_str(&text).map_err(|_| Code::Internal.error("scores cannot be read"))
}

fn written(races: &[ScoredRace]) -> Result<String> {
    serde_json::to_string(races).map_err(|_| Code::Internal.error("scores cannot be written"))
}

pub struct LeaderboardChange {
    change: Change,
    league: league_row::Model,
    race: Option<race::Model>,
}

/// A race of a league was scored, or scored again; or how the league stands.
#[Object(cache_control(private))]
impl LeaderboardChange {
    /// Grows with everything that happens in the league; give the last one as `after` to go on from
    /// there.
    async fn sequence(&self) -> i64 {
        self.change.sequence
    }

    /// When it was scored; null in what is told at the beginning.
    async fn at(&self) -> Option<DateTime<Utc>> {
        self.change.at()
    }

    /// Set when changes after `after` are left out. The leaderboard beside it is as it is after them.
    async fn gap(&self) -> Option<SequenceGap> {
        self.change.gap.map(SequenceGap)
    }

    /// The league.
    async fn league(&self) -> League {
        League::new(self.league.clone())
    }

    /// The race that was scored; null in what is told at the beginning.
    async fn race(&self) -> Option<Race> {
        self.race.clone().map(|race| Race(race.into()))
    }

    /// Of the season of that race, as it is now; of the latest season in what is told at the beginning.
    #[graphql(directive = ListOf::apply(11))]
    async fn leaderboard(&self, ctx: &Context<'_>) -> Result<Vec<LeaderboardRow>> {
        let season = self.race.as_ref().map(|race| race.season);
        of_season(ctx, &self.league, season).await
    }
}

#[derive(Default)]
pub struct LeaderboardSubscription;

#[Subscription]
impl LeaderboardSubscription {
    /// How a league stands, then each race that is scored, or scored again since something was
    /// corrected, once and in order. With `after`, the sequence of the last change seen, only what is
    /// newer.
    async fn leaderboard_changed(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Id of the league.")] league: ID,
        after: Option<i64>,
    ) -> Result<impl Stream<Item = Result<LeaderboardChange>>> {
        let found = League::find(ctx, reference_of("League", &league)?).await?;
        let none = || Code::NotFound.error("there is no such league");
        let league = found.ok_or_else(none)?.row().clone();
        let interest = Interest::in_kind(event::SCORED);
        let changes = feed::changes(ctx, &event::league(&league.reference), &interest, after);
        let db = db(ctx).clone();
        Ok(changes.then(move |change| {
            let (db, league) = (db.clone(), league.clone());
            async move {
                let race = race_of(&db, &change).await;
                race.map(|race| LeaderboardChange {
                    change,
                    league,
                    race,
                })
            }
        }))
    }
}

/// The race whose draft was scored.
async fn race_of(db: &DatabaseConnection, change: &Change) -> Result<Option<race::Model>> {
    let Some(reference) = change.reference("Draft") else {
        return Ok(None);
    };
    let draft = draft::Entity::find().filter(draft::Column::Reference.eq(reference));
    let draft = draft.one(db).await.map_err(|error| from_database(&error))?;
    let Some(draft) = draft else {
        return Ok(None);
    };
    let race = race::Entity::find_by_id(draft.race_id).one(db).await;
    race.map_err(|error| from_database(&error))
}
