//! What Pitwall is measured against: the same JSON from the same rows, by hand with axum and
//! sqlx, one statement a level, with the same pool and options; and answers that are known
//! already, as bytes. The runtime and the allocator are those of Pitwall.
//! `bare DATABASE_URL MAX_CONNECTIONS [FILE...]` says where it listens; a FILE called a.json is
//! the answer to GET and POST at /kept/a.

#![expect(
    clippy::struct_field_names,
    reason = "fields are named as the answer names them"
)]

use std::{collections::HashMap, path::Path, time::Duration};

use anyhow::Context;
use axum::{
    Json, Router,
    body::Bytes,
    http::{StatusCode, header},
    response::IntoResponse,
    routing::{any, get},
};
use chrono::NaiveDate;
use sea_orm::sqlx::{
    self,
    postgres::PgPoolOptions,
    sqlite::{SqliteConnectOptions, SqlitePoolOptions},
};
use serde::{Serialize, Serializer};

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// An answer as GraphQL wraps it.
#[derive(Serialize)]
struct Data<T> {
    data: T,
}

#[derive(Serialize)]
struct Typename {
    #[serde(rename = "__typename")]
    name: &'static str,
}

#[derive(Serialize)]
struct Drivers {
    drivers: Nodes<Driver>,
}

#[derive(Serialize)]
struct Nodes<T> {
    nodes: Vec<T>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Driver {
    r#ref: String,
    given_name: String,
    family_name: String,
    code: Option<String>,
    permanent_number: Option<i32>,
    date_of_birth: Option<NaiveDate>,
    nationality: String,
}

#[derive(Serialize)]
struct OneSeason<'a> {
    season: Option<Season<'a>>,
}

#[derive(Serialize)]
struct Season<'a> {
    year: i32,
    races: Vec<Race<'a>>,
}

#[derive(Serialize)]
struct Race<'a> {
    round: i32,
    r#ref: &'a str,
    name: &'a str,
    date: NaiveDate,
    results: Vec<Outcome<'a>>,
}

#[derive(Serialize)]
struct Outcome<'a> {
    position: Option<i32>,
    grid: Option<i32>,
    points: Decimal,
    status: &'a str,
    driver: &'a Name,
    constructor: &'a Team,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Name {
    r#ref: String,
    given_name: String,
    family_name: String,
}

#[derive(Serialize)]
struct Team {
    r#ref: String,
    name: String,
}

#[derive(Serialize)]
struct OneDriver<'a> {
    driver: Option<Career<'a>>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Career<'a> {
    r#ref: String,
    given_name: String,
    family_name: String,
    career: Totals,
    results: Nodes<OwnResult<'a>>,
}

#[derive(Serialize)]
struct Totals {
    starts: i32,
    wins: i32,
    podiums: i32,
    poles: i32,
    points: Decimal,
    championships: i32,
}

#[derive(Serialize)]
struct OwnResult<'a> {
    position: Option<i32>,
    grid: Option<i32>,
    points: Decimal,
    status: &'a str,
    race: &'a Place,
    constructor: &'a Team,
}

#[derive(Serialize)]
struct Place {
    r#ref: String,
    name: String,
    date: NaiveDate,
}

/// Hundredths, shown without needless zeros.
struct Decimal(i32);

impl Serialize for Decimal {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let (whole, rest) = (self.0 / 100, self.0 % 100);
        match rest {
            0 => serializer.collect_str(&whole),
            rest if rest % 10 == 0 => {
                serializer.collect_str(&format_args!("{whole}.{}", rest / 10))
            }
            rest => serializer.collect_str(&format_args!("{whole}.{rest:02}")),
        }
    }
}

/// Keys as SQLite takes a list.
fn json(keys: &[i32]) -> String {
    let numbers: Vec<String> = keys.iter().map(ToString::to_string).collect();
    format!("[{}]", numbers.join(","))
}

fn distinct(keys: impl Iterator<Item = i32>) -> Vec<i32> {
    let mut keys: Vec<i32> = keys.collect();
    keys.sort_unstable();
    keys.dedup();
    keys
}

type Failed = (StatusCode, String);

#[expect(
    clippy::needless_pass_by_value,
    reason = "the shape that map_err wants"
)]
fn failed(error: sqlx::Error) -> Failed {
    (StatusCode::INTERNAL_SERVER_ERROR, error.to_string())
}

/// The handlers for one kind of database: they differ in how a list of keys is passed.
macro_rules! handlers {
    ($module:ident, $pool:ty, $any:literal, $keys:expr) => {
        mod $module {
            use axum::extract::State;

            use super::*;

            pub fn router(pool: $pool) -> Router {
                Router::new()
                    .route("/a", get(typename))
                    .route("/b", get(drivers))
                    .route("/c", get(season))
                    .route("/d", get(career))
                    .with_state(pool)
            }

            async fn typename() -> Json<Data<Typename>> {
                Json(Data {
                    data: Typename { name: "Query" },
                })
            }

            async fn drivers(State(pool): State<$pool>) -> Result<impl IntoResponse, Failed> {
                let rows = sqlx::query_as(
                    "SELECT reference, given_name, family_name, code, permanent_number,
                        date_of_birth, nationality
                    FROM driver ORDER BY family_name, id LIMIT 20",
                )
                .fetch_all(&pool)
                .await
                .map_err(failed)?;
                let nodes = rows
                    .into_iter()
                    .map(
                        |(
                            r#ref,
                            given_name,
                            family_name,
                            code,
                            permanent_number,
                            date_of_birth,
                            nationality,
                        )| Driver {
                            r#ref,
                            given_name,
                            family_name,
                            code,
                            permanent_number,
                            date_of_birth,
                            nationality,
                        },
                    )
                    .collect();
                let drivers = Nodes { nodes };
                Ok(Json(Data {
                    data: Drivers { drivers },
                }))
            }

            async fn season(State(pool): State<$pool>) -> Result<impl IntoResponse, Failed> {
                let season: Option<(i32,)> =
                    sqlx::query_as("SELECT year FROM season WHERE year = $1")
                        .bind(2024)
                        .fetch_optional(&pool)
                        .await
                        .map_err(failed)?;
                let Some((year,)) = season else {
                    return Ok(Json(Data {
                        data: OneSeason { season: None },
                    })
                    .into_response());
                };
                let races: Vec<(i32, i32, String, String, NaiveDate)> = sqlx::query_as(
                    "SELECT id, round, reference, name, date
                    FROM race WHERE season = $1 ORDER BY round, date",
                )
                .bind(year)
                .fetch_all(&pool)
                .await
                .map_err(failed)?;
                let race_ids: Vec<i32> = races.iter().map(|race| race.0).collect();
                let rows: Vec<(i32, i32, i32, Option<i32>, Option<i32>, i32, String)> =
                    sqlx::query_as(concat!(
                        "SELECT race_id, driver_id, constructor_id, position, grid, points, status
                    FROM result WHERE session = 'RACE' AND race_id ",
                        $any,
                        "
                    ORDER BY race_id, position_order, id"
                    ))
                    .bind($keys(&race_ids))
                    .fetch_all(&pool)
                    .await
                    .map_err(failed)?;
                let names: Vec<(i32, String, String, String)> = sqlx::query_as(concat!(
                    "SELECT id, reference, given_name, family_name FROM driver WHERE id ",
                    $any
                ))
                .bind($keys(&distinct(rows.iter().map(|row| row.1))))
                .fetch_all(&pool)
                .await
                .map_err(failed)?;
                let names: HashMap<i32, Name> = names
                    .into_iter()
                    .map(|(id, r#ref, given_name, family_name)| {
                        (
                            id,
                            Name {
                                r#ref,
                                given_name,
                                family_name,
                            },
                        )
                    })
                    .collect();
                let teams = teams(&pool, &distinct(rows.iter().map(|row| row.2))).await?;
                let mut results: HashMap<i32, Vec<Outcome>> = HashMap::new();
                for (race, driver, constructor, position, grid, points, status) in &rows {
                    results.entry(*race).or_default().push(Outcome {
                        position: *position,
                        grid: *grid,
                        points: Decimal(*points),
                        status,
                        driver: &names[driver],
                        constructor: &teams[constructor],
                    });
                }
                let races = races
                    .iter()
                    .map(|(id, round, r#ref, name, date)| Race {
                        round: *round,
                        r#ref,
                        name,
                        date: *date,
                        results: results.remove(id).unwrap_or_default(),
                    })
                    .collect();
                let season = Some(Season { year, races });
                Ok(Json(Data {
                    data: OneSeason { season },
                })
                .into_response())
            }

            async fn career(State(pool): State<$pool>) -> Result<impl IntoResponse, Failed> {
                let driver: Option<(i32, String, String, String, i32, i32, i32, i32, i32, i32)> =
                    sqlx::query_as(
                        "SELECT id, reference, given_name, family_name,
                            starts, wins, podiums, poles, points, championships
                        FROM driver WHERE reference = $1",
                    )
                    .bind("max_verstappen")
                    .fetch_optional(&pool)
                    .await
                    .map_err(failed)?;
                let Some((
                    id,
                    r#ref,
                    given_name,
                    family_name,
                    starts,
                    wins,
                    podiums,
                    poles,
                    points,
                    championships,
                )) = driver
                else {
                    return Ok(Json(Data {
                        data: OneDriver { driver: None },
                    })
                    .into_response());
                };
                let rows: Vec<(i32, i32, Option<i32>, Option<i32>, i32, String)> = sqlx::query_as(
                    "SELECT race_id, constructor_id, position, grid, points, result.status
                    FROM result JOIN race ON race.id = race_id
                    WHERE driver_id = $1 AND session = 'RACE'
                    ORDER BY race.date DESC, result.id DESC LIMIT 100",
                )
                .bind(id)
                .fetch_all(&pool)
                .await
                .map_err(failed)?;
                let races: Vec<(i32, String, String, NaiveDate)> = sqlx::query_as(concat!(
                    "SELECT id, reference, name, date FROM race WHERE id ",
                    $any
                ))
                .bind($keys(&distinct(rows.iter().map(|row| row.0))))
                .fetch_all(&pool)
                .await
                .map_err(failed)?;
                let races: HashMap<i32, Place> = races
                    .into_iter()
                    .map(|(id, r#ref, name, date)| (id, Place { r#ref, name, date }))
                    .collect();
                let teams = teams(&pool, &distinct(rows.iter().map(|row| row.1))).await?;
                let nodes = rows
                    .iter()
                    .map(
                        |(race, constructor, position, grid, points, status)| OwnResult {
                            position: *position,
                            grid: *grid,
                            points: Decimal(*points),
                            status,
                            race: &races[race],
                            constructor: &teams[constructor],
                        },
                    )
                    .collect();
                let driver = Some(Career {
                    r#ref,
                    given_name,
                    family_name,
                    career: Totals {
                        starts,
                        wins,
                        podiums,
                        poles,
                        points: Decimal(points),
                        championships,
                    },
                    results: Nodes { nodes },
                });
                Ok(Json(Data {
                    data: OneDriver { driver },
                })
                .into_response())
            }

            async fn teams(pool: &$pool, ids: &[i32]) -> Result<HashMap<i32, Team>, Failed> {
                let rows: Vec<(i32, String, String)> = sqlx::query_as(concat!(
                    "SELECT id, reference, name FROM constructor WHERE id ",
                    $any
                ))
                .bind($keys(ids))
                .fetch_all(pool)
                .await
                .map_err(failed)?;
                Ok(rows
                    .into_iter()
                    .map(|(id, r#ref, name)| (id, Team { r#ref, name }))
                    .collect())
            }
        }
    };
}

handlers!(postgres, sqlx::PgPool, "= ANY($1)", <[i32]>::to_vec);
handlers!(
    sqlite,
    sqlx::SqlitePool,
    "IN (SELECT value FROM json_each($1))",
    json
);

/// The bytes of files, read once, as answers.
fn kept(files: &[String]) -> anyhow::Result<Router> {
    let mut router = Router::new();
    for file in files {
        let path = Path::new(file);
        let name = path.file_stem().and_then(|name| name.to_str());
        let name = name.with_context(|| format!("{file} has no name"))?;
        let body = Bytes::from(std::fs::read(path)?);
        let kind = [(header::CONTENT_TYPE, "application/json; charset=utf-8")];
        let answer = any(move || async move { (kind, body) });
        router = router.route(&format!("/kept/{name}"), answer);
    }
    Ok(router)
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [url, connections, files @ ..] = arguments.as_slice() else {
        anyhow::bail!("usage: bare DATABASE_URL MAX_CONNECTIONS [FILE...]");
    };
    let connections = connections.parse()?;
    let router = if url.starts_with("postgres") {
        let pool = PgPoolOptions::new()
            .test_before_acquire(false)
            .max_connections(connections)
            .acquire_timeout(Duration::from_secs(10))
            .connect(url)
            .await?;
        postgres::router(pool)
    } else {
        let options: SqliteConnectOptions = url.parse()?;
        let pool = SqlitePoolOptions::new()
            .test_before_acquire(false)
            .max_connections(connections)
            .acquire_timeout(Duration::from_secs(10))
            .connect_with(options.row_buffer_size(1000).pragma("cache_size", "-16000"))
            .await?;
        sqlite::router(pool)
    };
    let router = router.merge(kept(files)?);
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
    println!("http://{}", listener.local_addr()?);
    axum::serve(listener, router).await?;
    Ok(())
}
