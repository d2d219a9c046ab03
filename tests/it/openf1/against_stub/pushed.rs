//! The same race pushed: what the stand-in says of it, published by a real broker when it happens.

use reqwest::get;
use serde_json::Value;

use super::*;
use crate::support::broker::{Broker, Publisher};

/// When all of it is known.
const AFTER: &str = "2023-05-28T18:00:00Z";

/// What is published. The rest has no time of its own, and is asked for.
const COLLECTIONS: [&str; 6] = [
    "race_control",
    "laps",
    "position",
    "intervals",
    "pit",
    "weather",
];

/// What is known of a lap as it goes on.
const LAP: [&str; 4] = [
    "duration_sector_1",
    "duration_sector_2",
    "duration_sector_3",
    "lap_duration",
];

/// The broker is away.
const AWAY: [&str; 2] = ["2023-05-28T13:40:00Z", "2023-05-28T13:50:00Z"];

/// A race whose feed answers nobody without an account, and a broker that pushes.
struct PushedDay {
    day: RaceDay,
    broker: Broker,
    /// What is published when, in order.
    course: Vec<(DateTime<Utc>, &'static str, Value)>,
}

impl PushedDay {
    /// None where there is no stand-in or no broker.
    async fn begin() -> Option<Self> {
        let broker = Broker::start(None)?;
        let options = ["--openf1-live-auth"];
        let day = RaceDay::begin_with(&options, |config| {
            let openf1 = &mut config.upstream.openf1;
            openf1.push_url = broker.url();
            "listener".clone_into(&mut openf1.username);
            "password".clone_into(&mut openf1.password);
        });
        Some(Self {
            day: day.await?,
            broker,
            course: course().await?,
        })
    }

    /// Publishes from now on what happens before a time.
    async fn publish(&self, app: &App, until: DateTime<Utc>) {
        let publisher = Publisher::to(&self.broker);
        let now = app.clock.now();
        let to_come = self
            .course
            .iter()
            .filter(|(at, ..)| (now..until).contains(at));
        for (at, collection, record) in to_come {
            app.clock.sleep_until(*at).await;
            publisher.publish(collection, record).await;
        }
    }
}

/// All that is published of the race.
async fn course() -> Option<Vec<(DateTime<Utc>, &'static str, Value)>> {
    let archive = Stub::start(AFTER, 0)?;
    let ask = async |question: String| -> Vec<Value> {
        let answer = get(format!("{}/v1/{question}", archive.url)).await.unwrap();
        answer.json().await.unwrap()
    };
    let sessions = "sessions?session_name=Race&date_start>=2023-05-28&date_start<2023-05-29";
    let sessions = ask(sessions.to_owned()).await;
    let key = sessions[0]["session_key"].as_i64().unwrap();
    let mut course = Vec::new();
    for collection in COLLECTIONS {
        let records = ask(format!("{collection}?session_key={key}")).await;
        for record in records {
            let versions = versions(collection, record).into_iter();
            course.extend(versions.map(|(at, record)| (at, collection, record)));
        }
    }
    course.sort_by_key(|(at, ..)| *at);
    Some(course)
}

/// When a record is made, and each time that it says more: a lap after each sector, a stop when it
/// is over.
fn versions(collection: &str, record: Value) -> Vec<(DateTime<Utc>, Value)> {
    let time = |field: &str| -> Option<DateTime<Utc>> { record[field].as_str()?.parse().ok() };
    let seconds = |field: &str| record[field].as_f64().map(milliseconds);
    if collection != "laps" {
        let stopped = seconds("pit_duration").unwrap_or_default();
        let at = time("date").map(|date| date + stopped);
        return at.map(|at| (at, record)).into_iter().collect();
    }
    let Some(mut at) = time("date_start") else {
        return Vec::new();
    };
    let begun = at;
    let mut lap = record.clone();
    for field in LAP {
        lap[field] = Value::Null;
    }
    let mut versions = vec![(at, lap.clone())];
    for field in LAP {
        let Some(lasted) = seconds(field) else {
            continue;
        };
        at = if field == LAP[3] { begun } else { at } + lasted;
        lap[field] = record[field].clone();
        versions.push((at, lap.clone()));
    }
    versions
}

fn milliseconds(seconds: f64) -> TimeDelta {
    #[expect(clippy::cast_possible_truncation, reason = "minutes")]
    TimeDelta::milliseconds((seconds * 1000.0) as i64)
}

fn time(text: &str) -> DateTime<Utc> {
    text.parse().unwrap()
}

/// The whole race, with a broker that goes away and comes again.
async fn to_the_end(mut pushed: PushedDay) -> Board {
    let app = pushed.day.at(BEFORE, SPEED).await;
    let following = {
        let (app, race) = (app.clone(), pushed.day.race.clone());
        tokio::spawn(async move { follow(&app, &race).await.unwrap() })
    };
    pushed.publish(&app, time(AWAY[0])).await;
    pushed.broker.stop();
    until(&app, AWAY[1]).await;
    assert!(pushed.broker.again());
    pushed.publish(&app, time(AFTER)).await;
    assert_eq!(following.await.unwrap(), Outcome::Classified);
    let log = pushed.day.stub.log().await;
    assert_polite(&log);
    let refused = log.iter().filter(|asked| asked.status == 401).count();
    let tokens = log.iter().filter(|asked| asked.path == "/token").count();
    assert_eq!((refused, tokens), (0, 3), "in two hours and a half");
    let board = assert_no_doubles(&pushed.day.changes().await);
    assert_classified(&pushed.day, &board).await;
    board
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_race_that_is_pushed_ends_as_one_that_is_asked_for() {
    let Some(pushed) = PushedDay::begin().await else {
        return;
    };
    let (asked, pushed) = tokio::join!(undisturbed(), to_the_end(pushed));
    assert_eq!(asked, Some(pushed));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_pushed_is_told_within_five_seconds() {
    let Some(pushed) = PushedDay::begin().await else {
        return;
    };
    let app = pushed.day.at("2023-05-28T13:30:00Z", 6).await;
    let following = following_on(&app, &pushed.day.race);
    // At first all that has happened is asked for.
    let [from, to] = [time("2023-05-28T13:31:00Z"), time("2023-05-28T13:33:00Z")];
    pushed.publish(&app, to).await;
    until(&app, "2023-05-28T13:33:20Z").await;
    following.abort();
    let told = live_event::Entity::find()
        .filter(live_event::Column::RaceId.eq(pushed.day.race.id))
        .filter(live_event::Column::At.between(from, to))
        .filter(live_event::Column::Kind.ne("stint"));
    let told = told.all(&pushed.day.test.app.db).await.unwrap();
    let mut behind: Vec<TimeDelta> = told.iter().map(|row| row.told_at - row.at).collect();
    behind.sort_unstable();
    let at = |percent: usize| behind[(behind.len() - 1) * percent / 100];
    println!("{} events, behind {} and {}", behind.len(), at(50), at(95));
    assert!(behind.len() > 200, "{}", behind.len());
    let late = told
        .iter()
        .filter(|row| row.told_at - row.at >= TimeDelta::seconds(5));
    let late: Vec<_> = late.collect();
    assert!(at(95) < TimeDelta::seconds(5), "{}: {late:#?}", at(95));
}
