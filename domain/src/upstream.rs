//! Manners towards services on the network: no service is asked more often than it allows, by
//! all processes on one database together, and across restarts. Sending requests is not done
//! here.

use chrono::{DateTime, TimeDelta, Utc};
use entities::upstream_request::{ActiveModel, Column, Entity};
use sea_orm::{
    ActiveValue::{NotSet, Set},
    ColumnTrait, ConnectionTrait, DatabaseBackend, DbErr, EntityTrait, QueryFilter, QueryOrder,
    QuerySelect,
};

use crate::{App, clock::Clock, database::begin};

/// So many requests in any stretch of time of this length.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Window {
    pub requests: u32,
    pub within: TimeDelta,
}

/// How often a service may be asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// All of them hold.
    pub windows: &'static [Window],
}

/// The place in the queue could not be written.
#[derive(Debug, thiserror::Error)]
#[error("the database failed: {0}")]
pub struct NotReserved(#[from] DbErr);

/// A request may reach the service later after it was sent than the next ones do, for instance
/// because it is the first and has to connect. By so much every window is longer here.
const MARGIN: TimeDelta = TimeDelta::seconds(1);

/// The same where a second of the clock is shorter than the machine's, in seconds of the machine.
const MARGIN_OF_THE_MACHINE: f64 = 0.25;

/// Days after which requests are forgotten to hosts that nothing was asked of since.
const KEEP: TimeDelta = TimeDelta::days(1);

/// Forgets requests of long ago. Says how many.
///
/// # Errors
/// When the database fails.
pub async fn clean_up(app: &App) -> Result<u64, DbErr> {
    let gone = Entity::delete_many()
        .filter(Column::At.lt(app.clock.waiting_time() - KEEP))
        .exec(&app.db)
        .await?;
    Ok(gone.rows_affected)
}

/// Takes the next free place in the queue to a host and says when its turn is, by
/// [`Clock::waiting_time`]; the caller waits for it. What is older than the longest window is
/// forgotten.
///
/// # Errors
/// When the database fails.
pub async fn reserve(app: &App, host: &str, limits: &Limits) -> Result<DateTime<Utc>, NotReserved> {
    let transaction = begin(&app.db).await?;
    if transaction.get_database_backend() == DatabaseBackend::Postgres {
        // SQLite has one writer anyway. Readers are not kept waiting.
        transaction
            .execute_unprepared("LOCK TABLE upstream_request IN SHARE ROW EXCLUSIVE MODE")
            .await?;
    }
    let now = app.clock.waiting_time();
    let margin = margin(&app.clock);
    let longest = limits.windows.iter().map(|window| window.within).max();
    let longest = longest.unwrap_or_default() + margin;
    let most = limits.windows.iter().map(|window| window.requests).max();
    Entity::delete_many()
        .filter(Column::Host.eq(host))
        .filter(Column::At.lt(now - longest))
        .exec(&transaction)
        .await?;
    let mut taken: Vec<DateTime<Utc>> = Entity::find()
        .select_only()
        .column(Column::At)
        .filter(Column::Host.eq(host))
        // Later ones were written by a clock that was set to another day.
        .filter(Column::At.lte(now + longest * 2))
        .order_by_desc(Column::At)
        .limit(u64::from(most.unwrap_or_default().max(1)))
        .into_tuple()
        .all(&transaction)
        .await?;
    taken.reverse();
    let turn = next_turn(now, &taken, limits.windows, margin);
    Entity::insert(ActiveModel {
        id: NotSet,
        host: Set(host.to_owned()),
        at: Set(turn),
    })
    .exec_without_returning(&transaction)
    .await?;
    transaction.commit().await?;
    Ok(turn)
}

fn margin(clock: &Clock) -> TimeDelta {
    #[expect(clippy::cast_possible_truncation, reason = "saturates")]
    let milliseconds = (clock.pace() * MARGIN_OF_THE_MACHINE * 1000.0) as i64;
    MARGIN.max(TimeDelta::milliseconds(milliseconds))
}

/// The earliest moment that no window forbids, not before those that are taken (in order).
fn next_turn(
    now: DateTime<Utc>,
    taken: &[DateTime<Utc>],
    windows: &[Window],
    margin: TimeDelta,
) -> DateTime<Utc> {
    let after_last = taken.last().copied();
    let after_windows = windows.iter().filter_map(|window| {
        let first = taken.len().checked_sub(window.requests as usize)?;
        Some(*taken.get(first)? + window.within + margin)
    });
    after_windows.chain(after_last).fold(now, DateTime::max)
}

#[cfg(test)]
mod tests {
    use super::*;

    const WINDOWS: [Window; 2] = [
        Window {
            requests: 4,
            within: TimeDelta::seconds(1),
        },
        Window {
            requests: 200,
            within: TimeDelta::hours(1),
        },
    ];

    /// Turns of a thousand requests by somebody who always wants the next at once.
    fn turns() -> Vec<DateTime<Utc>> {
        let start = "2024-05-26T12:00:00Z".parse().unwrap();
        let mut taken = Vec::new();
        for _ in 0..1000 {
            let now = taken.last().copied().unwrap_or(start);
            taken.push(next_turn(now, &taken, &WINDOWS, MARGIN));
        }
        taken
    }

    #[test]
    fn no_window_ever_holds_more_than_it_may() {
        let turns = turns();
        for window in WINDOWS {
            let requests = window.requests as usize;
            let fits = |pair: &[DateTime<Utc>]| pair[requests] - pair[0] >= window.within + MARGIN;
            assert!(turns.windows(requests + 1).all(fits), "{window:?}");
        }
    }

    #[test]
    fn what_is_allowed_is_used() {
        let turns = turns();
        assert_eq!(turns[0], turns[3]);
        assert_eq!(turns[4] - turns[0], TimeDelta::seconds(1) + MARGIN);
        assert_eq!(turns[200] - turns[0], TimeDelta::hours(1) + MARGIN);
    }

    #[test]
    fn after_a_pause_nobody_waits() {
        let turns = turns();
        let later = turns[999] + TimeDelta::hours(2);
        assert_eq!(next_turn(later, &turns, &WINDOWS, MARGIN), later);
    }

    #[test]
    fn nobody_overtakes_those_who_wait() {
        let now: DateTime<Utc> = "2024-05-26T12:00:00Z".parse().unwrap();
        let waiting = now + TimeDelta::minutes(10);
        assert_eq!(next_turn(now, &[waiting], &WINDOWS, MARGIN), waiting);
    }
}
