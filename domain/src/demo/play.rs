//! A league from its making to its latest race, in one transaction: with all its drafts, or not at
//! all.

use std::collections::HashMap;

use chrono::{DateTime, TimeDelta, Utc};
use entities::{fantasy_team, league, user};
use rand::SeedableRng;
use rand_pcg::Pcg64;
use sea_orm::ConnectionTrait;

use super::{Options, email, taste::favourites, weekend::Weekend};
use crate::{
    App,
    auth::{self, UserId},
    database::begin_hastily,
    draft::{self, Asked, Command, DriverId, Stored, TeamId, order},
    error::{Error, Result},
    league::{self as leagues, LeagueSettings, Locked, Since, Visibility},
    notification, team,
};

/// A draft is made so long before it opens.
const AHEAD: TimeDelta = TimeDelta::hours(1);

/// A league is made so long before its first draft opens.
const FOUNDED_AHEAD: TimeDelta = TimeDelta::days(7);

/// What all leagues have in common.
pub(super) struct Play<'a> {
    pub app: &'a App,
    pub options: &'a Options,
    pub settings: LeagueSettings,
    pub weekends: &'a [Weekend],
    /// Of everybody's password.
    pub hash: String,
}

/// A league that is held, and whose teams these are.
struct Table<'a, C> {
    transaction: &'a C,
    locked: &'a Locked,
    users: HashMap<TeamId, UserId>,
    rng: Pcg64,
}

impl Play<'_> {
    /// Makes the league of a number, from 0, with accounts from a number on.
    pub(super) async fn league(
        &self,
        number: usize,
        first_account: usize,
    ) -> Result<(league::Model, Vec<fantasy_team::Model>)> {
        let transaction = begin_hastily(&self.app.db).await?;
        let locked = self.found(&transaction, number, first_account).await?;
        let users = locked.teams.iter().map(|team| {
            let user = UserId::parse(&team.user_id);
            let user = user.ok_or_else(|| Error::Internal("an id of a user".to_owned()))?;
            Ok((TeamId(team.id), user))
        });
        let mut table = Table {
            transaction: &transaction,
            locked: &locked,
            users: users.collect::<Result<_>>()?,
            rng: Pcg64::seed_from_u64(self.options.seed.wrapping_add(count(number)?)),
        };
        let mut is_first = true;
        for weekend in self.weekends {
            let drafted = Box::pin(table.draft(weekend, is_first)).await?;
            is_first &= !drafted;
        }
        // It goes on with the next race like every other league.
        let now = self.app.clock.now();
        Box::pin(draft::catch_up(&transaction, &locked, &[], now)).await?;
        transaction.commit().await?;
        self.app.bus.told();
        Ok((locked.league, locked.teams))
    }

    /// Makes accounts and their league, before the first draft.
    async fn found<C: ConnectionTrait>(
        &self,
        transaction: &C,
        number: usize,
        first_account: usize,
    ) -> Result<Locked> {
        let missing = || Error::Internal("a season without races".to_owned());
        let first = self.weekends.first().ok_or_else(missing)?;
        let founded = first.window.opens_at - FOUNDED_AHEAD;
        let commissioner = self.account(transaction, first_account, founded).await?;
        let new = leagues::New {
            name: format!("Demo {} {}", self.options.season, number + 1),
            team_name: "Team 1".to_owned(),
            visibility: Visibility::Private,
            max_teams: None,
            settings: self.settings.clone(),
        };
        let since = Since::race(&first.race);
        let mut locked = leagues::found(transaction, &commissioner.id, new, since, founded).await?;
        for member in 1..self.options.members {
            let account = first_account + member;
            let user = self.account(transaction, account, founded).await?;
            let name = format!("Team {}", member + 1);
            let team = team::enter(transaction, &locked, &user.id, &name, founded).await?;
            locked.teams.push(team);
        }
        Ok(locked)
    }

    async fn account<C: ConnectionTrait>(
        &self,
        transaction: &C,
        number: usize,
        now: DateTime<Utc>,
    ) -> Result<user::Model> {
        let new = auth::New {
            email: email(number),
            name: format!("Demo {number}"),
            role: user::Role::User,
            password: self.hash.clone(),
            // Of what has long been there is nothing to tell.
            muted: notification::muted(&[]),
        };
        auth::add(transaction, new, now).await
    }
}

impl<C: ConnectionTrait> Table<'_, C> {
    /// Makes the draft for a race, and holds it unless the race was cancelled: whether it was held.
    async fn draft(&mut self, weekend: &Weekend, is_first: bool) -> Result<bool> {
        let made = weekend.window.opens_at - AHEAD;
        let mut stored = draft::make(self.transaction, self.locked, &weekend.race, made).await?;
        if stored.is_cancelled() {
            return Ok(false);
        }
        let asked = self.wishes(weekend, &stored, is_first)?;
        let written = draft::write_all(
            self.transaction,
            self.locked,
            &mut stored,
            asked,
            &weekend.standings,
            weekend.window.closes_at,
        );
        // Nobody here asks for what a rule forbids.
        let written = Box::pin(written).await?;
        written.map_err(|refusal| Error::Internal(refusal.to_string()))?;
        Ok(true)
    }

    /// What members do in a draft, at even distances from its opening to its closing. Before the
    /// first the commissioner draws lots; who finds nobody left lets the turn pass.
    fn wishes(&mut self, weekend: &Weekend, stored: &Stored, is_first: bool) -> Result<Vec<Asked>> {
        let mut asked = Vec::new();
        let mut order = stored.draft.order().to_vec();
        if is_first {
            order = order::drawn(&order, &mut self.rng);
            asked.push(Asked {
                by: UserId::parse(&self.locked.league.owner_id),
                command: Command::SetOrder {
                    order: order.clone(),
                },
                at: stored.row.created_at,
            });
        }
        let mut wishes: HashMap<TeamId, Vec<DriverId>> = HashMap::new();
        for (member, team) in self.locked.teams.iter().enumerate() {
            let favourites = favourites(weekend, member, &mut self.rng);
            wishes.insert(TeamId(team.id), favourites);
        }
        let setup = stored.draft.setup();
        let turns = order.len() * setup.rounds;
        let window = weekend.window;
        let time = (window.closes_at - window.opens_at).num_seconds();
        let step = TimeDelta::seconds(time / count::<i64>(turns + 1)?);
        let mut at = window.opens_at;
        let mut taken = Vec::new();
        for number in 0..turns {
            at += step;
            let place = setup.method.turn(order.len(), setup.rounds, number);
            let Some(team) = place.and_then(|place| order.get(place)) else {
                break;
            };
            let mut favourites = wishes.get(team).into_iter().flatten();
            let Some(driver) = favourites.find(|driver| !taken.contains(*driver)) else {
                break;
            };
            taken.push(*driver);
            asked.push(Asked {
                by: self.users.get(team).copied(),
                command: Command::Pick {
                    driver: *driver,
                    key: None,
                },
                at,
            });
        }
        Ok(asked)
    }
}

fn count<T: TryFrom<usize, Error: std::fmt::Display>>(number: usize) -> Result<T> {
    T::try_from(number).map_err(|error| Error::Internal(error.to_string()))
}
