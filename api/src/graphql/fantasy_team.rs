//! Users' teams in leagues. Whoever may know of a league may know of its teams.

use std::sync::Arc;

use async_graphql::{Context, ID, Object};
use chrono::{DateTime, Utc};
use domain::{
    draft,
    league::{self, FantasyTeamId, LeagueId},
    team::{self, Invitation},
};
use entities::fantasy_team;
use futures::future::try_join_all;

use super::{
    app,
    directive::ListOf,
    draft_mutation::drivers_of,
    driver::Driver,
    leaderboard::{self, HeadToHead, TeamRace},
    league::{League, league_id},
    node::{id, reference_of},
    viewer::{account_of, user_only},
};
use crate::{
    error::{Code, Result, bad_input, from_database, from_domain},
    loaders::{Loaders, One},
};

pub struct FantasyTeam(pub One<fantasy_team::Entity>);

/// A user's team in a league. A user has one in each league.
#[Object(cache_control(private))]
impl FantasyTeam {
    /// `FantasyTeam:` and a UUID.
    pub async fn id(&self) -> ID {
        id("FantasyTeam", &self.0.reference)
    }

    /// What its owner calls it.
    async fn name(&self) -> &str {
        &self.0.name
    }

    /// Name of the user whose team it is; `Former member` when the account is gone.
    async fn manager(&self, ctx: &Context<'_>) -> Result<String> {
        let user = self.0.user_id.clone();
        let name = Loaders::of(ctx).user_name.load(user).await?;
        name.ok_or_else(|| Code::Internal.error("a user is missing"))
    }

    /// Whether it is the sender's.
    async fn mine(&self, ctx: &Context<'_>) -> bool {
        self.is_of_sender(ctx)
    }

    /// Whether its owner is the commissioner of the league.
    async fn is_commissioner(&self, ctx: &Context<'_>) -> Result<bool> {
        let league = League::load(ctx, self.0.league_id).await?;
        Ok(league.row().owner_id == self.0.user_id)
    }

    /// The league that it plays in.
    async fn league(&self, ctx: &Context<'_>) -> Result<League> {
        League::load(ctx, self.0.league_id).await
    }

    /// When its owner joined the league, for the last time.
    async fn joined_at(&self) -> DateTime<Utc> {
        self.0.joined_at
    }

    /// When its owner left the league; null for who is in it.
    async fn left_at(&self) -> Option<DateTime<Utc>> {
        self.0.left_at
    }

    /// Whom the server picks when it has to pick for the team, the favourite first. For its owner;
    /// null for everybody else.
    #[graphql(directive = ListOf::apply(20))]
    async fn pick_queue(&self, ctx: &Context<'_>) -> Option<Result<Vec<Driver>>> {
        if !self.is_of_sender(ctx) {
            return None;
        }
        Some(self.queue(ctx).await)
    }

    /// The scored races of a season, in their order.
    #[graphql(directive = ListOf::apply(24))]
    async fn season(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "That of the latest race when none is named.")] season: Option<i32>,
    ) -> Result<Vec<TeamRace>> {
        Box::pin(leaderboard::history(ctx, &self.0, season)).await
    }

    /// How it has done against another team of the league in a season.
    async fn head_to_head(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Id of the other team.")] opponent: ID,
        #[graphql(desc = "That of the latest race when none is named.")] season: Option<i32>,
    ) -> Result<HeadToHead> {
        Box::pin(leaderboard::head_to_head(ctx, &self.0, &opponent, season)).await
    }
}

impl FantasyTeam {
    /// From a row that the sender may know of.
    #[must_use]
    pub fn new(row: fantasy_team::Model) -> Self {
        Self(Arc::new(row))
    }

    /// The team of a ref, if the sender may know of it.
    ///
    /// # Errors
    /// `BAD_USER_INPUT` for what can be no id of a team, or when the database fails.
    pub async fn find(ctx: &Context<'_>, reference: &str) -> Result<Option<Self>> {
        let id = parsed(reference)?;
        let found = league::find_team(app(ctx), account_of(ctx), id).await;
        let found = found.map_err(|error| from_database(&error))?;
        Ok(found.map(Self::new))
    }

    /// The team of a row that refers to it, in a league that the sender may know of.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn load(ctx: &Context<'_>, league: i32, id: i32) -> Result<Self> {
        let teams = Loaders::of(ctx).fantasy_teams.load(league).await?;
        let mut teams = teams.iter().flat_map(|teams| teams.iter());
        let team = teams.find(|team| team.id == id).cloned();
        team.map(Self)
            .ok_or_else(|| Code::Internal.error("a fantasy team is missing"))
    }

    /// Whether it is the team of who asks.
    #[must_use]
    pub fn is_of_sender(&self, ctx: &Context<'_>) -> bool {
        account_of(ctx).is_some_and(|user| user.to_string() == self.0.user_id)
    }

    async fn queue(&self, ctx: &Context<'_>) -> Result<Vec<Driver>> {
        let queue = Loaders::of(ctx).pick_queue.load(self.0.id).await?;
        let places = queue.iter().flat_map(|places| places.iter());
        try_join_all(places.map(|place| Driver::load(ctx, place.driver_id))).await
    }
}

/// The fantasy team that an argument names.
///
/// # Errors
/// `BAD_USER_INPUT` for an id of another kind, and for what can be no id of a team.
pub fn fantasy_team_id(text: &str) -> Result<FantasyTeamId> {
    parsed(reference_of("FantasyTeam", text)?)
}

fn parsed(reference: &str) -> Result<FantasyTeamId> {
    let id = FantasyTeamId::parse(reference);
    id.ok_or_else(|| bad_input(format!("{reference:?} is no id of a fantasy team")))
}

#[derive(Default)]
pub struct FantasyTeamMutation;

#[Object(cache_control(max_age = 0))]
impl FantasyTeamMutation {
    /// Joins a league: by its invite code, or by its id when it is public. Refused with the reasons
    /// `ALREADY_A_MEMBER`, `LEAGUE_FULL`, `NAME_TAKEN`, `TOO_MANY_LEAGUES`, `REMOVED_FROM_LEAGUE`.
    async fn join_league(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "As a member has shown it; hyphens and case do not matter.")]
        invite_code: Option<String>,
        #[graphql(desc = "Id of a public league.")] league: Option<ID>,
        #[graphql(desc = "What to call the team; 50 characters at most.")] team_name: String,
    ) -> Result<FantasyTeam> {
        let user = user_only(ctx)?;
        let by = match (&invite_code, &league) {
            (Some(code), None) => Invitation::Code(code),
            (None, Some(league)) => Invitation::Public(league_id(league)?),
            _ => return Err(bad_input("give `inviteCode` or `league`, one of them")),
        };
        let joined = Box::pin(team::join(app(ctx), user, by, &team_name)).await;
        joined.map(FantasyTeam::new).map_err(from_domain)
    }

    /// Takes the sender's team out of a league, and gives the id of the league. Refused with the
    /// reason `OWNER_MUST_TRANSFER` for the commissioner while there are other members; with its last
    /// member gone a league is closed.
    async fn leave_league(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Id of the league.")] league: ID,
    ) -> Result<ID> {
        let user = user_only(ctx)?;
        let known: LeagueId = league_id(&league)?;
        let left = Box::pin(team::leave(app(ctx), user, known)).await;
        left.map(|()| id("League", known)).map_err(from_domain)
    }

    /// Sends the team of another out of its league, and gives the league another invite code. For its
    /// commissioner.
    async fn remove_fantasy_team(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Id of the team.")] id: ID,
    ) -> Result<FantasyTeam> {
        let user = user_only(ctx)?;
        let removed = team::remove(app(ctx), user, fantasy_team_id(&id)?);
        let removed = Box::pin(removed).await;
        removed.map(FantasyTeam::new).map_err(from_domain)
    }

    /// Gives the sender's own team another name.
    async fn rename_fantasy_team(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Id of the team.")] id: ID,
        #[graphql(desc = "50 characters at most; no other team of the league has it.")]
        name: String,
    ) -> Result<FantasyTeam> {
        let user = user_only(ctx)?;
        let renamed = team::rename(app(ctx), user, fantasy_team_id(&id)?, &name);
        let renamed = Box::pin(renamed).await;
        renamed.map(FantasyTeam::new).map_err(from_domain)
    }

    /// Says whom the server is to pick when it has to pick for the sender's own team: the first of
    /// these who can be drafted then. It stays for later drafts. Refused with the reasons
    /// `NOT_YOUR_TEAM`, `TEAM_HAS_LEFT`.
    async fn set_pick_queue(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Id of the team.")] team: ID,
        #[graphql(
            desc = "Refs or ids, the favourite first; 30 at most, each once. Without any the queue is empty."
        )]
        drivers: Vec<ID>,
    ) -> Result<FantasyTeam> {
        let user = user_only(ctx)?;
        let team = fantasy_team_id(&team)?;
        let drivers = drivers_of(ctx, &drivers).await?;
        let set = draft::set_queue(app(ctx), user, team, &drivers);
        let row = Box::pin(set).await.map_err(from_domain)?;
        // The request may have asked before what it was.
        Loaders::of(ctx).pick_queue.forget(row.id).await;
        Ok(FantasyTeam::new(row))
    }
}
