//! When a session begins, what was said of it before stands for good.

use chrono::{DateTime, Utc};
use engines::Target;
use entities::{
    forecast::{self, Column},
    race,
    select::any_of,
};
use sea_orm::{
    ColumnTrait, ConnectionTrait, DbErr, EntityTrait, FromQueryResult, QueryFilter, QuerySelect,
    sea_query::Expr,
};

use super::{
    order::began,
    stored::{live, subject},
};
use crate::{App, backtest::target_name, database::begin, error::Result, event, season::start};

/// A forecast that may still be replaced.
#[derive(Debug, FromQueryResult)]
struct Open {
    id: i32,
    race_id: i32,
    engine: String,
    stage: String,
    target: String,
    generated_at: DateTime<Utc>,
}

/// One whose session has begun.
struct Due {
    open: Open,
    race: String,
    at: DateTime<Utc>,
}

/// Freezes all forecasts whose session has begun by now, at the start of that, and says how many
/// those were: they are never replaced again, even if the session is moved later. One that was said
/// after a start that was not known then, or was moved to before it, is taken back: it was not said
/// before.
///
/// # Errors
/// When the database fails.
pub async fn freeze(app: &App) -> Result<usize> {
    // Mostly there is nothing to do, and nobody need wait for a turn.
    if due(&app.db, app.clock.now()).await?.is_empty() {
        return Ok(0);
    }
    let transaction = begin(&app.db).await?;
    event::advance(&transaction, event::FORECAST, 0).await?;
    let now = app.clock.now();
    let due = due(&transaction, now).await?;
    let mut frozen = 0;
    for Due { open, race, at } in due {
        let kind = if open.generated_at > at {
            forecast::Entity::delete_by_id(open.id)
                .exec(&transaction)
                .await?;
            event::FORECAST_WITHDRAWN
        } else {
            forecast::Entity::update_many()
                .col_expr(Column::FrozenAt, Expr::value(at))
                .filter(Column::Id.eq(open.id))
                .exec(&transaction)
                .await?;
            frozen += 1;
            event::FORECAST_FROZEN
        };
        let Open {
            engine,
            stage,
            target,
            ..
        } = open;
        let subject = subject(&race, &engine, &stage, &target);
        event::append(&transaction, event::FORECAST, kind, &subject, now).await?;
    }
    transaction.commit().await?;
    app.bus.committed();
    Ok(frozen)
}

async fn due<C: ConnectionTrait>(db: &C, now: DateTime<Utc>) -> Result<Vec<Due>, DbErr> {
    let open: Vec<Open> = live()
        .select_only()
        .columns([
            Column::Id,
            Column::RaceId,
            Column::Engine,
            Column::Stage,
            Column::Target,
            Column::GeneratedAt,
        ])
        .filter(Column::FrozenAt.is_null())
        .into_model()
        .all(db)
        .await?;
    if open.is_empty() {
        return Ok(Vec::new());
    }
    let mut ids: Vec<i32> = open.iter().map(|open| open.race_id).collect();
    ids.sort_unstable();
    ids.dedup();
    let races = race::Entity::find()
        .filter(any_of(db.get_database_backend(), race::Column::Id, &ids))
        .filter(race::Column::Status.ne(race::Status::Cancelled))
        .all(db)
        .await?;
    let starts = start::starts(db, &races).await?;
    let due = open.into_iter().filter_map(|open| {
        let race = races.iter().find(|race| race.id == open.race_id)?;
        let mut targets = Target::ALL.into_iter();
        let target = targets.find(|target| target_name(*target) == open.target)?;
        Some(Due {
            at: began(race, *starts.get(&race.id)?, target, now)?,
            race: race.reference.clone(),
            open,
        })
    });
    Ok(due.collect())
}
