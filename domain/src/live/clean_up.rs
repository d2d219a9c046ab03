//! Forgetting single events of long ago.

use chrono::{DateTime, TimeDelta, Utc};
use entities::{live_event, live_race, live_replay, race};
use sea_orm::{
    ActiveModelTrait, ActiveValue::Set, ColumnTrait, EntityTrait, IntoActiveModel, QueryFilter,
    QueryOrder, QuerySelect, QueryTrait,
};

use super::{
    board::Board,
    change::Change,
    ingest::{read, stream, written},
    replay::GRACE,
};
use crate::{App, database, error::Result, event};

/// Forgets events that were told before `live.keep_days`, each race by itself: what they came to
/// stays, so that followers still begin with the state of the race, and those who resume from
/// before are told of the gap. Ended replays go as well. Says how many events went. Running
/// twice does what running once does.
///
/// # Errors
/// When the database fails; what was forgotten before stays so.
pub async fn clean_up(app: &App) -> Result<u64> {
    let before = app.clock.now() - TimeDelta::days(app.config.live.keep_days);
    let live = live_race::Entity::find()
        .select_only()
        .column(live_race::Column::RaceId)
        .into_query();
    let races = race::Entity::find()
        .filter(race::Column::Id.in_subquery(live))
        .all(&app.db)
        .await?;
    let mut gone = 0;
    for race in races {
        gone += forget(app, &race, before).await?;
    }
    live_replay::Entity::delete_many()
        .filter(live_replay::Column::ExpiresAt.lt(app.clock.waiting_time() - GRACE))
        .exec(&app.db)
        .await?;
    Ok(gone)
}

async fn forget(app: &App, race: &race::Model, before: DateTime<Utc>) -> Result<u64> {
    let old = |race_id| {
        live_event::Entity::find()
            .filter(live_event::Column::RaceId.eq(race_id))
            .filter(live_event::Column::ToldAt.lt(before))
            .order_by_asc(live_event::Column::Sequence)
    };
    let transaction = database::begin(&app.db).await?;
    // Nobody writes to the race meanwhile.
    event::advance(&transaction, &stream(race), 0).await?;
    let events = old(race.id).all(&transaction).await?;
    let known = live_race::Entity::find_by_id(race.id)
        .one(&transaction)
        .await?;
    let (Some(newest), Some(known)) = (events.last(), known) else {
        transaction.rollback().await?;
        return Ok(0);
    };
    let mut board = Board::default();
    for change in read::<Vec<Change>>(&known.base)? {
        board.apply(&change);
    }
    for row in &events {
        board.apply(&read(&row.body)?);
    }
    let mut row = known.into_active_model();
    row.base_sequence = Set(newest.sequence);
    row.base = Set(written(&board.changes())?);
    row.update(&transaction).await?;
    let deleted = live_event::Entity::delete_many()
        .filter(live_event::Column::RaceId.eq(race.id))
        .filter(live_event::Column::Sequence.lte(newest.sequence))
        .exec(&transaction)
        .await?;
    transaction.commit().await?;
    Ok(deleted.rows_affected)
}
