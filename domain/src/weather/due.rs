//! What a weather service is to be asked, or why nothing.

use chrono::{DateTime, Days, TimeDelta, Utc};
use entities::{
    circuit,
    race::{self, Status},
    race_source::{self, Section},
    session::{self, Kind},
};
use sea_orm::{ColumnTrait, ConnectionTrait, DbErr, EntityTrait, QueryFilter, QueryOrder};

use super::{Place, Span, rules};
use crate::{
    App,
    error::{Error, Result},
    import::record::RaceRecord,
    season,
};

/// After so long from its start a race is over, breaks included.
const OVER: TimeDelta = TimeDelta::hours(3);

/// What to ask about a race.
#[derive(Debug, Clone, PartialEq)]
pub struct Question {
    pub race_id: i32,
    /// Ref of the race, `2024_monaco`.
    pub race: String,
    pub place: Place,
    pub span: Span,
}

/// Whether a forecast is due.
#[derive(Debug, Clone, PartialEq)]
pub enum Due {
    Ask(Question),
    Nothing(NotDue),
}

/// Why no forecast is due.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NotDue {
    #[error("no session of any race is to come")]
    NoRace,
    #[error(
        "{race} is further away than can be foreseen, {} days",
        rules::DAYS_AHEAD
    )]
    TooFar { race: String },
    #[error("where {circuit}, the circuit of {race}, is cannot be said: it has no coordinates")]
    NoPlace { race: String, circuit: String },
    #[error("no weather service is configured")]
    Off,
}

/// Whether the weather of a race that was run is to be asked for.
#[derive(Debug, Clone, PartialEq)]
pub enum Measure {
    /// It is; the record of the race lacks the weather alone.
    Ask(Question, Box<RaceRecord>),
    Nothing(NotMeasured),
}

/// Why the weather of a race is not asked for, or not known.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NotMeasured {
    #[error("{race} is not over before {over}")]
    NotOver { race: String, over: DateTime<Utc> },
    #[error("{race} was cancelled")]
    Cancelled { race: String },
    #[error("the weather of {race} is known")]
    Known { race: String },
    #[error("where {circuit}, the circuit of {race}, is cannot be said: it has no coordinates")]
    NoPlace { race: String, circuit: String },
    #[error("what the weather of {race} was is not known yet")]
    NotYet { race: String },
    #[error("no service that knows what the weather was is configured")]
    Off,
}

/// What to ask about the sessions of the next race that have not begun.
///
/// # Errors
/// When the database fails.
pub async fn due(app: &App) -> Result<Due> {
    let now = app.clock.now();
    let today = now.date_naive();
    let races = race::Entity::find()
        .filter(race::Column::Status.is_in([Status::Scheduled, Status::InProgress]))
        // What is run on one day at the circuit may be another day in UTC.
        .filter(race::Column::Date.gte(today - Days::new(1)))
        .order_by_asc(race::Column::Date)
        .order_by_asc(race::Column::Id)
        .all(&app.db)
        .await?;
    // A race may be over and wait for its results: what is next is the one after it.
    for race in races {
        let sessions = sessions(&app.db, race.id).await?;
        if !sessions
            .iter()
            .any(|session| rules::is_to_come(session, now))
        {
            continue;
        }
        let near = race.date <= today + Days::new(rules::DAYS_AHEAD);
        let span = rules::ahead(&sessions, now).filter(|_| near);
        let Some(span) = span else {
            let race = race.reference;
            return Ok(Due::Nothing(NotDue::TooFar { race }));
        };
        let circuit = circuit(&app.db, &race).await?;
        let Some(place) = rules::place(circuit.latitude, circuit.longitude) else {
            let (race, circuit) = (race.reference, circuit.reference);
            return Ok(Due::Nothing(NotDue::NoPlace { race, circuit }));
        };
        return Ok(Due::Ask(Question {
            race_id: race.id,
            race: race.reference,
            place,
            span,
        }));
    }
    Ok(Due::Nothing(NotDue::NoRace))
}

/// What to ask about a race that was run, named by its ref. Whatever was stored of its weather is better
/// than what a service knows from models, except that the archive is asked once after what was known
/// without it.
///
/// # Errors
/// When there is no such race, or the database fails.
pub async fn to_measure(app: &App, race: &str) -> Result<Measure> {
    let nothing = |why| Ok(Measure::Nothing(why));
    let stored = season::race(&app.db, race).await?;
    let stored = stored.ok_or_else(|| Error::NotFound(format!("there is no race {race:?}")))?;
    let race = stored.reference.clone();
    if stored.status == Status::Cancelled {
        return nothing(NotMeasured::Cancelled { race });
    }
    let sessions = sessions(&app.db, stored.id).await?;
    let held = sessions.iter().find(|row| row.kind == Kind::Race);
    let Some(start) = held.and_then(rules::start) else {
        let reason = format!("{race} has no race among its sessions");
        return Err(Error::Internal(reason));
    };
    let now = app.clock.now();
    if now < start + OVER {
        let over = start + OVER;
        return nothing(NotMeasured::NotOver { race, over });
    }
    let span = rules::span(Kind::Race, start);
    let known = race_source::Entity::find_by_id((stored.id, Section::Weather));
    let known = known.one(&app.db).await?;
    if known.is_some_and(|known| !is_provisional(&known, span, now)) {
        return nothing(NotMeasured::Known { race });
    }
    let circuit = circuit(&app.db, &stored).await?;
    let Some(place) = rules::place(circuit.latitude, circuit.longitude) else {
        let circuit = circuit.reference;
        return nothing(NotMeasured::NoPlace { race, circuit });
    };
    let record = RaceRecord {
        season: stored.season,
        round: stored.round,
        name: stored.name,
        circuit: circuit.reference,
        date: stored.date,
        starts_at: stored.starts_at,
        ..RaceRecord::default()
    };
    let question = Question {
        race_id: stored.id,
        race,
        place,
        span,
    };
    Ok(Measure::Ask(question, Box::new(record)))
}

/// Whether what is known was said before the archive knew of it, which it does now.
fn is_provisional(known: &race_source::Model, span: Span, now: DateTime<Utc>) -> bool {
    known.source == race_source::Source::OpenMeteo
        && !rules::is_archived(span, known.imported_at)
        && rules::is_archived(span, now)
}

async fn sessions<C: ConnectionTrait>(db: &C, race: i32) -> Result<Vec<session::Model>, DbErr> {
    session::Entity::find()
        .filter(session::Column::RaceId.eq(race))
        .all(db)
        .await
}

async fn circuit<C: ConnectionTrait>(db: &C, race: &race::Model) -> Result<circuit::Model, DbErr> {
    let found = circuit::Entity::find_by_id(race.circuit_id).one(db).await?;
    found.ok_or_else(|| DbErr::RecordNotFound(format!("the circuit of {}", race.reference)))
}
