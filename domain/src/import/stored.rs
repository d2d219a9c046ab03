//! A race as it is stored, for a source that adds to races and has none of its own.

use std::collections::BTreeMap;

use entities::{circuit, driver, entry, race, session};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter};

use super::record::{RaceRecord, SessionKind, SessionRecord};
use crate::{App, error::Result};

/// What is to be added to.
#[derive(Debug, Clone, PartialEq)]
pub struct Stored {
    /// The race and its sessions, and nothing else.
    pub record: RaceRecord,
    /// Who drove, by number.
    pub cars: BTreeMap<i32, Car>,
}

/// Who drove a car.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Car {
    /// Ref of the driver.
    pub driver: String,
    /// Three-letter code at this race, where known.
    pub code: Option<String>,
}

/// A race as it is stored.
///
/// # Errors
/// When the database fails.
pub async fn stored(app: &App, race: &race::Model) -> Result<Stored> {
    let circuit = circuit::Entity::find_by_id(race.circuit_id)
        .one(&app.db)
        .await?;
    let sessions = session::Entity::find()
        .filter(session::Column::RaceId.eq(race.id))
        .filter(session::Column::Kind.ne(SessionKind::Race))
        .all(&app.db)
        .await?;
    Ok(Stored {
        record: RaceRecord {
            season: race.season,
            round: race.round,
            name: race.name.clone(),
            circuit: circuit.map(|row| row.reference).unwrap_or_default(),
            date: race.date,
            starts_at: race.starts_at,
            wikipedia_url: race.wikipedia_url.clone(),
            sessions: sessions.iter().map(session).collect(),
            ..RaceRecord::default()
        },
        cars: cars(app, race.id).await?,
    })
}

fn session(row: &session::Model) -> SessionRecord {
    SessionRecord {
        kind: row.kind,
        date: row.date,
        starts_at: row.starts_at,
    }
}

async fn cars(app: &App, race_id: i32) -> Result<BTreeMap<i32, Car>> {
    let entered = entry::Entity::find()
        .filter(entry::Column::RaceId.eq(race_id))
        .all(&app.db)
        .await?;
    let ids: Vec<i32> = entered.iter().map(|row| row.driver_id).collect();
    let drivers = driver::Entity::find()
        .filter(driver::Column::Id.is_in(ids))
        .all(&app.db)
        .await?;
    let names: BTreeMap<i32, String> = drivers
        .into_iter()
        .map(|row| (row.id, row.reference))
        .collect();
    let car = |row: entry::Model| {
        let driver = names.get(&row.driver_id)?.clone();
        let code = row.code;
        Some((row.number.parse().ok()?, Car { driver, code }))
    };
    Ok(entered.into_iter().filter_map(car).collect())
}
