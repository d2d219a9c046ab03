//! One race into the database, in one transaction, part by part.

use std::collections::HashMap;

use entities::{
    race,
    race_source::{self, Section, Source},
    season, session,
};
use sea_orm::{
    ActiveModelTrait, ColumnTrait, ConnectionTrait, DbErr, EntityTrait, IntoActiveModel,
    QueryFilter,
};

use super::{
    calendar, digest, entries, record::RaceRecord, results, rows, sections, standings,
    writer::RaceWriter,
};
use crate::event;

/// What is already known of the parts of all races.
pub type Known = HashMap<(i32, Section), (Source, String)>;

/// Parts of a race that a source brings and that are not stored already.
#[must_use]
pub fn new_sections(
    known: &Known,
    race_id: Option<i32>,
    source: Source,
    record: &RaceRecord,
) -> Vec<(Section, String)> {
    digest::sections(record)
        .into_iter()
        .filter(|(section, digest)| {
            let stored = race_id.and_then(|id| known.get(&(id, *section)));
            match stored {
                Some((from, same)) if *from == source => same != digest,
                _ if source == Source::Openf1 => adds(*section, stored.is_some()),
                Some((Source::Openf1, _)) | None => true,
                Some((from, _)) => *from <= source,
            }
        })
        .collect()
}

/// OpenF1 counts for what only it has: details of the race that nobody else has brought. Whose laps
/// say more is seen when they are written.
fn adds(section: Section, brought: bool) -> bool {
    match section {
        Section::Laps => true,
        Section::PitStops | Section::Weather | Section::RaceControl => !brought,
        _ => false,
    }
}

/// What writing a race has changed.
#[derive(Debug, Clone, Copy, Default)]
pub struct Changed {
    /// Anything at all.
    pub any: bool,
    /// The classification of the race or of its sprint.
    pub results: bool,
}

/// Writes the named parts of a race and says what changed.
///
/// # Errors
/// When the database fails; the transaction is the caller's to roll back.
pub async fn store<C: ConnectionTrait>(
    writer: &RaceWriter<'_, C>,
    known: &Known,
    record: &RaceRecord,
    sections: &[(Section, String)],
) -> Result<Changed, DbErr> {
    let mut changed = Changed::default();
    let mut standings_affected = false;
    let mut remembered = Vec::new();
    for (section, digest) in sections {
        let previous = known.get(&(writer.race_id, *section));
        let fresh = previous.is_none();
        let from = previous.map(|(source, _)| *source);
        let stored = write_section(writer, record, *section, from).await?;
        if stored == Stored::KeptBetter {
            continue;
        }
        let classified = matches!(section, Section::Results | Section::Sprint);
        changed.any |= stored == Stored::Changed;
        changed.results |= classified && stored == Stored::Changed;
        let row = race_source::Model {
            race_id: writer.race_id,
            section: *section,
            source: writer.source,
            digest: digest.clone(),
            imported_at: writer.now,
        };
        if fresh {
            remembered.push(row);
        } else {
            row.into_active_model()
                .reset_all()
                .update(writer.transaction)
                .await?;
        }
        standings_affected |=
            classified || (*section == Section::Calendar && stored == Stored::Changed);
    }
    rows::insert::<_, race_source::Entity>(writer.transaction, &remembered).await?;
    if sections.iter().any(|(section, _)| {
        matches!(
            section,
            Section::Results | Section::Sprint | Section::Qualifying
        )
    }) {
        changed.any |= entries::store(writer, record).await?;
    }
    if standings_affected {
        season::Entity::update_many()
            .col_expr(season::Column::DerivedCurrent, false.into())
            .filter(season::Column::Year.eq(record.season))
            .exec(writer.transaction)
            .await?;
    }
    Ok(changed)
}

/// What became of one part.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stored {
    Same,
    Changed,
    /// What is stored says more; it stays, and the digest with it.
    KeptBetter,
}

impl From<bool> for Stored {
    fn from(changed: bool) -> Self {
        if changed { Self::Changed } else { Self::Same }
    }
}

async fn write_section<C: ConnectionTrait>(
    writer: &RaceWriter<'_, C>,
    record: &RaceRecord,
    section: Section,
    from: Option<Source>,
) -> Result<Stored, DbErr> {
    let fresh = from.is_none();
    Ok(match section {
        Section::Calendar => calendar::sessions(writer, record, fresh).await?.into(),
        Section::Results => {
            let changed = results::store(writer, record, session::Kind::Race, fresh).await?;
            if !writer.new_race {
                completed(writer).await?;
            }
            changed.into()
        }
        Section::Sprint => results::store(writer, record, session::Kind::Sprint, fresh)
            .await?
            .into(),
        Section::Qualifying => sections::qualifying(writer, &record.qualifying, fresh)
            .await?
            .into(),
        Section::Practice => sections::practice(writer, record, fresh).await?.into(),
        Section::Laps => sections::laps(writer, record, from)
            .await?
            .map_or(Stored::KeptBetter, Stored::from),
        Section::PitStops => sections::pit_stops(writer, record, fresh).await?.into(),
        Section::Weather => sections::conditions(writer, record, fresh).await?.into(),
        Section::RaceControl => sections::control(writer, record, fresh).await?.into(),
        Section::Standings => standings::published(writer, record, fresh).await?.into(),
    })
}

/// A race with a classification has been run.
async fn completed<C: ConnectionTrait>(writer: &RaceWriter<'_, C>) -> Result<(), DbErr> {
    race::Entity::update_many()
        .col_expr(
            race::Column::Status,
            sea_orm::ActiveEnum::to_value(&race::Status::Completed).into(),
        )
        .filter(race::Column::Id.eq(writer.race_id))
        .filter(race::Column::Status.ne(race::Status::Completed))
        .exec(writer.transaction)
        .await
        .map(drop)
}

/// The events that tell of the change.
///
/// # Errors
/// When the database fails.
pub async fn announce<C: ConnectionTrait>(
    writer: &RaceWriter<'_, C>,
    reference: &str,
    changed: Changed,
) -> Result<(), DbErr> {
    let subject = format!("Race:{reference}");
    let mut kinds = vec![event::RACE_IMPORTED];
    if changed.results {
        kinds.push(event::RESULTS_PUBLISHED);
    }
    for kind in kinds {
        event::append(writer.transaction, event::DATA, kind, &subject, writer.now).await?;
    }
    Ok(())
}
