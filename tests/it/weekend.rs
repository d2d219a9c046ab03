//! A whole race weekend in fast-forward with the stand-in for all services, where it stands beside
//! the repository: nothing drives it but the timetable.

use std::{
    collections::BTreeSet,
    time::{Duration, Instant},
};

use chrono::{DateTime, TimeDelta, Utc};
use domain::{clock::Clock, config::ClockConfig};
use entities::{forecast, job, live_event, race, result, result_revision};
use jobs::work::keep_working;
use sea_orm::{ColumnTrait, EntityTrait, PaginatorTrait, QueryFilter};
use serde_json::{Value, json};
use tokio::{sync::oneshot, task::JoinHandle};

use crate::support::{
    Setup, TestApp,
    streams::Socket,
    stub::{Asked, Stub},
};

/// The Friday before Monaco 2023, which has real laps.
const FRIDAY: &str = "2023-05-26T08:00:00Z";

/// An hour lasts six seconds.
const SPEED: u32 = 600;

/// By the machine's clock, for any one thing to happen.
const PATIENCE: Duration = Duration::from_mins(7);

const FOLLOW: &str = "subscription ($after: Int, $drivers: [ID!], $delay: Int! = 0) {
  liveRace(race: \"2023_monaco\", after: $after, drivers: $drivers, delaySeconds: $delay) {
    sequence completed gap { from to reason }
    snapshot { sequence status }
    events { sequence eventType ... on LiveLapEvent { driver { ref } } }
  }
}";

/// A server, a worker in it, and the services that it asks, all by one clock.
struct Weekend {
    stub: Stub,
    test: TestApp,
    worker: Option<(oneshot::Sender<()>, JoinHandle<()>)>,
}

impl Weekend {
    /// None where there is no stand-in.
    async fn begin() -> Option<Self> {
        let stub = Stub::start(FRIDAY, 0)?;
        let setup = Setup {
            now: FRIDAY.parse().unwrap(),
            speed: SPEED.into(),
            bundled: true,
            ..Setup::default()
        };
        let url = stub.url.clone();
        let test = TestApp::start_with(setup, |config| {
            config.upstream.jolpica.url = format!("{url}/ergast/f1");
            config.upstream.openf1.url = format!("{url}/v1");
            config.upstream.open_meteo.url.clone_from(&url);
            config.clock.start = Some(FRIDAY.parse().unwrap());
            // What is bundled must not tell what is to be learned from the services.
            config.data.bundled = false;
            config.forecast.backtest_seasons = 0;
        });
        let test = test.await;
        let now = test.app.clock.now().to_rfc3339();
        stub.control("__clock", &json!({ "now": now, "speed": SPEED }))
            .await;
        let mut weekend = Self {
            stub,
            test,
            worker: None,
        };
        let clock = weekend.test.app.clock.clone();
        weekend.work(clock);
        Some(weekend)
    }

    /// Has a worker work by a clock.
    fn work(&mut self, clock: Clock) {
        let mut app = self.test.app.clone();
        app.clock = clock;
        let (stop, stopped) = oneshot::channel();
        let working = keep_working(app, async { drop(stopped.await) });
        self.worker = Some((stop, tokio::spawn(working)));
    }

    /// Ends the worker; another one begins at a later time.
    async fn go_on_at(&mut self, now: &str) {
        let (stop, working) = self.worker.take().unwrap();
        stop.send(()).unwrap();
        working.await.unwrap();
        let clock = Clock::new(&ClockConfig {
            start: Some(now.parse().unwrap()),
            speed: SPEED.into(),
        });
        let control = json!({ "now": now, "speed": SPEED });
        self.stub.control("__clock", &control).await;
        self.work(clock);
    }

    async fn data(&self, query: &str) -> Value {
        self.test.data(query).await
    }

    /// Waits until a query's answer has a value that passes.
    async fn until(&self, what: &str, query: &str, passes: impl Fn(&Value) -> bool) -> Value {
        let started = Instant::now();
        loop {
            let data = self.data(query).await;
            if passes(&data) {
                return data;
            }
            if started.elapsed() > PATIENCE {
                let jobs = job::Entity::find().all(&self.test.app.db).await.unwrap();
                let jobs: Vec<_> = jobs
                    .iter()
                    .map(|row| (&row.key, row.status, &row.note, &row.error))
                    .collect();
                panic!("waited for {what} in vain: {data:#}\n{jobs:#?}");
            }
            tokio::time::sleep(Duration::from_millis(500)).await;
        }
    }

    async fn follow(&self, variables: Value) -> Socket {
        let mut socket = Socket::greeted(&self.test).await;
        let payload = json!({ "query": FOLLOW, "variables": variables });
        socket.subscribe_with("1", payload).await;
        socket
    }

    /// Sequences of all events of the race.
    async fn told(&self) -> BTreeSet<i64> {
        let events = live_event::Entity::find().all(&self.test.app.db).await;
        events.unwrap().iter().map(|row| row.sequence).collect()
    }

    async fn log(&self, api: &str) -> Vec<Asked> {
        let mut log = self.stub.log().await;
        log.retain(|asked| asked.api == api);
        log
    }
}

/// Reads to the end, or until so many events were told, and gives their sequences and the last
/// sequence that was seen.
async fn read(socket: &mut Socket, most: usize) -> (Vec<i64>, i64) {
    let (mut told, mut last) = (Vec::new(), 0);
    while told.len() < most {
        let message = tokio::time::timeout(PATIENCE, socket.receive()).await;
        let message = message.expect("it goes on");
        if message["type"] == "complete" {
            break;
        }
        let update = &message["payload"]["data"]["liveRace"];
        assert!(update.is_object(), "{message:#}");
        assert_eq!(update["gap"], Value::Null, "{update:#}");
        last = update["sequence"].as_i64().unwrap();
        let events = update["events"].as_array().unwrap().iter();
        told.extend(events.map(|event| event["sequence"].as_i64().unwrap()));
    }
    (told, last)
}

fn rises(sequences: &[i64]) -> bool {
    sequences.windows(2).all(|pair| pair[0] < pair[1])
}

/// Never more in any stretch of time than is allowed, by the clock of who is asked.
fn assert_polite(log: &[Asked], limits: [(usize, TimeDelta); 2]) {
    for (most, within) in limits {
        let fits = |window: &[Asked]| window[most].at - window[0].at > within;
        let fine = log.windows(most + 1).all(fits);
        assert!(fine, "more than {most} in {within}");
    }
}

#[tokio::test(flavor = "multi_thread")]
#[expect(
    clippy::too_many_lines,
    reason = "one weekend from its beginning to its end"
)]
async fn a_weekend_runs_by_the_timetable_alone_from_practice_to_the_next_forecasts() {
    let Some(mut weekend) = Weekend::begin().await else {
        return;
    };
    // Qualifying comes in, and forecasts are made of the grid.
    let forecasts = "{ race(ref: \"2023_monaco\") { status
        results { position driver { ref } }
        forecasts { stage origin frozen engine { id } evaluation { winnerLogLoss } } } }";
    weekend
        .until("forecasts after qualifying", forecasts, |data| {
            let said = data["race"]["forecasts"].as_array();
            let grid_known =
                |one: &&Value| one["origin"] == "LIVE" && one["stage"] == "POST_QUALIFYING";
            said.is_some_and(|said| said.iter().filter(grid_known).count() >= 5)
        })
        .await;

    // The race is followed: by one who sees it delayed, one who sees a single driver, and one who
    // loses the connection and comes again.
    let live = "{ liveRace(race: \"2023_monaco\") { status lapsCompleted } }";
    weekend
        .until("the race", live, |data| data["liveRace"].is_object())
        .await;
    let mut whole = weekend.follow(json!({})).await;
    let mut delayed = weekend.follow(json!({ "delay": 120 })).await;
    let mut filtered = weekend.follow(json!({ "drivers": ["alonso"] })).await;
    let (first, resume) = read(&mut whole, 60).await;
    drop(whole);
    let mut resumed = weekend.follow(json!({ "after": resume })).await;
    let everything = usize::MAX;
    let status = "{ race(ref: \"2023_monaco\") { status } }";
    let ((second, _), (late, _), (alonso, _), _) = tokio::join!(
        read(&mut resumed, everything),
        read(&mut delayed, everything),
        read(&mut filtered, everything),
        weekend.until("the start", status, |data| {
            data["race"]["status"] == "IN_PROGRESS"
        }),
    );
    let told = weekend.told().await;
    let mut followed = first;
    followed.extend(&second);
    assert!(rises(&followed) && rises(&late) && rises(&alonso));
    // From where each began there is nothing missing, and the last is the same.
    for sequences in [&followed, &late] {
        let since = told.range(sequences[0]..).copied().collect::<Vec<_>>();
        assert_eq!(*sequences, since);
    }
    assert!(!alonso.is_empty() && alonso.len() < late.len());

    // Results come in, forecasts are frozen and scored, the engines learn, and Spain is forecast.
    let data = weekend
        .until("scores", forecasts, |data| {
            let said = data["race"]["forecasts"].as_array().unwrap();
            data["race"]["status"] == "COMPLETED"
                && !said.is_empty()
                && said.iter().all(|one| one["evaluation"].is_object())
        })
        .await;
    let said = data["race"]["forecasts"].as_array().unwrap();
    assert!(
        said.iter()
            .all(|one| one["origin"] == "LIVE" && one["frozen"] == true),
        "{said:#?}"
    );
    let winner = data["race"]["results"].as_array().unwrap();
    let winner = winner.iter().find(|row| row["position"] == 1).unwrap();
    assert_eq!(winner["driver"]["ref"], "max_verstappen");
    let spain = "{ nextRace { ref forecasts { origin trainedThrough { ref } engine { id } } } }";
    weekend
        .until("forecasts for Spain", spain, |data| {
            let said = data["nextRace"]["forecasts"].as_array();
            data["nextRace"]["ref"] == "2023_spanish"
                && said.is_some_and(|said| {
                    let new = |one: &&Value| {
                        one["origin"] == "LIVE" && one["trainedThrough"]["ref"] == "2023_monaco"
                    };
                    said.iter().filter(new).count() >= 5
                })
        })
        .await;

    // Two days later the second is disqualified. A week after the race it is found out.
    let before = scores(&weekend).await;
    let correction = json!({ "season": 2023, "round": 6, "driver": "alonso", "position": "D",
        "points": 0, "status": "Disqualified" });
    weekend.stub.control("__correct", &correction).await;
    weekend.go_on_at("2023-06-04T14:40:00Z").await;
    let monaco = race::Entity::find().filter(race::Column::Reference.eq("2023_monaco"));
    let monaco = monaco.one(&weekend.test.app.db).await.unwrap().unwrap();
    let standing = "{ race(ref: \"2023_monaco\") { results { positionText driver { ref } } }
        season(year: 2023) { driverStandings { points driver { ref } } } }";
    let points = |data: &Value| {
        let rows = data["season"]["driverStandings"].as_array().unwrap();
        let alonso = rows.iter().find(|row| row["driver"]["ref"] == "alonso");
        alonso.unwrap()["points"].clone()
    };
    let counted = points(&weekend.data(standing).await);
    weekend
        .until("the correction", standing, |data| {
            let results = data["race"]["results"].as_array().unwrap();
            let alonso = results.iter().find(|row| row["driver"]["ref"] == "alonso");
            alonso.is_some_and(|row| row["positionText"] == "D") && points(data) != counted
        })
        .await;
    let started = Instant::now();
    while scores(&weekend).await == before {
        assert!(started.elapsed() < PATIENCE, "the scores are as they were");
        tokio::time::sleep(Duration::from_millis(500)).await;
    }
    // What was published first is kept.
    let corrected = result::Entity::find()
        .filter(result::Column::RaceId.eq(monaco.id))
        .filter(result::Column::Revision.gt(1))
        .all(&weekend.test.app.db)
        .await
        .unwrap();
    assert!(!corrected.is_empty());
    let kept = result_revision::Entity::find()
        .count(&weekend.test.app.db)
        .await
        .unwrap();
    assert!(kept >= corrected.len() as u64);

    // Manners.
    let jolpica = weekend.log("jolpica").await;
    assert_polite(
        &jolpica,
        [(4, TimeDelta::seconds(1)), (200, TimeDelta::hours(1))],
    );
    let openf1 = weekend.log("openf1").await;
    assert_polite(
        &openf1,
        [(3, TimeDelta::seconds(1)), (30, TimeDelta::minutes(1))],
    );
    let end: DateTime<Utc> = weekend.test.app.clock.now();
    println!(
        "until {end}: {} requests to Jolpica, {} to OpenF1, {} live events",
        jolpica.len(),
        openf1.len(),
        told.len()
    );
}

/// What is stored of how well the forecasts of Monaco did.
async fn scores(weekend: &Weekend) -> Vec<(i32, Option<String>)> {
    let rows = forecast::Entity::find()
        .filter(forecast::Column::Origin.eq(forecast::Origin::Live))
        .filter(forecast::Column::FrozenAt.is_not_null())
        .all(&weekend.test.app.db)
        .await
        .unwrap();
    rows.into_iter()
        .map(|row| (row.id, row.evaluation))
        .collect()
}
