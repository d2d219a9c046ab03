//! Drafts of leagues, race by race. Whoever may know of a league may know of its drafts.

use std::sync::Arc;

use async_graphql::{Context, Enum, ID, Object};
use chrono::{DateTime, Utc};
use domain::draft::{self, DraftId, Stored, TeamId, order};
use entities::{draft as draft_row, draft_entry, race};
use futures::future::try_join_all;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter};

use super::{
    app,
    available_driver::AvailableDriver,
    db,
    directive::ListOf,
    draft_log::DraftLogEntry,
    draft_pick::{DraftPick, DraftTurn},
    fantasy_team::FantasyTeam,
    league::League,
    league_settings::LeagueSettings,
    node::{id, reference_of},
    race::Race,
    viewer::account_of,
};
use crate::{
    error::{Code, Error, Result, bad_input, from_database},
    loaders::{Loaders, One},
};

/// How far a draft is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(remote = "draft::State")]
pub enum DraftState {
    /// It has not opened.
    Upcoming,
    /// Picks are made.
    Open,
    /// The commissioner has stopped it for a while.
    Paused,
    /// All picks are made or passed over.
    Closed,
    /// The race is scored.
    Complete,
}

#[derive(Clone)]
pub struct Draft(One<draft_row::Entity>);

/// How the teams of a league come by their drivers for a race: in turn, each driver once.
#[Object(cache_control(private))]
impl Draft {
    /// `Draft:` and a UUID.
    pub async fn id(&self) -> ID {
        id("Draft", &self.0.reference)
    }

    /// The league whose teams pick.
    async fn league(&self, ctx: &Context<'_>) -> Result<League> {
        League::load(ctx, self.0.league_id).await
    }

    /// The race that is drafted for.
    async fn race(&self, ctx: &Context<'_>) -> Result<Race> {
        Race::load(ctx, self.0.race_id).await
    }

    /// How far it is.
    async fn state(&self, ctx: &Context<'_>) -> Result<DraftState> {
        Ok(self.stored(ctx).await?.draft.state().into())
    }

    /// Whether the race was cancelled, and the draft with it.
    async fn cancelled(&self, ctx: &Context<'_>) -> Result<bool> {
        Ok(self.stored(ctx).await?.is_cancelled())
    }

    /// When it opens by itself.
    async fn opens_at(&self, ctx: &Context<'_>) -> Result<DateTime<Utc>> {
        Ok(self.stored(ctx).await?.window.opens_at)
    }

    /// When it closes at the latest; it closes sooner when all picks are made.
    async fn closes_at(&self, ctx: &Context<'_>) -> Result<DateTime<Utc>> {
        Ok(self.stored(ctx).await?.window.closes_at)
    }

    /// The session that closes it has no time yet, so that it closes when that may start.
    async fn closes_at_estimated(&self, ctx: &Context<'_>) -> Result<bool> {
        Ok(self.stored(ctx).await?.window.estimated)
    }

    /// Those that it is held by.
    async fn settings(&self, ctx: &Context<'_>) -> Result<LeagueSettings> {
        let version = self.stored(ctx).await?.version;
        let versions = Loaders::of(ctx).league_settings.load(self.0.league_id);
        let versions = versions.await?;
        let mut versions = versions.iter().flat_map(|versions| versions.iter());
        let found = versions.find(|one| one.version == version).cloned();
        let found = found.ok_or_else(|| Code::Internal.error("settings are missing"))?;
        LeagueSettings::read(found)
    }

    /// The teams in the order of the first round: until it opens those that are in the league now.
    #[graphql(directive = ListOf::apply(11))]
    async fn order(&self, ctx: &Context<'_>) -> Result<Vec<FantasyTeam>> {
        let stored = self.stored(ctx).await?;
        let order = self.teams_in_order(ctx, &stored).await?;
        let league = self.0.league_id;
        let teams = order.into_iter();
        try_join_all(teams.map(|team| FantasyTeam::load(ctx, league, team.0))).await
    }

    /// What was picked or passed over so far, the first one first.
    #[graphql(directive = ListOf::apply(22))]
    async fn picks(&self, ctx: &Context<'_>) -> Result<Vec<DraftPick>> {
        let stored = self.stored(ctx).await?;
        let numbers = 0..stored.draft.picks().len();
        let picks = numbers.filter_map(|number| DraftPick::of(&stored, number));
        Ok(picks.collect())
    }

    /// The whole board: every turn there was and will be. Until the draft opens it goes by the order as
    /// it is now.
    #[graphql(directive = ListOf::apply(22))]
    async fn turns(&self, ctx: &Context<'_>) -> Result<Vec<DraftTurn>> {
        let stored = self.stored(ctx).await?;
        let order = self.teams_in_order(ctx, &stored).await?;
        Ok(DraftTurn::all(&stored, &order))
    }

    /// The team whose turn it is, or will be after the pause; null when it is nobody's.
    async fn on_the_clock(&self, ctx: &Context<'_>) -> Option<Result<FantasyTeam>> {
        self.team_on_the_clock(ctx).await.transpose()
    }

    /// When the pick clock runs out; null while none runs. The draft may close before.
    async fn clock_expires_at(&self, ctx: &Context<'_>) -> Option<Result<DateTime<Utc>>> {
        let stored = self.stored(ctx).await;
        stored.map(|stored| stored.draft.expires_at()).transpose()
    }

    /// Seconds that are left for the pick by the server's clock, until the pick clock runs out or the
    /// draft closes; null unless it is open.
    async fn remaining_seconds(&self, ctx: &Context<'_>) -> Option<Result<i64>> {
        let now = app(ctx).clock.now();
        let stored = self.stored(ctx).await;
        stored.map(|stored| remaining(&stored, now)).transpose()
    }

    /// Whether the sender's team may pick now.
    async fn my_turn(&self, ctx: &Context<'_>) -> Result<bool> {
        if self.stored(ctx).await?.draft.state() != draft::State::Open {
            return Ok(false);
        }
        let team = self.team_on_the_clock(ctx).await?;
        Ok(team.is_some_and(|team| team.is_of_sender(ctx)))
    }

    /// The drivers on the entry list of the race that no team has. While the race has no entry list,
    /// they are those of the latest race before it.
    #[graphql(directive = ListOf::apply(22))]
    async fn available_drivers(&self, ctx: &Context<'_>) -> Result<Vec<AvailableDriver>> {
        let stored = self.stored(ctx).await?;
        AvailableDriver::all(ctx, &stored).await
    }

    /// Everything that happened, the first first. Nothing is ever taken out of it.
    #[graphql(directive = ListOf::apply(40))]
    async fn log(&self, ctx: &Context<'_>) -> Result<Vec<DraftLogEntry>> {
        let stored = self.stored(ctx).await?;
        Ok(DraftLogEntry::all(&stored))
    }

    /// Grows with everything that happens; give it as `after` to `draftUpdated` to go on from here.
    async fn sequence(&self, ctx: &Context<'_>) -> Result<i64> {
        Ok(self.stored(ctx).await?.event)
    }
}

impl Draft {
    /// From a row that the sender may know of.
    #[must_use]
    pub fn new(row: draft_row::Model) -> Self {
        Self(Arc::new(row))
    }

    /// All drafts of a league that the sender may know of, by the dates of their races.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn of_league(
        ctx: &Context<'_>,
        league: i32,
    ) -> Result<Vec<(One<race::Entity>, Self)>> {
        let loaders = Loaders::of(ctx);
        let rows = loaders.drafts.load(league).await?.unwrap_or_default();
        let with_race = rows.iter().cloned().map(|row| async move {
            let race = loaders.race.load(row.race_id).await?;
            let race = race.ok_or_else(|| Code::Internal.error("a race is missing"))?;
            Ok::<_, Error>((race, Self(row)))
        });
        let mut drafts = try_join_all(with_race).await?;
        drafts.sort_by_key(|(race, _)| (race.date, race.id));
        Ok(drafts)
    }

    /// The draft of a ref, if the sender may know of it.
    ///
    /// # Errors
    /// `BAD_USER_INPUT` for what can be no id of a draft, or when the database fails.
    pub async fn find(ctx: &Context<'_>, reference: &str) -> Result<Option<Self>> {
        let id = parsed(reference)?;
        let found = draft::find(app(ctx), account_of(ctx), id).await;
        let found = found.map_err(|error| from_database(&error))?;
        Ok(found.map(Self::new))
    }

    /// Its row.
    #[must_use]
    pub fn row(&self) -> &draft_row::Model {
        &self.0
    }

    /// Whether picks are made in it, or will be.
    #[must_use]
    pub fn is_to_be_held(&self) -> bool {
        use draft_row::State;
        match self.0.state {
            State::Upcoming | State::Open | State::Paused => true,
            State::Closed | State::Complete => false,
        }
    }

    /// The entry of its log that an event of the league's stream tells of.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn entry_of_event(
        &self,
        ctx: &Context<'_>,
        event: i64,
    ) -> Result<Option<DraftLogEntry>> {
        let row = draft_entry::Entity::find()
            .filter(draft_entry::Column::DraftId.eq(self.0.id))
            .filter(draft_entry::Column::EventSequence.eq(event))
            .one(db(ctx))
            .await;
        let Some(row) = row.map_err(|error| from_database(&error))? else {
            return Ok(None);
        };
        let stored = self.stored(ctx).await?;
        let mut entries = DraftLogEntry::all(&stored).into_iter();
        Ok(entries.find(|entry| entry.number() == row.sequence))
    }

    /// How it stands.
    async fn stored(&self, ctx: &Context<'_>) -> Result<Arc<Stored>> {
        let stored = Loaders::of(ctx).draft_stored.load(self.0.id).await?;
        stored.ok_or_else(|| Code::Internal.error("a draft is missing"))
    }

    async fn teams_in_order(&self, ctx: &Context<'_>, stored: &Stored) -> Result<Vec<TeamId>> {
        let order = stored.draft.order();
        if stored.draft.state() != draft::State::Upcoming {
            return Ok(order.to_vec());
        }
        let teams = Loaders::of(ctx).fantasy_teams.load(self.0.league_id);
        let teams = teams.await?;
        let teams = teams.iter().flat_map(|teams| teams.iter());
        let present = teams.filter(|team| team.left_at.is_none());
        let present: Vec<TeamId> = present.map(|team| TeamId(team.id)).collect();
        Ok(order::kept(order, &present))
    }

    async fn team_on_the_clock(&self, ctx: &Context<'_>) -> Result<Option<FantasyTeam>> {
        let stored = self.stored(ctx).await?;
        let Some(team) = stored.draft.on_the_clock() else {
            return Ok(None);
        };
        let team = FantasyTeam::load(ctx, self.0.league_id, team.0).await?;
        Ok(Some(team))
    }
}

/// Seconds that are left for the pick; none unless the draft is open.
fn remaining(stored: &Stored, now: DateTime<Utc>) -> Option<i64> {
    let closes_at = stored.window.closes_at;
    let until = stored.draft.expires_at().unwrap_or(closes_at);
    let left = (until.min(closes_at) - now).num_seconds().max(0);
    (stored.draft.state() == draft::State::Open).then_some(left)
}

/// The draft that an argument names.
///
/// # Errors
/// `BAD_USER_INPUT` for an id of another kind, and for what can be no id of a draft.
pub fn draft_id(text: &str) -> Result<DraftId> {
    parsed(reference_of("Draft", text)?)
}

fn parsed(reference: &str) -> Result<DraftId> {
    let id = DraftId::parse(reference);
    id.ok_or_else(|| bad_input(format!("{reference:?} is no id of a draft")))
}

#[derive(Default)]
pub struct DraftQuery;

#[Object(cache_control(max_age = 3600))]
impl DraftQuery {
    /// A draft by its id; null when there is none, and for who may not know of it.
    #[graphql(cache_control(private))]
    async fn draft(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "`Draft:` and a UUID.")] id: ID,
    ) -> Option<Result<Draft>> {
        match reference_of("Draft", &id) {
            Ok(reference) => Draft::find(ctx, reference).await.transpose(),
            Err(error) => Some(Err(error)),
        }
    }
}
