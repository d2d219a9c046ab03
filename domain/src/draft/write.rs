//! Writes down what becomes of a draft, in a transaction that holds its league: entries, the picks
//! that they make, and an event for each entry.

use chrono::{DateTime, Utc};
use entities::{draft, draft_entry, draft_pick};
use sea_orm::{
    ActiveModelTrait, ActiveValue::Set, ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter,
};

use super::{
    Action, Command, Draft, DriverId, Entry, Pick, Refusal, Situation, State, Stored, decide, due,
    next_due, situation::situation,
};
use crate::{
    auth::UserId,
    error::{Error, Result},
    event,
    league::Locked,
    notification,
};

/// A command, who gives it (nobody is the server), and when.
pub(crate) struct Asked {
    pub by: Option<UserId>,
    pub command: Command,
    pub at: DateTime<Utc>,
}

/// Writes what is due, then what becomes of a command. What was due is written also when the command
/// is refused, so the transaction is to be committed either way.
///
/// `ranking` is whom the server picks first; without any the championship decides.
pub(crate) async fn write<C: ConnectionTrait>(
    transaction: &C,
    locked: &Locked,
    stored: &mut Stored,
    by: Option<UserId>,
    command: Option<Command>,
    ranking: &[DriverId],
    now: DateTime<Utc>,
) -> Result<Result<Vec<Entry>, Refusal>> {
    let at = now;
    let asked = command.map(|command| Asked { by, command, at });
    let asked: Vec<Asked> = asked.into_iter().collect();
    write_all(transaction, locked, stored, asked, ranking, now).await
}

/// The same for several commands, in order of time, up to the first that is refused; then what is
/// due at the end.
pub(crate) async fn write_all<C: ConnectionTrait>(
    transaction: &C,
    locked: &Locked,
    stored: &mut Stored,
    asked: Vec<Asked>,
    ranking: &[DriverId],
    now: DateTime<Utc>,
) -> Result<Result<Vec<Entry>, Refusal>> {
    let situation = situation(transaction, locked, stored, ranking, now).await?;
    let before = stored.draft.clone();
    let mut entries = Vec::new();
    let mut refused = None;
    for Asked { by, command, at } in asked {
        let late = due(&stored.draft, &situation, at);
        apply(&mut stored.draft, &mut entries, late);
        match decide(&stored.draft, &situation, by, command, at) {
            Ok(decided) => apply(&mut stored.draft, &mut entries, decided),
            Err(refusal) => {
                refused = Some(refusal);
                break;
            }
        }
    }
    let late = due(&stored.draft, &situation, now);
    apply(&mut stored.draft, &mut entries, late);
    if !entries.is_empty() {
        save_picks(transaction, stored.row.id, &before, &stored.draft).await?;
        stored.event = save_entries(transaction, locked, &stored.row, &entries, now).await?;
    }
    save_row(transaction, stored, &situation, &entries, now).await?;
    notification::tell(transaction, locked, stored, &before, &entries, now).await?;
    stored.entries.extend(entries.iter().cloned());
    Ok(refused.map_or(Ok(entries), Err))
}

fn apply(draft: &mut Draft, entries: &mut Vec<Entry>, new: Vec<Entry>) {
    for entry in &new {
        draft.apply(entry);
    }
    entries.extend(new);
}

async fn save_row<C: ConnectionTrait>(
    transaction: &C,
    stored: &mut Stored,
    situation: &Situation,
    entries: &[Entry],
    now: DateTime<Utc>,
) -> Result<()> {
    let opened = |entry: &Entry| matches!(entry.action, Action::Opened { .. });
    let row = draft::Model {
        state: stored.draft.state().into(),
        next_due: next_moment(&stored.draft, situation, now),
        settings_version: if entries.iter().any(opened) {
            Some(stored.version)
        } else {
            stored.row.settings_version
        },
        ..stored.row.clone()
    };
    if row != stored.row {
        let changed = draft::ActiveModel {
            id: Set(row.id),
            state: Set(row.state),
            next_due: Set(row.next_due),
            settings_version: Set(row.settings_version),
            ..Default::default()
        };
        changed.update(transaction).await?;
        stored.row = row;
    }
    Ok(())
}

/// When a draft is to be looked at again: when something comes due, and before that when the team on
/// the clock is to be warned. After its last pick the next draft is due once its window is over.
fn next_moment(draft: &Draft, situation: &Situation, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
    let window = &situation.window;
    let Some(due) = next_due(draft, situation) else {
        let waits = draft.state() == State::Closed && !situation.cancelled;
        return Some(window.closes_at).filter(|at| waits && *at > now);
    };
    let warning = notification::warn_at(draft, window).filter(|at| *at > now);
    Some(warning.map_or(due, |at| at.min(due)))
}

/// Writes entries and an event for each; gives the sequence of the last event.
async fn save_entries<C: ConnectionTrait>(
    transaction: &C,
    locked: &Locked,
    row: &draft::Model,
    entries: &[Entry],
    now: DateTime<Utc>,
) -> Result<i64> {
    let subject = format!("Draft:{}", row.reference);
    let kind = event::DRAFT_CHANGED;
    let last = locked
        .note_times(transaction, kind, &subject, entries.len(), now)
        .await?;
    let written = |(entry, event_sequence): (&Entry, i64)| {
        let action = serde_json::to_string(&entry.action);
        let action = action.map_err(|error| Error::Internal(error.to_string()))?;
        Ok(draft_entry::ActiveModel {
            draft_id: Set(row.id),
            sequence: Set(entry.sequence),
            at: Set(entry.at),
            user_id: Set(entry.by.map(|user| user.to_string())),
            action: Set(action),
            event_sequence: Set(event_sequence),
        })
    };
    let newest_first = entries.iter().rev().zip((1..=last).rev());
    let rows: Result<Vec<_>> = newest_first.map(written).collect();
    draft_entry::Entity::insert_many(rows?)
        .exec_without_returning(transaction)
        .await?;
    Ok(last)
}

/// Makes the stored picks those of the draft: of what differs, the old ones go and the new ones come.
async fn save_picks<C: ConnectionTrait>(
    transaction: &C,
    draft: i32,
    before: &Draft,
    after: &Draft,
) -> Result<()> {
    let same = |(one, other): &(&Pick, &Pick)| {
        (one.team, one.drafted, one.driver) == (other.team, other.drafted, other.driver)
    };
    let pairs = before.picks().iter().zip(after.picks());
    let kept = pairs.take_while(same).count();
    if kept < before.picks().len() {
        draft_pick::Entity::delete_many()
            .filter(draft_pick::Column::DraftId.eq(draft))
            .filter(draft_pick::Column::Number.gte(count(kept)?))
            .exec(transaction)
            .await?;
    }
    let new = after.picks().iter().skip(kept);
    let rows: Result<Vec<_>> = new
        .map(|pick| {
            Ok(draft_pick::ActiveModel {
                draft_id: Set(draft),
                number: Set(count(pick.number)?),
                team_id: Set(pick.team.0),
                drafted_id: Set(pick.drafted.map(|driver| driver.0)),
                driver_id: Set(pick.driver.map(|driver| driver.0)),
            })
        })
        .collect();
    let rows = rows?;
    if !rows.is_empty() {
        draft_pick::Entity::insert_many(rows)
            .exec_without_returning(transaction)
            .await?;
    }
    Ok(())
}

fn count(number: usize) -> Result<i32> {
    i32::try_from(number).map_err(|error| Error::Internal(error.to_string()))
}
