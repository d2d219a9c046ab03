//! One set of loaders per request; each reads a level of the query in one statement.

mod backtest;
mod batch;
mod by_season;
mod draft;
mod forecast;
mod league;
mod of_driver;
mod once;
mod own_races;
mod own_results;
mod performance;
mod score;
mod slice;
mod standing;
mod weather;

use std::{collections::HashMap, hash::Hash, sync::Arc};

use async_graphql::Context;
use domain::{
    App,
    backtest::{Evaluated, Walker},
    data_status::DataStatus,
    draft::Stored,
    forecast::{EarlierEvaluation, Known},
    model::Catalogue,
    performance::{Insights, SeasonRecord},
    scoring::{ScoredRace, stored::SeasonOf},
};
use entities::{
    circuit, constructor, constructor_lineage, constructor_standing, driver, driver_standing,
    entry, fantasy_team, lap, league_settings, pick_queue, pick_score, pit_stop, practice_result,
    qualifying_result, race, race_control, race_score, race_source, result, result_revision,
    score_revision, season,
    select::{any_of, any_text},
    session::{self, Kind},
    stint, weather_forecast,
};
use sea_orm::{
    ColumnTrait, DatabaseConnection, DbErr, EntityTrait, QueryFilter, QueryOrder, QueryResult,
    Statement,
};

use tokio::sync::OnceCell;

use crate::error::{Result, from_domain, from_loader};

pub use batch::Loader;
pub use by_season::{SeasonSummary, SeasonTotals, WhoseSeasons};
pub use of_driver::{OneEntry, OneStanding};
use once::Statements;
pub use own_races::OwnRaces;
pub use own_results::{Asked, OwnResults, Whose};
pub use performance::InsightsOf;
pub use slice::Slice;

/// A row.
pub type One<E> = Arc<<E as EntityTrait>::Model>;
/// Rows of one parent, in their natural order.
pub type Many<E> = Arc<Vec<One<E>>>;

macro_rules! loaders {
    ($($(#[$doc:meta])* $name:ident: $key:ty => $value:ty = $read:expr,)*) => {
        /// All loaders of a request.
        pub struct Loaders {
            $($(#[$doc])* pub $name: Loader<$key, $value>,)*
            known: OnceCell<Arc<Known>>,
            models: OnceCell<Arc<Catalogue>>,
            data_status: OnceCell<Result<Arc<DataStatus>, Arc<DbErr>>>,
            statements: Statements,
        }

        impl Loaders {
            /// Fresh loaders, for one request.
            #[must_use]
            pub fn new(db: &DatabaseConnection) -> Self {
                Self {
                    $($name: Loader::new(db.clone(), stringify!($name), |db, keys| Box::pin($read(db, keys))),)*
                    known: OnceCell::new(),
                    models: OnceCell::new(),
                    data_status: OnceCell::new(),
                    statements: Statements::new(db.clone()),
                }
            }
        }
    };
}

loaders! {
    season: i32 => One<season::Entity> = seasons,
    /// All, the newest first.
    seasons: () => Many<season::Entity> = once::seasons,
    next_race: () => One<race::Entity> = once::next_race,
    last_race: () => One<race::Entity> = once::last_race,
    race: i32 => One<race::Entity> = races,
    /// By public ref.
    race_by_ref: String => One<race::Entity> = races_by_ref,
    /// Of a season, by round.
    season_races: i32 => Many<race::Entity> = season_races,
    circuit: i32 => One<circuit::Entity> = circuits,
    circuit_by_ref: String => One<circuit::Entity> = circuits_by_ref,
    driver: i32 => One<driver::Entity> = drivers,
    driver_by_ref: String => One<driver::Entity> = drivers_by_ref,
    constructor: i32 => One<constructor::Entity> = constructors,
    constructor_by_ref: String => One<constructor::Entity> = constructors_by_ref,
    /// Of a constructor: the stretches of all teams it belongs to.
    lineage: i32 => Many<constructor_lineage::Entity> = lineage,
    sessions: i32 => Many<session::Entity> = sessions,
    entries: i32 => Many<entry::Entity> = entries,
    /// Of a race, in order of classification.
    results: i32 => Many<result::Entity> = race_results,
    sprint: i32 => Many<result::Entity> = sprint_results,
    /// Earlier values of a result.
    revisions: i32 => Many<result_revision::Entity> = revisions,
    qualifying: i32 => Many<qualifying_result::Entity> = qualifying,
    practice: i32 => Many<practice_result::Entity> = practice,
    laps: OneEntry => Many<lap::Entity> = of_driver::laps,
    stints: OneEntry => Many<stint::Entity> = of_driver::stints,
    entry_pit_stops: OneEntry => Many<pit_stop::Entity> = of_driver::pit_stops,
    pit_stops: i32 => Many<pit_stop::Entity> = pit_stops,
    race_control: i32 => Many<race_control::Entity> = race_control,
    weather: i32 => One<entities::weather::Entity> = weather::of_races,
    /// Whose word the weather of a race is.
    weather_source: i32 => race_source::Source = weather::sources,
    /// Hours of all sessions of a race, in order.
    weather_forecast: i32 => Many<weather_forecast::Entity> = weather::forecasts,
    /// Drivers' championship after a race, computed.
    driver_standings: i32 => Many<driver_standing::Entity> = standing::of_drivers,
    constructor_standings: i32 => Many<constructor_standing::Entity> = standing::of_constructors,
    /// What a source publishes for one row of a standing.
    published_driver_standing: OneStanding => One<driver_standing::Entity> = of_driver::published_drivers,
    published_constructor_standing: OneStanding => One<constructor_standing::Entity> = of_driver::published_constructors,
    /// A page of the races of a circuit.
    own_races: OwnRaces => Many<race::Entity> = own_races::pages,
    /// The number of all races of a circuit.
    own_races_total: i32 => i64 = own_races::totals,
    /// A page of the results of a driver or constructor.
    own_results: OwnResults => Arc<Vec<own_results::Dated>> = own_results::pages,
    /// The number of all results that `own_results` pages through.
    own_results_total: OwnResults => i64 = own_results::totals,
    /// Seasons of a driver or constructor with what was achieved in each.
    seasons_of: WhoseSeasons => Arc<Vec<SeasonTotals>> = by_season::totals,
    /// How an engine did race by race, by the newest back-test of each.
    backtests: Walker => Arc<Vec<Evaluated>> = backtest::evaluated,
    /// Of a forecast that was said before its session, by the id of its row.
    earlier_evaluations: i32 => Arc<Vec<EarlierEvaluation>> = forecast::earlier_evaluations,
    /// What a season's performance is worked out from; by year.
    season_record: i32 => Arc<SeasonRecord> = performance::records,
    /// By database id; whoever asks may know of what refers to it.
    league: i32 => One<entities::league::Entity> = league::leagues,
    /// By the viewer's user and database id, if the viewer may know of it.
    known_league: (Option<String>, i32) => One<entities::league::Entity> = league::known,
    /// All versions of the settings of a league, the first version first.
    league_settings: i32 => Many<league_settings::Entity> = league::settings,
    /// Of a league, those who have left too, as they joined.
    fantasy_teams: i32 => Many<fantasy_team::Entity> = league::teams,
    /// Of a league, as they were made.
    drafts: i32 => Many<entities::draft::Entity> = draft::of_leagues,
    /// How a draft stands, by its database id.
    draft_stored: i32 => Arc<Stored> = draft::stored,
    /// Who can be drafted for a race.
    draftable: i32 => Many<entry::Entity> = draft::draftable,
    /// Of a team, the favourite first; for its owner.
    pick_queue: i32 => Many<pick_queue::Entity> = draft::queues,
    /// What users are called by others.
    user_name: String => String = league::user_names,
    /// How many drivers there are to draft.
    drivers_to_draft: () => usize = league::drivers_to_draft,
    /// How far a stream of events has got.
    stream_sequence: String => i64 = score::sequences,
    /// What the picks of a league brought in a season.
    scored_races: SeasonOf => Arc<Vec<ScoredRace>> = score::scored_races,
    /// The scored races of a league in a season, in their order.
    race_scores: SeasonOf => Many<race_score::Entity> = score::race_scores,
    /// Of a draft.
    pick_scores: i32 => Many<pick_score::Entity> = score::picks,
    /// Of a draft, the first scoring first.
    score_revisions: i32 => Many<score_revision::Entity> = score::revisions,
    /// What the races at a circuit have in common.
    insights: InsightsOf => Arc<Insights> = performance::insights,
}

impl Loaders {
    /// The loaders of the request that a resolver serves.
    ///
    /// # Panics
    /// Never: every request is given its loaders.
    #[must_use]
    pub fn of<'a>(ctx: &Context<'a>) -> &'a Self {
        ctx.data_unchecked::<Self>()
    }

    /// What engines may know, the same for the whole request.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn known(&self, ctx: &Context<'_>) -> Result<Arc<Known>> {
        let app = ctx.data_unchecked::<App>();
        // Boxed: the future of each field of an object takes as much room as its largest.
        let read = || Box::pin(domain::forecast::known(app));
        let known = self.known.get_or_try_init(read);
        known.await.cloned().map_err(from_domain)
    }

    /// What versions of models there are, the same for the whole request.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn models(&self, ctx: &Context<'_>) -> Result<Arc<Catalogue>> {
        let app = ctx.data_unchecked::<App>();
        let read = || {
            Box::pin(async {
                let catalogue = domain::model::catalogue(app).await;
                catalogue.map(Arc::new)
            })
        };
        let models = self.models.get_or_try_init(read);
        models.await.cloned().map_err(from_domain)
    }

    /// How fresh the data is, the same for the whole request.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn data_status(&self, ctx: &Context<'_>) -> Result<Arc<DataStatus>> {
        let app = ctx.data_unchecked::<App>();
        let read = || {
            Box::pin(async {
                let status = domain::data_status::status(app).await;
                status.map(Arc::new).map_err(Arc::new)
            })
        };
        let status = self.data_status.get_or_init(read).await;
        status.clone().map_err(|error| from_loader(&error))
    }

    /// The rows of a statement, read once in a request.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn rows(&self, statement: Statement) -> Result<Arc<Vec<QueryResult>>> {
        self.statements.rows(statement).await
    }
}

type Found<K, V> = std::result::Result<HashMap<K, V>, DbErr>;

fn one<K: Eq + Hash, M>(rows: Vec<M>, key: impl Fn(&M) -> K) -> HashMap<K, Arc<M>> {
    rows.into_iter()
        .map(|row| (key(&row), Arc::new(row)))
        .collect()
}

fn many<K: Eq + Hash, M>(rows: Vec<M>, key: impl Fn(&M) -> K) -> HashMap<K, Arc<Vec<Arc<M>>>> {
    let mut groups: HashMap<K, Vec<Arc<M>>> = HashMap::new();
    for row in rows {
        groups.entry(key(&row)).or_default().push(Arc::new(row));
    }
    groups
        .into_iter()
        .map(|(key, rows)| (key, Arc::new(rows)))
        .collect()
}

async fn seasons(db: DatabaseConnection, keys: Vec<i32>) -> Found<i32, One<season::Entity>> {
    let any = any_of(db.get_database_backend(), season::Column::Year, &keys);
    let rows = season::Entity::find().filter(any).all(&db).await?;
    Ok(one(rows, |row| row.year))
}

async fn races(db: DatabaseConnection, keys: Vec<i32>) -> Found<i32, One<race::Entity>> {
    let any = any_of(db.get_database_backend(), race::Column::Id, &keys);
    let rows = race::Entity::find().filter(any).all(&db).await?;
    Ok(one(rows, |row| row.id))
}

async fn races_by_ref(
    db: DatabaseConnection,
    keys: Vec<String>,
) -> Found<String, One<race::Entity>> {
    let any = any_text(db.get_database_backend(), race::Column::Reference, &keys);
    let rows = race::Entity::find().filter(any).all(&db).await?;
    Ok(one(rows, |row| row.reference.clone()))
}

async fn season_races(db: DatabaseConnection, keys: Vec<i32>) -> Found<i32, Many<race::Entity>> {
    let any = any_of(db.get_database_backend(), race::Column::Season, &keys);
    let rows = race::Entity::find()
        .filter(any)
        .order_by_asc(race::Column::Round)
        .order_by_asc(race::Column::Date)
        .all(&db)
        .await?;
    Ok(many(rows, |row| row.season))
}

async fn circuits(db: DatabaseConnection, keys: Vec<i32>) -> Found<i32, One<circuit::Entity>> {
    let any = any_of(db.get_database_backend(), circuit::Column::Id, &keys);
    let rows = circuit::Entity::find().filter(any).all(&db).await?;
    Ok(one(rows, |row| row.id))
}

async fn circuits_by_ref(
    db: DatabaseConnection,
    keys: Vec<String>,
) -> Found<String, One<circuit::Entity>> {
    let any = any_text(db.get_database_backend(), circuit::Column::Reference, &keys);
    let rows = circuit::Entity::find().filter(any).all(&db).await?;
    Ok(one(rows, |row| row.reference.clone()))
}

async fn drivers_by_ref(
    db: DatabaseConnection,
    keys: Vec<String>,
) -> Found<String, One<driver::Entity>> {
    let any = any_text(db.get_database_backend(), driver::Column::Reference, &keys);
    let rows = driver::Entity::find().filter(any).all(&db).await?;
    Ok(one(rows, |row| row.reference.clone()))
}

async fn constructors_by_ref(
    db: DatabaseConnection,
    keys: Vec<String>,
) -> Found<String, One<constructor::Entity>> {
    let any = any_text(
        db.get_database_backend(),
        constructor::Column::Reference,
        &keys,
    );
    let rows = constructor::Entity::find().filter(any).all(&db).await?;
    Ok(one(rows, |row| row.reference.clone()))
}

async fn drivers(db: DatabaseConnection, keys: Vec<i32>) -> Found<i32, One<driver::Entity>> {
    let any = any_of(db.get_database_backend(), driver::Column::Id, &keys);
    let rows = driver::Entity::find().filter(any).all(&db).await?;
    Ok(one(rows, |row| row.id))
}

async fn constructors(
    db: DatabaseConnection,
    keys: Vec<i32>,
) -> Found<i32, One<constructor::Entity>> {
    let any = any_of(db.get_database_backend(), constructor::Column::Id, &keys);
    let rows = constructor::Entity::find().filter(any).all(&db).await?;
    Ok(one(rows, |row| row.id))
}

/// Few rows in all, so the whole table is read and followed in memory.
async fn lineage(
    db: DatabaseConnection,
    keys: Vec<i32>,
) -> Found<i32, Many<constructor_lineage::Entity>> {
    let rows: Vec<_> = constructor_lineage::Entity::find()
        .order_by_asc(constructor_lineage::Column::Team)
        .order_by_asc(constructor_lineage::Column::FirstSeason)
        .all(&db)
        .await?
        .into_iter()
        .map(Arc::new)
        .collect();
    Ok(keys
        .into_iter()
        .map(|key| {
            let teams: Vec<&str> = rows
                .iter()
                .filter(|row| row.constructor_id == key)
                .map(|row| row.team.as_str())
                .collect();
            let stretches = rows
                .iter()
                .filter(|row| teams.contains(&row.team.as_str()))
                .cloned()
                .collect();
            (key, Arc::new(stretches))
        })
        .collect())
}

async fn sessions(db: DatabaseConnection, keys: Vec<i32>) -> Found<i32, Many<session::Entity>> {
    let any = any_of(db.get_database_backend(), session::Column::RaceId, &keys);
    let mut rows = session::Entity::find().filter(any).all(&db).await?;
    rows.sort_by_key(|row| (row.date, row.starts_at, row.kind));
    Ok(many(rows, |row| row.race_id))
}

async fn entries(db: DatabaseConnection, keys: Vec<i32>) -> Found<i32, Many<entry::Entity>> {
    let any = any_of(db.get_database_backend(), entry::Column::RaceId, &keys);
    let rows = entry::Entity::find()
        .filter(any)
        .order_by_asc(entry::Column::ConstructorId)
        .order_by_asc(entry::Column::Id)
        .all(&db)
        .await?;
    Ok(many(rows, |row| row.race_id))
}

async fn race_results(db: DatabaseConnection, keys: Vec<i32>) -> Found<i32, Many<result::Entity>> {
    classification(db, keys, Kind::Race).await
}

async fn sprint_results(
    db: DatabaseConnection,
    keys: Vec<i32>,
) -> Found<i32, Many<result::Entity>> {
    classification(db, keys, Kind::Sprint).await
}

async fn classification(
    db: DatabaseConnection,
    keys: Vec<i32>,
    session: Kind,
) -> Found<i32, Many<result::Entity>> {
    let any = any_of(db.get_database_backend(), result::Column::RaceId, &keys);
    let mut rows = result::Entity::find()
        .filter(any)
        .filter(result::Column::Session.eq(session))
        .all(&db)
        .await?;
    rows.sort_by_key(|row| (row.position_order, row.id));
    Ok(many(rows, |row| row.race_id))
}

async fn revisions(
    db: DatabaseConnection,
    keys: Vec<i32>,
) -> Found<i32, Many<result_revision::Entity>> {
    let any = any_of(
        db.get_database_backend(),
        result_revision::Column::ResultId,
        &keys,
    );
    let rows = result_revision::Entity::find()
        .filter(any)
        .order_by_asc(result_revision::Column::Revision)
        .all(&db)
        .await?;
    Ok(many(rows, |row| row.result_id))
}

async fn qualifying(
    db: DatabaseConnection,
    keys: Vec<i32>,
) -> Found<i32, Many<qualifying_result::Entity>> {
    let any = any_of(
        db.get_database_backend(),
        qualifying_result::Column::RaceId,
        &keys,
    );
    let mut rows = qualifying_result::Entity::find()
        .filter(any)
        .all(&db)
        .await?;
    rows.sort_by_key(|row| (row.position.unwrap_or(i32::MAX), row.id));
    Ok(many(rows, |row| row.race_id))
}

async fn practice(
    db: DatabaseConnection,
    keys: Vec<i32>,
) -> Found<i32, Many<practice_result::Entity>> {
    let any = any_of(
        db.get_database_backend(),
        practice_result::Column::RaceId,
        &keys,
    );
    let mut rows = practice_result::Entity::find().filter(any).all(&db).await?;
    rows.sort_by_key(|row| (row.session, row.position.unwrap_or(i32::MAX), row.driver_id));
    Ok(many(rows, |row| row.race_id))
}

async fn pit_stops(db: DatabaseConnection, keys: Vec<i32>) -> Found<i32, Many<pit_stop::Entity>> {
    let any = any_of(db.get_database_backend(), pit_stop::Column::RaceId, &keys);
    let mut rows = pit_stop::Entity::find().filter(any).all(&db).await?;
    rows.sort_by(|a, b| {
        (a.lap, &a.local_time, a.driver_id).cmp(&(b.lap, &b.local_time, b.driver_id))
    });
    Ok(many(rows, |row| row.race_id))
}

async fn race_control(
    db: DatabaseConnection,
    keys: Vec<i32>,
) -> Found<i32, Many<race_control::Entity>> {
    let any = any_of(
        db.get_database_backend(),
        race_control::Column::RaceId,
        &keys,
    );
    let mut rows = race_control::Entity::find().filter(any).all(&db).await?;
    rows.sort_by_key(|row| (row.from_lap, row.id));
    Ok(many(rows, |row| row.race_id))
}
