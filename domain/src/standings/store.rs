//! Standings of a stored season: computed from its results, kept after every race, and held
//! against the published ones.

use std::collections::{BTreeMap, HashMap, HashSet};

use entities::{
    circuit, constructor, constructor_standing, driver,
    driver_standing::{self, Origin},
    qualifying_result, race, result,
    session::Kind,
};
use sea_orm::{
    ColumnTrait, Condition, ConnectionTrait, DbErr, EntityTrait, FromQueryResult, QueryFilter,
    QueryOrder, QuerySelect, QueryTrait,
    sea_query::{Expr, SelectStatement},
};

use super::{
    Car, Championship, Competitor, DifferenceKind, PublishedStanding, RaceOfSeason, Standing,
    Standings, differences, explanation_of, rules_of, season_rules::PlaceRule,
    standings_after_each,
};
use crate::import::rows;

/// Public refs by database id, for rules that name somebody.
#[derive(Debug, Default)]
pub struct Refs {
    drivers: HashMap<i32, String>,
    constructors: HashMap<i32, String>,
    circuits: HashMap<i32, String>,
}

impl Refs {
    /// A driver, for the rules.
    #[must_use]
    pub(crate) fn driver(&self, id: i32) -> Competitor<'_> {
        let reference = self.drivers.get(&id).map_or("", String::as_str);
        Competitor { id, reference }
    }

    /// A constructor, for the rules.
    #[must_use]
    pub(crate) fn constructor(&self, id: i32) -> Competitor<'_> {
        let reference = self.constructors.get(&id).map_or("", String::as_str);
        Competitor { id, reference }
    }

    /// The ref of a circuit.
    #[must_use]
    pub(crate) fn circuit(&self, id: i32) -> &str {
        self.circuits.get(&id).map_or("", String::as_str)
    }

    /// Reads the refs of everybody.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn load<C: ConnectionTrait>(db: &C) -> Result<Self, DbErr> {
        let drivers = driver::Entity::find()
            .select_only()
            .columns([driver::Column::Id, driver::Column::Reference]);
        let constructors = constructor::Entity::find()
            .select_only()
            .columns([constructor::Column::Id, constructor::Column::Reference]);
        let circuits = circuit::Entity::find()
            .select_only()
            .columns([circuit::Column::Id, circuit::Column::Reference]);
        let map = |rows: Vec<(i32, String)>| rows.into_iter().collect();
        Ok(Self {
            drivers: map(drivers.into_tuple().all(db).await?),
            constructors: map(constructors.into_tuple().all(db).await?),
            circuits: map(circuits.into_tuple().all(db).await?),
        })
    }
}

/// What the rules need of a result.
#[derive(Debug, FromQueryResult)]
pub(crate) struct ResultRow {
    race_id: i32,
    pub(crate) session: Kind,
    driver_id: i32,
    constructor_id: i32,
    number: String,
    position: Option<i32>,
    position_order: i32,
    points: i32,
}

/// Computes the standings after every completed race of a season and stores them where they
/// differ; says whether any did.
///
/// # Errors
/// When the database fails.
pub async fn compute_season<C: ConnectionTrait>(
    db: &C,
    refs: &Refs,
    season: i32,
) -> Result<bool, DbErr> {
    let races = completed_races(db, season).await?;
    let results = results_of(db, season).await?;
    let rules = rules_of(season);
    let qualified = match rules.place {
        PlaceRule::ClassifiedOrQualified => qualified(db, season).await?,
        _ => HashSet::new(),
    };
    let of_season: Vec<RaceOfSeason<'_>> = races
        .iter()
        .map(|race| RaceOfSeason {
            round: race.round,
            circuit: &refs.circuits[&race.circuit_id],
            cars: cars(refs, race.id, &results, &qualified),
        })
        .collect();
    let computed = standings_after_each(&rules, &of_season);
    store(db, season, &races, &computed).await
}

pub(crate) async fn completed_races<C: ConnectionTrait>(
    db: &C,
    season: i32,
) -> Result<Vec<race::Model>, DbErr> {
    race::Entity::find()
        .filter(race::Column::Season.eq(season))
        .filter(race::Column::Status.eq(race::Status::Completed))
        .order_by_asc(race::Column::Round)
        .order_by_asc(race::Column::Date)
        .all(db)
        .await
}

fn races_of(season: i32) -> SelectStatement {
    race::Entity::find()
        .select_only()
        .column(race::Column::Id)
        .filter(race::Column::Season.eq(season))
        .into_query()
}

pub(crate) async fn results_of<C: ConnectionTrait>(
    db: &C,
    season: i32,
) -> Result<HashMap<i32, Vec<ResultRow>>, DbErr> {
    use result::Column;
    let rows: Vec<ResultRow> = result::Entity::find()
        .select_only()
        .columns([
            Column::RaceId,
            Column::Session,
            Column::DriverId,
            Column::ConstructorId,
            Column::Number,
            Column::Position,
            Column::PositionOrder,
            Column::Points,
        ])
        .filter(Column::RaceId.in_subquery(races_of(season)))
        .into_model()
        .all(db)
        .await?;
    let mut by_race: HashMap<i32, Vec<ResultRow>> = HashMap::new();
    for row in rows {
        by_race.entry(row.race_id).or_default().push(row);
    }
    Ok(by_race)
}

pub(crate) async fn qualified<C: ConnectionTrait>(
    db: &C,
    season: i32,
) -> Result<HashSet<(i32, i32)>, DbErr> {
    use qualifying_result::Column;
    let rows: Vec<(i32, i32)> = qualifying_result::Entity::find()
        .select_only()
        .columns([Column::RaceId, Column::DriverId])
        .filter(Column::Position.is_not_null())
        .filter(Column::RaceId.in_subquery(races_of(season)))
        .into_tuple()
        .all(db)
        .await?;
    Ok(rows.into_iter().collect())
}

/// The cars of a race, sprint points added to the car that scored them; who only ran in the
/// sprint is a car without a place.
pub(crate) fn cars<'a>(
    refs: &'a Refs,
    race_id: i32,
    results: &HashMap<i32, Vec<ResultRow>>,
    qualified: &HashSet<(i32, i32)>,
) -> Vec<Car<'a>> {
    let mut cars: BTreeMap<(i32, i32, &str), Car<'a>> = BTreeMap::new();
    let rows = results.get(&race_id).map(Vec::as_slice).unwrap_or_default();
    for row in rows {
        let car = cars
            .entry((row.driver_id, row.constructor_id, row.number.as_str()))
            .or_insert_with(|| Car {
                driver: Competitor {
                    id: row.driver_id,
                    reference: &refs.drivers[&row.driver_id],
                },
                constructor: Competitor {
                    id: row.constructor_id,
                    reference: &refs.constructors[&row.constructor_id],
                },
                position: None,
                position_order: i32::MAX,
                qualified: qualified.contains(&(race_id, row.driver_id)),
                points: 0,
                sprint_points: 0,
            });
        if row.session == Kind::Sprint {
            car.sprint_points += row.points;
        } else {
            car.position = row.position;
            car.position_order = row.position_order;
            car.points = row.points;
        }
    }
    cars.into_values().collect()
}

async fn store<C: ConnectionTrait>(
    db: &C,
    season: i32,
    races: &[race::Model],
    computed: &[Standings],
) -> Result<bool, DbErr> {
    let mut drivers = Vec::new();
    let mut constructors = Vec::new();
    for (race, standings) in races.iter().zip(computed) {
        drivers.extend(standings.drivers.iter().map(|row| driver_row(race.id, row)));
        constructors.extend(
            standings
                .constructors
                .iter()
                .map(|row| constructor_row(race.id, row)),
        );
    }
    let scope = |race: Expr, origin: Expr| Condition::all().add(race).add(origin);
    let drivers_changed = rows::replace::<_, driver_standing::Entity, _>(
        db,
        scope(
            driver_standing::Column::RaceId.in_subquery(races_of(season)),
            driver_standing::Column::Origin.eq(Origin::Computed),
        ),
        &drivers,
        |row| (row.race_id, row.driver_id),
        PartialEq::eq,
    )
    .await?;
    let constructors_changed = rows::replace::<_, constructor_standing::Entity, _>(
        db,
        scope(
            constructor_standing::Column::RaceId.in_subquery(races_of(season)),
            constructor_standing::Column::Origin.eq(Origin::Computed),
        ),
        &constructors,
        |row| (row.race_id, row.constructor_id),
        PartialEq::eq,
    )
    .await?;
    Ok(drivers_changed || constructors_changed)
}

fn driver_row(race_id: i32, row: &Standing) -> driver_standing::Model {
    driver_standing::Model {
        race_id,
        driver_id: row.who,
        origin: Origin::Computed,
        points: row.points,
        position: row.position,
        position_text: row.position_text.clone(),
        wins: row.wins,
    }
}

fn constructor_row(race_id: i32, row: &Standing) -> constructor_standing::Model {
    constructor_standing::Model {
        race_id,
        constructor_id: row.who,
        origin: Origin::Computed,
        points: row.points,
        position: row.position,
        position_text: row.position_text.clone(),
        wins: row.wins,
    }
}

/// A difference between computed and published standings, with its reason if it is known.
#[derive(Debug, Clone, serde::Serialize)]
pub struct Found {
    pub season: i32,
    pub round: i32,
    pub championship: &'static str,
    /// Ref of the driver or constructor.
    pub who: String,
    pub kind: String,
    pub computed: String,
    pub published: String,
    /// Why they differ; `None` is a fault of the rules or of the data.
    pub reason: Option<&'static str>,
}

/// What a check of the standings came to.
#[derive(Debug, Clone, Default, serde::Serialize)]
pub struct Check {
    /// Races whose published standings were held against the computed ones.
    pub races: usize,
    /// Rows compared.
    pub rows: usize,
    pub differences: Vec<Found>,
}

/// Holds computed against published standings, after every race or after the last of each
/// season.
///
/// # Errors
/// When the database fails.
pub async fn check<C: ConnectionTrait>(
    db: &C,
    season: Option<i32>,
    every_race: bool,
) -> Result<Check, DbErr> {
    let refs = Refs::load(db).await?;
    let mut select = race::Entity::find()
        .filter(race::Column::Status.eq(race::Status::Completed))
        .order_by_asc(race::Column::Season)
        .order_by_asc(race::Column::Round);
    if let Some(season) = season {
        select = select.filter(race::Column::Season.eq(season));
    }
    let races = select.all(db).await?;
    let mut check = Check::default();
    for (index, race) in races.iter().enumerate() {
        let last = races
            .get(index + 1)
            .is_none_or(|next| next.season != race.season);
        if every_race || last {
            check_race(db, &refs, race, &mut check).await?;
        }
    }
    Ok(check)
}

async fn check_race<C: ConnectionTrait>(
    db: &C,
    refs: &Refs,
    race: &race::Model,
    check: &mut Check,
) -> Result<(), DbErr> {
    let drivers = driver_standing::Entity::find()
        .filter(driver_standing::Column::RaceId.eq(race.id))
        .all(db)
        .await?
        .into_iter()
        .map(|row| Row {
            origin: row.origin,
            who: row.driver_id,
            points: row.points,
            wins: row.wins,
            position: row.position,
            position_text: row.position_text,
        })
        .collect();
    let constructors = constructor_standing::Entity::find()
        .filter(constructor_standing::Column::RaceId.eq(race.id))
        .all(db)
        .await?
        .into_iter()
        .map(|row| Row {
            origin: row.origin,
            who: row.constructor_id,
            points: row.points,
            wins: row.wins,
            position: row.position,
            position_text: row.position_text,
        })
        .collect();
    let before = check.rows;
    compare(race, Championship::Drivers, drivers, &refs.drivers, check);
    compare(
        race,
        Championship::Constructors,
        constructors,
        &refs.constructors,
        check,
    );
    check.races += usize::from(check.rows > before);
    Ok(())
}

/// A stored row of either championship.
struct Row {
    origin: Origin,
    who: i32,
    points: i32,
    wins: i32,
    position: Option<i32>,
    position_text: String,
}

fn compare(
    race: &race::Model,
    championship: Championship,
    rows: Vec<Row>,
    names: &HashMap<i32, String>,
    check: &mut Check,
) {
    let (computed, published): (Vec<Row>, Vec<Row>) = rows
        .into_iter()
        .partition(|row| row.origin == Origin::Computed);
    if published.is_empty() {
        return;
    }
    check.rows += published.len();
    let computed: Vec<Standing> = computed
        .into_iter()
        .map(|row| Standing {
            who: row.who,
            points: row.points,
            total: row.points,
            wins: row.wins,
            position: row.position,
            position_text: row.position_text,
            order: 0,
        })
        .collect();
    let published: Vec<PublishedStanding> = published
        .into_iter()
        .map(|row| PublishedStanding {
            who: row.who,
            points: row.points,
            wins: row.wins,
            position: row.position,
            position_text: row.position_text,
        })
        .collect();
    for found in differences(&computed, &published) {
        let who = names.get(&found.who).cloned().unwrap_or_default();
        check.differences.push(Found {
            season: race.season,
            round: race.round,
            championship: name(championship),
            reason: explanation_of(championship, race.season, race.round, &who, found.kind)
                .map(|known| known.reason),
            who,
            kind: kind(found.kind),
            computed: found.computed,
            published: found.published,
        });
    }
}

fn name(championship: Championship) -> &'static str {
    match championship {
        Championship::Drivers => "drivers",
        Championship::Constructors => "constructors",
    }
}

fn kind(kind: DifferenceKind) -> String {
    format!("{kind:?}").to_lowercase()
}
