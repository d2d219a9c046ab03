//! What becomes of the wishes of members, of the commissioner and of the server.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};

use super::{
    Action, Draft, DriverId, Entry, Refusal, State, TeamId, UserId, Window,
    due::{next_due, settle},
    order,
};

/// How things stand around a draft, at the moment of asking.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Situation {
    pub window: Window,
    /// The race does not take place.
    pub cancelled: bool,
    pub commissioner: UserId,
    /// As they joined.
    pub members: Vec<Member>,
    /// Who can be drafted.
    pub entry_list: BTreeSet<DriverId>,
    /// Whom members would draft, the favourite first.
    pub queues: BTreeMap<TeamId, Vec<DriverId>>,
    /// Whom the server drafts for those whose queue has nobody left, the best first.
    pub ranking: Vec<DriverId>,
}

/// A member of the league.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Member {
    pub user: UserId,
    pub team: TeamId,
}

impl Situation {
    /// The teams of the members, as they joined.
    #[must_use]
    pub fn teams(&self) -> Vec<TeamId> {
        self.members.iter().map(|member| member.team).collect()
    }
}

/// What somebody wants. All but [`Pick`](Command::Pick) is for the commissioner and the server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Command {
    /// Picks for one's own team. With the key of an earlier pick it is that pick again.
    Pick {
        driver: DriverId,
        key: Option<String>,
    },
    /// Picks for the team whose turn it is.
    PickFor {
        team: TeamId,
        driver: DriverId,
        key: Option<String>,
    },
    /// Opens it before it opens by itself.
    Open,
    /// Stops the clock and all picks.
    Pause,
    /// Goes on, with a full clock.
    Resume,
    /// Takes back the pick of this number, from 0, and all later ones.
    Undo { pick: usize },
    /// Takes back all picks.
    Reset,
    /// Sets the order, before the first pick.
    SetOrder { order: Vec<TeamId> },
    /// Gives a pick, whose number counts from 0, another driver, or nobody.
    Substitute {
        pick: usize,
        replacement: Option<DriverId>,
        note: String,
    },
    /// A team has left the league: its turns are passed over.
    Leave { team: TeamId },
    /// The race was scored.
    Complete,
}

/// Decides what becomes of somebody's wish, the server being `None`: entries to be written, none
/// if it is done already. What was closed since all picks were made can be undone or reset until
/// the window closes, and pauses outlast both.
///
/// # Errors
/// The rule that says no; [`Refusal::DraftBehind`] while something that is [due](super::due()) is
/// not written.
pub fn decide(
    draft: &Draft,
    situation: &Situation,
    by: Option<UserId>,
    command: Command,
    now: DateTime<Utc>,
) -> Result<Vec<Entry>, Refusal> {
    if situation.cancelled {
        return Err(Refusal::RaceCancelled);
    }
    if next_due(draft, situation).is_some_and(|at| at <= now) {
        return Err(Refusal::DraftBehind);
    }
    let case = Case {
        draft,
        situation,
        now,
    };
    let mut draft = draft.clone();
    let mut entries = Vec::new();
    if let Some(action) = case.action(by, command)? {
        entries.push(draft.write(now, by, action));
        settle(&mut draft, now, &mut entries);
    }
    Ok(entries)
}

/// What a wish is held against.
struct Case<'a> {
    draft: &'a Draft,
    situation: &'a Situation,
    now: DateTime<Utc>,
}

impl Case<'_> {
    /// The action that is wished for; `None` if it is done already.
    fn action(&self, by: Option<UserId>, command: Command) -> Result<Option<Action>, Refusal> {
        if let Command::Pick { driver, key } = command {
            let mut members = self.situation.members.iter();
            let member = members.find(|member| Some(member.user) == by);
            return self.pick(member.ok_or(Refusal::NotAMember)?.team, driver, key);
        }
        if by.is_some_and(|user| user != self.situation.commissioner) {
            return Err(Refusal::NotCommissioner);
        }
        let action = match command {
            Command::Pick { .. } => return Err(Refusal::NotAMember),
            Command::PickFor { team, driver, key } => return self.pick(team, driver, key),
            Command::Open => self.open()?,
            Command::Pause => {
                self.is_open()?;
                Action::Paused
            }
            Command::Resume => {
                self.is_going_on()?;
                self.is(State::Paused, Refusal::DraftNotPaused)?;
                Action::Resumed
            }
            Command::Undo { pick } => {
                self.can_be_taken_back()?;
                let made = pick < self.draft.picks().len();
                made.then_some(()).ok_or(Refusal::NothingToUndo)?;
                Action::Undone { to_pick: pick }
            }
            Command::Reset => {
                self.can_be_taken_back()?;
                Action::Reset
            }
            Command::SetOrder { order } => self.set_order(order)?,
            Command::Substitute {
                pick,
                replacement,
                note,
            } => return self.substitute(pick, replacement, note),
            Command::Leave { team } => return Ok(self.leave(team)),
            Command::Complete if self.draft.state() == State::Complete => return Ok(None),
            Command::Complete => {
                self.is(State::Closed, Refusal::DraftNotClosed)?;
                Action::Scored
            }
        };
        Ok(Some(action))
    }

    fn pick(
        &self,
        team: TeamId,
        driver: DriverId,
        key: Option<String>,
    ) -> Result<Option<Action>, Refusal> {
        if let Some(key) = &key
            && let Some(earlier) = self.draft.picked_with_key(team, key)
        {
            return match self.draft.pick_with_key(team, key) {
                _ if earlier != driver => Err(Refusal::KeyReused),
                Some(_) => Ok(None),
                // A request that was held up must not bring back what was taken back.
                None => Err(Refusal::PickUndone),
            };
        }
        self.is_open()?;
        if self.draft.on_the_clock() != Some(team) {
            return Err(Refusal::NotYourTurn);
        }
        self.is_available(driver)?;
        Ok(Some(Action::Picked {
            team,
            driver,
            automatic: None,
            key,
        }))
    }

    fn open(&self) -> Result<Action, Refusal> {
        self.is(State::Upcoming, Refusal::DraftHasOpened)?;
        let is_time = self.now >= self.situation.window.earliest;
        is_time.then_some(()).ok_or(Refusal::TooEarly)?;
        let order = order::kept(self.draft.order(), &self.situation.teams());
        Ok(Action::Opened { order })
    }

    fn set_order(&self, order: Vec<TeamId>) -> Result<Action, Refusal> {
        let teams = if self.draft.state() == State::Upcoming {
            self.situation.teams()
        } else {
            self.is_going_on()?;
            // Who joined after the opening takes part from the next race on.
            let order = self.draft.order().iter().copied();
            order.filter(|team| !self.draft.has_left(*team)).collect()
        };
        if !self.draft.picks().is_empty() {
            return Err(Refusal::OrderFixed);
        }
        order::check(&order, &teams)?;
        Ok(Action::OrderSet { order })
    }

    fn substitute(
        &self,
        number: usize,
        replacement: Option<DriverId>,
        note: String,
    ) -> Result<Option<Action>, Refusal> {
        let pick = self.draft.picks().get(number);
        // Nobody drafted, nobody to replace.
        let pick = pick.filter(|pick| pick.drafted.is_some());
        let pick = pick.ok_or(Refusal::NoSuchPick)?;
        if pick.driver == replacement {
            return Ok(None);
        }
        if let Some(driver) = replacement {
            self.is_available(driver)?;
        }
        Ok(Some(Action::Substituted {
            pick: number,
            replacement,
            note,
        }))
    }

    fn leave(&self, team: TeamId) -> Option<Action> {
        // Before it opens the order takes those who are there; after the scoring nothing follows.
        let matters = !matches!(self.draft.state(), State::Upcoming | State::Complete);
        let takes_part = self.draft.order().contains(&team) && !self.draft.has_left(team);
        (matters && takes_part).then_some(Action::Left { team })
    }

    fn is(&self, state: State, otherwise: Refusal) -> Result<(), Refusal> {
        let is = self.draft.state() == state;
        is.then_some(()).ok_or(otherwise)
    }

    fn is_going_on(&self) -> Result<(), Refusal> {
        match self.draft.state() {
            State::Upcoming => Err(Refusal::DraftNotOpen),
            State::Open | State::Paused => Ok(()),
            State::Closed if self.is_before_the_deadline() => Err(Refusal::AllPicksMade),
            State::Closed | State::Complete => Err(Refusal::DraftClosed),
        }
    }

    fn is_open(&self) -> Result<(), Refusal> {
        self.is_going_on()?;
        self.is(State::Open, Refusal::DraftPaused)
    }

    fn can_be_taken_back(&self) -> Result<(), Refusal> {
        match self.is_going_on() {
            Err(Refusal::AllPicksMade) => Ok(()),
            otherwise => otherwise,
        }
    }

    fn is_before_the_deadline(&self) -> bool {
        self.now < self.situation.window.closes_at
    }

    fn is_available(&self, driver: DriverId) -> Result<(), Refusal> {
        if !self.situation.entry_list.contains(&driver) {
            return Err(Refusal::NotOnEntryList);
        }
        let free = !self.draft.is_taken(driver);
        free.then_some(()).ok_or(Refusal::DriverTaken)
    }
}

#[cfg(test)]
mod tests;
