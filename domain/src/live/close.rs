//! Ending live races whose feed does not tell of their end.

use entities::{live_fact, live_race, race, result, session::Kind};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QuerySelect, QueryTrait};

use super::{
    ingest::{Ingested, ingest, read, to_the_millisecond},
    record::{Record, Said},
    setting::Setting,
};
use crate::{App, error::Result};

/// Ends a live race by its stored classification, for when the feed does not tell of one; also
/// tells followers of a correction. Nothing happens to a race that nobody has ingested.
///
/// # Errors
/// When the database fails.
pub async fn close(app: &App, race: &race::Model) -> Result<Option<Ingested>> {
    let known = live_race::Entity::find_by_id(race.id).one(&app.db).await?;
    let Some(known) = known else { return Ok(None) };
    let setting: Setting = read(&known.setting)?;
    let results = result::Entity::find()
        .filter(result::Column::RaceId.eq(race.id))
        .filter(result::Column::Session.eq(Kind::Race))
        .all(&app.db)
        .await?;
    let mut records = Vec::new();
    for row in results {
        let mut cars = setting.cars.iter();
        let car = cars.find(|(_, starter)| starter.driver_id == row.driver_id);
        if let Some((number, _)) = car {
            records.push(Record {
                at: to_the_millisecond(app.clock.now()),
                said: classification(*number, &row),
            });
        }
    }
    ingest(app, race, records).await.map(Some)
}

/// Ends the live races that were run and whose end nobody has told of, since nobody followed them when
/// their results came in. Says how many.
///
/// # Errors
/// When the database fails; those ended before stay so.
pub async fn close_left_open(app: &App) -> Result<usize> {
    let told = live_fact::Entity::find()
        .select_only()
        .column(live_fact::Column::RaceId)
        .filter(live_fact::Column::Fact.starts_with("classification/"))
        .into_query();
    let open = live_race::Entity::find()
        .select_only()
        .column(live_race::Column::RaceId)
        .filter(live_race::Column::RaceId.not_in_subquery(told))
        .into_query();
    let races = race::Entity::find()
        .filter(race::Column::Status.eq(race::Status::Completed))
        .filter(race::Column::Id.in_subquery(open))
        .all(&app.db)
        .await?;
    for race in &races {
        close(app, race).await?;
    }
    Ok(races.len())
}

/// A result as a feed says it.
pub(super) fn classification(number: i32, row: &result::Model) -> Said {
    use result::Status;
    Said::Classification {
        number,
        position: row.position,
        laps: Some(row.laps),
        retired: row.status == Status::Retired,
        disqualified: matches!(row.status, Status::Disqualified | Status::Excluded),
        started: !matches!(row.status, Status::DidNotStart | Status::DidNotQualify),
    }
}
