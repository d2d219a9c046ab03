//! Which stored race a record means, and when its sessions are.

use std::collections::HashMap;

use chrono::TimeDelta;
use entities::{
    race::{self, Status},
    race_alias,
    race_source::Source,
    session,
};
use sea_orm::{
    ActiveModelTrait, ActiveValue::NotSet, ColumnTrait, Condition, ConnectionTrait, DbErr,
    EntityTrait, IntoActiveModel,
};

use super::{people::People, record::RaceRecord, rows, writer::RaceWriter};
use crate::season::slug;

/// How far apart two sources may date the same race.
const SAME_RACE_DAYS: TimeDelta = TimeDelta::days(3);

/// All stored races, found by ref, alias, or circuit and date.
#[derive(Debug, Default)]
pub struct Calendar {
    races: HashMap<i32, race::Model>,
    by_slug: HashMap<(i32, String), i32>,
}

impl Calendar {
    /// Reads every stored race and alias.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn load<C: ConnectionTrait>(db: &C) -> Result<Self, DbErr> {
        let mut calendar = Self::default();
        for alias in race_alias::Entity::find().all(db).await? {
            calendar
                .by_slug
                .insert((alias.season, alias.slug), alias.race_id);
        }
        for row in race::Entity::find().all(db).await? {
            calendar.remember(row);
        }
        Ok(calendar)
    }

    /// The stored race that a record means.
    #[must_use]
    pub fn find(&self, record: &RaceRecord, people: &People) -> Option<&race::Model> {
        let key = (record.season, slug::slug(&record.name));
        if let Some(id) = self.by_slug.get(&key) {
            return self.races.get(id);
        }
        let circuit = people.circuits.get(&record.circuit)?;
        self.races.values().find(|race| {
            race.season == record.season
                && race.circuit_id == *circuit
                && (race.date - record.date).abs() <= SAME_RACE_DAYS
        })
    }

    /// Takes note of a race that was written.
    pub fn remember(&mut self, row: race::Model) {
        let own = row.reference.split_once('_').map_or("", |(_, slug)| slug);
        self.by_slug.insert((row.season, own.to_owned()), row.id);
        self.races.insert(row.id, row);
    }
}

/// Writes the race itself, and an alias where it is stored under another name.
///
/// A less trusted source never changes a stored race.
///
/// # Errors
/// When the database fails.
pub async fn race<C: ConnectionTrait>(
    transaction: &C,
    people: &People,
    source_wins: bool,
    stored: Option<&race::Model>,
    record: &RaceRecord,
) -> Result<race::Model, DbErr> {
    let Some(stored) = stored else {
        let mut row = row(people, record).into_active_model();
        row.id = NotSet;
        return row.insert(transaction).await;
    };
    let slug = slug::slug(&record.name);
    if stored.reference != format!("{}_{slug}", record.season) {
        let alias = race_alias::ActiveModel {
            season: sea_orm::Set(record.season),
            slug: sea_orm::Set(slug),
            race_id: sea_orm::Set(stored.id),
        };
        race_alias::Entity::insert(alias)
            .on_conflict_do_nothing()
            .exec_without_returning(transaction)
            .await?;
    }
    if !source_wins {
        return Ok(stored.clone());
    }
    let mut new = row(people, record);
    new.id = stored.id;
    new.reference.clone_from(&stored.reference);
    new.wikipedia_url = new.wikipedia_url.or_else(|| stored.wikipedia_url.clone());
    new.starts_at = new.starts_at.or(stored.starts_at);
    if record.status.is_none() && stored.status != Status::Scheduled {
        new.status = stored.status;
    }
    if new == *stored {
        return Ok(new);
    }
    let same = new.status == stored.status;
    let mut row = new.into_active_model().reset_all();
    if same {
        // It may have begun since it was read.
        row.status = NotSet;
    }
    row.update(transaction).await
}

fn row(people: &People, record: &RaceRecord) -> race::Model {
    race::Model {
        id: 0,
        reference: slug::reference(record.season, &record.name),
        season: record.season,
        round: record.round,
        name: record.name.clone(),
        circuit_id: people.circuits[&record.circuit],
        date: record.date,
        starts_at: record.starts_at,
        status: match record.status {
            Some(status) => status,
            None if record.results.is_empty() => Status::Scheduled,
            None => Status::Completed,
        },
        wikipedia_url: record.wikipedia_url.clone(),
    }
}

/// Writes the sessions of a race; says whether any changed.
///
/// # Errors
/// When the database fails.
pub async fn sessions<C: ConnectionTrait>(
    writer: &RaceWriter<'_, C>,
    record: &RaceRecord,
    fresh: bool,
) -> Result<bool, DbErr> {
    let mut new: Vec<session::Model> = record
        .sessions
        .iter()
        .map(|session| session::Model {
            race_id: writer.race_id,
            kind: session.kind,
            date: session.date,
            starts_at: session.starts_at,
        })
        .collect();
    new.push(session::Model {
        race_id: writer.race_id,
        kind: session::Kind::Race,
        date: record
            .starts_at
            .map_or(record.date, |start| start.date_naive()),
        starts_at: record.starts_at,
    });
    if fresh {
        rows::insert::<_, session::Entity>(writer.transaction, &new).await?;
        return Ok(true);
    }
    let scope = Condition::all().add(session::Column::RaceId.eq(writer.race_id));
    rows::replace::<_, session::Entity, _>(
        writer.transaction,
        scope,
        &new,
        |row| row.kind,
        PartialEq::eq,
    )
    .await
}

/// Whether a source may change what another has said.
#[must_use]
pub fn wins(source: Source, stored: Option<Source>) -> bool {
    stored.is_none_or(|stored| stored <= source)
}
