//! The one importer: whatever the source, records go in race by race, each in its own
//! transaction; the same again changes nothing; a killed import goes on where it stopped.

use std::collections::BTreeSet;

use entities::{
    import_run,
    race_source::{self, Section},
};
use sea_orm::{
    ActiveEnum, ActiveModelTrait, ActiveValue::Set, ColumnTrait, DatabaseTransaction, DbErr,
    EntityTrait, QueryFilter,
};

use super::{
    bundled::corrections::correct_starts,
    calendar::{self, Calendar},
    people::{self, People},
    race::{self, Known},
    record::RaceRecord,
    source::{Problem, Refused, Source, SourceError, TableCount},
    writer::RaceWriter,
};
use crate::{
    App,
    database::{begin, begin_hastily},
    event,
    season::derive,
};

/// Races between two notes of how far an import is.
const NOTE_EVERY: usize = 25;

/// What an import did.
#[derive(Debug, Clone, Default)]
pub struct Summary {
    pub races: usize,
    /// Races that brought at least one new or different row.
    pub changed: usize,
    pub unchanged: usize,
    pub refused: Vec<Refused>,
    pub warnings: Vec<Problem>,
    /// Rows read per table of the source.
    pub tables: Vec<TableCount>,
    /// Seasons whose standings and totals were computed anew.
    pub seasons_derived: usize,
}

/// How far an import is.
#[derive(Debug, Clone, Copy)]
pub enum Progress<'a> {
    /// So many races of so many are in; the last was this one.
    Races {
        done: usize,
        total: usize,
        season: i32,
        name: &'a str,
    },
    /// Standings of so many seasons of so many are computed.
    Standings { done: usize, total: usize },
}

/// An import that could not be finished.
#[derive(Debug, thiserror::Error)]
pub enum ImportError {
    /// The source as a whole cannot be read.
    #[error(transparent)]
    Source(#[from] SourceError),
    /// The database failed; what is in stays in, the same import again goes on from there.
    #[error("the database failed: {0}; run the same import again to go on")]
    Database(#[from] DbErr),
}

/// Imports everything a source yields, then computes standings and totals of the seasons
/// that changed.
///
/// # Errors
/// When the source cannot be read at all or the database fails; single bad races are
/// refused and listed in the summary.
pub async fn import<S: Source>(
    app: &App,
    mut source: S,
    mut progress: impl FnMut(Progress<'_>) + Send,
) -> Result<Summary, ImportError> {
    let run = begin_run(app, &source).await?;
    let mut summary = Summary::default();
    let outcome = import_all(app, &mut source, run, &mut summary, &mut progress).await;
    summary.warnings.append(&mut source.warnings());
    summary.tables = source.tables();
    end_run(app, run, &summary, outcome.as_ref().err()).await?;
    outcome.map(|()| summary)
}

async fn import_all<S: Source>(
    app: &App,
    source: &mut S,
    run: i32,
    summary: &mut Summary,
    progress: &mut (impl FnMut(Progress<'_>) + Send),
) -> Result<(), ImportError> {
    let catalogue = source.catalogue().await?;
    let transaction = begin(&app.db).await?;
    let people = people::store(&transaction, source.id(), &catalogue).await?;
    transaction.commit().await?;

    let mut state = Stored {
        calendar: Calendar::load(&app.db).await?,
        known: known_sections(app).await?,
    };
    let total = source.race_count();
    while let Some(record) = source.next_race().await {
        summary.races += 1;
        let refused = match record {
            Ok(mut record) => {
                if source.id() == race_source::Source::Ergast {
                    // A dump without those sessions has nothing wrong with them.
                    let _ = correct_starts(&mut record);
                }
                progress(Progress::Races {
                    done: summary.races,
                    total,
                    season: record.season,
                    name: &record.name,
                });
                let unknown = unknown_refs(&record, &people);
                if unknown.is_none() {
                    if import_race(app, source.id(), &people, &mut state, &record).await? {
                        summary.changed += 1;
                    } else {
                        summary.unchanged += 1;
                    }
                }
                unknown
            }
            Err(refused) => Some(refused),
        };
        summary.refused.extend(refused);
        if summary.races.is_multiple_of(NOTE_EVERY) {
            note_run(app, run, total, summary).await?;
        }
    }
    note_run(app, run, total, summary).await?;
    summary.seasons_derived = derive::derive_stale(app, |done, total| {
        progress(Progress::Standings { done, total });
    })
    .await?;
    Ok(())
}

/// What the database knew before, kept up to date while races go in.
struct Stored {
    calendar: Calendar,
    known: Known,
}

/// One race; says whether a row changed.
async fn import_race(
    app: &App,
    source: race_source::Source,
    people: &People,
    state: &mut Stored,
    record: &RaceRecord,
) -> Result<bool, DbErr> {
    let stored = state.calendar.find(record, people);
    let id = stored.map(|race| race.id);
    let sections = race::new_sections(&state.known, id, source, record);
    if sections.is_empty() {
        return Ok(false);
    }
    let transaction = match kind(source) {
        import_run::Kind::Import => begin_hastily(&app.db).await?,
        // Subscribers are told at once of what must not be forgotten then.
        import_run::Kind::Sync => begin(&app.db).await?,
    };
    let calendar_source = id
        .and_then(|id| state.known.get(&(id, Section::Calendar)))
        .map(|(source, _)| *source);
    let wins = calendar::wins(source, calendar_source);
    let row = calendar::race(&transaction, people, wins, stored, record).await?;
    let race_changed = stored != Some(&row);
    let writer = RaceWriter {
        transaction: &transaction,
        people,
        source,
        now: app.clock.now(),
        race_id: row.id,
        new_race: stored.is_none(),
    };
    let mut changed = race::store(&writer, &state.known, record, &sections).await?;
    changed.any |= race_changed;
    if changed.any {
        race::announce(&writer, &row.reference, changed).await?;
    }
    transaction.commit().await?;
    if changed.any {
        app.bus.committed();
    }
    for (section, digest) in sections {
        state.known.insert((row.id, section), (source, digest));
    }
    state.calendar.remember(row);
    Ok(changed.any)
}

/// A race that names somebody or some place that nobody has introduced.
fn unknown_refs(record: &RaceRecord, people: &People) -> Option<Refused> {
    let mut missing: BTreeSet<(&str, &str)> = BTreeSet::new();
    let driver = |reference: &'_ str| !people.drivers.contains_key(reference);
    if !people.circuits.contains_key(&record.circuit) {
        missing.insert(("circuit", &record.circuit));
    }
    let cars = record.results.iter().chain(&record.sprint);
    let cars = cars.map(|row| (&row.driver, &row.constructor));
    let qualifying = record
        .qualifying
        .iter()
        .map(|row| (&row.driver, &row.constructor));
    let practice = record
        .practice
        .iter()
        .map(|row| (&row.driver, &row.constructor));
    for (name, constructor) in cars.chain(qualifying).chain(practice) {
        if driver(name) {
            missing.insert(("driver", name));
        }
        if !people.constructors.contains_key(constructor) {
            missing.insert(("constructor", constructor));
        }
    }
    let laps = record.laps.iter().map(|row| &row.driver);
    let stops = record.pit_stops.iter().map(|row| &row.driver);
    let standings = record.driver_standings.iter().map(|row| &row.who);
    for name in laps.chain(stops).chain(standings) {
        if driver(name) {
            missing.insert(("driver", name));
        }
    }
    for row in &record.constructor_standings {
        if !people.constructors.contains_key(&row.who) {
            missing.insert(("constructor", &row.who));
        }
    }
    (!missing.is_empty()).then(|| Refused {
        season: record.season,
        round: record.round,
        name: record.name.clone(),
        problems: missing
            .into_iter()
            .map(|(what, reference)| Problem {
                file: String::new(),
                line: 0,
                column: what.to_owned(),
                message: format!("expected a known {what}, found {reference:?}"),
            })
            .collect(),
    })
}

async fn known_sections(app: &App) -> Result<Known, DbErr> {
    Ok(race_source::Entity::find()
        .all(&app.db)
        .await?
        .into_iter()
        .map(|row| ((row.race_id, row.section), (row.source, row.digest)))
        .collect())
}

async fn begin_run<S: Source>(app: &App, source: &S) -> Result<i32, DbErr> {
    import_run::Entity::update_many()
        .col_expr(
            import_run::Column::Status,
            import_run::Status::Failed.to_value().into(),
        )
        .col_expr(
            import_run::Column::Error,
            "cut off; a later run went on".into(),
        )
        .filter(import_run::Column::Source.eq(source.id()))
        .filter(import_run::Column::Status.eq(import_run::Status::Running))
        .exec(&app.db)
        .await?;
    let run = import_run::ActiveModel {
        source: Set(source.id()),
        kind: Set(kind(source.id())),
        path: Set(source.origin()),
        status: Set(import_run::Status::Running),
        started_at: Set(app.clock.now()),
        races_total: Set(i32::try_from(source.race_count()).unwrap_or(i32::MAX)),
        races_done: Set(0),
        races_changed: Set(0),
        races_refused: Set(0),
        warnings: Set(0),
        ..Default::default()
    };
    let transaction = begin(&app.db).await?;
    let id = run.insert(&transaction).await?.id;
    announce_run(app, transaction, "run_started", id).await?;
    Ok(id)
}

/// How a source is read: from files, or from the network.
fn kind(source: race_source::Source) -> import_run::Kind {
    match source {
        race_source::Source::OpenMeteo
        | race_source::Source::Openf1
        | race_source::Source::Jolpica => import_run::Kind::Sync,
        _ => import_run::Kind::Import,
    }
}

/// Commits what became of a run together with the event that tells of it.
async fn announce_run(
    app: &App,
    transaction: DatabaseTransaction,
    kind: &str,
    run: i32,
) -> Result<(), DbErr> {
    let subject = format!("ImportRun:{run}");
    event::append(
        &transaction,
        event::DATA_STATUS,
        kind,
        &subject,
        app.clock.now(),
    )
    .await?;
    transaction.commit().await?;
    app.bus.committed();
    Ok(())
}

async fn note_run(app: &App, run: i32, total: usize, summary: &Summary) -> Result<(), DbErr> {
    let count = |number: usize| Set(i32::try_from(number).unwrap_or(i32::MAX));
    let transaction = begin(&app.db).await?;
    import_run::ActiveModel {
        id: Set(run),
        races_total: count(total),
        races_done: count(summary.races),
        races_changed: count(summary.changed),
        races_refused: count(summary.refused.len()),
        ..Default::default()
    }
    .update(&transaction)
    .await?;
    announce_run(app, transaction, "run_progressed", run).await
}

async fn end_run(
    app: &App,
    run: i32,
    summary: &Summary,
    error: Option<&ImportError>,
) -> Result<(), DbErr> {
    let status = match error {
        Some(_) => import_run::Status::Failed,
        None if summary.is_clean() => import_run::Status::Succeeded,
        None => import_run::Status::Partial,
    };
    let transaction = begin(&app.db).await?;
    import_run::ActiveModel {
        id: Set(run),
        status: Set(status),
        finished_at: Set(Some(app.clock.now())),
        warnings: Set(i32::try_from(summary.warnings.len()).unwrap_or(i32::MAX)),
        error: Set(error.map(ToString::to_string)),
        ..Default::default()
    }
    .update(&transaction)
    .await?;
    announce_run(app, transaction, "run_ended", run).await
}

impl Summary {
    /// Adds what another import did.
    pub fn add(&mut self, other: Self) {
        self.races += other.races;
        self.changed += other.changed;
        self.unchanged += other.unchanged;
        self.refused.extend(other.refused);
        self.warnings.extend(other.warnings);
        self.seasons_derived += other.seasons_derived;
        for table in other.tables {
            match self.tables.iter_mut().find(|own| own.table == table.table) {
                Some(own) => own.rows += table.rows,
                None => self.tables.push(table),
            }
        }
    }

    /// Whether every row went in; remarks do not matter.
    #[must_use]
    pub fn is_clean(&self) -> bool {
        self.refused.is_empty() && self.warnings.iter().all(Problem::is_remark)
    }
}
