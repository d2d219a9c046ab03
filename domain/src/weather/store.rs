//! Takes in what a service said.

use entities::{race, session, weather_forecast};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QuerySelect};

use super::{Forecast, rules};
use crate::{
    App,
    database::begin,
    error::{Error, Result},
    event,
    import::rows,
};

/// What became of a forecast.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stored {
    /// Hours that are known of the race now.
    pub hours: usize,
    /// Whether the weather is expected to be another than before.
    pub changed: bool,
}

/// Takes in a forecast for a race. The same again notes that it still holds, and is no event.
///
/// # Errors
/// When there is no such race, or the database fails.
pub async fn store(app: &App, race_id: i32, forecast: &Forecast) -> Result<Stored> {
    let transaction = begin(&app.db).await?;
    // Two who store at the same time take turns. SQLite has one writer anyway.
    let race = race::Entity::find_by_id(race_id)
        .lock_exclusive()
        .one(&transaction)
        .await?;
    let race = race.ok_or_else(|| Error::NotFound(format!("there is no race {race_id}")))?;
    let sessions = session::Entity::find()
        .filter(session::Column::RaceId.eq(race_id))
        .all(&transaction)
        .await?;
    let of_race = weather_forecast::Column::RaceId.eq(race_id);
    let stored = weather_forecast::Entity::find()
        .filter(of_race.clone())
        .all(&transaction)
        .await?;
    let mut before = stored.clone();
    before.sort_by_key(|row| (row.session, row.hour));
    let rows = rules::latest(race_id, &sessions, stored, forecast);
    if rows != before {
        weather_forecast::Entity::delete_many()
            .filter(of_race)
            .exec(&transaction)
            .await?;
        rows::insert::<_, weather_forecast::Entity>(&transaction, &rows).await?;
    }
    let changed = !rules::same(&before, &rows);
    if changed {
        let subject = format!("Race:{}", race.reference);
        let kind = "weather_forecast_changed";
        event::append(
            &transaction,
            event::WEATHER,
            kind,
            &subject,
            app.clock.now(),
        )
        .await?;
    }
    transaction.commit().await?;
    if changed {
        app.bus.committed();
    }
    Ok(Stored {
        hours: rows.len(),
        changed,
    })
}
