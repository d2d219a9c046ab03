//! Seasons: names of their races, which race is next and which is being run, and what is worked out
//! from results.

pub mod career;
pub mod derive;
pub mod lineage;
pub mod power_unit;
pub mod progress;
pub mod slug;
pub mod start;

use chrono::{DateTime, Days, Utc};
use entities::race::{self, Status};
use sea_orm::{
    ColumnTrait, ConnectionTrait, DbErr, EntityTrait, QueryFilter, QueryOrder, QuerySelect,
};

/// The earliest race neither completed nor cancelled, in order of start, whatever the date.
///
/// # Errors
/// When the database fails.
pub async fn next_race<C: ConnectionTrait>(db: &C) -> Result<Option<race::Model>, DbErr> {
    race::Entity::find()
        .filter(race::Column::Status.is_in([Status::Scheduled, Status::InProgress]))
        .order_by_asc(race::Column::Date)
        .order_by_asc(race::Column::Id)
        .one(db)
        .await
}

/// The latest completed race.
///
/// # Errors
/// When the database fails.
pub async fn last_race<C: ConnectionTrait>(db: &C) -> Result<Option<race::Model>, DbErr> {
    race::Entity::find()
        .filter(race::Column::Status.eq(Status::Completed))
        .order_by_desc(race::Column::Date)
        .order_by_desc(race::Column::Id)
        .one(db)
        .await
}

/// The latest completed race before another.
///
/// # Errors
/// When the database fails.
pub async fn race_before<C: ConnectionTrait>(
    db: &C,
    race: &race::Model,
) -> Result<Option<race::Model>, DbErr> {
    race::Entity::find()
        .filter(race::Column::Status.eq(Status::Completed))
        .filter(race::Column::Date.lt(race.date))
        .order_by_desc(race::Column::Date)
        .order_by_desc(race::Column::Id)
        .one(db)
        .await
}

/// The race of a ref.
///
/// # Errors
/// When the database fails.
pub async fn race<C: ConnectionTrait>(
    db: &C,
    reference: &str,
) -> Result<Option<race::Model>, DbErr> {
    race::Entity::find()
        .filter(race::Column::Reference.eq(reference))
        .one(db)
        .await
}

/// The race to begin next.
///
/// # Errors
/// When the database fails.
pub async fn race_to_begin<C: ConnectionTrait>(
    db: &C,
    now: DateTime<Utc>,
) -> Result<Option<race::Model>, DbErr> {
    let races = race::Entity::find()
        .filter(race::Column::Status.is_in([Status::Scheduled, Status::InProgress]))
        .filter(race::Column::Date.gte(now.date_naive() - Days::new(1)))
        .order_by_asc(race::Column::Date)
        .order_by_asc(race::Column::Id)
        .limit(3)
        .all(db)
        .await?;
    let starts = start::starts(db, &races).await?;
    let to_begin = |race: &race::Model| starts.get(&race.id).is_some_and(|at| at.race > now);
    Ok(races.into_iter().find(to_begin))
}
