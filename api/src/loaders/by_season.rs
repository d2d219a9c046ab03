//! What a driver or constructor achieved, season by season.

use std::{collections::HashMap, sync::Arc};

use entities::select::any_of_sql;
use sea_orm::{ConnectionTrait, DatabaseConnection, DbErr, FromQueryResult, Statement};

use super::Found;

/// Whose seasons are asked for, by database id.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum WhoseSeasons {
    Driver(i32),
    Constructor(i32),
}

/// One season of a driver or constructor. Sprints count for points alone.
#[derive(Debug, Clone, FromQueryResult)]
pub struct SeasonTotals {
    pub who: i32,
    pub season: i32,
    pub starts: i64,
    pub wins: i64,
    pub podiums: i64,
    pub poles: i64,
    pub fastest_laps: i64,
    pub retirements: i64,
    pub best_finish: Option<i32>,
    /// Counted in the championship, hundredths; none before there was one.
    pub championship_points: Option<i32>,
    pub championship_position: Option<i32>,
}

/// Alias under which resolvers know a row of seasons.
pub type SeasonSummary = Arc<Vec<SeasonTotals>>;

pub(super) async fn totals(
    db: DatabaseConnection,
    keys: Vec<WhoseSeasons>,
) -> Found<WhoseSeasons, SeasonSummary> {
    let (mut drivers, mut constructors) = (Vec::new(), Vec::new());
    for key in keys {
        match key {
            WhoseSeasons::Driver(id) => drivers.push(id),
            WhoseSeasons::Constructor(id) => constructors.push(id),
        }
    }
    let mut found = HashMap::new();
    for row in select(&db, "driver", &drivers).await? {
        let seasons: &mut Vec<_> = found.entry(WhoseSeasons::Driver(row.who)).or_default();
        seasons.push(row);
    }
    for row in select(&db, "constructor", &constructors).await? {
        let seasons: &mut Vec<_> = found.entry(WhoseSeasons::Constructor(row.who)).or_default();
        seasons.push(row);
    }
    Ok(found
        .into_iter()
        .map(|(key, seasons)| (key, Arc::new(seasons)))
        .collect())
}

/// `noun` is `driver` or `constructor`, never text from outside.
async fn select(
    db: &DatabaseConnection,
    noun: &'static str,
    ids: &[i32],
) -> Result<Vec<SeasonTotals>, DbErr> {
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let backend = db.get_database_backend();
    let (any, keys) = any_of_sql(backend, ids);
    let sql = format!(
        r"
WITH last_race AS (
    SELECT season, id FROM (
        SELECT season, id,
            ROW_NUMBER() OVER (PARTITION BY season ORDER BY round DESC, date DESC) AS place
        FROM race WHERE status = 'COMPLETED'
    ) AS completed WHERE place = 1
), achieved AS (
    SELECT result.{noun}_id AS who, race.season AS season,
        COUNT(DISTINCT CASE WHEN result.session = 'RACE'
            AND result.status NOT IN ('DID_NOT_START', 'DID_NOT_QUALIFY')
            THEN result.race_id END) AS starts,
        SUM(CASE WHEN result.session = 'RACE' AND position = 1 THEN 1 ELSE 0 END) AS wins,
        SUM(CASE WHEN result.session = 'RACE' AND position <= 3 THEN 1 ELSE 0 END) AS podiums,
        SUM(CASE WHEN pole THEN 1 ELSE 0 END) AS poles,
        SUM(CASE WHEN result.session = 'RACE' AND fastest_lap_rank = 1 THEN 1 ELSE 0 END) AS fastest_laps,
        SUM(CASE WHEN result.session = 'RACE' AND result.status = 'RETIRED' THEN 1 ELSE 0 END) AS retirements,
        MIN(CASE WHEN result.session = 'RACE' THEN position END) AS best_finish
    FROM result JOIN race ON race.id = result.race_id
    WHERE result.{noun}_id {any}
    GROUP BY result.{noun}_id, race.season
)
SELECT achieved.*, standing.points AS championship_points,
    standing.position AS championship_position
FROM achieved
LEFT JOIN last_race ON last_race.season = achieved.season
LEFT JOIN {noun}_standing AS standing ON standing.race_id = last_race.id
    AND standing.{noun}_id = achieved.who AND standing.origin = 'COMPUTED'
ORDER BY achieved.season"
    );
    let rows = db
        .query_all_raw(Statement::from_sql_and_values(backend, sql, [keys]))
        .await?;
    rows.iter()
        .map(|row| SeasonTotals::from_query_result(row, ""))
        .collect()
}
