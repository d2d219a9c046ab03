//! What time brings about in a draft: it opens, pick clocks run out, it closes.

use chrono::{DateTime, Utc};

use super::{
    Action, Automatic, Choice, Draft, Entry, Situation, State, TeamId, Unfilled, Why, order,
};

/// What has come due until now and is not written yet, each entry dated when it came due. However
/// late and in how many steps it is asked for, the same comes to be written.
#[must_use]
pub fn due(draft: &Draft, situation: &Situation, now: DateTime<Utc>) -> Vec<Entry> {
    let mut draft = draft.clone();
    let mut entries = Vec::new();
    while let Some(at) = next_due(&draft, situation).filter(|at| *at <= now) {
        if draft.state() == State::Upcoming {
            let order = order::kept(draft.order(), &situation.teams());
            entries.push(draft.write(at, None, Action::Opened { order }));
        } else if let Some(team) = draft.on_the_clock() {
            let closes = at >= situation.window.closes_at;
            let why = if closes { Why::Deadline } else { Why::Clock };
            let action = without_the_member(&draft, situation, team, why);
            entries.push(draft.write(at, None, action));
        }
        settle(&mut draft, at, &mut entries);
    }
    entries
}

/// When something comes [`due`] next if nobody does anything; in the past if it is not written.
#[must_use]
pub fn next_due(draft: &Draft, situation: &Situation) -> Option<DateTime<Utc>> {
    let closes_at = situation.window.closes_at;
    let at = match draft.state() {
        State::Upcoming => situation.window.opens_at,
        State::Open => draft.expires_at().unwrap_or(closes_at).min(closes_at),
        State::Paused => closes_at,
        State::Closed | State::Complete => return None,
    };
    (!situation.cancelled).then_some(at)
}

/// Writes what follows at once: the turns of leavers are passed over, and without turns left the
/// draft closes.
pub(super) fn settle(draft: &mut Draft, at: DateTime<Utc>, entries: &mut Vec<Entry>) {
    while matches!(draft.state(), State::Open | State::Paused) {
        let action = match draft.on_the_clock() {
            Some(team) if draft.has_left(team) => Action::LeftEmpty { team },
            Some(_) => return,
            None => Action::Closed,
        };
        entries.push(draft.write(at, None, action));
    }
}

/// What becomes of a turn that the member has let pass.
fn without_the_member(draft: &Draft, situation: &Situation, team: TeamId, why: Why) -> Action {
    let passed_over = why == Why::Deadline && draft.setup().unfilled == Unfilled::LeftEmpty;
    if passed_over {
        return Action::LeftEmpty { team };
    }
    let queue = situation.queues.get(&team).into_iter().flatten();
    // A ranking may not know everybody who is there.
    let ranking = situation.ranking.iter().chain(&situation.entry_list);
    let mut choices = queue
        .map(|driver| (driver, Choice::Queue))
        .chain(ranking.map(|driver| (driver, Choice::Ranking)));
    let best = choices
        .find(|(driver, _)| situation.entry_list.contains(driver) && !draft.is_taken(**driver));
    match best {
        Some((driver, from)) => Action::Picked {
            team,
            driver: *driver,
            automatic: Some(Automatic { why, from }),
            key: None,
        },
        None => Action::LeftEmpty { team },
    }
}
