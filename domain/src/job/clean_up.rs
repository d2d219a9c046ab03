//! Forgetting jobs of long ago.

use chrono::TimeDelta;
use entities::job::{Column, Entity, Status};
use sea_orm::{ColumnTrait, DbErr, EntityTrait, QueryFilter, QuerySelect};

use crate::App;

/// Days that jobs are kept which are done with. The timetable never asks for a tick that is older.
const KEEP: TimeDelta = TimeDelta::days(60);

/// Forgets jobs that have been done with for long, but for the latest of each kind and subject, which
/// the timetable goes by. Says how many went.
///
/// # Errors
/// When the database fails.
pub async fn clean_up(app: &App) -> Result<u64, DbErr> {
    let latest: Vec<i32> = Entity::find()
        .select_only()
        .expr(Column::Id.max())
        .group_by(Column::Kind)
        .group_by(Column::Subject)
        .into_tuple()
        .all(&app.db)
        .await?;
    let gone = Entity::delete_many()
        .filter(Column::Status.is_in([Status::Succeeded, Status::Failed]))
        .filter(Column::CreatedAt.lt(app.clock.now() - KEEP))
        .filter(Column::Id.is_not_in(latest))
        .exec(&app.db)
        .await?;
    Ok(gone.rows_affected)
}
