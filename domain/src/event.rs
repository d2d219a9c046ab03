//! Events: rows written in the transaction of the change that they tell of.

use chrono::{DateTime, Utc};
use entities::{event, event_stream};
use sea_orm::{
    ActiveValue::Set,
    ColumnTrait, ConnectionTrait, DbErr, EntityTrait, ExprTrait, QueryFilter,
    sea_query::{Expr, OnConflict},
};

/// Stream of changes to races, results and standings.
pub const DATA: &str = "data";

/// A race was added, or something about it changed, its status too; the subject is the race.
pub const RACE_IMPORTED: &str = "race_imported";

/// A race or its sprint has got a classification, or another than before; the subject is the race.
pub const RESULTS_PUBLISHED: &str = "results_published";

/// The standings of a season were computed anew; the subject is the season.
pub const STANDINGS_COMPUTED: &str = "standings_computed";

/// Stream of the progress of imports and syncs.
pub const DATA_STATUS: &str = "data_status";

/// Stream of new models, and of which of them answers.
pub const MODEL: &str = "model";

/// Stream of back-tests that were stored.
pub const BACKTEST: &str = "backtest";

/// Stream of forecasts that are said before races: published, frozen, scored.
pub const FORECAST: &str = "forecast";

/// Kinds of its events: an engine's latest word of a race was written down, ...
pub const FORECAST_PUBLISHED: &str = "forecast_published";
/// ... stands for good, since its session has begun, ...
pub const FORECAST_FROZEN: &str = "forecast_frozen";
/// ... was taken back, since its session had begun before, ...
pub const FORECAST_WITHDRAWN: &str = "forecast_withdrawn";
/// ... was evaluated on the results.
pub const FORECAST_SCORED: &str = "forecast_scored";

/// Streams of live races: this and the race's ref. Their events are in `live_event`.
pub const LIVE: &str = "live:";

/// Stream of what the weather is expected to be. No forecast of a race rests on it, so it is not
/// part of [`DATA`].
pub const WEATHER: &str = "weather";

/// Stream of what is done to replays.
pub const REPLAY: &str = "replay";

/// Stream of people who come, change their name, and go; the subject is the user.
pub const ACCOUNT: &str = "account";

/// Kinds of its events.
pub const USER_REGISTERED: &str = "user_registered";
pub const USER_RENAMED: &str = "user_renamed";
pub const USER_DELETED: &str = "user_deleted";

/// Streams of leagues: this and the league's ref. The subject is the league, or a fantasy team.
pub const LEAGUE: &str = "league/";

/// Kinds of their events.
pub const LEAGUE_CREATED: &str = "league_created";
pub const LEAGUE_CHANGED: &str = "league_changed";
pub const LEAGUE_SETTINGS_CHANGED: &str = "league_settings_changed";
pub const LEAGUE_TRANSFERRED: &str = "league_transferred";
pub const LEAGUE_CLOSED: &str = "league_closed";
pub const INVITE_CODE_ROTATED: &str = "invite_code_rotated";
pub const FANTASY_TEAM_JOINED: &str = "fantasy_team_joined";
pub const FANTASY_TEAM_LEFT: &str = "fantasy_team_left";
pub const FANTASY_TEAM_REMOVED: &str = "fantasy_team_removed";
pub const FANTASY_TEAM_RENAMED: &str = "fantasy_team_renamed";
/// A race was scored, or scored again since something was corrected; the subject is the draft.
pub const SCORED: &str = "scored";

/// The same, of drafts: one was made, ...
pub const DRAFT_CREATED: &str = "draft_created";
/// ... an entry was written of one; an event for each.
pub const DRAFT_CHANGED: &str = "draft_changed";
/// Stream of what users are told, of all leagues together; the subject is the user.
pub const NOTIFICATION: &str = "notification";

/// The kind of its events.
pub const NOTIFIED: &str = "notified";

/// The stream of a league.
#[must_use]
pub fn league(reference: &str) -> String {
    format!("{LEAGUE}{reference}")
}

/// Appends an event. The stream's row is locked until the transaction ends, so that the
/// order of sequences is the order of commits.
///
/// # Errors
/// When the database fails.
pub async fn append<C: ConnectionTrait>(
    transaction: &C,
    stream: &str,
    kind: &str,
    subject: &str,
    now: DateTime<Utc>,
) -> Result<i64, DbErr> {
    append_all(transaction, stream, kind, vec![subject.to_owned()], now).await
}

/// Appends an event for each of some subjects, and gives the sequence of the last of them; those
/// before precede it. The stream's row is locked as by [`append`].
///
/// # Errors
/// When the database fails.
pub async fn append_all<C: ConnectionTrait>(
    transaction: &C,
    stream: &str,
    kind: &str,
    subjects: Vec<String>,
    now: DateTime<Utc>,
) -> Result<i64, DbErr> {
    let count = i64::try_from(subjects.len()).unwrap_or(i64::MAX);
    let last = advance(transaction, stream, count).await?;
    let rows = subjects.into_iter().zip(last - count + 1..);
    let rows = rows.map(|(subject, sequence)| event::ActiveModel {
        stream: Set(stream.to_owned()),
        sequence: Set(sequence),
        kind: Set(kind.to_owned()),
        subject: Set(subject),
        created_at: Set(now),
    });
    if count > 0 {
        event::Entity::insert_many(rows)
            .exec_without_returning(transaction)
            .await?;
    }
    Ok(last)
}

/// Takes so many sequences of a stream whose events are kept elsewhere, and gives the last of
/// them. The stream's row is locked until the transaction ends; taking none is to wait for it.
///
/// # Errors
/// When the database fails.
pub async fn advance<C: ConnectionTrait>(
    transaction: &C,
    stream: &str,
    count: i64,
) -> Result<i64, DbErr> {
    let next = event_stream::ActiveModel {
        stream: Set(stream.to_owned()),
        last_sequence: Set(count),
    };
    let row = event_stream::Entity::insert(next)
        .on_conflict(
            OnConflict::column(event_stream::Column::Stream)
                .value(
                    event_stream::Column::LastSequence,
                    Expr::col((event_stream::Entity, event_stream::Column::LastSequence))
                        .add(count),
                )
                .to_owned(),
        )
        .exec_with_returning(transaction)
        .await?;
    Ok(row.last_sequence)
}

/// Whether a stream tells of nothing that an answer kept for others rests on: of races while they
/// are run, which change all the time, of replays, and of accounts, leagues and notifications, whose
/// answers are never kept.
#[must_use]
pub fn is_live(stream: &str) -> bool {
    let of_many = [LIVE, LEAGUE];
    of_many.iter().any(|begin| stream.starts_with(begin))
        || [REPLAY, ACCOUNT, NOTIFICATION].contains(&stream)
}

/// Sequence of the newest event of a stream, 0 when there is none: the version of what the
/// stream tells of.
///
/// # Errors
/// When the database fails.
pub async fn last_sequence<C: ConnectionTrait>(db: &C, stream: &str) -> Result<i64, DbErr> {
    Ok(event_stream::Entity::find()
        .filter(event_stream::Column::Stream.eq(stream))
        .one(db)
        .await?
        .map_or(0, |row| row.last_sequence))
}
