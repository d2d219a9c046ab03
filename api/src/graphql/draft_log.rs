//! What happened in drafts, entry by entry.

use std::sync::Arc;

use async_graphql::{Context, Enum, Object};
use chrono::{DateTime, Utc};
use domain::draft::{Action, DriverId, Entry, Stored, TeamId};
use futures::future::try_join_all;

use super::{
    directive::ListOf,
    draft_pick::{AutomaticPick, load, name_of},
    driver::Driver,
    fantasy_team::FantasyTeam,
};
use crate::error::Result;

/// What happened in a draft.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
pub enum DraftAction {
    /// The commissioner set the order.
    OrderSet,
    /// Picks can be made.
    Opened,
    /// A pick was made.
    Picked,
    /// A turn was passed over.
    LeftEmpty,
    /// The commissioner stopped it for a while.
    Paused,
    /// It goes on, with a full clock.
    Resumed,
    /// A pick and all later ones were taken back.
    Undone,
    /// All picks were taken back.
    Reset,
    /// A team left the league; its turns are passed over.
    Left,
    /// The driver of a pick was replaced.
    Substituted,
    /// No more picks are made.
    Closed,
    /// The race was scored.
    Scored,
}

impl From<&Action> for DraftAction {
    fn from(action: &Action) -> Self {
        match action {
            Action::OrderSet { .. } => Self::OrderSet,
            Action::Opened { .. } => Self::Opened,
            Action::Picked { .. } => Self::Picked,
            Action::LeftEmpty { .. } => Self::LeftEmpty,
            Action::Paused => Self::Paused,
            Action::Resumed => Self::Resumed,
            Action::Undone { .. } => Self::Undone,
            Action::Reset => Self::Reset,
            Action::Left { .. } => Self::Left,
            Action::Substituted { .. } => Self::Substituted,
            Action::Closed => Self::Closed,
            Action::Scored => Self::Scored,
        }
    }
}

pub struct DraftLogEntry {
    stored: Arc<Stored>,
    entry: Entry,
    /// Number of the pick that it is about, from 0.
    pick: Option<usize>,
}

/// Something that happened in a draft.
#[Object(cache_control(private))]
impl DraftLogEntry {
    /// Its place in the log, from 1.
    async fn sequence(&self) -> i64 {
        self.entry.sequence
    }

    async fn at(&self) -> DateTime<Utc> {
        self.entry.at
    }

    /// Name of the user who did it; null when it was the server.
    async fn by(&self, ctx: &Context<'_>) -> Option<Result<String>> {
        name_of(ctx, self.entry.by).await
    }

    async fn action(&self) -> DraftAction {
        (&self.entry.action).into()
    }

    /// The team whose turn it was, or that left; null where it is about none.
    async fn team(&self, ctx: &Context<'_>) -> Option<Result<FantasyTeam>> {
        let team = self.team_of()?;
        Some(FantasyTeam::load(ctx, self.stored.row.league_id, team.0).await)
    }

    /// Who was picked, or replaces another; null where it is nobody.
    async fn driver(&self, ctx: &Context<'_>) -> Option<Result<Driver>> {
        load(ctx, self.driver_of()).await
    }

    /// The order of the first round, where it was set or the draft opened with it.
    #[graphql(directive = ListOf::apply(11))]
    async fn order(&self, ctx: &Context<'_>) -> Option<Result<Vec<FantasyTeam>>> {
        let (Action::OrderSet { order } | Action::Opened { order }) = &self.entry.action else {
            return None;
        };
        let league = self.stored.row.league_id;
        let teams = order
            .iter()
            .map(|team| FantasyTeam::load(ctx, league, team.0));
        Some(try_join_all(teams).await)
    }

    /// Number, from 1, of the pick that was made, passed over or replaced, or that was undone with
    /// all later ones.
    async fn pick(&self) -> Option<usize> {
        self.pick.map(|number| number + 1)
    }

    /// What the commissioner said of a replacement.
    async fn note(&self) -> Option<&str> {
        match &self.entry.action {
            Action::Substituted { note, .. } => Some(note),
            _ => None,
        }
    }

    /// How the server came to make a pick; null when a user did.
    async fn automatic(&self) -> Option<AutomaticPick> {
        match &self.entry.action {
            Action::Picked { automatic, .. } => automatic.map(AutomaticPick),
            _ => None,
        }
    }
}

impl DraftLogEntry {
    /// The whole log of a draft.
    #[must_use]
    pub fn all(stored: &Arc<Stored>) -> Vec<Self> {
        let picks = numbers(&stored.entries);
        let entries = stored.entries.iter().cloned().zip(picks);
        let entry = |(entry, pick)| Self {
            stored: Arc::clone(stored),
            entry,
            pick,
        };
        entries.map(entry).collect()
    }

    /// Its place in the log, from 1.
    #[must_use]
    pub fn number(&self) -> i64 {
        self.entry.sequence
    }

    fn team_of(&self) -> Option<TeamId> {
        match &self.entry.action {
            Action::Picked { team, .. } | Action::LeftEmpty { team } | Action::Left { team } => {
                Some(*team)
            }
            Action::Substituted { pick, .. } => self.stored.draft.turn(*pick),
            _ => None,
        }
    }

    fn driver_of(&self) -> Option<DriverId> {
        match &self.entry.action {
            Action::Picked { driver, .. } => Some(*driver),
            Action::Substituted { replacement, .. } => *replacement,
            _ => None,
        }
    }
}

/// For each entry of a log the number, from 0, of the pick that it is about.
fn numbers(log: &[Entry]) -> Vec<Option<usize>> {
    let mut made = 0;
    let number = |entry: &Entry| match &entry.action {
        Action::Picked { .. } | Action::LeftEmpty { .. } => {
            made += 1;
            Some(made - 1)
        }
        Action::Undone { to_pick } => {
            made = *to_pick;
            Some(*to_pick)
        }
        Action::Reset => {
            made = 0;
            None
        }
        Action::Substituted { pick, .. } => Some(*pick),
        _ => None,
    };
    log.iter().map(number).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn picks_are_numbered_as_they_stood_when_they_were_made() {
        let (team, driver) = (TeamId(1), DriverId(44));
        let picked = || Action::Picked {
            team,
            driver,
            automatic: None,
            key: None,
        };
        let replaced = Action::Substituted {
            pick: 0,
            replacement: None,
            note: String::new(),
        };
        let log = [
            (Action::Opened { order: vec![team] }, None),
            (picked(), Some(0)),
            (Action::LeftEmpty { team }, Some(1)),
            (picked(), Some(2)),
            (Action::Undone { to_pick: 1 }, Some(1)),
            (picked(), Some(1)),
            (Action::Reset, None),
            (picked(), Some(0)),
            (replaced, Some(0)),
            (Action::Closed, None),
        ];
        let (actions, expected): (Vec<_>, Vec<_>) = log.into_iter().unzip();
        let entry = |(sequence, action)| Entry {
            sequence,
            at: DateTime::UNIX_EPOCH,
            by: None,
            action,
        };
        let entries: Vec<Entry> = (1..).zip(actions).map(entry).collect();
        assert_eq!(numbers(&entries), expected);
    }
}
