//! Who is told what when something becomes of a draft. No database, and no clock.

use chrono::{DateTime, TimeDelta, Utc};

use super::Kind;
use crate::draft::{Action, Draft, DriverId, Entry, Member, State, TeamId, Window};

/// So long before the end of a turn its team is warned.
const WARNING: TimeDelta = TimeDelta::minutes(10);

/// What a member is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Word {
    pub kind: Kind,
    pub to: Member,
    /// Of a substitution.
    pub swap: Option<Swap>,
}

/// A driver for another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Swap {
    pub replaced: Option<DriverId>,
    pub replacement: Option<DriverId>,
}

impl Word {
    pub fn new(kind: Kind, to: Member) -> Self {
        Self {
            kind,
            to,
            swap: None,
        }
    }
}

/// What the members of a league are told since entries were written to a draft. What is over again
/// already, such as turns that have passed, is not told any more.
pub fn of_draft(before: &Draft, entries: &[Entry], after: &Draft, members: &[Member]) -> Vec<Word> {
    let to_all = |kind| members.iter().map(move |to| Word::new(kind, *to));
    let mut words = Vec::new();
    if before.state() == State::Upcoming && is_going_on(after) {
        words.extend(to_all(Kind::DraftOpened));
    }
    for entry in entries {
        match &entry.action {
            Action::OrderSet { .. } if !is_over(after) => {
                let others = to_all(Kind::OrderChanged);
                words.extend(others.filter(|word| entry.by != Some(word.to.user)));
            }
            Action::Substituted { pick, .. } => words.extend(substitution(after, *pick, members)),
            _ => {}
        }
    }
    if let Some(team) = new_turn(before, entries, after) {
        let to = member_of(members, team);
        words.extend(to.map(|to| Word::new(Kind::YourTurn, to)));
    }
    if is_over(after) && !is_over(before) {
        words.extend(to_all(Kind::DraftClosed));
    }
    words
}

/// When the team on the clock is warned: ten minutes before its clock runs out or the draft closes,
/// whichever is sooner. `None` when nobody is on the clock, and for a turn that is not longer.
#[must_use]
pub fn warn_at(draft: &Draft, window: &Window) -> Option<DateTime<Utc>> {
    let at = turn_ends(draft, window)? - WARNING;
    draft.turn_since().filter(|since| *since < at).map(|_| at)
}

/// When the present turn ends if nobody does anything; `None` when nobody is on the clock.
pub fn turn_ends(draft: &Draft, window: &Window) -> Option<DateTime<Utc>> {
    let open = draft.state() == State::Open && draft.on_the_clock().is_some();
    let closes_at = window.closes_at;
    let ends = draft.expires_at().unwrap_or(closes_at).min(closes_at);
    open.then_some(ends)
}

/// The member whose team it is, while the team is in the league.
pub fn member_of(members: &[Member], team: TeamId) -> Option<Member> {
    let mut members = members.iter().copied();
    members.find(|member| member.team == team)
}

fn is_going_on(draft: &Draft) -> bool {
    matches!(draft.state(), State::Open | State::Paused)
}

fn is_over(draft: &Draft) -> bool {
    matches!(draft.state(), State::Closed | State::Complete)
}

/// The team whose turn has begun, or begun anew.
fn new_turn(before: &Draft, entries: &[Entry], after: &Draft) -> Option<TeamId> {
    let team = after.on_the_clock()?;
    let anew = entries.iter().any(|entry| {
        matches!(
            entry.action,
            Action::Opened { .. } | Action::Resumed | Action::Undone { .. } | Action::Reset
        )
    });
    // Who picks twice in a row knows of the second turn.
    let mut since = after.picks().iter().skip(before.picks().len());
    let still = before.on_the_clock() == Some(team) && since.all(|pick| pick.team == team);
    (after.state() == State::Open && (anew || !still)).then_some(team)
}

fn substitution(after: &Draft, pick: usize, members: &[Member]) -> Option<Word> {
    let pick = after.picks().get(pick)?;
    let swap = Swap {
        replaced: pick.substitution.as_ref()?.replaced,
        replacement: pick.driver,
    };
    let word = Word::new(Kind::Substitution, member_of(members, pick.team)?);
    Some(Word {
        swap: Some(swap),
        ..word
    })
}

#[cfg(test)]
mod tests;
