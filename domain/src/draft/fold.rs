//! The state of a draft, as its log has made it. The fold believes the log; whether something may
//! be written there is for the [rules](super::rules).

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};

use super::{Action, Automatic, DriverId, Entry, Method, TeamId, UserId};

/// What of a draft is settled before it opens.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Setup {
    pub method: Method,
    /// Drivers for each team.
    pub rounds: usize,
    /// The order for this race, until somebody sets another.
    pub order: Vec<TeamId>,
    /// How long a team has for a pick; `None` for as long as the draft is open.
    pub pick_clock: Option<TimeDelta>,
    pub unfilled: Unfilled,
}

/// What becomes of picks that nobody has made when the draft closes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Unfilled {
    /// The server makes them.
    #[default]
    Filled,
    /// Nobody does.
    LeftEmpty,
}

/// How far a draft is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum State {
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

/// A pick that was made or passed over.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pick {
    /// From 0.
    pub number: usize,
    pub team: TeamId,
    /// Who was drafted; `None` if the turn was passed over.
    pub drafted: Option<DriverId>,
    /// Whose points count: who was drafted or who replaces him; `None` for no points.
    pub driver: Option<DriverId>,
    pub at: DateTime<Utc>,
    /// Who made it: the member, the commissioner, or `None` for the server.
    pub by: Option<UserId>,
    /// The server chose.
    pub automatic: Option<Automatic>,
    /// By which the sender knows it again.
    pub key: Option<String>,
    /// The latest replacement of the driver.
    pub substitution: Option<Substitution>,
}

/// A replacement of a driver who does not race.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Substitution {
    /// Who was replaced.
    pub replaced: Option<DriverId>,
    pub at: DateTime<Utc>,
    pub note: String,
}

/// A draft.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Draft {
    setup: Setup,
    state: State,
    order: Vec<TeamId>,
    picks: Vec<Pick>,
    /// Teams that left while it went on.
    left: BTreeSet<TeamId>,
    /// What was picked with a key, also what was undone since.
    keys: BTreeMap<(TeamId, String), DriverId>,
    /// When the present turn began, or began anew.
    turn_since: Option<DateTime<Utc>>,
    sequence: i64,
    at: Option<DateTime<Utc>>,
}

impl Draft {
    /// A draft of which nothing is written yet.
    #[must_use]
    pub fn new(setup: Setup) -> Self {
        Self {
            order: setup.order.clone(),
            setup,
            state: State::Upcoming,
            picks: Vec::new(),
            left: BTreeSet::new(),
            keys: BTreeMap::new(),
            turn_since: None,
            sequence: 0,
            at: None,
        }
    }

    /// The draft that a log tells of.
    #[must_use]
    pub fn replay<'a>(setup: Setup, log: impl IntoIterator<Item = &'a Entry>) -> Self {
        let mut draft = Self::new(setup);
        for entry in log {
            draft.apply(entry);
        }
        draft
    }

    /// Goes on by an entry.
    pub fn apply(&mut self, entry: &Entry) {
        self.sequence = entry.sequence;
        self.at = Some(entry.at);
        match &entry.action {
            Action::OrderSet { order } => self.order.clone_from(order),
            Action::Opened { order } => {
                self.order.clone_from(order);
                self.state = State::Open;
            }
            Action::Picked {
                team,
                driver,
                automatic,
                key,
            } => {
                if let Some(key) = key {
                    self.keys.insert((*team, key.clone()), *driver);
                }
                let mut pick = self.empty(*team, entry);
                pick.drafted = Some(*driver);
                pick.driver = Some(*driver);
                pick.automatic = *automatic;
                pick.key.clone_from(key);
                self.picks.push(pick);
            }
            Action::LeftEmpty { team } => self.picks.push(self.empty(*team, entry)),
            Action::Paused => self.state = State::Paused,
            Action::Resumed => self.state = State::Open,
            Action::Undone { to_pick } => self.take_back(*to_pick),
            Action::Reset => self.take_back(0),
            Action::Left { team } => {
                self.left.insert(*team);
            }
            Action::Substituted {
                pick,
                replacement,
                note,
            } => {
                if let Some(pick) = self.picks.get_mut(*pick) {
                    pick.substitution = Some(Substitution {
                        replaced: pick.driver,
                        at: entry.at,
                        note: note.clone(),
                    });
                    pick.driver = *replacement;
                }
            }
            Action::Closed => self.state = State::Closed,
            Action::Scored => self.state = State::Complete,
        }
        // Who is not on the clock gains or loses nothing for those who are.
        if !matches!(
            entry.action,
            Action::Left { .. } | Action::Substituted { .. }
        ) {
            self.turn_since = Some(entry.at);
        }
    }

    #[must_use]
    pub fn setup(&self) -> &Setup {
        &self.setup
    }

    #[must_use]
    pub fn state(&self) -> State {
        self.state
    }

    /// The order of the first round.
    #[must_use]
    pub fn order(&self) -> &[TeamId] {
        &self.order
    }

    /// What was picked or passed over, by number.
    #[must_use]
    pub fn picks(&self) -> &[Pick] {
        &self.picks
    }

    /// The drivers whose points a team gets.
    pub fn drivers(&self, team: TeamId) -> impl Iterator<Item = DriverId> {
        let picks = self.picks.iter().filter(move |pick| pick.team == team);
        picks.filter_map(|pick| pick.driver)
    }

    /// Whose turn pick `number`, from 0, is; `None` after the last.
    #[must_use]
    pub fn turn(&self, number: usize) -> Option<TeamId> {
        let Setup { method, rounds, .. } = self.setup;
        let place = method.turn(self.order.len(), rounds, number)?;
        self.order.get(place).copied()
    }

    /// Whose turn it is, or will be after the pause.
    #[must_use]
    pub fn on_the_clock(&self) -> Option<TeamId> {
        let going_on = matches!(self.state, State::Open | State::Paused);
        self.turn(self.picks.len()).filter(|_| going_on)
    }

    /// Whether a driver is some team's already.
    #[must_use]
    pub fn is_taken(&self, driver: DriverId) -> bool {
        self.picks.iter().any(|pick| pick.driver == Some(driver))
    }

    /// Whether a team left while the draft went on.
    #[must_use]
    pub fn has_left(&self, team: TeamId) -> bool {
        self.left.contains(&team)
    }

    /// The pick that a team made with a key, unless it was undone.
    #[must_use]
    pub fn pick_with_key(&self, team: TeamId, key: &str) -> Option<&Pick> {
        let mut picks = self.picks.iter().filter(|pick| pick.team == team);
        picks.find(|pick| pick.key.as_deref() == Some(key))
    }

    /// What a team picked with a key, whether or not it was undone.
    pub(super) fn picked_with_key(&self, team: TeamId, key: &str) -> Option<DriverId> {
        self.keys.get(&(team, key.to_owned())).copied()
    }

    /// When the present turn began, or began anew; `None` before the first entry.
    #[must_use]
    pub fn turn_since(&self) -> Option<DateTime<Utc>> {
        self.turn_since
    }

    /// When the pick clock runs out; `None` while none runs. The draft may close before.
    #[must_use]
    pub fn expires_at(&self) -> Option<DateTime<Utc>> {
        let open = self.state == State::Open && self.on_the_clock().is_some();
        let since = self.turn_since.filter(|_| open)?;
        since.checked_add_signed(self.setup.pick_clock?)
    }

    /// What is left of the pick clock, zero at least; `None` while none runs.
    #[must_use]
    pub fn remaining(&self, now: DateTime<Utc>) -> Option<TimeDelta> {
        Some((self.expires_at()? - now).max(TimeDelta::zero()))
    }

    /// Sequence of the latest entry; 0 before the first.
    #[must_use]
    pub fn sequence(&self) -> i64 {
        self.sequence
    }

    /// Goes on by an action. Clocks of two processes may differ, so it is never earlier than the
    /// one before.
    pub(super) fn write(&mut self, at: DateTime<Utc>, by: Option<UserId>, action: Action) -> Entry {
        let entry = Entry {
            sequence: self.sequence + 1,
            at: self.at.map_or(at, |before| before.max(at)),
            by,
            action,
        };
        self.apply(&entry);
        entry
    }

    fn empty(&self, team: TeamId, entry: &Entry) -> Pick {
        Pick {
            number: self.picks.len(),
            team,
            drafted: None,
            driver: None,
            at: entry.at,
            by: entry.by,
            automatic: None,
            key: None,
            substitution: None,
        }
    }

    fn take_back(&mut self, to_pick: usize) {
        self.picks.truncate(to_pick);
        if self.state == State::Closed {
            self.state = State::Open;
        }
    }
}
