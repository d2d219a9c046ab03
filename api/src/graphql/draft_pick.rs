//! Picks of drafts, and the turns in which they are made.

use std::sync::Arc;

use async_graphql::{Context, Enum, Object};
use chrono::{DateTime, Utc};
use domain::{
    auth::UserId,
    draft::{self, DriverId, Stored, TeamId},
};

use super::{driver::Driver, fantasy_team::FantasyTeam};
use crate::{
    error::{Code, Result},
    loaders::Loaders,
};

/// Why the server made a pick.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(remote = "draft::Why")]
pub enum AutomaticPickReason {
    /// The pick clock ran out.
    Clock,
    /// The draft closed.
    Deadline,
}

/// What the server chose from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(remote = "draft::Choice")]
pub enum AutomaticPickSource {
    /// The queue of the team's owner.
    Queue,
    /// The ranking that the league has chosen.
    Ranking,
}

pub struct AutomaticPick(pub draft::Automatic);

/// How the server came to make a pick.
#[Object(cache_control(private))]
impl AutomaticPick {
    async fn why(&self) -> AutomaticPickReason {
        self.0.why.into()
    }

    async fn from(&self) -> AutomaticPickSource {
        self.0.from.into()
    }
}

pub struct DraftPick {
    stored: Arc<Stored>,
    pick: draft::Pick,
}

/// A pick of a draft that was made, or passed over.
#[Object(cache_control(private))]
impl DraftPick {
    /// From 1.
    async fn number(&self) -> usize {
        self.pick.number + 1
    }

    /// From 1.
    async fn round(&self) -> usize {
        round(self.pick.number, self.stored.draft.order().len())
    }

    async fn team(&self, ctx: &Context<'_>) -> Result<FantasyTeam> {
        FantasyTeam::load(ctx, self.stored.row.league_id, self.pick.team.0).await
    }

    /// Who was drafted; null when the turn was passed over.
    async fn drafted(&self, ctx: &Context<'_>) -> Option<Result<Driver>> {
        load(ctx, self.pick.drafted).await
    }

    /// Whose points count: who was drafted, or who replaces him; null when it is nobody.
    async fn driver(&self, ctx: &Context<'_>) -> Option<Result<Driver>> {
        load(ctx, self.pick.driver).await
    }

    /// When it was made.
    async fn at(&self) -> DateTime<Utc> {
        self.pick.at
    }

    /// Name of the user who made it, the commissioner perhaps; null when it was the server.
    async fn by(&self, ctx: &Context<'_>) -> Option<Result<String>> {
        name_of(ctx, self.pick.by).await
    }

    /// How the server came to make it; null when a user did.
    async fn automatic(&self) -> Option<AutomaticPick> {
        self.pick.automatic.map(AutomaticPick)
    }

    /// The latest replacement of the driver; null when there was none.
    async fn substitution(&self) -> Option<DraftSubstitution> {
        self.pick.substitution.clone().map(DraftSubstitution)
    }
}

impl DraftPick {
    /// The pick of a number, from 0; none if it is not made yet.
    #[must_use]
    pub fn of(stored: &Arc<Stored>, number: usize) -> Option<Self> {
        let pick = stored.draft.picks().get(number).cloned()?;
        let stored = Arc::clone(stored);
        Some(Self { stored, pick })
    }
}

pub struct DraftSubstitution(draft::Substitution);

/// A replacement of a drafted driver who does not race.
#[Object(cache_control(private))]
impl DraftSubstitution {
    /// Who was replaced; null when nobody drove before.
    async fn replaced(&self, ctx: &Context<'_>) -> Option<Result<Driver>> {
        load(ctx, self.0.replaced).await
    }

    async fn at(&self) -> DateTime<Utc> {
        self.0.at
    }

    /// What the commissioner said of it.
    async fn note(&self) -> &str {
        &self.0.note
    }
}

pub struct DraftTurn {
    stored: Arc<Stored>,
    /// From 0.
    number: usize,
    team: TeamId,
    /// Turns of a round.
    teams: usize,
}

/// A place on the board of a draft.
#[Object(cache_control(private))]
impl DraftTurn {
    /// From 1, the number of its pick.
    async fn number(&self) -> usize {
        self.number + 1
    }

    /// From 1.
    async fn round(&self) -> usize {
        round(self.number, self.teams)
    }

    /// Whose turn it is.
    async fn team(&self, ctx: &Context<'_>) -> Result<FantasyTeam> {
        FantasyTeam::load(ctx, self.stored.row.league_id, self.team.0).await
    }

    /// What came of it; null until then.
    async fn pick(&self) -> Option<DraftPick> {
        DraftPick::of(&self.stored, self.number)
    }
}

impl DraftTurn {
    /// All turns of a draft, for teams in this order.
    #[must_use]
    pub fn all(stored: &Arc<Stored>, order: &[TeamId]) -> Vec<Self> {
        let (setup, teams) = (stored.draft.setup(), order.len());
        let turn = |number| {
            let place = setup.method.turn(teams, setup.rounds, number)?;
            Some(Self {
                stored: Arc::clone(stored),
                number,
                team: *order.get(place)?,
                teams,
            })
        };
        (0..).map_while(turn).collect()
    }
}

/// The round, from 1, of a number, from 0, with so many teams.
fn round(number: usize, teams: usize) -> usize {
    number.checked_div(teams).map_or(1, |round| round + 1)
}

/// A driver of a draft, if there is one.
pub(super) async fn load(ctx: &Context<'_>, driver: Option<DriverId>) -> Option<Result<Driver>> {
    Some(Driver::load(ctx, driver?.0).await)
}

/// What a user is called, if it was one.
pub(super) async fn name_of(ctx: &Context<'_>, user: Option<UserId>) -> Option<Result<String>> {
    let name = Loaders::of(ctx).user_name.load(user?.to_string()).await;
    let missing = || Code::Internal.error("a user is missing");
    Some(name.and_then(|name| name.ok_or_else(missing)))
}
