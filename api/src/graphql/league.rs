//! Leagues: the public directory, one's own, and what their commissioners do. Of a private league
//! only its members are told anything; to everybody else it is as if there were none.

use std::sync::Arc;

use async_graphql::{Context, Enum, ID, MaybeUndefined, Object};
use chrono::{DateTime, Utc};
use domain::league::{self, Change, Foundation, LeagueId, Limit, Visibility};
use entities::{
    fantasy_team, league as league_row, league_settings,
    race::{self, Status},
};

use super::{
    Direction, app,
    connection::{self, Page, PageInput},
    directive::{ListOf, Paged},
    draft::Draft,
    fantasy_team::{FantasyTeam, fantasy_team_id},
    leaderboard::{self, LeaderboardRow},
    league_filter::{LeagueFilter, LeagueOrder},
    league_settings::{LeagueSettings, LeagueSettingsInput},
    node::{id, reference_of},
    race_score::{self, RaceScore},
    viewer::{account_of, user_only},
};
use crate::{
    error::{Code, Result, bad_input, from_database, from_domain},
    loaders::{Loaders, Many, One},
};

/// Who may know of a league.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Enum)]
#[graphql(remote = "Visibility")]
pub enum LeagueVisibility {
    /// Those who are in it; others join by invite code.
    #[default]
    Private,
    /// Everybody; anybody may join.
    Public,
}

pub struct League(One<league_row::Entity>);

/// People who draft drivers against each other, race by race. What is said of a private league is
/// said to its members alone.
#[Object(cache_control(private))]
impl League {
    /// `League:` and a UUID.
    pub async fn id(&self) -> ID {
        id("League", &self.0.reference)
    }

    async fn name(&self) -> &str {
        &self.0.name
    }

    async fn visibility(&self) -> LeagueVisibility {
        self.0.visibility.into()
    }

    async fn created_at(&self) -> DateTime<Utc> {
        self.0.created_at
    }

    /// The team of who looks after the league.
    async fn commissioner(&self, ctx: &Context<'_>) -> Result<FantasyTeam> {
        let teams = self.rows(ctx, false).await?;
        let owner = |team: &One<fantasy_team::Entity>| team.user_id == self.0.owner_id;
        let team = teams.into_iter().find(owner).map(FantasyTeam);
        team.ok_or_else(|| Code::Internal.error("a commissioner is missing"))
    }

    /// The teams, as they joined.
    #[graphql(directive = ListOf::apply(11))]
    async fn teams(
        &self,
        ctx: &Context<'_>,
        #[graphql(default, desc = "Those that have left the league too.")] former: bool,
    ) -> Result<Vec<FantasyTeam>> {
        let teams = self.rows(ctx, former).await?;
        Ok(teams.into_iter().map(FantasyTeam).collect())
    }

    /// How many teams there are.
    async fn size(&self, ctx: &Context<'_>) -> Result<usize> {
        Ok(self.rows(ctx, false).await?.len())
    }

    /// How many teams there is room for: by the entry list of the next race, by the drivers that each
    /// team drafts, and by `maxTeams`.
    async fn capacity(&self, ctx: &Context<'_>) -> Result<usize> {
        let loaders = Loaders::of(ctx);
        let versions = self.versions(ctx).await?;
        let next = loaders.next_race.load(()).await?;
        let drivers = loaders.drivers_to_draft.load(()).await?.unwrap_or(0);
        let versions = versions.iter().map(|version| &**version);
        let places = league::places(versions, next.as_deref(), drivers, self.0.max_teams);
        places.map_err(from_domain)
    }

    /// The commissioner's own limit; null when there is none.
    async fn max_teams(&self) -> Option<i32> {
        self.0.max_teams
    }

    /// The sender's own team; null for who has none.
    async fn my_team(&self, ctx: &Context<'_>) -> Option<Result<FantasyTeam>> {
        self.own_team(ctx).await.transpose()
    }

    /// Lets whoever knows it join. For members; null for others.
    async fn invite_code(&self, ctx: &Context<'_>) -> Option<Result<String>> {
        let own = self.own_team(ctx).await.transpose()?;
        Some(own.map(|_| league::shown_code(&self.0.invite_code)))
    }

    /// A page on which somebody joins by the invite code, where the server knows of one. For members;
    /// null for others.
    async fn invite_link(&self, ctx: &Context<'_>) -> Option<Result<String>> {
        let link = league::invite_link(app(ctx), &self.0)?;
        let own = self.own_team(ctx).await.transpose()?;
        Some(own.map(|_| link))
    }

    /// The settings that hold for a race.
    async fn settings(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Id or ref of the race; the next one when none is named.")] race: Option<
            ID,
        >,
    ) -> Result<LeagueSettings> {
        let race = match race {
            Some(race) => Some(named(ctx, &race).await?),
            None => Loaders::of(ctx).next_race.load(()).await?,
        };
        let versions = self.versions(ctx).await?;
        let rows = versions.iter().map(|version| &**version);
        let found = league::in_force(rows, race.as_deref()).cloned();
        let found = found.ok_or_else(|| Code::Internal.error("settings are missing"))?;
        LeagueSettings::read(Arc::new(found))
    }

    /// The teams by their points of a season; those that have not scored too.
    #[graphql(directive = ListOf::apply(11))]
    async fn leaderboard(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "That of the latest race when none is named.")] season: Option<i32>,
    ) -> Result<Vec<LeaderboardRow>> {
        Box::pin(leaderboard::of_season(ctx, &self.0, season)).await
    }

    /// What the picks brought in each race of a season that is scored, in the order of the races.
    #[graphql(directive = ListOf::apply(24))]
    async fn race_scores(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "That of the latest race when none is named.")] season: Option<i32>,
    ) -> Result<Vec<RaceScore>> {
        race_score::of_season(ctx, &self.0, season).await
    }

    /// What the picks brought in a race; null until it is scored.
    async fn race_score(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Id or ref of the race.")] race: ID,
    ) -> Option<Result<RaceScore>> {
        let race = match named(ctx, &race).await {
            Ok(race) => race,
            Err(error) => return Some(Err(error)),
        };
        race_score::of_race(ctx, &self.0, &race).await.transpose()
    }

    /// All settings that races were or will be drafted by, the first ones first.
    #[graphql(directive = ListOf::apply(20))]
    async fn settings_history(&self, ctx: &Context<'_>) -> Result<Vec<LeagueSettings>> {
        let versions = self.versions(ctx).await?;
        let versions = versions.iter().cloned();
        versions.map(LeagueSettings::read).collect()
    }

    /// Its drafts, that of the latest race last.
    #[graphql(directive = ListOf::apply(25))]
    async fn drafts(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Only those of races of this season.")] season: Option<i32>,
    ) -> Result<Vec<Draft>> {
        let drafts = Draft::of_league(ctx, self.0.id).await?.into_iter();
        let wanted = drafts.filter(|(race, _)| season.is_none_or(|year| race.season == year));
        Ok(wanted.map(|(_, draft)| draft).collect())
    }

    /// The draft of a race; null when there is none.
    async fn draft(
        &self,
        ctx: &Context<'_>,
        #[graphql(
            desc = "Id or ref of the race; without one it is the draft that is open or the next to open, else the latest."
        )]
        race: Option<ID>,
    ) -> Option<Result<Draft>> {
        self.draft_of(ctx, race).await.transpose()
    }
}

impl League {
    /// From a row that the sender may know of.
    #[must_use]
    pub fn new(row: league_row::Model) -> Self {
        Self(Arc::new(row))
    }

    /// The league of a row that refers to it, which the sender may know of.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn load(ctx: &Context<'_>, id: i32) -> Result<Self> {
        let row = Loaders::of(ctx).league.load(id).await?;
        row.map(Self)
            .ok_or_else(|| Code::Internal.error("a league is missing"))
    }

    /// The league of a row that refers to it, if the sender may know of it, still or at all.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn known(ctx: &Context<'_>, id: i32) -> Result<Option<Self>> {
        let viewer = account_of(ctx).map(|user| user.to_string());
        let row = Loaders::of(ctx).known_league.load((viewer, id)).await?;
        Ok(row.map(Self))
    }

    /// The league of a ref, if the sender may know of it.
    ///
    /// # Errors
    /// `BAD_USER_INPUT` for what can be no id of a league, or when the database fails.
    pub async fn find(ctx: &Context<'_>, reference: &str) -> Result<Option<Self>> {
        let id = parsed(reference)?;
        let found = league::find(app(ctx), account_of(ctx), id).await;
        let found = found.map_err(|error| from_database(&error))?;
        Ok(found.map(Self::new))
    }

    /// Its row.
    #[must_use]
    pub fn row(&self) -> &league_row::Model {
        &self.0
    }

    async fn rows(
        &self,
        ctx: &Context<'_>,
        former: bool,
    ) -> Result<Vec<One<fantasy_team::Entity>>> {
        let all = Loaders::of(ctx).fantasy_teams.load(self.0.id).await?;
        let all = all.iter().flat_map(|teams| teams.iter());
        let wanted = all.filter(|team| former || team.left_at.is_none());
        Ok(wanted.cloned().collect())
    }

    async fn own_team(&self, ctx: &Context<'_>) -> Result<Option<FantasyTeam>> {
        if account_of(ctx).is_none() {
            return Ok(None);
        }
        let teams = self.rows(ctx, false).await?.into_iter();
        Ok(teams.map(FantasyTeam).find(|team| team.is_of_sender(ctx)))
    }

    async fn draft_of(&self, ctx: &Context<'_>, race: Option<ID>) -> Result<Option<Draft>> {
        let race = match race {
            Some(race) => Some(named(ctx, &race).await?.id),
            None => None,
        };
        let drafts = Draft::of_league(ctx, self.0.id).await?;
        let wanted = |(of, draft): &(One<race::Entity>, Draft)| match race {
            Some(race) => of.id == race,
            None => of.status != Status::Cancelled && draft.is_to_be_held(),
        };
        let found = drafts.iter().find(|one| wanted(one));
        let latest = || drafts.last().filter(|_| race.is_none());
        let found = found.or_else(latest);
        Ok(found.map(|(_, draft)| draft.clone()))
    }

    async fn versions(&self, ctx: &Context<'_>) -> Result<Many<league_settings::Entity>> {
        let versions = Loaders::of(ctx).league_settings.load(self.0.id).await?;
        Ok(versions.unwrap_or_default())
    }
}

/// The race that an argument names.
async fn named(ctx: &Context<'_>, text: &str) -> Result<One<race::Entity>> {
    let reference = reference_of("Race", text)?;
    let found = Loaders::of(ctx).race_by_ref.load(reference.to_owned());
    let found = found.await?;
    found.ok_or_else(|| Code::NotFound.error(format!("there is no race {reference:?}")))
}

/// The league that an argument names.
///
/// # Errors
/// `BAD_USER_INPUT` for an id of another kind, and for what can be no id of a league.
pub fn league_id(text: &str) -> Result<LeagueId> {
    parsed(reference_of("League", text)?)
}

fn parsed(reference: &str) -> Result<LeagueId> {
    let id = LeagueId::parse(reference);
    id.ok_or_else(|| bad_input(format!("{reference:?} is no id of a league")))
}

#[derive(Default)]
pub struct LeagueQuery;

#[Object(cache_control(max_age = 3600))]
impl LeagueQuery {
    /// A league by its id; null when there is none, and for who may not know of it.
    #[graphql(cache_control(private))]
    async fn league(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "`League:` and a UUID.")] id: ID,
    ) -> Option<Result<League>> {
        match reference_of("League", &id) {
            Ok(reference) => League::find(ctx, reference).await.transpose(),
            Err(error) => Some(Err(error)),
        }
    }

    /// The directory of public leagues. One's own, private ones too, are `viewer { leagues }`.
    #[graphql(directive = Paged::apply(), cache_control(private))]
    #[expect(
        clippy::too_many_arguments,
        reason = "the arguments of a Relay connection"
    )]
    async fn leagues(
        &self,
        ctx: &Context<'_>,
        filter: Option<LeagueFilter>,
        #[graphql(default)] order_by: LeagueOrder,
        direction: Option<Direction>,
        first: Option<i32>,
        after: Option<String>,
        last: Option<i32>,
        before: Option<String>,
    ) -> Result<Page<League>> {
        let filter = filter.unwrap_or_default();
        let select = filter.apply(league_row::Entity::public())?;
        let sorting = order_by.sorting(&format!("leagues/{filter:?}"), direction);
        let page = PageInput {
            first,
            after,
            last,
            before,
        };
        connection::page(ctx, select, sorting, &page, League::new).await
    }
}

#[derive(Default)]
pub struct LeagueMutation;

#[Object(cache_control(max_age = 0))]
impl LeagueMutation {
    /// Makes a league, whose commissioner and first member is the sender.
    async fn create_league(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "50 characters at most.")] name: String,
        #[graphql(desc = "What to call the sender's own team; 50 characters at most.")]
        team_name: String,
        #[graphql(default, desc = "Who may know of it.")] visibility: LeagueVisibility,
        #[graphql(desc = "Most teams, below what the entry list has room for; 2 to 30.")]
        max_teams: Option<i32>,
        #[graphql(desc = "What is left out is as usual.")] settings: Option<LeagueSettingsInput>,
    ) -> Result<League> {
        let user = user_only(ctx)?;
        let foundation = Foundation {
            name: &name,
            team_name: &team_name,
            visibility: visibility.into(),
            max_teams,
            settings: settings.unwrap_or_default().into(),
        };
        done(Box::pin(league::create(app(ctx), user, foundation)).await)
    }

    /// Changes what is given and leaves the rest. For the commissioner.
    async fn update_league(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Id of the league.")] league: ID,
        #[graphql(desc = "50 characters at most.")] name: Option<String>,
        #[graphql(desc = "Who may know of it.")] visibility: Option<LeagueVisibility>,
        #[graphql(desc = "Most teams, 2 to 30; null takes the limit away.")]
        max_teams: MaybeUndefined<i32>,
    ) -> Result<League> {
        let user = user_only(ctx)?;
        let change = Change {
            name,
            visibility: visibility.map(Into::into),
            max_teams: limit(max_teams),
        };
        let id = league_id(&league)?;
        done(Box::pin(league::change(app(ctx), user, id, change)).await)
    }

    /// Changes the settings that are given and leaves the rest, from the next race on whose draft has
    /// not opened yet. For the commissioner. Refused with the reason `TOO_MANY_TEAMS` when there would
    /// not be enough drivers.
    async fn update_league_settings(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Id of the league.")] league: ID,
        #[graphql(desc = "What is left out stays.")] settings: LeagueSettingsInput,
    ) -> Result<League> {
        let user = user_only(ctx)?;
        let id = league_id(&league)?;
        let changed = league::change_settings(app(ctx), user, id, settings.into());
        done(Box::pin(changed).await)
    }

    /// Makes the owner of another team of the league its commissioner. For the commissioner.
    async fn transfer_league(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Id of the league.")] league: ID,
        #[graphql(desc = "Id of the fantasy team.")] to: ID,
    ) -> Result<League> {
        let user = user_only(ctx)?;
        let (id, to) = (league_id(&league)?, fantasy_team_id(&to)?);
        done(Box::pin(league::transfer(app(ctx), user, id, to)).await)
    }

    /// Gives the league another invite code; the one before lets nobody in any more. For the
    /// commissioner.
    async fn rotate_invite_code(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Id of the league.")] league: ID,
    ) -> Result<League> {
        let user = user_only(ctx)?;
        let id = league_id(&league)?;
        done(Box::pin(league::rotate_invite_code(app(ctx), user, id)).await)
    }
}

/// What an argument says of a limit.
pub(super) fn limit(value: MaybeUndefined<i32>) -> Limit {
    match value {
        MaybeUndefined::Undefined => Limit::Kept,
        MaybeUndefined::Null => Limit::Lifted,
        MaybeUndefined::Value(most) => Limit::Of(most),
    }
}

fn done(league: domain::error::Result<league_row::Model>) -> Result<League> {
    league.map(League::new).map_err(from_domain)
}
